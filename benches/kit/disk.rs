//! What a folder lies on, and what a process has written.

use std::fs;
use std::io;
use std::path::Path;

/// The file system of a folder and its device, as `ext4 on /dev/vda1`.
pub(crate) fn filesystem(folder: &Path) -> io::Result<String> {
    let folder = fs::canonicalize(folder)?;
    let table = fs::read_to_string("/proc/self/mountinfo")?;
    // proc_pid_mountinfo(5): the mount point is the fifth; type and device follow a lone dash.
    let mounts = table.lines().filter_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let point = mount.split(' ').nth(4)?;
        let mut kind = kind.split(' ');
        let name = format!("{} on {}", kind.next()?, kind.next()?);
        folder.starts_with(point).then_some((point.len(), name))
    });
    // A later mount on the same point hides the earlier one.
    let deepest = mounts.max_by_key(|(length, _)| *length);
    deepest.map(|(_, name)| name).ok_or_else(|| io::Error::other("no file system"))
}

/// What a process had the kernel write to disks, in bytes. `pid` may be `self`.
pub(crate) fn written(pid: &str) -> io::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/io"))?;
    let bytes = text.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    let bytes = bytes.and_then(|bytes| bytes.parse().ok());
    bytes.ok_or_else(|| io::Error::other("no write_bytes"))
}
