use expect_test::{Expect, expect};

use super::*;
use crate::transaction::testing::{self, Driven};

#[test]
fn a_repeated_request_gets_the_same_response_until_timer_j() {
    check(
        "udp; 0.1 request; 0.2 send:200; 0.5 request; 40 request",
        expect![[r#"
        00.100  request     Absorb
        00.200  send:200    sent
        00.500  request     Respond
        32.200  timer J     Rest
        40.000  request     Absorb
        end
    "#]],
    );
}

#[test]
fn nothing_follows_a_final_response() {
    check(
        "udp; 0 send:100; 0.1 request; 1 send:200; 1.1 send:500",
        expect![[r#"
        00.000  send:100    sent
        00.100  request     Respond
        01.000  send:200    sent
        01.100  send:500    refused
        33.000  timer J     Rest
        end
    "#]],
    );
}

#[test]
fn a_reliable_transport_does_not_linger() {
    check(
        "tcp; 0 send:200",
        expect![[r#"
        00.000  send:200    sent
        end
    "#]],
    );
}

#[test]
fn every_input_in_every_state() {
    let states = [
        ("Trying", ""),
        ("Proceeding", "send:100"),
        ("Completed", "send:200"),
        ("Terminated", "send:200 timer"),
    ];
    expect![[r#"
        Trying     request Absorb                 Trying
        Trying     send:100 sent                   Proceeding
        Trying     send:200 sent                   Completed
        Trying     send:481 sent                   Completed
        Trying     timer  -                      Trying
        Proceeding request Respond                Proceeding
        Proceeding send:100 sent                   Proceeding
        Proceeding send:200 sent                   Completed
        Proceeding send:481 sent                   Completed
        Proceeding timer  -                      Proceeding
        Completed  request Respond                Completed
        Completed  send:100 refused                Completed
        Completed  send:200 refused                Completed
        Completed  send:481 refused                Completed
        Completed  timer  Rest                   Terminated
        Terminated request Absorb                 Terminated
        Terminated send:100 refused                Terminated
        Terminated send:200 refused                Terminated
        Terminated send:481 refused                Terminated
        Terminated timer  -                      Terminated
    "#]]
    .assert_eq(&testing::table::<NonInviteServer>(
        &states,
        &["request", "send:100", "send:200", "send:481", "timer"],
    ));
}

#[track_caller]
fn check(script: &str, expected: Expect) {
    expected.assert_eq(&testing::run::<NonInviteServer>(script));
}

impl Driven for NonInviteServer {
    fn start(transport: Transport, base: TimerBase, _: Instant) -> Self {
        Self::start(transport, base)
    }

    fn input(&mut self, word: &str, now: Instant) -> String {
        match word {
            "request" => format!("{:?}", self.on_request()),
            "timer" => self.wake().map_or("-".to_owned(), |wake| self.timeout(wake.at)),
            send => {
                let code = send.strip_prefix("send:").unwrap();
                let may = self.on_send(testing::class(code), now);
                if may { "sent".to_owned() } else { "refused".to_owned() }
            }
        }
    }

    fn timeout(&mut self, now: Instant) -> String {
        self.on_timeout(now);
        "Rest".to_owned()
    }

    fn wake(&self) -> Option<Wake> {
        self.next_wake()
    }

    fn has_ended(&self) -> bool {
        self.is_terminated()
    }

    fn state(&self) -> &'static str {
        match self.state {
            State::Completed { .. } => "Completed",
            State::Proceeding => "Proceeding",
            State::Terminated => "Terminated",
            State::Trying => "Trying",
        }
    }
}
