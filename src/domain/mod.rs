//! Nouns. Plain data that every room speaks in: ids, money, time, brief, mission, team, candidate, evidence,
//! request, decision, grant, feed. This room knows no file, clock, process, socket or screen, and uses no other room.
//!
//! The one behaviour that lives here because everything needs it is [`text`]: the single boundary through
//! which untrusted bytes pass before a terminal or plain output sees them.

pub mod brief;
pub mod candidate;
pub mod digest;
pub mod feed;
pub mod grant;
pub mod ids;
pub mod mission;
pub mod money;
pub mod picture;
pub mod plan;
pub mod preview;
pub mod request;
pub mod search;
pub mod team;
pub mod text;
pub mod time;
