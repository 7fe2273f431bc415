use expect_test::{Expect, expect};

use super::*;
use crate::transaction::testing::{self, Driven};

#[test]
fn p05_an_unanswered_cancel_is_repeated_up_to_t2_until_timer_f() {
    check(
        "udp",
        expect![[r#"
        00.500  timer E     Retransmit
        01.500  timer E     Retransmit
        03.500  timer E     Retransmit
        07.500  timer E     Retransmit
        11.500  timer E     Retransmit
        15.500  timer E     Retransmit
        19.500  timer E     Retransmit
        23.500  timer E     Retransmit
        27.500  timer E     Retransmit
        31.500  timer E     Retransmit
        32.000  timer F     Fail
        end
    "#]],
    );
}

#[test]
fn a_reliable_transport_sends_once() {
    check(
        "tcp",
        expect![[r#"
        32.000  timer F     Fail
        end
    "#]],
    );
}

#[test]
fn a_provisional_response_slows_the_repetition_to_t2() {
    check(
        "udp; 0.1 100; 6 200",
        expect![[r#"
        00.100  100         Deliver
        00.500  timer E     Retransmit
        04.500  timer E     Retransmit
        06.000  200         Deliver
        11.000  timer K     Rest
        end
    "#]],
    );
}

#[test]
fn a_repeated_final_response_is_absorbed_until_timer_k() {
    check(
        "udp; 0.1 200; 0.6 200",
        expect![[r#"
        00.100  200         Deliver
        00.600  200         Absorb
        05.100  timer K     Rest
        end
    "#]],
    );
}

#[test]
fn every_input_in_every_state() {
    let states =
        [("Trying", ""), ("Proceeding", "100"), ("Completed", "200"), ("Terminated", "200 timer")];
    expect![[r#"
        Trying     100    Deliver                Proceeding
        Trying     200    Deliver                Completed
        Trying     302    Deliver                Completed
        Trying     481    Deliver                Completed
        Trying     503    Deliver                Completed
        Trying     603    Deliver                Completed
        Trying     timer  Retransmit             Trying
        Proceeding 100    Deliver                Proceeding
        Proceeding 200    Deliver                Completed
        Proceeding 302    Deliver                Completed
        Proceeding 481    Deliver                Completed
        Proceeding 503    Deliver                Completed
        Proceeding 603    Deliver                Completed
        Proceeding timer  Retransmit             Proceeding
        Completed  100    Absorb                 Completed
        Completed  200    Absorb                 Completed
        Completed  302    Absorb                 Completed
        Completed  481    Absorb                 Completed
        Completed  503    Absorb                 Completed
        Completed  603    Absorb                 Completed
        Completed  timer  Rest                   Terminated
        Terminated 100    Absorb                 Terminated
        Terminated 200    Absorb                 Terminated
        Terminated 302    Absorb                 Terminated
        Terminated 481    Absorb                 Terminated
        Terminated 503    Absorb                 Terminated
        Terminated 603    Absorb                 Terminated
        Terminated timer  -                      Terminated
    "#]]
    .assert_eq(&testing::table::<NonInviteClient>(
        &states,
        &["100", "200", "302", "481", "503", "603", "timer"],
    ));
}

#[track_caller]
fn check(script: &str, expected: Expect) {
    expected.assert_eq(&testing::run::<NonInviteClient>(script));
}

impl Driven for NonInviteClient {
    fn start(transport: Transport, base: TimerBase, now: Instant) -> Self {
        Self::start(transport, base, now)
    }

    fn input(&mut self, word: &str, now: Instant) -> String {
        match word {
            "timer" => self.wake().map_or("-".to_owned(), |wake| self.timeout(wake.at)),
            code => format!("{:?}", self.on_response(testing::class(code), now)),
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
            State::Completed { .. } => "Completed",
            State::Proceeding { .. } => "Proceeding",
            State::Terminated => "Terminated",
            State::Trying { .. } => "Trying",
        }
    }
}
