//! One try to post a message, to receivers of every conduct.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use super::super::client::{Client, Failed, tls};
use super::super::failure::Failure;
use super::super::lookup::Names;
use super::super::{Allowed, HostPattern, Message, Reach, Trust};
use super::receiver::{Conduct, OK, Receiver, Seen};
use super::world::{BEGIN, message, named, reach};
use crate::time::Micros;
use crate::time::testing::origin;

const NOW: Micros = Micros(BEGIN * 1_000_000 + 700_000);

fn first() -> Message {
    message(1, named("a"), origin())
}

fn client_of(url: &str, reach: &Reach, trust: &Trust) -> Client {
    Client::new(reach, Some(url.into()), &tls(trust), Names::System)
}

/// What becomes of a message that is met so; beside it, how long it was asked to wait.
async fn meet(conduct: Conduct) -> Result<(), Failed> {
    let receiver = Receiver::start(None, move |_| conduct).await;
    let reach = Reach { timeout: Duration::from_millis(1_500), ..reach() };
    client_of(&receiver.url(), &reach, &Trust::Only(vec![])).post(&first(), NOW).await
}

fn status(status: u16) -> Result<(), Failed> {
    Err(Failure::Status(status).into())
}

fn asked(status: u16, seconds: u64) -> Result<(), Failed> {
    let wish = Some(Duration::from_secs(seconds));
    Err(Failed { failure: Failure::Status(status), wish })
}

#[tokio::test]
async fn w02_only_a_2xx_is_success_whatever_its_body_does() {
    use Conduct::{Reply, ReplyAndClose, ReplyAndStall, ReplyWithoutEnd};

    for (conduct, expected) in [
        (Reply("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"), Ok(())),
        (OK, Ok(())),
        (Reply("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"), Ok(())),
        (ReplyWithoutEnd("HTTP/1.1 200 OK\r\n\r\n"), Ok(())),
        (ReplyWithoutEnd("HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n"), Ok(())),
        (ReplyWithoutEnd("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"), Ok(())),
        (ReplyAndClose("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\nshort"), Ok(())),
        (ReplyAndStall("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\nshort"), Ok(())),
        (Reply("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n"), status(500)),
        (Reply("HTTP/1.1 408 Slow\r\ncontent-length: 0\r\n\r\n"), status(408)),
        (Reply("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n"), status(404)),
        (Reply("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n"), status(410)),
        (Reply("HTTP/1.1 429 Often\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n"), asked(429, 7)),
        (
            Reply("HTTP/1.1 503 Busy\r\nretry-after: 7200\r\ncontent-length: 0\r\n\r\n"),
            asked(503, 3_600),
        ),
        (ReplyAndStall("HTTP/1.1 200 "), Err(Failure::Timeout.into())),
        (ReplyAndStall(""), Err(Failure::Timeout.into())),
        (ReplyAndClose(""), Err(Failure::Reply.into())),
        (ReplyAndClose("220 mail.example ESMTP\r\n"), Err(Failure::Reply.into())),
        (Conduct::Reset, Err(Failure::Reply.into())),
    ] {
        assert_eq!(meet(conduct).await, expected, "{conduct:?}");
    }
}

#[tokio::test]
async fn w02_redirects_are_failures_and_nobody_goes_there() {
    let mut inside = Receiver::start(None, |_| OK).await;
    let text =
        format!("HTTP/1.1 301 Moved\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", inside.url());
    let text: &'static str = text.leak();
    assert_eq!(meet(Conduct::Reply(text)).await, status(301));
    assert!(inside.seen().is_none() && inside.connections.load(Ordering::Relaxed) == 0);
}

#[tokio::test]
async fn w02_nobody_there_is_a_failure() {
    let port = Receiver::start(None, |_| OK).await.address.port();
    // So that its socket is closed.
    tokio::task::yield_now().await;
    let url = format!("http://127.0.0.1:{port}/");
    let result = client_of(&url, &reach(), &Trust::Only(vec![])).post(&first(), NOW).await;
    assert_eq!(result, Err(Failure::Connect.into()));
}

#[tokio::test]
async fn w01_a_message_is_posted_as_the_standard_says() {
    let mut receiver = Receiver::start(None, |_| OK).await;
    let client = client_of(&receiver.url(), &reach(), &Trust::Only(vec![]));
    let message = first();
    assert_eq!(client.post(&message, NOW).await, Ok(()));
    assert_eq!(client.post(&message, Micros(NOW.0 + 5_000_000)).await, Ok(()));
    let Seen { headers, body } = receiver.next().await;
    assert_eq!(body, *message.body);
    let mut shown: Vec<_> =
        headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    shown.sort();
    shown.retain(|line| !line.starts_with("host"));
    expect_test::expect![[r#"
        content-length: "14"
        content-type: "application/json"
        user-agent: "ringproof/0.1.0"
        webhook-id: "msg_01MCC5RM000000000000000001"
        webhook-signature: "v1,"
        webhook-timestamp: "1800000000""#]]
    .assert_eq(&shown.join("\n").replace(signature(&headers), "v1,"));
    // Again: the same id, another moment, so another signature; and the same connection.
    let again = receiver.next().await;
    assert_eq!((&again.headers["webhook-id"], &again.body), (&headers["webhook-id"], &body));
    assert_eq!(again.headers["webhook-timestamp"], "1800000005");
    assert_ne!(signature(&again.headers), signature(&headers));
    assert_eq!(receiver.connections.load(Ordering::Relaxed), 1);
}

fn signature(headers: &hyper::HeaderMap) -> &str {
    headers["webhook-signature"].to_str().unwrap()
}

#[tokio::test]
async fn w02_tls_counts_only_with_a_certificate_that_is_trusted() {
    let certified = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = certified.cert.der().clone();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let mut receiver = Receiver::start(Some(TlsAcceptor::from(Arc::new(config))), |_| OK).await;
    let url = receiver.url().replace("http:", "https:");
    let trusting = client_of(&url, &reach(), &Trust::Only(vec![certificate]));
    assert_eq!(trusting.post(&first(), NOW).await, Ok(()));
    receiver.next().await;
    for trust in [Trust::Only(vec![]), Trust::System] {
        let result = client_of(&url, &reach(), &trust).post(&first(), NOW).await;
        assert_eq!(result, Err(Failure::Tls.into()));
    }
    assert!(receiver.seen().is_none());
    // Plain HTTP where TLS is expected, and the other way round.
    let plain = Receiver::start(None, |_| Conduct::ReplyAndClose("HTTP/1.1 400 No\r\n\r\n")).await;
    let url = plain.url().replace("http:", "https:");
    let result = client_of(&url, &reach(), &Trust::System).post(&first(), NOW).await;
    assert_eq!(result, Err(Failure::Tls.into()));
    let result = client_of(&receiver.url(), &reach(), &Trust::System).post(&first(), NOW).await;
    assert_eq!(result, Err(Failure::Reply.into()));
}

#[tokio::test]
async fn w05_a_url_that_leads_inside_is_refused_however_it_is_written() {
    let receiver = Receiver::start(None, |_| OK).await;
    let port = receiver.address.port();
    let reach = Reach { allowed: Allowed::Public, ..reach() };
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "localhost",
        "localhost.",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "169.254.169.254",
        "10.0.0.1",
    ] {
        let url = format!("http://{host}:{port}/");
        let result = client_of(&url, &reach, &Trust::Only(vec![])).post(&first(), NOW).await;
        let refused = [Failure::Address, Failure::Name].map(|failure| Err(failure.into()));
        assert!(refused.contains(&result), "{host}: {result:?}");
    }
    for url in ["unix:/run/docker.sock", "file:///etc/passwd", "https://u:p@127.0.0.1/"] {
        let result = client_of(url, &reach, &Trust::Only(vec![])).post(&first(), NOW).await;
        assert_eq!(result, Err(Failure::Url.into()), "{url}");
    }
    assert_eq!(receiver.connections.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn w05_a_callback_to_a_host_that_is_allowed_no_more_is_not_sent() {
    let receiver = Receiver::start(None, |_| OK).await;
    let message = |host: &str| {
        let url = format!("http://{host}:{}/", receiver.address.port());
        message(1, super::world::callback(&url), origin())
    };
    let hosts = ["localhost", "*.example"].map(|host| HostPattern::parse(host).unwrap());
    let client = Client::new(&reach(), None, &tls(&Trust::Only(vec![])), Names::System);
    let client = client.only(hosts.into());
    let refused = client.post(&message("127.0.0.1"), NOW).await;
    assert_eq!(refused, Err(Failure::Url.into()));
    assert_eq!(receiver.connections.load(Ordering::Relaxed), 0);
    assert_eq!(client.post(&message("localhost"), NOW).await, Ok(()));
}

#[tokio::test]
async fn w05_a_name_that_answers_differently_the_second_time_gains_nothing() {
    let receiver =
        Receiver::start(None, |_| Conduct::ReplyAndClose("HTTP/1.1 204 No\r\n\r\n")).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let names = Names::Told(Arc::new(move |host| {
        assert_eq!(host, "rebinding.example");
        // Allowed, then not.
        let last = 1 + count.fetch_add(1, Ordering::Relaxed) as u8;
        vec![IpAddr::from([127, 0, 0, last])]
    }));
    let allowed = Allowed::Ranges(vec!["127.0.0.1/32".parse().unwrap()]);
    let reach = Reach { allowed, ..reach() };
    let url = format!("http://rebinding.example:{}/", receiver.address.port());
    let client = Client::new(&reach, Some(url.into()), &tls(&Trust::Only(vec![])), names);
    assert_eq!(client.post(&first(), NOW).await, Ok(()));
    assert_eq!(client.post(&first(), NOW).await, Err(Failure::Address.into()));
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    assert_eq!(receiver.connections.load(Ordering::Relaxed), 1);
}
