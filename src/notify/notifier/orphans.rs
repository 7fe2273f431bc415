//! Messages for endpoints that are not in the configuration any more: counted once after the start, named
//! in the log, and counted off as they are deleted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tracing::warn;

use super::super::figures::CALLBACKS;
use super::super::message::{Endpoint, Message, MessageId};
use super::super::outbox::{Of, Outbox, OutboxError};
use super::super::settings::Settings;

/// Messages for nobody who is configured, by the name of the endpoint; none: for callback URLs.
pub(super) struct Orphans(watch::Sender<Counts>);

/// What was found so far.
#[derive(Debug)]
struct Counts {
    of: BTreeMap<Option<Arc<str>>, Count>,
    /// Where the walk has not been yet: nothing from there on was counted.
    unseen: MessageId,
}

/// Messages for one endpoint.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Count {
    pub(super) waiting: u64,
    pub(super) dead: u64,
}

/// Who is in the configuration.
struct Known {
    names: Vec<Arc<str>>,
    has_callbacks: bool,
}

impl Orphans {
    /// Begins to count. Whoever they are for, each message is read once.
    pub(super) fn count(settings: &Settings, outbox: Arc<dyn Outbox>) -> Arc<Self> {
        let names = settings.endpoints.iter().map(|endpoint| endpoint.name.clone()).collect();
        let known = Known { names, has_callbacks: settings.callbacks.is_some() };
        let orphans = Arc::new(Self(watch::Sender::new(Counts {
            of: BTreeMap::new(),
            unseen: MessageId(0),
        })));
        tokio::spawn(walk(known, outbox, orphans.clone()));
        orphans
    }

    /// These were deleted.
    pub(super) fn forget(&self, messages: &[Message]) {
        self.0.send_modify(|counts| {
            for message in messages.iter().filter(|message| message.id < counts.unseen) {
                if let Some(count) = counts.of.get_mut(&name_of(message)) {
                    let one = count.of(message);
                    *one = one.saturating_sub(1);
                }
            }
            counts.of.retain(|_, count| count.waiting + count.dead > 0);
        });
    }

    /// How many there are.
    pub(super) fn total(&self) -> u64 {
        self.0.borrow().of.values().map(|count| count.waiting + count.dead).sum()
    }

    /// How many there are for each.
    pub(super) fn all(&self) -> Vec<(Endpoint, Count)> {
        let endpoint = |name: &Option<Arc<str>>| match name {
            Some(name) => Endpoint::Named(name.clone()),
            None => Endpoint::Url("".into()),
        };
        self.0.borrow().of.iter().map(|(name, count)| (endpoint(name), *count)).collect()
    }
}

impl Count {
    /// The one that counts a message like this.
    fn of(&mut self, message: &Message) -> &mut u64 {
        match message.next {
            Some(_) => &mut self.waiting,
            None => &mut self.dead,
        }
    }
}

impl Known {
    fn has(&self, endpoint: &Endpoint) -> bool {
        match endpoint {
            Endpoint::Named(name) => self.names.contains(name),
            Endpoint::Url(_) => self.has_callbacks,
        }
    }
}

async fn walk(known: Known, outbox: Arc<dyn Outbox>, orphans: Arc<Orphans>) {
    let mut next = Some(MessageId(0));
    while let Some(from) = next {
        let outbox = outbox.clone();
        let page = tokio::task::spawn_blocking(move || outbox.rows(&Of::All, from, PAGE));
        match page.await {
            Ok(Ok(found)) => {
                next = found.next;
                orphans.0.send_modify(|counts| {
                    for message in found.messages.iter().filter(|it| !known.has(&it.endpoint)) {
                        *counts.of.entry(name_of(message)).or_default().of(message) += 1;
                    }
                    counts.unseen = next.unwrap_or(MessageId(u128::MAX));
                });
            }
            Ok(Err(OutboxError)) => sleep(AGAIN).await,
            // The runtime goes down.
            Err(_) => return,
        }
    }
    for (name, Count { waiting, dead }) in &orphans.0.borrow().of {
        let endpoint = name.as_deref().unwrap_or(CALLBACKS);
        warn!(
            endpoint,
            waiting, dead, "webhook messages are for an endpoint that is not in the configuration"
        );
    }
}

fn name_of(message: &Message) -> Option<Arc<str>> {
    match &message.endpoint {
        Endpoint::Named(name) => Some(name.clone()),
        Endpoint::Url(_) => None,
    }
}

/// Messages that are read at once.
const PAGE: usize = 256;
/// A disk that does not work is asked again after this.
const AGAIN: Duration = Duration::from_secs(1);
