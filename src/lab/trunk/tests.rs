//! One conversation for each behaviour of a phone.

mod behaviours;
mod limits;
mod violations;
