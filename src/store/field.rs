//! How the parts of a record become bytes: integers as they are in big endian or, where they are
//! mostly small, in groups of seven bits; texts and lists after their length; words of closed sets as
//! text, so that a set may be ordered anew without changing what old files mean.
//!
//! By hand and not with serde: the types of the domain (numbers that mask themselves, codes) must not
//! be serialisable by whoever holds one.
//!
//! Invariant: nothing read from a file panics or allocates more than the file holds.

use std::net::{IpAddr, SocketAddr};

use super::clock::JournalTime;
use super::hidden::Hidden;
use crate::evidence::{Assurance, IdentityHeader, Unknown};
use crate::number::E164;
use crate::outcome::{Outcome, Side};
use crate::time::Micros;
use crate::verify::id::{CallId, VerificationId};
use crate::verify::snapshot::{Method, Reason, Status};

/// Bytes that are no record of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FieldError {
    /// They end inside a field.
    #[error("it ends too early")]
    Short,
    /// There are more of them than fields.
    #[error("{bytes} bytes follow its last field")]
    Long {
        /// How many.
        bytes: usize,
    },
    /// A field has a value that it cannot have.
    #[error("{what} is not one")]
    Value {
        /// What the field is.
        what: &'static str,
    },
}

/// A part of a record.
pub(super) trait Field: Sized {
    /// Appends it.
    fn write(&self, out: &mut Vec<u8>);

    /// Takes it from the front.
    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError>;
}

/// Takes `N` bytes from the front.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], FieldError> {
    let (head, rest) = bytes.split_first_chunk().ok_or(FieldError::Short)?;
    *bytes = rest;
    Ok(*head)
}

/// Seven bits in each byte, the lowest first.
impl Field for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest > 0x7f {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = take(bytes)?;
            let part = Self::from(byte & 0x7f);
            if part << shift >> shift != part {
                break;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(FieldError::Value { what: "a number of 64 bits" })
    }
}

impl Field for u32 {
    fn write(&self, out: &mut Vec<u8>) {
        u64::from(*self).write(out);
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        let what = "a number of 32 bits";
        Self::try_from(u64::read(bytes)?).map_err(|_| FieldError::Value { what })
    }
}

impl Field for u16 {
    fn write(&self, out: &mut Vec<u8>) {
        u64::from(*self).write(out);
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        let what = "a number of 16 bits";
        Self::try_from(u64::read(bytes)?).map_err(|_| FieldError::Value { what })
    }
}

impl Field for u8 {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        take::<1>(bytes).map(|[byte]| byte)
    }
}

/// Names: they are random, so they take the room that they need.
impl Field for u128 {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.to_be_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        take(bytes).map(Self::from_be_bytes)
    }
}

impl Field for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.push((*self).into());
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        match take(bytes)? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(FieldError::Value { what: "a yes or no" }),
        }
    }
}

impl<const N: usize> Field for [u8; N] {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self);
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        take(bytes)
    }
}

impl Field for Box<[u8]> {
    fn write(&self, out: &mut Vec<u8>) {
        (self.len() as u64).write(out);
        out.extend(self);
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        let length = u64::read(bytes)?;
        let length = usize::try_from(length).map_err(|_| FieldError::Short)?;
        let (head, rest) = bytes.split_at_checked(length).ok_or(FieldError::Short)?;
        *bytes = rest;
        Ok(head.into())
    }
}

impl Field for Box<str> {
    fn write(&self, out: &mut Vec<u8>) {
        (self.len() as u64).write(out);
        out.extend(self.as_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        let text = String::from_utf8(Box::<[u8]>::read(bytes)?.into_vec());
        text.map(Into::into).map_err(|_| FieldError::Value { what: "a text" })
    }
}

impl<T: Field> Field for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.is_some().write(out);
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        if bool::read(bytes)? { T::read(bytes).map(Some) } else { Ok(None) }
    }
}

impl<T: Field, E: Field> Field for Result<T, E> {
    fn write(&self, out: &mut Vec<u8>) {
        self.is_ok().write(out);
        match self {
            Ok(value) => value.write(out),
            Err(value) => value.write(out),
        }
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        if bool::read(bytes)? { T::read(bytes).map(Ok) } else { E::read(bytes).map(Err) }
    }
}

impl<T: Field> Field for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        (self.len() as u64).write(out);
        for item in self {
            item.write(out);
        }
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        // Every item takes a byte or more, so a length that lies ends before the memory does.
        (0..u64::read(bytes)?).map(|_| T::read(bytes)).collect()
    }
}

impl<A: Field, B: Field> Field for (A, B) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        Ok((A::read(bytes)?, B::read(bytes)?))
    }
}

impl Field for E164 {
    fn write(&self, out: &mut Vec<u8>) {
        self.as_u64().write(out);
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        Self::from_u64(u64::read(bytes)?).ok_or(FieldError::Value { what: "a phone number" })
    }
}

impl Field for SocketAddr {
    fn write(&self, out: &mut Vec<u8>) {
        match self.ip() {
            IpAddr::V4(address) => {
                out.push(4);
                address.octets().write(out);
            }
            IpAddr::V6(address) => {
                out.push(6);
                address.octets().write(out);
            }
        }
        self.port().write(out);
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        let address = match u8::read(bytes)? {
            4 => IpAddr::from(take::<4>(bytes)?),
            6 => IpAddr::from(take::<16>(bytes)?),
            _ => return Err(FieldError::Value { what: "an address" }),
        };
        Ok(Self::new(address, u16::read(bytes)?))
    }
}

/// Types that are another type in a wrapper.
macro_rules! wrapped {
    ($($type:ty: $of:ty),*) => {$(
        impl Field for $type {
            fn write(&self, out: &mut Vec<u8>) {
                self.0.write(out);
            }

            fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
                <$of>::read(bytes).map(Self)
            }
        }
    )*};
}

wrapped!(CallId: u128, JournalTime: u64, Micros: u64, VerificationId: u128);

impl<T: Field> Field for Hidden<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        T::read(bytes).map(Self)
    }
}

/// Where something ended: what is pending has no end to write down.
impl Field for Status {
    fn write(&self, out: &mut Vec<u8>) {
        debug_assert_ne!(*self, Self::Pending, "nobody could read it back");
        Box::<str>::from(self.as_str()).write(out);
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
        let word = Box::<str>::read(bytes)?;
        let mut finals = Self::ALL.into_iter().filter(|status| *status != Self::Pending);
        let found = finals.find(|status| status.as_str() == &*word);
        found.ok_or(FieldError::Value { what: "a final status" })
    }
}

/// Closed sets, by their words.
macro_rules! words {
    ($($type:ty: $what:literal),*) => {$(
        impl Field for $type {
            fn write(&self, out: &mut Vec<u8>) {
                Box::<str>::from(self.as_str()).write(out);
            }

            fn read(bytes: &mut &[u8]) -> Result<Self, FieldError> {
                let word = Box::<str>::read(bytes)?;
                let found = Self::ALL.into_iter().find(|value| value.as_str() == &*word);
                found.ok_or(FieldError::Value { what: $what })
            }
        }
    )*};
}

words!(
    Assurance: "an assurance",
    IdentityHeader: "an identity header",
    Method: "a method",
    Outcome: "an outcome",
    Reason: "a reason",
    Side: "a side",
    Unknown: "a reason not to know a caller"
);

#[cfg(test)]
mod tests;
