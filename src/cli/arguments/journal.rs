//! The arguments of `journal …`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

/// `journal …`
#[derive(Debug, Subcommand)]
pub enum Journal {
    /// Count what it holds
    Stat(JournalFile),
    /// Check each page and each record, and change nothing
    Verify(JournalFile),
    /// Give the room that is not used back to the system
    Compact(JournalFile),
}

/// Which journal.
#[derive(Args, Debug)]
pub struct JournalFile {
    /// The configuration that names it
    #[arg(long, value_name = "FILE", default_value = super::CONFIG, conflicts_with = "path")]
    config: PathBuf,
    /// The file itself, instead of a configuration
    #[arg(long, value_name = "FILE")]
    path: Option<PathBuf>,
}

/// What names a journal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Named<'a> {
    /// A configuration does.
    Config(&'a Path),
    /// This is its file.
    Path(&'a Path),
}

impl JournalFile {
    /// What was said.
    pub fn named(&self) -> Named<'_> {
        self.path.as_deref().map_or(Named::Config(&self.config), Named::Path)
    }
}
