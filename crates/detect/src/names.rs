//! Names of persons in Chinese text.
//!
//! A name starts with a surname and goes on in characters that names are made
//! of. In a text its surroundings decide: it stands alone between marks, or
//! behind a word that announces it (联系人, 村民), or before one that follows names
//! (先生, 来电). Words of the language that look like a name are none.
//!
//! The words of `not_names.txt` are those of the dictionary of jieba (MIT), at
//! least 5 times in its corpus, that start with a surname and go on in characters
//! of given names; of those that it takes for names only what begins with a rare
//! surname (明白, 阳光) or is a common word all the same.

use std::sync::LazyLock;

use crate::chars::{AFTER_NAME, DOUBLE, GIVEN, HEAD, NOT_LAST, SURNAME, code, flags, is_han};
use crate::kind::Kind;
use crate::scan::{HanRun, Hit, Scanner};

const DOUBLE_SURNAMES: [&str; 24] = [
    "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "夏侯",
    "宇文", "长孙", "端木", "百里", "东郭", "南宫", "西门", "轩辕", "呼延", "独孤", "拓跋", "闻人",
];

/// Words behind which a name comes at once. They end in characters that are
/// [`crate::chars::BEFORE_NAME`].
const LABELS: [&str; 88] = [
    "姓名",
    "联系人",
    "申请人",
    "办理人",
    "经办人",
    "负责人",
    "法定代表人",
    "法人代表",
    "法人",
    "户主",
    "患者",
    "监护人",
    "收件人",
    "寄件人",
    "当事人",
    "被告人",
    "原告",
    "被告",
    "家属",
    "投诉人",
    "举报人",
    "受理人",
    "委托人",
    "代理人",
    "证人",
    "嫌疑人",
    "报案人",
    "死者",
    "伤者",
    "病人",
    "居民",
    "村民",
    "市民",
    "群众",
    "职工",
    "员工",
    "学生",
    "教师",
    "老师",
    "医生",
    "护士",
    "司机",
    "驾驶员",
    "业主",
    "租户",
    "住户",
    "房东",
    "老人",
    "母亲",
    "父亲",
    "妻子",
    "丈夫",
    "儿子",
    "女儿",
    "配偶",
    "子女",
    "参保人",
    "受益人",
    "持卡人",
    "借款人",
    "担保人",
    "承租人",
    "出租人",
    "签字人",
    "审核人",
    "填表人",
    "登记人",
    "本人",
    "我叫",
    "名叫",
    "同事",
    "民警",
    "主任",
    "书记",
    "局长",
    "科长",
    "处长",
    "院长",
    "校长",
    "经理",
    "队长",
    "会长",
    "站长",
    "村长",
    "镇长",
    "县长",
    "同志",
    "女士",
];
/// Words behind which a name may come.
const JOINTS: [&str; 20] = [
    "为", "是", "由", "系", "叫", "与", "和", "及", "被", "对", "找", "向", "给", "让", "经", "问",
    "请", "跟", "人", "者",
];
/// Words that follow only names.
const FOLLOWERS: [&str; 24] = [
    "先生",
    "女士",
    "小姐",
    "同志",
    "老师",
    "医生",
    "主任",
    "书记",
    "局长",
    "反映",
    "来电",
    "来访",
    "来信",
    "电话",
    "手机",
    "联系电话",
    "身份证",
    "证件号",
    "本人",
    "夫妇",
    "一家",
    "性别",
    "微信",
    "称",
];
/// Words that follow names and others.
const LOOSE: [&str; 25] = [
    "于", "在", "因", "到", "的", "等", "与", "和", "及", "向", "说", "已", "申请", "咨询", "投诉",
    "举报", "住", "家住", "现住", "联系", "男", "女", "提交", "办理", "户籍",
];

/// Words in order, by the number of their first or last two characters; one
/// character stands for itself.
struct Ends(Vec<u32>);

impl Ends {
    fn of(words: &[&str], last: bool) -> Self {
        let pair = |word: &&str| {
            let codes: Vec<u32> = word.chars().map(u32::from).collect();
            match codes.as_slice() {
                [one] => *one,
                [.., first, second] if last => pair(*first, *second),
                [first, second, ..] => pair(*first, *second),
                [] => 0,
            }
        };
        let mut pairs: Vec<u32> = words.iter().map(pair).collect();
        pairs.sort_unstable();
        Self(pairs)
    }

    fn has(&self, key: u32) -> bool {
        self.0.binary_search(&key).is_ok()
    }
}

/// Two characters as a number.
fn pair(first: u32, second: u32) -> u32 {
    first << 16 | second & 0xffff
}

/// The words as they are looked up.
struct Lists {
    labels: Ends,
    joints: Ends,
    followers: Ends,
    loose: Ends,
    doubles: Ends,
    /// Words that look like a name, as numbers in order.
    not_names: Vec<u64>,
    /// Bits of the hashes of these, so that most other words need no search.
    maybe: Vec<u64>,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let mut not_names: Vec<u64> =
        include_str!("not_names.txt").split_whitespace().map(key).collect();
    not_names.sort_unstable();
    let mut maybe = vec![0; 1 << 10];
    for key in &not_names {
        let (word, bit) = bloom(*key);
        if let Some(bits) = maybe.get_mut(word) {
            *bits |= bit;
        }
    }
    Lists {
        labels: Ends::of(&LABELS, true),
        joints: Ends::of(&JOINTS, true),
        followers: Ends::of(&FOLLOWERS, false),
        loose: Ends::of(&LOOSE, false),
        doubles: Ends::of(&DOUBLE_SURNAMES, false),
        not_names,
        maybe,
    }
});

/// The place of a key in 2^16 bits.
fn bloom(key: u64) -> (usize, u64) {
    let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
    (usize::try_from(hash >> 6).unwrap_or_default(), 1 << (hash & 63))
}

/// Up to three characters as a number.
fn key(word: &str) -> u64 {
    word.chars().take(4).fold(0, |key, char| key << 16 | u64::from(u32::from(char) & 0xffff))
}

/// Whether characters are a word that looks like a name.
fn is_word(key: u64) -> bool {
    let lists = &*LISTS;
    let (word, bit) = bloom(key);
    lists.maybe.get(word).is_some_and(|bits| bits & bit != 0)
        && lists.not_names.binary_search(&key).is_ok()
}

/// How much a text looks like a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum NameLook {
    /// It does not.
    #[default]
    No,
    /// It starts with a surname and has the length of a name.
    Form,
    /// Its other characters are those of given names, too, and it is no word.
    Likely,
}

/// How much a whole text looks like the name of a person.
pub(crate) fn name_look(text: &str) -> NameLook {
    if text.contains(['·', '•']) {
        return transcribed_name(text);
    }
    if !(6..=15).contains(&text.len())
        || !text.chars().all(|char| is_han(char) && char.len_utf8() == 3)
    {
        return NameLook::No;
    }
    han_look(text.as_bytes())
}

/// As [`name_look`], for Chinese characters of three bytes each.
fn han_look(bytes: &[u8]) -> NameLook {
    Letters::at(bytes, 0, bytes.len()).look(bytes.len() / 3)
}

/// Up to four characters of which the first begin a name, perhaps.
#[derive(Debug, Clone, Copy)]
struct Letters {
    codes: [u32; 4],
    flags: [u16; 4],
}

impl Letters {
    /// Those from `start` on, none behind `end`.
    #[inline]
    fn at(bytes: &[u8], start: usize, end: usize) -> Self {
        let mut letters = Self { codes: [0; 4], flags: [0; 4] };
        let text = bytes.get(start..end.min(start + 12)).unwrap_or_default();
        let slots = letters.codes.iter_mut().zip(&mut letters.flags);
        for ((slot, own), &[first, second, third]) in slots.zip(text.as_chunks::<3>().0) {
            *slot = code(first, second, third);
            *own = flags(*slot);
        }
        letters
    }

    /// How much the first `length` of them look like a name.
    #[inline]
    fn look(&self, length: usize) -> NameLook {
        let [first, second, third, fourth] = self.codes;
        let [f1, f2, f3, f4] = self.flags;
        let double = length > 2 && f1 & DOUBLE != 0 && LISTS.doubles.has(pair(first, second));
        let (given, last) = match (double, length) {
            (false, 2) if f1 & SURNAME != 0 => (f2, f2),
            (false, 3) if f1 & SURNAME != 0 => (f2 & f3, f3),
            (true, 3) => (f3, f3),
            (true, 4) => (f3 & f4, f4),
            _ => return NameLook::No,
        };
        if last & NOT_LAST != 0 {
            return NameLook::No;
        }
        let key = |codes: &[u32]| codes.iter().fold(0, |key, code| key << 16 | u64::from(*code));
        let is_word = || match length {
            2 => is_word(key(&[first, second])),
            3 => is_word(key(&[first, second, third])),
            _ => is_word(key(&[first, second, third, fourth])),
        };
        if given & GIVEN != 0 && !is_word() { NameLook::Likely } else { NameLook::Form }
    }
}

/// Whether a text is a name of two characters that was stretched with blanks:
/// `张　伟`, `李  娜`.
pub(crate) fn is_spaced_name(text: &str) -> bool {
    let mut chars = text.chars();
    let (Some(first), Some(last)) = (chars.next(), chars.next_back()) else { return false };
    let blanks = chars.as_str();
    if blanks.is_empty() || !blanks.chars().all(|char| matches!(char, ' ' | '\u{3000}')) {
        return false;
    }
    let mut name = [0_u8; 6];
    let (left, right) = name.split_at_mut(3);
    if !(is_han(first) && is_han(last)) || first.len_utf8() != 3 || last.len_utf8() != 3 {
        return false;
    }
    first.encode_utf8(left);
    last.encode_utf8(right);
    han_look(&name) == NameLook::Likely
}

fn code_at(bytes: &[u8], place: usize) -> u32 {
    match bytes.get(place..place + 3) {
        Some(&[first, second, third]) => code(first, second, third),
        _ => 0,
    }
}

/// `买买提·吐尔逊`: parts of at least two Chinese characters around a dot.
fn transcribed_name(text: &str) -> NameLook {
    let mut parts = 0;
    for part in text.split(['·', '•']) {
        let length = part.chars().count();
        if !(2..=8).contains(&length) || !part.chars().all(is_han) {
            return NameLook::No;
        }
        parts += 1;
    }
    if (2..=3).contains(&parts) { NameLook::Likely } else { NameLook::No }
}

/// What stands before a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Left {
    /// The middle of something.
    Inside,
    /// A word behind which a name may come.
    Joint,
    /// A mark, or the start of the text.
    Edge,
    /// A word that announces a name.
    Label,
}

/// What stands behind a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Right {
    /// The middle of something.
    Inside,
    /// A word that follows names and others.
    Loose,
    /// A mark, a number, or the end of the text.
    Edge,
    /// A word that follows names only.
    Follower,
}

/// Finds the names in a run of Chinese characters that ends at `end`.
#[inline]
pub(crate) fn find(scanner: &mut Scanner<'_>, run: &HanRun, end: usize) {
    if run.dotted {
        dotted(scanner, run, end);
        return;
    }
    let mut free_from = run.start;
    let at = |place: usize| flags(code_at(scanner.bytes, run.start + place * 3));
    // At its start, the whole run is a name, or a word that follows names is next.
    let head = at(0);
    let may = head & HEAD != 0
        && (run.chars <= 4
            || at(1) & GIVEN != 0 && (at(2) | at(3)) & AFTER_NAME != 0
            || head & DOUBLE != 0);
    if may {
        free_from = try_at(scanner, run.start, run.start, end).unwrap_or(free_from);
    }
    for place in run.places() {
        if *place >= free_from {
            free_from = try_at(scanner, run.start, *place, end).unwrap_or(free_from);
        }
    }
}

/// Adds the name that begins at `start`, if one does; its end.
fn try_at(scanner: &mut Scanner<'_>, run: usize, start: usize, end: usize) -> Option<usize> {
    let (to, named) = name_at(scanner.bytes, run, start, end)?;
    scanner.insert(Hit { start, end: to, kind: Kind::PersonName, valid: true, named, veil: 0 });
    Some(to)
}

/// Where a name that starts at `start` ends, and whether a word announces it.
fn name_at(bytes: &[u8], run: usize, start: usize, end: usize) -> Option<(usize, bool)> {
    let letters = Letters::at(bytes, start, end);
    let [double, ..] = letters.flags.map(|flags| flags & DOUBLE != 0);
    let mut left = None;
    let mut best: Option<(usize, Right)> = None;
    // The longest first: 张三丰 before 张三.
    for length in [4, 3, 2] {
        let to = start + length * 3;
        if to > end || length == 4 && !double {
            continue;
        }
        let name = bytes.get(start..to)?;
        let look = letters.look(length);
        if look == NameLook::No {
            continue;
        }
        let left = *left.get_or_insert_with(|| left_of(bytes, run, start));
        let right = right_of(bytes, to, end);
        // 张伟已联系: the word that follows is no part of the name.
        let swallowed = best.is_some()
            && right == Right::Loose
            && best.is_some_and(|(to, _)| flags(code_at(bytes, to - 3)) & AFTER_NAME != 0);
        let better = best.is_none_or(|(_, other)| right > other) || swallowed;
        if better && accepts(left, right, look, name) {
            best = Some((to, right));
        }
    }
    let (to, _) = best?;
    Some((to, left == Some(Left::Label)))
}

/// Whether a candidate is a name in its surroundings.
fn accepts(left: Left, right: Right, look: NameLook, name: &[u8]) -> bool {
    let three = name.len() > 6;
    // 高中生: its first two characters are a word.
    let word = || is_word(u64::from(code_at(name, 0)) << 16 | u64::from(code_at(name, 3)));
    match (left, look) {
        (Left::Label, NameLook::Likely) => right >= Right::Loose || three && !word(),
        (Left::Label, _) => right >= Right::Edge,
        (_, NameLook::Form | NameLook::No) => false,
        (Left::Edge, _) => right >= Right::Edge || right == Right::Loose && three && !word(),
        (Left::Joint, _) => right >= Right::Edge || right == Right::Loose && three && !word(),
        (Left::Inside, _) => right == Right::Follower && three && !word(),
    }
}

fn left_of(bytes: &[u8], run: usize, start: usize) -> Left {
    if start <= run {
        return if is_labelled(bytes, start) { Left::Label } else { Left::Edge };
    }
    let back = |chars: usize| match start.checked_sub(chars * 3) {
        Some(place) if place >= run => code_at(bytes, place),
        _ => 0,
    };
    let lists = &*LISTS;
    let last = pair(back(2), back(1));
    if lists.labels.has(last) {
        Left::Label
    } else if lists.joints.has(back(1)) {
        let named = lists.labels.has(pair(back(3), back(2)));
        if named { Left::Label } else { Left::Joint }
    } else {
        Left::Inside
    }
}

/// Whether a label and a mark stand before: `姓名：`.
fn is_labelled(bytes: &[u8], start: usize) -> bool {
    // Only the last byte of : ： （ " = or a blank joins a label and a name.
    let before = start.checked_sub(1).and_then(|place| bytes.get(place));
    if !matches!(before, Some(b':' | b' ' | b'=' | b'"' | 0x9a | 0x88)) {
        return false;
    }
    let head = crate::label::head(bytes, start);
    head.len() < start
        && head.len() >= 6
        && LISTS.labels.has(pair(code_at(head, head.len() - 6), code_at(head, head.len() - 3)))
}

fn right_of(bytes: &[u8], place: usize, end: usize) -> Right {
    if place >= end {
        // 晋政发〔2020〕15号 is the number of a document.
        let rest = bytes.get(end..).unwrap_or_default();
        let document = ["〔", "［", "["].iter().any(|mark| rest.starts_with(mark.as_bytes()));
        return if document { Right::Inside } else { Right::Edge };
    }
    let first = code_at(bytes, place);
    if flags(first) & AFTER_NAME == 0 {
        return Right::Inside;
    }
    let second = if place + 6 <= end { code_at(bytes, place + 3) } else { 0 };
    let lists = &*LISTS;
    let either = |words: &Ends| words.has(pair(first, second)) || words.has(first);
    if either(&lists.followers) {
        Right::Follower
    } else if either(&lists.loose) {
        Right::Loose
    } else {
        Right::Inside
    }
}

/// A transcribed name, behind a label or alone.
fn dotted(scanner: &mut Scanner<'_>, run: &HanRun, end: usize) {
    let bytes = scanner.bytes.get(run.start..end).unwrap_or_default();
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let head = text.find('·').unwrap_or_default();
    let before = text.get(..head).unwrap_or_default();
    let from = LABELS
        .iter()
        .chain(&JOINTS)
        .filter_map(|word| before.rfind(word).map(|place| place + word.len()))
        .max()
        .unwrap_or(0);
    let Some(name) = text.get(from..) else { return };
    if transcribed_name(name) == NameLook::Likely {
        let named = from > 0 || is_labelled(scanner.bytes, run.start);
        let kind = Kind::PersonName;
        scanner.insert(Hit { start: run.start + from, end, kind, valid: true, named, veil: 0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::spans;

    fn found(text: &str) -> Vec<&str> {
        spans(text)
            .iter()
            .filter(|span| span.kind == Kind::PersonName)
            .map(|span| text.get(span.start..span.end).unwrap_or_default())
            .collect()
    }

    #[test]
    fn names_stand_alone_or_behind_a_label() {
        assert_eq!(name_look("白伟建"), NameLook::Likely);
        assert_eq!(name_look("欧阳娜娜"), NameLook::Likely);
        assert_eq!(name_look("买买提·吐尔逊"), NameLook::Likely);
        for (text, name) in [
            ("办理人为周磊辉。", "周磊辉"),
            ("联系人王伟电话", "王伟"),
            ("姓名：欧阳娜娜，女", "欧阳娜娜"),
            ("患者买买提·吐尔逊，男", "买买提·吐尔逊"),
            ("接村民张建国来电反映", "张建国"),
            ("李秀英女士咨询社保", "李秀英"),
            ("王伟13812345678", "王伟"),
            ("负责人：李翀", "李翀"),
        ] {
            assert_eq!(found(text), [name], "{text}");
        }
    }

    #[test]
    fn words_that_start_like_a_surname_are_no_names() {
        for word in [
            "高平市",
            "车牌",
            "金额",
            "高中",
            "马路",
            "申请事项",
            "已通知",
            "白酒类",
            "方法",
            "黄金",
            "安全",
            "经济",
        ] {
            assert_ne!(name_look(word), NameLook::Likely, "{word}");
            assert_eq!(found(&format!("{word}。")), [""; 0], "{word}");
        }
        for text in ["高中生在校人数", "联系人方便时回电", "万元以上", "项目由安全部门负责"]
        {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
