//! The names of the trunks: a call's record knows its trunk by number.
//!
//! A reload of the configuration may add names and never takes one away or moves it: what a record
//! says of the past stays true. Reading is lock-free.

use std::sync::Arc;

use arc_swap::ArcSwap;

/// The names of the trunks, by index. Clones share them.
#[derive(Clone, Debug)]
pub struct TrunkNames(Arc<ArcSwap<Vec<Arc<str>>>>);

impl TrunkNames {
    /// These, in the configuration's order.
    pub fn new(names: impl IntoIterator<Item = Arc<str>>) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(names.into_iter().collect())))
    }

    /// The name of the trunk with this index.
    pub fn get(&self, index: u16) -> Option<Arc<str>> {
        self.0.load().get(usize::from(index)).cloned()
    }

    /// Every name so far, in the order of the indices.
    pub fn all(&self) -> Arc<Vec<Arc<str>>> {
        self.0.load_full()
    }

    /// The index of a name, which gets the next one when it is new. For one thread at a time.
    pub fn learn(&self, name: &Arc<str>) -> usize {
        let names = self.0.load();
        if let Some(index) = names.iter().position(|known| known == name) {
            return index;
        }
        self.0.store(Arc::new(names.iter().chain([name]).cloned().collect()));
        names.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r12_a_name_keeps_its_index_and_a_new_one_gets_the_next() {
        let names = TrunkNames::new(["east".into(), "west".into()]);
        let elsewhere = names.clone();
        assert_eq!(names.learn(&"west".into()), 1);
        assert_eq!(names.learn(&"north".into()), 2);
        assert_eq!(names.learn(&"east".into()), 0);
        assert_eq!(elsewhere.get(2).as_deref(), Some("north"));
        assert_eq!(elsewhere.get(3), None);
        assert_eq!(*elsewhere.all(), ["east".into(), "west".into(), "north".into()]);
    }
}
