//! A server with played shards, and a client that writes its own bytes.

#![expect(clippy::disallowed_methods, reason = "a test may read the clock")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use ringproof::control::service::NotPlaced;
use ringproof::control::{
    Api, ApiCounters, CallbackCheck, Calls, DeadFilter, EventBus, KeptReply, Limits, Parts, Place,
    Readiness, Server, Settings, Shed, Status, Store, TcpSettings, TrunkState,
};
use ringproof::entropy::Entropy;
use ringproof::number::E164;
use ringproof::time::{Micros, WallClock};
use ringproof::verify::record::CallRecord;
use ringproof::verify::settings::{PoolSettings, Settings as VerifySettings};
use ringproof::verify::{Order, Task, TrunkNames, Verify};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::numbering::Numbering;
use super::store::Disk;

/// A running server and what a test may do to it.
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) shards: Arc<Shards>,
    pub(crate) orders: mpsc::Receiver<Order>,
    pub(crate) hung_up: mpsc::Receiver<Arc<CallRecord>>,
    pub(crate) verify: Arc<Verify>,
    pub(crate) bus: Arc<EventBus>,
    pub(crate) disk: Arc<Disk>,
    pub(crate) counters: Arc<ApiCounters>,
    pub(crate) tcp: Option<std::net::SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

/// The shards and the daemon, as a test plays them.
pub(crate) struct Shards {
    orders: mpsc::Sender<Order>,
    hung_up: mpsc::Sender<Arc<CallRecord>>,
    /// The next calls find no room.
    pub(crate) is_full: AtomicBool,
    /// No trunk is up.
    pub(crate) is_down: AtomicBool,
    /// Messages to webhooks that were tried again.
    pub(crate) retried: AtomicU32,
    /// Which dead messages were to be put back.
    pub(crate) wanted: watch::Sender<Option<DeadFilter>>,
}

impl World {
    /// On a Unix socket of its own.
    pub(crate) async fn new(limits: Limits) -> Self {
        Self::with(limits, None).await
    }

    /// On a Unix socket and, maybe, on TCP.
    pub(crate) async fn with(limits: Limits, tcp: Option<TcpSettings>) -> Self {
        Self::calling_from("+46876500[000-999]", limits, tcp).await
    }

    /// With these numbers in its pool.
    pub(crate) async fn calling_from(
        numbers: &str,
        limits: Limits,
        tcp: Option<TcpSettings>,
    ) -> Self {
        Self::grown(Seed { numbers, limits, tcp, replies: vec![], callbacks: None }).await
    }

    /// Out of all of this.
    pub(crate) async fn grown(seed: Seed<'_>) -> Self {
        let Seed { numbers, limits, tcp, replies, callbacks } = seed;
        let settings = Settings { socket: fresh_path(), socket_mode: 0o660, tcp, limits };
        let (orders_in, orders) = mpsc::channel(100);
        let (hung_up_in, hung_up) = mpsc::channel(100);
        let shards = Arc::new(Shards {
            orders: orders_in,
            hung_up: hung_up_in,
            is_full: AtomicBool::new(false),
            is_down: AtomicBool::new(false),
            retried: AtomicU32::new(0),
            wanted: watch::Sender::new(None),
        });
        let wall = WallClock::new(Instant::now(), SystemTime::now());
        let trunks = TrunkNames::new(["asterisk".into()]);
        let (kept, first) = (limits.events_kept, wall.at(Instant::now()).0);
        let bus = EventBus::new(kept, first);
        let numbering = Numbering::new(bus.clone(), trunks.clone(), first);
        let disk = Disk::new(bus.clone(), numbering);
        let numbers = vec![numbers.parse().unwrap()];
        let pools = vec![PoolSettings { name: "default".into(), numbers }];
        let dids = DIDS.map(|did| E164::parse(did).unwrap()).into();
        let rules = VerifySettings { pools, dids, ..VerifySettings::default() };
        let verify = Verify::new(rules, wall, Entropy::seeded(1), disk.clone()).unwrap();
        let verify = Arc::new(verify.kept(&[7; 32]));
        let counters = Arc::new(ApiCounters::default());
        let parts = Parts {
            verify: verify.clone(),
            calls: shards.clone(),
            status: shards.clone(),
            store: disk.clone(),
            replies,
            webhooks: shards.clone(),
            callbacks,
            bus: bus.clone(),
            trunks,
            counters: counters.clone(),
            entropy: Entropy::seeded(2),
        };
        let api = Api::new(&settings, parts);
        let server = Server::bind(&settings).unwrap();
        let tcp = server.tcp_address();
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(server.run(api, async move {
            let _ = stopped.await;
        }));
        Self {
            settings,
            shards,
            orders,
            hung_up,
            verify,
            bus,
            disk,
            counters,
            tcp,
            stop: Some(stop),
            server: Some(server),
        }
    }

    /// Asks on the Unix socket.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &str) -> Reply {
        self.ask_with(method, path, "", body).await
    }

    /// Asks on the Unix socket with further header lines, each with its line end.
    pub(crate) async fn ask_with(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> Reply {
        Reply::read(&self.talk(request(method, path, headers, body).as_bytes()).await)
    }

    /// Asks on TCP with a bearer token.
    pub(crate) async fn ask_tcp(&self, method: &str, path: &str, headers: &str) -> Reply {
        let body = if method == "POST" { START } else { "" };
        let stream = TcpStream::connect(self.tcp.unwrap()).await.unwrap();
        let request = request(method, path, headers, body);
        Reply::read(&converse(stream, request.as_bytes()).await)
    }

    /// Says something on the Unix socket and reads to the end.
    pub(crate) async fn talk(&self, bytes: &[u8]) -> Vec<u8> {
        converse(self.connect().await, bytes).await
    }

    /// A connection to the Unix socket.
    pub(crate) async fn connect(&self) -> UnixStream {
        UnixStream::connect(&self.settings.socket).await.unwrap()
    }

    /// Starts a verification, and takes the order that its shard got.
    pub(crate) async fn start(&mut self) -> (String, Order) {
        let reply = self.ask("POST", "/v1/verifications", START).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        let order = soon(self.orders.recv()).await.unwrap();
        (reply.json()["id"].as_str().unwrap().to_owned(), order)
    }

    /// The disk, as the API sees it.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        self.disk.clone()
    }

    /// How often this bound refused something.
    pub(crate) fn shed(&self, shed: Shed) -> u64 {
        self.counters.shed().find(|(one, _)| *one == shed).map_or(0, |(_, count)| count)
    }

    /// Stops the server and waits for its end.
    pub(crate) async fn stop(&mut self) {
        drop(self.stop.take());
        soon(self.server.take().unwrap()).await.unwrap();
    }
}

/// What a world is made of.
pub(crate) struct Seed<'a> {
    pub(crate) numbers: &'a str,
    pub(crate) limits: Limits,
    pub(crate) tcp: Option<TcpSettings>,
    /// What a world before this one kept.
    pub(crate) replies: Vec<KeptReply>,
    pub(crate) callbacks: Option<CallbackCheck>,
}

impl Default for Seed<'_> {
    fn default() -> Self {
        let numbers = "+46876500[000-999]";
        Self { numbers, limits: short(), tcp: None, replies: vec![], callbacks: None }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.settings.socket.parent().unwrap());
    }
}

impl Calls for Shards {
    fn reserve(&self, task: &Task) -> Result<Box<dyn Place>, NotPlaced> {
        if self.is_down.load(Ordering::Relaxed) && matches!(task, Task::Call(_)) {
            return Err(NotPlaced::NoTrunk);
        }
        if self.is_full.load(Ordering::Relaxed) {
            return Err(NotPlaced::QueueFull);
        }
        Ok(Box::new(Reserved(self.orders.clone())))
    }

    fn hang_up(&self, call: &Arc<CallRecord>, _: u16) {
        self.hung_up.try_send(call.clone()).unwrap();
    }
}

struct Reserved(mpsc::Sender<Order>);

impl Place for Reserved {
    fn hand_over(self: Box<Self>, task: Task) {
        if let Task::Call(order) = task {
            self.0.try_send(order).unwrap();
        }
    }
}

impl Status for Shards {
    fn trunks(&self) -> Vec<TrunkState> {
        vec![TrunkState {
            name: "asterisk".to_owned(),
            up: !self.is_down.load(Ordering::Relaxed),
            in_flight: 1,
            in_flight_max: 100,
            calls_per_second_max: 10.0,
        }]
    }

    fn did_trunks(&self) -> Vec<Vec<String>> {
        DIDS.map(|_| vec!["asterisk".to_owned()]).into()
    }

    fn readiness(&self) -> Readiness {
        if self.is_down.load(Ordering::Relaxed) { Readiness::NoTrunk } else { Readiness::Ready }
    }

    fn started(&self) -> (Micros, Duration) {
        (Micros(1_795_169_730_123_456), Duration::from_millis(61_900))
    }

    fn metrics(&self) -> String {
        "ringproof_up 1\n".to_owned()
    }

    fn debug(&self) -> Value {
        serde_json::json!({ "shards": 1 })
    }
}

/// What a server answered.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The first reply in `bytes`.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_lowercase(), body: bytes[end + 4..].to_vec() }
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of a problem, with its status.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        (self.status, problem["code"].as_str().unwrap().to_owned())
    }
}

/// A whole request that asks for the connection's end.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{kind}{headers}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Says something and reads to the end. Errors are ends, too: a server may close before it has read
/// everything.
pub(crate) async fn converse(stream: impl AsyncRead + AsyncWrite, bytes: &[u8]) -> Vec<u8> {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut heard = Vec::new();
    let say = async {
        let _ = writer.write_all(bytes).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = soon(reader.read_to_end(&mut heard)) => {}
        () = say => {}
    }
    heard
}

/// What must happen before long. A test that waits for longer has failed.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("this takes too long")
}

fn fresh_path() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("ringproof-control-{}-{count}", std::process::id());
    let folder: &Path = &std::env::temp_dir().join(name);
    std::fs::create_dir_all(folder).unwrap();
    folder.join("control.sock")
}

/// Limits that a test can wait for.
pub(crate) fn short() -> Limits {
    Limits {
        head_timeout: Duration::from_millis(300),
        body_timeout: Duration::from_millis(300),
        write_timeout: Duration::from_millis(300),
        ..Limits::default()
    }
}

/// The numbers that people ring.
pub(crate) const DIDS: [&str; 2] = ["+46850500001", "+46850500002"];
/// A wish that is granted.
pub(crate) const START: &str = "{\"to\":\"+46701234567\"}";
