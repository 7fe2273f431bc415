//! Webhooks from outside: receivers that stall, that never end, and that lead inside.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::http::Reply;
use crate::phones::{PHONE, with_dids};
use crate::raw;
use crate::world::{PATIENCE, World, eventually};

const SECRET: &str = "secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\nallow_http = true";

/// A receiver in this process.
struct Receiver {
    address: SocketAddr,
    connections: Arc<AtomicU64>,
    /// Bytes of replies that the system took from it.
    written: Arc<AtomicU64>,
}

/// A message as it came: its head, and its body.
type Came = (String, String);

/// What is done with a request, once its head was read.
type Conduct = fn(TcpStream, &AtomicU64);

impl Receiver {
    fn start(at: &str, conduct: impl Fn(TcpStream, &AtomicU64) + Send + Sync + 'static) -> Self {
        Self::hearing(at, move |stream, _, written| conduct(stream, written))
    }

    /// The same, for a conduct that is told what came.
    fn hearing(
        at: &str,
        conduct: impl Fn(TcpStream, Came, &AtomicU64) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(at).expect("an address of the loopback");
        let address = listener.local_addr().expect("it is bound");
        let (connections, written) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (conduct, count, bytes) = (Arc::new(conduct), connections.clone(), written.clone());
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                count.fetch_add(1, Ordering::Relaxed);
                let (conduct, bytes) = (conduct.clone(), bytes.clone());
                thread::spawn(move || {
                    let came = hear(&mut stream);
                    conduct(stream, came, &bytes);
                });
            }
        });
        Self { address, connections, written }
    }

    fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/hook", self.address.port())
    }

    fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}

/// Reads a request: as much as its length says, or as comes.
fn hear(stream: &mut TcpStream) -> Came {
    let (mut text, mut piece) = (String::new(), [0; 16_384]);
    loop {
        let read = stream.read(&mut piece).unwrap_or_default();
        text.push_str(&String::from_utf8_lossy(&piece[..read]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            match read {
                0 => return Came::default(),
                _ => continue,
            }
        };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        if body.len() >= length || read == 0 {
            return (head.to_owned(), body.to_owned());
        }
    }
}

/// Says nothing until the other side goes.
const STALLS: Conduct = |mut stream, _| {
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = stream.read(&mut [0; 16_384]);
};
const TAKES: Conduct = |mut stream, _| {
    let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
};
/// Takes the message, and says so at a length of a gigabyte.
const NEVER_ENDS: Conduct = |mut stream, written| {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n";
    let mut rest = stream.write_all(head).map(|()| 1_000_000_000_usize).unwrap_or_default();
    while rest > 0 && stream.write_all(&[b'0'; 10_000]).is_ok() {
        written.fetch_add(10_000, Ordering::Relaxed);
        rest -= 10_000;
    }
};

fn serving(lines: &str) -> World {
    let mut plan = with_dids(raw::closed(), "1s");
    plan.missed += "\n";
    plan.missed += lines;
    World::start(&plan)
}

/// Starts a verification that waits for a call, and withdraws it.
fn end_one(world: &World, body: &Value) -> String {
    let started = try_start(world, body);
    assert_eq!(started.status, 201, "{}", started.body);
    let id = started.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(world.client.delete(&format!("/v1/verifications/{id}")).status, 200);
    id
}

fn try_start(world: &World, body: &Value) -> Reply {
    let mut start = json!({ "to": PHONE, "method": "missed_call" });
    for (name, value) in body.as_object().expect("an object") {
        start[name] = value.clone();
    }
    world.client.post("/v1/verifications", &start)
}

/// The message about this verification, once it was tried.
fn tried(world: &World, verification: &str) -> Value {
    eventually("a message is tried", || {
        let path = format!("/v1/webhooks/deliveries?verification={verification}");
        let list = world.client.get(&path).json();
        let message = list["deliveries"][0].clone();
        (message["attempts"].as_u64()? > 0).then_some(message)
    })
}

/// Keeps the messages that come and takes them, as long as `is_up`.
fn taking(is_up: &Arc<AtomicBool>) -> (Receiver, mpsc::Receiver<Came>) {
    let (keep, came) = mpsc::sync_channel(16);
    let is_up = is_up.clone();
    let receiver = Receiver::hearing("127.0.0.1:0", move |mut stream, came, _| {
        let status = if is_up.load(Ordering::Relaxed) { "204 No Content" } else { "500 No" };
        let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        let _ = keep.send(came);
        let _ = stream.write_all(head.as_bytes());
    });
    (receiver, came)
}

/// Standard Webhooks 1.0, by hand; the id.
fn signed((head, body): &Came) -> String {
    let header = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("{name} is missing: {head}")).to_owned()
    };
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length will do");
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(header("webhook-signature"), signature);
    id
}

#[test]
fn w01_the_callback_of_a_start_gets_its_end_signed_and_across_a_kill_with_the_same_id() {
    let is_up = Arc::new(AtomicBool::new(true));
    let (receiver, came) = taking(&is_up);
    let mut world =
        serving(&format!("[callbacks]\nenabled = true\nallow_private = true\n{SECRET}"));
    let url = format!("{}/a?key=1", receiver.url("127.0.0.1"));
    let id = end_one(&world, &json!({ "callback_url": url }));
    let first = came.recv_timeout(PATIENCE).expect("a message");
    assert!(first.0.starts_with("POST /hook/a?key=1 HTTP/1.1"), "{}", first.0);
    let envelope: Value = serde_json::from_str(&first.1).expect("an envelope");
    assert_eq!(
        (&envelope["type"], &envelope["data"]["id"]),
        (&json!("verification.canceled"), &json!(id))
    );
    signed(&first);
    eventually("it is done with", || {
        let left = world.client.get("/v1/webhooks/deliveries").json();
        (left["deliveries"] == json!([])).then_some(())
    });

    // What was refused before the kill comes from the journal after it.
    is_up.store(false, Ordering::Relaxed);
    let id = end_one(&world, &json!({ "callback_url": url }));
    let refused = came.recv_timeout(PATIENCE).expect("a message");
    tried(&world, &id);
    world.kill();
    while came.try_recv().is_ok() {}
    is_up.store(true, Ordering::Relaxed);
    world.start_again();
    let again = came.recv_timeout(PATIENCE).expect("the message once more");
    assert_eq!(signed(&again), signed(&refused));
    assert_eq!((&again.1, again.1.contains(&id)), (&refused.1, true));
    world.stop();
}

#[test]
fn w05_a_callback_url_that_leads_inside_is_refused_where_it_is_connected_to() {
    let inside = Receiver::start("127.0.0.1:0", TAKES);
    let world = serving(&format!("[callbacks]\nenabled = true\n{SECRET}"));
    // An address is refused when it is given, a name once it is known where it leads.
    let refused = try_start(&world, &json!({ "callback_url": inside.url("127.0.0.1") }));
    assert_eq!((refused.status, &refused.json()["code"]), (422, &json!("url_not_allowed")));
    let id = end_one(&world, &json!({ "callback_url": inside.url("localhost") }));
    let message = tried(&world, &id);
    assert_eq!(message["error"], "its name leads to no address that is allowed");
    assert_eq!(message["event"], "verification.canceled");
    assert_eq!(inside.connections(), 0);
    let scrape = world.scrape();
    let failed = ["endpoint=\"callback\"", "result=\"address\""];
    assert!(scrape.sum("ringproof_webhook_deliveries_total", &failed) >= 1.0);
    world.stop();
}

#[test]
fn w05_a_callback_s_receiver_cannot_send_the_daemon_inside() {
    let inside = Receiver::start("127.0.0.1:0", TAKES);
    let to = inside.url("127.0.0.1");
    let outside = Receiver::start("127.0.0.2:0", move |mut stream, _| {
        let head = format!("HTTP/1.1 301 Moved\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
        let _ = stream.write_all(head.as_bytes());
    });
    let range = "allow_private = [\"127.0.0.2/32\"]";
    let world = serving(&format!("[callbacks]\nenabled = true\n{range}\n{SECRET}"));
    let id = end_one(&world, &json!({ "callback_url": outside.url("127.0.0.2") }));
    let message = tried(&world, &id);
    assert_eq!(message["error"], "it replied 301, and redirects are not followed");
    assert_eq!((outside.connections() > 0, inside.connections()), (true, 0));
    world.stop();
}

#[test]
fn w02_a_receiver_that_stalls_is_left_after_the_time_out_and_one_without_end_is_not_heard_out() {
    let (stalls, endless) =
        (Receiver::start("127.0.0.1:0", STALLS), Receiver::start("127.0.0.1:0", NEVER_ENDS));
    let webhook = |name: &str, receiver: &Receiver| {
        let url = receiver.url("127.0.0.1");
        format!(
            "[[webhook]]\nname = \"{name}\"\nurl = \"{url}\"\ntimeout = \"1s\"\n\
             allow_private = true\n{SECRET}\n"
        )
    };
    let world = serving(&(webhook("stalls", &stalls) + &webhook("endless", &endless)));
    let id = end_one(&world, &json!({}));
    let message = tried(&world, &id);
    assert_eq!(
        (&message["endpoint"], &message["error"]),
        (&json!("stalls"), &json!("it took too long"))
    );
    eventually("the other one is taken", || {
        let delivered = ["endpoint=\"endless\"", "result=\"delivered\""];
        let count = world.scrape().sum("ringproof_webhook_deliveries_total", &delivered);
        (count == 1.0).then_some(())
    });
    let mut last = u64::MAX;
    let written = eventually("nobody reads on", || {
        thread::sleep(Duration::from_millis(50));
        let now = endless.written.load(Ordering::Relaxed);
        (std::mem::replace(&mut last, now) == now).then_some(now)
    });
    // 64 KiB are read; what the system's buffers take is no more than some megabytes.
    assert!(written < 50_000_000, "{written} bytes of the reply were taken");
    let shown = world.client.get("/v1/webhooks/endpoints").json();
    let endpoint = |index: usize| {
        let it = &shown["endpoints"][index];
        (
            it["name"].as_str().unwrap().to_owned(),
            it["waiting"].as_u64().unwrap() + it["trying"].as_u64().unwrap(),
        )
    };
    assert_eq!([endpoint(0), endpoint(1)], [("stalls".to_owned(), 1), ("endless".to_owned(), 0)]);
    world.stop();
}

#[test]
fn w08_dead_letters_of_an_endpoint_that_said_410_are_put_back_by_one_command() {
    let is_back = Arc::new(AtomicU64::new(0));
    let flag = is_back.clone();
    let receiver = Receiver::start("127.0.0.1:0", move |stream, bytes| {
        if flag.load(Ordering::Relaxed) > 0 {
            return TAKES(stream, bytes);
        }
        let mut stream = stream;
        let _ = stream
            .write_all(b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    });
    let url = receiver.url("127.0.0.1");
    let world = serving(&format!(
        "[[webhook]]\nname = \"shop\"\nurl = \"{url}\"\nallow_private = true\n{SECRET}\n"
    ));
    let shop = || world.client.get("/v1/webhooks/endpoints").json()["endpoints"][0].clone();
    (0..5).for_each(|_| drop(end_one(&world, &json!({}))));
    eventually("they are dead letters", || (shop()["dead"] == 5).then_some(()));
    assert_eq!(
        (&shop()["state"], &shop()["last_error"]),
        (&json!("disabled"), &json!("it replied 410"))
    );
    let list = String::from_utf8(world.run(&["webhook", "endpoints"]).stdout).unwrap();
    assert!(list.contains("127.0.0.1") && list.contains("disabled"), "{list}");
    is_back.store(1, Ordering::Relaxed);
    let said = world.run(&["webhook", "retry", "--all", "--endpoint", "shop"]);
    let words = "5 messages put back, to be tried as they are taken\n";
    assert_eq!(
        (said.status.code(), String::from_utf8(said.stdout).unwrap()),
        (Some(0), words.into())
    );
    eventually("all are taken", || {
        let left = world.client.get("/v1/webhooks/deliveries").json();
        (left["deliveries"] == json!([])).then_some(())
    });
    assert_eq!((&shop()["state"], &shop()["dead"]), (&json!("working"), &json!(0)));
    world.stop();
}

#[test]
fn an_endpoint_that_is_removed_while_messages_wait_for_it_is_named_at_a_reload_and_at_the_start() {
    let receiver = Receiver::start("127.0.0.1:0", STALLS);
    let url = receiver.url("127.0.0.1");
    let shop = format!(
        "[[webhook]]\nname = \"shop\"\nurl = \"{url}\"\ntimeout = \"1s\"\nallow_private = true\n{SECRET}\n"
    );
    let mut world = serving(&shop);
    let id = end_one(&world, &json!({}));
    tried(&world, &id);
    let path = world.place.0.join("ringproof.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace(&shop, "")).unwrap();
    world.signal(Signal::SIGHUP);
    let said = |world: &World, words: &str| {
        eventually(words, || {
            let log = world.log();
            let line = log.lines().find(|line| line.contains(words))?;
            Some(line.contains("shop") && line.contains("waiting=1") && line.contains("dead=0"))
        })
    };
    assert!(said(&world, "is not in the configuration any more"), "{}", world.log());
    world.kill_and_start();
    let words = "webhook messages are for an endpoint that is not in the configuration";
    assert!(said(&world, words), "{}", world.log());
    assert_eq!(world.scrape().sum("ringproof_webhook_orphaned", &[]), 1.0);
    let gone = &world.client.get("/v1/webhooks/endpoints").json()["endpoints"][0];
    assert_eq!(
        (&gone["name"], &gone["state"], &gone["waiting"]),
        (&json!("shop"), &json!("gone"), &json!(1))
    );
    let list = world.client.get("/v1/webhooks/deliveries").json();
    assert_eq!(list["deliveries"][0]["next_at"], Value::Null, "it is not tried");
    world.stop();
}
