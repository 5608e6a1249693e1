//! Working days, against two other calendars.

use std::path::Path;
use std::process::Command;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use law::{Calendar, CalendarError, DayKind};
use proptest::prelude::*;

use crate::shared;

fn days(year: i16) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(date(year, 1, 1)), |day| day.tomorrow().ok())
        .take_while(move |day| day.year() == year)
}

#[test]
fn the_calendar_agrees_with_the_published_holiday_files() {
    let Some(folder) = shared("codes/holiday-cn") else { return };
    let calendar = Calendar::china();
    let years: Vec<i16> = calendar.years().map(|(year, _)| year).collect();
    assert_eq!(years, (2019..=2026).collect::<Vec<_>>());
    let mut listed = 0;
    for year in &years {
        let text = std::fs::read_to_string(folder.join(format!("{year}.json"))).unwrap();
        let file: serde_json::Value = serde_json::from_str(&text).unwrap();
        for day in file["days"].as_array().unwrap() {
            let date: Date = day["date"].as_str().unwrap().parse().unwrap();
            if !years.contains(&date.year()) {
                continue;
            }
            let off = day["isOffDay"].as_bool().unwrap();
            assert_eq!(calendar.is_working_day(date), Ok(!off), "{date}");
            assert_eq!(calendar.holiday_name(date).is_some(), off, "{date}");
            listed += 1;
        }
    }
    assert!(listed > 250, "only {listed} days were compared");
}

/// Every day of 2019 to 2026 as `2019-01-01 0`, from the package `chinese_calendar`.
#[test]
fn the_calendar_agrees_with_chinese_calendar_on_every_day() {
    let Some(python) = std::env::var_os("FENHE_PYTHON") else {
        println!("left out: FENHE_PYTHON names no interpreter with chinese_calendar");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/working_days.py");
    let output = Command::new(python).arg(script).args(["2019", "2026"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut compared = 0;
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let (day, working) = line.split_once(' ').unwrap();
        let day: Date = day.parse().unwrap();
        assert_eq!(Calendar::china().is_working_day(day), Ok(working == "1"), "{day}");
        compared += 1;
    }
    assert_eq!(compared, (2019..=2026).flat_map(days).count());
}

#[test]
fn a_year_without_a_notice_has_no_calendar() {
    let calendar = Calendar::china();
    assert_eq!(
        calendar.is_working_day(date(2027, 1, 4)),
        Err(CalendarError::NotPublished { year: 2027 }),
    );
    assert_eq!(
        calendar.add_working_days(date(2026, 12, 25), 20),
        Err(CalendarError::NotPublished { year: 2027 }),
    );
    assert_eq!(
        calendar.working_days_between(date(2018, 12, 1), date(2019, 1, 10)),
        Err(CalendarError::NotPublished { year: 2018 }),
    );
    assert_eq!(calendar.last_day(), Some(date(2026, 12, 31)));
}

#[test]
fn every_year_names_its_notice_and_where_it_is_published() {
    for (year, notice) in Calendar::china().years() {
        assert!(notice.notice.contains(&year.to_string()), "{}", notice.notice);
        assert!(notice.number.as_deref().is_some_and(|number| number.contains("国办发明电")));
        assert!(notice.url.iter().all(|url| url.contains("gov.cn")) && !notice.url.is_empty());
    }
}

#[test]
fn operators_can_add_a_year() {
    let more = Calendar::china()
        .with_years(
            r#"
            [[year]]
            year = 2027
            notice = "made for this test"
            holiday = [{ name = "元旦", off = ["2027-01-01", "2027-01-03"], work = ["2027-01-09"] }]
            "#,
        )
        .unwrap();
    assert_eq!(more.kind(date(2027, 1, 1)), Ok(DayKind::Holiday));
    assert_eq!(more.kind(date(2027, 1, 9)), Ok(DayKind::MakeupWorkday));
    assert_eq!(more.add_working_days(date(2026, 12, 31), 1), Ok(date(2027, 1, 4)));
    assert_eq!(more.kind(date(2026, 10, 1)), Calendar::china().kind(date(2026, 10, 1)));
    assert!(matches!(Calendar::china().with_years("year = 2027"), Err(CalendarError::File(_))));
}

#[test]
fn kinds_of_days_are_told_apart() {
    let calendar = Calendar::china();
    for (day, kind) in [
        (date(2026, 2, 20), DayKind::Holiday),
        (date(2026, 2, 21), DayKind::Holiday),
        (date(2026, 2, 28), DayKind::MakeupWorkday),
        (date(2026, 3, 1), DayKind::Weekend),
        (date(2026, 3, 2), DayKind::Workday),
        // New Year's Eve of the lunar year became a holiday in 2025 only.
        (date(2024, 2, 9), DayKind::Workday),
        (date(2025, 1, 28), DayKind::Holiday),
        // The Spring Festival of 2020 was extended by a second notice.
        (date(2020, 1, 31), DayKind::Holiday),
        (date(2020, 2, 3), DayKind::Workday),
    ] {
        assert_eq!(calendar.kind(day), Ok(kind), "{day}");
    }
    assert_eq!(calendar.holiday_name(date(2026, 2, 20)), Some("春节"));
}

proptest! {
    #[test]
    fn adding_working_days_and_counting_them_agree(offset in 0_i32..2_500, n in 0_u32..150) {
        let start = date(2019, 1, 1).checked_add(offset.days()).unwrap();
        let calendar = Calendar::china();
        match calendar.add_working_days(start, n) {
            Ok(end) => {
                prop_assert_eq!(calendar.working_days_between(start, end), Ok(n));
                prop_assert!(n == 0 || calendar.is_working_day(end).unwrap());
                // The day before the end is not enough.
                if n > 0 {
                    let before = calendar.working_days_between(start, end.yesterday().unwrap());
                    prop_assert_eq!(before, Ok(n - 1));
                }
            }
            Err(error) => prop_assert_eq!(error, CalendarError::NotPublished { year: 2027 }),
        }
    }
}
