use super::*;
use crate::entropy::Entropy;
use crate::transaction::{TimerBase, Transport};

#[test]
fn a_repeated_request_finds_its_transaction_whatever_the_case() {
    let mut table = Table::new();
    let first = table.arrives("INVITE", "192.0.2.1:5060;branch=z9hG4bKabc", "1 INVITE");
    assert_eq!(table.find("INVITE", "192.0.2.1:5060;branch=Z9HG4BKABC", "1 INVITE"), Some(first));
}

#[test]
fn sent_by_is_part_of_the_key() {
    let mut table = Table::new();
    table.arrives("INVITE", "192.0.2.1:5060;branch=z9hG4bKabc", "1 INVITE");
    assert_eq!(table.find("INVITE", "192.0.2.2:5060;branch=z9hG4bKabc", "1 INVITE"), None);
    assert_eq!(table.find("INVITE", "192.0.2.1:5062;branch=z9hG4bKabc", "1 INVITE"), None);
}

#[test]
fn an_ack_belongs_to_its_invite_and_a_cancel_to_itself() {
    let mut table = Table::new();
    let invite = table.arrives("INVITE", "a;branch=z9hG4bKabc", "1 INVITE");
    assert_eq!(table.find("ACK", "a;branch=z9hG4bKabc", "1 ACK"), Some(invite));
    assert_eq!(table.find("CANCEL", "a;branch=z9hG4bKabc", "1 CANCEL"), None);
}

#[test]
fn requests_of_rfc_2543_are_told_apart_by_their_call() {
    let mut table = Table::new();
    let first = table.arrives("INVITE", "a", "1 INVITE");
    assert_eq!(table.find("INVITE", "a", "1 INVITE"), Some(first));
    assert_eq!(table.find("ACK", "a", "1 ACK"), Some(first));
    assert_eq!(table.find("INVITE", "a", "2 INVITE"), None);
}

#[test]
fn q06_a_copy_that_came_by_another_path_is_merged() {
    let mut table = Table::new();
    let handle = table.arrives("INVITE", "a;branch=z9hG4bK1", "1 INVITE");
    let copy = text("INVITE", "a;branch=z9hG4bK2", "1 INVITE");
    let later = text("INVITE", "a;branch=z9hG4bK2", "2 INVITE");
    assert!(table.servers.is_merged(&Message::parse(&copy).unwrap()));
    assert!(!table.servers.is_merged(&Message::parse(&later).unwrap()));
    table.servers.remove(handle);
    assert!(!table.servers.is_merged(&Message::parse(&copy).unwrap()));
    assert_eq!(table.find("INVITE", "a;branch=z9hG4bK1", "1 INVITE"), None);
}

#[test]
fn f08_nobody_can_choose_branches_that_collide() {
    let key = |seed| {
        let servers = Servers::<()>::new(LIMIT, &mut Entropy::seeded(seed).stream());
        let text = text("INVITE", "a;branch=z9hG4bK1", "1 INVITE");
        servers.key(&Message::parse(&text).unwrap(), Method::Invite).unwrap()
    };
    assert_eq!(key(1), key(1));
    assert_ne!(key(1), key(2), "where a branch lies depends on a secret");
}

#[test]
fn the_table_is_bounded() {
    let mut table = Table::new();
    for number in 0..LIMIT {
        table.arrives("OPTIONS", &format!("a;branch=z9hG4bK{number}"), "1 OPTIONS");
    }
    let one_more = text("OPTIONS", "a;branch=z9hG4bKx", "1 OPTIONS");
    let message = Message::parse(&one_more).unwrap();
    let key = table.servers.key(&message, Method::Options).unwrap();
    let machine = Table::machine();
    assert_eq!(table.servers.insert(key, &message, machine, ()), Err(Full { limit: LIMIT }));
    assert_eq!(table.servers.occupancy(), (LIMIT, LIMIT));
}

struct Table {
    servers: Servers<()>,
}

impl Table {
    fn new() -> Self {
        Self { servers: Servers::new(LIMIT, &mut Entropy::seeded(1).stream()) }
    }

    fn machine() -> Machine {
        Machine::NonInvite(NonInviteServer::start(Transport::Unreliable, TimerBase::default()))
    }

    fn arrives(&mut self, method: &str, via: &str, cseq: &str) -> Handle {
        let text = text(method, via, cseq);
        let message = Message::parse(&text).unwrap();
        let key = self.servers.key(&message, message.method().unwrap()).unwrap();
        self.servers.insert(key, &message, Self::machine(), ()).unwrap()
    }

    fn find(&self, method: &str, via: &str, cseq: &str) -> Option<Handle> {
        let text = text(method, via, cseq);
        let message = Message::parse(&text).unwrap();
        self.servers.find(self.servers.key(&message, message.method().unwrap()).unwrap())
    }
}

fn text(method: &str, via: &str, cseq: &str) -> Vec<u8> {
    format!(
        "{method} sip:b SIP/2.0\r\nVia: SIP/2.0/UDP {via}\r\nFrom: <sip:a>;tag=1\r\n\
         To: <sip:b>\r\nCall-ID: c\r\nCSeq: {cseq}\r\nContent-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

const LIMIT: usize = 4;
