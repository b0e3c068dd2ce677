//! Nouns. Plain data that every room speaks in: ids, money, time, brief, mission, team, candidate, evidence,
//! request, decision, grant, feed, signal, incident, runbook, service, access. This room knows no file, clock, process, socket or screen, and uses no other room.
//!
//! The one behaviour that lives here because everything needs it is [`text`]: the single boundary through
//! which untrusted bytes pass before a terminal or plain output sees them.

pub mod access;
pub mod binding;
pub mod brief;
pub mod candidate;
pub mod digest;
pub mod expr;
pub mod feature;
pub mod feed;
pub mod fill;
pub mod grant;
pub mod ids;
pub mod incident;
pub mod mail;
pub mod mission;
pub mod money;
pub mod picture;
pub mod plan;
pub mod preview;
pub mod probe;
pub mod request;
pub mod runbook;
pub mod search;
pub mod service;
pub mod severity;
pub mod signal;
pub mod team;
pub mod text;
pub mod time;
