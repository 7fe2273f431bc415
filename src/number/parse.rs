//! Reading a number that a client wrote.
//!
//! Accepted: `+`, the country code and the rest, in ASCII digits; between them spaces, `-`, `.` and
//! `/`, and pairs of parentheses around digits. Nothing is guessed: without `+` the country is
//! unknown, and `(0)` may or may not belong to the number. The numbering plans refuse digits that they
//! would read as another number ([`check_spelling`](super::plan::check_spelling)). One phone so has
//! one spelling inside, whatever a client writes, and limits count all of them together.

use super::{E164, E164Error};

/// Reads a number.
///
/// # Errors
///
/// Says what was found and what would be accepted.
pub fn parse(text: &str) -> Result<E164, NumberError> {
    let text = text.trim_matches(' ');
    let Some(rest) = text.strip_prefix('+') else {
        return Err(without_plus(text));
    };
    let mut plain = String::from("+");
    let mut open = None;
    for found in rest.chars() {
        match (found, open) {
            ('0'..='9', _) => plain.push(found),
            (' ' | '-' | '.' | '/', _) => {}
            ('(', None) => open = Some(plain.len()),
            (')', Some(start)) => {
                check_group(&plain[start..])?;
                open = None;
            }
            (_, _) => return Err(NumberError::Sign { found }),
        }
    }
    if open.is_some() {
        return Err(NumberError::Sign { found: '(' });
    }
    Ok(E164::parse(&plain)?)
}

fn check_group(digits: &str) -> Result<(), NumberError> {
    match digits {
        "0" => Err(NumberError::TrunkZero),
        "" => Err(NumberError::Sign { found: ')' }),
        _ => Ok(()),
    }
}

fn without_plus(text: &str) -> NumberError {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_short = (1..=SHORT_DIGITS_MAX).contains(&digits) && digits == text.len();
    if is_short { NumberError::Short { digits } } else { NumberError::MissingPlus }
}

/// Why a text is not a number that can be called.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NumberError {
    /// The digits are no E.164 number.
    #[error(transparent)]
    E164(#[from] E164Error),
    /// The country cannot be known.
    #[error("a phone number starts with `+` and the country code, as in `+46701234567`")]
    MissingPlus,
    /// A short code or an emergency number.
    #[error(
        "a number of {digits} digits without `+` is a short code or an emergency number, which is \
         never called"
    )]
    Short {
        /// How many digits.
        digits: usize,
    },
    /// Something that is not a digit 0-9 and not a usual separator in its place.
    #[error(
        "`{}` is not accepted in a phone number here: `+`, then digits 0-9, which may be grouped \
         with spaces, `-`, `.`, `/` and ( )",
        found.escape_default()
    )]
    Sign {
        /// The first offender.
        found: char,
    },
    /// `(0)`: a trunk prefix that is not dialled from abroad, or a digit of the number.
    #[error("`(0)` is ambiguous, leave the 0 out unless it is dialled from abroad too")]
    TrunkZero,
}

/// No numbering plan has shorter subscriber numbers.
const SHORT_DIGITS_MAX: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a01_every_spelling_of_a_number_is_the_same_number() {
        for text in [
            "+46701234567",
            "+46 70-123 45 67",
            " +46 (70) 123.45.67",
            "+46/70/1234567 ",
            "+(46)701234567",
        ] {
            assert_eq!(
                parse(text),
                E164::parse("+46701234567").map_err(NumberError::from),
                "{text}"
            );
        }
    }

    #[test]
    fn h03_malformed_numbers_are_refused_with_what_was_found() {
        let sign = |found| NumberError::Sign { found };
        let length = |digits| NumberError::E164(E164Error::Length { digits });
        for (text, expected) in [
            ("", NumberError::MissingPlus),
            ("0046701234567", NumberError::MissingPlus),
            ("0701234567", NumberError::MissingPlus),
            ("tel:+46701234567", NumberError::MissingPlus),
            ("＋46701234567", NumberError::MissingPlus),
            ("112", NumberError::Short { digits: 3 }),
            ("911", NumberError::Short { digits: 3 }),
            ("118118", NumberError::Short { digits: 6 }),
            ("+112", length(3)),
            ("+46112", length(5)),
            ("+", length(0)),
            ("+1234567890123456", length(16)),
            ("+0701234567", NumberError::E164(E164Error::LeadingZero)),
            ("+46 (0)70 123 45 67", NumberError::TrunkZero),
            ("+46 ((70)) 1234567", sign('(')),
            ("+46 70) 1234567", sign(')')),
            ("+46 () 701234567", sign(')')),
            ("+46 (70 1234567", sign('(')),
            ("+46701234567;ext=1", sign(';')),
            ("+46701234567x1", sign('x')),
            ("++46701234567", sign('+')),
            ("+４６701234567", sign('４')),
            ("+٤٦701234567", sign('٤')),
            ("+46\u{200b}701234567", sign('\u{200b}')),
            ("+46701234567\n", sign('\n')),
        ] {
            assert_eq!(parse(text), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn a_refusal_shows_no_raw_control_character() {
        let refusal = parse("+4670\u{1b}[31m").unwrap_err().to_string();
        assert!(refusal.starts_with("`\\u{1b}` is not accepted"), "{refusal}");
    }
}
