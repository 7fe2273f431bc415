//! Verifications: what was told of each.

use std::time::Duration;

use super::{Kind, Ledger};
use crate::clock::Asked;
use crate::view::View;

/// One verification.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) to: String,
    fixed: String,
    /// The least attempts that were told to be left, and since when.
    attempts: Vec<(Duration, u8)>,
    /// Wrong codes that were told to be counted: when, and how many attempts were left.
    wrong: Vec<(Duration, u8)>,
    /// Codes that were tried, whatever came of it.
    guesses: u8,
    end: Option<String>,
    end_told: Option<Duration>,
    is_granted: bool,
    /// Events of its life.
    pub(super) created: u32,
    pub(super) ended: u32,
    pub(super) placed: u32,
    /// Calls that were asked for.
    pub(super) calls_asked: u32,
}

/// What a code was that somebody typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Guess {
    /// Of the latest call, the only one.
    Right,
    /// Of a call, and there may be a later one.
    Rung,
    /// Of none.
    Wrong,
}

impl Ledger {
    /// Somebody was shown a verification.
    pub(crate) fn on_view(&mut self, view: &View, asked: Asked) {
        let known = self.books.contains_key(&view.id);
        let book = self.books.entry(view.id.clone()).or_insert_with(|| Book {
            to: view.to.clone(),
            fixed: view.fixed.clone(),
            attempts: vec![],
            wrong: vec![],
            guesses: 0,
            end: None,
            end_told: None,
            is_granted: false,
            created: 0,
            ended: 0,
            placed: 0,
            calls_asked: 0,
        });
        let mut faults = vec![];
        if known && book.fixed != view.fixed {
            faults.push((
                Kind::Changed,
                format!("{} was {}, is {}", view.id, book.fixed, view.fixed),
            ));
        }
        let told = book.attempts.iter().filter(|(since, _)| *since < asked.at);
        if let Some(least) = told.map(|(_, left)| *left).min()
            && least < view.attempts_left
        {
            let text =
                format!("{} had {least} attempts left, then {}", view.id, view.attempts_left);
            faults.push((Kind::AttemptBack, text));
        }
        let first = book.attempts.first().map_or(0, |(_, left)| *left);
        if view.attempts_left.saturating_add(book.guesses) < first {
            let Book { guesses, .. } = book;
            let text =
                format!("{}: {guesses} codes tried, {} attempts left", view.id, view.attempts_left);
            faults.push((Kind::CountedTwice, text));
        }
        if book.attempts.iter().all(|(_, left)| *left > view.attempts_left) {
            book.attempts.push((asked.told, view.attempts_left));
        }
        match (&book.end, &view.end) {
            (Some(was), Some(is)) if was != is => {
                faults.push((Kind::Duplicated, format!("{} ended {was}, then {is}", view.id)));
            }
            (Some(was), None) if book.end_told < Some(asked.at) => {
                faults.push((
                    Kind::Resurrected,
                    format!("{} ended {was}, then was pending", view.id),
                ));
            }
            (Some(_), _) | (None, None) => {}
            (None, Some(end)) => book.end = Some(end.clone()),
        }
        if view.end.is_some() {
            book.end_told = Some(book.end_told.map_or(asked.told, |told| told.min(asked.told)));
        }
        self.object_all(faults);
    }

    /// A start was acknowledged. `calls` were asked for with it.
    pub(crate) fn on_granted(&mut self, view: &View, calls: u32, asked: Asked) {
        self.on_view(view, asked);
        self.on_phone_granted(&view.to, asked);
        if let Some(book) = self.books.get_mut(&view.id)
            && !std::mem::replace(&mut book.is_granted, true)
        {
            self.figures.starts += 1;
            book.calls_asked += calls;
        }
    }

    /// A code is tried. The request may be sent again, with its key.
    pub(crate) fn on_check_asked(&mut self, id: &str) {
        self.books.entry(id.to_owned()).and_modify(|book| book.guesses += 1);
    }

    /// A code was looked at: the reply to a check.
    pub(crate) fn on_checked(&mut self, view: &View, guess: Guess, asked: Asked) {
        self.on_view(view, asked);
        self.figures.checks += 1;
        let is_locked = self.is_locked(&view.to, asked.at);
        match (guess, view.is_verified()) {
            (Guess::Wrong, false) => {
                self.on_phone_wrong(&view.to, asked.told);
                let Some(book) = self.books.get_mut(&view.id) else { return };
                book.wrong.push((asked.told, view.attempts_left));
                let most = usize::from(self.rules.attempts);
                if book.wrong.len() + usize::from(view.attempts_left) > most {
                    let text = format!("{}: of {most} attempts {:.3?} left", view.id, book.wrong);
                    self.object(Kind::AttemptBack, text);
                }
            }
            (Guess::Wrong, true) => {
                self.object(Kind::Unasked, format!("{} is verified by a wrong code", view.id));
            }
            (Guess::Right, false) if !is_locked && view.end.is_none() => {
                self.object(Kind::Lost, format!("{} does not know its code any more", view.id));
            }
            (Guess::Right | Guess::Rung, true) if is_locked => {
                self.object(Kind::Limit, format!("{} is verified, its phone was locked", view.id));
            }
            (Guess::Right | Guess::Rung, _) => {}
        }
    }

    /// Somebody was told that there is none with this id.
    pub(crate) fn on_gone(&mut self, id: &str, asked: Asked) {
        let Some(book) = self.books.get(id) else { return };
        // What ended is forgotten after a while, and its end may have been told long after it came.
        let started = book.attempts.first().map(|(told, _)| *told + self.rules.keep_ended);
        let kept_until = book.end_told.and(started);
        let may_be_gone = kept_until.is_some_and(|until| until <= asked.told + CLOCKS);
        let text = format!("{id} is not found, {:?} after its start", book.attempts.first());
        let was_told = book.attempts.first().is_some_and(|(since, _)| *since < asked.at);
        if was_told && !may_be_gone {
            self.object(Kind::Lost, text);
        }
    }

    /// A further call is asked for.
    pub(crate) fn on_call_asked(&mut self, id: &str) {
        self.books.entry(id.to_owned()).and_modify(|book| book.calls_asked += 1);
    }

    /// It was refused: there is none.
    pub(crate) fn on_call_refused(&mut self, id: &str) {
        self.books.entry(id.to_owned()).and_modify(|book| book.calls_asked -= 1);
    }

    /// Verifications of which something was told since then, at most so many.
    pub(crate) fn told_since(&self, since: Duration, most: usize) -> Vec<String> {
        let is_late = |book: &Book| {
            let told = book.attempts.last().map(|(told, _)| *told).max(book.end_told);
            book.is_granted && told >= Some(since)
        };
        // Ids rise with time.
        let late = self.books.iter().rev().filter(|(_, book)| is_late(book));
        late.map(|(id, _)| id.clone()).take(most).collect()
    }

    /// Every verification that was acknowledged.
    pub(crate) fn granted(&self) -> impl DoubleEndedIterator<Item = &String> {
        self.books.iter().filter(|(_, book)| book.is_granted).map(|(id, _)| id)
    }

    /// How many are not known to have ended.
    pub(crate) fn open_count(&self) -> usize {
        self.books.values().filter(|book| book.ended == 0).count()
    }

    /// Those that are not known to have ended.
    pub(crate) fn open(&self) -> Vec<String> {
        let open = self.books.iter().filter(|(_, book)| book.end.is_none() || book.ended == 0);
        open.map(|(id, _)| id.clone()).collect()
    }

    pub(super) fn finish_verifications(&mut self) {
        let mut faults = vec![];
        for (id, book) in &self.books {
            let Book { created, ended, placed, calls_asked, .. } = *book;
            if created == 0 && book.is_granted {
                faults
                    .push((Kind::Lost, format!("{id} was acknowledged, and no event tells of it")));
            }
            if ended == 0 {
                faults.push((Kind::Lost, format!("{id} has no event of its end")));
            }
            // Of one whose reply was lost nobody knows whether a call was asked for.
            let most = if book.is_granted { calls_asked } else { 1 };
            if placed > most {
                faults.push((Kind::SecondCall, format!("{id}: {placed} calls, {most} asked for")));
            }
        }
        self.object_all(faults);
    }

    pub(super) fn object_all(&mut self, faults: Vec<(Kind, String)>) {
        faults.into_iter().for_each(|(kind, text)| self.object(kind, text));
    }
}

/// Ours and the daemon's may differ by so much.
const CLOCKS: Duration = Duration::from_secs(1);
