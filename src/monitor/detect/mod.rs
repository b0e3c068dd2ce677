//! What readings add up to: log lines into records, records into traces and templates, and those into signals.
//!
//! Pure: time arrives as an argument, nothing here touches a file, a socket or a clock. Everything textual that leaves
//! this place in a signal is cleaned, redacted and bounded; it describes and never commands.

pub mod join;
pub mod logs;
pub mod scan;
pub mod series;
pub mod templates;
pub mod trace;
