//! Rules. The gate and what feeds it: autonomy, tiers, limits, protected paths, budgets. Pure: no file, clock,
//! randomness, process or socket; a ruling depends on its arguments alone, so it can be explained and replayed.

pub mod calendar;
pub mod flap;
pub mod gate;
pub mod grants;
pub mod healing;
pub mod judgement;
pub mod proposal;
pub mod protected;
pub mod risk;
pub mod ruling;
pub mod settings;
pub mod tier;
