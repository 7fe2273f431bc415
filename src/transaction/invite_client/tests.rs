use expect_test::{Expect, expect};

use super::*;
use crate::time::testing::origin;
use crate::transaction::testing::{self, Driven};

#[test]
fn p02_an_unanswered_invite_is_sent_seven_times() {
    check(
        "udp",
        expect![[r#"
        00.500  timer A     Retransmit
        01.500  timer A     Retransmit
        03.500  timer A     Retransmit
        07.500  timer A     Retransmit
        15.500  timer A     Retransmit
        31.500  timer A     Retransmit
        32.000  timer B     Fail
        end
    "#]],
    );
}

#[test]
fn p02_a_reliable_transport_sends_once() {
    check(
        "tcp",
        expect![[r#"
        32.000  timer B     Fail
        end
    "#]],
    );
}

#[test]
fn a_provisional_response_stops_every_timer() {
    check(
        "udp; 0.7 180; 60 486",
        expect![[r#"
        00.500  timer A     Retransmit
        00.700  180         Deliver
        60.000  486         AcknowledgeAndDeliver
        92.000  timer D     Rest
        end
    "#]],
    );
}

#[test]
fn p08_a_repeated_487_is_acknowledged_each_time_and_delivered_once() {
    check(
        "udp; 0.1 180; 5.0 487; 5.5 487; 6.5 487; 37.1 487",
        expect![[r#"
        00.100  180         Deliver
        05.000  487         AcknowledgeAndDeliver
        05.500  487         Acknowledge
        06.500  487         Acknowledge
        37.000  timer D     Rest
        37.100  487         Absorb
        end
    "#]],
    );
}

#[test]
fn p22_every_2xx_is_delivered() {
    check(
        "udp; 0.1 200; 0.2 180; 0.3 200; 0.4 486",
        expect![[r#"
        00.100  200         Deliver
        00.200  180         Absorb
        00.300  200         Deliver
        00.400  486         Absorb
        32.100  timer M     Rest
        end
    "#]],
    );
}

#[test]
fn a_reliable_transport_does_not_linger() {
    check(
        "tcp; 3 486",
        expect![[r#"
        03.000  486         AcknowledgeAndDeliver
        end
    "#]],
    );
}

#[test]
fn p34_a_machine_that_slept_does_not_send_a_burst() {
    let now = origin();
    let mut machine = InviteClient::start(Transport::Unreliable, TimerBase::default(), now);
    let awake = now + Duration::from_secs(20);
    assert_eq!(machine.on_timeout(awake), OnTimeout::Retransmit);
    assert_eq!(machine.on_timeout(awake), OnTimeout::Rest);
    assert_eq!(machine.on_timeout(now + Duration::from_secs(33)), OnTimeout::Fail);
}

#[test]
fn a_transport_error_is_told_only_while_it_matters() {
    let now = origin();
    let start = || InviteClient::start(Transport::Unreliable, TimerBase::default(), now);
    assert!(start().on_transport_error());
    for class in [Class::Provisional, Class::Success, Class::ClientError] {
        let mut answered = start();
        answered.on_response(class, now);
        assert!(!answered.on_transport_error(), "{class:?}");
        assert!(!answered.is_terminated(), "{class:?}: late copies are still expected");
    }
}

#[test]
fn every_input_in_every_state() {
    let states = [
        ("Calling", ""),
        ("Proceeding", "180"),
        ("Accepted", "200"),
        ("Completed", "486"),
        ("Terminated", "abandon"),
    ];
    expect![[r#"
        Calling    100    Deliver                Proceeding
        Calling    180    Deliver                Proceeding
        Calling    200    Deliver                Accepted
        Calling    302    AcknowledgeAndDeliver  Completed
        Calling    486    AcknowledgeAndDeliver  Completed
        Calling    503    AcknowledgeAndDeliver  Completed
        Calling    603    AcknowledgeAndDeliver  Completed
        Calling    timer  Retransmit             Calling
        Calling    abandon                        Terminated
        Proceeding 100    Deliver                Proceeding
        Proceeding 180    Deliver                Proceeding
        Proceeding 200    Deliver                Accepted
        Proceeding 302    AcknowledgeAndDeliver  Completed
        Proceeding 486    AcknowledgeAndDeliver  Completed
        Proceeding 503    AcknowledgeAndDeliver  Completed
        Proceeding 603    AcknowledgeAndDeliver  Completed
        Proceeding timer  -                      Proceeding
        Proceeding abandon                        Terminated
        Accepted   100    Absorb                 Accepted
        Accepted   180    Absorb                 Accepted
        Accepted   200    Deliver                Accepted
        Accepted   302    Absorb                 Accepted
        Accepted   486    Absorb                 Accepted
        Accepted   503    Absorb                 Accepted
        Accepted   603    Absorb                 Accepted
        Accepted   timer  Rest                   Terminated
        Accepted   abandon                        Accepted
        Completed  100    Absorb                 Completed
        Completed  180    Absorb                 Completed
        Completed  200    Deliver                Completed
        Completed  302    Acknowledge            Completed
        Completed  486    Acknowledge            Completed
        Completed  503    Acknowledge            Completed
        Completed  603    Acknowledge            Completed
        Completed  timer  Rest                   Terminated
        Completed  abandon                        Completed
        Terminated 100    Absorb                 Terminated
        Terminated 180    Absorb                 Terminated
        Terminated 200    Absorb                 Terminated
        Terminated 302    Absorb                 Terminated
        Terminated 486    Absorb                 Terminated
        Terminated 503    Absorb                 Terminated
        Terminated 603    Absorb                 Terminated
        Terminated timer  -                      Terminated
        Terminated abandon                        Terminated
    "#]]
    .assert_eq(&testing::table::<InviteClient>(
        &states,
        &["100", "180", "200", "302", "486", "503", "603", "timer", "abandon"],
    ));
}

#[track_caller]
fn check(script: &str, expected: Expect) {
    expected.assert_eq(&testing::run::<InviteClient>(script));
}

impl Driven for InviteClient {
    fn start(transport: Transport, base: TimerBase, now: Instant) -> Self {
        Self::start(transport, base, now)
    }

    fn input(&mut self, word: &str, now: Instant) -> String {
        match word {
            "abandon" => {
                self.abandon();
                String::new()
            }
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
            State::Accepted { .. } => "Accepted",
            State::Calling { .. } => "Calling",
            State::Completed { .. } => "Completed",
            State::Proceeding => "Proceeding",
            State::Terminated => "Terminated",
        }
    }
}
