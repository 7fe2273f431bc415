//! A script of what the called side says, a trace of what the caller does; and a whole call with the
//! trunk of this lab.

mod conducts;
mod lapses;
mod limits;
mod peers;
