//! The files of the repository, and the rule that none of them knows a machine.

use std::fs;
use std::path::Path;

/// What git does not track and no rule concerns.
const SKIPPED: &[&str] = &[".git", "target"];

/// Places that exist on many machines, so that naming one says nothing about ours.
const COMMON: &[&str] =
    &["/", "/build", "/builds", "/home", "/opt", "/root", "/src", "/srv", "/tmp"];

/// Text files whose path in the repository is `wanted`, with their text, in order.
pub(crate) fn read(wanted: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let mut found = vec![];
    let mut open = vec![root().to_path_buf()];
    while let Some(directory) = open.pop() {
        let entries = fs::read_dir(&directory).expect("the repository can be read");
        for path in entries.map(|entry| entry.expect("an entry can be read").path()) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // A second work tree has a file of this name.
            if SKIPPED.contains(&name) {
                continue;
            }
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let inside = path.strip_prefix(root()).ok().and_then(Path::to_str).unwrap_or_default();
            // What is not UTF-8 is no text, and a socket is no file.
            if let (true, true, Ok(text)) =
                (wanted(inside), path.is_file(), fs::read_to_string(&path))
            {
                found.push((inside.to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// There is a file or a directory at this path of the repository.
pub(crate) fn exists(path: &str) -> bool {
    root().join(path).exists()
}

/// Where this checkout and its neighbours are, and everybody's home: no file may name these.
pub(crate) fn private_places() -> Vec<String> {
    let parents = root().ancestors().filter_map(Path::to_str);
    let here = parents.take(2).filter(|place| !COMMON.contains(place)).map(|p| format!("{p}/"));
    let homes = ["home", "root", "Users"].map(|home| format!("/{home}/"));
    here.chain(homes).collect()
}

/// Lines of the file that name one of `places`.
pub(crate) fn machine(path: &str, text: &str, places: &[String]) -> Vec<String> {
    let mut errors = vec![];
    for (n, line) in text.lines().enumerate() {
        for place in places.iter().filter(|place| names(line, place)) {
            errors.push(format!("{path}:{}: names {place}…, a path of one machine", n + 1));
        }
    }
    errors
}

/// The line holds `place` as the beginning of a path, with something after it.
fn names(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back().unwrap_or(' ');
        let after = line[at + place.len()..].chars().next().unwrap_or(' ');
        !before.is_alphanumeric() && !"._/-~".contains(before) && after.is_alphanumeric()
    })
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_one_machine_are_found() {
        let places = ["/some/where/".to_owned(), format!("/{}/", "home")];
        let text = format!("a\nb ../some/where/c\nd (/some/where/e)\n/{}/me", "home");
        assert_eq!(
            machine("x.md", &text, &places),
            [
                "x.md:3: names /some/where/…, a path of one machine".to_owned(),
                format!("x.md:4: names /{}/…, a path of one machine", "home")
            ]
        );
    }

    #[test]
    fn the_walk_sees_hidden_files_and_skips_what_was_built() {
        let paths: Vec<String> = read(|_| true).into_iter().map(|(path, _)| path).collect();
        assert!(paths.contains(&".ci/run".to_owned()) && paths.contains(&"Cargo.lock".to_owned()));
        assert!(!paths.iter().any(|path| path.starts_with("target/") || path.starts_with(".git/")));
    }
}
