//! The crowd: who is to do what, and when. Any thread may do the next thing ([`crate::work`]).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use ringproof::entropy::{Entropy, Stream};

use crate::clock::Clock;
use crate::http::Client;
use crate::ledger::Ledger;
use crate::people::{Manner, Person, Step};
use crate::request::Request;

/// Everybody, and what all threads share.
pub(crate) struct Crowd {
    pub(crate) clock: Clock,
    pub(crate) client: Client,
    /// Where some have themselves called back, once there is a receiver.
    pub(crate) callback: OnceLock<String>,
    ledger: Mutex<Ledger>,
    state: Mutex<State>,
    bell: Condvar,
    is_over: AtomicBool,
    is_quitting: AtomicBool,
}

/// Something that is to be done.
#[derive(Debug)]
pub(crate) enum Task {
    /// Withdraw a verification.
    Cancel(String),
    /// Ring this number from this phone.
    Dial { phone: String, did: String },
    /// Look at a verification.
    Read(String),
    /// Begin with this phone.
    Start(String),
    /// Go on with it.
    Step { phone: String, step: Step },
    /// Ask what somebody else asks at this moment.
    Twin(Request),
}

struct State {
    /// By their time, and in the order in which they were thought of.
    tasks: BTreeMap<(Duration, u64), Task>,
    thought_of: u64,
    doing: usize,
    people: BTreeMap<String, Person>,
    phones: BTreeMap<String, String>,
    dice: Stream,
    strangers: u32,
    sleepers: u32,
}

impl Crowd {
    pub(crate) fn new(client: Client, ledger: Ledger, (seed, sleepers): (u64, u32)) -> Self {
        let state = State {
            tasks: BTreeMap::new(),
            thought_of: 0,
            doing: 0,
            people: BTreeMap::new(),
            phones: BTreeMap::new(),
            dice: Entropy::seeded(seed).stream(),
            strangers: 0,
            sleepers,
        };
        Self {
            clock: Clock::start(),
            client,
            callback: OnceLock::new(),
            ledger: Mutex::new(ledger),
            state: Mutex::new(state),
            bell: Condvar::new(),
            is_over: AtomicBool::new(false),
            is_quitting: AtomicBool::new(false),
        }
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("nobody panics with it")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with it")
    }

    /// Nobody waits for the daemon any longer.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    pub(crate) fn stop(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.bell.notify_all();
    }

    /// Nobody new comes.
    pub(crate) fn is_quitting(&self) -> bool {
        self.is_quitting.load(Ordering::Relaxed)
    }

    /// Whoever ends from now on does not come back.
    pub(crate) fn quit(&self) {
        self.is_quitting.store(true, Ordering::Relaxed);
    }

    /// A stranger comes, unless more wait than can be served.
    pub(crate) fn add_stranger(&self) {
        let mut state = self.state();
        if state.tasks.len() > TASKS_MAX {
            return;
        }
        state.strangers += 1;
        let phone = format!("+4670{:07}", state.strangers);
        let sleepers = state.sleepers;
        let manner = Manner::draw(sleepers, &mut state.dice);
        state.people.insert(phone.clone(), Person::new(manner, 1));
        drop(state);
        self.after(Duration::ZERO, Task::Start(phone));
    }

    /// Somebody who does nothing but look at the phone.
    pub(crate) fn expect(&self, phone: &str) {
        let person = Person::new(Manner::Sleeps { calls: false }, 1);
        self.state().people.insert(phone.to_owned(), person);
    }

    /// To be done then.
    pub(crate) fn after(&self, wait: Duration, task: Task) {
        let at = self.clock.now() + wait;
        let mut state = self.state();
        state.thought_of += 1;
        let place = (at, state.thought_of);
        state.tasks.insert(place, task);
        drop(state);
        self.bell.notify_one();
    }

    /// The next thing that is due; waits for it. `None` when the run is over.
    pub(crate) fn next(&self) -> Option<Task> {
        let mut state = self.state();
        loop {
            if self.is_over() {
                return None;
            }
            let now = self.clock.now();
            let wait = match state.tasks.first_key_value() {
                Some(((at, _), _)) if *at <= now => {
                    let (_, task) = state.tasks.pop_first()?;
                    state.doing += 1;
                    return Some(task);
                }
                Some(((at, _), _)) => *at - now,
                None => PAUSE,
            };
            state =
                self.bell.wait_timeout(state, wait.min(PAUSE)).expect("nobody panics with it").0;
        }
    }

    /// It is done.
    pub(crate) fn done(&self) {
        self.state().doing -= 1;
    }

    /// Things to do, and being done.
    pub(crate) fn tasks(&self) -> usize {
        let state = self.state();
        state.tasks.len() + state.doing
    }

    /// A number below that.
    pub(crate) fn dice(&self, below: u32) -> u32 {
        self.state().dice.below(below)
    }

    /// A wait of up to this.
    pub(crate) fn a_while(&self, most: Duration) -> Duration {
        Duration::from_millis(self.dice(u32::try_from(most.as_millis()).expect("short") + 1).into())
    }

    /// What is known of the person with this phone.
    pub(crate) fn with<T>(&self, phone: &str, look: impl FnOnce(&mut Person) -> T) -> Option<T> {
        self.state().people.get_mut(phone).map(look)
    }

    /// The verification of this phone has this id.
    pub(crate) fn on_started(&self, phone: &str, id: &str) {
        let mut state = self.state();
        state.phones.insert(id.to_owned(), phone.to_owned());
        if let Some(person) = state.people.get_mut(phone) {
            person.id = Some(id.to_owned());
        }
        drop(state);
        self.go_on(phone);
    }

    /// The phone rings.
    pub(crate) fn on_ring(&self, phone: &str, caller: &str) {
        let digits = caller.get(caller.len().saturating_sub(5)..);
        let code: Option<u32> = digits.and_then(|digits| digits.parse().ok());
        self.with(phone, |person| person.codes.extend(code));
        self.go_on(phone);
    }

    /// A step is done.
    pub(crate) fn on_stepped(&self, phone: &str) {
        self.with(phone, |person| person.is_busy = false);
        self.go_on(phone);
    }

    /// The next step is done in a while.
    fn go_on(&self, phone: &str) {
        if let Some(step) = self.with(phone, Person::next).flatten() {
            let wait = match step {
                // The phone must have stopped ringing.
                Step::AskForCall => Duration::from_millis(1_300),
                Step::Cancel => self.a_while(Duration::from_millis(1_500)),
                Step::TypeRight | Step::TypeWrong => self.a_while(Duration::from_millis(600)),
            };
            self.after(wait, Task::Step { phone: phone.to_owned(), step });
        }
    }

    /// The verification has ended: some come back with the same phone.
    pub(crate) fn on_ended(&self, id: &str) {
        let mut state = self.state();
        let Some(phone) = state.phones.remove(id) else { return };
        let Some(person) = state.people.remove(&phone) else { return };
        let comes_back = match person.manner {
            Manner::Guesses => true,
            Manner::Types { .. } => state.dice.below(10) < 3,
            Manner::Asks
            | Manner::Calls
            | Manner::Cancels
            | Manner::Confirms
            | Manner::Sleeps { .. } => false,
        };
        if !comes_back || person.round >= ROUNDS_MAX || self.is_quitting() {
            return;
        }
        state.people.insert(phone.clone(), Person::new(person.manner, person.round + 1));
        drop(state);
        self.after(self.a_while(Duration::from_secs(2)), Task::Start(phone));
    }

    /// Somebody was refused and goes away.
    pub(crate) fn forget(&self, phone: &str) {
        self.state().people.remove(phone);
    }
}

const PAUSE: Duration = Duration::from_millis(50);
const TASKS_MAX: usize = 2_000;
const ROUNDS_MAX: u32 = 8;
