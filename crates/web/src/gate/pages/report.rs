//! `/desk/gate/{id}/report.pdf`: the report of a run on paper, for the files and for lawyers.
//!
//! It says what the page of the run says, in both languages at once, and shows no row of
//! the data, neither before nor after.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use platform::RefusedBy;
use platform::gate::release::Release;
use platform::gate::{self, Check, GateRun, GateState, Outcome, release};
use platform::registry::{Asset, version};
use vocabulary::Bilingual;

use super::measured::{self, Measure};
use super::verdict;
use crate::app::App;
use crate::desk::{Names, title_of};
use crate::extract::id_of;
use crate::paper::{Cell, PDF, Paper, Style};
use crate::parts::{Refusal, plain_number};
use crate::problem::Problem;
use crate::view;
use crate::visitor::Visitor;

/// What is written down.
struct Report<'a> {
    asset: &'a Asset,
    run: &'a GateRun,
    outcome: &'a Outcome,
    release: Option<&'a Release>,
    version: i64,
    names: &'a Names,
}

/// The report of a run as PDF, from its page and from the API.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    let (asset, run) = gate::find(caller, &app.platform, id_of(&id)?).await?;
    let outcome = run.outcome.as_deref().ok_or_else(|| {
        Problem::from(platform::Error::WrongState {
            subject: format!("gate run {}", run.id),
            found: run.state.code().to_owned(),
            needed: "measured",
        })
    })?;
    let people = [Some(run.filed_by), run.decided_by];
    let names = Names::load(&app, people.into_iter().flatten()).await?;
    let release = match run.state {
        GateState::Approved => release::of_run(caller, &app.platform, run.id).await?,
        _ => None,
    };
    let version = version::number(&app.platform, run.version_id).await?;
    let report = Report {
        asset: &asset,
        run: &run,
        outcome,
        release: release.as_ref(),
        version,
        names: &names,
    };
    let pdf = report.write(app.platform.clock.now());
    let name = format!("inline; filename=\"gate-report-{}.pdf\"", run.id);
    Ok(([(header::CONTENT_TYPE, PDF), (header::CONTENT_DISPOSITION, &name)], pdf).into_response())
}

impl Report<'_> {
    fn write(&self, at: jiff::Timestamp) -> Vec<u8> {
        let title = title_of(self.asset);
        let foot = format!("送检 gate run {}", self.run.id);
        let mut paper = Paper::new(&format!("检测报告 Gate report: {}", title.zh), &foot);
        paper.paragraph("检测报告 Gate report", Style::TITLE);
        self.head(&mut paper, &title);
        self.judgement(&mut paper);
        self.checks(&mut paper);
        self.arithmetic(&mut paper);
        self.measures(&mut paper);
        self.columns(&mut paper);
        self.limits(&mut paper);
        self.evidence(&mut paper);
        paper.finish(at)
    }

    fn head(&self, paper: &mut Paper, title: &Bilingual) {
        let Self { run, outcome, .. } = self;
        let mut rows = vec![
            row("数据资产 Asset", both(title)),
            row("版本 Version", value(self.version.to_string())),
            row("面向 For", both(&run.audience.label())),
            row("共享模型 Sharing model", both(&run.settings.model.label())),
            row("状态 State", both(&run.state.label())),
            row("提交人 Filed by", both(&self.names.of(Some(run.filed_by)))),
            row("送检时间 Begun", value(time(run.created_at))),
        ];
        if let (Some(by), Some(at)) = (run.decided_by, run.decided_at) {
            rows.push(row("决定人 Decided by", both(&self.names.of(Some(by)))));
            rows.push(row("决定时间 Decided", value(time(at))));
        }
        let counted =
            format!("{} / {} / {}", outcome.rows, outcome.rows_released, outcome.rows_suppressed);
        rows.push(row("行：读取 / 发布 / 抑制\nRows read / released / suppressed", value(counted)));
        paper.table(&[1.0, 3.0], &rows);
    }

    fn judgement(&self, paper: &mut Paper) {
        paper.heading("结论 Verdict");
        let verdict = verdict::verdict(self.run);
        paper.paragraph(&format!("{} {}", verdict.label.zh, verdict.label.en), Style::HEADING);
        paper.paragraph(&verdict.text.zh, Style::STRONG);
        paper.paragraph(&verdict.text.en, Style::BESIDE);
        let row = |refusal: &RefusedBy| -> Vec<Cell> {
            let Refusal { code, what, ground, remedy, .. } = Refusal::of(refusal);
            let ground = format!("依据 ground: {} {}", ground.zh, ground.en);
            let remedy = format!("怎么办 remedy: {} {}", remedy.zh, remedy.en);
            let more = vec![(ground, Style::BESIDE), (remedy, Style::BESIDE)];
            vec![value(code), [both(&what), more].concat()]
        };
        let rows: Vec<Vec<Cell>> = self.outcome.refusals.iter().map(row).collect();
        if !rows.is_empty() {
            paper.table(&[1.0, 6.0], &rows);
        }
    }

    fn checks(&self, paper: &mut Paper) {
        paper.heading("逐项检查 Check by check");
        let row = |check: &Check| -> Vec<Cell> {
            let name = check.kind.label();
            let said = check.verdict.label();
            let left = [both(&name), vec![(format!("{} {}", said.zh, said.en), Style::STRONG)]];
            let mut right = both(&check.words);
            for figure in &check.figures {
                let named = format!("{} {}: ", figure.name.zh, figure.name.en);
                right.push((named + &figure.value, Style::BESIDE));
            }
            right.push((format!("规则 rules {}", check.rule), Style::BESIDE));
            vec![left.concat(), right]
        };
        let rows: Vec<Vec<Cell>> = self.outcome.checks.iter().map(row).collect();
        paper.table(&[1.4, 4.0], &rows);
    }

    fn arithmetic(&self, paper: &mut Paper) {
        paper.heading("风险怎么算出来的（GB/T 42460-2023）How the risk was calculated");
        let row = |step: &deident::risk::Step| -> Vec<Cell> {
            let formula = format!("{} = {}", step.symbol, step.formula);
            vec![both(&step.text), value(formula), value(plain_number(step.value))]
        };
        let rows: Vec<Vec<Cell>> = self.outcome.assessment.steps.iter().map(row).collect();
        paper.table(&[3.0, 2.4, 1.0], &rows);
    }

    fn measures(&self, paper: &mut Paper) {
        paper.heading("标准之外还测了 Measured beside the standard");
        let row = |measure: Measure| -> Vec<Cell> {
            let note = measure.note.as_ref().map(both).unwrap_or_default();
            let limit = measure.limit.unwrap_or_else(|| "—".to_owned());
            vec![[both(&measure.name), note].concat(), value(measure.value), value(limit)]
        };
        let measures = measured::measures(self.outcome, &self.run.settings);
        let rows: Vec<Vec<Cell>> = measures.into_iter().map(row).collect();
        paper.table(&[4.0, 1.2, 1.2], &rows);
    }

    fn columns(&self, paper: &mut Paper) {
        paper.heading("字段 Columns");
        let mut rows = vec![vec![
            strong("字段 Column"),
            strong("角色、级别 Role, level"),
            strong("处理 What was done"),
            strong("损失 Loss"),
        ]];
        for column in &self.outcome.columns {
            let decision =
                self.run.decisions.iter().find(|decision| decision.column == column.name);
            let mut role = both(&column.role.label());
            if let Some(decision) = decision {
                role.extend(both(&decision.level.label()));
            }
            let mut done = both(&column.words);
            if let Some(decision) = decision.filter(|decision| !decision.reason.is_empty()) {
                done.push((format!("更正的理由 reason: {}", decision.reason), Style::BESIDE));
            }
            let loss = column.loss.map_or("—".to_owned(), |loss| format!("{:.1}%", loss * 100.0));
            rows.push(vec![value(column.name.clone()), role, done, value(loss)]);
        }
        paper.table(&[1.6, 1.6, 3.0, 0.8], &rows);
    }

    fn limits(&self, paper: &mut Paper) {
        paper.heading("没有检验的 What was not tested");
        for words in &self.outcome.not_tested {
            paper.paragraph(&format!("· {}", words.zh), Style::BODY);
            paper.paragraph(&words.en, Style::BESIDE);
        }
    }

    fn evidence(&self, paper: &mut Paper) {
        paper.heading("证据 Evidence");
        let Self { run, outcome, .. } = self;
        let digest = &outcome.digest;
        let mut rows = vec![
            row("送检编号 Run", value(run.id.to_string())),
            row("规则 Rules", value(outcome.rules.clone())),
            row("候选 CSV Candidate as CSV", value(format!("{} 字节 bytes", digest.bytes))),
            row("SHA-256", value(digest.sha256.clone())),
            row("SM3", value(digest.sm3.clone())),
        ];
        if let Some(release) = self.release {
            rows.push(row("发布 Release", value(release.id.to_string())));
            rows.push(row("日志条目 Entry of the log", value(release.entry_id.to_string())));
        }
        paper.table(&[1.0, 3.0], &rows);
        paper.paragraph(
            "本报告由平台按上述规则生成，只作阅读之用；有法律意义的是日志中的条目和放行证书，可用 fenhe log verify 从外部核验。报告不含任何一行数据。",
            Style::BODY,
        );
        paper.paragraph(
            "This report is made by the platform, by the rules above, to be read; what counts is the entry in the log and the release certificate, which fenhe log verify checks from outside. It shows no row of the data.",
            Style::BESIDE,
        );
    }
}

/// Both languages, one under the other.
fn both(words: &Bilingual) -> Cell {
    vec![(words.zh.clone(), Style::BODY), (words.en.clone(), Style::BESIDE)]
}

fn value(text: impl Into<String>) -> Cell {
    vec![(text.into(), Style::BODY)]
}

fn strong(text: &str) -> Cell {
    vec![(text.to_owned(), Style::STRONG)]
}

/// A row of a table of facts.
fn row(name: &str, cell: Cell) -> Vec<Cell> {
    vec![vec![(name.to_owned(), Style::BESIDE)], cell]
}

fn time(at: jiff::Timestamp) -> String {
    view::datetime(view::Lang::Zh, &at.to_string())
}
