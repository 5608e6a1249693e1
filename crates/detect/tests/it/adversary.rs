//! Columns and texts made to mislead, from a fixed seed, with their truth: dirty
//! forms of every kind, and things that look like identifiers and are none.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use detect::{ColumnFinding, Kind, spans};

use crate::shared::{Numbers, findings, table};

/// A text, and where in it something is, by bytes.
type Labelled = (String, Vec<(usize, usize, Kind)>);

/// How a value is written.
type Maker = fn(&mut Numbers) -> String;

fn pick<'a>(numbers: &mut Numbers, list: &[&'a str]) -> &'a str {
    list[usize::try_from(numbers.below(list.len() as u64)).unwrap()]
}

fn wide(text: &str) -> String {
    text.chars()
        .map(|char| match char {
            '0'..='9' | 'A'..='Z' | 'a'..='z' => char::from_u32(u32::from(char) + 0xfee0).unwrap(),
            other => other,
        })
        .collect()
}

fn citizen_id(numbers: &mut Numbers) -> String {
    let id = numbers.citizen_id();
    match numbers.below(7) {
        0 => id.to_lowercase(),
        1 => wide(&id),
        2 => format!("{} {} {}", &id[..6], &id[6..14], &id[14..]),
        3 => format!("{}-{}-{}", &id[..6], &id[6..14], &id[14..]),
        _ => id,
    }
}

fn mobile(numbers: &mut Numbers) -> String {
    let number = format!("1{}{}", 3 + numbers.below(7), numbers.digits(9));
    match numbers.below(9) {
        0 => format!("+86{number}"),
        1 => format!("+86 {number}"),
        2 => format!("{}-{}-{}", &number[..3], &number[3..7], &number[7..]),
        3 => format!("{} {} {}", &number[..3], &number[3..7], &number[7..]),
        4 => wide(&number),
        5 => format!("+86-{}-{}-{}", &number[..3], &number[3..7], &number[7..]),
        _ => number,
    }
}

fn landline(numbers: &mut Numbers) -> String {
    let area = pick(numbers, &["0351", "010", "021", "0755", "0871"]);
    let number = format!("{}{}", 2 + numbers.below(7), numbers.digits(6));
    match numbers.below(5) {
        0 => format!("({area}){number}"),
        1 => format!("（{area}）{number}"),
        2 => format!("{area}-{number}-{}", 100 + numbers.below(900)),
        3 => format!("{area} {number}"),
        _ => format!("{area}-{number}"),
    }
}

/// Digits with a last one that makes them pass the test of Luhn.
fn with_luhn(body: &str) -> String {
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            if place % 2 == 1 {
                digit
            } else if digit > 4 {
                digit * 2 - 9
            } else {
                digit * 2
            }
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

fn bank_card(numbers: &mut Numbers) -> String {
    let length = if numbers.below(2) == 0 { 12 } else { 9 };
    let card = with_luhn(&format!("622848{}", numbers.digits(length)));
    if numbers.below(4) == 0 {
        let groups: Vec<&str> =
            (0..card.len()).step_by(4).map(|at| &card[at..card.len().min(at + 4)]).collect();
        return groups.join(" ");
    }
    card
}

fn credit_card(numbers: &mut Numbers) -> String {
    let card = with_luhn(&format!("4{}", numbers.digits(14)));
    if numbers.below(3) == 0 {
        return format!("{} {} {} {}", &card[..4], &card[4..8], &card[8..12], &card[12..]);
    }
    card
}

fn credit_code(numbers: &mut Numbers) -> String {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let mut body = format!("9114{:04}MA", 100 + numbers.below(80));
    for _ in 0..7 {
        let place = usize::try_from(numbers.below(31)).unwrap();
        body.push(char::from(ALPHABET[place]));
    }
    let weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let value = |byte| ALPHABET.iter().position(|letter| *letter == byte).unwrap();
    let sum: usize = body.bytes().zip(weights).map(|(byte, weight)| value(byte) * weight).sum();
    format!("{body}{}", char::from(ALPHABET[(31 - sum % 31) % 31]))
}

fn iban(numbers: &mut Numbers) -> String {
    let body = numbers.digits(18);
    // mod 97 over the body, then DE as 1314 and 00.
    let rest = format!("{body}131400")
        .bytes()
        .fold(0, |rest, byte| (rest * 10 + u32::from(byte - b'0')) % 97);
    let iban = format!("DE{:02}{body}", 98 - rest);
    if numbers.below(3) == 0 {
        let groups: Vec<&str> =
            (0..iban.len()).step_by(4).map(|at| &iban[at..iban.len().min(at + 4)]).collect();
        return groups.join(" ");
    }
    iban
}

fn imei(numbers: &mut Numbers) -> String {
    with_luhn(&format!("86{}", numbers.digits(12)))
}

fn email(numbers: &mut Numbers) -> String {
    let user = pick(numbers, &["li.na", "wang_wei", "zhao-2", "chen+gov", "x"]);
    let host = pick(numbers, &["qq.com", "mail.sxgov.cn", "163.com", "a-b.org"]);
    format!("{user}{}@{host}", numbers.below(1000))
}

fn ip(numbers: &mut Numbers) -> String {
    let mut group = || numbers.below(256);
    let address = format!("{}.{}.{}.{}", 1 + group() % 250, group(), group(), group());
    if numbers.below(4) == 0 {
        return format!(
            "2001:db8::{:x}:{:x}",
            1 + numbers.below(0xfffe),
            1 + numbers.below(0xfffe)
        );
    }
    address
}

fn mac(numbers: &mut Numbers) -> String {
    let joint = pick(numbers, &[":", "-"]);
    let pairs: Vec<String> = (0..6).map(|_| format!("{:02X}", numbers.below(256))).collect();
    pairs.join(joint)
}

fn plate(numbers: &mut Numbers) -> String {
    let province = pick(numbers, &["晋", "京", "粤", "川", "浙"]);
    let number = numbers.digits(5);
    match numbers.below(4) {
        0 => format!("{province}AD{number}"),
        1 => format!("{province}A·{number}"),
        _ => format!("{province}B{number}"),
    }
}

fn passport(numbers: &mut Numbers) -> String {
    match numbers.below(2) {
        0 => format!("E{}", numbers.digits(8)),
        _ => format!("EA{}", numbers.digits(7)),
    }
}

fn permit(numbers: &mut Numbers) -> String {
    format!("{}{}", pick(numbers, &["C", "H", "M"]), numbers.digits(8))
}

fn ssn(numbers: &mut Numbers) -> String {
    format!(
        "{:03}-{:02}-{:04}",
        1 + numbers.below(600),
        1 + numbers.below(98),
        1 + numbers.below(9998)
    )
}

fn name(numbers: &mut Numbers) -> String {
    let surname = pick(
        numbers,
        &[
            "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "欧阳", "上官",
            "鲜", "阚",
        ],
    );
    let given =
        ["伟", "秀英", "建国", "丽华", "子轩", "志强", "雨桐", "晓东", "明", "佳怡", "海燕"];
    format!("{surname}{}", pick(numbers, &given))
}

fn address(numbers: &mut Numbers) -> String {
    let place = pick(
        numbers,
        &[
            "山西省太原市小店区",
            "广东省深圳市南山区粤海街道",
            "河北省石家庄市正定县正定镇",
            "北京市海淀区",
        ],
    );
    let road = pick(numbers, &["学府街", "解放路", "建设北路", "文化巷"]);
    let house = 1 + numbers.below(300);
    match numbers.below(4) {
        0 => format!("{place}{road}{house}号"),
        1 => format!(
            "{place}{road}{house}号{}栋{}室",
            1 + numbers.below(9),
            101 + numbers.below(900)
        ),
        2 => format!(
            "{place}{road}{house}号{}-{}-{}",
            1 + numbers.below(9),
            1 + numbers.below(4),
            101
        ),
        _ => format!("{place}{road}{}号", wide(&house.to_string())),
    }
}

const KINDS: [(Kind, Maker); 18] = [
    (Kind::CitizenId, citizen_id),
    (Kind::Mobile, mobile),
    (Kind::Landline, landline),
    (Kind::BankCard, bank_card),
    (Kind::CreditCard, credit_card),
    (Kind::CreditCode, credit_code),
    (Kind::Iban, iban),
    (Kind::Imei, imei),
    (Kind::Email, email),
    (Kind::Ip, ip),
    (Kind::Mac, mac),
    (Kind::Plate, plate),
    (Kind::Passport, passport),
    (Kind::TravelPermit, permit),
    (Kind::Ssn, ssn),
    (Kind::PersonName, name),
    (Kind::Address, address),
    (Kind::Secret, |numbers| format!("AKIA{}", numbers.digits(16))),
];

/// Things that are no personal data.
fn harmless(numbers: &mut Numbers) -> String {
    let day = format!(
        "20{:02}年{}月{}日",
        numbers.below(26),
        1 + numbers.below(12),
        1 + numbers.below(28)
    );
    match numbers.below(18) {
        0 => format!("订单号{}", numbers.digits(18)),
        1 => format!("流水号：{}", numbers.digits(15)),
        2 => format!("编号 1{}", numbers.digits(10)),
        3 => format!(
            "版本v{}.{}.{}.{}",
            numbers.below(20),
            numbers.below(20),
            numbers.below(20),
            numbers.below(9)
        ),
        4 => format!("金额{}.{:02}元", numbers.digits(5), numbers.below(100)),
        5 => day,
        6 => format!(
            "20{:02}-{:02}-{:02} {:02}:{:02}:{:02}",
            numbers.below(26),
            1 + numbers.below(12),
            1 + numbers.below(28),
            numbers.below(24),
            numbers.below(60),
            numbers.below(60)
        ),
        7 => format!(
            "面积{}平方米，增长{}.{}%",
            numbers.below(500),
            numbers.below(30),
            numbers.below(10)
        ),
        8 => format!("晋政发〔20{:02}〕{}号", numbers.below(26), numbers.below(90)),
        9 => pick(numbers, &["太原市财政局", "万柏林区人民政府", "高平市中心医院", "山西省太原市"])
            .to_owned(),
        10 => pick(
            numbers,
            &[
                "黄金、白银、石油",
                "高中生在校人数",
                "安全管理制度",
                "经济和社会发展",
                "方便群众办事",
                "时间另行通知",
            ],
        )
        .to_owned(),
        11 => format!("http://www.shanxi.gov.cn/a/{}.html", numbers.below(1000)),
        12 => {
            format!("{:08x}-1234-4abc-8def-{:012x}", numbers.below(1 << 32), numbers.below(1 << 40))
        }
        13 => format!("客服400-{}-{}", 100 + numbers.below(900), numbers.digits(4)),
        14 => format!("共{}户{}人", numbers.below(900), numbers.below(9000)),
        15 => format!("批次{}", numbers.digits(16)),
        16 => format!("第{}号公告", numbers.below(100)),
        _ => format!("GB/T {}-20{:02}", numbers.digits(5), numbers.below(26)),
    }
}

const LABELS: [&str; 12] = [
    "联系方式",
    "备注",
    "经核实",
    "来电反映",
    "申请事项",
    "登记信息",
    "附言",
    "说明",
    "补充",
    "反馈",
    "转办",
    "核对",
];
const JOINTS: [&str; 5] = ["：", "为", "是", "，", " "];
const ENDS: [&str; 4] = ["。", "；", "\n", "，"];

#[derive(Default, Debug)]
struct Score {
    right: u32,
    missed: u32,
    wrong: u32,
}

impl Score {
    fn recall(&self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.missed).max(1))
    }

    fn precision(&self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.wrong).max(1))
    }

    fn f1(&self) -> f64 {
        f64::from(2 * self.right) / f64::from((2 * self.right + self.missed + self.wrong).max(1))
    }
}

/// Texts with the places of what is in them.
fn texts(seed: u64, count: usize, json: bool) -> Vec<Labelled> {
    let mut numbers = Numbers(seed);
    (0..count)
        .map(|_| {
            let mut text = String::from(if json { "[" } else { "" });
            let mut truth = Vec::new();
            for part in 0..1 + numbers.below(4) {
                if json {
                    text.push_str(if part > 0 { ",{\"k\":\"" } else { "{\"k\":\"" });
                } else {
                    text.push_str(pick(&mut numbers, &LABELS));
                    text.push_str(pick(&mut numbers, &JOINTS));
                }
                if numbers.below(5) < 3 {
                    let place = usize::try_from(numbers.below(KINDS.len() as u64)).unwrap();
                    let (kind, make) = KINDS[place];
                    let start = text.len();
                    text.push_str(&make(&mut numbers));
                    truth.push((start, text.len(), kind));
                } else {
                    text.push_str(&harmless(&mut numbers));
                }
                text.push_str(if json { "\"}" } else { pick(&mut numbers, &ENDS) });
            }
            if json {
                text.push(']');
            }
            (text, truth)
        })
        .collect()
}

fn score(texts: &[Labelled]) -> BTreeMap<Kind, Score> {
    let mut scores: BTreeMap<Kind, Score> = BTreeMap::new();
    let mut shown = 0;
    let mut show = |what: &str, kind: Kind, value: &str, text: &str| {
        shown += 1;
        if shown <= 40 {
            println!("{what} {kind} `{value}` in {text}");
        }
    };
    for (text, truth) in texts {
        let mut expected = truth.clone();
        for span in spans(text) {
            let found = (span.start, span.end, span.kind);
            let score = scores.entry(span.kind).or_default();
            if let Some(place) = expected.iter().position(|known| *known == found) {
                expected.remove(place);
                score.right += 1;
            } else {
                score.wrong += 1;
                show("wrong", span.kind, &text[span.start..span.end], text);
            }
        }
        for (start, end, kind) in expected {
            scores.entry(kind).or_default().missed += 1;
            show("missed", kind, &text[start..end], text);
        }
    }
    for (kind, score) in &scores {
        println!(
            "{kind}: recall {:.4} precision {:.4} {score:?}",
            score.recall(),
            score.precision()
        );
    }
    scores
}

fn assert_goals(scores: &BTreeMap<Kind, Score>) {
    for (kind, score) in scores {
        match kind {
            Kind::PersonName | Kind::Address => assert!(score.f1() >= 0.85, "{kind} {score:?}"),
            _ => {
                assert_eq!(score.missed, 0, "{kind} {score:?}");
                assert!(score.precision() >= 0.99, "{kind} {score:?}");
            }
        }
    }
    assert_eq!(scores.len(), KINDS.len());
}

#[test]
fn dirty_values_in_misleading_texts_are_found() {
    for seed in [11, 12, 13] {
        assert_goals(&score(&texts(seed, 4000, false)));
    }
}

#[test]
fn names_are_found_in_sentences_and_words_are_left_alone() {
    // Each name between 《》.
    let sentences = [
        "接群众《王建国》来电反映小区停水，已转办。",
        "《李秀英》女士于5月到窗口咨询医保报销事宜。",
        "经办人《张伟》已联系当事人《刘志强》，约定明天上午见面。",
        "患者《陈丽华》，女，汉族，因高血压入院。",
        "村民《赵子轩》与《孙晓东》因宅基地产生纠纷，由司法所调解。",
        "居民《周佳怡》的身份证遗失，现申请补办。",
        "负责人：《欧阳海燕》；电话：13812345678。",
        "法定代表人《黄志强》，注册资本五百万元。",
        "《吴雨桐》13912345678，《徐明》13712345678",
        "原告《杨建国》诉被告《马晓东》民间借贷一案。",
        "民警《高海燕》出警处理，报案人《许明》在场。",
        "高中生在校人数增长，马路施工安全有保障。",
        "经济社会发展成效明显，金融支持力度加大。",
        "方案由安全部门负责，项目成立时间另行通知。",
        "万元以上的项目应当公开招标，常见问题及时解答。",
        "石油、黄金、白银和铜的价格，温度和水平。",
        "申请人应当提交材料，负责人应及时审核。",
        "广大群众积极参与，居民满意度高，村民自治。",
        "联系人方便时回电，经理平时在单位上班。",
        "为民服务，向上级汇报，和平路解放大街交叉口。",
    ];
    let (mut right, mut wrong, mut missed) = (0, 0, 0);
    for sentence in sentences {
        let mut expected: Vec<&str> =
            sentence.split('《').skip(1).map(|part| part.split('》').next().unwrap()).collect();
        let text = sentence.replace(['《', '》'], "");
        for span in spans(&text).iter().filter(|span| span.kind == Kind::PersonName) {
            let name = &text[span.start..span.end];
            if let Some(place) = expected.iter().position(|known| *known == name) {
                expected.remove(place);
                right += 1;
            } else {
                wrong += 1;
                println!("wrong {name} in {text}");
            }
        }
        missed += expected.len();
        expected.iter().for_each(|name| println!("missed {name} in {text}"));
    }
    assert!(right >= 15 && wrong <= 1 && missed <= 2, "{right} {wrong} {missed}");
}

#[test]
fn dirty_values_in_json_are_found() {
    assert_goals(&score(&texts(21, 4000, true)));
}

fn column_of(numbers: &mut Numbers, rows: usize, make: Maker) -> Vec<String> {
    (0..rows)
        .map(|row| match row % 20 {
            7 => String::new(),
            13 => pick(numbers, &["无", "不详", "-", "N/A"]).to_owned(),
            _ => make(numbers),
        })
        .collect()
}

fn table_of(columns: &[(&str, Vec<String>)]) -> (RecordBatch, Vec<ColumnFinding>) {
    let batch = table(columns);
    let findings = findings(&batch);
    (batch, findings)
}

#[test]
fn dirty_columns_are_told_under_a_header_that_says_nothing() {
    for seed in [31, 32] {
        let mut numbers = Numbers(seed);
        for (kind, make) in KINDS {
            let values = column_of(&mut numbers, 400, make);
            let (_, found) = table_of(&[("f1", values)]);
            assert_eq!(found[0].kind, Some(kind), "{found:?}");
            assert!(found[0].hit_rate >= 0.9, "{found:?}");
        }
    }
}

#[test]
fn values_that_went_through_a_spreadsheet_are_told() {
    let mut numbers = Numbers(35);
    let cases: [(Kind, Maker); 7] = [
        (Kind::CitizenId, |n| format!("'{}", n.citizen_id())),
        (Kind::CitizenId, |n| format!("身份证 {}", n.citizen_id())),
        (Kind::Mobile, |n| format!("138{}.0", n.digits(8))),
        (Kind::Mobile, |n| format!("138{}/139{}", n.digits(8), n.digits(8))),
        (Kind::Mobile, |n| format!("　139{}\t", n.digits(8))),
        (Kind::Ip, |n| format!("10.{}.{}.7:8080", n.below(256), n.below(256))),
        (Kind::PersonName, |n| {
            format!("{}　{}", pick(n, &["张", "李", "王"]), pick(n, &["伟", "娜", "静", "勇"]))
        }),
    ];
    for (kind, make) in cases {
        let values: Vec<String> = (0..15).map(|_| make(&mut numbers)).collect();
        let (_, found) = table_of(&[("f1", values)]);
        assert_eq!(found[0].kind, Some(kind), "{found:?}");
    }
}

#[test]
fn citizen_ids_of_both_lengths_are_one_column() {
    let mut numbers = Numbers(41);
    let values: Vec<String> = (0..300)
        .map(|row| {
            let id = numbers.citizen_id();
            if row % 3 == 0 { format!("{}{}", &id[..6], &id[8..17]) } else { id }
        })
        .collect();
    let (_, found) = table_of(&[("证件", values.clone())]);
    assert_eq!(found[0].kind, Some(Kind::CitizenId), "{found:?}");
    assert!(found[0].hit_rate > 0.95, "{found:?}");
    let old: Vec<String> = values.into_iter().filter(|value| value.len() == 15).collect();
    let (_, found) = table_of(&[("f1", old)]);
    assert_eq!(found[0].kind, Some(Kind::CitizenId), "{found:?}");
}

#[test]
fn columns_of_harmless_things_raise_no_alarm() {
    let mut numbers = Numbers(51);
    let makers: [(&str, Maker); 10] = [
        ("f1", |n| n.digits(18)),
        ("f2", |n| n.digits(16)),
        ("f3", |n| n.digits(15)),
        ("f4", |n| n.digits(11)),
        ("f5", |n| format!("{}.{}.{}", n.below(20), n.below(20), n.below(200))),
        ("f6", |n| format!("20{:02}{:02}{:02}", n.below(26), 1 + n.below(12), 1 + n.below(28))),
        ("f7", |n| format!("SX{}", n.digits(10))),
        ("f8", |n| n.digits(9)),
        ("f9", |n| {
            pick(n, &["太原", "高平", "金华", "安阳", "石家庄", "马鞍山", "黄山"]).to_owned()
        }),
        ("f10", |n| {
            pick(n, &["黄金", "白菜", "石油", "高粱", "铜", "方便面", "安全帽"]).to_owned()
        }),
    ];
    for (header, make) in makers {
        let values: Vec<String> = (0..3000).map(|_| make(&mut numbers)).collect();
        let (_, found) = table_of(&[(header, values)]);
        assert_eq!((found[0].kind, found[0].hidden_hits), (None, 0), "{found:?}");
    }
}
