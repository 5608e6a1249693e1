//! Real tables from elsewhere, read in place and opened again with their source.

use std::path::Path;

use law::UpdateCycle;
use platform::registry::CatalogueEntry;
use platform::registry::upload::FileHint;

use super::DemoError;
use super::entry::{About, open_entry};
use super::process::Dataset;

/// Licence of both tables.
const LICENCE: &str = "CC BY 4.0";

/// Air quality of a station in Beijing, hour by hour.
pub(super) fn air_quality(shared: &Path) -> Result<Dataset, DemoError> {
    let path = shared.join("tables/beijing-air/PRSA_Data_Dongsi_20130301-20170228.csv");
    let entry = open_entry(&About {
        title: ("北京东四站空气质量逐时数据（转载）", "Hourly air quality at Dongsi, Beijing"),
        summary: (
            "2013 年 3 月至 2017 年 2 月北京东四监测站逐时空气质量与气象数据；缺测以 NA 表示。",
            "Hourly air quality and weather at the station Dongsi in Beijing, March 2013 to February 2017; NA marks missing values.",
        ),
        source: (
            "UCI Machine Learning Repository 501，Beijing Multi-Site Air Quality，CC BY 4.0。",
            "UCI Machine Learning Repository 501, Beijing Multi-Site Air Quality, CC BY 4.0.",
        ),
        theme: "environment",
        keywords: &["空气质量", "PM2.5", "气象", "北京"],
        division: "110000",
        cycle: UpdateCycle::Irregular,
        items: &[
            ("No", "Number", "integer", "行号"),
            ("year", "Year", "integer", "年"),
            ("month", "Month", "integer", "月"),
            ("day", "Day", "integer", "日"),
            ("hour", "Hour", "integer", "时"),
            ("PM2.5", "PM2.5", "number", "µg/m³"),
            ("PM10", "PM10", "number", "µg/m³"),
            ("SO2", "SO2", "number", "µg/m³"),
            ("NO2", "NO2", "number", "µg/m³"),
            ("CO", "CO", "number", "µg/m³"),
            ("O3", "O3", "number", "µg/m³"),
            ("TEMP", "Temperature", "number", "℃"),
            ("PRES", "Pressure", "number", "hPa"),
            ("DEWP", "Dew point", "number", "℃"),
            ("RAIN", "Rain", "number", "mm"),
            ("wd", "Wind direction", "text", "十六方位"),
            ("WSPM", "Wind speed", "number", "m/s"),
            ("station", "Station", "text", "监测站"),
        ],
    });
    Ok(Dataset {
        entry: licensed(entry),
        file_name: "PRSA_Data_Dongsi_20130301-20170228.csv",
        bytes: read(&path)?,
        hint: FileHint::default(),
    })
}

/// Counts of COVID-19 cases, in GB18030 with a footnote row.
pub(super) fn covid(shared: &Path) -> Result<Dataset, DemoError> {
    let path = shared.join("tables/covid-839studio/data.csv");
    let entry = open_entry(&About {
        title: ("新冠肺炎疫情逐日通报数据（转载）", "COVID-19 cases by day and city"),
        summary: (
            "各地卫健部门通报的新增确诊、出院和死亡人数汇总。原文件为 GB18030 编码，含中文日期、重复行和脚注行，用于展示读取、隔离与检测：含长数字串的一列链接被检测拦下，未开放。",
            "New cases, discharges and deaths as reported by health authorities. The file is GB18030 with Chinese dates, duplicate rows and a footnote row, and shows reading, quarantine and the gate, which stopped a column of links with long numbers.",
        ),
        source: (
            "澎湃新闻与 Sixth Tone（839Studio），Novel-Coronavirus-Updates，CC BY 4.0。",
            "The Paper & Sixth Tone (839Studio), Novel-Coronavirus-Updates, CC BY 4.0.",
        ),
        theme: "health",
        keywords: &["新冠肺炎", "疫情", "卫生健康"],
        division: "100000",
        cycle: UpdateCycle::Irregular,
        items: &[
            ("报道时间", "Reported", "date", "通报日期"),
            ("省份", "Province", "text", "省级地区"),
            ("城市", "City", "text", "地市"),
            ("新增确诊", "New cases", "integer", "例"),
            ("新增出院", "New discharges", "integer", "例"),
            ("新增死亡", "New deaths", "integer", "例"),
            ("消息来源", "Source", "text", "发布单位"),
            ("来源链接1", "Link 1", "text", "网页地址"),
            ("来源链接2", "Link 2", "text", "网页地址"),
            ("来源链接3", "Link 3", "text", "网页地址"),
            ("备注", "Remarks", "text", "说明"),
        ],
    });
    Ok(Dataset {
        entry: licensed(entry),
        file_name: "covid-19-cases.csv",
        bytes: read(&path)?,
        hint: FileHint::default(),
    })
}

fn licensed(entry: CatalogueEntry) -> CatalogueEntry {
    CatalogueEntry { licence: LICENCE.to_owned(), ..entry }
}

fn read(path: &Path) -> Result<Vec<u8>, DemoError> {
    std::fs::read(path).map_err(|source| DemoError::File { path: path.to_owned(), source })
}
