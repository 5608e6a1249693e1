//! `/developers`: how do I build on it?

use axum::extract::State;
use platform::registry::Asset;
use platform::{evidence, open};
use serde::Serialize;
use vocabulary::Bilingual;

use crate::app::App;
use crate::open::rows::MOST_ROWS;
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;

#[derive(Serialize)]
struct Developers {
    interfaces: Vec<Interface>,
    examples: Vec<Example>,
    limits: Vec<Limit>,
    status: Vec<Status>,
}

#[derive(Serialize)]
struct Interface {
    name: Bilingual,
    text: Bilingual,
    file_url: &'static str,
}

#[derive(Serialize)]
struct Example {
    id: &'static str,
    title: Bilingual,
    code: String,
}

#[derive(Serialize)]
struct Limit {
    what: Bilingual,
    value: Bilingual,
}

#[derive(Serialize)]
struct Status {
    what: Bilingual,
    ok: bool,
    note: Option<Bilingual>,
}

/// Shows interfaces, examples that run, limits and status.
pub(crate) async fn developers(State(app): State<App>, visitor: Visitor) -> Result<Page, Problem> {
    let newest = open::newest(&app.platform, 1).await?;
    let context = Developers {
        interfaces: interfaces(),
        examples: examples(&app.site.base_url, newest.first()),
        limits: limits(&app),
        status: status(&app).await,
    };
    app.pages.render(&visitor, "portal/developers.html", context)
}

fn interfaces() -> Vec<Interface> {
    let interfaces = [
        (
            "接口说明（OpenAPI 3.1）",
            "API description (OpenAPI 3.1)",
            "所有操作、参数和错误，可以用来生成客户端。",
            "All operations, parameters and errors; clients can be generated from it.",
            "/api/v1/openapi.json",
        ),
        (
            "数据集",
            "Data sets",
            "搜索目录，逐行读取，分组统计，下载。",
            "Search the catalogue, read rows, measure groups, download.",
            "/api/v1/datasets",
        ),
        (
            "只读 SQL",
            "Read-only SQL",
            "对开放数据集执行一条 SELECT，可连接多个数据集；JSON、CSV、Parquet、Arrow。表见 /api/v1/sql/tables，网页在 /sql。",
            "One SELECT over open datasets, joins included; JSON, CSV, Parquet, Arrow. Tables at /api/v1/sql/tables, a page at /sql.",
            "/sql",
        ),
        (
            "目录（DCAT-AP）",
            "Catalogue (DCAT-AP)",
            "供其他平台收割，另有 RDF/XML（/catalog.rdf）和 JSON-LD（/catalog.jsonld）。",
            "For harvesting by other platforms; also as RDF/XML (/catalog.rdf) and JSON-LD (/catalog.jsonld).",
            "/catalog.ttl",
        ),
        (
            "目录（整份 RDF）",
            "Catalogue (whole, RDF)",
            "一次取全的 N-Triples；Turtle 在 /catalog/dump.ttl。",
            "Everything at once as N-Triples; as Turtle at /catalog/dump.ttl.",
            "/catalog/dump.nt",
        ),
        (
            "CKAN 动作接口",
            "CKAN action API",
            "CKAN 的客户端和收割程序可直接使用；也在 /api/action/ 下。各动作的参数见 help_show。",
            "Clients and harvesters of CKAN work as they are; also under /api/action/. help_show has the parameters.",
            "/api/3/action/package_search",
        ),
        (
            "数据行（CKAN DataStore）",
            "Rows (CKAN DataStore)",
            "datastore_search 按列筛选、排序、翻页；不直接执行 SQL。",
            "datastore_search filters, sorts and pages rows; SQL is not passed through.",
            "/api/3/action/help_show?name=datastore_search",
        ),
        (
            "OAI-PMH 2.0",
            "OAI-PMH 2.0",
            "按时间增量收割，保留已撤销的记录；格式 oai_dc 和 dcat_ap。",
            "Harvest by time of change, with deleted records; formats oai_dc and dcat_ap.",
            "/oai?verb=Identify",
        ),
        (
            "data.json（DCAT-US）",
            "data.json (DCAT-US)",
            "Project Open Data 1.1。",
            "Project Open Data 1.1.",
            "/data.json",
        ),
        (
            "订阅（Atom）",
            "Feeds (Atom)",
            "全站、每个检索（参数同 /search）、每个单位（/body/{代码}/feed.atom）和每个数据集的发布与暂停（/dataset/{编号}/feed.atom）。",
            "Of the portal, of each search (parameters as /search), of each body (/body/{code}/feed.atom), and of each dataset its releases and suspensions (/dataset/{id}/feed.atom).",
            "/feed.atom",
        ),
        (
            "网站地图",
            "Sitemap",
            "供搜索引擎使用；每个数据集页面另有 schema.org 描述。",
            "For search engines; each page of a data set also has a schema.org description.",
            "/sitemap.xml",
        ),
        (
            "透明日志（C2SP tlog-tiles）",
            "Transparency log (C2SP tlog-tiles)",
            "已签名的检查点；条目和哈希在 /log/tile/ 下。",
            "The signed checkpoint; entries and hashes are under /log/tile/.",
            "/log/checkpoint",
        ),
        (
            "证书公钥（JWK）",
            "Keys of certificates (JWK)",
            "核验放行证书的签名。",
            "Verify the signatures of release certificates with them.",
            "/api/v1/keys",
        ),
    ];
    interfaces
        .map(|(zh, en, text_zh, text_en, file_url)| Interface {
            name: Bilingual::new(zh, en),
            text: Bilingual::new(text_zh, text_en),
            file_url,
        })
        .into()
}

/// Examples about a data set that is here.
fn examples(base: &str, newest: Option<&Asset>) -> Vec<Example> {
    let mut examples = vec![
        Example {
            id: "search",
            title: Bilingual::new("搜索目录", "Search the catalogue"),
            code: format!(
                "curl -G {base}/api/v1/datasets --data-urlencode 'q=乡镇' -d kind=dataset"
            ),
        },
        Example {
            id: "verify",
            title: Bilingual::new("核验日志", "Verify the log"),
            code: format!("fenhe log verify {base}/log"),
        },
    ];
    if let Some(asset) = newest {
        let rows = format!("{base}/api/v1/datasets/{}", asset.id);
        let more = [
            Example {
                id: "rows",
                title: Bilingual::new("读取前 10 行", "Read the first 10 rows"),
                code: format!("curl '{rows}/rows?limit=10'"),
            },
            Example {
                id: "count",
                title: Bilingual::new("统计行数", "Count the rows"),
                code: format!("curl '{rows}/groups?measures=count'"),
            },
            Example {
                id: "sql",
                title: Bilingual::new("用 SQL 统计", "Ask in SQL"),
                code: format!(
                    "curl -G {base}/api/v1/sql --data-urlencode 'sql=select count(*) as n from \"{}\"'",
                    asset.id
                ),
            },
            Example {
                id: "ckan",
                title: Bilingual::new("用 CKAN 客户端读取", "Read with a client of CKAN"),
                code: format!("ckanapi action package_show id={} -r {base}", asset.id),
            },
            Example {
                id: "frictionless",
                title: Bilingual::new("按 Data Package 校验", "Validate as a Data Package"),
                code: format!("frictionless validate {base}/dataset/{}/datapackage.json", asset.id),
            },
            Example {
                id: "download",
                title: Bilingual::new("下载 Parquet", "Download Parquet"),
                code: format!("curl -o data.parquet '{rows}/download/parquet'"),
            },
        ];
        examples.splice(1..1, more);
    }
    examples
}

/// The limits that are in force, as they are set here.
fn limits(app: &App) -> Vec<Limit> {
    let query = &app.platform.limits.query;
    let limit =
        |zh: &str, en: &str, value: Bilingual| Limit { what: Bilingual::new(zh, en), value };
    let seconds = query.timeout.as_secs();
    vec![
        limit("每次最多行数", "Rows in one answer", same(MOST_ROWS)),
        limit("每次查询最多行数", "Rows of one query", same(query.rows)),
        limit(
            "每次查询最长时间",
            "Time of one query",
            Bilingual::new(format!("{seconds} 秒"), format!("{seconds} seconds")),
        ),
        limit("每条 SQL", "One SQL statement", sql_limits(app)),
        limit(
            "登录",
            "Signing in",
            Bilingual::new("读取公开数据不需要", "not needed for open data"),
        ),
    ]
}

fn sql_limits(app: &App) -> Bilingual {
    let sql = &app.platform.limits.sql;
    let (seconds, rows, at_once) = (sql.query.timeout.as_secs(), sql.query.rows, sql.at_once);
    Bilingual::new(
        format!("{seconds} 秒，{rows} 行；全站同时 {at_once} 条"),
        format!("{seconds} seconds, {rows} rows; {at_once} at once on the whole site"),
    )
}

fn same(number: u64) -> Bilingual {
    let text = number.to_string();
    Bilingual::new(text.clone(), text)
}

/// What works now, as far as it can be seen from here.
async fn status(app: &App) -> Vec<Status> {
    let index = std::sync::Arc::clone(&app.platform.search);
    let indexed = index.len();
    let log = evidence::state(&app.platform).await;
    let counts = open::counts(&app.platform).await;
    let published = counts.as_ref().map_or(0, |counts| counts.entries);
    vec![
        Status {
            what: Bilingual::new("目录", "Catalogue"),
            ok: counts.is_ok(),
            note: counts.ok().map(|counts| {
                Bilingual::new(
                    format!("{} 条目录，{} 个数据集", counts.entries, counts.datasets),
                    format!("{} entries, {} data sets", counts.entries, counts.datasets),
                )
            }),
        },
        Status {
            what: Bilingual::new("搜索", "Search"),
            ok: u64::try_from(indexed).is_ok_and(|indexed| indexed >= published),
            note: Some(Bilingual::new(
                format!("索引 {indexed} 条"),
                format!("{indexed} entries indexed"),
            )),
        },
        Status {
            what: Bilingual::new("透明日志", "Transparency log"),
            ok: log.is_ok(),
            note: log.ok().map(|log| {
                Bilingual::new(format!("{} 条记录", log.size), format!("{} entries", log.size))
            }),
        },
    ]
}
