//! What to do about a journal that is refused: one line beneath the error, for a start as for the tools.

use crate::store::OpenError;

/// What to do about a file that cannot be opened; `None`: the error says it.
pub(super) fn on_open(error: &OpenError) -> Option<&'static str> {
    match error {
        OpenError::Damaged { .. } => Some(DAMAGED),
        OpenError::Foreign => Some(FOREIGN),
        OpenError::Newer { .. } => Some(NEWER),
        OpenError::InUse | OpenError::Io(_) => None,
    }
}

/// Parts of it are not what was written.
pub(super) const DAMAGED: &str = "hint: keep the file; find a backup that `ringproof journal verify --path COPY` calls good and \
     put it there, or move the file aside and start without one: docs/journal.md, \"A journal that is \
     refused\"";
/// It ends before the last commit.
pub(super) const LOST_COMMITS: &str = "hint: the gateway starts with what is there; find out what took the rest before it takes more: \
     docs/journal.md, \"A journal that is refused\"";
/// A later release wrote it.
pub(super) const NEWER: &str = "hint: start the release that wrote it, or put the copy of before the upgrade there: \
     docs/journal.md, \"Upgrades\"";
const FOREIGN: &str = "hint: if `journal.path` names the right file, treat it as damaged, else mend the path: \
     docs/journal.md, \"A journal that is refused\"";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_a_part_of_the_page_that_is_there() {
        let page = include_str!("../../docs/journal.md");
        let refused = [
            OpenError::Damaged { reason: "a page".into() },
            OpenError::Foreign,
            OpenError::Newer { found: 2 },
        ];
        for advice in refused.iter().map(|error| on_open(error).unwrap()).chain([LOST_COMMITS]) {
            let part = advice.split("docs/journal.md, \"").nth(1).unwrap().trim_end_matches('"');
            assert!(page.contains(&format!("\n## {part}\n")), "{part}");
        }
        assert_eq!(on_open(&OpenError::InUse), None);
    }
}
