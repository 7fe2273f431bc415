//! What people read: one function for each thing that is shown, from the daemon's answer to text.

use super::client::Event;
use super::reply::{
    Call, Did, Dids, EventsKept, MissedCall, Pool, Pools, Status, Trunk, Trunks, Verification,
    apart,
};
use super::table::{Cell, facts, table};
use super::terminal::{Mood, Paint, clean};
use crate::outcome::Outcome;

/// A verification, one fact a line.
pub(super) fn verification(verification: &Verification, paint: Paint) -> String {
    let mood = status_mood(&verification.status);
    let status = match &verification.reason {
        Some(reason) => format!("{} ({})", verification.status, plain(reason)),
        None => verification.status.clone(),
    };
    let mut rows = vec![
        ("verification", Cell::from(verification.id.as_str())),
        ("phone", Cell::from(verification.to.as_str())),
        ("status", Cell::with_mood(&status, mood)),
    ];
    if let Some(client_ref) = &verification.client_ref {
        rows.push(("reference", Cell::from(client_ref.as_str())));
    }
    let missed = verification.missed_call.as_ref();
    let has_code = missed.is_none_or(|missed| missed.confirm.is_some());
    if verification.is_pending() && has_code {
        rows.push(("attempts left", Cell::from(u64::from(verification.attempts_left))));
        rows.push(("calls left", Cell::from(u64::from(verification.calls_left))));
    }
    if verification.is_pending() {
        rows.push(("expires", Cell::from(verification.expires_at.as_str())));
    }
    if let Some(missed) = missed {
        rows.push(("number to ring", Cell::from(missed.did.as_str())));
        if let Some(call) = &missed.matched_call {
            rows.push(("missed call", Cell::from(format!("{}  {}", call.id, evidence(call)))));
        }
        // Of one that was to be confirmed and was not, the call alone proves nothing.
        if let Some(assurance) = missed.assurance.as_ref().filter(|_| verification.is_verified()) {
            rows.push(("proven by", Cell::from(assured(assurance))));
        }
    }
    if let Some(flash) = &verification.flash_call {
        rows.push(("caller ID", Cell::from(format!("{}…", flash.caller_id_prefix))));
        let odds = format!(
            "{} possible codes, a guesser's odds are {}",
            flash.code_space,
            odds(flash.guess_odds)
        );
        rows.push(("code", Cell::from(odds)));
    }
    if let Some(call) = verification.call() {
        rows.push(("call", Cell::from(format!("{}  {}", call.id, story(call)))));
    }
    facts(&rows, paint)
}

/// The pools, one a line.
pub(super) fn pools(pools: &Pools, paint: Paint) -> String {
    let row = |pool: &Pool| {
        [
            Cell::from(pool.name.as_str()),
            Cell::from(pool.numbers),
            Cell::from(pool.distinct_suffixes),
            Cell::from(format!("{:.1}", pool.bits)),
            Cell::from(odds(pool.guess_odds)),
            Cell::from(pool.leased),
            Cell::from(pool.cooling),
        ]
    };
    let rows: Vec<_> = pools.pools.iter().map(row).collect();
    let headings = ["pool", " numbers", " codes", " bits", " guess", " leases", " cooling"];
    table(headings, &rows, paint)
}

/// The numbers that people ring, one a line.
pub(super) fn dids(dids: &Dids, paint: Paint) -> String {
    let row = |did: &Did| {
        [
            Cell::from(did.number.as_str()),
            Cell::from(did.trunks.join(", ")),
            Cell::from(did.waiting),
        ]
    };
    let rows: Vec<_> = dids.dids.iter().map(row).collect();
    table(["number", "trunks", " waiting"], &rows, paint)
}

/// What the daemon says of itself, one fact a line.
pub(super) fn gateway(status: &Status, paint: Paint) -> String {
    let ready = match status.readiness.as_str() {
        "ready" => Cell::with_mood("ready", Mood::Good),
        "no_trunk" => Cell::with_mood("not ready: no trunk is up", Mood::Bad),
        "store_gone" => Cell::with_mood("not ready: the journal was moved or deleted", Mood::Bad),
        "store_unavailable" => Cell::with_mood("not ready: nothing can be written", Mood::Bad),
        word => Cell::with_mood(&format!("not ready: {}", plain(word)), Mood::Bad),
    };
    let events = match status.events {
        Some(EventsKept { oldest, newest }) => format!("{oldest} to {newest}"),
        None => "none that can be read".to_owned(),
    };
    let rows = [
        ("gateway", ready),
        ("version", Cell::from(status.version.as_str())),
        ("running since", Cell::from(status.started_at.as_str())),
        ("verifications pending", Cell::from(status.verifications_pending)),
        ("waiting for a call", Cell::from(status.verifications_waiting)),
        ("calls in flight", Cell::from(status.calls_in_flight)),
        ("calls remembered", Cell::from(status.missed_calls_remembered)),
        ("events kept", Cell::from(events.as_str())),
    ];
    facts(&rows, paint)
}

/// The trunks, one a line.
pub(super) fn trunks(trunks: &Trunks, paint: Paint) -> String {
    let row = |trunk: &Trunk| {
        let (state, mood) = if trunk.up { ("up", Mood::Good) } else { ("down", Mood::Bad) };
        [
            Cell::from(trunk.name.as_str()),
            Cell::with_mood(state, mood),
            Cell::from(trunk.in_flight),
            Cell::from(trunk.in_flight_max),
            Cell::from(format!("{}", trunk.calls_per_second_max)),
        ]
    };
    let rows: Vec<_> = trunks.trunks.iter().map(row).collect();
    let headings = ["trunk", "state", " in flight", " in flight max", " calls/s max"];
    table(headings, &rows, paint)
}

/// One line for an event, headed by its number, from which `watch --after` goes on.
pub(super) fn event(event: &Event, paint: Paint) -> String {
    // `2026-11-20T10:15:30.123Z`: the day is known to who watches.
    let time = event.timestamp.get(11..23).unwrap_or(&event.timestamp);
    let mood = match event.kind.as_str() {
        "verification.verified" => Mood::Good,
        "verification.failed" | "verification.expired" | "trunk.down" => Mood::Bad,
        "call.ringing" => Mood::Waiting,
        _ => Mood::Neutral,
    };
    let kind = paint.mood(mood, &format!("{:<21}", clean(&event.kind)));
    format!("{:>6}  {}  {kind}  {}", event.sequence, clean(time), clean(&subject(event)))
}

/// One line of what happens to a verification that somebody waits for; `None` for what is no news.
pub(super) fn progress(event: &Event, started_at: &str) -> Option<String> {
    let call = || serde_json::from_value::<Call>(event.data.clone()).ok();
    let news = match event.kind.as_str() {
        "call.placed" => "calling".to_owned(),
        "call.ringing" => "the phone rings".to_owned(),
        "call.ended" => format!("the call is over: {}", story(&call()?)),
        "missed_call.received" => {
            let call = serde_json::from_value::<MissedCall>(event.data.clone()).ok()?;
            format!("a call to {}: {}", call.did, evidence(&call))
        }
        _ => return None,
    };
    let after = apart(started_at, &event.timestamp).unwrap_or_default();
    Some(format!("{after:>6.1} s  {}", clean(&news)))
}

fn subject(event: &Event) -> String {
    match (event.kind.as_str(), event.data["name"].as_str()) {
        ("trunk.down", Some(name)) => return format!("{name}  does not answer, calls avoid it"),
        ("trunk.up", Some(name)) => return format!("{name}  answers, calls may use it"),
        _ => {}
    }
    if event.kind.starts_with("call.")
        && let Ok(call) = serde_json::from_value::<Call>(event.data.clone())
    {
        let verification = call.verification.as_deref().unwrap_or_default();
        return format!("{}  {verification}  {}", call.id, story(&call));
    }
    if event.kind == "missed_call.received"
        && let Ok(call) = serde_json::from_value::<MissedCall>(event.data.clone())
    {
        let outcome = call.outcome.as_deref().map(plain).unwrap_or_default();
        let verification = call.verification.as_deref().unwrap_or_default();
        let caller = caller(&call);
        let line = format!("{}  {caller} rang {}, {outcome}  {verification}", call.id, call.did);
        return line.trim_end().to_owned();
    }
    if let Ok(verification) = serde_json::from_value::<Verification>(event.data.clone()) {
        let reason = verification.reason.as_deref().map(plain).unwrap_or_default();
        return format!("{}  {}  {reason}", verification.id, verification.to).trim_end().to_owned();
    }
    // An event that this program does not know yet.
    event.data.to_string()
}

/// Who rang, or why nobody knows.
fn caller(call: &MissedCall) -> String {
    let unknown = call.unknown.as_deref().map(plain);
    call.from.clone().or(unknown).unwrap_or_else(|| "somebody".to_owned())
}

/// `over alpha, by P-Asserted-Identity, SIP 486`.
fn evidence(call: &MissedCall) -> String {
    let mut parts = vec![];
    parts.extend(call.trunk.as_ref().map(|trunk| format!("over {trunk}")));
    parts.extend(call.identity_header.as_deref().map(|header| format!("by {}", field(header))));
    parts.extend(call.disputed.then(|| "another field names another number".to_owned()));
    parts.extend(call.forwarded.then(|| "forwarded".to_owned()));
    parts.push(format!("SIP {}", call.sip_code));
    parts.join(", ")
}

/// The header field as it stands in a message.
fn field(word: &str) -> String {
    match word {
        "from" => "From".to_owned(),
        "p_asserted_identity" => "P-Asserted-Identity".to_owned(),
        "remote_party_id" => "Remote-Party-ID".to_owned(),
        _ => plain(word),
    }
}

/// What the degrees of assurance mean.
fn assured(word: &str) -> String {
    match word {
        "challenge_confirmed" => "the code of the call back".to_owned(),
        "return_routed" => "the trunk's word for the number".to_owned(),
        _ => plain(word),
    }
}

/// `completed over alpha, hung up after 5.0 s, SIP 487`.
fn story(call: &Call) -> String {
    let mut story = plain(call.outcome.as_deref().unwrap_or(&call.state));
    if let Some(trunk) = &call.trunk {
        story += &format!(" over {trunk}");
    }
    if let (Some(delay), None) = (call.post_dial_delay(), &call.ended_at) {
        story += &format!(" after {delay:.1} s");
    }
    story += &ringing(call);
    if let Some(code) = call.sip_code {
        story += &format!(", SIP {code}");
    }
    story
}

/// How long it rang. When we hung up is known; whether the phone fell silent then, only the trunk's
/// confirmation tells.
fn ringing(call: &Call) -> String {
    let is_unconfirmed = call.outcome.as_deref() == Some(Outcome::CancelUnconfirmed.as_str());
    match (call.hung_up_after(), call.rang_at_most()) {
        (Some(after), Some(most)) if is_unconfirmed || most - after >= TELLING_SECONDS => {
            format!(", hung up after {after:.1} s, may have rung for {most:.1} s")
        }
        (Some(after), _) => format!(", hung up after {after:.1} s"),
        (None, Some(most)) if is_unconfirmed => format!(", may have rung for {most:.1} s"),
        (None, Some(most)) => format!(", rang for {most:.1} s"),
        (None, None) => String::new(),
    }
}

fn status_mood(status: &str) -> Mood {
    match status {
        "verified" => Mood::Good,
        "failed" | "expired" => Mood::Bad,
        "pending" => Mood::Waiting,
        _ => Mood::Neutral,
    }
}

/// `1 in 3172`.
fn odds(odds: f64) -> String {
    if odds > 0.0 { format!("1 in {:.0}", 1.0 / odds) } else { "none".to_owned() }
}

/// The API's words without underscores.
fn plain(word: &str) -> String {
    word.replace('_', " ")
}

/// A trunk confirms within milliseconds; whoever takes so much longer may have let the phone ring.
const TELLING_SECONDS: f64 = 0.5;

#[cfg(test)]
mod tests;
