//! What may stand in a text for everyone: personal data are found and masked before it
//! is released.
//!
//! Free text holds what people put there: their own numbers, other persons' names. The
//! detector finds what has a form; it finds no secret that is told in plain words, so a
//! person reads each text as well.
//!
//! Basis: 个人信息保护法 第二十五条.

use detect::{Kind, Span, spans};

use crate::FieldProblem;

/// Something personal in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Find {
    /// What it is.
    pub kind: Kind,
    /// Whether it may never be released; else a person confirms that it may.
    pub is_barred: bool,
}

/// What is found in a text, each kind once; also numbers and addresses that are spread out
/// or written in other signs, so that a reader puts them together and a detector does not.
pub fn finds(text: &str) -> Vec<Find> {
    let mut found: Vec<Find> = Vec::new();
    let mut note = |kind| {
        if !found.iter().any(|find| find.kind == kind) {
            found.push(Find { kind, is_barred: is_barred(kind) });
        }
    };
    spans(text).into_iter().for_each(|span| note(span.kind));
    let spread = |kind: &Kind| matches!(kind, Kind::Mobile | Kind::CitizenId | Kind::Email);
    let gathered = spans(&gathered(text)).into_iter().map(|span| span.kind);
    gathered.filter(spread).for_each(note);
    found
}

/// The text with circled digits and wide signs written plainly, and without the spaces,
/// commas, brackets and line ends between digits.
fn gathered(text: &str) -> String {
    let plain: Vec<char> = text.chars().map(plainly).collect();
    let is_gap = |c: char| c.is_whitespace() || ",，()（）[]【】".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = plain.iter().copied().peekable();
    while let Some(c) = rest.next() {
        out.push(c);
        if !c.is_ascii_digit() {
            continue;
        }
        let mut ahead = rest.clone();
        let mut gaps = 0_usize;
        while ahead.next_if(|next| is_gap(*next)).is_some() {
            gaps += 1;
        }
        if gaps > 0 && ahead.peek().is_some_and(char::is_ascii_digit) {
            rest = ahead;
        }
    }
    out
}

/// A digit or sign as a keyboard writes it.
fn plainly(c: char) -> char {
    let from = |first: char, digit: u32| {
        let place = u32::from(c).wrapping_sub(u32::from(first));
        (place < 9).then(|| char::from_digit(place + digit, 10)).flatten()
    };
    match c {
        '＠' => '@',
        '．' => '.',
        '⓪' | '０' => '0',
        _ => from('①', 1)
            .or_else(|| from('❶', 1))
            .or_else(|| from('⓵', 1))
            .or_else(|| from('⑴', 1))
            .or_else(|| from('１', 1))
            .unwrap_or(c),
    }
}

/// Whether a sign cannot be seen and has no business in a text: control and format
/// characters, line ends and tabs aside.
pub(crate) fn is_unseen(c: char) -> bool {
    let is_line = matches!(c, '\n' | '\r' | '\t');
    let is_format = matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{00AD}');
    is_format || c.is_control() && !is_line
}

/// The text with everything that was found replaced by its name: `【手机号码】`.
pub fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for Span { start, end, kind } in spans(text) {
        if start < done {
            continue;
        }
        out.push_str(text.get(done..start).unwrap_or_default());
        out.push_str(&format!("【{}】", kind.label().zh));
        done = end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// Whether a kind identifies one person by itself, or opens something.
fn is_barred(kind: Kind) -> bool {
    match kind {
        Kind::CitizenId
        | Kind::Mobile
        | Kind::BankCard
        | Kind::Passport
        | Kind::TravelPermit
        | Kind::Plate
        | Kind::Email
        | Kind::Imei
        | Kind::Iban
        | Kind::Ssn
        | Kind::CreditCard
        | Kind::SocialSecurity
        | Kind::MedicalId
        | Kind::Secret => true,
        // A body has an address, a telephone number and a code as well as a person has.
        Kind::CreditCode
        | Kind::OrganizationCode
        | Kind::Landline
        | Kind::Ip
        | Kind::Mac
        | Kind::PersonName
        | Kind::Address
        | Kind::BirthDate
        | Kind::Coordinates => false,
    }
}

/// Why a text may not be released as it is; empty if it may.
///
/// - `is_confirmed`: a person looked at names, addresses and the like, and they may stay.
pub(crate) fn objections(field: &str, text: &str, is_confirmed: bool) -> Vec<FieldProblem> {
    let found = finds(text);
    let (barred, doubtful): (Vec<&Find>, Vec<&Find>) =
        found.iter().partition(|find| find.is_barred);
    let names = |finds: &[&Find]| {
        let labels: Vec<_> = finds.iter().map(|find| find.kind.label()).collect();
        let zh: Vec<&str> = labels.iter().map(|label| label.zh.as_str()).collect();
        let en: Vec<&str> = labels.iter().map(|label| label.en.as_str()).collect();
        (zh.join("、"), en.join(", "))
    };
    let mut problems = Vec::new();
    if !barred.is_empty() {
        let (zh, en) = names(&barred);
        problems.push(FieldProblem::new(
            field,
            format!("含有{zh}，不得公开。请删除或遮盖后再提交。"),
            format!("It contains: {en}. That is never public; remove or mask it."),
        ));
    }
    if !doubtful.is_empty() && !is_confirmed {
        let (zh, en) = names(&doubtful);
        problems.push(FieldProblem::new(
            field,
            format!("可能含有{zh}。请核对；确可公开的，勾选确认后再提交。"),
            format!("It may contain: {en}. Look at it; if it may be public, confirm that and send it again."),
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_identifies_a_person_is_masked_and_barred() {
        let text = "我是王丽，身份证11010519491231002X，手机 13812345678，想要公交数据。";
        let shown = masked(text);
        assert!(!shown.contains("13812345678") && !shown.contains("11010519491231002X"), "{shown}");
        assert!(shown.contains("【手机号码】") && shown.contains("公交数据"), "{shown}");
        assert!(objections("question", &shown, true).is_empty(), "{shown}");
        assert_eq!(objections("question", text, true).len(), 1);
    }

    #[test]
    fn a_text_without_persons_is_released_as_it_is() {
        let text = "希望开放全省高速公路收费站的位置和车道数，用于货运路线规划。";
        assert!(finds(text).is_empty(), "{:?}", finds(text));
        assert_eq!(masked(text), text);
    }

    #[test]
    fn numbers_that_are_spread_out_are_no_way_around() {
        for text in [
            "1 3 8 1 2 3 4 5 6 7 8",
            "138,1234,5678",
            "138（1234）5678",
            "138\n1234\n5678",
            "①③⑧①②③④⑤⑥⑦⑧",
            "联系 wang.li＠example.com",
        ] {
            assert!(finds(text).iter().any(|find| find.is_barred), "{text}");
        }
        for text in ["2019、2020、2021 年各区县数据", "共 1 380 人，其中 12 个区县"]
        {
            assert!(!finds(text).iter().any(|find| find.is_barred), "{text}");
        }
    }

    #[test]
    fn full_width_digits_are_no_way_around() {
        assert!(finds("电话１３８１２３４５６７８").iter().any(|find| find.is_barred));
    }
}
