//! A real Kamailio between the daemon and two trunks, with the profile that is shipped for it: it
//! rings two phones at once for each number, relays every message and records its route.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

use serde_json::{Value, json};

use crate::lab::Lab;
use crate::raw;
use crate::world::{Place, Plan, World, eventually};

#[test]
fn p21_both_phones_ring_and_are_hung_up() {
    let Outcome { call, first, second } = call_through("rings", "rings");
    assert_eq!((&call["outcome"], &call["sip_code"]), (&json!("completed"), &json!(487)));
    assert_eq!((first, second), ("missed", "missed"));
}

#[test]
fn r01_one_phone_of_two_answers_while_the_cancel_is_on_its_way() {
    let Outcome { call, first, second } = call_through("rings", "answers-on-cancel");
    assert_eq!((&call["outcome"], &call["sip_code"]), (&json!("answered_in_race"), &json!(200)));
    assert_eq!((first, second), ("missed", "answered"));
}

#[test]
fn p22_one_phone_of_two_answers_and_is_hung_up_and_the_other_stops() {
    let Outcome { call, first, second } = call_through("answers:300ms", "rings");
    assert_eq!((&call["outcome"], &call["sip_code"]), (&json!("answered_suspect"), &json!(200)));
    assert_eq!((first, second), ("answered", "missed"));
}

#[test]
fn p09_one_phone_is_busy_and_the_other_rings_until_it_is_hung_up() {
    let mut chain = Chain::new("busy", "rings");
    let id = chain.world.verify(PHONE)["id"].as_str().unwrap().to_owned();
    assert_eq!(chain.second.stopped(PHONE).ending.as_str(), "missed");
    let call = chain.world.call_ended(&id)["flash_call"]["call"].clone();
    // The proxy passes on the better of 486 and 487; the phone had rung either way.
    assert_eq!(call["outcome"], "completed");
    chain.close();
}

/// What became of a call to two phones.
struct Outcome {
    call: Value,
    first: &'static str,
    second: &'static str,
}

/// Rings a number whose two phones do this.
fn call_through(first: &str, second: &str) -> Outcome {
    let mut chain = Chain::new(first, second);
    let id = chain.world.verify(PHONE)["id"].as_str().unwrap().to_owned();
    let call = chain.world.call_ended(&id)["flash_call"]["call"].clone();
    let [first, second] =
        [&mut chain.first, &mut chain.second].map(|lab| lab.stopped(PHONE).ending.as_str());
    chain.close();
    Outcome { call, first, second }
}

/// Daemon, proxy, two trunks.
struct Chain {
    world: World,
    first: Lab,
    second: Lab,
    proxy: Proxy,
}

impl Chain {
    fn new(first: &str, second: &str) -> Self {
        let lab = |behaviour: &str| {
            let rule = format!("={behaviour}").parse().expect("a rule");
            Lab::with("127.0.0.1:0", |settings| settings.rules.push(rule))
        };
        let (first, second) = (lab(first), lab(second));
        let proxy = Proxy::start([first.address.port(), second.address.port()]);
        let mut plan = Plan::new(proxy.address);
        plan.trunks[0].2 = profile();
        Self { world: World::start(&plan), first, second, proxy }
    }

    fn close(mut self) {
        self.world.stop();
        for lab in [&mut self.first, &mut self.second] {
            assert_eq!(lab.violations(), [""; 0]);
        }
        drop(self.proxy);
    }
}

/// The profile as it is shipped, but for where the proxy is and what is too slow for a test.
pub(crate) fn profile() -> String {
    let shipped = include_str!("../../sip-profiles/kamailio-peer.toml");
    let local = ["name =", "address =", "sources =", "domain ="];
    let kept = shipped.lines().filter(|line| !local.iter().any(|key| line.starts_with(key)));
    let head = ["ring = \"1s\"", "sources = [\"127.0.0.1\"]", "domain = \"127.0.0.1\""];
    head.into_iter().chain(kept).map(|line| format!("{line}\n")).collect()
}

/// The process, its port and its folder.
pub(crate) struct Proxy {
    child: Child,
    pub(crate) address: SocketAddr,
    _place: Place,
}

impl Proxy {
    /// One that passes every call on to this port.
    pub(crate) fn before(port: u16) -> Self {
        let fork = "  append_branch(\"$var(second)\");\n";
        let relays = FORKS.replace(fork, "");
        assert_ne!(relays, FORKS, "it forks no more");
        Self::run(&relays, [port, port])
    }

    fn start(ports: [u16; 2]) -> Self {
        Self::run(FORKS, ports)
    }

    fn run(config: &str, [first, second]: [u16; 2]) -> Self {
        let place = Place::new();
        let address = raw::closed();
        let config = config
            .replace("[port]", &address.port().to_string())
            .replace("[first]", &first.to_string())
            .replace("[second]", &second.to_string());
        let path = place.0.join("kamailio.cfg");
        fs::write(&path, config).expect("a configuration can be written");
        let log = fs::File::create(place.0.join("kamailio.log")).expect("a log can be written");
        let child = Command::new("kamailio")
            .args(["-DD", "-E", "-m", "32", "-M", "4", "-Y"])
            .arg(&place.0)
            .arg("-f")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("kamailio is installed: `make tools`");
        await_answer(address);
        Self { child, address, _place: place }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Its children end with it only when it is asked.
        let pid = nix::unistd::Pid::from_raw(self.child.id().cast_signed());
        let asked = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let ended = asked.is_ok() && self.child.wait().is_ok();
        assert!(ended || thread::panicking(), "kamailio can be ended");
    }
}

/// Asks until it answers: an INVITE that came before would be turned back.
fn await_answer(proxy: SocketAddr) {
    let socket = raw::socket("127.0.0.1:0");
    socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout can be set");
    let local = socket.local_addr().expect("it is bound");
    let options = format!(
        "OPTIONS sip:{proxy} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bKready\r\n\
         Max-Forwards: 70\r\nFrom: <sip:test@{local}>;tag=1\r\nTo: <sip:{proxy}>\r\n\
         Call-ID: ready\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    eventually("Kamailio answers", || {
        // Until it listens, the system may say that nobody does.
        socket.send_to(options.as_bytes(), proxy).ok()?;
        let mut buffer = [0; 2_048];
        let length = socket.recv(&mut buffer).ok()?;
        buffer[..length].starts_with(b"SIP/2.0 200").then_some(())
    });
}

const FORKS: &str = include_str!("kamailio/forks.cfg");
const PHONE: &str = "+46701740650";
