//! Processor time of processes and threads, in nanoseconds: `/proc/…/schedstat`, whose first number
//! is the time spent running. `/proc/PID/stat` counts ticks of 10 ms, too coarse for short runs.

use std::fs;
use std::io;
use std::path::Path;

/// The time that all living threads of process `pid` have run.
pub(crate) fn process_nanos(pid: u32) -> io::Result<u64> {
    let mut nanos = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end while we look.
        nanos += read(&task?.path()).unwrap_or(0);
    }
    Ok(nanos)
}

/// The time that one thread has run, given its folder in `/proc`.
pub(crate) fn read(task: &Path) -> io::Result<u64> {
    let text = fs::read_to_string(task.join("schedstat"))?;
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    nanos.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no number in schedstat"))
}
