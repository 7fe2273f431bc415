//! What the rooms of a daemon have told, by the words in which readers of events hear of it: so that an
//! event that comes from the disk is known for what it is, and one that nobody told is noticed.

#![expect(clippy::disallowed_types, reason = "a listener is shared, and this one has one thread")]

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ringproof::control::render;
use ringproof::notify::{Allowed, EndpointSettings, Pattern, Reach, Settings, Trust};
use ringproof::verify::TrunkNames;
use ringproof::verify::event::{Event, Listener};

use crate::broken::Broken;
use crate::machine::broken;

/// All that was told.
pub(crate) struct Notebook {
    trunks: TrunkNames,
    told: Mutex<BTreeMap<Words, Event>>,
}

/// Type and data of an event.
type Words = (String, Box<[u8]>);

impl Notebook {
    pub(crate) fn new(trunks: TrunkNames) -> Self {
        Self { trunks, told: Mutex::default() }
    }

    /// The event with this envelope.
    pub(crate) fn find(&self, envelope: &[u8]) -> Result<Event, Broken> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let found = words(envelope).and_then(|words| told.get(&words).cloned());
        found
            .ok_or_else(|| broken(format!("nobody has told {}", String::from_utf8_lossy(envelope))))
    }
}

impl Listener for Notebook {
    fn on_event(&self, event: Event) {
        if let Some(rendered) = render(&event, &self.trunks) {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            told.insert((rendered.name.to_owned(), rendered.data), event);
        }
    }
}

/// What an envelope says.
fn words(envelope: &[u8]) -> Option<Words> {
    let text = std::str::from_utf8(envelope).ok()?;
    let (name, _) = text.strip_prefix(r#"{"type":""#)?.split_once('"')?;
    let (_, data) = text.split_once(r#","data":"#)?;
    Some((name.to_owned(), data.strip_suffix('}')?.as_bytes().into()))
}

/// One receiver of webhooks, who wants final states and no more.
pub(crate) fn audience() -> Settings {
    let reach = Reach {
        secrets: vec![],
        concurrency: 1,
        timeout: Duration::from_secs(1),
        allowed: Allowed::Public,
        allow_http: false,
    };
    let events = Pattern::finals();
    let (name, url) = ("app".into(), "https://app.example/hooks".into());
    let endpoints = vec![EndpointSettings { name, url, events, reach }];
    Settings { endpoints, callbacks: None, trust: Trust::System }
}

/// Whether that receiver wants an event.
pub(crate) fn is_wanted(name: &str) -> bool {
    ["canceled", "expired", "failed", "verified"]
        .iter()
        .any(|end| name.strip_prefix("verification.") == Some(end))
}
