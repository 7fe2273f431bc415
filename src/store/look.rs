//! A journal that is looked at and not written: for those who want to know what is in a file before
//! they trust it, or why the daemon refuses it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::clock::{Reading, Stamp};
use super::disk::{Disk, FileDisk};
use super::engine::ReadError;
use super::kind::Kind;
use super::opened::{OpenError, Opened, Report, in_use};
use super::overlay::Overlay;
use super::record::Record;
use super::settings::Settings;

/// A journal that is open for reading alone. Each page in use was checked, as when it is opened to
/// be written.
pub struct Look {
    opened: Opened,
    file_bytes: u64,
}

impl Look {
    /// Looks at the journal in the file at `path`. Others may look at the same time; nobody can
    /// write it meanwhile.
    ///
    /// # Errors
    ///
    /// Why it cannot be opened, as for [`Opened::open`]; that there is no file, too.
    pub fn open(path: &Path, now: Reading) -> Result<Self, OpenError> {
        Self::on(Arc::new(FileDisk::look(path).map_err(in_use)?), now)
    }

    /// Looks at the journal on a disk.
    ///
    /// # Errors
    ///
    /// As for [`Opened::on`]; an empty disk holds none.
    pub fn on(disk: Arc<dyn Disk>, now: Reading) -> Result<Self, OpenError> {
        let file_bytes = disk.len()?;
        let disk = Arc::new(Overlay::over(disk)?);
        Ok(Self { opened: Opened::reopen(disk, Settings::default(), now)?, file_bytes })
    }

    /// What was found when it was opened.
    pub fn report(&self) -> Report {
        self.opened.report()
    }

    /// What the clocks showed at its last commit.
    pub fn last_commit(&self) -> Stamp {
        self.opened.last_commit()
    }

    /// The size of the file.
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// Shows every record of a kind, in the order of their keys, one at a time.
    ///
    /// # Errors
    ///
    /// Why they cannot be read, or one of them cannot.
    pub fn visit(&self, kind: Kind, see: impl FnMut(Record)) -> Result<(), ReadError> {
        self.opened.visit(kind, see)
    }
}

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Look").field("report", &self.report()).finish_non_exhaustive()
    }
}
