//! A receiver of webhooks that takes most of them, refuses some, and hangs up on some.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::crowd::Crowd;
use crate::ledger::Kind;

/// The receiver listens here, until the process ends.
pub(crate) fn start(crowd: &Arc<Crowd>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it has one");
    let crowd = Arc::clone(crowd);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let crowd = Arc::clone(&crowd);
            thread::spawn(move || serve(&crowd, stream));
        }
    });
    address
}

/// As the configuration has it.
pub(crate) fn secret() -> String {
    format!("whsec_{}", STANDARD.encode(SECRET))
}

struct Message {
    /// It came to the URL of a callback.
    is_callback: bool,
    id: String,
    timestamp: String,
    signature: String,
    body: String,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Answer {
    HangUp,
    Refuse,
    Take,
}

impl Answer {
    /// Whether it left.
    fn write(self, out: &mut TcpStream) -> bool {
        let reply: &[u8] = match self {
            Self::HangUp => return false,
            Self::Refuse => b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
            Self::Take => b"HTTP/1.1 204 Yes\r\n\r\n",
        };
        out.write_all(reply).is_ok()
    }
}

fn serve(crowd: &Crowd, stream: TcpStream) {
    // A connection that is kept idle ends with the process at its other end, or with this.
    let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
    let Ok(mut out) = stream.try_clone() else { return };
    let mut stream = BufReader::new(stream);
    while let Some(message) = read(&mut stream) {
        if !is_signed(&message) {
            crowd.ledger().object(Kind::Webhook, format!("{} is signed wrong", message.id));
        }
        let answer = match crowd.dice(100) {
            0 => Answer::HangUp,
            1 => Answer::Refuse,
            _ => Answer::Take,
        };
        let is_told = answer.write(&mut out);
        // What is refused was read all the same: it must come again as it was.
        let is_taken = is_told && answer == Answer::Take;
        let mut ledger = crowd.ledger();
        match message.is_callback {
            true => ledger.on_callback(&message.id, &message.body, is_taken),
            false => ledger.on_webhook(&message.id, &message.body, is_taken),
        }
        drop(ledger);
        if !is_told {
            return;
        }
    }
}

/// The next message; `None` when the connection has ended, in the middle of one or not.
fn read(stream: &mut BufReader<TcpStream>) -> Option<Message> {
    let mut message = Message {
        is_callback: false,
        id: String::new(),
        timestamp: String::new(),
        signature: String::new(),
        body: String::new(),
    };
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            match line.trim_end() {
                "" => break,
                line => message.is_callback |= line.starts_with("POST /callback "),
            }
            continue;
        };
        let value = value.trim();
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "webhook-id" => message.id = value.to_owned(),
            "webhook-signature" => message.signature = value.to_owned(),
            "webhook-timestamp" => message.timestamp = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    message.body = String::from_utf8(body).ok()?;
    Some(message)
}

/// Standard Webhooks 1.0.
fn is_signed(message: &Message) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("any length will do");
    mac.update(format!("{}.{}.{}", message.id, message.timestamp, message.body).as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    message.signature.split(' ').any(|it| it == signature)
}

const SECRET: &[u8; 24] = b"twenty-four octets of it";
