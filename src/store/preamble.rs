//! The first block of the file, which is ours; the engine's own file begins behind it.
//!
//! ```text
//!   0  magic (16)  format (4)  0 (4)  check (8)   written once
//! 512  commits (8)  check (8)                     written after each commit, before it is told
//! ```
//!
//! The format comes first, so that a newer release's file is refused before anything else of it is
//! read. The number of commits is a witness: an engine that finds one commit damaged goes back to the
//! one before it, as it must when that commit was never finished. Only somebody who was told of the
//! commit knows the difference.

use std::hash::Hasher;
use std::io;

use siphasher::sip::SipHasher24;

use super::disk::Disk;

/// Bytes before the engine's file.
pub(super) const PREAMBLE_BYTES: u64 = 4_096;
/// The format of the whole file: which tables there are, what their keys mean, and which versions of
/// records may be in it.
pub(super) const FORMAT: u32 = 1;

/// What the first block says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Preamble {
    /// It is not one of ours, or is damaged.
    Foreign,
    /// A newer release wrote it.
    Newer { found: u32 },
    /// It is ours. The number of commits that were told of; `None` when that is damaged.
    Ours { commits: Option<u64> },
}

impl Preamble {
    /// Reads the first block.
    pub(super) fn read(disk: &dyn Disk) -> io::Result<Self> {
        if disk.len()? <= PREAMBLE_BYTES {
            return Ok(Self::Foreign);
        }
        let mut head = [0; HEAD_BYTES];
        disk.read(0, &mut head)?;
        let format = u32::from_be_bytes([head[16], head[17], head[18], head[19]]);
        if !head.starts_with(MAGIC) || head != head_of(format) {
            return Ok(Self::Foreign);
        }
        if format > FORMAT {
            return Ok(Self::Newer { found: format });
        }
        let mut witness = [0; 16];
        disk.read(WITNESS_PLACE, &mut witness)?;
        let commits = u64::from_be_bytes(std::array::from_fn(|place| witness[place]));
        let commits = (witness == witness_of(commits)).then_some(commits);
        Ok(Self::Ours { commits })
    }

    /// Writes the first block of a new file.
    pub(super) fn create(disk: &dyn Disk) -> io::Result<()> {
        disk.set_len(PREAMBLE_BYTES)?;
        disk.write(0, &head_of(FORMAT))?;
        Self::witness(disk, 0)
    }

    /// Says that so many commits were told of. Safe from a loss of power with the next commit.
    pub(super) fn witness(disk: &dyn Disk, commits: u64) -> io::Result<()> {
        disk.write(WITNESS_PLACE, &witness_of(commits))
    }
}

/// The part that is written once, for a format.
pub(super) fn head_of(format: u32) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[..16].copy_from_slice(MAGIC);
    head[16..20].copy_from_slice(&format.to_be_bytes());
    let check = check(&head[..24]);
    head[24..].copy_from_slice(&check);
    head
}

fn witness_of(commits: u64) -> [u8; 16] {
    let mut witness = [0; 16];
    witness[..8].copy_from_slice(&commits.to_be_bytes());
    let check = check(&witness[..8]);
    witness[8..].copy_from_slice(&check);
    witness
}

/// A checksum: the key is no secret.
fn check(bytes: &[u8]) -> [u8; 8] {
    let mut hasher = SipHasher24::new();
    hasher.write(bytes);
    hasher.finish().to_be_bytes()
}

const MAGIC: &[u8; 16] = b"ringproof/store\n";
const HEAD_BYTES: usize = 32;
/// A sector of its own: a write that is torn takes nothing else with it.
const WITNESS_PLACE: u64 = 512;
