//! What one flash call costs without a network: its messages alone, a whole call through a shard,
//! and the memory of a call that has ended.
//!
//! `cargo bench --bench messages`. Times are the best of many runs of a plain loop: what the code
//! needs when nothing disturbs it. Fails when a call allocates more than `tests/gateway_alloc.rs`
//! allows, which would make the times those of something else.

#![expect(clippy::print_stdout, reason = "a benchmark's result is its output")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

#[path = "kit/machine.rs"]
mod machine;
#[path = "kit/shard.rs"]
mod shard;
#[path = "kit/shard_settings.rs"]
mod shard_settings;

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use ringproof::entropy::Entropy;
use ringproof::sip::Message;
use ringproof::sip::response::Response;
use ringproof::sip::{Method, Status};
use ringproof::transaction::branch::BranchKey;
use ringproof::transaction::slab::Handle;

use shard::{Shard, missed_invite};

fn main() -> Result<(), Box<dyn Error>> {
    println!("load of the machine {}", machine::load());
    let key = BranchKey::new(&mut Entropy::seeded(1).stream());
    let branch = key.write(Handle { slot: 7, generation: 3 });
    let messages = messages(std::str::from_utf8(&branch)?)?;
    let (mut all, mut all_checked) = (0.0, 0.0);
    println!("message             bytes  parse + match, ns  with the full check of a stranger's");
    for (name, octets) in &messages {
        let read = |message: &Message<'_>| {
            black_box(message.via().ok().and_then(|via| key.read(via.branch?)));
            black_box((message.cseq().ok(), message.call_id().ok(), message.via_count()));
            black_box(message.to().ok().and_then(|to| to.tag()));
        };
        let matched = best(|| {
            let Ok(message) = Message::parse(black_box(octets)) else { return };
            read(&message);
        });
        let checked = best(|| {
            let Ok(message) = Message::parse(black_box(octets)) else { return };
            read(&message);
            let _ = black_box(message.check());
        });
        (all, all_checked) = (all + matched, all_checked + checked);
        println!("{name:<18} {:>6} {matched:>18.0} {checked:>18.0}", octets.len());
    }
    println!("all seven          {all:>25.0} {all_checked:>18.0}");
    whole_call()?;
    missed_calls()?;
    memory()
}

/// A call through a shard: its own three messages written, four of the trunk read, and the trunk's
/// own work on both.
fn whole_call() -> Result<(), Box<dyn Error>> {
    let mut shard = Shard::new(Instant::now())?;
    let mut fastest = f64::INFINITY;
    for _ in 0..ROUNDS {
        let orders: Vec<_> = (0..100).map(|_| shard.order()).collect();
        let from = Instant::now();
        for order in orders {
            shard.call(order)?;
        }
        fastest = fastest.min(from.elapsed().as_nanos() as f64 / 100.0);
    }
    println!("a whole call through a shard, and its peer: {:.1} µs", fastest / 1e3);
    Ok(())
}

/// Calls from the trunk that nobody waits for: refused at once, with their ACK, and what they keep while
/// Timer I runs.
fn missed_calls() -> Result<(), Box<dyn Error>> {
    let mut shard = Shard::new(Instant::now())?;
    let mut fastest = f64::INFINITY;
    for round in 0..ROUNDS as i64 {
        let invites: Vec<_> = (0..100).map(|call| missed_invite(100 * round + call)).collect();
        let from = Instant::now();
        for invite in &invites {
            shard.missed_call(invite)?;
        }
        fastest = fastest.min(from.elapsed().as_nanos() as f64 / 100.0);
        shard.rest(Duration::from_secs(6));
    }
    println!("a missed call through a shard: {:.1} µs", fastest / 1e3);
    let mut shard = Shard::new(Instant::now())?;
    let invites: Vec<_> = (0..ENDED).map(missed_invite).collect();
    let mut result = Ok(());
    let kept = allocation_counter::measure(|| {
        result = invites.iter().try_for_each(|invite| shard.missed_call(invite));
    });
    println!("it keeps {} bytes until it is forgotten", kept.bytes_current / ENDED);
    result
}

/// What calls keep while Timer D runs: 32 s in which a repeated 487 must be acknowledged again.
fn memory() -> Result<(), Box<dyn Error>> {
    let mut shard = Shard::new(Instant::now())?;
    let mut result = Ok(());
    let kept = allocation_counter::measure(|| {
        for _ in 0..ENDED {
            let order = shard.order();
            result = shard.call(order);
            // All calls of the loop end within the 32 s.
            shard.now -= shard::RING;
        }
    });
    result?;
    println!("an ended call keeps {} bytes, its record included", kept.bytes_current / ENDED);
    println!(
        "its record (what the API shows) {}",
        size_of::<ringproof::verify::record::CallRecord>()
    );
    shard.rest(Duration::from_secs(60));
    let is_quiet = shard.gateway.is_quiet();
    if is_quiet { Ok(()) } else { Err("transactions outlive Timer D".into()) }
}

/// An INVITE, its CANCEL and ACK, and the trunk's four answers, with this branch.
fn messages(branch: &str) -> Result<Vec<Named>, Box<dyn Error>> {
    let request = |method: &str, more: &str| {
        format!(
            "{method} sip:+46701234567@192.0.2.1:5060 SIP/2.0\r\n\
             Via: SIP/2.0/UDP 192.0.2.9:5070;branch={branch};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:+46876500123@192.0.2.9:5070>;tag=5f0c8a7e12ab34cd\r\n\
             To: <sip:+46701234567@192.0.2.1:5060>\r\n\
             Call-ID: 0123456789abcdef0123456789abcdef\r\nCSeq: 1 {method}\r\n{more}\r\n"
        )
        .into_bytes()
    };
    let offer = "v=0\r\no=- 7 7 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
                 m=audio 9 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
                 a=rtpmap:101 telephone-event/8000\r\na=inactive\r\n";
    let mut invite = request(
        "INVITE",
        &format!(
            "Contact: <sip:192.0.2.9:5070>\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n\
             Expires: 25\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n",
            offer.len()
        ),
    );
    invite.extend_from_slice(offer.as_bytes());
    let (cancel, ack) =
        (request("CANCEL", "Content-Length: 0\r\n"), request("ACK", "Content-Length: 0\r\n"));
    let answer = |request: &[u8], status| -> Result<Vec<u8>, Box<dyn Error>> {
        let mut out = vec![];
        let response = Response { to_tag: Some(b"phone1"), ..Response::new(status) };
        response.write(&Message::parse(request)?, &mut out)?;
        Ok(out)
    };
    let answers = [
        ("100", answer(&invite, Status::TRYING)?),
        ("180", answer(&invite, Status::RINGING)?),
        ("200 to CANCEL", answer(&cancel, Status::OK)?),
        ("487", answer(&invite, Status::REQUEST_TERMINATED)?),
    ];
    debug_assert_eq!(Message::parse(&invite)?.method(), Some(Method::Invite));
    let mut all = vec![("INVITE", invite), ("CANCEL", cancel), ("ACK", ack)];
    all.extend(answers);
    Ok(all)
}

/// A message and what it is called here.
type Named = (&'static str, Vec<u8>);

/// The least time that `work` took, of many runs, in nanoseconds.
fn best(mut work: impl FnMut()) -> f64 {
    let mut fastest = f64::INFINITY;
    for _ in 0..ROUNDS {
        let from = Instant::now();
        (0..1_000).for_each(|_| work());
        fastest = fastest.min(from.elapsed().as_nanos() as f64 / 1e3);
    }
    fastest
}

const ROUNDS: usize = 300;
/// A power of two: the tables that grow by doubling are full.
const ENDED: i64 = 1 << 15;
