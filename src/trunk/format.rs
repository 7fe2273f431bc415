//! How a number is written for one trunk.
//!
//! Pure text on digits: what a country dials instead of its code stands in the profile, so no
//! numbering plan is searched while a call is placed.

use super::profile::NumberFormat;
use crate::number::E164;

/// Appends `number` as `format` wants it.
pub(crate) fn write_number(format: &NumberFormat, number: E164, out: &mut Vec<u8>) {
    let digits = number.reveal();
    let digits = digits.as_str();
    let (prefix, digits) = match format {
        NumberFormat::E164 => ("", digits),
        NumberFormat::InternationalPrefix(prefix) => (&**prefix, digits),
        NumberFormat::National(plan) => match digits.strip_prefix(&*plan.country_code) {
            Some(national) => (&*plan.national_prefix, national),
            None => (&*plan.international_prefix, digits),
        },
        NumberFormat::PlusE164 => ("+", digits),
    };
    out.extend_from_slice(prefix.as_bytes());
    out.extend_from_slice(digits.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::super::profile::NationalPlan;
    use super::*;

    #[test]
    fn p31_numbers_are_written_as_the_trunk_wants_them() {
        let sweden = national("46", "0", "00");
        check(&NumberFormat::PlusE164, "+46701234567", "+46701234567");
        check(&NumberFormat::E164, "+46701234567", "46701234567");
        check(&NumberFormat::InternationalPrefix("00".into()), "+46701234567", "0046701234567");
        check(&NumberFormat::InternationalPrefix("011".into()), "+46701234567", "01146701234567");
        check(&sweden, "+46701234567", "0701234567");
        check(&sweden, "+4560123456", "004560123456");
        check(&national("1", "", "011"), "+14155550100", "4155550100");
        check(&national("1", "1", "011"), "+14155550100", "14155550100");
        // Italy has no national prefix: the zero belongs to the number.
        check(&national("39", "", "00"), "+390612345678", "0612345678");
    }

    fn national(country_code: &str, national_prefix: &str, abroad: &str) -> NumberFormat {
        NumberFormat::National(NationalPlan {
            country_code: country_code.into(),
            national_prefix: national_prefix.into(),
            international_prefix: abroad.into(),
        })
    }

    #[track_caller]
    fn check(format: &NumberFormat, number: &str, expected: &str) {
        let mut out = Vec::new();
        write_number(format, E164::parse(number).unwrap(), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
