//! What each Chinese character can be: one table, one look at it per character.
//!
//! Surnames: the 400 most frequent by the Ministry of Public Security's report on
//! names (全国姓名报告) and rarer ones in use. Characters of given names: frequent
//! ones of the same reports. What is rarer is found by the header.

// The first six bits are in the order in which the characters of a name follow each
// other, so that one shift and one `and` tell where one may begin; see [`name_step`].

/// A surname of one character.
pub(crate) const SURNAME: u16 = 1;
/// A character of given names.
pub(crate) const GIVEN: u16 = 1 << 1;
/// The same once more, for the second character of a given name.
const GIVEN_AGAIN: u16 = 1 << 2;
/// Starts a word that follows names.
pub(crate) const AFTER_NAME: u16 = 1 << 3;
/// Ends a word that announces a name.
pub(crate) const BEFORE_NAME: u16 = 1 << 4;
/// A surname of one character, or the first of a surname of two.
pub(crate) const HEAD: u16 = 1 << 5;
/// Ends a word that is no name though it starts with a surname.
pub(crate) const NOT_LAST: u16 = 1 << 6;
/// A Chinese numeral: 〇一二, 壹贰.
pub(crate) const NUMERAL: u16 = 1 << 7;
/// Starts a surname of two characters.
pub(crate) const DOUBLE: u16 = 1 << 8;
/// Starts a word that announces a password.
pub(crate) const SECRET: u16 = 1 << 9;
/// Starts the name of a province.
pub(crate) const PROVINCE: u16 = 1 << 10;
/// Starts a vehicle plate.
pub(crate) const PLATE: u16 = 1 << 11;

/// After [`name_step`]: the character is a surname behind a word that announces names.
pub(crate) const ANNOUNCED: u16 = HEAD;
/// After [`name_step`]: a surname and two characters of given names are before the
/// character, which starts a word that follows names.
pub(crate) const FOLLOWED: u16 = AFTER_NAME;

/// Goes one character on in the two sequences that show a name inside a run, a bit for
/// each place in them: surname, given, given, what follows names; and what announces
/// names, surname. Bits above those of the sequences mean nothing.
///
/// Source: Baeza-Yates & Gonnet, "A new approach to text searching", CACM 35(10), 1992.
#[inline]
pub(crate) fn name_step(state: u16, flags: u16) -> u16 {
    (state << 1 | SURNAME | BEFORE_NAME) & flags
}

/// The upper four bits are the step of an address, from 1; 0 is none.
const STEP_SHIFT: u32 = 12;
pub(crate) const STEP: u16 = 0xf << STEP_SHIFT;

const SURNAMES: &str = "\
    王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾萧肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏傅方邹熊白孟秦邱侯江尹薛闫段\
    雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文施洪辛柯殷牛翁季庞安倪樊颜岳齐伍聂申葛祝管路柴童霍鲁兰翟欧梅关包左焦骆涂涨甘解尤柳舒阎宁鲍毕凌阮盛车蒲纪符\
    饶卜岑单詹房耿屈冷章卓游成景柏穆靳裴古苗滕窦席娄瞿喻沙吉曲商佟时米艾宫项谷简芦桂连郎隋卞花温应晏蓝井尚艳苟邢华畅巩桑闵臧木党全戚仇麦敖仲楚原冉辜阳冀司褚池查佘边\
    丘娜费储鞠鄢邬宗粟国荆蔺祁邸匡廉步衡封伏经栾尧寇历鄂牟平羊和蒙敬占农初虞上丛练竺阚麻强佀闻戎衣燕茹厉宣荣屠皮幸庄都湛支糜迟区郁由奚权盖益桓公昝卫甄惠刁麴家芮羿汲\
    邴松富巫乌巴弓牧隗山宓蓬郗班仰伊暴钭束薄印宿怀从索咸籍莘劳逄姬扶堵宰郦雍却璩濮寿通扈浦别充习宦鱼容慎戈庾终暨居满弘广禄阙东利师巢勾融訾那空毋养须丰相红逯帅亢况郈\
    琴佴俞缪计冼邝斯谌揭危隆仝苑谯尉郜蔚晁展颉乐亓位信修元南卿呼哈官宾干慕战明晋普朴来杭栗楼檀海漆狄祖胥诸谈邰门阴鲜鹿";
const GIVEN_NAMES: &str = "\
    伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰玉华建国文红梅志斌波辉鹏飞宇浩然晨阳欣怡佳琪雪婷雨涵子轩梓萱诗思嘉俊博睿泽昊天一诺琳璐瑶倩莹颖慧洁燕云凤莲珍琴香\
    春秋冬夏月荷菊花萍青竹松柏林森海江河湖山川石峰岩龙虎凯旋胜利成功立业达贵富荣耀光宗祖德福禄寿喜庆安康宁和顺义仁礼智信忠孝诚正直善美良贤淑惠珠宝金银铜铁钢玲珑玥瑾\
    瑜璇琦琛瑞祥吉元亨贞泰恒永久长生存根本源泉清澈润沛霖震雷电风雾霜露冰寒暖热烈炎焱煜炜灿烂煌晖晓旭昕昱晟晗曦暄亮星辰宸宙寰瀚渺渊深远向望希冀盼念忆想恩感悟聪帅逸群\
    凡卓越出彦才学章书画词赋歌曲乐舞棋笔墨纸砚君臣士卿公侯伯仲叔季少甫父母女儿孙男新民中东西南北方圆上下左右前后内外大小多高低近全完满盈丰裕足有无为之乃而以可能会得\
    当应必定已再又也亦同共与其自由心意情爱怀抱抒展开启发兴起升腾翔翼翎羽鸿雁鹤鹰凰鸾莺鹃雀豹狮象马骏骥驰骋骁武威猛力量劲毅坚韧健壮硕岸岚岭峻峥嵘巍岳崇嵩峦州洲沙滨浪\
    潮流涌溪涧池塘沼沐沁泓洪淳渝湘滢潇澜灏桐楠榕槐柳杨桃李杏梨枫樱榆檀栋梁材树木苗芽芝芷芸芬茵茜茹莉莎菁菲萌葵蓉蓓蔓蕊蕾薇藜娅姣姿娇娥婉婕婧婵媚媛嫣嫦妍妮妹姐好如妙\
    娴娣招弟来财旺盛茂昌隆振邦家庭户门世代传承继续延绵绍先进步登科举状魁首领导将兵卒戈剑锋锐刃钧锦绣织绢绮纯素练黄蓝绿紫白黑丹朱彤赤橙碧翠黛乌皓皎雅致韵律音声响鸣唱\
    颂赞誉名重任务劳勤俭朴实在真挚恳切忱耿爽朗豪迈阔畅通透彻觉醒悉知识见闻听说话语言谈论议讲解释译写作品行政治法理道哲技工农商贸易经济融用保险投资产权益增余溢载归还\
    原初始终究竟广宽厚薄轻沉浮游泳跃取舍失败负赢冠亚殿试探索求干观赏别具匠独运筹帷幄决策划算计谋略韬蕴含藏储备预防卫护佑祐助援救扶持携带航帆船舟楫桨舵轮渡津桥路途径\
    迹踪影像形态势头项目标准则规矩尺度衡彬宾炳秉丙柄邴昺铭茗闽岷悯珉琨坤昆鲲锟焜崑堃奎逵馗乔侨峤翘俏巧芊千迁谦骞乾潜倾晴擎苏肃宿夙溯塑朔烁铄率栓拴双水睡舜瞬斯丝司嗣\
    似四诵宋淞懿恺恬怿忻悠愉愿憬";

/// First character of the table, U+4E00, and their number.
const FIRST: usize = 0x4e00;
const COUNT: usize = 0x5200;

static FLAGS: [u16; COUNT] = {
    let mut flags = [0; COUNT];
    mark(&mut flags, SURNAMES, SURNAME | HEAD);
    mark(&mut flags, GIVEN_NAMES, GIVEN | GIVEN_AGAIN);
    mark(
        &mut flags,
        "省市县区镇乡村街路巷号局厅委院校厂店部处科站所司社会馆场坊中学费率额量元年月日类型级别式法表单证\
         书牌料品机车油电气煤米面肉菜药械具备况态度因果系统服务业",
        NOT_LAST,
    );
    mark(&mut flags, "零一壹二贰貳两三叁叄參四肆五伍六陆陸七柒八捌九玖幺", NUMERAL);
    // The steps of an address, from the province down to the group.
    mark(&mut flags, "省", 1 << STEP_SHIFT);
    mark(&mut flags, "市州盟", 2 << STEP_SHIFT);
    mark(&mut flags, "区县旗", 3 << STEP_SHIFT);
    mark(&mut flags, "镇乡", 4 << STEP_SHIFT);
    mark(&mut flags, "村庄屯", 5 << STEP_SHIFT);
    mark(&mut flags, "路街巷道弄", 6 << STEP_SHIFT);
    mark(&mut flags, "号", 7 << STEP_SHIFT);
    mark(&mut flags, "栋幢座", 8 << STEP_SHIFT);
    mark(&mut flags, "单", 9 << STEP_SHIFT);
    mark(&mut flags, "室楼层户", 10 << STEP_SHIFT);
    mark(&mut flags, "组社", 11 << STEP_SHIFT);
    mark(
        &mut flags,
        "人名主者户告属表民众工生师员友居士机东亲妻夫儿配女子偶记长任理叫事为是由系与和及被对找向给让经问请跟志警",
        BEFORE_NAME,
    );
    mark(
        &mut flags,
        "先女小同老医主书局反来电手联身证本夫一性微称于在因到的等与和及向说已申咨投举住家现男提办户",
        AFTER_NAME,
    );
    mark(&mut flags, "欧司上诸东皇尉公慕令夏宇长端百南西轩呼独拓闻", DOUBLE | HEAD);
    mark(&mut flags, "密口", SECRET);
    mark(&mut flags, "北天上重河山辽吉黑江浙安福湖广海四贵云陕甘青台内西宁新香澳", PROVINCE);
    mark(&mut flags, "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使", PLATE);
    flags
};

#[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
const fn mark(flags: &mut [u16; COUNT], chars: &str, flag: u16) {
    let bytes = chars.as_bytes();
    let mut at = 0;
    while at + 2 < bytes.len() {
        let place = code(bytes[at], bytes[at + 1], bytes[at + 2]) as usize;
        flags[place - FIRST] |= flag;
        at += 3;
    }
}

/// The character of three bytes of UTF-8.
#[inline]
pub(crate) const fn code(first: u8, second: u8, third: u8) -> u32 {
    ((first & 0x0f) as u32) << 12 | ((second & 0x3f) as u32) << 6 | (third & 0x3f) as u32
}

/// The step of an address that a character is by its flags, as a bit; 0 for none.
#[inline]
pub(crate) fn step(flags: u16) -> u16 {
    (1_u16 << (flags >> STEP_SHIFT)) >> 1
}

/// The flags of the character that begins at `at`; `None` if it is no Chinese one.
#[inline]
pub(crate) fn han_flags_at(bytes: &[u8], at: usize) -> Option<u16> {
    let &[first, second, third] = bytes.get(at..)?.first_chunk::<3>()?;
    // Any other first byte gives a place outside the table.
    let code = u32::from(first) << 12 | u32::from(second & 0x3f) << 6 | u32::from(third & 0x3f);
    match FLAGS.get((code as usize).wrapping_sub(0xe_0000 + FIRST)) {
        Some(flags) => Some(*flags),
        None => rare_flags(code.wrapping_sub(0xe_0000)),
    }
}

/// As [`han_flags_at`], for what is not in the table.
fn rare_flags(code: u32) -> Option<u16> {
    if code == 0x3007 {
        return Some(NUMERAL);
    }
    is_han_code(code).then_some(0)
}

/// The flags of a character; none outside U+4E00 to U+9FFF.
#[inline]
pub(crate) fn flags(code: u32) -> u16 {
    FLAGS.get((code as usize).wrapping_sub(FIRST)).copied().unwrap_or(0)
}

/// Whether a character of three bytes is a Chinese one.
#[inline]
pub(crate) fn is_han_code(code: u32) -> bool {
    code.wrapping_sub(0x4e00) < 0x5200 || code.wrapping_sub(0x3400) < 0x19c0
}

/// Whether a character is a Chinese one, the rare ones included.
pub(crate) fn is_han(char: char) -> bool {
    is_han_code(char.into()) || matches!(char, '\u{20000}'..='\u{3ffff}')
}

/// Classes of bytes, as bits.
pub(crate) const DIGIT: u8 = 1;
pub(crate) const UPPER: u8 = 2;
pub(crate) const LOWER: u8 = 4;
/// `-` and `_`.
pub(crate) const DASH: u8 = 8;
pub(crate) const DOT: u8 = 16;
pub(crate) const STAR: u8 = 32;
/// Any other byte of ASCII.
pub(crate) const MARK: u8 = 64;
/// Not ASCII.
pub(crate) const WIDE: u8 = 128;
pub(crate) const ALNUM: u8 = DIGIT | UPPER | LOWER;

static CLASSES: [u8; 256] = {
    let mut classes = [MARK; 256];
    let mut byte = 0;
    #[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
    while byte < 256 {
        classes[byte] = match byte {
            0x30..=0x39 => DIGIT,
            0x41..=0x5a => UPPER,
            0x61..=0x7a => LOWER,
            0x2d | 0x5f => DASH,
            0x2e => DOT,
            0x2a => STAR,
            128.. => WIDE,
            _ => MARK,
        };
        byte += 1;
    }
    classes
};

#[inline]
#[expect(clippy::indexing_slicing, reason = "256 classes, one for each byte")]
pub(crate) fn class(byte: u8) -> u8 {
    CLASSES[byte as usize]
}

#[inline]
pub(crate) fn is_alnum(byte: u8) -> bool {
    class(byte) & ALNUM != 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn one_step_a_character_tells_what_the_last_four_are(
            text in "[王欧阳李伟建国女士先生人者的在电话山西省号一密码]{1,24}",
        ) {
            let all: Vec<u16> = text.chars().map(|char| flags(char.into())).collect();
            let mut state = 0;
            for place in 0..all.len() {
                state = name_step(state, all[place]);
                let is = |back: usize, flag: u16| {
                    place.checked_sub(back).is_some_and(|place| all[place] & flag != 0)
                };
                let announced = is(1, BEFORE_NAME) && (is(0, SURNAME) || is(0, DOUBLE));
                let followed =
                    is(3, SURNAME) && is(2, GIVEN) && is(1, GIVEN) && is(0, AFTER_NAME);
                prop_assert_eq!(state & ANNOUNCED != 0, announced, "{} {}", text, place);
                prop_assert_eq!(state & FOLLOWED != 0, followed, "{} {}", text, place);
            }
        }
    }

    #[test]
    fn every_character_has_its_flags_and_nothing_else_has() {
        for code in (0x80..0xffff).chain([0x1_0000, 0x2_0000, 0x10_ffff]) {
            let Some(char) = char::from_u32(code) else { continue };
            let mut bytes = [0; 4];
            let text = char.encode_utf8(&mut bytes);
            let expected = match code {
                0x3007 => Some(NUMERAL),
                _ => is_han_code(code).then(|| flags(code)),
            };
            let found = han_flags_at(format!("{text}ab").as_bytes(), 0);
            assert_eq!(found, expected, "{code:x}");
        }
        assert_eq!(han_flags_at("a王".as_bytes(), 0), None);
        assert_eq!(han_flags_at("王".as_bytes(), 3), None);
        assert_eq!(han_flags_at("王".as_bytes(), 1), None);
    }
}
