//! Names of persons and postal addresses in Chinese text.
//!
//! A name starts with a surname and goes on in characters that names are made
//! of; it stands alone in its cell or between marks, or behind a word such as
//! 联系人. An address goes down in steps (省 市 区 镇 路 号 室) of which several must be
//! there.
//!
//! Surnames: the 400 most frequent by the Ministry of Public Security's report on
//! names (全国姓名报告) and the double surnames in use. Characters of given names:
//! frequent ones of the same reports. What is rarer is found by the header.

use std::sync::LazyLock;

use crate::kind::Kind;
use crate::scan::Hit;

const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾萧肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏傅方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文施洪辛柯殷牛翁季庞安倪樊颜岳齐伍聂申葛祝管路柴童霍鲁兰翟欧梅殷关包左焦骆涂涨甘解尤柳舒阎宁鲍毕凌阮盛车蒲纪符饶卜岑单詹房耿屈冷章卓游成景柏穆靳裴古苗滕窦席娄瞿喻沙吉曲商佟时米艾宫项谷简芦桂连郎隋卞花温应晏蓝井尚艳苟邢华畅巩桑闵臧涂木党全戚仇麦敖仲楚原冉辜阳冀司褚池查佘于边丘娜费储鞠鄢邬宗粟国荆蔺祁窦邸匡廉步衡封伏经栾尧寇历鄂牟平羊和蒙敬占农初虞上柏丛练封竺阚麻强佀闻戎衣燕茹厉应宣荣屠皮幸庄都湛支糜迟区郁由奚权盖益桓公昝卫甄惠刁麴家芮羿靳汲邴松井段富巫乌焦巴弓牧隗山宓蓬郗班仰伊宁栾暴钭束薄印宿怀从索咸籍卓池闻莘劳逄姬扶堵宰郦雍却璩濮寿通扈冀浦农别晏阎充茹习宦鱼容慎戈庾终暨居步耿满弘文寇广禄阙东利师巢勾融訾那空毋沙养须丰相红游竺盖逯帅亢况郈琴商佘佴俞缪计冼邝斯谌揭危隆仝苑谯尉郜蔚晁展颉";
const DOUBLE_SURNAMES: [&str; 24] = [
    "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "夏侯",
    "宇文", "长孙", "端木", "百里", "东郭", "南宫", "西门", "轩辕", "呼延", "独孤", "拓跋", "闻人",
];
const GIVEN: &str = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰玉华建国文红梅志斌波辉鹏飞宇浩然晨阳欣怡佳琪雪婷雨涵子轩梓萱诗思嘉俊博睿泽昊天一诺诗琳璐瑶倩莹颖慧敏洁燕云凤莲珍琴香春秋冬夏月荷菊花萍青青竹松柏林森海江河湖山川石峰岩龙虎凯旋胜利成功立业达贵富荣耀光宗祖德福禄寿喜庆安康宁静和顺义仁礼智信忠孝诚正直善美良贤淑惠珠宝金银铜铁钢玲珑玥瑾瑜璇琦琛瑞祥吉元亨贞泰恒永久长生存根本源泉清澈润泽沛霖震雷电风云雾霜露冰雪寒暖热烈炎焱煜炜灿烂辉煌晖晓旭昕昱晟晗曦暄暖明亮星辰宸宇宙寰瀚浩渺博渊深远志向望希冀盼念思忆想恩惠感悟慧敏聪颖俊秀帅逸群超凡卓越杰出彦才学文章书画诗词赋歌曲乐舞琴棋笔墨纸砚君臣士卿公侯伯仲叔季少甫父母子女儿孙男新民中东西南北方圆上下左右前后内外大小多少高低远近全完满盈丰裕足有无为之乃而以可能会得当应必定已再又也亦同共与其自由心意情爱怀抱抒展开启发兴起升腾飞翔翼翎羽鸿鹏雁鹤鹰凤凰鸾燕莺鹃雀虎豹狮象马骏骥驰骋骁勇武威猛力量劲毅坚韧刚强健壮硕伟岸岚岭峻峥嵘巍岳崇嵩峰峦川州洲沙滨洋波涛浪潮流涌泉溪涧池塘沼泽沐沁泓洪洁淑清淳涵渝湘滢潇澜灏桐梓楠榕槐柳杨桃李杏梨枫樱榆檀栋梁材树木林森苗芽芝兰芷芸芬芳茵茜茹荷莉莎莲菁菊菲萌萍萱葵蓉蓓蔓蕊蕾薇藜娅姣姿娇娥婉婕婧婵媚媛嫣嫦妍妮妹姐好如妙娴娣招弟来顺发财旺盛茂昌隆振兴邦国家庭户门世代传承继续延绵绍先进步登科中举状魁元首领导将帅兵卒戈剑锋锐利刃钧锦绣织绢绮纯素练红黄蓝绿紫青白黑丹朱彤赤橙碧翠黛墨乌皓皎洁素雅致韵律音声响亮鸣唱颂赞誉名望重任务劳勤俭朴实在真挚诚恳切忱赤耿直爽朗豪迈阔达畅通透彻悟觉醒醒晓悉知识见闻听说话语言谈论议讲解释译写作品德行为政治法律理道论哲学科技工农商业贸易经济财金融银行信用保险投资产权利益增长盈余润溢满载归还原初始终究竟博广宽厚薄轻重沉浮游泳跃进取舍得失败胜负赢冠军亚季殿试探索求真务实干练达观赏识别具匠心独运筹帷幄决策划算计谋略韬晖蕴含藏储备预防卫护佑祐助援救济扶持携带领航帆船舟楫桨舵轮渡津梁桥路途径迹踪影像形状态势头项目标准则规矩尺度量衡权斌彬滨宾冰兵炳秉丙柄邴昺铭茗闽岷敏悯珉琨坤昆鲲锟焜崑堃奎逵葵馗桥乔侨峤翘俏巧倩茜芊千迁谦骞乾潜倾卿晴情擎苏素肃宿夙溯塑硕朔烁铄帅率栓拴双霜爽水睡顺舜瞬思斯丝司嗣似四诵颂宋松嵩淞懿恺恬怿忻悠愉愿憬";

/// Characters by their distance from U+4E00.
struct CharSet(Vec<u64>);

impl CharSet {
    fn of(chars: &str) -> Self {
        let mut bits = vec![0_u64; 0x5200 / 64];
        for char in chars.chars() {
            let place = (char as usize).wrapping_sub(0x4e00);
            if let Some(word) = bits.get_mut(place / 64) {
                *word |= 1 << (place % 64);
            }
        }
        Self(bits)
    }

    fn has(&self, char: char) -> bool {
        let place = (char as usize).wrapping_sub(0x4e00);
        self.0.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
    }
}

static SURNAME_SET: LazyLock<CharSet> = LazyLock::new(|| CharSet::of(SURNAMES));
static GIVEN_SET: LazyLock<CharSet> = LazyLock::new(|| CharSet::of(GIVEN));
/// Last characters of words that are no names though they start with a surname.
static NOT_LAST: LazyLock<CharSet> = LazyLock::new(|| {
    CharSet::of(
        "省市县区镇乡村街路巷号局厅委院校厂店部处科站所司社会馆场坊中学费率额量元年月日类型级别式法表单证书牌料品机车油电气煤米面肉菜药械具备况态度因果系统服务业",
    )
});

pub(crate) fn is_han(char: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&char) || ('\u{3400}'..='\u{4dbf}').contains(&char)
}

/// How much a text looks like a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NameLook {
    /// It does not.
    No,
    /// It starts with a surname and has the length of a name.
    Form,
    /// Its other characters are those of given names, too.
    Likely,
}

/// How much a whole text looks like the name of a person.
pub(crate) fn name_look(text: &str) -> NameLook {
    let mut chars = [' '; 5];
    let mut count = 0;
    for char in text.chars() {
        if char == '·' || char == '•' {
            return transcribed_name(text);
        }
        let Some(slot) = chars.get_mut(count) else { return NameLook::No };
        if !is_han(char) {
            return NameLook::No;
        }
        *slot = char;
        count += 1;
    }
    let chars = chars.get(..count).unwrap_or_default();
    let double = count >= 3 && DOUBLE_SURNAMES.iter().any(|name| text.starts_with(name));
    let given = match chars {
        [_, _, given @ ..] if double && matches!(given.len(), 1 | 2) => given,
        [surname, given @ ..] if SURNAME_SET.has(*surname) && matches!(given.len(), 1 | 2) => given,
        _ => return NameLook::No,
    };
    if given.last().is_some_and(|last| NOT_LAST.has(*last)) {
        return NameLook::No;
    }
    if given.iter().all(|char| GIVEN_SET.has(*char)) { NameLook::Likely } else { NameLook::Form }
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

/// Words behind which a name comes at once.
const NAME_LABELS: [&str; 20] = [
    "姓名",
    "联系人",
    "申请人",
    "办理人",
    "经办人",
    "负责人",
    "法定代表人",
    "法人代表",
    "户主",
    "患者",
    "监护人",
    "收件人",
    "当事人",
    "被告人",
    "原告",
    "被告",
    "家属",
    "投诉人",
    "举报人",
    "受理人",
];

/// Finds names and addresses; appends them to `hits`, which stay in order.
/// Returns whether the text may announce a password.
pub(crate) fn scan(text: &str, hits: &mut Vec<Hit>) -> bool {
    let found = hits.len();
    let mut secret = false;
    let mut start = None;
    let mut marks = Marks::default();
    // Pieces of Chinese characters, letters and digits between marks and blanks.
    for (place, char) in text.char_indices() {
        let han = is_han(char);
        if han || char.is_ascii_alphanumeric() || char == '-' || char == '·' {
            if start.is_none() {
                start = Some(place);
                marks = Marks::default();
            }
            if han {
                secret |= matches!(char, '密' | '口');
                marks.note(char, place);
            }
        } else if let Some(from) = start.take() {
            piece(text, from, place, &marks, hits);
        }
    }
    if let Some(from) = start {
        piece(text, from, text.len(), &marks, hits);
    }
    if hits.len() > found {
        hits.sort_by_key(|hit| hit.start);
    }
    secret
}

/// What was noted of a piece while its characters went by, so that the closer
/// looks are taken only where they can find something.
#[derive(Debug, Default)]
struct Marks {
    han: usize,
    /// Steps of an address, numbered or not.
    steps: u16,
    /// Behind the last 为, 是, 由, 系 or 叫.
    joint: Option<usize>,
    /// A label may end here.
    label: bool,
}

impl Marks {
    fn note(&mut self, char: char, place: usize) {
        self.han += 1;
        match char {
            '为' | '是' | '由' | '系' | '叫' => self.joint = Some(place + char.len_utf8()),
            '人' | '名' | '主' | '者' | '告' | '属' | '表' => self.label = true,
            _ => self.steps |= step(char, None) | if char == '单' { 256 } else { 0 },
        }
    }
}

fn piece(text: &str, start: usize, end: usize, marks: &Marks, hits: &mut Vec<Hit>) {
    let Some(piece) = text.get(start..end) else { return };
    if marks.han < 2 {
        return;
    }
    // The two characters of a province are one step that `step` cannot see.
    if marks.steps.count_ones() >= 2
        && let Some((from, to)) = address(piece)
    {
        let (from, to) = (start + from, start + to);
        hits.retain(|hit| hit.end <= from || hit.start >= to);
        hits.push(Hit { start: from, end: to, kind: Kind::Address, valid: true, named: true });
        return;
    }
    // 晋政发〔2020〕15号 is the number of a document.
    let document = text.get(end..).is_some_and(|rest| rest.starts_with(['〔', '［', '[']));
    let joint = marks.joint.map(|joint| joint - start);
    if !document && let Some((from, to, named)) = name(piece, joint, marks.label) {
        let (start, end) = (start + from, start + to);
        hits.push(Hit { start, end, kind: Kind::PersonName, valid: true, named });
    }
}

/// A name at the end of a piece: the piece itself, or what is behind 为, 是, 由, or
/// behind one of the labels; and whether a label says that it is one.
fn name(piece: &str, joint: Option<usize>, labelled: bool) -> Option<(usize, usize, bool)> {
    let tail = joint.filter(|place| *place < piece.len()).unwrap_or(0);
    if piece.len() - tail <= 30 {
        let rest = piece.get(tail..)?;
        if name_look(rest) == NameLook::Likely {
            return Some((tail, piece.len(), false));
        }
    }
    if !labelled {
        return None;
    }
    for label in NAME_LABELS {
        let Some(place) = piece.find(label) else { continue };
        let from = place + label.len();
        let rest = piece.get(from..)?;
        // The longest name first: 张三丰 before 张三.
        for length in [3, 2] {
            let to = rest.char_indices().nth(length).map_or(rest.len(), |(place, _)| place);
            let candidate = rest.get(..to)?;
            if candidate.chars().count() == length && name_look(candidate) == NameLook::Likely {
                return Some((from, from + to, true));
            }
        }
    }
    None
}

/// Names of provinces, the first two characters.
const PROVINCES: [&str; 34] = [
    "北京", "天津", "上海", "重庆", "河北", "山西", "辽宁", "吉林", "黑龙", "江苏", "浙江", "安徽",
    "福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "海南", "四川", "贵州", "云南", "陕西",
    "甘肃", "青海", "台湾", "内蒙", "广西", "西藏", "宁夏", "新疆", "香港", "澳门",
];

/// First characters of these.
const PROVINCE_FIRST: [char; 29] = [
    '北', '天', '上', '重', '河', '山', '辽', '吉', '黑', '江', '浙', '安', '福', '湖', '广', '海',
    '四', '贵', '云', '陕', '甘', '青', '台', '内', '西', '宁', '新', '香', '澳',
];

/// Steps of an address, as bits.
fn step(char: char, next: Option<char>) -> u16 {
    match char {
        '省' => 1,
        '市' | '州' | '盟' => 2,
        '区' | '县' | '旗' => 4,
        '镇' | '乡' => 8,
        '村' | '庄' | '屯' => 16,
        '路' | '街' | '巷' | '道' => 32,
        '号' if next != Some('码') => 64,
        '栋' | '幢' | '座' => 128,
        '单' if next == Some('元') => 256,
        '室' | '楼' | '层' | '户' => 512,
        '组' | '社' => 1024,
        _ => 0,
    }
}

/// Steps that a number must stand before.
const NUMBERED: u16 = 64 | 128 | 256 | 512 | 1024;

/// Where an address lies in a piece.
///
/// At least three steps of which one is a numbered house, or five that go down to
/// a village.
fn address(piece: &str) -> Option<(usize, usize)> {
    let mut steps = 0_u16;
    let mut last = 0;
    let mut start = None;
    let mut before = ' ';
    let mut chars = piece.char_indices().peekable();
    while let Some((place, char)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        if is_han(char) {
            if start.is_none()
                && PROVINCE_FIRST.contains(&char)
                && let Some(head) = piece.get(place..place + 6)
                && PROVINCES.contains(&head)
            {
                start = Some(place);
                steps = 1;
            }
            let step = step(char, next);
            let numbered = || {
                before.is_ascii_digit() || "一二三四五六七八九十甲乙丙丁东西南北".contains(before)
            };
            if step != 0 && (step & NUMBERED == 0 || numbered()) {
                steps |= step;
                last = place + char.len_utf8() + if step == 256 { 3 } else { 0 };
            }
        }
        before = char;
    }
    let fine = steps & !7 != 0;
    let house = steps & NUMBERED != 0 && steps & !NUMBERED != 0;
    // Without a house it is a place, unless it goes down to the village.
    let enough = if house { steps.count_ones() >= 3 } else { steps.count_ones() >= 5 };
    if !(fine && enough) || last > piece.len() {
        return None;
    }
    let start = start.unwrap_or_else(|| {
        let head = piece.get(..last).unwrap_or_default();
        ["地址", "住址", "为", "是", "住", "在", "于"]
            .iter()
            .filter_map(|word| head.find(word).map(|place| place + word.len()))
            .max()
            .unwrap_or(0)
    });
    (last > start).then_some((start, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Kind, &str)> {
        let mut hits = Vec::new();
        scan(text, &mut hits);
        hits.iter()
            .map(|hit| (hit.kind, text.get(hit.start..hit.end).unwrap_or_default()))
            .collect()
    }

    #[test]
    fn names_stand_alone_or_behind_a_label() {
        assert_eq!(name_look("白伟建"), NameLook::Likely);
        assert_eq!(name_look("欧阳娜娜"), NameLook::Likely);
        assert_eq!(name_look("买买提·吐尔逊"), NameLook::Likely);
        assert_eq!(found("办理人为周磊辉。"), [(Kind::PersonName, "周磊辉")]);
        assert_eq!(found("联系人王伟电话"), [(Kind::PersonName, "王伟")]);
    }

    #[test]
    fn words_that_start_like_a_surname_are_no_names() {
        for word in
            ["高平市", "车牌", "金额", "高中", "马路", "申请事项", "已通知", "白酒类", "方法"]
        {
            assert_ne!(name_look(word), NameLook::Likely, "{word}");
        }
    }

    #[test]
    fn addresses_are_cut_out_of_their_sentence() {
        assert_eq!(
            found("申请事项为广西壮族自治区钦州市灵山县旧州镇建设路245号。"),
            [(Kind::Address, "广西壮族自治区钦州市灵山县旧州镇建设路245号")]
        );
        assert_eq!(
            found("家住河南省焦作市修武县西村乡幸福里小区147号2栋4单元1804室"),
            [(Kind::Address, "河南省焦作市修武县西村乡幸福里小区147号2栋4单元1804室")]
        );
        assert_eq!(found("住迎泽区解放路12号3单元"), [(Kind::Address, "迎泽区解放路12号3单元")]);
    }

    #[test]
    fn places_and_institutions_are_no_addresses() {
        for text in [
            "山东庄镇",
            "天津经济技术开发区东区泰达街道",
            "山西省太原市",
            "太原市小店区",
            "山西省人民政府办公厅",
            "面积139平方米",
            "编号81093244451",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
