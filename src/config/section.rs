//! A typed cursor over tables of the configuration. It collects every problem and every key that
//! anybody asked for, so that unknown keys can be named, and goes on after each.
//!
//! A section has layers: a key of `[trunk.NAME]` stands before the same key of the trunk's own file.

use std::cell::RefCell;
use std::collections::BTreeSet;

use toml_edit::{Item, TableLike, Value};

use super::document::Document;
use super::kind::{Kind, Refusal, list_or};
use super::nearest::nearest;
use super::problem::{Caution, Place, Problem};

/// Where problems are gathered.
#[derive(Debug, Default)]
pub(super) struct Sink {
    problems: RefCell<Vec<Problem>>,
    cautions: RefCell<Vec<Caution>>,
    asked: RefCell<BTreeSet<String>>,
}

impl Sink {
    /// Notes a problem.
    pub(super) fn push(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// Notes what is odd and not wrong.
    pub(super) fn warn(&self, place: Place, message: String) {
        self.cautions.borrow_mut().push(Caution { place, message });
    }

    /// What was odd, file by file, in the order of the lines.
    pub(super) fn take_cautions(&self) -> Vec<Caution> {
        let mut cautions = self.cautions.take();
        cautions.sort();
        cautions
    }

    /// The problems, and every key that was asked for.
    pub(super) fn into_parts(self) -> (Vec<Problem>, BTreeSet<String>) {
        (self.problems.into_inner(), self.asked.into_inner())
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

/// One table of the configuration, present or not.
pub(super) struct Section<'d> {
    sink: &'d Sink,
    layers: Vec<Layer<'d>>,
    /// Where to report what is missing.
    home: Place,
    /// Its path with names left open, as the manual has it: `pool`, `trunk.NAME`.
    pattern: String,
    known: Vec<&'static str>,
}

#[derive(Clone)]
struct Layer<'d> {
    document: &'d Document,
    table: &'d dyn TableLike,
    path: String,
}

impl<'d> Section<'d> {
    /// The whole of a file.
    pub(super) fn root(document: &'d Document, sink: &'d Sink) -> Self {
        let home = Place { file: document.file.clone(), line: Some(1), key: String::new() };
        let layer = Layer { document, table: document.toml.as_table(), path: String::new() };
        Self { sink, layers: vec![layer], home, pattern: String::new(), known: Vec::new() }
    }

    /// This section, with the keys of `above` before its own.
    pub(super) fn under(mut self, above: Self) -> Self {
        self.layers.splice(0..0, above.layers);
        self
    }

    /// A value that may be absent. What is wrong with it is noted.
    pub(super) fn optional<T: 'static>(&mut self, key: &'static str, kind: &Kind<T>) -> Option<T> {
        self.ask(key);
        let (layer, item) = self.find(key)?;
        layer.read(self.sink, key, item, kind).map(|placed| placed.value)
    }

    /// A value with a default.
    pub(super) fn or<T: 'static>(&mut self, key: &'static str, kind: &Kind<T>, default: T) -> T {
        self.optional(key, kind).unwrap_or(default)
    }

    /// A value that must be there.
    pub(super) fn required<T: 'static>(&mut self, key: &'static str, kind: &Kind<T>) -> Option<T> {
        if self.find(key).is_none() {
            self.refuse(key, "missing", &kind.accepted);
        }
        self.optional(key, kind)
    }

    /// A list of values; `None` when it is absent. Values that are wrong are noted and left out.
    pub(super) fn list<T: 'static>(
        &mut self,
        key: &'static str,
        kind: &Kind<T>,
    ) -> Option<Vec<Placed<T>>> {
        self.ask(key);
        let (layer, item) = self.find(key)?;
        let Some(array) = item.as_array() else {
            let found = layer.show(item);
            self.refuse(key, &found, &format!("a list, each {}", kind.accepted));
            return Some(Vec::new());
        };
        let read = |value| layer.read_value(self.sink, key, value, kind);
        Some(array.iter().filter_map(read).collect())
    }

    /// The values of a list, when it does not matter where each stands.
    pub(super) fn values<T: 'static>(
        &mut self,
        key: &'static str,
        kind: &Kind<T>,
    ) -> Option<Vec<T>> {
        let list = self.list(key, kind)?;
        Some(list.into_iter().map(|placed| placed.value).collect())
    }

    /// The table under `key`, empty when it is absent.
    pub(super) fn section(&mut self, key: &'static str) -> Self {
        self.ask(key);
        self.child(key, key)
    }

    /// The tables of `[[key]]`.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Self> {
        self.ask(key);
        let Some((layer, item)) = self.find(key) else { return Vec::new() };
        if let Some(tables) = item.as_array_of_tables() {
            return tables
                .iter()
                .map(|table| self.enter(layer, key, table, table.span()))
                .collect();
        }
        let inline = item.as_array().into_iter().flatten();
        let tables: Vec<_> = inline
            .filter_map(|value| {
                Some(self.enter(layer, key, value.as_inline_table()?, value.span()))
            })
            .collect();
        if item.as_array().is_none_or(|array| array.len() != tables.len()) {
            let accepted = format!("tables, each headed `[[{}]]`", join(&layer.path, key));
            self.refuse(key, &layer.show(item), &accepted);
        }
        tables
    }

    /// The tables under this one, whatever their names: those of `[trunk.NAME]`.
    pub(super) fn named(&self) -> Vec<(&'d str, Self)> {
        let names = self.layers.iter().flat_map(|layer| layer.table.iter());
        names.map(|(name, _)| (name, self.child(name, "NAME"))).collect()
    }

    /// Where `key` stands, or would stand.
    pub(super) fn place(&self, key: &str) -> Place {
        match self.find(key) {
            Some((layer, item)) => layer.place(key, item.span()),
            None => {
                let path = self.layers.last().map_or(&*self.home.key, |layer| &*layer.path);
                Place { key: join(path, key), ..self.home.clone() }
            }
        }
    }

    /// Whether `key` is there, right or wrong.
    pub(super) fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// How many values or tables the list `key` has, right or wrong.
    pub(super) fn count(&self, key: &str) -> usize {
        let Some((_, item)) = self.find(key) else { return 0 };
        let tables = item.as_array_of_tables().map(toml_edit::ArrayOfTables::len);
        tables.or_else(|| item.as_array().map(toml_edit::Array::len)).unwrap_or(0)
    }

    /// Notes a list that is too long.
    pub(super) fn at_most(&self, key: &str, most: usize) {
        let count = self.count(key);
        if count > most {
            self.refuse(key, &format!("{count} long"), &format!("at most {most} long"));
        }
    }

    /// Whether `key` is a list with something in it, right or wrong, or no list at all.
    pub(super) fn has_items(&self, key: &str) -> bool {
        self.find(key).is_some_and(|(_, item)| item.as_array().is_none_or(|list| !list.is_empty()))
    }

    /// Notes that the value of `key` cannot stay.
    pub(super) fn refuse(&self, key: &str, found: &str, accepted: &str) {
        self.sink.push(Problem {
            place: self.place(key),
            found: found.to_owned(),
            accepted: accepted.to_owned(),
        });
    }

    /// Notes that this whole section cannot stay.
    pub(super) fn refuse_whole(&self, found: &str, accepted: &str) {
        self.refuse_at(self.home.clone(), found, accepted);
    }

    /// Notes a problem at a place found before.
    pub(super) fn refuse_at(&self, place: Place, found: &str, accepted: &str) {
        self.sink.push(Problem { place, found: found.to_owned(), accepted: accepted.to_owned() });
    }

    /// Notes what is odd and not wrong about a key.
    pub(super) fn warn(&self, key: &str, message: String) {
        self.sink.warn(self.place(key), message);
    }

    /// Notes what is odd and not wrong at a place found before.
    pub(super) fn warn_at(&self, place: Place, message: String) {
        self.sink.warn(place, message);
    }

    /// Says what nobody asked for.
    pub(super) fn finish(self) {
        for layer in &self.layers {
            for (key, item) in layer.table.iter() {
                if !self.known.contains(&key) {
                    let place = layer.place(key, item.span());
                    self.refuse_at(place, "an unknown key", &self.meant(key));
                }
            }
        }
    }

    fn meant(&self, key: &str) -> String {
        match nearest(key, &self.known) {
            Some(known) => format!("`{known}`, if that was meant"),
            None => list_or(self.known.iter().map(|known| format!("`{known}`"))),
        }
    }

    fn ask(&mut self, key: &'static str) {
        self.known.push(key);
        self.sink.asked.borrow_mut().insert(join(&self.pattern, key));
    }

    fn find(&self, key: &str) -> Option<(&Layer<'d>, &'d Item)> {
        self.layers.iter().find_map(|layer| Some((layer, layer.table.get(key)?)))
    }

    /// The table under `key` of each layer that has one.
    fn child(&self, key: &str, called: &str) -> Self {
        let mut layers = Vec::new();
        for layer in &self.layers {
            let Some(item) = layer.table.get(key) else { continue };
            match item.as_table_like() {
                Some(table) => layers.push(Layer {
                    document: layer.document,
                    table,
                    path: join(&layer.path, key),
                }),
                None => {
                    let accepted = format!("a table, headed `[{}]`", join(&layer.path, key));
                    self.refuse_at(layer.place(key, item.span()), &layer.show(item), &accepted);
                }
            }
        }
        let pattern = join(&self.pattern, called);
        Self { sink: self.sink, layers, home: self.place(key), pattern, known: Vec::new() }
    }

    fn enter(
        &self,
        layer: &Layer<'d>,
        key: &str,
        table: &'d dyn TableLike,
        span: Option<std::ops::Range<usize>>,
    ) -> Self {
        let layer = Layer { document: layer.document, table, path: join(&layer.path, key) };
        let home = Place {
            file: layer.document.file.clone(),
            line: layer.document.line(span),
            key: layer.path.clone(),
        };
        let pattern = join(&self.pattern, key);
        Self { sink: self.sink, layers: vec![layer], home, pattern, known: Vec::new() }
    }
}

impl Layer<'_> {
    fn place(&self, key: &str, span: Option<std::ops::Range<usize>>) -> Place {
        // A table that is only implied by a deeper header has no place of its own.
        let line = self.document.line(span);
        Place { file: self.document.file.clone(), line, key: join(&self.path, key) }
    }

    fn read<T: 'static>(
        &self,
        sink: &Sink,
        key: &str,
        item: &Item,
        kind: &Kind<T>,
    ) -> Option<Placed<T>> {
        match item.as_value() {
            Some(value) => self.read_value(sink, key, value, kind),
            None => {
                let place = self.place(key, item.span());
                sink.push(Problem {
                    place,
                    found: "a table".to_owned(),
                    accepted: kind.accepted.clone(),
                });
                None
            }
        }
    }

    fn read_value<T: 'static>(
        &self,
        sink: &Sink,
        key: &str,
        value: &Value,
        kind: &Kind<T>,
    ) -> Option<Placed<T>> {
        let place = self.place(key, value.span());
        let refusal = match kind.read(value) {
            Ok(value) => return Some(Placed { value, place }),
            Err(refusal) => refusal,
        };
        let shown = match kind.secret {
            true => format!("a {} that is not repeated here", value.type_name()),
            false => self.document.excerpt(value.span()),
        };
        let found = match refusal {
            Refusal::Because(why) => format!("{shown} ({why})"),
            Refusal::Unlike => shown,
        };
        sink.push(Problem { place, found, accepted: kind.accepted.clone() });
        None
    }

    fn show(&self, item: &Item) -> String {
        match item {
            Item::Value(value) => self.document.excerpt(value.span()),
            Item::ArrayOfTables(_) | Item::None | Item::Table(_) => "a table".to_owned(),
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
