//! The list of actions: what each does, and what is refused with which sentence.

use vocabulary::Bilingual;

/// What becomes of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Reads; anyone may.
    Reads,
    /// Changes something; with a token, by POST.
    Writes,
    /// Is not carried out here, for the reason that its help gives.
    Refused,
}

/// Name, kind, and help in Chinese and English.
type Row = (&'static str, Kind, &'static str, &'static str);

const USERS: (&str, &str) = (
    "用户信息不经此接口提供；账户由系统管理员管理。",
    "users are not shown by this interface; accounts are kept by the system administrator.",
);
const BODIES: (&str, &str) = (
    "单位由系统管理员登记，凭统一社会信用代码。",
    "bodies are registered by the system administrator, by their credit code.",
);
const THEMES: (&str, &str) =
    ("主题是规定的代码表，不能增改。", "themes are a fixed code list and cannot be changed.");
const FILES: (&str, &str) = (
    "数据文件经 POST /api/v1/assets/{id}/uploads 分段上传，通过检测和审批后才开放。",
    "data files come in by POST /api/v1/assets/{id}/uploads and open only after gate and approval.",
);
const SQL: (&str, &str) = (
    "不直接执行 SQL；请用 datastore_search，或 /api/v1/datasets/{id}/rows 与 /groups。",
    "SQL is not passed through; use datastore_search, or /api/v1/datasets/{id}/rows and /groups.",
);

/// Every action that is known.
const ACTIONS: &[Row] = &[
    ("status_show", Kind::Reads, "站点信息。", "About this site."),
    ("site_read", Kind::Reads, "站点可读。", "Whether the site can be read."),
    ("help_show", Kind::Reads, "某个动作的说明：name。", "The help of an action: name."),
    (
        "package_list",
        Kind::Reads,
        "全部目录条目的名称：limit、offset。",
        "The names of all packages: limit, offset.",
    ),
    (
        "current_package_list_with_resources",
        Kind::Reads,
        "目录条目及其文件：limit（至多 1,000）、offset。",
        "Packages with their resources: limit (at most 1,000), offset.",
    ),
    (
        "package_search",
        Kind::Reads,
        "检索：q、fq、sort、rows（至多 1,000）、start、facet.field、facet.limit。",
        "Search: q, fq, sort, rows (at most 1,000), start, facet.field, facet.limit.",
    ),
    (
        "package_show",
        Kind::Reads,
        "一个目录条目：id（标识符或名称）。",
        "One package: id (identifier or name).",
    ),
    ("package_autocomplete", Kind::Reads, "按词找条目：q、limit。", "Packages by words: q, limit."),
    ("resource_show", Kind::Reads, "一个文件：id。", "One resource: id."),
    (
        "resource_search",
        Kind::Reads,
        "按字段找文件：query，如 format:CSV。",
        "Resources by fields: query, e.g. format:CSV.",
    ),
    (
        "resource_view_list",
        Kind::Reads,
        "文件的视图（没有）。",
        "Views of a resource (there are none).",
    ),
    (
        "organization_list",
        Kind::Reads,
        "提供单位：all_fields、sort、limit、offset。",
        "Providers: all_fields, sort, limit, offset.",
    ),
    (
        "organization_show",
        Kind::Reads,
        "一个提供单位：id、include_datasets。",
        "One provider: id, include_datasets.",
    ),
    ("organization_autocomplete", Kind::Reads, "按词找单位：q。", "Providers by words: q."),
    (
        "organization_list_for_user",
        Kind::Reads,
        "令牌持有人所在的单位。",
        "The body of whoever holds the token.",
    ),
    (
        "group_list",
        Kind::Reads,
        "主题：all_fields、sort、limit、offset。",
        "Themes: all_fields, sort, limit, offset.",
    ),
    (
        "group_show",
        Kind::Reads,
        "一个主题：id、include_datasets。",
        "One theme: id, include_datasets.",
    ),
    ("group_package_show", Kind::Reads, "一个主题的条目：id。", "The packages of a theme: id."),
    ("tag_list", Kind::Reads, "标签：query、all_fields。", "Tags: query, all_fields."),
    ("tag_show", Kind::Reads, "一个标签：id、include_datasets。", "One tag: id, include_datasets."),
    ("tag_autocomplete", Kind::Reads, "按词找标签：q、limit。", "Tags by words: q, limit."),
    ("format_autocomplete", Kind::Reads, "按词找格式：q。", "Formats by words: q."),
    ("license_list", Kind::Reads, "使用许可。", "Licences."),
    ("vocabulary_list", Kind::Reads, "标签词表（没有）。", "Tag vocabularies (there are none)."),
    (
        "package_relationships_list",
        Kind::Reads,
        "条目间的关系（没有）。",
        "Relations of packages (there are none).",
    ),
    (
        "datastore_search",
        Kind::Reads,
        "数据行：resource_id、filters、q、fields、sort、limit（至多 32,000）、offset、include_total、records_format。",
        "Rows: resource_id, filters, q, fields, sort, limit (at most 32,000), offset, include_total, records_format.",
    ),
    (
        "datastore_info",
        Kind::Reads,
        "数据表的列：resource_id。",
        "The columns of a resource: resource_id.",
    ),
    (
        "package_create",
        Kind::Writes,
        "登记一个资产，成为草稿；经两人审核后才发布。",
        "Registers an asset as a draft; it is published after two reviews.",
    ),
    (
        "package_update",
        Kind::Writes,
        "替换草稿的描述：id。",
        "Replaces the description of a draft: id.",
    ),
    (
        "package_patch",
        Kind::Writes,
        "修改草稿的部分描述：id。",
        "Changes parts of the description of a draft: id.",
    ),
    (
        "package_delete",
        Kind::Writes,
        "撤回已发布的条目：id、reason。",
        "Withdraws a published entry: id, reason.",
    ),
    ("datastore_search_sql", Kind::Refused, SQL.0, SQL.1),
    ("datastore_create", Kind::Refused, FILES.0, FILES.1),
    ("datastore_upsert", Kind::Refused, FILES.0, FILES.1),
    ("datastore_delete", Kind::Refused, FILES.0, FILES.1),
    ("resource_create", Kind::Refused, FILES.0, FILES.1),
    ("resource_update", Kind::Refused, FILES.0, FILES.1),
    ("resource_patch", Kind::Refused, FILES.0, FILES.1),
    ("resource_delete", Kind::Refused, FILES.0, FILES.1),
    ("organization_create", Kind::Refused, BODIES.0, BODIES.1),
    ("organization_update", Kind::Refused, BODIES.0, BODIES.1),
    ("organization_patch", Kind::Refused, BODIES.0, BODIES.1),
    ("organization_delete", Kind::Refused, BODIES.0, BODIES.1),
    ("organization_purge", Kind::Refused, BODIES.0, BODIES.1),
    ("organization_member_create", Kind::Refused, USERS.0, USERS.1),
    ("organization_member_delete", Kind::Refused, USERS.0, USERS.1),
    ("group_create", Kind::Refused, THEMES.0, THEMES.1),
    ("group_update", Kind::Refused, THEMES.0, THEMES.1),
    ("group_patch", Kind::Refused, THEMES.0, THEMES.1),
    ("group_delete", Kind::Refused, THEMES.0, THEMES.1),
    ("group_purge", Kind::Refused, THEMES.0, THEMES.1),
    (
        "dataset_purge",
        Kind::Refused,
        "撤回的条目作为证据保留，不能清除。",
        "withdrawn entries stay as evidence and cannot be purged.",
    ),
];

/// Beginnings of the actions about users.
const ABOUT_USERS: [&str; 8] = [
    "user_",
    "api_token_",
    "member_",
    "follow_",
    "unfollow_",
    "am_following_",
    "dashboard_",
    "get_site_user",
];

/// An action: what becomes of it, and its help; `None` for a name that is not known.
pub(super) fn find(name: &str) -> Option<(Kind, Bilingual)> {
    let known = ACTIONS.iter().find(|row| row.0 == name);
    if let Some((_, kind, zh, en)) = known {
        return Some((*kind, Bilingual::new(*zh, *en)));
    }
    let is_about_users = ABOUT_USERS.iter().any(|begin| name.starts_with(begin))
        || name.ends_with("_follower_list")
        || name.ends_with("_follower_count");
    is_about_users.then(|| (Kind::Refused, Bilingual::new(USERS.0, USERS.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_listed_once_and_explains_itself() {
        let mut names: Vec<&str> = ACTIONS.iter().map(|row| row.0).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ACTIONS.len());
        assert!(ACTIONS.iter().all(|row| row.2.ends_with('。') && row.3.ends_with('.')));
        assert_eq!(find("user_list").unwrap().0, Kind::Refused);
        assert_eq!(find("datastore_search_sql").unwrap().0, Kind::Refused);
        assert!(find("no_such_action").is_none());
    }
}
