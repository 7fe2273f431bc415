//! What the journal costs: a verification's commits at a fixed rate beside a million that live, and how
//! long it takes to read it all back.
//!
//! `cargo bench --bench journal`. A verification is a start (the verification, its call, the lease, two
//! events, the reply) and the call in flight, which are submitted; ringing, the end of the call, a
//! wrong code, a right one with its webhook, and the webhook's delivery, which are kept; what has ended
//! is deleted when the next comes, so that the file must not grow. Latency is from handing a batch over
//! to its answer. Fails when reading back takes longer than is promised, or when the file grew.

#![expect(clippy::print_stdout, reason = "a benchmark's result is its output")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock and waits")]

#[path = "kit/cpu.rs"]
mod cpu;
#[path = "kit/disk.rs"]
mod disk;
#[path = "kit/figures.rs"]
mod figures;
#[path = "kit/records.rs"]
mod records;

use std::collections::VecDeque;
use std::error::Error;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};
use std::{fs, process, thread};

use ringproof::entropy::{Entropy, Stream};
use ringproof::outcome::Outcome;
use ringproof::store::clock::{JournalTime, Reading};
use ringproof::store::record::{Attempt, Final, InFlight};
use ringproof::store::{
    Batch, CommitError, Durability, Hidden, Journal, Key, Kind, NewEvent, NewWebhook, Opened,
    Settings,
};
use ringproof::time::Micros;
use ringproof::verify::id::{CallId, VerificationId};
use ringproof::verify::snapshot::{Reason, Status};

use records::{Moment, call, event, lease, number, reply, verification};

type Failed = Box<dyn Error>;

fn main() -> Result<(), Failed> {
    let folder = figures::place("journal")?;
    println!("journal on         {:>12}", disk::filesystem(&folder)?);
    let result = run(&folder);
    fs::remove_dir_all(&folder)?;
    result
}

fn run(folder: &Path) -> Result<(), Failed> {
    let small = folder.join("small");
    let mut work = Work::new();
    drop(fill(&small, 10_000, &mut work)?);
    let took = read_back(&small, "10,000 pending")?;
    let is_quick = took <= Duration::from_millis(200);

    let large = folder.join("large");
    let mut work = Work::new();
    let opened = fill(&large, 1_000_000, &mut work)?;
    let (journal, writer) = opened.start(Box::new(|_| {}))?;
    let rates = [(500, 20), (2_000, 20), (500, 20)];
    let mut sizes = vec![];
    for (rate, seconds) in rates {
        measure(&journal, &mut work, rate, seconds)?;
        let bytes = fs::metadata(&large)?.len();
        println!("file               {:>12} MiB", bytes >> 20);
        sizes.push(bytes);
    }
    // As after a kill: the file is not closed in order.
    let crashed = folder.join("crashed");
    fs::copy(&large, &crashed)?;
    drop(journal);
    writer.join();
    let took = read_back(&crashed, "1,000,000 pending, after a kill")?;
    let is_good = is_quick && took <= Duration::from_secs(10) && sizes[2] <= sizes[1];
    if is_good { Ok(()) } else { Err("too slow, or the file grows".into()) }
}

/// Makes a journal with so many pending verifications, each with a call and what it counts for.
fn fill(path: &Path, count: u64, work: &mut Work) -> Result<Opened, Failed> {
    let now = Reading::system();
    let mut opened = Opened::open(path, settings(Durability::Process), now)?;
    for _ in 0..count / 1_000 {
        let mut batch = Batch::new();
        for _ in 0..1_000 {
            let id = work.next_id();
            batch.put(verification(id, NOW)).put(call(id, NOW, None)).put(lease(id, NOW));
        }
        opened = opened.commit(batch, &now)?;
    }
    drop(opened);
    Ok(Opened::open(path, settings(Durability::Power), now)?)
}

fn read_back(path: &Path, what: &str) -> Result<Duration, Failed> {
    let begin = Instant::now();
    let opened = Opened::open(path, settings(Durability::Power), Reading::system())?;
    let open = begin.elapsed();
    let mut records = 0_u64;
    for kind in Kind::ALL {
        opened.visit(kind, |_| records += 1)?;
    }
    let took = begin.elapsed();
    println!("read back          {took:>12.2?} ({what}: {records} records, {open:.2?} to check)");
    Ok(took)
}

/// Starts `rate` verifications a second, whatever the answers; the later commits of each follow those
/// of the ones before it.
fn measure(journal: &Journal, work: &mut Work, rate: u32, seconds: u32) -> Result<(), Failed> {
    let (starts, start_answers) = channel();
    let (facts, fact_answers) = channel();
    let before = (cpu::process_nanos(process::id())?, disk::written("self")?, journal.figures());
    let mut stages: VecDeque<(VerificationId, u8)> = VecDeque::new();
    let mut ended = VecDeque::new();
    let begin = Instant::now();
    for nth in 0..rate * seconds {
        let due = begin + Duration::from_secs(1) * nth / rate;
        if let Some(left) = due.checked_duration_since(Instant::now()) {
            thread::sleep(left);
        }
        let id = work.next_id();
        journal.submit_then(work.start(id), answer(&starts))?;
        let mut in_flight_too = Batch::new();
        in_flight_too.put(in_flight(id));
        journal.submit_then(in_flight_too, answer(&starts))?;
        stages.push_back((id, 0));
        // The first of a new one, then one step of each of five older ones.
        for _ in 0..5.min(stages.len() - 1) {
            let Some((id, stage)) = stages.pop_front() else { break };
            for batch in step(id, stage) {
                journal.keep(batch, saved(&facts));
            }
            if stage < 4 { stages.push_back((id, stage + 1)) } else { ended.push_back(id) }
        }
        if ended.len() > 1_000
            && let Some(id) = ended.pop_front()
        {
            journal.keep(work.forget(id, journal.last_event()), saved(&facts));
        }
    }
    drop((starts, facts));
    let (starts, facts) = (start_answers.iter().collect(), fact_answers.iter().collect());
    let after = (cpu::process_nanos(process::id())?, disk::written("self")?, journal.figures());
    let verifications = u64::from(rate * seconds);
    let commits = after.2.commits - before.2.commits;
    let [batches, records, bytes] = [
        after.2.batches - before.2.batches,
        after.2.records - before.2.records,
        after.2.bytes - before.2.bytes,
    ];
    println!("{rate} verifications/s  {commits:>12} commits, {batches} batches, {records} records");
    println!("start, ms          {:>12}", figures::spread(starts));
    println!("fact, ms           {:>12}", figures::spread(facts));
    let nanos = (after.0 - before.0) / verifications;
    println!("processor          {:>12} µs a verification", nanos / 1_000);
    println!("written            {:>12} B a verification", (after.1 - before.1) / verifications);
    println!("held by records    {:>12} B a verification", bytes / verifications);
    Ok(())
}

/// Tells how long the answer took.
fn answer<E>(told: &Sender<f64>) -> impl FnOnce(Result<(), E>) + Send + 'static {
    let (begin, told) = (Instant::now(), told.clone());
    move |answer| {
        let took = begin.elapsed().as_secs_f64() * 1e3;
        // A failed commit shows as an answer that never came in time.
        let _ = told.send(if answer.is_ok() { took } else { f64::INFINITY });
    }
}

fn saved(told: &Sender<f64>) -> impl FnOnce() + Send + 'static {
    let answer = answer(told);
    move || answer(Ok::<(), CommitError>(()))
}

fn settings(durability: Durability) -> Settings {
    Settings { durability, ..Settings::default() }
}

/// Makes the records of one verification after the other.
struct Work {
    dice: Stream,
    count: u64,
}

impl Work {
    fn new() -> Self {
        Self { dice: Entropy::seeded(1).stream(), count: 0 }
    }

    /// As a ULID: time, then chance.
    fn next_id(&mut self) -> VerificationId {
        self.count += 1;
        VerificationId(u128::from(self.count) << 80 | self.dice.u128() >> 48)
    }

    fn start(&mut self, id: VerificationId) -> Batch {
        let mut batch = Batch::new();
        let reply = reply(id, self.count, NOW);
        batch.put(verification(id, NOW)).put(call(id, NOW, None)).put(lease(id, NOW)).put(reply);
        batch.tell(event("verification.created", id, NOW)).tell(event("call.placed", id, NOW));
        batch
    }

    /// A thousand verifications end before one is forgotten.
    fn forget(&mut self, id: VerificationId, last_event: u64) -> Batch {
        let mut batch = Batch::new();
        batch
            .delete(&Key::Verification(id))
            .delete(&Key::Final(id))
            .delete(&Key::Call(CallId(id.0)));
        batch.delete(&Key::Lease(id.0)).delete(&Key::Attempt(id, 1));
        batch.delete(&Key::Idempotency((id.0 >> 80) as u64));
        // The log of events is as long as before.
        let oldest = last_event.saturating_sub(30_000);
        for nth in 0..EVENTS {
            batch.delete(&Key::Event(oldest.saturating_sub(nth)));
        }
        batch
    }
}

/// What follows a start, in order.
fn step(id: VerificationId, stage: u8) -> Vec<Batch> {
    let (mut batch, mut other) = (Batch::new(), Batch::new());
    match stage {
        0 => {
            batch.put(call(id, NOW, None)).tell(event("call.ringing", id, NOW));
        }
        1 => {
            batch.put(call(id, NOW, Some(Outcome::Completed))).tell(event("call.ended", id, NOW));
            other.delete(&Key::InFlight(CallId(id.0)));
            return vec![other, batch];
        }
        2 => {
            let at = NOW.time;
            batch.put(Attempt { verification: id, left: 1, phone: number(id), of_phone: 1, at });
        }
        3 => {
            let (status, reason) = (Status::Verified, Some(Reason::CodeMatched));
            let (ended_at, ended) = (NOW.wall, NOW.time);
            batch.put(Final { id, status, reason, ended_at, ended });
            let webhook = NewWebhook {
                id: id.0,
                endpoint: "billing".into(),
                is_url: false,
                matters_until: Some(NOW.time),
            };
            let end = event("verification.verified", id, NOW);
            batch.tell(NewEvent { webhooks: vec![webhook], ..end });
        }
        _ => {
            batch.delete(&Key::Webhook(id.0));
        }
    }
    vec![batch]
}

fn in_flight(id: VerificationId) -> InFlight {
    let text = |bytes: usize| vec![b'x'; bytes].into_boxed_slice();
    InFlight {
        call: CallId(id.0),
        verification: id,
        trunk: "asterisk".into(),
        remote: ([192, 0, 2, 1], 5_060).into(),
        local: ([192, 0, 2, 2], 5_061).into(),
        invite: Hidden(text(900)),
        invited: NOW.time,
    }
}

const NOW: Moment =
    Moment { wall: Micros(1_763_633_730_000_000), time: JournalTime(1_763_633_730_000_000) };
/// What is told of one verification.
const EVENTS: u64 = 5;
