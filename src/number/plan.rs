//! Numbering plans: whose number is this, of which kind, and how is it written at home?
//!
//! The plans are libphonenumber's metadata, compiled into the program. A number that fits no plan is
//! unknown here, whatever its form. Deliberately absent: carriers and portability, which no static
//! table knows.

use std::fmt;
use std::str::FromStr;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region};

use super::E164;

/// What the numbering plans say of a number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Assignment {
    /// Its country; `None` for networks that belong to none.
    pub country: Option<Country>,
    /// What kind of line it is.
    pub kind: Kind,
}

/// Looks a number up; `None` when no plan has such a number. Takes about a microsecond, the first
/// number of a country some milliseconds more.
pub fn lookup(number: E164) -> Option<Assignment> {
    if is_without_country(number) {
        return Some(Assignment { country: None, kind: Kind::Satellite });
    }
    let known = known(number)?;
    let country = known.get_region_code().and_then(Country::of_region);
    Some(Assignment { country, kind: kind(known.get_type())? })
}

/// The country that a number would belong to, even if the plans do not have it: an operator knows
/// better than a table which numbers are his. `None` for codes that several countries share.
pub fn country(number: E164) -> Option<Country> {
    parsed(number)?.get_region_code().and_then(Country::of_region)
}

/// The digits that are dialled inside the number's own country, trunk prefix included:
/// `0701234567`. `None` when no plan has such a number.
pub fn national(number: E164) -> Option<String> {
    let written = known(number)?.format_as(PhoneNumberFormat::National).into_owned();
    Some(written.chars().filter(char::is_ascii_digit).collect())
}

/// The number that a phone of `country` shows as `text`: `+…`, with the country's international
/// prefix, or national.
pub fn read_in(text: &str, country: Country) -> Option<E164> {
    let region = Region::from_code(country.as_str()).ok()?;
    let number = PHONE_NUMBER_UTIL.parse(text, Some(region)).ok()?;
    E164::parse(&number.format_as(PhoneNumberFormat::E164)).ok()
}

/// A number that some plan has.
fn known(number: E164) -> Option<PhoneNumber> {
    parsed(number).filter(PhoneNumber::is_valid)
}

fn parsed(number: E164) -> Option<PhoneNumber> {
    let text = format!("+{}", number.reveal().as_str());
    PHONE_NUMBER_UTIL.parse(&text, None).ok()
}

/// Calls to these codes cost as much as the operator of the moment wants, and their plans change
/// without notice: the code alone decides.
fn is_without_country(number: E164) -> bool {
    let digits = number.reveal();
    CODES_WITHOUT_COUNTRY.iter().any(|code| digits.as_str().starts_with(code))
}

fn kind(kind: PhoneNumberType) -> Option<Kind> {
    Some(match kind {
        PhoneNumberType::FixedLine => Kind::FixedLine,
        PhoneNumberType::FixedLineOrMobile => Kind::FixedLineOrMobile,
        PhoneNumberType::Mobile => Kind::Mobile,
        PhoneNumberType::Pager => Kind::Pager,
        PhoneNumberType::PersonalNumber => Kind::Personal,
        PhoneNumberType::PremiumRate => Kind::Premium,
        PhoneNumberType::SharedCost => Kind::SharedCost,
        PhoneNumberType::TollFree => Kind::TollFree,
        PhoneNumberType::UAN | PhoneNumberType::VoiceMail => Kind::Universal,
        PhoneNumberType::VoIP => Kind::Voip,
        PhoneNumberType::Unknown => return None,
    })
}

/// A country or territory by its two letters (ISO 3166-1 alpha-2).
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Country([u8; 2]);

impl Country {
    /// The two letters, upper case.
    pub fn as_str(&self) -> &str {
        // Only ASCII letters are ever stored.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// `None` for "the world", the region of networks without a country.
    fn of_region(region: Region) -> Option<Self> {
        let letters = <[u8; 2]>::try_from(region.as_region_str().as_bytes()).ok()?;
        Some(Self(letters))
    }
}

impl FromStr for Country {
    type Err = CountryError;

    /// Two letters in either case.
    fn from_str(text: &str) -> Result<Self, CountryError> {
        let upper = text.to_ascii_uppercase();
        let region = Region::from_code(&upper).map_err(|_| CountryError)?;
        let has_plan = PHONE_NUMBER_UTIL.get_country_code_for_region(region).is_some();
        Self::of_region(region).filter(|_| has_plan).ok_or(CountryError)
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not a country.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a country is two letters of ISO 3166, as in `SE`, and has a numbering plan")]
pub struct CountryError;

/// What kind of line a number belongs to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// A fixed line.
    FixedLine,
    /// A country whose fixed and mobile numbers look the same.
    FixedLineOrMobile,
    /// A mobile phone.
    Mobile,
    /// A pager.
    Pager,
    /// A number that follows a person; charged more than a mobile (+44 70).
    Personal,
    /// Premium rate.
    Premium,
    /// Satellite and other networks without a country: +870, +878, +881, +882, +883, +979.
    Satellite,
    /// The cost is shared between the parties.
    SharedCost,
    /// Free for the caller.
    TollFree,
    /// A company's access number, or a voicemail's.
    Universal,
    /// Voice over IP.
    Voip,
}

impl Kind {
    /// Whether a person may hold a phone with such a number, at a usual price.
    pub fn is_personal_phone(self) -> bool {
        match self {
            Self::FixedLine | Self::FixedLineOrMobile | Self::Mobile | Self::Voip => true,
            Self::Pager
            | Self::Personal
            | Self::Premium
            | Self::Satellite
            | Self::SharedCost
            | Self::TollFree
            | Self::Universal => false,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FixedLine => "fixed-line",
            Self::FixedLineOrMobile => "fixed-line or mobile",
            Self::Mobile => "mobile",
            Self::Pager => "pager",
            Self::Personal => "personal",
            Self::Premium => "premium-rate",
            Self::Satellite => "satellite or international-network",
            Self::SharedCost => "shared-cost",
            Self::TollFree => "toll-free",
            Self::Universal => "company access",
            Self::Voip => "voice-over-IP",
        })
    }
}

/// Inmarsat, universal personal numbers, satellite networks, international networks (two),
/// international premium rate.
const CODES_WITHOUT_COUNTRY: [&str; 6] = ["870", "878", "881", "882", "883", "979"];

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> E164 {
        E164::parse(text).unwrap()
    }

    fn check(text: &str, expected: &str) {
        let found = match lookup(number(text)) {
            Some(Assignment { country: Some(country), kind }) => format!("{country} {kind}"),
            Some(Assignment { country: None, kind }) => format!("- {kind}"),
            None => "unknown".to_owned(),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_number_has_a_country_and_a_kind() {
        check("+46701234567", "SE mobile");
        check("+46876500001", "SE fixed-line");
        check("+12025550173", "US fixed-line or mobile");
        check("+14165550123", "CA fixed-line or mobile");
        check("+441481200000", "GG fixed-line");
        check("+77012345678", "KZ mobile");
        check("+2290197123456", "BJ mobile");
        check("+390612345678", "IT fixed-line");
    }

    #[test]
    fn costly_numbers_are_told_apart() {
        check("+447012345678", "GB personal");
        check("+19005551234", "US premium-rate");
        check("+46900123456", "SE premium-rate");
        check("+80812345678", "- shared-cost");
        check("+80012345678", "- toll-free");
        for code in CODES_WITHOUT_COUNTRY {
            check(&format!("+{code}12345678"), "- satellite or international-network");
        }
    }

    #[test]
    fn numbers_of_no_plan_are_unknown() {
        for text in ["+999123456789", "+16502530", "+4911234", "+49171234567", "+4690510"] {
            check(text, "unknown");
        }
    }

    #[test]
    fn the_country_code_tells_the_country_of_a_number_without_a_plan() {
        let country = |text| country(number(text)).map(|country| country.to_string());
        assert_eq!(lookup(number("+468765000000")), None);
        assert_eq!(country("+468765000000").as_deref(), Some("SE"));
        assert_eq!(country("+999123456789"), None);
        assert_eq!(country("+16502530"), None);
    }

    #[test]
    fn a_number_is_written_as_at_home() {
        let home = |text| national(number(text));
        assert_eq!(home("+46701234567").as_deref(), Some("0701234567"));
        assert_eq!(home("+12025550173").as_deref(), Some("2025550173"));
        assert_eq!(home("+390612345678").as_deref(), Some("0612345678"));
        assert_eq!(home("+79161234567").as_deref(), Some("89161234567"));
        assert_eq!(home("+999123456789"), None);
    }

    #[test]
    fn a_phone_shows_numbers_in_its_countrys_ways() {
        let sweden = "SE".parse().unwrap();
        for text in ["+46876520085", "0046876520085", "0876520085", "08-765 200 85"] {
            assert_eq!(read_in(text, sweden), Some(number("+46876520085")), "{text}");
        }
        let america = "us".parse().unwrap();
        assert_eq!(read_in("01146876520085", america), Some(number("+46876520085")));
        assert_eq!(read_in("anonymous", sweden), None);
    }

    #[test]
    fn a_country_is_two_letters_with_a_plan() {
        assert_eq!("se".parse::<Country>().unwrap().as_str(), "SE");
        for text in ["", "S", "SWE", "001", "ZZ", "ÅÄ", "4€"] {
            assert_eq!(text.parse::<Country>(), Err(CountryError), "{text}");
        }
    }
}
