//! Brain. Pure: what may be done ([`command`], [`decide()`]), what has happened ([`event`], [`apply`]), what must
//! be done in the world ([`effect`], [`react()`], [`resume`]), the state it all adds up to ([`state`]) and its numbers
//! ([`records`]).
//! No clock, chance, file, process or socket: time and ids arrive inside commands and events, so a run can be
//! replayed to the same state. `simulation` checks the invariants of the design under faults and crashes.

pub mod account;
mod answers;
pub mod apply;
pub mod command;
pub mod consents;
mod consequences;
pub mod control;
pub mod decide;
pub mod desk;
pub mod effect;
pub mod event;
mod grants;
pub mod healing;
mod holds;
pub mod ideas;
pub mod ledger;
mod pen;
pub mod playbook;
pub mod react;
mod recording;
pub mod records;
pub mod replaying;

pub use recording::kind_of;
#[cfg(test)]
mod simulation;
pub mod snapshot;
pub mod state;
pub mod suggesting;
#[cfg(test)]
mod tests;
pub mod thread;

pub use decide::{decide, facts};
pub use react::{next_deadline, react, resume};
