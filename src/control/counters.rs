//! What the API did, counted. `observe` reads it and gives the numbers their metric names.
//!
//! Closed sets only: the routes are those of the API's own description, a path that is none of them
//! is counted as one route.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters that every request touches without waiting.
#[derive(Debug)]
pub struct ApiCounters {
    requests: BTreeMap<(String, String), [AtomicU64; 5]>,
    other: [AtomicU64; 5],
    shed: [AtomicU64; Shed::ALL.len()],
    connections: AtomicU64,
}

/// What was refused or dropped because a bound was reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shed {
    /// A try to accept a connection that the system did not let us: no descriptors were left.
    Accept,
    /// A request whose body was too long or too slow.
    Body,
    /// A start over its key's own rate.
    CallRate,
    /// A pause in accepting: a listener had as many connections as it may have.
    Connections,
    /// A connection that would not read its reply, but that of a reader of events.
    DeafClient,
    /// A reader of the event stream that fell too far behind, or read nothing.
    EventReader,
    /// A further reader of the event stream.
    EventReaders,
    /// A request whose head was too long or too slow.
    Head,
    /// A reply that was forgotten before its time, for newer ones.
    KeptReply,
    /// A message to a webhook that was asked for, while as many as may waited to leave.
    Retry,
    /// A scan of a table, while others ran.
    Scan,
    /// A call that its shard's queue had no room for.
    ShardQueue,
    /// A repeated request that had waited long enough for the first one.
    Twin,
    /// A wrong token over its address's limit.
    WrongToken,
}

impl Shed {
    /// Every reason, in the order of the declaration.
    pub const ALL: [Self; 14] = [
        Self::Accept,
        Self::Body,
        Self::CallRate,
        Self::Connections,
        Self::DeafClient,
        Self::EventReader,
        Self::EventReaders,
        Self::Head,
        Self::KeptReply,
        Self::Retry,
        Self::Scan,
        Self::ShardQueue,
        Self::Twin,
        Self::WrongToken,
    ];

    /// The label of the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Body => "body",
            Self::CallRate => "call_rate",
            Self::Connections => "connections",
            Self::DeafClient => "deaf_client",
            Self::EventReader => "event_reader",
            Self::EventReaders => "event_readers",
            Self::Head => "head",
            Self::KeptReply => "kept_reply",
            Self::Retry => "retry",
            Self::Scan => "scan",
            Self::ShardQueue => "shard_queue",
            Self::Twin => "twin",
            Self::WrongToken => "wrong_token",
        }
    }
}

/// Requests of one kind since the start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RequestCount<'a> {
    /// The method; `other` where the path is unknown.
    pub method: &'a str,
    /// The path with its holes, `/v1/calls/{id}`; `other` where it is unknown.
    pub route: &'a str,
    /// The class of the status: `2xx`.
    pub class: &'static str,
    /// How many.
    pub count: u64,
}

impl ApiCounters {
    /// Counters for `routes`: methods and paths.
    pub fn new(routes: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            requests: routes.into_iter().map(|route| (route, Default::default())).collect(),
            other: Default::default(),
            shed: Default::default(),
            connections: AtomicU64::new(0),
        }
    }

    /// Counts one request. `route` is the path with its holes. HEAD is answered as the GET that it
    /// stands for (RFC 9110 §9.3.2), and counted so.
    pub(super) fn on_request(&self, method: &str, route: Option<&str>, status: u16) {
        let method = if method == "HEAD" { "GET" } else { method };
        // A borrowed pair cannot look up an owned one; fifteen routes are quickly searched.
        let known = route.and_then(|route| {
            self.requests.iter().find(|((m, r), _)| m == method && r == route).map(|(_, c)| c)
        });
        let class = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
        known.unwrap_or(&self.other)[class].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts what a bound refused.
    pub(super) fn on_shed(&self, shed: Shed) {
        self.shed[shed as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a connection as open for as long as what is returned lives.
    pub(super) fn on_connection(self: &Arc<Self>) -> OpenConnection {
        self.connections.fetch_add(1, Ordering::Relaxed);
        OpenConnection(Arc::clone(self))
    }

    /// Connections that are open, on every listener.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Every kind of request there can be, also those that nobody made; and what was answered all the
    /// same.
    pub fn requests(&self) -> impl Iterator<Item = RequestCount<'_>> {
        let known = self.requests.iter().map(|((m, r), counts)| (m.as_str(), r.as_str(), counts));
        known.chain([("other", "other", &self.other)]).flat_map(|(method, route, counts)| {
            let counts = CLASSES.into_iter().zip(counts);
            let counts = counts.map(move |(class, count)| {
                let count = count.load(Ordering::Relaxed);
                RequestCount { method, route, class, count }
            });
            counts.filter(|kind| kind.count > 0 || can_be(kind.route, kind.class))
        })
    }

    /// How much each bound refused.
    pub fn shed(&self) -> impl Iterator<Item = (Shed, u64)> {
        Shed::ALL.into_iter().map(|shed| (shed, self.shed[shed as usize].load(Ordering::Relaxed)))
    }
}

/// A connection that is counted as open.
#[derive(Debug)]
pub(super) struct OpenConnection(Arc<ApiCounters>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether a route answers with a class: nothing here is provisional or redirected, what is open to
/// all refuses nobody, and what matches no route is refused.
fn can_be(route: &str, class: &str) -> bool {
    match route {
        "/healthz" | "/openapi.json" => class == "2xx",
        "/readyz" => matches!(class, "2xx" | "5xx"),
        "other" => class == "4xx",
        _ => matches!(class, "2xx" | "4xx" | "5xx"),
    }
}

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_class_and_unknown_paths_as_one() {
        let counters = ApiCounters::new([("GET".to_owned(), "/healthz".to_owned())]);
        counters.on_request("GET", Some("/healthz"), 200);
        counters.on_request("GET", Some("/healthz"), 204);
        counters.on_request("POST", Some("/healthz"), 405);
        counters.on_request("GET", None, 404);
        let seen: Vec<_> = counters
            .requests()
            .filter(|c| c.count > 0)
            .map(|c| (c.method, c.route, c.class, c.count))
            .collect();
        assert_eq!(seen, [("GET", "/healthz", "2xx", 2), ("other", "other", "4xx", 2)]);
    }

    #[test]
    fn what_cannot_be_answered_is_no_series_until_it_is() {
        let counters = ApiCounters::default();
        let kinds = |route: &str| -> Vec<&str> {
            counters.requests().filter(|kind| kind.route == route).map(|kind| kind.class).collect()
        };
        assert_eq!(kinds("/metrics"), ["2xx", "4xx", "5xx"]);
        assert_eq!((kinds("/healthz"), kinds("other")), (vec!["2xx"], vec!["4xx"]));
        counters.on_request("GET", Some("/healthz"), 500);
        assert_eq!(kinds("/healthz"), ["2xx", "5xx"]);
    }

    #[test]
    fn every_reason_has_its_own_counter() {
        let counters = ApiCounters::new([]);
        Shed::ALL.into_iter().for_each(|shed| counters.on_shed(shed));
        assert!(counters.shed().all(|(_, count)| count == 1));
    }
}
