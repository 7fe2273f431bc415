//! The metrics that events move, each with its handles resolved when the daemon starts: to count is
//! to index an array and add to an atomic, without a hash and without an allocation.

use std::sync::Arc;

use arc_swap::ArcSwap;
use prometheus::{Histogram, IntCounter, IntCounterVec, Registry, TextEncoder};

use super::family;
use super::readings::Readings;
use super::trunks::{TrunkFamilies, TrunkMetrics};
use crate::outcome::Outcome;
use crate::verify::event::Event;
use crate::verify::record::{CallRecord, Moments};
use crate::verify::snapshot::{Method, Reason, Snapshot, Status};
use crate::verify::{Saw, TrunkNames};

/// Every metric of the daemon.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// One for each method.
    started: [IntCounter; Method::ALL.len()],
    /// One for each method and reason, by its number; `None`: the method cannot end so.
    ended: Ended,
    wrong_codes: IntCounter,
    guess_odds: Histogram,
    placed: IntCounter,
    reports: [[IntCounter; CALLER_ID.len()]; SAW.len()],
    call_setup: Histogram,
    ring_time_error: Histogram,
    names: TrunkNames,
    families: TrunkFamilies,
    /// One for each name.
    trunks: ArcSwap<Vec<Arc<TrunkMetrics>>>,
    /// For calls that no trunk carried.
    no_trunk: Arc<TrunkMetrics>,
}

impl Metrics {
    /// Every metric at zero, with series for the trunks that `names` knows.
    pub fn new(names: TrunkNames) -> Self {
        let registry = Registry::new();
        let families = TrunkFamilies::new(&registry);
        let (started, ended) = verifications(&registry);
        Self {
            started,
            ended,
            wrong_codes: family::counter(
                &registry,
                "ringproof_wrong_codes_total",
                "Codes that were compared and were wrong",
            ),
            guess_odds: family::histogram(
                &registry,
                "ringproof_guess_odds",
                "Odds that a guesser is verified, of each verification when it started",
                &GUESS_ODDS,
            ),
            placed: family::counter(
                &registry,
                "ringproof_calls_placed_total",
                "Calls that were accepted and handed to a shard",
            ),
            reports: reports(&registry),
            call_setup: family::histogram(
                &registry,
                "ringproof_call_setup_seconds",
                "Time from the API's acceptance of a call to its INVITE",
                &CALL_SETUP_SECONDS,
            ),
            ring_time_error: family::histogram(
                &registry,
                "ringproof_ring_time_error_seconds",
                "Distance between the planned and the real ring time of completed calls",
                &RING_TIME_ERROR_SECONDS,
            ),
            trunks: ArcSwap::from_pointee(
                names.all().iter().map(|name| families.of(name)).collect(),
            ),
            no_trunk: families.of(NO_TRUNK),
            names,
            families,
            registry,
        }
    }

    /// Makes series for trunks whose names were learnt since. For one thread at a time.
    pub fn on_trunks(&self) {
        let (known, names) = (self.trunks.load(), self.names.all());
        let new = names.iter().skip(known.len()).map(|name| self.families.of(name));
        self.trunks.store(Arc::new(known.iter().cloned().chain(new).collect()));
    }

    /// Counts one event.
    pub fn on_event(&self, event: &Event) {
        match event {
            Event::CallEnded(call) => self.on_call_ended(call),
            Event::CallPlaced(_) => self.placed.inc(),
            Event::CallRinging(call) => self.on_call_ringing(call),
            Event::MissedCall(call) => {
                self.trunk_at(Some(call.trunk)).missed_calls[call.fate.index()].inc();
            }
            Event::PhoneReported { saw, is_ours, .. } => self.on_report(*saw, *is_ours),
            Event::VerificationCreated(verification) => {
                self.started[verification.method() as usize].inc();
                if let Some(odds) = verification.guess_odds() {
                    self.guess_odds.observe(odds);
                }
            }
            Event::VerificationEnded(verification) => self.on_verification_ended(verification),
            Event::WrongCode(_) => self.wrong_codes.inc(),
        }
    }

    /// The whole exposition, in Prometheus' text format 0.0.4.
    pub fn scrape(&self, readings: &Readings<'_>) -> String {
        let mut families = self.registry.gather();
        families.extend(readings.families());
        families.sort_by(|a, b| a.name().cmp(b.name()));
        // Only a family without a name or without a sample is refused, and those are left out.
        families.retain(|family| !family.get_metric().is_empty());
        TextEncoder::new().encode_to_string(&families).unwrap_or_default()
    }

    fn on_call_ringing(&self, call: &CallRecord) {
        let Moments { invited: Some(invited), ringing: Some(ringing), .. } = call.moments() else {
            return;
        };
        self.trunk(call).post_dial_delay.observe(ringing.saturating_sub(invited).as_secs_f64());
    }

    fn on_call_ended(&self, call: &CallRecord) {
        let (Some(ending), moments) = (call.ending(), call.moments()) else { return };
        let trunk = self.trunk(call);
        // The discriminants of `Outcome` count from one; `from_u8` keeps that promise.
        trunk.calls[ending.outcome as usize - 1].inc();
        if let Some(invited) = moments.invited {
            self.call_setup.observe(invited.as_secs_f64());
        }
        if let (Some(ringing), Some(over)) = (moments.ringing, moments.hung_up.or(moments.ended)) {
            let ring = over.saturating_sub(ringing);
            trunk.ring.observe(ring.as_secs_f64());
            // Every other outcome means that somebody cut the plan short.
            if let (Outcome::Completed, Some(planned)) = (ending.outcome, call.planned_ring()) {
                self.ring_time_error.observe(ring.abs_diff(planned).as_secs_f64());
            }
        }
    }

    fn on_verification_ended(&self, verification: &Snapshot) {
        let Some(reason) = verification.reason else { return };
        debug_assert_eq!(verification.status, result_of(reason), "by {reason:?}");
        // The discriminants of `Reason` count from one, in the order of `ALL`.
        if let Some(ended) = &self.ended[verification.method() as usize][reason as usize - 1] {
            ended.inc();
        }
    }

    fn on_report(&self, saw: Saw, is_ours: Option<bool>) {
        let row = SAW.iter().position(|known| *known == saw);
        let column = CALLER_ID.iter().position(|(known, _)| *known == is_ours);
        if let (Some(row), Some(column)) = (row, column) {
            self.reports[row][column].inc();
        }
    }

    fn trunk(&self, call: &CallRecord) -> Arc<TrunkMetrics> {
        self.trunk_at(call.trunk())
    }

    fn trunk_at(&self, index: Option<u16>) -> Arc<TrunkMetrics> {
        let trunks = self.trunks.load();
        let found = index.and_then(|index| trunks.get(usize::from(index)));
        Arc::clone(found.unwrap_or(&self.no_trunk))
    }
}

type Ended = [[Option<IntCounter>; Reason::ALL.len()]; Method::ALL.len()];

fn verifications(registry: &Registry) -> ([IntCounter; Method::ALL.len()], Ended) {
    let started = family::counters(
        registry,
        "ringproof_verifications_started_total",
        "Verifications that were started",
        &["method"],
    );
    let ended: IntCounterVec = family::counters(
        registry,
        "ringproof_verifications_total",
        "Verifications that reached a final state",
        &["method", "result", "reason"],
    );
    (
        Method::ALL.map(|method| started.with_label_values(&[method.as_str()])),
        Method::ALL.map(|method| {
            Reason::ALL.map(|reason| {
                let labels = [method.as_str(), result_of(reason).as_str(), reason.as_str()];
                can_end(method, reason).then(|| ended.with_label_values(&labels))
            })
        }),
    )
}

/// Who is called by us is waited for by nobody.
fn can_end(method: Method, reason: Reason) -> bool {
    (method, reason) != (Method::FlashCall, Reason::MissedCallMatched)
}

/// A reason ends a verification in one way.
fn result_of(reason: Reason) -> Status {
    match reason {
        Reason::CallerIdMatched | Reason::CodeMatched | Reason::MissedCallMatched => {
            Status::Verified
        }
        Reason::CanceledByClient => Status::Canceled,
        Reason::Deadline => Status::Expired,
        Reason::NoTrunk
        | Reason::NumberUnallocated
        | Reason::RejectedByPolicy
        | Reason::Restarted
        | Reason::StoreUnavailable
        | Reason::TooManyAttempts
        | Reason::Unreachable => Status::Failed,
    }
}

fn reports(registry: &Registry) -> [[IntCounter; CALLER_ID.len()]; SAW.len()] {
    let reports: IntCounterVec = family::counters(
        registry,
        "ringproof_phone_reports_total",
        "What phones saw of their calls, as their apps reported it",
        &["saw", "caller_id"],
    );
    SAW.map(|saw| CALLER_ID.map(|(_, shown)| reports.with_label_values(&[saw.as_str(), shown])))
}

/// Calls that ended before a trunk was chosen. No profile may have this name.
pub(super) const NO_TRUNK: &str = "none";

const SAW: [Saw; 3] = [Saw::LateCall, Saw::NoCall, Saw::UnknownCaller];
/// A carrier that rewrites caller IDs shows as `foreign`.
const CALLER_ID: [(Option<bool>, &str); 3] =
    [(Some(false), "foreign"), (Some(true), "ours"), (None, "untold")];

/// The promise is 5 ms for 99 of 100 calls; a wheel's slot is 1 ms.
const RING_TIME_ERROR_SECONDS: [f64; 9] = [0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.25, 1.0];
/// The promise is 10 ms for 99 of 100 calls.
const CALL_SETUP_SECONDS: [f64; 9] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.25, 1.0];
/// A warning is given above 0.0005, and the default ceiling is 0.005.
const GUESS_ODDS: [f64; 9] = [0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.05];
