//! What is wrong with a configuration: every problem of one run, each with its place, what was
//! found and what would be accepted. And what is not wrong, but hardly meant.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where something stands in the configuration.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// The file, as it was named.
    pub file: Arc<Path>,
    /// The line, from 1; none when there are no lines.
    pub line: Option<usize>,
    /// The dotted key, or nothing when it is the file as a whole.
    pub key: String,
}

impl fmt::Display for Place {
    /// `ringproof.toml:7`: the key is part of what is said of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
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

impl Problem {
    /// What it says beside its place.
    pub fn message(&self) -> String {
        let Self { place: Place { key, .. }, found, accepted } = self;
        match &**key {
            "" => format!("the file is {found}, must be {accepted}"),
            key => format!("`{key}` is {found}, must be {accepted}"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message())
    }
}

/// One thing that works, and that hardly anybody means.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Caution {
    /// Where.
    pub place: Place,
    /// What is odd about it.
    pub message: String,
}

impl fmt::Display for Caution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
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
