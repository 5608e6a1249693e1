//! Types from the whole file, missing marks, and passes.

use ingest::Kind;

use crate::spool::csv;

#[test]
fn columns_get_the_types_of_their_values() {
    let text = "flag,count,ratio,day,moment,code,phone,name\n\
        true,1,0.5,2020年1月11日,2020-01-11 08:00:00,007,13800138000,太原\n\
        FALSE,\"1,234\",-3,2020/1/12,2020-01-12T09:30,010,13900139000,NA\n\
        ,NA,—,…,-,,,\n";
    let loaded = csv(text).unwrap();
    assert_eq!(
        loaded.kinds(),
        ["Boolean", "Int64", "Float64", "Date", "Timestamp", "Text", "Text", "Text"]
    );
    assert_eq!(loaded.column(1), ["1", "1234", "∅"]);
    assert_eq!(loaded.column(2), ["0.5", "-3.0", "∅"]);
    assert_eq!(loaded.column(3), ["2020-01-11", "2020-01-12", "∅"]);
    assert_eq!(loaded.column(4), ["2020-01-11T08:00:00", "2020-01-12T09:30:00", "∅"]);
    assert_eq!(loaded.column(5), ["007", "010", "∅"]);
    assert_eq!(loaded.column(7), ["太原", "∅", "∅"]);
    let marks: Vec<&[String]> =
        loaded.summary.columns.iter().map(|column| column.missing_marks.as_slice()).collect();
    assert_eq!(marks[1], ["NA"]);
    assert_eq!(marks[2], ["—"]);
    assert_eq!(marks[3], ["…"]);
    assert_eq!(marks[4], ["-"]);
    assert_eq!(marks[7], ["NA"]);
}

#[test]
fn marks_in_text_mean_no_value_where_nobody_answers_with_them() {
    let loaded = csv("地区,代码,备注,检验\n甲,NA,—,-\n乙,CN,NULL,+\n丙,ZA,无,-\n").unwrap();
    assert_eq!(loaded.column(1), ["NA", "CN", "ZA"], "no other column says that NA is missing");
    assert_eq!(loaded.column(2), ["∅", "∅", "无"]);
    assert_eq!(loaded.column(3), ["-", "+", "-"], "negative is an answer");
    assert_eq!(loaded.summary.columns[2].missing_marks, ["NULL", "—"]);
}

#[test]
fn a_mark_that_a_number_shows_late_is_missing_in_the_text_read_before() {
    let loaded = csv(long(|row| if row == 1 { "NA" } else { "文" }.to_owned(), "NA,文\n")).unwrap();
    assert_eq!(loaded.column(1)[1], "∅");
    assert_eq!(loaded.summary.columns[1].missing_marks, ["NA"]);
}

#[test]
fn remarks_below_a_table_of_texts_are_told_from_rows() {
    let text = "地区,代码,名称\n甲,a,x\n乙,b,y\n注：2020年数为快报数,,\n数据来源：统计局,,\n丙,,\n";
    let loaded = csv(text).unwrap();
    assert_eq!(loaded.column(0), ["甲", "乙", "丙"]);
    let refused: Vec<_> =
        loaded.rejects.iter().map(|reject| (reject.line, reject.reason.code())).collect();
    assert_eq!(refused, [(4, "footnote"), (5, "footnote")]);
}

#[test]
fn identity_numbers_stay_text_to_the_last_digit() {
    let loaded = csv("号码,n\n110101199001011234,1\n110101199001011235,2\n").unwrap();
    assert_eq!(loaded.kinds(), ["Text", "Int64"]);
    assert_eq!(loaded.column(0), ["110101199001011234", "110101199001011235"]);
}

#[test]
fn quoted_fields_have_commas_quotes_and_line_breaks() {
    let loaded = csv("a,b\r\n\"x, y\",\"say \"\"hi\"\"\"\r\n\"two\r\nlines\",\"\"\r\n").unwrap();
    assert_eq!(loaded.column(0), ["x, y", "two\r\nlines"]);
    assert_eq!(loaded.column(1), ["say \"hi\"", "∅"]);
    assert_eq!(loaded.summary.rejected, 0);
}

#[test]
fn the_last_row_needs_no_line_break() {
    assert_eq!(csv("a,b\n1,2\n3,4").unwrap().column(1), ["2", "4"]);
    assert_eq!(csv("a,b\n1,2\n3,\"4\"").unwrap().column(1), ["2", "4"]);
    assert_eq!(csv("a,b\n1,2\n3,").unwrap().column(1), ["2", "∅"]);
}

#[test]
fn title_lines_above_the_header_are_no_data() {
    let loaded = csv("山西省主要指标\n地区,人口,面积\n太原,5,7\n大同,3,14\n").unwrap();
    assert_eq!(loaded.names(), ["地区", "人口", "面积"]);
    assert_eq!(loaded.summary.rows, 2);
    assert!(loaded.summary.notes[0].zh.contains("1 行标题"));
}

#[test]
fn a_table_of_values_alone_has_no_header() {
    let loaded = csv("1,2.5,2020-01-01\n2,3.5,2020-01-02\n").unwrap();
    assert_eq!(loaded.names(), ["列1", "列2", "列3"]);
    assert_eq!(loaded.summary.rows, 2);
    let loaded = csv("地区,2019,2020\n太原,1,2\n大同,3,4\n").unwrap();
    assert_eq!(loaded.names(), ["地区", "2019", "2020"]);
}

/// A file larger than the sample, whose last row is given.
fn long(row: impl Fn(usize) -> String, last: &str) -> String {
    let mut text = String::from("n,x\n");
    let mut number = 0;
    while text.len() < 9 * 1024 * 1024 {
        text.push_str(&format!("{number},{}\n", row(number)));
        number += 1;
    }
    text.push_str(last);
    text
}

#[test]
fn a_late_decimal_widens_the_column_and_begins_again() {
    let text = long(|row| format!("{:030}", 0) + &row.to_string(), "5.5,x\n");
    let loaded = csv(&text).unwrap();
    assert_eq!(loaded.kinds(), ["Float64", "Text"]);
    assert_eq!((loaded.begun, loaded.summary.passes), (2, 2));
    assert_eq!(loaded.summary.rejected, 0);
    let numbers = loaded.column(0);
    assert_eq!(numbers.last().unwrap(), "5.5");
    assert_eq!(numbers[0], "0.0");
}

#[test]
fn a_late_code_makes_the_column_text_without_losing_a_character() {
    let text = long(|row| row.to_string(), "007,1\n");
    let loaded = csv(&text).unwrap();
    assert_eq!(loaded.kinds(), ["Text", "Int64"]);
    assert_eq!(loaded.column(0).last().unwrap(), "007");
}

#[test]
fn a_column_whose_values_begin_late_gets_their_type() {
    let text = long(|row| if row < 500_000 { String::new() } else { "2020-01-11".into() }, "");
    let loaded = csv(&text).unwrap();
    assert_eq!(loaded.summary.columns[1].kind, Kind::Date);
    assert_eq!(loaded.column(1).last().unwrap(), "2020-01-11");
}

#[test]
fn few_late_misfits_are_rejected_and_many_make_the_column_text() {
    let text = long(|row| row.to_string(), "1,oops\n");
    let loaded = csv(&text).unwrap();
    assert_eq!(loaded.summary.columns[1].kind, Kind::Int64);
    assert_eq!((loaded.begun, loaded.summary.rejected), (1, 1));
    assert_eq!(loaded.rejects[0].value, "oops");
    assert_eq!(loaded.rejects[0].line, loaded.summary.rows + 2);

    let many = "1,oops\n".repeat(20_000);
    let loaded = csv(long(|row| row.to_string(), &many)).unwrap();
    assert_eq!(loaded.summary.columns[1].kind, Kind::Text);
    assert_eq!(loaded.summary.rejected, 0);
}

#[test]
fn the_order_of_the_rows_is_kept() {
    let text = long(|row| (row * 7).to_string(), "");
    let loaded = csv(&text).unwrap();
    let numbers = loaded.column(0);
    assert!(numbers.iter().enumerate().all(|(row, number)| *number == row.to_string()));
}
