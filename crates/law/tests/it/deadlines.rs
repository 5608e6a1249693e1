//! Deadlines and periods.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use law::{
    Calendar, CalendarError, DeadlineError, DeadlineKind, DeadlineRow, Due, Remaining, RuleId,
    Unit, deadline, deadlines, remaining, retention, retentions,
};
use vocabulary::DivisionCode;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn division(text: &str) -> DivisionCode {
    text.parse().unwrap()
}

fn row(rule: RuleId) -> &'static DeadlineRow {
    deadline(rule, DivisionCode::SHANXI, date(2026, 9, 21)).unwrap()
}

#[test]
fn rule_constants_and_table_name_the_same_rules() {
    let mut in_table: Vec<RuleId> = deadlines().iter().map(|row| row.rule).collect();
    in_table.dedup();
    assert_eq!(in_table, RuleId::ALL);
    for rule in RuleId::ALL {
        assert_eq!(rule.as_str().parse(), Ok(*rule));
    }
    assert_eq!("SH-99".parse::<RuleId>(), Err(DeadlineError::UnknownRule("SH-99".into())));
}

#[test]
fn the_numbers_are_those_of_the_master_table() {
    // Rule, n, unit, extension: the country's rows as the domain reference lists them.
    let table = [
        ("SH-01", 10, Unit::WorkingDays, Some(5)),
        ("SH-02", 2, Unit::WorkingDays, None),
        ("SH-03", 1, Unit::WorkingDays, Some(10)),
        ("SH-04", 10, Unit::WorkingDays, Some(10)),
        ("SH-05", 10, Unit::WorkingDays, None),
        ("SH-06", 20, Unit::WorkingDays, None),
        ("SH-07", 10, Unit::WorkingDays, None),
        ("SH-08", 3, Unit::Years, None),
        ("RG-01", 20, Unit::WorkingDays, None),
        ("RG-02", 3, Unit::WorkingDays, None),
        ("RG-03", 20, Unit::WorkingDays, None),
        ("RG-04", 10, Unit::WorkingDays, None),
        ("RG-05", 10, Unit::WorkingDays, None),
        ("RG-06", 3, Unit::Years, None),
        ("RG-07", 60, Unit::Days, None),
        ("GI-01", 20, Unit::WorkingDays, None),
        ("GI-02", 7, Unit::WorkingDays, None),
        ("GI-03", 15, Unit::WorkingDays, None),
        ("GI-04", 20, Unit::WorkingDays, Some(20)),
        ("GI-05", 15, Unit::WorkingDays, None),
        ("CR-01", 10, Unit::WorkingDays, None),
        ("CR-02", 3, Unit::WorkingDays, None),
        ("CR-03", 7, Unit::WorkingDays, Some(10)),
        ("CR-04", 1, Unit::WorkingDays, None),
        ("CR-05", 7, Unit::WorkingDays, None),
        ("CR-06", 10, Unit::WorkingDays, None),
        ("PF-01", 60, Unit::WorkingDays, None),
        ("PF-02", 7, Unit::WorkingDays, None),
        ("SE-01", 24, Unit::Hours, None),
        ("AU-01", 15, Unit::WorkingDays, None),
    ];
    for (rule, n, unit, extension) in table {
        let row = row(rule.parse().unwrap());
        assert_eq!((row.n, row.unit), (n, unit), "{rule}");
        assert_eq!(row.extension.as_ref().map(|extension| extension.n), extension, "{rule}");
    }
}

#[test]
fn every_row_is_complete() {
    for row in deadlines() {
        let rule = row.rule;
        assert!(!row.basis.is_empty(), "{rule} rests on nothing");
        assert!(law::source(&row.source).is_some(), "{rule}: source {}", row.source);
        assert!(!row.name.zh.is_empty() && row.name.en.is_ascii(), "{rule}");
        assert!(!row.starts.zh.is_empty() && row.starts.en.is_ascii(), "{rule}");
        match row.kind {
            DeadlineKind::Yearly => assert!(row.by.is_some() && row.n == 0, "{rule}"),
            DeadlineKind::AtOnce => assert!(row.by.is_none() && row.n == 0, "{rule}"),
            _ => assert!(row.by.is_none() && row.n > 0, "{rule}"),
        }
    }
}

#[test]
fn a_fact_that_is_not_firm_is_a_configurable_default() {
    for row in deadlines() {
        assert!(row.confidence.is_firm() || row.configurable_default, "{}", row.rule);
    }
    for refusal in law::refusals() {
        assert!(refusal.confidence.is_firm() || refusal.configurable_default, "{}", refusal.code);
    }
    for list in law::lists() {
        assert!(list.confidence.is_firm() || list.configurable_default, "{}", list.id);
        for entry in &list.entries {
            let firm = entry.confidence.is_none_or(law::Confidence::is_firm);
            assert!(firm || entry.configurable_default, "{} {}", list.id, entry.code);
        }
    }
    for retention in retentions() {
        assert!(retention.confidence.is_firm(), "{}", retention.id);
    }
    for level in vocabulary::DataLevel::ALL {
        assert!(law::gate::level_rule(level).configurable_default, "{level}");
    }
    assert!(law::gate::attribute().configurable_default);
    assert!(law::gate::attack().configurable_default);
    assert!(law::gate::composition().configurable_default);
}

#[test]
fn a_local_limit_is_never_longer_than_the_national_one() {
    let mut compared = 0;
    for local in deadlines().iter().filter(|row| row.jurisdiction != DivisionCode::COUNTRY) {
        let day = local.effective.from.unwrap_or(date(2026, 9, 21));
        if let Ok(national) = deadline(local.rule, DivisionCode::COUNTRY, day) {
            assert_eq!(local.unit, national.unit, "{}", local.rule);
            assert!(local.n <= national.n, "{}", local.rule);
            compared += 1;
        }
    }
    assert!(compared > 0);
}

#[test]
fn the_more_specific_jurisdiction_wins_and_the_country_is_the_fallback() {
    let day = date(2026, 9, 21);
    let n = |code: &str| deadline(RuleId::SH_04, division(code), day).unwrap().n;
    assert_eq!(n("140500"), 5);
    assert_eq!(n("140581"), 5);
    assert_eq!(n("140500000000"), 5);
    assert_eq!(n("140000"), 10);
    assert_eq!(n("140105"), 10);
    assert_eq!(n("100000"), 10);
    // A rule of one city is no rule elsewhere.
    assert!(deadline(RuleId::JC_01, division("140105"), day).is_err());
    assert_eq!(deadline(RuleId::JC_01, division("140522"), day).unwrap().n, 2);
}

#[test]
fn a_deadline_does_not_apply_before_its_instrument() {
    let before = deadline(RuleId::SH_03, DivisionCode::SHANXI, date(2025, 7, 31));
    assert_eq!(
        before.unwrap_err(),
        DeadlineError::NotInForce {
            rule: RuleId::SH_03,
            jurisdiction: DivisionCode::SHANXI,
            day: date(2025, 7, 31),
        },
    );
    assert!(deadline(RuleId::SH_03, DivisionCode::SHANXI, date(2025, 8, 1)).is_ok());
    assert!(deadline(RuleId::RG_02, DivisionCode::SHANXI, date(2030, 3, 1)).is_err());
}

#[test]
fn working_days_skip_holidays_and_count_made_up_days() {
    let due = |rule, start| row(rule).due_at(at(start)).unwrap().date;
    // Received on Friday 20 September 2024, 15:00: one working day later is Monday.
    assert_eq!(due(RuleId::SH_03, "2024-09-20T15:00:00+08:00"), date(2024, 9, 23));
    // Over National Day 2026 (1 to 7 October off; 10 October, a Saturday, worked).
    assert_eq!(due(RuleId::SH_04, "2026-09-30T09:00:00+08:00"), date(2026, 10, 20));
    // Received on a Saturday off: Monday is the first working day.
    assert_eq!(due(RuleId::SH_02, "2026-03-07T09:00:00+08:00"), date(2026, 3, 10));
    // 23:30 in China is still that day, though UTC is the day before or the same.
    assert_eq!(due(RuleId::SH_03, "2026-03-02T15:30:00Z"), date(2026, 3, 3));
    assert_eq!(due(RuleId::SH_03, "2026-03-02T16:30:00Z"), date(2026, 3, 4));
}

#[test]
fn a_period_ends_at_midnight_in_china() {
    let due = row(RuleId::SH_03).due_at(at("2026-03-02T09:00:00+08:00")).unwrap();
    assert_eq!(due.ends_at, at("2026-03-04T00:00:00+08:00"));
    let left = |now| remaining(at(now), due).unwrap();
    assert_eq!(left("2026-03-02T10:00:00+08:00"), Remaining { working_days: 1, overdue: false });
    assert_eq!(left("2026-03-03T23:59:59+08:00"), Remaining { working_days: 0, overdue: false });
    assert_eq!(left("2026-03-04T00:00:00+08:00"), Remaining { working_days: 1, overdue: true });
    assert_eq!(left("2026-03-09T09:00:00+08:00"), Remaining { working_days: 4, overdue: true });
}

#[test]
fn hours_run_from_the_moment_and_do_not_move() {
    let due = row(RuleId::SE_01).due_at(at("2026-10-02T13:20:05+08:00")).unwrap();
    assert_eq!(due, Due { date: date(2026, 10, 3), ends_at: at("2026-10-03T13:20:05+08:00") });
}

#[test]
fn an_extension_follows_the_first_period() {
    let start = at("2026-03-02T09:00:00+08:00");
    let first = row(RuleId::SH_04).due_at(start).unwrap();
    assert_eq!(first.date, date(2026, 3, 16));
    let extended = row(RuleId::SH_04).extended_due_at(start).unwrap().unwrap();
    assert_eq!(extended.date, date(2026, 3, 30));
    assert_eq!(row(RuleId::SH_06).extended_due_at(start), Ok(None));
}

/// A row for a made-up limit, since no stored limit counts days, months or years.
fn limit(n: u32, unit: Unit) -> DeadlineRow {
    DeadlineRow { kind: DeadlineKind::Limit, n, unit, ..row(RuleId::SH_02).clone() }
}

#[test]
fn a_last_day_off_moves_to_the_next_working_day() {
    let due = |n, unit, start| limit(n, unit).due_at(at(start)).unwrap().date;
    // 30 days after 1 September 2026 is 1 October: moves to the 8th.
    assert_eq!(due(30, Unit::Days, "2026-09-01T09:00:00+08:00"), date(2026, 10, 8));
    // 10 days after 30 September 2026 is Saturday 10 October, a made-up working day.
    assert_eq!(due(10, Unit::Days, "2026-09-30T09:00:00+08:00"), date(2026, 10, 10));
    // No 31 June: the last day of the month (民法典 202).
    assert_eq!(due(1, Unit::Months, "2026-03-31T09:00:00+08:00"), date(2026, 4, 30));
    assert_eq!(due(1, Unit::Years, "2024-02-29T09:00:00+08:00"), date(2025, 2, 28));
}

#[test]
fn a_validity_and_a_retention_do_not_move_and_need_no_calendar() {
    // The end lies in 2029, whose holidays nobody knows.
    let due = row(RuleId::RG_06).due_at(at("2026-05-01T09:00:00+08:00")).unwrap();
    assert_eq!(due.date, date(2029, 5, 1));
    let kept = retention("share_use_record").unwrap();
    assert_eq!(kept.may_delete_on(date(2026, 5, 1)), Ok(date(2029, 5, 2)));
    assert_eq!(
        limit(3, Unit::Years).due_at(at("2026-05-01T09:00:00+08:00")),
        Err(CalendarError::NotPublished { year: 2029 }),
    );
}

#[test]
fn a_window_opens_before_its_end() {
    let renewal = row(RuleId::RG_07);
    assert_eq!(renewal.opens_on(date(2026, 5, 1)), Ok(Some(date(2026, 3, 2))));
    assert_eq!(renewal.due_at(at("2026-05-01T00:00:00+08:00")).unwrap().date, date(2026, 5, 1));
    assert_eq!(row(RuleId::SH_02).opens_on(date(2026, 5, 1)), Ok(None));
}

#[test]
fn a_yearly_report_is_due_on_its_next_date() {
    let due = |start| row(RuleId::GI_06).due_at(at(start)).unwrap().date;
    assert_eq!(due("2026-01-05T09:00:00+08:00"), date(2026, 1, 31));
    assert_eq!(due("2026-01-31T09:00:00+08:00"), date(2026, 1, 31));
    assert_eq!(due("2026-02-01T09:00:00+08:00"), date(2027, 1, 31));
}

#[test]
fn a_length_is_readable_in_both_languages() {
    assert_eq!(row(RuleId::SH_03).length().zh, "1个工作日");
    assert_eq!(row(RuleId::SH_03).length().en, "1 working day");
    assert_eq!(row(RuleId::GI_06).length().zh, "每年1月31日前");
    assert_eq!(row(RuleId::RG_08).length().zh, "当日");
}

#[test]
fn a_deadline_past_the_last_published_year_is_an_error_that_names_the_year() {
    let start = at("2026-12-21T09:00:00+08:00");
    assert_eq!(row(RuleId::SH_06).due_at(start), Err(CalendarError::NotPublished { year: 2027 }),);
    let with_2027 = Calendar::china()
        .with_years("[[year]]\nyear = 2027\nnotice = 'test'\nholiday = [{ name = '元旦', off = ['2027-01-01', '2027-01-03'] }]")
        .unwrap();
    let due = row(RuleId::SH_06).due_in(start, &with_2027).unwrap();
    assert_eq!(due.date, Date::constant(2027, 1, 19));
}
