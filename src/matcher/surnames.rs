//! Chinese surnames by sound.
//!
//! Who asks for somebody on the phone says a sound; the agent writes one of the
//! surnames that sound so, or its pinyin. The set that is accepted for a heard
//! surname is therefore all surnames of that sound, and attribution prices the
//! whole set.

/// Pinyin without tones, and the surnames that are read so.
const SOUNDS: &[(&str, &str)] = &[
    ("ai", "艾"),
    ("an", "安"),
    ("bai", "白柏"),
    ("bao", "包鲍"),
    ("bi", "毕"),
    ("bian", "卞边"),
    ("cai", "蔡"),
    ("cao", "曹"),
    ("cen", "岑"),
    ("chai", "柴"),
    ("chang", "常"),
    ("che", "车"),
    ("chen", "陈谌"),
    ("cheng", "程成"),
    ("chi", "池迟"),
    ("chu", "储褚楚"),
    ("cui", "崔"),
    ("dai", "戴代"),
    ("deng", "邓"),
    ("di", "狄"),
    ("ding", "丁"),
    ("dong", "董"),
    ("dou", "窦"),
    ("du", "杜"),
    ("duan", "段"),
    ("fan", "范樊"),
    ("fang", "方房"),
    ("fei", "费"),
    ("feng", "冯封丰"),
    ("fu", "傅付符"),
    ("gan", "甘"),
    ("gao", "高"),
    ("ge", "葛"),
    ("geng", "耿"),
    ("gong", "龚宫巩"),
    ("gou", "苟"),
    ("gu", "顾古谷"),
    ("guan", "关管"),
    ("gui", "桂"),
    ("guo", "郭"),
    ("han", "韩"),
    ("hao", "郝"),
    ("he", "何贺和"),
    ("hong", "洪"),
    ("hou", "侯"),
    ("hu", "胡扈"),
    ("hua", "华花"),
    ("huang", "黄"),
    ("huo", "霍"),
    ("ji", "季纪吉姬冀"),
    ("jia", "贾"),
    ("jian", "简"),
    ("jiang", "江蒋姜"),
    ("jiao", "焦"),
    ("jie", "解"),
    ("jin", "金靳晋"),
    ("jing", "景荆"),
    ("kang", "康"),
    ("ke", "柯"),
    ("kong", "孔"),
    ("kuang", "邝匡"),
    ("lai", "赖"),
    ("lan", "兰蓝"),
    ("lang", "郎"),
    ("lei", "雷"),
    ("leng", "冷"),
    ("li", "李黎厉栗"),
    ("lian", "连廉"),
    ("liang", "梁"),
    ("liao", "廖"),
    ("lin", "林蔺"),
    ("ling", "凌"),
    ("liu", "刘柳"),
    ("long", "龙"),
    ("lou", "娄楼"),
    ("lu", "卢陆鲁路"),
    ("luan", "栾"),
    ("luo", "罗骆"),
    ("lv", "吕"),
    ("ma", "马"),
    ("mai", "麦"),
    ("man", "满"),
    ("mao", "毛茅"),
    ("mei", "梅"),
    ("meng", "孟蒙"),
    ("mi", "米"),
    ("miao", "苗缪"),
    ("min", "闵"),
    ("ming", "明"),
    ("mo", "莫"),
    ("mu", "穆牟慕"),
    ("ni", "倪"),
    ("nie", "聂"),
    ("ning", "宁甯"),
    ("niu", "牛钮"),
    ("ou", "欧区"),
    ("pan", "潘"),
    ("pang", "庞"),
    ("pei", "裴"),
    ("peng", "彭"),
    ("pu", "蒲浦"),
    ("qi", "齐戚祁"),
    ("qian", "钱"),
    ("qiao", "乔"),
    ("qin", "秦覃"),
    ("qiu", "邱丘裘仇"),
    ("qu", "曲屈瞿"),
    ("quan", "全权"),
    ("ran", "冉"),
    ("rao", "饶"),
    ("ren", "任"),
    ("rong", "荣容"),
    ("ruan", "阮"),
    ("sha", "沙"),
    ("shan", "单"),
    ("shang", "尚商"),
    ("shao", "邵"),
    ("shen", "沈申"),
    ("sheng", "盛"),
    ("shi", "石史施时"),
    ("shu", "舒"),
    ("shuai", "帅"),
    ("song", "宋"),
    ("su", "苏"),
    ("sun", "孙"),
    ("tan", "谭谈"),
    ("tang", "唐汤"),
    ("tao", "陶"),
    ("teng", "滕"),
    ("tian", "田"),
    ("tong", "童佟"),
    ("tu", "涂屠"),
    ("wan", "万"),
    ("wang", "王汪"),
    ("wei", "魏韦卫"),
    ("wen", "文温闻"),
    ("weng", "翁"),
    ("wu", "吴武伍邬巫"),
    ("xi", "席奚习"),
    ("xia", "夏"),
    ("xian", "冼"),
    ("xiang", "向项"),
    ("xiao", "肖萧"),
    ("xie", "谢"),
    ("xin", "辛"),
    ("xing", "邢"),
    ("xiong", "熊"),
    ("xu", "徐许胥"),
    ("xuan", "宣"),
    ("xue", "薛"),
    ("xun", "荀"),
    ("yan", "严颜闫阎燕"),
    ("yang", "杨阳羊"),
    ("yao", "姚"),
    ("ye", "叶"),
    ("yi", "易伊"),
    ("yin", "尹殷阴"),
    ("ying", "应"),
    ("you", "尤游"),
    ("yu", "于余俞喻虞郁"),
    ("yuan", "袁苑"),
    ("yue", "岳"),
    ("yun", "云"),
    ("zang", "臧"),
    ("zeng", "曾"),
    ("zha", "查"),
    ("zhai", "翟"),
    ("zhan", "詹占"),
    ("zhang", "张章"),
    ("zhao", "赵"),
    ("zhen", "甄"),
    ("zheng", "郑"),
    ("zhong", "钟仲"),
    ("zhou", "周"),
    ("zhu", "朱祝诸竺"),
    ("zhuang", "庄"),
    ("zhuo", "卓"),
    ("zong", "宗"),
    ("zou", "邹"),
    ("zu", "祖"),
    ("zuo", "左"),
    ("ouyang", "欧阳"),
    ("sima", "司马"),
    ("shangguan", "上官"),
    ("zhuge", "诸葛"),
    ("situ", "司徒"),
    ("huangfu", "皇甫"),
    ("xiahou", "夏侯"),
    ("linghu", "令狐"),
    ("gongsun", "公孙"),
    ("murong", "慕容"),
    ("dongfang", "东方"),
    ("duanmu", "端木"),
    ("yuwen", "宇文"),
    ("nangong", "南宫"),
    ("ximen", "西门"),
    ("zhangsun", "长孙"),
    ("yuchi", "尉迟"),
    ("zhongli", "钟离"),
    ("dugu", "独孤"),
    ("weisheng", "微生"),
    ("helian", "赫连"),
    ("dongguo", "东郭"),
    ("baili", "百里"),
    ("huyan", "呼延"),
];

/// The thirty most frequent, more than half of all people: near a title they
/// are a surname rather than the end of a given name.
pub(crate) const FREQUENT: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹";

/// Where the compound surnames begin in [`SOUNDS`].
const FIRST_COMPOUND: &str = "ouyang";

/// Every surname with its sound.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, String)> {
    let mut is_compound = false;
    SOUNDS.iter().flat_map(move |&(sound, surnames)| {
        is_compound = is_compound || sound == FIRST_COMPOUND;
        let list: Vec<String> =
            if is_compound { vec![surnames.to_owned()] } else { surnames.chars().map(String::from).collect() };
        list.into_iter().map(move |surname| (sound, surname))
    })
}

/// Other spellings of a sound: `lyu` and `lu` for 吕, Wade-Giles left aside.
pub(crate) fn sound_of_spelling(word: &str) -> &str {
    match word {
        "lyu" | "lü" => "lv",
        "au" => "ou",
        word => word,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_surname_is_listed_once() {
        let mut seen = BTreeSet::new();
        for (sound, surname) in all() {
            assert!(seen.insert(surname.clone()), "{sound} {surname}");
        }
        assert!(FREQUENT.chars().all(|c| seen.contains(&c.to_string())));
        assert!(seen.contains("欧阳"));
    }
}
