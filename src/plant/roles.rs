//! What the columns of real exports are called, in Chinese and in English.
//!
//! A header is reduced to letters, digits and Chinese characters, then read as
//! *whose* and *what*: `收件人手机`, `Ship To Phone` and `receiver.mobile` all
//! say the recipient's phone. A name or phone without a person is the
//! recipient's, because that is whom an export is about.

use crate::persona::Role;
use crate::record::ColumnRole;

/// Returns the role that a header names, if it names one.
pub(super) fn role_of(header: &str) -> Option<ColumnRole> {
    let word = normal(header);
    if word.is_empty() {
        return None;
    }
    let is = |list: &[&str]| list.contains(&word.as_str());
    if is(NUMBERS) || (word.ends_with("单号") && !NOT_NUMBERS.iter().any(|other| word.contains(other))) {
        return Some(ColumnRole::Number);
    }
    if is(TIMES) {
        return Some(ColumnRole::Time);
    }
    if let Some((_, role)) = OTHERS.iter().find(|(words, _)| is(words)) {
        return Some(ColumnRole::Other((*role).into()));
    }
    personal(&word)
}

/// Reduces a header to what two spellings of it have in common.
pub(super) fn normal(header: &str) -> String {
    let header = header.split(['(', '（', '[', '【']).next().unwrap_or_default();
    header.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn personal(word: &str) -> Option<ColumnRole> {
    for (prefixes, role) in [(SENDER, Role::Sender), (RECIPIENT, Role::Recipient)] {
        // Longest first: 收件人姓名 is 收件人 + 姓名, not 收 + 件人姓名.
        for prefix in prefixes {
            let Some(rest) = word.strip_prefix(prefix) else { continue };
            if rest.is_empty() && !BARE_IS_NO_NAME.contains(prefix) {
                return Some(ColumnRole::Name(role));
            }
            if let Some(part) = part(rest, role) {
                return Some(part);
            }
        }
    }
    part(word, Role::Recipient).filter(|_| !BARE_IS_VAGUE.contains(&word))
}

fn part(word: &str, role: Role) -> Option<ColumnRole> {
    let is = |list: &[&str]| list.contains(&word);
    Some(match word {
        _ if is(NAMES) => ColumnRole::Name(role),
        _ if is(PHONES) => ColumnRole::Phone(role),
        _ if is(PROVINCES) => ColumnRole::Province(role),
        _ if is(CITIES) => ColumnRole::City(role),
        _ if is(DISTRICTS) => ColumnRole::District(role),
        _ if is(TOWNS) => ColumnRole::Town(role),
        _ if is(LOCALS) => ColumnRole::Local(role),
        _ if is(ADDRESSES) => ColumnRole::Address(role),
        _ => return None,
    })
}

const NUMBERS: &[&str] = &[
    "运单号",
    "运单编号",
    "运单号码",
    "运单",
    "快递单号",
    "物流单号",
    "面单号",
    "单号",
    "快件编号",
    "快递编号",
    "邮件号",
    "邮件号码",
    "waybill",
    "waybillno",
    "waybillnumber",
    "waybillid",
    "awb",
    "awbno",
    "awbnumber",
    "airwaybill",
    "tracking",
    "trackingno",
    "trackingnumber",
    "trackingid",
    "trackingcode",
    "consignmentno",
    "consignmentnumber",
    "shipmentid",
    "shipmentnumber",
    "shipmentno",
    "parcelid",
    "parcelno",
    "parcelnumber",
    "mailno",
    "expressno",
    "expressnumber",
    "logisticsno",
    "billcode",
];

/// `…单号` that are other numbers than the waybill's.
const NOT_NUMBERS: &[&str] = &["订单", "工单", "子单", "回单", "退单", "采购", "交易", "批次", "发票", "提单"];

const TIMES: &[&str] = &[
    "揽收时间",
    "揽件时间",
    "收件时间",
    "寄件时间",
    "寄件日期",
    "发件时间",
    "发货时间",
    "发货日期",
    "下单时间",
    "下单日期",
    "扫描时间",
    "录入时间",
    "录单时间",
    "创建时间",
    "订单时间",
    "付款时间",
    "日期",
    "时间",
    "业务日期",
    "揽收日期",
    "收寄时间",
    "收寄日期",
    "time",
    "date",
    "datetime",
    "timestamp",
    "createdat",
    "createtime",
    "createdtime",
    "createddate",
    "createdate",
    "orderdate",
    "ordertime",
    "shipdate",
    "shippeddate",
    "shippedat",
    "shipmentdate",
    "pickuptime",
    "pickupdate",
    "pickedupat",
    "acceptedat",
    "accepttime",
    "acceptancetime",
    "scantime",
    "collectiondate",
];

const OTHERS: &[(&[&str], &str)] = &[
    (
        &[
            "品名",
            "商品名",
            "商品名称",
            "商品",
            "物品",
            "物品名称",
            "物品名",
            "货物名称",
            "货物",
            "货品",
            "托寄物",
            "托寄物名称",
            "内件",
            "内件品名",
            "内件名称",
            "宝贝名称",
            "goods",
            "goodsname",
            "item",
            "itemname",
            "itemdescription",
            "description",
            "contents",
            "content",
            "product",
            "productname",
            "commodity",
        ],
        "goods",
    ),
    (
        &[
            "重量",
            "计费重量",
            "实际重量",
            "结算重量",
            "包裹重量",
            "weight",
            "weightkg",
            "chargeableweight",
            "grossweight",
        ],
        "weight",
    ),
    (
        &[
            "运费",
            "快递费",
            "费用",
            "邮费",
            "资费",
            "金额",
            "fee",
            "freight",
            "freightcost",
            "shippingcost",
            "shippingfee",
            "postage",
        ],
        "fee",
    ),
    (&["件数", "数量", "包裹数", "pieces", "quantity", "qty", "packages", "parcels"], "pieces"),
    (&["支付方式", "付款方式", "结算方式", "付费方式", "payment", "paymentmethod", "paymenttype", "payer"], "payment"),
];

const RECIPIENT: &[&str] = &[
    "收件人",
    "收货人",
    "收件方",
    "收货方",
    "收件客户",
    "收方",
    "收件",
    "收货",
    "到件人",
    "买家",
    "客户",
    "顾客",
    "会员",
    "recipient",
    "receiver",
    "consignee",
    "addressee",
    "shipto",
    "deliverto",
    "delivery",
    "customer",
    "buyer",
    "client",
    "to",
    "dest",
    "destination",
    "rcpt",
];

const SENDER: &[&str] = &[
    "寄件人",
    "寄货人",
    "发件人",
    "发货人",
    "寄件方",
    "发件方",
    "寄件客户",
    "寄方",
    "寄件",
    "发件",
    "发货",
    "寄",
    "卖家",
    "商家",
    "sender",
    "shipper",
    "consignor",
    "shipfrom",
    "pickupfrom",
    "seller",
    "merchant",
    "from",
    "origin",
];

/// Whose, but alone no name: `to` may be an address, `delivery` a date, and a
/// `客户` is as often who sends.
const BARE_IS_NO_NAME: &[&str] = &[
    "客户",
    "customer",
    "client",
    "收件",
    "收货",
    "寄件",
    "发件",
    "发货",
    "寄",
    "to",
    "from",
    "dest",
    "destination",
    "origin",
    "delivery",
    "shipto",
    "shipfrom",
    "deliverto",
    "pickupfrom",
];

/// Parts that say nothing without a person: a bare `城市` is often the
/// outlet's, a bare `区` a sorting code, a bare `name` anything.
const BARE_IS_VAGUE: &[&str] =
    &["人", "code", "no", "area", "region", "区", "市", "省", "镇", "state", "company", "方"];

const NAMES: &[&str] = &[
    "姓名",
    "人姓名",
    "名字",
    "名称",
    "联系人",
    "人",
    "name",
    "fullname",
    "contact",
    "contactname",
    "contactperson",
    "person",
    "personname",
];
const PHONES: &[&str] = &[
    "电话",
    "手机",
    "手机号",
    "手机号码",
    "联系电话",
    "联系手机",
    "联系方式",
    "电话号码",
    "移动电话",
    "固定电话",
    "固话",
    "座机",
    "人电话",
    "人手机",
    "联系人电话",
    "联系人手机",
    "phone",
    "phoneno",
    "phonenumber",
    "phone1",
    "mobile",
    "mobileno",
    "mobilenumber",
    "mobilephone",
    "cell",
    "cellphone",
    "tel",
    "telno",
    "telephone",
    "telephonenumber",
    "contactphone",
    "contactnumber",
    "contactno",
    "contacttel",
    "contactmobile",
];
const PROVINCES: &[&str] = &[
    "省",
    "省份",
    "所在省",
    "人省份",
    "province",
    "provincename",
    "state",
    "stateprovince",
    "provincestate",
    "region",
];
const CITIES: &[&str] = &["市", "城市", "地市", "所在市", "人城市", "city", "cityname", "towncity", "citytown"];
const DISTRICTS: &[&str] =
    &["区", "区县", "县区", "县", "区域", "地区", "人区县", "district", "districtname", "county", "area"];
const TOWNS: &[&str] = &[
    "镇",
    "乡镇",
    "街道",
    "镇街道",
    "乡镇街道",
    "town",
    "subdistrict",
    "zip",
    "zipcode",
    "postcode",
    "postalcode",
    "postal",
];
/// Narrow by their name; an address column beside parts is local as well.
const LOCALS: &[&str] = &[
    "街道地址",
    "address1",
    "addressline1",
    "addr1",
    "street",
    "streetaddress",
    "street1",
    "line1",
    "addressstreet",
    "addressaddress1",
];
const ADDRESSES: &[&str] = &[
    "地址",
    "详细地址",
    "完整地址",
    "收货地址",
    "收件地址",
    "具体地址",
    "联系地址",
    "人地址",
    "address",
    "addr",
    "fulladdress",
    "addressdetail",
    "detailaddress",
    "detailedaddress",
    "addressfull",
    "addressdetails",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_real_exports_name_their_roles() {
        for (header, role) in [
            ("运单号", "number"),
            ("申通单号", "number"),
            ("Tracking Number", "number"),
            ("揽收时间", "time"),
            ("寄件人", "sender.name"),
            ("寄件电话", "sender.phone"),
            ("寄件人手机", "sender.phone"),
            ("寄件人详细地址", "sender.address"),
            ("收件人姓名*", "recipient.name"),
            ("收件人电话", "recipient.phone"),
            ("收件手机", "recipient.phone"),
            ("收件省", "recipient.province"),
            ("收件人市", "recipient.city"),
            ("收件人区/县", "recipient.district"),
            ("收件区县", "recipient.district"),
            ("收件人地址", "recipient.address"),
            ("姓名", "recipient.name"),
            ("联系方式", "recipient.phone"),
            ("地址", "recipient.address"),
            ("receiver.mobile", "recipient.phone"),
            ("Ship To Phone", "recipient.phone"),
            ("shipper_name", "sender.name"),
            ("Consignee", "recipient.name"),
            ("postal_code", "recipient.town"),
            ("address1", "recipient.local"),
            ("重量(kg)", "weight"),
            ("品名", "goods"),
        ] {
            assert_eq!(role_of(header).map(|role| role.to_string()).as_deref(), Some(role), "{header}");
        }
    }

    #[test]
    fn other_columns_name_none() {
        for header in
            ["揽收网点", "业务员工号", "备注", "订单号", "收件人身份证", "客户", "To", "ID", "Vendor", "Country", ""]
        {
            assert_eq!(role_of(header), None, "{header}");
        }
    }
}
