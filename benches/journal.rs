//! What the journal costs: a verification's five commits at a fixed rate beside a million records that
//! live, and how long it takes to read it all back.
//!
//! `cargo bench --bench journal`. A verification is a start (its record, its standing, its call, the
//! call in flight, its phone, the reply, an event), an end of the call, a wrong code, a right one with
//! its webhook, and the webhook's delivery; what has ended is deleted when the next comes, so that the
//! file must not grow. Latency is from handing a batch over to its answer. Fails when reading back
//! takes longer than is promised, or when the file grew.

#![expect(clippy::print_stdout, reason = "a benchmark's result is its output")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock and waits")]

#[path = "kit/cpu.rs"]
mod cpu;
#[path = "kit/figures.rs"]
mod figures;

use std::collections::VecDeque;
use std::error::Error;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};
use std::{fs, process, thread};

use ringproof::entropy::{Entropy, Stream};
use ringproof::number::E164;
use ringproof::outcome::{Outcome, Side};
use ringproof::store::clock::{JournalTime, Reading};
use ringproof::store::record::{
    Call, Event, Idempotency, InFlight, Lease, Method, Phone, Standing, Verification, Webhook,
};
use ringproof::store::{Batch, Durability, Hidden, Journal, Key, Kind, Opened, Settings};
use ringproof::time::Micros;
use ringproof::verify::id::{CallId, VerificationId};
use ringproof::verify::snapshot::{Reason, Status};

type Failed = Box<dyn Error>;

fn main() -> Result<(), Failed> {
    let folder = figures::place("journal")?;
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
    let (journal, writer) = opened.start()?;
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

/// Makes a journal with so many pending verifications: two records each, and a phone.
fn fill(path: &Path, count: u64, work: &mut Work) -> Result<Opened, Failed> {
    let now = Reading::system();
    let mut opened = Opened::open(path, settings(Durability::Process), now)?;
    for _ in 0..count / 1_000 {
        let mut batch = Batch::new();
        for _ in 0..1_000 {
            let id = work.next_id();
            batch.put(work.verification(id)).put(standing(id, 3, None)).put(work.phone(id));
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
    let (told, answers) = channel();
    let before = (cpu::process_nanos(process::id())?, written_bytes()?);
    let mut stages: VecDeque<(VerificationId, u8)> = VecDeque::new();
    let mut ended = VecDeque::new();
    let (begin, mut batches, mut records) = (Instant::now(), 0_u32, 0_usize);
    for nth in 0..rate * seconds {
        let due = begin + Duration::from_secs(1) * nth / rate;
        if let Some(left) = due.checked_duration_since(Instant::now()) {
            thread::sleep(left);
        }
        let id = work.next_id();
        let send = |batch: Batch| hand_over(journal, batch, &told);
        records += 7;
        send(work.start(id))?;
        stages.push_back((id, 0));
        // The first of a new one, then one step of each of four older ones.
        batches += 1;
        for _ in 0..4.min(stages.len() - 1) {
            let Some((id, stage)) = stages.pop_front() else { break };
            let (batch, count) = work.step(id, stage);
            records += count;
            batches += 1;
            send(batch)?;
            if stage < 3 { stages.push_back((id, stage + 1)) } else { ended.push_back(id) }
        }
        if ended.len() > 1_000
            && let Some(id) = ended.pop_front()
        {
            let (batch, count) = work.forget(id);
            records += count;
            batches += 1;
            send(batch)?;
        }
    }
    drop(told);
    let latencies: Vec<f64> = answers.iter().collect();
    let after = (cpu::process_nanos(process::id())?, written_bytes()?);
    let verifications = u64::from(rate * seconds);
    println!("{rate} verifications/s  {:>12} batches, {records} records", batches);
    println!("answer, ms         {:>12}", figures::spread(latencies));
    let nanos = (after.0 - before.0) / verifications;
    println!("processor          {:>12} µs a verification", nanos / 1_000);
    println!("written            {:>12} B a verification", (after.1 - before.1) / verifications);
    Ok(())
}

fn hand_over(journal: &Journal, batch: Batch, told: &Sender<f64>) -> Result<(), Failed> {
    let (begin, told) = (Instant::now(), told.clone());
    let answer = move |answer: Result<(), _>| {
        let took = begin.elapsed().as_secs_f64() * 1e3;
        // A failed commit shows as an answer that never came in time.
        let _ = told.send(if answer.is_ok() { took } else { f64::INFINITY });
    };
    Ok(journal.submit_then(batch, answer)?)
}

fn settings(durability: Durability) -> Settings {
    Settings { durability, ..Settings::default() }
}

/// What the kernel was given to write to disks.
fn written_bytes() -> Result<u64, Failed> {
    let text = fs::read_to_string("/proc/self/io")?;
    let bytes = text.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    Ok(bytes.ok_or("no write_bytes")?.parse()?)
}

/// Makes the records of one verification after the other.
struct Work {
    dice: Stream,
    count: u64,
    sequence: u64,
}

impl Work {
    fn new() -> Self {
        Self { dice: Entropy::seeded(1).stream(), count: 0, sequence: 0 }
    }

    /// As a ULID: time, then chance.
    fn next_id(&mut self) -> VerificationId {
        self.count += 1;
        VerificationId(u128::from(self.count) << 80 | self.dice.u128() >> 48)
    }

    /// A phone of ten million, by its verification.
    fn number(id: VerificationId) -> E164 {
        let spread = (id.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        E164::from_u64(46_700_000_000 + spread % 10_000_000).unwrap_or_else(|| unreachable!())
    }

    fn verification(&self, id: VerificationId) -> Verification {
        Verification {
            id,
            to: Self::number(id),
            method: Method::FlashCall,
            pool: Some("main".into()),
            did: None,
            ring_ms: None,
            client_ref: Some("signup-8812".into()),
            callback_url: None,
            created_at: Micros(1_763_633_730_000_000),
            created: JournalTime(1_763_633_730_000_000),
            expires: JournalTime(1_763_634_030_000_000),
        }
    }

    fn phone(&self, id: VerificationId) -> Phone {
        let at = JournalTime(1_763_633_730_000_000);
        let suffix = Hidden(id.0 as u32 % 100_000);
        let leases = vec![Lease { at, suffix, pool: "main".into(), is_start: true }];
        Phone { phone: Self::number(id), wrong: 0, wrong_at: at, leases }
    }

    fn event(&mut self, name: &str) -> Event {
        self.sequence += 1;
        let body = Hidden(vec![b'x'; 700].into());
        Event { sequence: self.sequence, at: Micros(0), name: name.into(), body }
    }

    fn start(&mut self, id: VerificationId) -> Batch {
        let mut batch = Batch::new();
        let expires = JournalTime(1_763_634_030_000_000);
        let reply = Idempotency {
            scope: "app".into(),
            key: id.to_string().into(),
            request: [7; 32],
            status: 201,
            body: Hidden(vec![b'x'; 600].into()),
            expires,
        };
        batch.put(self.verification(id)).put(standing(id, 3, None)).put(self.phone(id));
        batch.put(call(id, None)).put(in_flight(id)).put(reply);
        batch.put(self.event("verification.created"));
        batch
    }

    /// What follows a start, in order, and how many records it is.
    fn step(&mut self, id: VerificationId, stage: u8) -> (Batch, usize) {
        let mut batch = Batch::new();
        let count = match stage {
            0 => {
                batch.put(call(id, Some(Outcome::Completed))).delete(&Key::InFlight(CallId(id.0)));
                batch.put(self.event("call.ended"));
                3
            }
            1 => {
                batch.put(standing(id, 2, None)).put(self.phone(id));
                2
            }
            2 => {
                let end = self.event("verification.verified");
                batch.put(standing(id, 2, Some(Reason::CodeMatched))).put(webhook(id, &end));
                batch.put(end);
                3
            }
            _ => {
                batch.delete(&Key::Webhook(id.0));
                1
            }
        };
        (batch, count)
    }

    fn forget(&mut self, id: VerificationId) -> (Batch, usize) {
        let mut batch = Batch::new();
        batch.delete(&Key::Verification(id)).delete(&Key::Standing(id));
        batch.delete(&Key::Call(CallId(id.0))).delete(&Key::Phone(Self::number(id)));
        batch.delete(&Key::Idempotency("app".into(), id.to_string().into()));
        // The log of events is as long as before.
        let oldest = self.sequence.saturating_sub(30_000);
        for nth in 0..3 {
            batch.delete(&Key::Event(oldest.saturating_sub(nth)));
        }
        (batch, 8)
    }
}

fn standing(id: VerificationId, attempts_left: u8, reason: Option<Reason>) -> Standing {
    let status = if reason.is_some() { Status::Verified } else { Status::Pending };
    Standing { id, status, reason, attempts_left, calls: 1, ended_at: None, ended: None }
}

fn call(id: VerificationId, outcome: Option<Outcome>) -> Call {
    Call {
        id: CallId(id.0),
        verification: id,
        ordinal: 1,
        pool: "main".into(),
        block: Hidden(468_765),
        code: Hidden([9; 32]),
        usable: 9_516,
        placed_at: Micros(1_763_633_730_000_000),
        placed: JournalTime(1_763_633_730_000_000),
        trunk: Some("asterisk".into()),
        moments: vec![Some(1_000), Some(30_000), Some(2_000_000), Some(7_000_000), Some(7_100_000)],
        outcome,
        by: outcome.map(|_| Side::Us),
        sip_code: outcome.map(|_| 487),
        q850_cause: None,
    }
}

fn in_flight(id: VerificationId) -> InFlight {
    let text = |bytes: usize| vec![b'x'; bytes].into_boxed_slice();
    InFlight {
        call: CallId(id.0),
        verification: id,
        trunk: "asterisk".into(),
        remote: ([192, 0, 2, 1], 5_060).into(),
        local: ([192, 0, 2, 2], 5_061).into(),
        request_uri: Hidden(text(30)),
        call_id: text(40),
        from: Hidden(text(60)),
        to: Hidden(text(32)),
        cseq: 1,
        branch: text(39),
        routes: vec![],
        invited: JournalTime(1_763_633_730_000_000),
        rings_until: JournalTime(1_763_633_735_000_000),
    }
}

fn webhook(id: VerificationId, event: &Event) -> Webhook {
    Webhook {
        id: id.0,
        endpoint: "billing".into(),
        sequence: event.sequence,
        body: event.body.clone(),
        created_at: event.at,
        attempts: 0,
        next: Some(JournalTime(1_763_633_730_000_000)),
        status: None,
    }
}
