//! Thought: the conversation loop over a provider and tools; one file per role. An agent knows its mission
//! only through what it is given, and the world only through [`office`], its [bench](mod@bench) and its [`tools`].
//!
//! What lasts is a [`transcript`]: a conversation that can be resumed at its last finished turn. What
//! streams goes to [`office::Office::feed`], cleaned. What a repository says is data, fenced and labelled;
//! what is pinned (the brief, its rules, decisions, the plan) survives every [`compaction`].

pub mod airing;
pub mod answer;
pub mod attachments;
pub mod bench;
pub mod checks;
pub mod compaction;
pub mod context;
pub mod conversation;
pub mod evidence;
pub mod failure;
pub mod handoff;
pub mod hands;
pub mod investigator;
pub mod judge;
pub mod office;
pub mod orchestrator;
pub mod outputs;
pub mod prompt;
pub mod suggester;
pub mod summarizer;
mod test_parts;
pub mod tools;
pub mod transcript;
pub mod trial;
pub mod worker;

#[cfg(test)]
mod testing;
