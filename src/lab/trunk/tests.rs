//! One conversation for each behaviour of a phone.

mod behaviours;
mod endings;
mod limits;
mod violations;
