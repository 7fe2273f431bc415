//! Files that are moved, and folders that nobody may write.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};

use super::*;

#[test]
fn a_file_that_is_moved_or_replaced_is_not_there() {
    let place = std::env::temp_dir().join(format!("ringproof-found-{}", std::process::id()));
    fs::create_dir_all(&place).unwrap();
    let (path, moved) = (place.join("journal"), place.join("moved"));
    fs::write(&path, "").unwrap();
    let found = Found::at(path.clone());
    assert!(found.is_there());
    fs::rename(&path, &moved).unwrap();
    assert!(found.was_there(), "nobody has looked");
    assert!(!found.is_there());
    assert!(!found.was_there());
    fs::write(&path, "another").unwrap();
    assert!(!found.is_there());
    fs::rename(&moved, &path).unwrap();
    assert!(found.is_there());
    fs::remove_dir_all(place).unwrap();
}

#[test]
fn a_journal_needs_a_folder_that_is_there_and_can_be_written() {
    let place = std::env::temp_dir().join(format!("ringproof-files-{}", std::process::id()));
    fs::create_dir_all(&place).unwrap();
    let journal = place.join("journal");
    assert_eq!(unwritable(&journal), None);
    assert!(!journal.exists(), "it only looks");
    assert_eq!(unwritable(&place), Some("which is no file"));
    assert_eq!(unwritable(&journal.join("in")), Some("in a folder that does not exist"));
    // Who may do everything may also write here.
    let only_owner = |reason| (place.metadata().unwrap().uid() != 0).then_some(reason);
    let strips_of = |path: &Path| unkept(path).map(|(_, reason)| reason);
    assert_eq!(strips_of(&journal), None, "there is no journal yet");
    fs::set_permissions(&place, Permissions::from_mode(0o500)).unwrap();
    let locked = only_owner("in a folder that this user may not write");
    assert_eq!(unwritable(&journal), locked);
    fs::set_permissions(&place, Permissions::from_mode(0o700)).unwrap();
    fs::write(&journal, "").unwrap();
    assert_eq!((unwritable(&journal), strips_of(&journal)), (None, None));
    fs::create_dir(place.join("journal.calls")).unwrap();
    assert_eq!(strips_of(&journal), Some("which is no file"));
    fs::remove_dir(place.join("journal.calls")).unwrap();
    fs::set_permissions(&place, Permissions::from_mode(0o500)).unwrap();
    let locked = only_owner("in a folder that this user may not write");
    assert_eq!(strips_of(&journal), locked);
    fs::set_permissions(&place, Permissions::from_mode(0o700)).unwrap();
    fs::write(place.join("journal.calls"), "").unwrap();
    assert_eq!(strips_of(&journal), None);
    // Who may do everything may also give it away.
    if chown(place.join("journal.calls"), Some(1), None).is_ok() {
        assert_eq!(strips_of(&journal), Some(ANOTHER_OWNER));
    }
    fs::set_permissions(&journal, Permissions::from_mode(0o400)).unwrap();
    let locked = only_owner("a file that this user may not read and write");
    assert_eq!(unwritable(&journal), locked);
    fs::remove_file(&journal).unwrap();
    assert_eq!(unwritable(&journal.join("in")), Some("in a folder that does not exist"));
    fs::remove_dir_all(place).unwrap();
}
