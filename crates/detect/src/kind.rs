//! What can be found, and what it means for a release: role, level, label.

use serde::{Deserialize, Serialize};
use vocabulary::{Bilingual, DataLevel};

/// A kind of sensitive value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Citizen identity number (公民身份号码), GB 11643.
    CitizenId,
    /// Unified social credit code (统一社会信用代码), GB 32100.
    CreditCode,
    /// Organization code (组织机构代码), GB 11714.
    OrganizationCode,
    /// Mobile telephone number of the mainland.
    Mobile,
    /// Fixed-line telephone number with area code.
    Landline,
    /// Bank card number of `UnionPay`.
    BankCard,
    /// Chinese passport number.
    Passport,
    /// Permit for travel to and from Hong Kong, Macao and Taiwan.
    TravelPermit,
    /// Vehicle number plate.
    Plate,
    /// E-mail address.
    Email,
    /// IPv4 or IPv6 address.
    Ip,
    /// Hardware address of a network device.
    Mac,
    /// Serial number of a mobile device.
    Imei,
    /// International bank account number, ISO 13616.
    Iban,
    /// Social security number of the United States.
    Ssn,
    /// Card number of an international scheme, ISO/IEC 7812.
    CreditCard,
    /// Name of a person.
    PersonName,
    /// Postal address down to a street or a house.
    Address,
    /// Date of birth.
    BirthDate,
    /// Longitude and latitude.
    Coordinates,
    /// Number of social insurance (社会保障号).
    SocialSecurity,
    /// Number of a medical record or health card.
    MedicalId,
    /// Password, key or token.
    Secret,
}

/// Number of kinds.
pub(crate) const KINDS: usize = 23;

impl Kind {
    /// Every kind, in the order of the enum.
    pub const ALL: [Self; KINDS] = [
        Self::CitizenId,
        Self::CreditCode,
        Self::OrganizationCode,
        Self::Mobile,
        Self::Landline,
        Self::BankCard,
        Self::Passport,
        Self::TravelPermit,
        Self::Plate,
        Self::Email,
        Self::Ip,
        Self::Mac,
        Self::Imei,
        Self::Iban,
        Self::Ssn,
        Self::CreditCard,
        Self::PersonName,
        Self::Address,
        Self::BirthDate,
        Self::Coordinates,
        Self::SocialSecurity,
        Self::MedicalId,
        Self::Secret,
    ];

    /// The code in files and interfaces, for example `citizen_id`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CitizenId => "citizen_id",
            Self::CreditCode => "credit_code",
            Self::OrganizationCode => "organization_code",
            Self::Mobile => "mobile",
            Self::Landline => "landline",
            Self::BankCard => "bank_card",
            Self::Passport => "passport",
            Self::TravelPermit => "travel_permit",
            Self::Plate => "plate",
            Self::Email => "email",
            Self::Ip => "ip",
            Self::Mac => "mac",
            Self::Imei => "imei",
            Self::Iban => "iban",
            Self::Ssn => "ssn",
            Self::CreditCard => "credit_card",
            Self::PersonName => "person_name",
            Self::Address => "address",
            Self::BirthDate => "birth_date",
            Self::Coordinates => "coordinates",
            Self::SocialSecurity => "social_security",
            Self::MedicalId => "medical_id",
            Self::Secret => "secret",
        }
    }

    /// The name that people read.
    pub fn label(self) -> Bilingual {
        let (zh, en) = match self {
            Self::CitizenId => ("公民身份号码", "citizen identity number"),
            Self::CreditCode => ("统一社会信用代码", "unified social credit code"),
            Self::OrganizationCode => ("组织机构代码", "organization code"),
            Self::Mobile => ("手机号码", "mobile number"),
            Self::Landline => ("固定电话", "landline number"),
            Self::BankCard => ("银行卡号", "bank card number"),
            Self::Passport => ("护照号码", "passport number"),
            Self::TravelPermit => ("往来港澳台通行证", "travel permit"),
            Self::Plate => ("车牌号", "vehicle plate"),
            Self::Email => ("电子邮箱", "e-mail address"),
            Self::Ip => ("IP地址", "IP address"),
            Self::Mac => ("MAC地址", "MAC address"),
            Self::Imei => ("设备识别码", "device serial number"),
            Self::Iban => ("国际银行账号", "international bank account number"),
            Self::Ssn => ("美国社会安全号", "US social security number"),
            Self::CreditCard => ("信用卡号", "credit card number"),
            Self::PersonName => ("姓名", "person name"),
            Self::Address => ("住址", "address"),
            Self::BirthDate => ("出生日期", "date of birth"),
            Self::Coordinates => ("经纬度", "coordinates"),
            Self::SocialSecurity => ("社会保障号", "social insurance number"),
            Self::MedicalId => ("病历号或健康卡号", "medical number"),
            Self::Secret => ("口令或密钥", "secret"),
        };
        Bilingual::new(zh, en)
    }

    /// Share of made-up values of the right form that pass the check by chance;
    /// `None` if the kind has no check digit.
    pub fn chance(self) -> Option<f64> {
        match self {
            Self::CitizenId | Self::OrganizationCode => Some(1.0 / 11.0),
            Self::CreditCode => Some(1.0 / 31.0),
            Self::BankCard | Self::CreditCard | Self::Imei => Some(1.0 / 10.0),
            Self::Iban => Some(1.0 / 97.0),
            _ => None,
        }
    }

    /// The role of a column of this kind. A code of an organization identifies no
    /// person; in a table about persons it is a quasi-identifier all the same,
    /// which [`crate::Detector::finish`] decides.
    pub fn role(self) -> Role {
        match self {
            Self::CreditCode | Self::OrganizationCode => Role::None,
            Self::BirthDate | Self::Coordinates => Role::Quasi,
            Self::Secret => Role::Sensitive,
            _ => Role::Direct,
        }
    }

    /// The level of a column of this kind, GB/T 43697-2024 annex H as it is used:
    /// numbers of identity documents, addresses, accounts and health are level
    /// 4, names, birth and contact are level 3, published codes are level 1.
    pub fn level(self) -> DataLevel {
        match self {
            Self::CreditCode | Self::OrganizationCode => DataLevel::General1,
            Self::Mobile
            | Self::Landline
            | Self::Plate
            | Self::Email
            | Self::Ip
            | Self::Mac
            | Self::Imei
            | Self::PersonName
            | Self::BirthDate => DataLevel::General3,
            Self::CitizenId
            | Self::BankCard
            | Self::Passport
            | Self::TravelPermit
            | Self::Iban
            | Self::Ssn
            | Self::CreditCard
            | Self::Address
            | Self::Coordinates
            | Self::SocialSecurity
            | Self::MedicalId
            | Self::Secret => DataLevel::General4,
        }
    }

    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The role of a column in re-identification (GB/T 37964-2019).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Identifies a person by itself (直接标识符).
    Direct,
    /// Identifies a person together with others (准标识符).
    Quasi,
    /// What a person would not have known (敏感属性).
    Sensitive,
    /// None of these (非标识属性).
    None,
}

impl Role {
    /// The name that people read.
    pub fn label(self) -> Bilingual {
        let (zh, en) = match self {
            Self::Direct => ("直接标识符", "direct identifier"),
            Self::Quasi => ("准标识符", "quasi-identifier"),
            Self::Sensitive => ("敏感属性", "sensitive attribute"),
            Self::None => ("非标识属性", "no identifier"),
        };
        Bilingual::new(zh, en)
    }
}

/// What a column without an identifier of its own says of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// Sex.
    Sex,
    /// Age in years.
    Age,
    /// Ethnic group.
    Ethnicity,
    /// Division code.
    Division,
    /// Name of a place.
    Place,
    /// Education.
    Education,
    /// Marital status.
    Marital,
    /// Occupation.
    Occupation,
    /// Postal code.
    PostalCode,
    /// Income, property, benefits.
    Income,
    /// Disease or diagnosis.
    Disease,
    /// Religion.
    Religion,
    /// Crime and punishment.
    Crime,
    /// Account and its balance.
    Account,
    /// Disability, tests, pregnancy and other facts of health.
    Health,
    /// Where a person was.
    Track,
}

impl Attribute {
    /// The name that people read.
    pub fn label(self) -> Bilingual {
        let (zh, en) = match self {
            Self::Sex => ("性别", "sex"),
            Self::Age => ("年龄", "age"),
            Self::Ethnicity => ("民族", "ethnic group"),
            Self::Division => ("行政区划代码", "division code"),
            Self::Place => ("地区", "place"),
            Self::Education => ("学历", "education"),
            Self::Marital => ("婚姻状况", "marital status"),
            Self::Occupation => ("职业", "occupation"),
            Self::PostalCode => ("邮政编码", "postal code"),
            Self::Income => ("收入与财产", "income and property"),
            Self::Disease => ("疾病", "disease"),
            Self::Religion => ("宗教信仰", "religion"),
            Self::Crime => ("违法犯罪", "crime"),
            Self::Account => ("账户", "account"),
            Self::Health => ("健康", "health"),
            Self::Track => ("行踪轨迹", "location trace"),
        };
        Bilingual::new(zh, en)
    }

    /// Its role.
    pub fn role(self) -> Role {
        match self {
            Self::Sex
            | Self::Age
            | Self::Ethnicity
            | Self::Division
            | Self::Place
            | Self::Education
            | Self::Marital
            | Self::Occupation
            | Self::PostalCode => Role::Quasi,
            Self::Income
            | Self::Disease
            | Self::Religion
            | Self::Crime
            | Self::Account
            | Self::Health
            | Self::Track => Role::Sensitive,
        }
    }

    /// Its level: sensitive personal information (个人信息保护法 第二十八条) is level
    /// 4, birth, sex and ethnic group are level 3, the others level 2.
    pub fn level(self) -> DataLevel {
        match self {
            Self::Disease
            | Self::Religion
            | Self::Crime
            | Self::Account
            | Self::Health
            | Self::Track => DataLevel::General4,
            Self::Sex | Self::Age | Self::Ethnicity | Self::Marital | Self::Income => {
                DataLevel::General3
            }
            Self::Division
            | Self::Place
            | Self::Education
            | Self::Occupation
            | Self::PostalCode => DataLevel::General2,
        }
    }

    /// Whether it shows that the rows of a table are persons. A place or a postal
    /// code does not: organizations have them too.
    pub(crate) fn shows_persons(self) -> bool {
        !matches!(self, Self::Division | Self::Place | Self::PostalCode | Self::Account)
    }
}
