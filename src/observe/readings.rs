//! What is read at the moment of a scrape: states that others keep, and the tallies of the shards.

use std::sync::Arc;

use prometheus::proto::MetricFamily;

use super::family::{read_counter, read_gauge};
use super::journal::{self, JournalReading, RecoveryReading, WebhookReading};
use super::process::Process;
use crate::tally::{DropReason, Farewell, InboundEnd, Shed, SipKind, Table, Tally};
use crate::time::Micros;
use crate::verify::{Census, Level, PoolState};

/// The daemon at the moment of a scrape.
#[derive(Clone, Debug, Default)]
pub struct Readings<'a> {
    /// One of each shard.
    pub tallies: &'a [Arc<Tally>],
    /// What the control API answered: one for each route and class, also those at zero.
    pub requests: Vec<RequestReading<'a>>,
    /// What rooms other than the shards turned away: a word of a closed set, and how often.
    pub shed: Vec<(&'static str, u64)>,
    /// Every pool of the configuration.
    pub pools: &'a [PoolState],
    /// The tables of the verification room.
    pub census: Census,
    /// Connections of the control API: how many are open, and how many may be.
    pub connections: (u64, u64),
    /// Events that wait to be told.
    pub events: Level,
    /// Log lines that found the queue to the writer full.
    pub log_lines_lost: u64,
    /// The journal, once there is one.
    pub journal: Option<JournalReading>,
    /// What was read back from it.
    pub recovery: Option<RecoveryReading>,
    /// Every endpoint of the configuration, and callback URLs as one more.
    pub webhooks: Vec<WebhookReading>,
    /// Messages to webhooks that were deleted before they were taken.
    pub webhooks_expired: u64,
    /// Messages to webhooks that are not in the configuration.
    pub webhooks_orphaned: u64,
    /// When the daemon started.
    pub started_at: Micros,
    /// What the operating system says.
    pub process: Process,
}

/// One kind of answer of the control API.
#[derive(Clone, Copy, Debug)]
pub struct RequestReading<'a> {
    /// The method.
    pub method: &'a str,
    /// The pattern that the path matched, `/v1/calls/{id}`: never the path itself.
    pub route: &'a str,
    /// The class of the status, `2xx`.
    pub status_class: &'static str,
    /// How many.
    pub count: u64,
}

/// One bounded table.
#[derive(Clone, Copy, Debug)]
struct TableReading {
    /// Which: a word of a closed set.
    table: &'static str,
    /// What it holds.
    entries: u64,
    /// What it may hold.
    limit: u64,
}

impl Readings<'_> {
    /// Every family that is read, in no particular order.
    pub(super) fn families(&self) -> Vec<MetricFamily> {
        let mut families = vec![
            read_gauge(
                "ringproof_build_info",
                "Always 1; the labels say what runs",
                ["version"],
                [([env!("CARGO_PKG_VERSION")], 1.0)],
            ),
            read_gauge(
                "ringproof_verifications_pending",
                "Verifications that are pending",
                [],
                [([], self.census.pending.size as f64)],
            ),
            read_gauge(
                "ringproof_verifications_ended",
                "Verifications that have ended and are not forgotten yet",
                [],
                [([], self.census.ended.size as f64)],
            ),
            read_counter(
                "ringproof_missed_calls_untold_total",
                "Calls to our numbers that nothing proves and that were not told of: too many in a second",
                [],
                [([], self.census.untold as f64)],
            ),
            read_counter(
                "ringproof_api_requests_total",
                "Answers of the control API",
                ["method", "route", "status_class"],
                self.requests.iter().map(|reading| {
                    ([reading.method, reading.route, reading.status_class], reading.count as f64)
                }),
            ),
            read_counter(
                "ringproof_log_lines_lost_total",
                "Log lines that found the queue to the writer full",
                [],
                [([], self.log_lines_lost as f64)],
            ),
            read_counter(
                "ringproof_webhook_expired_total",
                "Messages that were deleted before they were taken",
                [],
                [([], self.webhooks_expired as f64)],
            ),
            read_gauge(
                "ringproof_webhook_orphaned",
                "Messages for endpoints that are not in the configuration",
                [],
                [([], self.webhooks_orphaned as f64)],
            ),
        ];
        families.extend(self.farewells());
        families.push(self.inbound_calls());
        families.extend(self.messages());
        families.extend(self.bounds());
        families.extend(self.pool_gauges());
        families.extend(self.journal.iter().flat_map(JournalReading::families));
        families.extend(self.recovery.iter().flat_map(RecoveryReading::families));
        families.extend(journal::webhooks(&self.webhooks));
        families.extend(self.process_gauges());
        families
    }

    fn farewells(&self) -> [MetricFamily; 2] {
        let ways = Farewell::ALL.iter();
        let micros = self.sum(Tally::answered_micros);
        [
            read_counter(
                "ringproof_answered_total",
                "Phones that were picked up and let go, by what became of our BYE",
                ["bye"],
                ways.map(|how| ([how.as_str()], self.sum(|tally| tally.farewells(*how)))),
            ),
            read_counter(
                "ringproof_answered_seconds_total",
                "How long they were connected all together, from the 2xx to the answer of our BYE",
                [],
                [([], micros / 1e6)],
            ),
        ]
    }

    fn inbound_calls(&self) -> MetricFamily {
        let ends = InboundEnd::ALL.iter();
        read_counter(
            "ringproof_inbound_calls_total",
            "Calls from trunks that ended, by what their caller proved",
            ["end"],
            ends.map(|how| ([how.as_str()], self.sum(|tally| tally.inbound_ends(*how)))),
        )
    }

    fn messages(&self) -> [MetricFamily; 3] {
        let kinds = SipKind::ALL.iter().flat_map(|kind| {
            [
                (["in", kind.as_str()], self.sum(|tally| tally.received(*kind))),
                (["out", kind.as_str()], self.sum(|tally| tally.sent(*kind))),
            ]
        });
        let drops = DropReason::ALL
            .iter()
            .map(|reason| ([reason.as_str()], self.sum(|tally| tally.dropped(*reason))));
        [
            read_counter(
                "ringproof_sip_messages_total",
                "SIP messages by direction and by method or status class",
                ["direction", "kind"],
                kinds,
            ),
            read_counter(
                "ringproof_sip_retransmissions_total",
                "SIP messages that had passed before",
                ["direction"],
                [(["in"], self.sum(Tally::received_again)), (["out"], self.sum(Tally::sent_again))],
            ),
            read_counter(
                "ringproof_sip_dropped_total",
                "Datagrams that were dropped without an answer",
                ["reason"],
                drops,
            ),
        ]
    }

    fn bounds(&self) -> [MetricFamily; 3] {
        let shards = Shed::ALL.iter().map(|what| {
            let count = self.sum(|tally| tally.shed(*what));
            ([what.as_str()], count)
        });
        let verify = self.levels().into_iter().map(|(table, level)| ([table], level.shed as f64));
        let others = self.shed.iter().map(|(what, count)| ([*what], *count as f64));
        let tables = self.all_tables();
        [
            read_counter(
                "ringproof_shed_total",
                "Work that was turned away because a bound was reached",
                ["what"],
                shards.chain(verify).chain(others),
            ),
            read_gauge(
                "ringproof_table_entries",
                "Entries of each bounded table, over all shards",
                ["table"],
                tables.iter().map(|reading| ([reading.table], reading.entries as f64)),
            ),
            read_gauge(
                "ringproof_table_limit",
                "Most entries that each bounded table may hold, over all shards",
                ["table"],
                tables.iter().map(|reading| ([reading.table], reading.limit as f64)),
            ),
        ]
    }

    fn all_tables(&self) -> Vec<TableReading> {
        let shards = Table::ALL.into_iter().map(|table| TableReading {
            table: table.as_str(),
            entries: self.in_table(table, |(entries, _)| entries),
            limit: self.in_table(table, |(_, limit)| limit),
        });
        let verify = self.levels().into_iter().map(|(table, level)| TableReading {
            table,
            entries: level.size as u64,
            limit: level.limit as u64,
        });
        let (entries, limit) = self.connections;
        let control = [TableReading { table: "connections", entries, limit }];
        shards.chain(verify).chain(control).collect()
    }

    /// Saturating: a shard's limit can be as large as a number can be.
    fn in_table(&self, table: Table, pick: impl Fn((u64, u64)) -> u64) -> u64 {
        self.tallies.iter().map(|tally| pick(tally.table(table))).fold(0, u64::saturating_add)
    }

    fn levels(&self) -> [(&'static str, Level); 8] {
        let Census { pending, ended, calls, phones, prefixes, waiting, recent, .. } = self.census;
        [
            ("pending", pending),
            ("ended", ended),
            ("calls", calls),
            ("phones", phones),
            ("prefixes", prefixes),
            ("waiting", waiting),
            ("recent", recent),
            ("events", self.events),
        ]
    }

    fn pool_gauges(&self) -> [MetricFamily; 3] {
        let gauge = |name, help, value: fn(&PoolState) -> u64| {
            let samples = self.pools.iter().map(|pool| ([&*pool.name], value(pool) as f64));
            read_gauge(name, help, ["pool"], samples)
        };
        [
            gauge(
                "ringproof_pool_distinct_suffixes",
                "Code space of each pool: distinct last-five suffixes",
                |pool| pool.distinct.into(),
            ),
            gauge("ringproof_pool_leased", "Leases of calls that are up", |pool| pool.leased),
            gauge(
                "ringproof_pool_cooling",
                "Pairs of caller ID and phone that must not meet again yet",
                |pool| pool.cooling,
            ),
        ]
    }

    /// Prometheus' own names for what every process has, without our prefix: dashboards expect them.
    fn process_gauges(&self) -> [MetricFamily; 5] {
        let process = &self.process;
        let gauge = |name, help, value: Option<f64>| {
            read_gauge(name, help, [], value.map(|value| ([], value)))
        };
        let bytes = |value: Option<u64>| value.map(|value| value as f64);
        [
            gauge(
                "process_start_time_seconds",
                "Start of the process, in seconds since 1970",
                Some(self.started_at.0 as f64 / 1e6),
            ),
            read_counter(
                "process_cpu_seconds_total",
                "Processor time in user and kernel mode",
                [],
                process.cpu_seconds.map(|seconds| ([], seconds)),
            ),
            gauge(
                "process_resident_memory_bytes",
                "Memory that is really there",
                bytes(process.resident_bytes),
            ),
            gauge("process_open_fds", "Open file descriptors", bytes(process.open_fds)),
            gauge("process_max_fds", "File descriptors that may be open", bytes(process.fds_max)),
        ]
    }

    fn sum(&self, count: impl Fn(&Tally) -> u64) -> f64 {
        self.tallies.iter().map(|tally| count(tally)).sum::<u64>() as f64
    }
}
