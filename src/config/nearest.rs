//! Which known word somebody meant who wrote an unknown one.

/// The known word that needs the fewest changes, if it needs few.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let changes_max = 1 + word.chars().count() / 4;
    known
        .iter()
        .map(|candidate| (changes(word, candidate), *candidate))
        .filter(|(changes, _)| *changes <= changes_max)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, remove or replace (Levenshtein's distance).
fn changes(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = index;
        row[0] = index + 1;
        for column in 1..row.len() {
            let replaced = diagonal + usize::from(letter != other[column - 1]);
            diagonal = row[column];
            row[column] = replaced.min(diagonal + 1).min(row[column - 1] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_is_close_to_what_was_meant_and_nonsense_is_not() {
        let known = ["attempts", "calls", "expires_in", "expires_max"];
        assert_eq!(nearest("atempts", &known), Some("attempts"));
        assert_eq!(nearest("expire_in", &known), Some("expires_in"));
        assert_eq!(nearest("call", &known), Some("calls"));
        assert_eq!(nearest("banana", &known), None);
    }
}
