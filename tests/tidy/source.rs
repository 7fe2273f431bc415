//! A Rust file as words with their lines: comments, strings and characters are gone, so what is left
//! is code. Not a parser: it knows braces, `mod`, and `#[cfg(test)]`, which is all the rules need.

use std::collections::BTreeMap;

/// Lines of a file without its inline tests.
const CODE_LINES_MAX: usize = 400;
/// Lines of a file of tests.
const TEST_LINES_MAX: usize = 600;
/// Lines of an inline `mod tests`; longer ones go to `foo/tests.rs`.
const INLINE_TEST_LINES_MAX: usize = 60;

/// A file of Rust.
pub(crate) struct Source {
    /// Its path in the repository.
    pub(crate) path: String,
    /// Its words.
    pub(crate) words: Vec<Word>,
    lines: usize,
    starts_with_docs: bool,
}

/// A word of code: an identifier, `::`, or one other character.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) line: usize,
    /// Inside `#[cfg(test)] mod … { }`.
    pub(crate) is_test: bool,
    /// How many inline modules it is inside of.
    pub(crate) modules: usize,
}

impl Source {
    /// Reads the `text` of the file at `path`.
    pub(crate) fn read(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            words: place(split(&blank(text))),
            lines: text.lines().count(),
            starts_with_docs: text.starts_with("//!"),
        }
    }

    /// The whole file is test code.
    pub(crate) fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
            || self.path.ends_with("/testing.rs")
    }

    /// The words from `at` are these.
    pub(crate) fn has(&self, at: usize, texts: &[&str]) -> bool {
        let words = self.words.get(at..at + texts.len());
        words.is_some_and(|words| words.iter().zip(texts).all(|(word, text)| word.text == *text))
    }

    /// The word before `at`.
    pub(crate) fn before(&self, at: usize) -> &str {
        at.checked_sub(1).map_or("", |at| &self.words[at].text)
    }
}

/// Files are one idea each: short, and they begin by saying what they are.
pub(crate) fn shape(source: &Source) -> Vec<String> {
    let path = &source.path;
    let mut errors = vec![];
    // The tests of a module are described by the module.
    let has_parent = source.path.starts_with("src/") && source.is_test();
    if !source.starts_with_docs && !has_parent {
        errors.push(format!("{path}:1: must start with `//!`: what it is, what is absent"));
    }
    let tests: Vec<usize> = source.words.iter().filter(|w| w.is_test).map(|w| w.line).collect();
    let inline = match (tests.first(), tests.last()) {
        (Some(first), Some(last)) => last - first + 1,
        _ => 0,
    };
    let (limit, lines) = match source.is_test() {
        true => (TEST_LINES_MAX, source.lines),
        false => (CODE_LINES_MAX, source.lines - inline),
    };
    if lines > limit {
        errors.push(format!("{path}:1: {lines} lines, must be at most {limit}"));
    }
    if inline > INLINE_TEST_LINES_MAX && !source.is_test() {
        let first = tests[0];
        errors.push(format!(
            "{path}:{first}: {inline} lines of inline tests, above {INLINE_TEST_LINES_MAX} they get a file of their own"
        ));
    }
    for at in (0..source.words.len()).filter(|at| source.has(*at, &["#", "[", "path"])) {
        if !source.is_test() {
            let line = source.words[at].line;
            errors.push(format!("{path}:{line}: `#[path]` hides in which room a file is"));
        }
    }
    errors
}

/// Every use of `reveal` outside tests, against the list of those that are allowed.
pub(crate) fn reveals(sources: &[Source], allowed: &[(&str, usize)]) -> Vec<String> {
    let mut found: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for source in sources.iter().filter(|source| !source.is_test()) {
        for (at, word) in source.words.iter().enumerate() {
            if word.text == "reveal" && !word.is_test && source.before(at) != "fn" {
                found.entry(&source.path).or_default().push(word.line);
            }
        }
    }
    let mut errors = vec![];
    for (path, lines) in &found {
        let limit = allowed.iter().find(|(p, _)| p == path).map_or(0, |(_, count)| *count);
        if lines.len() > limit {
            let line = lines[lines.len() - 1];
            errors.push(format!(
                "{path}:{line}: {} uses of `reveal`, {limit} are listed in tests/tidy.rs",
                lines.len()
            ));
        }
    }
    for (path, count) in allowed {
        let used = found.get(path).map_or(0, Vec::len);
        if used < *count {
            errors.push(format!("{path}:1: {used} uses of `reveal`, tests/tidy.rs lists {count}"));
        }
    }
    errors
}

/// Tests that begin with the number of a test case have two digits, so that one search finds them.
pub(crate) fn case_numbers(source: &Source) -> Vec<String> {
    let is_case = |part: &&str| {
        let digits = part.strip_prefix(|first: char| first.is_ascii_lowercase());
        digits.is_some_and(|digits| digits.parse::<u8>().is_ok())
    };
    let is_short = |name: &str| name.split('_').take_while(is_case).any(|case| case.len() == 2);
    let after_fn = (1..source.words.len()).filter(|at| source.before(*at) == "fn");
    let names = after_fn.map(|at| &source.words[at]);
    let short = names.filter(|word| is_short(&word.text));
    short
        .map(|word| {
            let (path, line, name) = (&source.path, word.line, &word.text);
            format!("{path}:{line}: `{name}` has a case of one digit, must be `x07_`")
        })
        .collect()
}

/// The text with comments, strings and characters replaced by spaces; lines stay where they are.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = match opaque_end(&chars, at) {
            Some(end) => end.min(chars.len()),
            None => {
                out.push(chars[at]);
                at += 1;
                continue;
            }
        };
        out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    out
}

/// Where the comment, string or character that starts at `at` ends; `None` when none does.
fn opaque_end(chars: &[char], at: usize) -> Option<usize> {
    let next = chars.get(at + 1).copied().unwrap_or(' ');
    let is_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match chars[at] {
        '/' if next == '/' => Some(find(chars, at, |c| c[0] == '\n')),
        '/' if next == '*' => Some(block_comment_end(chars, at)),
        '"' => Some(string_end(chars, at + 1)),
        'r' if !is_word || chars[at - 1] == 'b' || chars[at - 1] == 'c' => {
            raw_string_end(chars, at)
        }
        '\'' if next == '\\' => Some(find(chars, at + 3, |c| c[0] == '\'') + 1),
        // A lifetime has no quote two characters on.
        '\'' if chars.get(at + 2) == Some(&'\'') => Some(at + 3),
        _ => None,
    }
}

fn block_comment_end(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < chars.len() {
        match chars[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string_end(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn raw_string_end(chars: &[char], at: usize) -> Option<usize> {
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    let open = at + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    Some(find(chars, open + 1, |c| c.starts_with(&close)) + close.len())
}

fn find(chars: &[char], from: usize, is_it: impl Fn(&[char]) -> bool) -> usize {
    (from..chars.len()).find(|at| is_it(&chars[*at..])).unwrap_or(chars.len())
}

/// The words of code without comments and strings.
fn split(code: &str) -> Vec<(String, usize)> {
    let mut words = vec![];
    for (n, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = match first {
                c if c.is_alphanumeric() || c == '_' => {
                    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
                }
                _ if rest.starts_with("::") => 2,
                c => c.len_utf8(),
            };
            words.push((rest[..length].to_owned(), n + 1));
            rest = rest[length..].trim_start();
        }
    }
    words
}

/// Adds to each word which inline modules are around it.
fn place(words: Vec<(String, usize)>) -> Vec<Word> {
    let texts: Vec<String> = words.iter().map(|(text, _)| text.clone()).collect();
    let mut open: Vec<(usize, bool)> = vec![];
    let mut depth = 0;
    let mut placed = vec![];
    for (at, (text, line)) in words.into_iter().enumerate() {
        match text.as_str() {
            "{" => {
                depth += 1;
                if at >= 2 && texts[at - 2] == "mod" {
                    let is_test = is_after_cfg_test(&texts[..at - 2]);
                    open.push((depth, is_test || open.iter().any(|(_, is_test)| *is_test)));
                }
            }
            "}" => {
                open.retain(|(inside, _)| *inside < depth);
                depth -= 1;
            }
            _ => {}
        }
        let is_test = open.iter().any(|(_, is_test)| *is_test);
        placed.push(Word { text, line, is_test, modules: open.len() });
    }
    placed
}

/// The words end in `#[cfg(test)]`, perhaps with other attributes and `pub(…)` after it.
fn is_after_cfg_test(words: &[String]) -> bool {
    let start = words.iter().rposition(|word| word == "}" || word == ";").map_or(0, |at| at + 1);
    let head = words[start..].concat();
    head.contains("#[cfg(test)]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let source = Source::read("src/a.rs", text);
        source.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_strings_and_characters_are_not_code() {
        assert_eq!(words("a // b\nc /* d /* e */ f */ g"), "a c g");
        assert_eq!(words(r#"a("b \" c") d"#), "a ( ) d");
        assert_eq!(words("x(r#\"a \" b\"#) y"), "x ( ) y");
        assert_eq!(
            words(r"m('\'', 'a', '{') fn f<'a>(b: &'a c)"),
            "m ( , , ) fn f < ' a > ( b : & ' a c )"
        );
        assert_eq!(words("for r in var {}"), "for r in var { }");
    }

    #[test]
    fn test_modules_are_known() {
        let source = Source::read("src/a.rs", "mod x { b } #[cfg(test)] mod tests { c } d");
        let of = |text| source.words.iter().find(|w| w.text == text).unwrap();
        assert!(!of("b").is_test && of("b").modules == 1);
        assert!(of("c").is_test && !of("d").is_test && of("d").modules == 0);
    }

    #[test]
    fn long_and_silent_files_are_found() {
        let errors = shape(&Source::read("src/a.rs", &"fn a() {}\n".repeat(401)));
        assert_eq!(
            errors,
            [
                "src/a.rs:1: must start with `//!`: what it is, what is absent",
                "src/a.rs:1: 401 lines, must be at most 400"
            ]
        );
        let tests = "//! A.\n#[cfg(test)]\nmod tests {\n".to_owned() + &"a();\n".repeat(70) + "}\n";
        assert_eq!(shape(&Source::read("src/a.rs", &tests)).len(), 1);
        assert_eq!(shape(&Source::read("src/a/tests.rs", &tests)).len(), 0);
        assert_eq!(shape(&Source::read("src/a.rs", "//! A.\n#[path = \"b\"]\nmod c;")).len(), 1);
    }

    #[test]
    fn case_numbers_of_one_digit_are_found() {
        let found = |code| case_numbers(&Source::read("tests/a.rs", code)).len();
        assert_eq!(found("fn p2_a() {} fn p02_s3_b() {}"), 2);
        assert_eq!(
            found("fn p02_s03_a() {} fn q850_b() {} fn a_c() {} fn the_x2_d() { p2_e() }"),
            0
        );
    }

    #[test]
    fn unlisted_reveals_are_found() {
        let code = "//! A.\nfn reveal() {}\nfn b() { c.reveal(); E164::reveal(c); }";
        let sources = [Source::read("src/a.rs", code)];
        assert_eq!(reveals(&sources, &[("src/a.rs", 2)]), [""; 0]);
        let errors = reveals(&sources, &[("src/a.rs", 1)]);
        assert_eq!(errors, ["src/a.rs:3: 2 uses of `reveal`, 1 are listed in tests/tidy.rs"]);
        assert_eq!(reveals(&sources, &[("src/a.rs", 3)]).len(), 1);
    }
}
