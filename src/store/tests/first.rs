//! How a journal's file comes to be, and whose it is.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::{SETTINGS, now};
use crate::store::disk::FileDisk;
use crate::store::{OpenError, Opened};

fn folder(name: &str) -> io::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("ringproof-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

#[test]
fn a_second_process_is_refused_and_a_half_made_file_is_not_taken() -> io::Result<()> {
    let folder = folder("half")?;
    let path = folder.join("journal");
    fs::write(folder.join("journal.new"), "half")?;
    let opened = Opened::open(&path, SETTINGS, now()).unwrap();
    assert!(opened.report().is_new);
    assert!(matches!(Opened::open(&path, SETTINGS, now()), Err(OpenError::InUse)));
    drop(opened);
    assert!(!Opened::open(&path, SETTINGS, now()).unwrap().report().is_new);
    fs::write(&path, "")?;
    assert!(matches!(Opened::open(&path, SETTINGS, now()), Err(OpenError::Foreign)));
    fs::remove_dir_all(&folder)
}

/// Of two first starts at once one makes the file: the other must not put its own there.
#[test]
fn a_file_that_another_process_is_making_is_not_replaced() -> io::Result<()> {
    let folder = folder("first")?;
    let (path, beside) = (folder.join("journal"), folder.join("journal.new"));
    let made = FileDisk::open(&beside, true)?;
    assert!(matches!(Opened::open(&path, SETTINGS, now()), Err(OpenError::InUse)));
    assert!(fs::exists(&beside)? && !fs::exists(&path)?);
    drop(made);
    assert!(Opened::open(&path, SETTINGS, now()).unwrap().report().is_new);
    assert!(!fs::exists(&beside)?);
    fs::remove_dir_all(&folder)
}

/// Many at once, as threads: each open of a file has a lock of its own.
#[test]
fn of_many_first_starts_at_once_one_has_the_journal() -> io::Result<()> {
    let folder = folder("many")?;
    for round in 0..20 {
        let path = folder.join(format!("journal-{round}"));
        let open = || Opened::open(&path, SETTINGS, now());
        let opened: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
            starts.into_iter().map(|start| start.join().expect("it does not panic")).collect()
        });
        let good: Vec<_> = opened.iter().filter_map(|opened| opened.as_ref().ok()).collect();
        let refused = opened.iter().filter(|opened| matches!(opened, Err(OpenError::InUse)));
        assert_eq!((good.len() <= 1, good.len() + refused.count()), (true, 4), "{opened:?}");
        drop(opened);
    }
    fs::remove_dir_all(&folder)
}
