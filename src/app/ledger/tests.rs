//! From the end of a verification to its receiver: everything between but the API and the shards.

use std::time::{Duration, Instant, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::app::books::vault::Vault;
use crate::app::relay::Relay;
use crate::app::teller::Teller;
use crate::config;
use crate::control::Store;
use crate::number::E164;
use crate::store::clock::Reading;
use crate::store::memory::MemoryDisk;
use crate::store::{Kind, Settings};
use crate::verify::event::Event;
use crate::verify::{Awaited, How, Start, Verify};

struct Nobody;

impl Listener for Nobody {
    fn on_event(&self, _: Event) {}
}

/// The configuration of a gateway that people ring, with one webhook at `url`.
fn config_of(url: &str) -> Config {
    let place = std::env::temp_dir().join(format!("ringproof-ledger-{}", std::process::id()));
    std::fs::create_dir_all(&place).unwrap();
    let text = format!(
        "[sip]\nlisten = [\"udp:127.0.0.1:0\"]\nprofiles = [\"lab.toml\"]\n\
         [[did]]\nnumber = \"+46876501000\"\n\
         [[webhook]]\nname = \"shop\"\nurl = \"{url}\"\nallow_http = true\nallow_private = true\n\
         secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\n"
    );
    let main = place.join("ringproof.toml");
    std::fs::write(&main, text).unwrap();
    std::fs::write(place.join("lab.toml"), "name = \"lab\"\naddress = \"udp:127.0.0.1:9\"\n")
        .unwrap();
    let config = config::load(&main).unwrap();
    std::fs::remove_dir_all(place).unwrap();
    config
}

/// The body of the next message, which is taken.
async fn receive(listener: &TcpListener) -> serde_json::Value {
    let (mut stream, _) = listener.accept().await.unwrap();
    let (mut heard, mut buffer) = (vec![], [0; 4_096]);
    loop {
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(count > 0, "it ended within a message");
        heard.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&heard);
        let body = text.split_once("\r\n\r\n").map(|(_, body)| serde_json::from_str(body));
        if let Some(Ok(body)) = body {
            stream.write_all(b"HTTP/1.1 204 No\r\nconnection: close\r\n\r\n").await.unwrap();
            return body;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "a journal and a receiver live in real time")]
async fn w08_who_never_called_has_expired_and_the_receiver_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = config_of(&format!("http://{}/", listener.local_addr().unwrap()));
    let now = Instant::now();
    let (wall, entropy) = (WallClock::new(now, SystemTime::now()), Entropy::seeded(7));
    let names = TrunkNames::new(["lab".into()]);
    let disk = Arc::new(MemoryDisk::default());
    let opened = Opened::on(disk, Settings::default(), Reading::system()).unwrap();
    let relay = Arc::new(Relay::default());
    let teller = Teller::of_events(relay.clone()).unwrap();
    let ear = Arc::clone(&teller) as Arc<dyn Listener>;
    let verify = Verify::new(config.verify.clone(), wall.clone(), entropy.clone(), ear).unwrap();
    let verify = verify.kept(&[7; 32]);
    let Ledger { journal, hooks, scribe, .. } =
        Ledger::start(opened, &config, &names, (&wall, &entropy), Arc::new(Nobody)).unwrap();
    relay.set(scribe.clone());

    let awaited = Awaited { did: None, confirm: None, recent_within: None };
    let to = E164::parse("+46701740650").unwrap();
    let start = Start { how: How::MissedCall(awaited), ..Start::flash_call(to) };
    let started = verify.start(start, now).unwrap();
    let beginning = verify.beginning(&started.task).unwrap();
    let vault = Vault::new(scribe, teller);
    vault.begin(beginning, None).unwrap().await.unwrap();
    verify.announce(&started.task);
    // Nobody rings, nobody asks; its shard keeps the time.
    let _ = verify.on_timeout(started.snapshot.id, now + Duration::from_secs(3_600));

    let told = receive(&listener).await;
    assert_eq!(told["type"], "verification.expired");
    assert_eq!(told["data"]["id"], started.snapshot.id.to_string());
    while hooks.figures().endpoints[0].taken == 0 {
        tokio::task::yield_now().await;
    }
    hooks.stop(Duration::from_secs(5)).await;
    assert_eq!(vault.barrier().await, Ok(()));
    assert_eq!(journal.first(Kind::Webhook, 10).unwrap(), []);
}
