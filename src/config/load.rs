//! From files to a checked configuration, or to everything that is wrong with them.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use super::document::{Document, Files};
use super::nearest::nearest;
use super::problem::{Place, Problem, Problems};
use super::section::{Placed, Section, Sink};
use super::{
    Config, control, country, did, journal, kind, log, missed_calls, pool, sip, trunk, verify,
    webhook,
};
use crate::trunk::{Messages, Profile};

/// Loads the configuration at `path`. Beside it, or its problems: every key that was asked for.
pub(super) fn load(path: &Path, files: &dyn Files) -> (Result<Config, Problems>, BTreeSet<String>) {
    let sink = Sink::default();
    let config = read_document(path, path.into(), None, files, &sink)
        .map(|document| read_config(&document, path, files, &sink));
    let (problems, asked) = sink.into_parts();
    (Problems::or(path, problems, config), asked)
}

fn read_config(document: &Document, path: &Path, files: &dyn Files, sink: &Sink) -> Config {
    let base = path.parent().unwrap_or(Path::new(""));
    let mut root = Section::root(document, sink);
    let control = control::read(root.section("control"), base);
    let (sip, profiles) = sip::read(root.section("sip"));
    let files_named = profiles.len();
    let documents: Vec<_> = profiles
        .into_iter()
        .filter_map(|Placed { value, place }| {
            let path = base.join(value);
            read_document(&path, path.as_path().into(), Some(place), files, sink)
        })
        .collect();
    let mut overrides = root.section("trunk").named();
    let mut trunks = read_trunks(&mut overrides, &documents, &sip, sink);
    trunks.is_complete = files_named > 0 && trunks.names.len() == files_named;
    for (name, section) in overrides.iter().filter(|_| trunks.is_complete) {
        let accepted = trunks.meant(name, |name| format!("`trunk.{name}`"));
        section.refuse_whole("an unknown trunk", &accepted);
    }
    let mut verify = verify::read(root.section("verify"));
    let missed_calls = root.section("missed_calls");
    let pools = pool::read(&mut root, &trunks, &mut verify);
    let (missed_calls, elsewhere) = missed_calls::read(missed_calls, root.has("pool"));
    verify.missed_calls = missed_calls;
    let dids = did::read(&mut root, &trunks, elsewhere, &mut verify);
    country::check_own(&root, &verify);
    let journal = journal::read(root.section("journal"), base);
    let webhooks = webhook::read(&mut root, base, files);
    let log = log::read(root.section("log"));
    let observe = log::read_observe(root.section("observe"));
    root.finish();
    verify.shards = sip.shards;
    let cautions = sink.take_cautions();
    let trunks = trunks.profiles;
    Config {
        control,
        sip,
        trunks,
        pools,
        dids,
        elsewhere,
        verify,
        journal,
        webhooks,
        log,
        observe,
        cautions,
    }
}

/// The trunks, as far as they could be read.
#[derive(Default)]
pub(super) struct Trunks {
    /// All that have a name, right or wrong otherwise.
    pub(super) names: Vec<Arc<str>>,
    /// Whether the names are all there are, so that another one is wrong.
    pub(super) is_complete: bool,
    profiles: Vec<Profile>,
}

impl Trunks {
    /// Which trunk somebody meant who wrote an unknown name.
    pub(super) fn meant(&self, name: &str, quote: impl Fn(&str) -> String) -> String {
        let names: Vec<&str> = self.names.iter().map(|name| &**name).collect();
        match nearest(name, &names) {
            Some(near) => format!("{}, if that was meant", quote(near)),
            None => kind::list_or(names.into_iter().map(quote)),
        }
    }
}

fn read_trunks<'d>(
    overrides: &mut Vec<(&'d str, Section<'d>)>,
    documents: &'d [Document],
    sip: &sip::Sip,
    sink: &'d Sink,
) -> Trunks {
    let mut trunks = Trunks::default();
    for document in documents {
        let mut section = Section::root(document, sink);
        let Some(name) = section.required("name", &kind::name()) else { continue };
        if trunks.names.contains(&name) {
            let found = format!("\"{name}\", which another profile has");
            section.refuse("name", &found, "a name of its own");
        }
        if *name == *NO_TRUNK {
            let accepted = "another name: metrics say it of calls that no trunk was found for";
            section.refuse("name", "\"none\"", accepted);
        }
        trunks.names.push(name.clone());
        if let Some(index) = overrides.iter().position(|(named, _)| *named == &*name) {
            let (_, above) = overrides.swap_remove(index);
            if above.has("name") {
                above.refuse("name", "overridden", "in the trunk's own file alone");
            }
            section = section.under(above);
        }
        let profile = trunk::read(&mut section, name, sip.shards);
        if let Some(profile) = &profile {
            check_route(&section, profile, sip);
        }
        section.finish();
        trunks.profiles.extend(profile);
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
    if let Some(Err(error)) = longest_local(profile, sip)
        .map(|local| Messages::new(profile, local, sip.user_agent.clone()))
    {
        let found = format!("no trunk that can be called ({error})");
        section.refuse_whole(&found, "shorter in `domain`, `from_domain` or `sip.user_agent`");
    }
}

/// The local address of the shard whose port has most digits.
fn longest_local(profile: &Profile, sip: &sip::Sip) -> Option<SocketAddr> {
    let mut local = sip.local(sip.shards - 1, profile.address.ip())?;
    if local.port() == 0 {
        local.set_port(u16::MAX);
    }
    Some(local)
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
            let is_missing = error.kind() == io::ErrorKind::NotFound;
            let found = match (&named, is_missing) {
                (Some(_), true) => format!("\"{}\", which does not exist", path.display()),
                (Some(_), false) => {
                    format!("\"{}\", which cannot be read ({error})", path.display())
                }
                (None, true) => "missing".to_owned(),
                (None, false) => format!("not readable ({error})"),
            };
            let place = named.unwrap_or(Place { file, line: None, key: String::new() });
            let accepted = "a text file that the daemon may read".to_owned();
            sink.push(Problem { place, found, accepted });
            return None;
        }
    };
    Document::parse(file, text).map_err(|problem| sink.push(problem)).ok()
}

/// The label of metrics where there is no trunk's name to say.
const NO_TRUNK: &str = "none";
