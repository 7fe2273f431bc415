//! One file of the configuration: its text, its TOML, and which line an offset is on.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use super::problem::{Place, Problem};

/// Where files come from: the disk, or a test.
pub(super) trait Files {
    /// The text of the file at `path`.
    fn read(&self, path: &Path) -> io::Result<String>;

    /// Whether others than the owner of the file at `path` may read it.
    fn is_open(&self, path: &Path) -> bool;
}

/// The disk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<String> {
        let mut text = String::new();
        // A device or a pipe does not say how long it is.
        File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
        match text.len() as u64 > FILE_BYTES_MAX {
            true => Err(io::ErrorKind::FileTooLarge.into()),
            false => Ok(text),
        }
    }

    fn is_open(&self, path: &Path) -> bool {
        path.metadata().is_ok_and(|found| found.mode() & READ_BY_OTHERS != 0)
    }
}

/// A file that was read and is TOML.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) file: Arc<Path>,
    pub(super) toml: toml_edit::Document<String>,
}

impl Document {
    /// Reads the text of `file`.
    pub(super) fn parse(file: Arc<Path>, text: String) -> Result<Self, Problem> {
        match toml_edit::Document::parse(text.clone()) {
            Ok(toml) => Ok(Self { file, toml }),
            Err(error) => Err(Problem {
                place: Place { file, line: Some(line_of(&text, error.span())), key: String::new() },
                found: format!("not TOML ({})", error.message()),
                accepted: "TOML 1.0".to_owned(),
            }),
        }
    }

    /// The line that `span` starts on.
    pub(super) fn line(&self, span: Option<Range<usize>>) -> Option<usize> {
        Some(line_of(self.toml.raw(), span))
    }

    /// What the file says there, on one line and not too long.
    pub(super) fn excerpt(&self, span: Option<Range<usize>>) -> String {
        let text = span.and_then(|span| self.toml.raw().get(span)).unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.char_indices().nth(EXCERPT_CHARS_MAX) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}

fn line_of(text: &str, span: Option<Range<usize>>) -> usize {
    let start = span.map_or(0, |span| span.start.min(text.len()));
    1 + text.as_bytes()[..start].iter().filter(|octet| **octet == b'\n').count()
}

/// A configuration of more than this is a mistaken path.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// By the group, and by everybody.
const READ_BY_OTHERS: u32 = 0o044;
const EXCERPT_CHARS_MAX: usize = 60;
