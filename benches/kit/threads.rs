//! Processor time of the threads of a process by their names.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use crate::cpu;

/// The time that the living threads of process `pid` have run, in nanoseconds: those of one name
/// together, less the number at its end.
pub(crate) fn nanos(pid: u32) -> io::Result<BTreeMap<String, u64>> {
    let mut all = BTreeMap::new();
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let task = task?.path();
        // A thread may end while we look.
        let Ok(name) = fs::read_to_string(task.join("comm")) else { continue };
        let name = name.trim().trim_end_matches(|sign: char| sign.is_ascii_digit());
        *all.entry(name.trim_end_matches('-').to_owned()).or_default() +=
            cpu::read(&task).unwrap_or(0);
    }
    Ok(all)
}
