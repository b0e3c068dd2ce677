//! Whether a release is good: two arms, the old version and the new, are compared by rules whose gates keep chance from
//! rolling anything back. Pure: whoever watches brings what was seen; nothing here looks, waits or acts.
//!
//! - [`soaking`] gathers what each look brought, in bounded memory, and leaves out the warm-up.
//! - [`rules`] are the triggers one by one: errors, new errors, health, response time, saturation.
//! - [`aim`] asks whether a release that was to heal an incident did so.
//! - [`verdict`] adds them up and says what follows. Missing data never promotes and never rolls back.
//! - [`metric`] classifies one number of a canary the way Kayenta's judge does.
//! - [`rank`] and [`normal`] are the statistics under all of these.

pub mod aim;
pub mod detectable;
pub mod metric;
pub mod normal;
pub mod rank;
pub mod reservoir;
pub mod rules;
pub mod soaking;
pub mod verdict;

#[cfg(test)]
mod simulation;
