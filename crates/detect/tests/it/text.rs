//! What is found inside texts.

use detect::{Kind, spans};
use proptest::prelude::*;

fn found(text: &str) -> Vec<(Kind, &str)> {
    spans(text).iter().map(|span| (span.kind, &text[span.start..span.end])).collect()
}

#[test]
fn identifiers_touch_chinese_characters_on_both_sides() {
    assert_eq!(
        found("电话13812345678，邮箱a.b@qq.com转，地址10.0.12.7，车牌浙UFM8839。"),
        [
            (Kind::Mobile, "13812345678"),
            (Kind::Email, "a.b@qq.com"),
            (Kind::Ip, "10.0.12.7"),
            (Kind::Plate, "浙UFM8839"),
        ]
    );
}

#[test]
fn citizen_ids_are_found_in_every_writing() {
    for text in [
        "11010519491231002X",
        "11010519491231002x",
        "110105 19491231 002X",
        "110105-19491231-002X",
        "1101 0519 4912 3100 2X",
        "１１０１０５１９４９１２３１００２Ｘ",
        "身份证号：110105491231002",
    ] {
        let kinds: Vec<Kind> = found(text).iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [Kind::CitizenId], "{text}");
    }
}

#[test]
fn telephones_are_found_in_every_writing() {
    for text in
        ["138-1234-5678", "138 1234 5678", "+86 13812345678", "+86-138-1234-5678", "8613812345678"]
    {
        let kinds: Vec<Kind> = found(text).iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [Kind::Mobile], "{text}");
    }
    for text in
        ["0351-7654321", "(0351)7654321", "010-87654321", "010 87654321", "0351-7654321-801"]
    {
        let kinds: Vec<Kind> = found(text).iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [Kind::Landline], "{text}");
    }
}

#[test]
fn codes_with_check_digits_are_found_and_wrong_ones_are_not() {
    for (text, kind) in [
        ("代码11140500012420117H。", Kind::CreditCode),
        ("4111 1111 1111 1111", Kind::CreditCard),
        ("378282246310005", Kind::CreditCard),
        ("DE89370400440532013000", Kind::Iban),
        ("DE89 3704 0044 0532 0130 00", Kind::Iban),
        ("249-12-7342", Kind::Ssn),
        ("98:88:01:4A:2E:F3", Kind::Mac),
        ("98-88-01-4a-2e-f3", Kind::Mac),
        ("2001:db8::ff00:42:8329", Kind::Ip),
        ("EW8539678", Kind::Passport),
        ("C12345678", Kind::TravelPermit),
        ("京A·12345", Kind::Plate),
        ("粤Z1234港", Kind::Plate),
        ("AKIAIOSFODNN7EXAMPLE", Kind::Secret),
        ("password=hunter22", Kind::Secret),
        ("密码：abc123456", Kind::Secret),
    ] {
        let kinds: Vec<Kind> = found(text).iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [kind], "{text}");
    }
    for text in [
        "110105194912310021",
        "11140500012420117A",
        "4111111111111112",
        "DE88370400440532013000",
        "000-12-7342",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn what_is_no_identifier_is_left_alone() {
    for text in [
        "版本v10.16.2",
        "版本10.16.2.1",
        "2025-05-18 12:30:45",
        "2005年11月20日",
        "金额14359.35元",
        "面积139平方米",
        "编号13893243063",
        "订单号622588693458927026",
        "流水号13800138000",
        "13812345678.50",
        "1.2.3",
        "999.999.999.999",
        "550e8400-e29b-41d4-a716-446655440000",
        "晋政发〔2020〕15号",
        "400-123-4567",
        "token: unknown",
        "http://www.shanxi.gov.cn/a/b.html",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn json_in_a_cell_is_read_like_any_text() {
    let text = r#"{"姓名":"王伟","tel":["13812345678"],"id":"11010519491231002X"}"#;
    let kinds: Vec<Kind> = found(text).iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [Kind::PersonName, Kind::Mobile, Kind::CitizenId]);
}

#[test]
fn offsets_are_right_in_code_points() {
    let text = "ｅ：１３８１２３４５６７８";
    let span = spans(text)[0];
    assert_eq!(span.code_points(text), (2, 13));
    assert_eq!(&text[span.start..span.end], "１３８１２３４５６７８");
}

proptest! {
    #[test]
    fn spans_are_in_order_apart_and_on_characters(text in ".{0,80}|[0-9A-Za-z@.:： -]{0,60}|[王李伟省市区路号0-9-]{0,40}") {
        let mut last = 0;
        for span in spans(&text) {
            prop_assert!(span.start >= last && span.start < span.end, "{text}");
            prop_assert!(text.get(span.start..span.end).is_some(), "{text}");
            last = span.end;
        }
    }

    #[test]
    fn a_mobile_number_is_found_wherever_it_stands(
        head in "[一-龥，。：a ]{0,8}", number in "1[3-9][0-9]{9}", tail in "[一-龥，。 ]{0,8}",
    ) {
        // A letter that touches it, or a label that speaks against it, is another case.
        let plain = !head.ends_with('a') && !["号", "订单", "编", "单", "批", "次"].iter().any(|w| head.contains(w));
        prop_assume!(plain);
        let text = format!("{head}{number}{tail}");
        prop_assert!(spans(&text).iter().any(|span| span.kind == Kind::Mobile
            || span.kind == Kind::Address), "{text}");
    }
}
