//! Numbers and ranges of them as the operator writes them, and those that are listed more than once.

use super::kind::{Kind, Refusal};
use crate::verify::{NumberRange, RangeError};

/// A number or a range, and how the operator wrote it.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) range: NumberRange,
    pub(super) text: String,
}

/// `+46876500123`, or `+46876500[000-999]`.
pub(super) fn number_range() -> Kind<Written> {
    let accepted = "a number such as \"+46876500123\" or a range such as \"+46876500[000-999]\"";
    Kind::text(accepted, |text| {
        let range =
            text.parse().map_err(|error: RangeError| Refusal::Because(error.to_string()))?;
        Ok(Written { range, text: text.to_owned() })
    })
}

/// Ranges with numbers that an earlier one has: the index of the later one and that of the earlier
/// one, in the order of the later ones. When a range shares numbers with several, one is named. One
/// sorting and one pass, for lists as long as a file may be.
pub(super) fn again(ranges: &[NumberRange]) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..ranges.len()).collect();
    order.sort_by_key(|index| (ranges[*index].first(), *index));
    let mut found = Vec::new();
    let mut farthest: Option<usize> = None;
    for index in order {
        if let Some(other) = farthest
            && ranges[index].first() <= ranges[other].last()
        {
            found.push((index.max(other), index.min(other)));
        }
        farthest = match farthest {
            Some(other) if ranges[other].last() >= ranges[index].last() => Some(other),
            Some(_) | None => Some(index),
        };
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], expected: &[(usize, usize)]) {
        let ranges: Vec<NumberRange> = texts.iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(again(&ranges), expected, "{texts:?}");
    }

    #[test]
    fn a_range_that_has_numbers_of_an_earlier_one_is_found() {
        check(&[], &[]);
        check(&["+46876500[000-499]", "+46876500[500-999]", "+45876500123"], &[]);
        check(&["+46876500123", "+46876500123"], &[(1, 0)]);
        check(&["+46876500123", "+46876500[000-999]"], &[(1, 0)]);
        check(&["+46876500[400-999]", "+46876500[000-400]"], &[(1, 0)]);
        // The long one reaches beyond the short ones that come between.
        let texts = ["+46876500[000-999]", "+46876500100", "+46876500200", "+46876501000"];
        check(&texts, &[(1, 0), (2, 0)]);
    }
}
