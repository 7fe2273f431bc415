//! `[[webhook]]` and `[callbacks]`: who is told of what, and how far a message may go.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::address;
use super::document::Files;
use super::kind::{self, Kind, Refusal};
use super::section::Section;
use crate::notify::{
    Allowed, CALLBACKS, Callbacks, ENDPOINTS_MAX, EndpointSettings, HostPattern, Pattern, Reach,
    Secret, Settings, Trust, UrlError, check_url,
};

/// Where the files that a section names are found.
#[derive(Clone, Copy)]
struct Place<'a> {
    base: &'a Path,
    files: &'a dyn Files,
}

/// Reads both sections.
pub(super) fn read(root: &mut Section<'_>, base: &Path, files: &dyn Files) -> Settings {
    let place = Place { base, files };
    let sections = root.sections("webhook");
    root.at_most("webhook", ENDPOINTS_MAX);
    // Also of those with something else wrong: all problems are told at once.
    let mut names: Vec<Arc<str>> = Vec::new();
    let endpoints = sections.into_iter();
    let endpoints =
        endpoints.filter_map(|section| read_endpoint(section, place, &mut names)).collect();
    let callbacks = read_callbacks(root.section("callbacks"), place);
    Settings { endpoints, callbacks, trust: Trust::System }
}

fn read_endpoint(
    mut section: Section<'_>,
    place: Place<'_>,
    names: &mut Vec<Arc<str>>,
) -> Option<EndpointSettings> {
    let name = section.required("name", &kind::name());
    if let Some(twin) = name.as_ref().filter(|name| names.contains(name)) {
        section.refuse("name", &format!("\"{twin}\" for the second time"), "a name of its own");
    }
    names.extend(name.clone());
    if name.as_deref() == Some(CALLBACKS) {
        let found = format!("\"{CALLBACKS}\", as metrics call all callback URLs together");
        section.refuse("name", &found, "another name");
    }
    let url = section.required("url", &url());
    let events = section.values("events", &event()).unwrap_or_else(Pattern::finals);
    if section.has("events") && !section.has_items("events") {
        section.refuse("events", "empty", &format!("a list, each {}", event().accepted));
    }
    let reach = read_reach(&mut section, place, 8, true);
    match url.as_ref().map(|url| reach.check(url)) {
        Some(Err(UrlError::Plain)) => {
            section.refuse("url", "`http`", "`https`, unless `allow_http` is true");
        }
        Some(Err(UrlError::NotPublic)) => {
            let accepted = "a public one, unless `allow_private` has it";
            section.refuse("url", "at an address that is not public", accepted);
        }
        // What else is wrong with one keeps it from being read.
        Some(Ok(()) | Err(_)) | None => {}
    }
    section.finish();
    let is_signed = !reach.secrets.is_empty();
    Some(EndpointSettings { name: name?, url: url?, events, reach }).filter(|_| is_signed)
}

fn read_callbacks(mut section: Section<'_>, place: Place<'_>) -> Option<Callbacks> {
    let is_enabled = section.or("enabled", &kind::flag(), false);
    let hosts = section.values("hosts", &host()).unwrap_or_default();
    let reach = read_reach(&mut section, place, 4, is_enabled);
    section.finish();
    (is_enabled && !reach.secrets.is_empty()).then_some(Callbacks { hosts, reach })
}

/// The keys that both have; without a secret when something is wrong with it.
fn read_reach(
    section: &mut Section<'_>,
    place: Place<'_>,
    concurrency: usize,
    is_needed: bool,
) -> Reach {
    let secrets = read_secrets(section, place, is_needed);
    let times = Duration::from_secs(1)..=Duration::from_secs(60);
    Reach {
        secrets,
        concurrency: section.or("concurrency", &kind::whole(1..=64), concurrency),
        timeout: section.or("timeout", &kind::duration(times), Duration::from_secs(30)),
        allowed: section.or("allow_private", &allowed(), Allowed::Public),
        allow_http: section.or("allow_http", &kind::flag(), false),
    }
}

fn read_secrets(section: &mut Section<'_>, place: Place<'_>, is_needed: bool) -> Vec<Secret> {
    let own = section.optional("secret", &secret());
    let previous = section.optional("secret_previous", &secret());
    let file = section.optional("secret_file", &path(place.base));
    if previous.is_some() && previous == own {
        section.refuse("secret_previous", "the same as `secret`", "the one before, or absent");
    }
    match file {
        None if is_needed && !section.has("secret") && !section.has("secret_file") => {
            section.refuse(
                "secret",
                "missing",
                &format!("{}, or in `secret_file`", secret().accepted),
            );
            Vec::new()
        }
        None => own.into_iter().chain(previous).collect(),
        Some(file) if section.has("secret") || section.has("secret_previous") => {
            let accepted = "the only one: `secret` and `secret_previous` are its two lines";
            section.refuse("secret_file", "one of several", accepted);
            read_file(section, place, &file)
        }
        Some(file) => read_file(section, place, &file),
    }
}

/// The secrets of a file: the present one, and the previous one in a second line.
fn read_file(section: &Section<'_>, place: Place<'_>, file: &Path) -> Vec<Secret> {
    let refuse = |found: &str| {
        let found = format!("\"{}\", {found}", file.display());
        let accepted = format!("a file of one or two lines, each {}", secret().accepted);
        section.refuse("secret_file", &found, &accepted);
        Vec::new()
    };
    let text = match place.files.read(file) {
        Ok(text) => text,
        Err(error) => return refuse(&format!("which cannot be read ({error})")),
    };
    if place.files.is_open(file) {
        let path = file.display();
        let advice = "whoever reads it can sign in this gateway's name (`chmod 600`)";
        section.warn(
            "secret_file",
            format!("`secret_file` \"{path}\" may be read by others than its owner: {advice}"),
        );
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if !(1..=2).contains(&lines.len()) {
        return refuse(&format!("which has {} lines", lines.len()));
    }
    let (secrets, wrong): (Vec<_>, Vec<_>) =
        lines.iter().map(|line| line.parse::<Secret>()).partition(Result::is_ok);
    match &wrong[..] {
        [] => secrets.into_iter().flatten().collect(),
        wrong => {
            let why = wrong.iter().filter_map(|it| it.as_ref().err());
            let why: Vec<_> = why.map(ToString::to_string).collect();
            let what = match why.len() < lines.len() {
                true => "has a line that is no secret",
                false => "holds no secret",
            };
            refuse(&format!("which {what} ({})", why.join("; ")))
        }
    }
}

fn secret() -> Kind<Secret> {
    let accepted = "`whsec_` or `whsk_` and base64, as `ringproof webhook secret` prints it";
    Kind::text(accepted, |text| text.parse().map_err(because)).secret()
}

/// It may hold a key.
fn url() -> Kind<Arc<str>> {
    let accepted = "a URL such as \"https://example.com/hook\"";
    Kind::text(accepted, |text| {
        check_url(text).map_err(because)?;
        Ok(text.into())
    })
    .secret()
}

fn event() -> Kind<Pattern> {
    let accepted = "an event such as \"call.ended\", or \"verification.*\", or \"*\"";
    Kind::text(accepted, |text| text.parse().map_err(because))
}

fn host() -> Kind<HostPattern> {
    let accepted = "a host such as \"hooks.example.com\", or \"*.example.com\" for all below it";
    Kind::text(accepted, |text| HostPattern::parse(text).ok_or(Refusal::Unlike))
}

fn allowed() -> Kind<Allowed> {
    let range = address::range();
    let accepted = "true, false, or a list of ranges such as [\"10.1.0.0/16\"]";
    Kind::new(accepted, move |value| match (value.as_bool(), value.as_array()) {
        (Some(true), _) => Ok(Allowed::Everything),
        (Some(false), _) => Ok(Allowed::Public),
        (None, Some(list)) => {
            let ranges: Result<Vec<_>, _> = list.iter().map(|value| range.read(value)).collect();
            Ok(Allowed::Ranges(ranges?))
        }
        (None, None) => Err(Refusal::Unlike),
    })
}

fn path(base: &Path) -> Kind<PathBuf> {
    let base = base.to_owned();
    Kind::text("the path of a file, from the directory of this file", move |text| {
        (!text.is_empty()).then(|| base.join(text)).ok_or(Refusal::Unlike)
    })
}

fn because(why: impl std::fmt::Display) -> Refusal {
    Refusal::Because(why.to_string())
}
