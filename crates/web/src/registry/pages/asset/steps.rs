//! What may be done with an asset now, and where it stands.

use platform::gate::{GateRun, GateState};
use platform::registry::{Asset, AssetState};
use serde::Serialize;
use trust::{Action as Act, Caller};
use vocabulary::Bilingual;

use crate::desk::{Names, asset_path};
use crate::parts::Action;
use crate::step::Obstacle;

/// A step on the way to the public.
#[derive(Serialize)]
pub(super) struct Milestone {
    label: Bilingual,
    state: &'static str,
    at: Option<String>,
    who: Option<Bilingual>,
}

/// The way of an asset from its registration to the public.
pub(super) fn timeline(asset: &Asset, runs: &[GateRun], names: &Names) -> Vec<Milestone> {
    let released = runs.iter().find(|run| run.state == GateState::Approved);
    let steps = [
        (("登记", "Registered"), Some(asset.created_at), asset.filer),
        (("提交", "Submitted"), asset.submitted_at, asset.filer),
        (("单位负责人同意", "Head consents"), asset.consented_at, asset.consented_by),
        (("审核并发布目录", "Entry published"), asset.published_at, asset.published_by),
        (
            ("数据放行", "Data released"),
            released.and_then(|run| run.decided_at),
            released.and_then(|run| run.decided_by),
        ),
    ];
    let mut is_open = asset.state != AssetState::Withdrawn;
    steps
        .into_iter()
        .map(|((zh, en), at, who)| {
            let state = match at {
                Some(_) => "done",
                None if std::mem::take(&mut is_open) => "current",
                None => "open",
            };
            Milestone {
                label: Bilingual::new(zh, en),
                state,
                at: at.map(|at| at.to_string()),
                who: at.and(who).map(|who| names.of(Some(who))),
            }
        })
        .collect()
}

/// The steps that the caller may take now.
pub(super) fn actions(asset: &Asset, caller: &Caller, obstacle: &Obstacle) -> Vec<Action> {
    let resource = asset.resource();
    let may = |act: Act| caller.can(act, &resource);
    let at = |step: &str| format!("{}/{step}?revision={}", asset_path(asset), asset.revision);
    let plain = |key: &str, label: Bilingual, kind: &str, hint: Option<Bilingual>| Action {
        key: key.to_owned(),
        label,
        url: at(key),
        kind: kind.to_owned(),
        hint,
        reason: "none".to_owned(),
        reason_label: None,
        typed: None,
        error: obstacle.error_of(key),
        value: obstacle.value_of(key),
    };
    let mut actions = Vec::new();
    match asset.state {
        AssetState::Draft if may(Act::SubmitAsset) => actions.push(plain(
            "submit",
            Bilingual::new("提交", "Submit"),
            "primary",
            Some(Bilingual::new("提交后由单位负责人同意。", "The head of the unit consents next.")),
        )),
        AssetState::UnitReview if may(Act::ConsentAsset) => actions.push(plain(
            "consent",
            Bilingual::new("代表单位同意", "Consent for the unit"),
            "primary",
            None,
        )),
        AssetState::DataReview if may(Act::PublishAsset) => actions.push(plain(
            "publish",
            Bilingual::new("同意并发布目录", "Agree and publish the entry"),
            "primary",
            Some(Bilingual::new(
                "发布后任何人都能在门户上查到目录。",
                "Anyone can then find the entry on the portal.",
            )),
        )),
        _ => {}
    }
    let in_review = matches!(asset.state, AssetState::UnitReview | AssetState::DataReview);
    if in_review && may(Act::ReturnAsset) {
        actions.push(Action {
            reason: "required".to_owned(),
            reason_label: Some(Bilingual::new("哪里要改", "What to correct")),
            ..plain(
                "return",
                Bilingual::new("退回修改", "Return for correction"),
                "secondary",
                None,
            )
        });
    }
    if asset.state == AssetState::Published && may(Act::WithdrawAsset) {
        let hint = Bilingual::new(
            "将从目录和门户上移除，已开放的数据停止提供。日志保留。",
            "It leaves the catalogue and the portal, and its open data stop. The log stays.",
        );
        actions.push(Action {
            reason: "required".to_owned(),
            typed: Some(asset.entry.title.zh.trim().to_owned()),
            ..plain(
                "withdraw",
                Bilingual::new("撤销资产", "Withdraw the asset"),
                "warning",
                Some(hint),
            )
        });
    }
    actions
}

/// Whom the asset waits for, where it is not the caller.
pub(super) fn waiting(asset: &Asset, caller: &Caller) -> Option<Bilingual> {
    let resource = asset.resource();
    match asset.state {
        AssetState::UnitReview if !caller.can(Act::ConsentAsset, &resource) => {
            Some(Bilingual::new(
                "等待单位负责人同意。",
                "Waiting for the consent of the head of the unit.",
            ))
        }
        AssetState::DataReview if !caller.can(Act::PublishAsset, &resource) => {
            Some(Bilingual::new(
                "等待数据管理员审核发布。",
                "Waiting for the review of the data administrator.",
            ))
        }
        AssetState::Draft | AssetState::Withdrawn => asset.return_reason.as_ref().map(|reason| {
            let (zh, en) = match asset.state {
                AssetState::Draft => ("被退回", "Returned"),
                _ => ("已撤销", "Withdrawn"),
            };
            Bilingual::new(format!("{zh}：{reason}"), format!("{en}: {reason}"))
        }),
        _ => None,
    }
}
