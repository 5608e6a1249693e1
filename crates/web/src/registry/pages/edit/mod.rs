//! `/desk/assets/{id}/edit`: the whole catalogue entry, saved as often as one
//! likes, submitted when it is complete.
//!
//! Whatever is wrong, the form comes back with everything that was typed.

mod draft;
mod options;
mod view;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use platform::registry::{self, Asset, AssetState};
use platform::{Error, RefusedBy};
use trust::Action as Act;
use vocabulary::Bilingual;

use self::draft::Draft;
use crate::app::App;
use crate::desk::{asset_path, done, mistakes};
use crate::extract::id_of;
use crate::form::Posted;
use crate::parts::FormProblem;
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;

/// Shows the form.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let asset = editable(&app, &visitor, &id).await?;
    if asset.state != AssetState::Draft {
        return Ok(Redirect::to(&visitor.lang.href(&asset_path(&asset))).into_response());
    }
    let draft = Draft::of(&asset.entry);
    Ok(page(&app, &visitor, &asset, &draft, Wrong::default())?.into_response())
}

/// Saves the form, and submits it if that was asked for.
pub(crate) async fn save(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Posted,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    let asset = editable(&app, &visitor, &id).await?;
    let mut draft = Draft::posted(&form);
    let action = form.text("action");
    if action == "add_item" {
        draft.add_item();
    } else if let Some(row) = action.strip_prefix("remove_item_") {
        draft.remove_item(row);
    } else {
        let seen = form.text("etag").parse().map_err(|_| {
            Problem::bad_request(
                "表单缺少版本号。",
                "The form lacks the revision that it was read at.",
            )
        })?;
        let entry = match draft.entry(&asset.entry) {
            Ok(entry) => entry,
            Err(error) => return refused(&app, &visitor, &asset, &draft, error),
        };
        let saved = match registry::edit(caller, &app.platform, asset.id, seen, entry).await {
            Ok(changed) => changed.asset,
            Err(error) => return refused(&app, &visitor, &asset, &draft, error),
        };
        if action != "submit" {
            let path = format!("{}/edit", asset_path(&saved));
            return Ok(done(&visitor, &path, "已保存。", "Saved."));
        }
        let revision = Some(saved.revision);
        return match registry::submit(caller, &app.platform, saved.id, revision).await {
            Ok(changed) => Ok(done(
                &visitor,
                &asset_path(&changed.asset),
                "已保存并提交，等单位负责人同意。",
                "Saved and submitted; the head of the unit consents next.",
            )),
            Err(error) => refused(&app, &visitor, &saved, &draft, error),
        };
    }
    // The rows of the table changed; nothing was saved yet.
    let seen = Asset { revision: form.text("etag").parse().unwrap_or(asset.revision), ..asset };
    Ok(page(&app, &visitor, &seen, &draft, Wrong::default())?.into_response())
}

/// The asset, if the reader may edit it.
async fn editable(app: &App, visitor: &Visitor, id: &str) -> Result<Asset, Problem> {
    let caller = visitor.signed_in()?;
    let asset = registry::find(caller, &app.platform, id_of(id)?).await?;
    caller.require(Act::EditAsset, &asset.resource()).map_err(Error::from)?;
    Ok(asset)
}

/// What stands in the way, shown with the form.
#[derive(Debug, Default)]
struct Wrong {
    errors: Vec<FormProblem>,
    refusals: Vec<RefusedBy>,
}

/// The form again, with what is wrong and everything that was typed.
fn refused(
    app: &App,
    visitor: &Visitor,
    asset: &Asset,
    draft: &Draft,
    error: Error,
) -> Result<Response, Problem> {
    let (status, wrong) = match error {
        Error::Invalid { problems } => {
            let errors = mistakes(&problems, draft::form_field);
            (StatusCode::UNPROCESSABLE_ENTITY, Wrong { errors, ..Wrong::default() })
        }
        Error::Refused { refusals } => {
            let gaps = registry::missing(asset).into_iter().map(|gap| {
                let (zh, en) =
                    (format!("请填写{}。", gap.name.zh), format!("Fill in: {}.", gap.name.en));
                FormProblem::new(draft::form_field(gap.field), Bilingual::new(zh, en))
            });
            let rules = refusals.iter().filter_map(|refusal| {
                let field = draft::field_of_rule(&refusal.code.to_string())?;
                Some(FormProblem::new(field, refusal.detail.clone()))
            });
            let errors = gaps.chain(rules).collect();
            (StatusCode::UNPROCESSABLE_ENTITY, Wrong { errors, refusals })
        }
        Error::Stale => {
            let text = Bilingual::new(
                "别人刚刚修改并保存了这条目录。您填写的内容还在下面；再次保存将以您的内容为准。",
                "Someone else changed and saved this entry. What you typed is below; saving again keeps yours.",
            );
            let errors = vec![FormProblem::new("title_zh", text)];
            (StatusCode::CONFLICT, Wrong { errors, ..Wrong::default() })
        }
        other => return Err(other.into()),
    };
    Ok(page(app, visitor, asset, draft, wrong)?.with_status(status).into_response())
}

fn page(
    app: &App,
    visitor: &Visitor,
    asset: &Asset,
    draft: &Draft,
    wrong: Wrong,
) -> Result<Page, Problem> {
    app.pages.render(visitor, "desk/edit.html", view::of(asset, draft, wrong))
}
