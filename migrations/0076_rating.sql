-- Ratings (评分): what those who used a dataset think of it. Sums alone; who rated is not kept.
-- Basis: 山西省大数据发展应用促进条例 第八条.

CREATE TABLE rating (
    asset_id TEXT NOT NULL REFERENCES asset (asset_id),
    stars    BIGINT NOT NULL CHECK (stars BETWEEN 1 AND 5),
    ratings  BIGINT NOT NULL,

    PRIMARY KEY (asset_id, stars)
);

-- Who rated what today, as codes that only this platform can make; of other days nothing stays.
CREATE TABLE rating_voice (
    code TEXT PRIMARY KEY,
    day  TEXT NOT NULL
);
CREATE INDEX rating_voice_by_day ON rating_voice (day);
