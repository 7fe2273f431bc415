//! How much memory a process holds.

use std::fs;
use std::io;

/// The resident memory of a process, in KiB. `pid` may be `self`.
pub(crate) fn resident(pid: &str) -> io::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.ok_or_else(|| io::Error::other("no VmRSS"))
}
