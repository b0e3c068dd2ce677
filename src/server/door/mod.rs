//! What stands before every page: whether a browser was made to ask (`outside`), who asks, how often, and whether that caller
//! may (`doorman`, `buckets`, `rights`); and that what is sent twice is done once (`once`, `answers`).

pub(in crate::server) mod answers;
mod buckets;
mod doorman;
mod once;
mod outside;
pub(in crate::server) mod rights;

pub(in crate::server) use {
    doorman::{Doorman, Stands, admit},
    once::guard,
};
