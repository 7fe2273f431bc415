//! The messages that the tests here read.

use std::fs;
use std::path::Path;

/// A message and its name.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) octets: Vec<u8>,
}

/// The 50 messages of RFC 4475 and the 12 of RFC 5118, in the order of their names.
pub(crate) fn torture() -> Vec<Case> {
    let mut cases = read("rfc4475");
    cases.extend(read("rfc5118").into_iter().map(|case| Case {
        // Published with bare line feeds, two of them without the empty line at the end, and with
        // lengths that count a line feed as one octet (268, in ipv6-in-sdp, counts nothing at all).
        octets: with_crlf(&case.octets),
        name: case.name,
    }));
    assert_eq!(cases.len(), 62, "import.py brings 50 and 12 messages");
    cases
}

/// The messages of a flash call, as a gateway and its trunk exchange them.
pub(crate) fn flash_call() -> Vec<Case> {
    let cases = include_str!("flash-call.txt").split("=== ").skip(1);
    cases
        .map(|case| {
            let (name, message) = case.split_once('\n').unwrap();
            Case { name: name.to_owned(), octets: message.replace('\n', "\r\n").into_bytes() }
        })
        .collect()
}

fn read(directory: &str) -> Vec<Case> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture").join(directory);
    let mut paths: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| Case { name: name(path), octets: fs::read(path).unwrap() }).collect()
}

fn with_crlf(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    let (headers, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    let body = body.replace('\n', "\r\n");
    let headers = headers.lines().map(|line| match line.split_once(": ") {
        Some(("Content-Length", _)) => format!("Content-Length: {}\r\n", body.len()),
        Some(_) | None => format!("{line}\r\n"),
    });
    (headers.collect::<String>() + "\r\n" + &body).into_bytes()
}
