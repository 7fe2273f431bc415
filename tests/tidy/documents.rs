//! What documents say about the repository: links lead somewhere, commands exist, every decision is
//! listed. Deliberately absent: links to the web, which need a network.

use std::path::{Component, Path, PathBuf};

/// The targets of a Makefile.
pub(crate) fn targets(makefile: &str) -> Vec<&str> {
    let names = makefile.lines().filter_map(|line| line.split_once(':').map(|(name, _)| name));
    let is_name = |c: char| c.is_ascii_lowercase() || c == '-';
    names.filter(|name| !name.is_empty() && name.chars().all(is_name)).collect()
}

/// `make …` in code of the document, for targets that do not exist.
pub(crate) fn commands(path: &str, text: &str, targets: &[&str]) -> Vec<String> {
    let mut errors = vec![];
    for (line, code) in code_of(text) {
        let command = code.trim_start_matches(['$', ' ']);
        let Some(arguments) = command.strip_prefix("make ") else { continue };
        let words = arguments.split('#').next().unwrap_or_default().split_whitespace();
        for target in words.filter(|word| !word.contains('=')) {
            if !targets.contains(&target) {
                errors.push(format!("{path}:{line}: `make {target}` does not exist"));
            }
        }
    }
    errors
}

/// Links of the document to files that do not exist.
pub(crate) fn links(path: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut errors = vec![];
    for (line, link) in links_of(text) {
        let file = link.split('#').next().unwrap_or_default();
        if file.is_empty() || link.contains("://") || link.starts_with("mailto:") {
            continue;
        }
        let target = resolve(path, file);
        if !exists(&target) {
            errors.push(format!("{path}:{line}: links to {target}, which does not exist"));
        }
    }
    errors
}

/// Decision pages that the list of decisions does not link to.
pub(crate) fn decisions(documents: &[(String, String)]) -> Vec<String> {
    let list = format!("{DECISIONS}README.md");
    let Some((_, text)) = documents.iter().find(|(path, _)| *path == list) else {
        return vec![format!("{list}:1: is missing")];
    };
    let linked: Vec<String> = links_of(text).map(|(_, link)| resolve(&list, link)).collect();
    let pages = documents.iter().map(|(path, _)| path);
    pages
        .filter(|path| path.starts_with(DECISIONS) && **path != list && !linked.contains(path))
        .map(|path| format!("{path}:1: is not linked from {list}"))
        .collect()
}

const DECISIONS: &str = "docs/decisions/";

/// Lines inside fences, and code inside lines.
fn code_of(text: &str) -> Vec<(usize, &str)> {
    let mut found = vec![];
    let mut is_fenced = false;
    for (n, line) in text.lines().enumerate() {
        match line.trim_start().starts_with("```") {
            true => is_fenced = !is_fenced,
            false if is_fenced => found.push((n + 1, line)),
            false => found.extend(line.split('`').skip(1).step_by(2).map(|code| (n + 1, code))),
        }
    }
    found
}

/// The targets of `[text](target)`.
fn links_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().flat_map(|(n, line)| {
        let ends = line.split("](").skip(1);
        ends.filter_map(move |rest| rest.split_once(')').map(|(link, _)| (n + 1, link)))
    })
}

/// The path in the repository of a link in the document at `from`.
fn resolve(from: &str, link: &str) -> String {
    let mut path = PathBuf::new();
    for part in Path::new(from).parent().unwrap_or(Path::new("")).join(link).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            Component::Normal(part) => path.push(part),
            Component::CurDir | Component::Prefix(_) | Component::RootDir => {}
        }
    }
    path.to_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_do_not_exist_are_found() {
        let targets = targets("A ?= b\n.PHONY: x\ntest: check ## Runs\n\tmake: no\ncheck:\n");
        assert_eq!(targets, ["test", "check"]);
        let text = "make sure of\n`make test` and `make tset`\n```sh\n$ make check SEED=1 # all\nmake it\n```\n";
        assert_eq!(
            commands("a.md", text, &targets),
            ["a.md:2: `make tset` does not exist", "a.md:5: `make it` does not exist"]
        );
    }

    #[test]
    fn dead_links_are_found() {
        let text = "[a](b.md#c) [d](https://e.f)\n[g](../h.md) [i](#j)";
        assert_eq!(
            links("docs/a.md", text, |path| path == "docs/b.md"),
            ["docs/a.md:2: links to h.md, which does not exist"]
        );
    }

    #[test]
    fn unlisted_decisions_are_found() {
        let document = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let pages = [
            document("docs/decisions/README.md", "[a](a.md)"),
            document("docs/decisions/a.md", ""),
            document("docs/decisions/b.md", ""),
        ];
        let expected = "docs/decisions/b.md:1: is not linked from docs/decisions/README.md";
        assert_eq!(decisions(&pages), [expected]);
        assert_eq!(decisions(&[]).len(), 1);
    }
}
