//! From files to a checked configuration, or to everything that is wrong with them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::document::{Document, Files};
use super::nearest::nearest;
use super::problem::{Place, Problem, Problems};
use super::section::{Placed, Section, Sink};
use super::{Config, control, kind, log, pool, sip, trunk, verify};
use crate::trunk::Profile;

/// What a run of the loader gives: a configuration or its problems, and every key it asked for.
pub(super) struct Loaded {
    pub(super) config: Result<Config, Problems>,
    #[cfg_attr(not(test), expect(dead_code, reason = "the manual is checked against it"))]
    pub(super) asked: BTreeSet<String>,
}

/// Loads the configuration at `path`.
pub(super) fn load(path: &Path, files: &dyn Files) -> Loaded {
    let sink = Sink::default();
    let config = read_document(path, path.into(), None, files, &sink)
        .map(|document| read_config(&document, path, files, &sink));
    let (problems, asked) = sink.into_parts();
    Loaded { config: Problems::or(problems, config), asked }
}

fn read_config(document: &Document, path: &Path, files: &dyn Files, sink: &Sink) -> Config {
    let base = path.parent().unwrap_or(Path::new(""));
    let mut root = Section::root(document, sink);
    let control = control::read(root.section("control"), base);
    let (sip, profiles) = sip::read(root.section("sip"));
    let documents: Vec<_> = profiles
        .into_iter()
        .filter_map(|Placed { value, place }| {
            let path = base.join(value);
            read_document(&path, path.as_path().into(), Some(place), files, sink)
        })
        .collect();
    let trunks = read_trunks(&mut root, &documents, &sip, sink);
    let mut verify = verify::read(root.section("verify"));
    let pools = pool::read(&mut root, &trunks.names, &mut verify);
    let log = log::read(root.section("log"));
    let observe = log::read_observe(root.section("observe"));
    root.finish();
    verify.shards = sip.shards;
    Config { control, sip, trunks: trunks.profiles, pools, verify, log, observe }
}

struct Trunks {
    /// All that have a name, right or wrong otherwise.
    names: Vec<Arc<str>>,
    profiles: Vec<Profile>,
}

fn read_trunks(
    root: &mut Section<'_>,
    documents: &[Document],
    sip: &sip::Sip,
    sink: &Sink,
) -> Trunks {
    let mut overrides = root.section("trunk").named();
    let mut trunks = Trunks { names: Vec::new(), profiles: Vec::new() };
    for document in documents {
        let mut section = Section::root(document, sink);
        let Some(name) = section.required("name", &kind::name()) else { continue };
        if trunks.names.contains(&name) {
            let found = format!("\"{name}\", which another profile has");
            section.refuse("name", &found, "a name of its own");
        }
        trunks.names.push(name.clone());
        if let Some(index) = overrides.iter().position(|(named, _)| *named == &*name) {
            section = section.under(overrides.swap_remove(index).1);
        }
        let profile = trunk::read(&mut section, name, sip.shards);
        if let Some(profile) = &profile {
            check_route(&section, profile, sip);
        }
        section.finish();
        trunks.profiles.extend(profile);
    }
    for (name, section) in overrides {
        let names: Vec<&str> = trunks.names.iter().map(|name| &**name).collect();
        let accepted = match nearest(name, &names) {
            Some(near) => format!("`trunk.{near}`, if that was meant"),
            None => kind::list_or(names.iter().map(|name| format!("`trunk.{name}`"))),
        };
        section.refuse_whole("an unknown trunk", &accepted);
    }
    trunks
}

/// A trunk must be reachable from here, and be somebody else.
fn check_route(section: &Section<'_>, profile: &Profile, sip: &sip::Sip) {
    let address = profile.address;
    let version = if address.is_ipv4() { "IPv4" } else { "IPv6" };
    if !sip.listen.is_empty() && sip.local(0, address.ip()).is_none() {
        let found = format!("udp:{address}, an {version} address");
        let accepted = format!("reached from an {version} address in `sip.listen`");
        section.refuse("address", &found, &accepted);
    }
    if (0..sip.shards).any(|shard| sip.local(shard, address.ip()) == Some(address)) {
        let found = format!("udp:{address}, which is in `sip.listen`");
        section.refuse("address", &found, "the address of a peer");
    }
}

/// Reads one file; `named` is where another file names it.
fn read_document(
    path: &Path,
    file: Arc<Path>,
    named: Option<Place>,
    files: &dyn Files,
    sink: &Sink,
) -> Option<Document> {
    let text = match files.read(path) {
        Ok(text) => text,
        Err(error) => {
            let found = match &named {
                Some(_) => format!("\"{}\", which cannot be read ({error})", path.display()),
                None => format!("not readable ({error})"),
            };
            let place = named.unwrap_or(Place { file, line: 1, key: String::new() });
            let accepted = "a text file that the daemon may read".to_owned();
            sink.push(Problem { place, found, accepted });
            return None;
        }
    };
    Document::parse(file, text).map_err(|problem| sink.push(problem)).ok()
}
