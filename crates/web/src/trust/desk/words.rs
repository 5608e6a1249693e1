//! Acts of the audit trail in words.

use serde::Serialize;
use trust::audit::Record;
use vocabulary::{Bilingual, GateRunId};

use crate::desk::Names;

/// Every kind of act that the trail knows, in the order in which the audit page
/// offers them: the kind, its Chinese and its English words.
pub(super) const ACTS: &[(&str, &str, &str)] = &[
    ("asset.registered", "登记资产", "registered an asset"),
    ("asset.edited", "修改目录", "edited the entry"),
    ("asset.submitted", "提交目录", "submitted the entry"),
    ("asset.consented", "单位负责人同意", "consented for the unit"),
    ("asset.published", "发布目录", "published the entry"),
    ("asset.returned", "退回修改", "returned the entry"),
    ("asset.withdrawn", "撤销资产", "withdrew the asset"),
    ("asset.taken_over", "接收外部目录", "took an entry over"),
    ("upload.begun", "开始上传", "began an upload"),
    ("upload.aborted", "取消上传", "gave an upload up"),
    ("version.filed", "提交数据版本", "filed a version"),
    ("version.stored", "数据入库", "stored the version"),
    ("version.failed", "数据未能读取", "could not read the version"),
    ("gate.started", "送检", "sent to the gate"),
    ("gate.inspected", "检测完成", "inspected the columns"),
    ("gate.confirmed", "确认字段", "confirmed the columns"),
    ("gate.measured", "测量完成", "measured the risk"),
    ("gate.submitted", "提交审批", "submitted for approval"),
    ("gate.rejected", "驳回放行", "rejected the release"),
    ("gate.failed", "检测故障", "the gate failed"),
    ("release.issued", "同意放行并签发证书", "approved the release and issued its certificate"),
    ("release.suspended", "暂停开放", "suspended the release"),
    ("release.remeasurement_requested", "要求复测", "asked for a new measurement"),
    ("release.measured_again", "复测", "measured the release again"),
    ("privacy_budget.set", "设定隐私预算", "set the privacy budget"),
    ("summary.drafted", "拟定差分隐私摘要", "began a summary with differential privacy"),
    ("summary.edited", "修改摘要", "changed the summary"),
    ("summary.submitted", "提交摘要审批", "submitted the summary"),
    ("summary.approved", "同意公布摘要", "approved the summary"),
    ("summary.rejected", "驳回摘要", "rejected the summary"),
    ("summary.published", "公布摘要", "published the summary"),
    ("summary.withdrawn", "撤回摘要", "withdrew the summary"),
    ("summary.failed", "摘要未能完成", "could not complete the summary"),
    ("case.filed", "提交诉求", "filed a case"),
    ("case.assigned", "指派办理单位", "assigned the case"),
    ("case.accepted", "受理", "took the case up"),
    ("case.supplement_asked", "一次性告知补正", "said what is missing"),
    ("case.supplemented", "补正", "added what was missing"),
    ("case.question_published", "公开诉求内容", "released the question"),
    ("case.extended", "延长答复期限", "extended the time for the answer"),
    ("case.answer_drafted", "拟写答复", "wrote the answer"),
    ("case.answer_returned", "退回答复", "sent the answer back"),
    ("case.answered", "批准并公布答复", "approved and published the answer"),
    ("case.closed", "办结", "closed the case"),
    ("case.withdrawn", "撤回诉求", "withdrew the case"),
    ("case.lapsed", "逾期未补正，视为放弃申请", "noted that nothing was added in time: given up"),
    ("grant.issued", "授权使用有条件开放的数据", "granted the use of conditional data"),
    ("grant.used", "取得有条件开放的数据", "took conditional data"),
    ("grant.revoked", "收回数据使用授权", "took the grant of conditional data back"),
    ("reuse.submitted", "提交应用成果", "submitted a reuse"),
    ("dataset.rated", "为数据集评分", "rated the dataset"),
    ("reuse.shown", "展示应用成果", "showed the reuse"),
    ("reuse.declined", "不展示应用成果", "declined the reuse"),
    ("account.created", "创建账户", "created an account"),
    ("account.disabled", "停用账户", "disabled an account"),
    ("account.enabled", "启用账户", "enabled an account"),
    ("account.password_changed", "修改密码", "changed the password"),
    ("account.signed_in", "登录", "signed in"),
    ("account.signed_out", "退出", "signed out"),
    ("role.granted", "授予角色", "granted a role"),
    ("role.revoked", "撤销角色", "revoked a role"),
    ("token.created", "新建令牌", "made a token"),
    ("token.revoked", "撤销令牌", "revoked a token"),
    ("body.created", "登记单位", "registered a body"),
];

/// An act in words; one that this version does not know keeps its code.
pub(crate) fn act(kind: &str) -> Bilingual {
    match ACTS.iter().find(|(code, ..)| *code == kind) {
        Some((_, zh, en)) => Bilingual::new(*zh, *en),
        None => crate::parts::plain(kind),
    }
}

/// The most records of an asset's history that a page shows.
pub(crate) const HISTORY: u32 = 200;

/// Where the evidence of an act is.
pub(crate) fn receipt_path(record: &Record) -> String {
    format!("/evidence/entry/{}", record.id)
}

/// Who did it.
pub(crate) fn who(record: &Record, names: &Names) -> Bilingual {
    match record.actor.as_str() {
        "anonymous" => Bilingual::new("未登录者", "someone who had not signed in"),
        _ => names.of(record.account),
    }
}

/// The gate run that an act is about, if it says so.
pub(crate) fn gate_run_of(record: &Record) -> Option<GateRunId> {
    record.data.get("data")?.get("gate_run")?.as_str()?.parse().ok()
}

/// An act in the history of an asset or a run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Event {
    at: String,
    who: Bilingual,
    what: Bilingual,
    note: Option<String>,
    receipt: String,
}

impl Event {
    /// The act behind a record of the trail.
    pub(crate) fn of(record: &Record, names: &Names) -> Self {
        Self {
            at: record.at.to_string(),
            who: who(record, names),
            what: act(&record.kind),
            note: record.ground.clone(),
            receipt: receipt_path(record),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_is_listed_once_and_in_both_languages() {
        for (position, (kind, zh, en)) in ACTS.iter().enumerate() {
            assert!(!zh.is_empty() && !en.is_empty(), "{kind} has no words");
            let first = ACTS.iter().position(|(other, ..)| other == kind);
            assert_eq!(first, Some(position), "{kind} is listed twice");
        }
        assert_eq!(act("asset.published").zh, "发布目录");
        assert_eq!(act("asset.renamed").zh, "asset.renamed");
    }
}
