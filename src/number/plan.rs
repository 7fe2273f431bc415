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

/// Looks a number up. Takes about a microsecond, the first number of a country some milliseconds
/// more.
///
/// # Errors
///
/// When no plan has such a number, or has it under another spelling.
pub fn lookup(number: E164) -> Result<Assignment, LookupError> {
    if is_without_country(number) {
        return Ok(Assignment { country: None, kind: Kind::Satellite });
    }
    let known = known(number)?;
    let country = known.get_region_code().and_then(Country::of_region);
    let kind = kind(known.get_type()).ok_or(LookupError::NoPlan)?;
    Ok(Assignment { country, kind })
}

/// Whether the plans read these digits as they stand, even if they do not have the number.
///
/// # Errors
///
/// When they read another number, for example because a trunk prefix stands behind the country code.
pub fn check_spelling(number: E164) -> Result<(), SpellingError> {
    parsed(number).map_or(Ok(()), |read| spelled(number, &read))
}

/// The country that a number would belong to, even if the plans do not have it: an operator knows
/// better than a table which numbers are his. `None` for codes that several countries share.
pub fn country(number: E164) -> Option<Country> {
    parsed(number)?.get_region_code().and_then(Country::of_region)
}

/// The digits that are dialled inside the number's own country, trunk prefix included:
/// `0701234567`. `None` when no plan has such a number.
pub fn national(number: E164) -> Option<String> {
    let written = known(number).ok()?.format_as(PhoneNumberFormat::National).into_owned();
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
fn known(number: E164) -> Result<PhoneNumber, LookupError> {
    let read = parsed(number).filter(PhoneNumber::is_valid).ok_or(LookupError::NoPlan)?;
    spelled(number, &read)?;
    Ok(read)
}

/// Reading skips a trunk prefix behind the country code and mends old spellings, so what was read may
/// be another number than what was written.
fn spelled(number: E164, read: &PhoneNumber) -> Result<(), SpellingError> {
    let meant = read.format_as(PhoneNumberFormat::E164);
    if E164::parse(&meant) == Ok(number) {
        return Ok(());
    }
    let code = read.country_code.to_string();
    let behind = |digits| str::strip_prefix(digits, &code);
    let written = number.reveal();
    let extra = behind(written.as_str())
        .zip(meant.strip_prefix('+').and_then(behind))
        .and_then(|(written, meant)| written.strip_suffix(meant));
    Err(SpellingError { code: read.country_code, extra: extra.map_or(0, str::len) })
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

/// Why the plans do not have a number.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LookupError {
    /// None has it in any spelling.
    #[error("no numbering plan has this number, check its country code and length")]
    NoPlan,
    /// Not in this spelling.
    #[error(transparent)]
    Spelling(#[from] SpellingError),
}

/// The plans read a number as another one than was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SpellingError {
    /// The country code.
    code: i32,
    /// How many digits too many stand behind it; 0: the difference is another one.
    extra: usize,
}

impl fmt::Display for SpellingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, extra } = self;
        match extra {
            0 => write!(
                f,
                "the numbering plan of +{code} writes this number in another way, write it as it \
                 is dialled from abroad"
            ),
            1 => write!(
                f,
                "the first digit behind +{code} is only dialled inside the country, leave it out"
            ),
            _ => write!(
                f,
                "the first {extra} digits behind +{code} are only dialled inside the country, \
                 leave them out"
            ),
        }
    }
}

impl std::error::Error for SpellingError {}

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
pub(crate) mod testing;
#[cfg(test)]
mod tests;
