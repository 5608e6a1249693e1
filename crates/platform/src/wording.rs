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

/// What is found in a text, each kind once.
pub fn finds(text: &str) -> Vec<Find> {
    let mut found: Vec<Find> = Vec::new();
    for Span { kind, .. } in spans(text) {
        if !found.iter().any(|find| find.kind == kind) {
            found.push(Find { kind, is_barred: is_barred(kind) });
        }
    }
    found
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
    fn full_width_digits_are_no_way_around() {
        assert!(finds("电话１３８１２３４５６７８").iter().any(|find| find.is_barred));
    }
}
