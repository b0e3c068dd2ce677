//! # Chimera: the house
//!
//! A terminal command center for autonomous operations of software services. A pure core decides; adapters
//! touch the world; a runtime joins them; faces show it.
//!
//! ## Rooms, from the ground up
//!
//! | room | what it is | what it never does |
//! |---|---|---|
//! | [`domain`] | nouns: brief, mission, team, candidate, evidence, request, money, ids; the one text sanitizer | know a file, clock, process, socket or screen |
//! | [`policy`] | rules: the gate, tiers, protected paths, business hours, whether a release is good | look anything up: all facts arrive as arguments |
//! | [`engine`] | brain: `decide`, `apply`, `react`, `resume`, the playbook of a brief, incidents and their healing, the numbers of the house | I/O, time, chance |
//! | [`providers`] | voices: one file per model API, retries, limits, prices, the rehearsal server | let a wire type out; know a mission |
//! | [`workspace`] | hands: worktrees, patches, commits, processes, sandbox | decide; be bypassed: no other room starts a process |
//! | [`store`] | memory: journal, history, blobs, audit | know what an event means |
//! | [`config`] | layered settings, validated once into plain structs | guess: an unknown key is an error with its place |
//! | [`agents`] | thought: the conversation loop, tools, roles, evidence | see the engine: it has an office and nothing else |
//! | [`monitor`] | senses: probes, what readings add up to, what lies behind an incident | decide; change anything it looks at |
//! | [`operations`] | deeds: landing and restoring, runbooks, releases, telling people | choose what to do |
//! | [`runtime`] | nerves: inbox, driver, supervisor, clock, feeds, the desk handle, the past | decide |
//! | [`server`] | face: the network; and [`server::client`], the far end of a handle over it | decide; put a domain type on the wire by accident |
//! | [`tui`] | face: the screen | touch anything but a handle |
//! | [`cli`] | face: the command line; where a mode is chosen | hold state |
//!
//! A room uses only rooms above it in this list, and not all of those: the table is in
//! `tests/architecture.rs`, which fails on any other arrow. `clippy.toml` is the second wall.
//!
//! ## From wish to commit
//!
//! ```text
//!  provider stream   process   timer                person: keys, command line
//!         \            |        /                      |  own lane, read first
//!          adapters: wire -> small domain value        |
//!                      \                               /
//!              runtime::inbox   bounded, one total order
//!                      |
//!              engine::decide -> store: append (group commit, durable) -> engine::apply
//!                      |                                                   |
//!              engine::react -> runtime::driver runs effects        state on a watch channel
//!                      |        under the supervisor                       |
//!              outcomes come back as orders                         tui and cli draw it
//! ```
//!
//! A face may be elsewhere: [`server::client`] takes the state at one entry, folds what follows with the same `apply`, and
//! gives a person's words back by POST. It stands behind the same handle, so a screen does not know.
//!
//! What a model streams does not go through the journal: it flows through [`runtime::feeds`], bounded and
//! lossy, to whoever looks; each finished turn is kept by content and journaled by digest.
//!
//! ## One brief through the rooms
//!
//! 1. A face opens it: [`cli`] or [`tui`] gives the command through [`runtime::handle`]; [`engine`] makes it a mission.
//! 2. `runtime::driver` looks at the repository; the [orchestrator](agents::orchestrator) asks and plans.
//! 3. Each team's [worker](agents::worker) talks to its model through [`providers`] and works with [tools](agents::tools)
//!    at its [bench](mod@agents::bench): a worktree and a sandbox of [`workspace`]. What it comes to is a candidate.
//! 4. [Evidence](agents::evidence) is found by running checks on candidate and base; [judges](agents::judge) score it.
//! 5. The engine asks [`policy::gate`] about every candidate. What does not land by itself waits at the desk; a person
//!    decides in a face, on the revision that was seen.
//! 6. [`operations::landing`] prepares the commit and moves the branch by compare-and-swap, or says why not.
//! 7. The mission ends; its trees are given back. Every step above is an entry of [`store`], or was refused.
//!
//! ## One feature through the rooms
//!
//! A brief with two addresses and a test in between; [`engine::playbook::feature`] owns what differs.
//!
//! 1. The plan is a brief's. One team's worker writes the end-to-end test; a [trial](agents::trial) runs it against the
//!    service as it is. It stands once it was seen to fail; else it is asked for again.
//! 2. Teams start from it. What touches it is not taken: not by a tool, not as a candidate, not as a person's patch. Each
//!    candidate is served by [`operations::preview`] and the test run against that.
//! 3. Judges, gate, desk and landing are a brief's; what is ruled on names the staging environment too.
//! 4. [`operations::staging`] puts what landed there. The test says whether it is there, after a crash as well.
//! 5. The same test must pass there; then the mission ends.
//!
//! ## One incident through the rooms
//!
//! 1. [`monitor::probes`] look; [`monitor::watchtower`] makes signals of what they read; `runtime::watching` orders them in.
//! 2. [`engine::healing`] makes one incident of each cause: confirmed, silenced, inhibited, flapping, part of a storm.
//! 3. [`monitor::investigate`] gathers evidence and judges by rules; the diagnosis has a grade and names a remedy. What
//!    they leave open the [investigator](agents::investigator) looks into, if a model may be asked.
//! 4. The engine asks [`policy::gate`]: at once, after a window in which a person can say no, or at the desk.
//! 5. [`operations::runbooks`] carries a runbook out; a code fix is a mission as above, then brought to the service,
//!    watched and, where [`policy::judgement`] says so, taken back; what watching does not decide a person keeps, or not.
//! 6. It is verified: only what was seen to be true counts as healed. What did not help is never tried again as it was.
//!
//! ## What holds, always
//!
//! - Nothing lands and no remedy begins without a journaled ruling for exactly that plan.
//! - An effect is journaled as started before it touches the world. After a crash it is asked about, never
//!   blindly repeated.
//! - Money is reserved in the same order as everything else before a call, and settled after it; so caps hold.
//! - A decision names the revision the person saw; an older one is refused.
//! - The journal only grows, and every prefix verifies without this program.
//!
//! `engine`'s simulation checks these after every event, over thousands of seeds.

pub mod agents;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod monitor;
pub mod operations;
pub mod policy;
pub mod providers;
pub mod runtime;
pub mod server;
pub mod store;
pub mod tui;
pub mod workspace;
