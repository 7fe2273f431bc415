use expect_test::{Expect, expect};

use super::*;
use crate::transaction::testing::{self, Driven};

#[test]
fn a_slow_user_makes_the_transaction_send_100() {
    check(
        "udp; 1 invite; 2 send:486; 2.1 ack",
        expect![[r#"
        00.200  100 Trying  Trying
        01.000  invite      Respond
        02.000  send:486    sent
        02.100  ack         Confirm
        07.100  timer I     Rest
        end
    "#]],
    );
}

#[test]
fn a_quick_user_makes_the_100_needless() {
    check(
        "udp; 0.1 send:180; 0.6 invite; 1 send:486; 1.5 invite; 1.6 ack",
        expect![[r#"
        00.100  send:180    sent
        00.600  invite      Respond
        01.000  send:486    sent
        01.500  timer G     Retransmit
        01.500  invite      Respond
        01.600  ack         Confirm
        06.600  timer I     Rest
        end
    "#]],
    );
}

#[test]
fn a_final_response_without_ack_is_repeated_up_to_t2_until_timer_h() {
    check(
        "udp; 0 send:486",
        expect![[r#"
        00.000  send:486    sent
        00.500  timer G     Retransmit
        01.500  timer G     Retransmit
        03.500  timer G     Retransmit
        07.500  timer G     Retransmit
        11.500  timer G     Retransmit
        15.500  timer G     Retransmit
        19.500  timer G     Retransmit
        23.500  timer G     Retransmit
        27.500  timer G     Retransmit
        31.500  timer G     Retransmit
        32.000  timer H     Fail
        end
    "#]],
    );
}

#[test]
fn a_reliable_transport_waits_for_the_ack_but_repeats_nothing() {
    check(
        "tcp; 0 send:486; 3 ack",
        expect![[r#"
        00.000  send:486    sent
        03.000  ack         Confirm
        end
    "#]],
    );
    check(
        "tcp; 0 send:486",
        expect![[r#"
        00.000  send:486    sent
        32.000  timer H     Fail
        end
    "#]],
    );
}

#[test]
fn an_accepted_invite_leaves_repetition_and_ack_to_the_user() {
    check(
        "udp; 0 send:200; 0.5 invite; 0.6 send:200; 0.7 ack; 0.8 send:486",
        expect![[r#"
        00.000  send:200    sent
        00.500  invite      Absorb
        00.600  send:200    sent
        00.700  ack         Deliver
        00.800  send:486    refused
        32.000  timer L     Rest
        end
    "#]],
    );
}

#[test]
fn only_the_first_ack_confirms() {
    check(
        "udp; 0 send:486; 0.1 ack; 0.2 ack; 0.3 invite",
        expect![[r#"
        00.000  send:486    sent
        00.100  ack         Confirm
        00.200  ack         Absorb
        00.300  invite      Absorb
        05.100  timer I     Rest
        end
    "#]],
    );
}

#[test]
fn every_input_in_every_state() {
    let states = [
        ("Proceeding", "send:180"),
        ("Completed", "send:486"),
        ("Confirmed", "send:486 ack"),
        ("Accepted", "send:200"),
        ("Terminated", "send:200 timer"),
    ];
    expect![[r#"
        Proceeding invite Respond                Proceeding
        Proceeding ack    Absorb                 Proceeding
        Proceeding send:180 sent                   Proceeding
        Proceeding send:200 sent                   Accepted
        Proceeding send:486 sent                   Completed
        Proceeding timer  -                      Proceeding
        Completed  invite Respond                Completed
        Completed  ack    Confirm                Confirmed
        Completed  send:180 refused                Completed
        Completed  send:200 refused                Completed
        Completed  send:486 refused                Completed
        Completed  timer  Retransmit             Completed
        Confirmed  invite Absorb                 Confirmed
        Confirmed  ack    Absorb                 Confirmed
        Confirmed  send:180 refused                Confirmed
        Confirmed  send:200 refused                Confirmed
        Confirmed  send:486 refused                Confirmed
        Confirmed  timer  Rest                   Terminated
        Accepted   invite Absorb                 Accepted
        Accepted   ack    Deliver                Accepted
        Accepted   send:180 refused                Accepted
        Accepted   send:200 sent                   Accepted
        Accepted   send:486 refused                Accepted
        Accepted   timer  Rest                   Terminated
        Terminated invite Absorb                 Terminated
        Terminated ack    Absorb                 Terminated
        Terminated send:180 refused                Terminated
        Terminated send:200 refused                Terminated
        Terminated send:486 refused                Terminated
        Terminated timer  -                      Terminated
    "#]]
    .assert_eq(&testing::table::<InviteServer>(
        &states,
        &["invite", "ack", "send:180", "send:200", "send:486", "timer"],
    ));
}

#[track_caller]
fn check(script: &str, expected: Expect) {
    expected.assert_eq(&testing::run::<InviteServer>(script));
}

impl Driven for InviteServer {
    fn start(transport: Transport, base: TimerBase, now: Instant) -> Self {
        Self::start(transport, base, now)
    }

    fn input(&mut self, word: &str, now: Instant) -> String {
        match word {
            "ack" => format!("{:?}", self.on_ack(now)),
            "invite" => format!("{:?}", self.on_invite()),
            "timer" => self.wake().map_or("-".to_owned(), |wake| self.timeout(wake.at)),
            send => {
                let code = send.strip_prefix("send:").unwrap();
                let may = self.on_send(testing::class(code), now);
                if may { "sent".to_owned() } else { "refused".to_owned() }
            }
        }
    }

    fn timeout(&mut self, now: Instant) -> String {
        format!("{:?}", self.on_timeout(now))
    }

    fn wake(&self) -> Option<Wake> {
        self.next_wake()
    }

    fn has_ended(&self) -> bool {
        self.is_terminated()
    }

    fn state(&self) -> &'static str {
        match self.state {
            State::Accepted { .. } => "Accepted",
            State::Completed { .. } => "Completed",
            State::Confirmed { .. } => "Confirmed",
            State::Proceeding { .. } => "Proceeding",
            State::Terminated => "Terminated",
        }
    }
}
