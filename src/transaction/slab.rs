//! Numbered places that remember how often they were used.
//!
//! Invariant: a handle is valid from `insert` to `remove` and never again (until a generation has
//! gone round 2^32 times).

/// Where something lives.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Handle {
    /// Index in the slab.
    pub slot: u32,
    /// How often the slot had been used before: a late message of its former owner does not match.
    pub generation: u32,
}

/// At most `limit` values, each at a stable place.
#[derive(Debug)]
pub struct Slab<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    limit: usize,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

/// The slab holds as many values as it may.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{limit} transactions are alive, which is the limit")]
pub struct Full {
    /// The limit.
    pub limit: usize,
}

impl<T> Slab<T> {
    /// An empty slab for at most `limit` values.
    pub fn new(limit: usize) -> Self {
        Self { slots: vec![], free: vec![], limit: limit.min(u32::MAX as usize) }
    }

    /// Gives `value` a place.
    ///
    /// # Errors
    ///
    /// When as many values are alive as may be.
    pub fn insert(&mut self, value: T) -> Result<Handle, Full> {
        if let Some(slot) = self.free.pop() {
            let place = &mut self.slots[slot as usize];
            place.value = Some(value);
            return Ok(Handle { slot, generation: place.generation });
        }
        if self.slots.len() >= self.limit {
            return Err(Full { limit: self.limit });
        }
        let slot = self.slots.len() as u32;
        self.slots.push(Slot { generation: 0, value: Some(value) });
        Ok(Handle { slot, generation: 0 })
    }

    /// The value at `handle`, if it is still there.
    pub fn get(&self, handle: Handle) -> Option<&T> {
        let slot = self.slots.get(handle.slot as usize)?;
        slot.value.as_ref().filter(|_| slot.generation == handle.generation)
    }

    /// The value at `handle`, if it is still there.
    pub fn get_mut(&mut self, handle: Handle) -> Option<&mut T> {
        let slot = self.slots.get_mut(handle.slot as usize)?;
        slot.value.as_mut().filter(|_| slot.generation == handle.generation)
    }

    /// Takes the value at `handle` out.
    pub fn remove(&mut self, handle: Handle) -> Option<T> {
        let slot = self.slots.get_mut(handle.slot as usize)?;
        if slot.generation != handle.generation {
            return None;
        }
        let value = slot.value.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(handle.slot);
        Some(value)
    }

    /// Handles of everything that is alive, in the order of the slots.
    pub fn handles(&self) -> impl Iterator<Item = Handle> {
        let alive = self.slots.iter().enumerate().filter(|(_, slot)| slot.value.is_some());
        alive.map(|(index, slot)| Handle { slot: index as u32, generation: slot.generation })
    }

    /// How many values are alive.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether none is alive.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many may be alive.
    pub fn limit(&self) -> usize {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_dies_with_its_value() {
        let mut slab = Slab::new(2);
        let first = slab.insert("a").unwrap();
        assert_eq!(slab.remove(first), Some("a"));
        let second = slab.insert("b").unwrap();
        assert_eq!((second.slot, second.generation), (0, 1));
        assert_eq!((slab.get(first), slab.get(second)), (None, Some(&"b")));
        assert_eq!(slab.remove(first), None);
        assert_eq!(slab.get_mut(Handle { slot: 9, generation: 0 }), None);
    }

    #[test]
    fn a_full_slab_says_so_and_stays_as_it_was() {
        let mut slab = Slab::new(2);
        let first = slab.insert(1).unwrap();
        slab.insert(2).unwrap();
        assert_eq!(slab.insert(3), Err(Full { limit: 2 }));
        assert_eq!(slab.len(), 2);
        slab.remove(first);
        assert!(slab.insert(3).is_ok());
        assert_eq!(slab.handles().count(), 2);
    }
}
