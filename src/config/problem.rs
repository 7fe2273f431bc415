//! What is wrong with a configuration: every problem of one run, each with its place, what was
//! found and what would be accepted.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where something stands in the configuration.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// The file, as it was named.
    pub file: Arc<Path>,
    /// The line, from 1.
    pub line: usize,
    /// The dotted key, or nothing when it is the file as a whole.
    pub key: String,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What was found there.
    pub found: String,
    /// What would be accepted.
    pub accepted: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place: Place { file, line, key }, found, accepted } = self;
        let file = file.display();
        match &**key {
            "" => write!(f, "{file}:{line}: the file is {found}, must be {accepted}"),
            key => write!(f, "{file}:{line}: `{key}` is {found}, must be {accepted}"),
        }
    }
}

/// Everything that is wrong with a configuration, file by file, in the order of the lines. Never empty.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems, at least one.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// `value` when nothing is wrong with it. Problems of the file `main` come first.
    pub(super) fn or<T>(main: &Path, mut found: Vec<Problem>, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if found.is_empty() => Ok(value),
            Some(_) | None => {
                debug_assert!(!found.is_empty(), "a missing value must say why");
                found.sort();
                found.sort_by_key(|problem| *problem.place.file != *main);
                found.dedup();
                Err(Self(found))
            }
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}
