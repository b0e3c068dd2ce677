//! Seeded simulation of the core in a faulty world: several missions and teams, services that fall ill and are healed,
//! faults of every effect, late, double and stale reports and decisions, crashes at every append, pauses, stops, clock
//! jumps and races for money. [`laws`] checks the invariants of the design after each event.
//!
//! - [`world`]: repositories and services that remember, and everything that goes wrong; [`disk`]: what survives a crash;
//! - [`person`]: who decides, late, twice and against each other;
//! - [`laws`]: what must hold; [`mutants`]: the core and its world with one thing broken, each of which a law must find.
//!
//! `CHIMERA_SIM_SEED=7 cargo test --lib engine::simulation` replays one seed (the journal is printed when it
//! fails); `CHIMERA_SIM_SEEDS=10000` plays that many.

mod disk;
mod laws;
mod mutants;
mod person;
mod world;

pub(super) use person::brief;
pub(super) use world::{evidence, survey};

use super::{
    command::{Command, ControlCommand, Order, Outcome, Refusal, Report},
    decide,
    effect::{Effect, EffectKind, EffectState},
    event::{EffectEvent, Event, Fact},
    facts,
    healing::ward::owner,
    next_deadline, react, resume,
    state::{Control, State},
    thread::Thread,
};
use crate::domain::{
    ids::{EffectId, MissionId, RequestId, Revision, Seq},
    incident::{Attempt, Mark},
    request::Actor,
    time::Timestamp,
};
use disk::Disk;
use laws::{Before, Laws};
use mutants::Mutant;
use std::{env, panic, thread};
use world::World;

/// Steps with faults.
const CHAOS_STEPS: u32 = 220;
/// The same where the journal is what is wanted.
const JOURNAL_STEPS: u32 = 360;
/// Steps without faults in which everything must come to an end or to a person.
const CALM_STEPS: u32 = 3_000;
/// One world of so many is watched on while all is well, and one while no probe says anything: so many milliseconds, and
/// deadlines that may come meanwhile.
const PEACE_OF: u64 = 8;
const PEACE_MS: i64 = 12 * 3_600_000;
const DARK_MS: i64 = 3_600_000;
const PEACE_STEPS: u32 = 600;
/// Of a hundred crashes so many are followed by a replay of the whole journal.
const REPLAYS_PCT: u64 = 30;
/// Seeds played when nothing is said.
const SEEDS: u64 = 1_000;

/// Splitmix64: small, well mixed, and the same for ever.
pub(super) struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, most: u64) -> u64 {
        self.next() % most.max(1)
    }
    fn pct(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
    fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let index = self.below(list.len() as u64);
        list.get(usize::try_from(index).unwrap())
    }
}

/// One run: the core, its journal, a driver that forgets everything in a crash, and the world that does not.
pub(super) struct Run {
    dice: Dice,
    now: i64,
    state: State,
    disk: Disk,
    laws: Laws,
    world: World,
    faults: bool,
    /// What is broken on purpose.
    mutant: Option<Mutant>,
    /// What was ended, and answers all the same.
    ghosts: Vec<Report>,
    /// Lost in a crash: what the driver was told to do, what it does, what was reported.
    queue: Vec<Effect>,
    running: Vec<(Effect, u32)>,
    reported: Vec<Report>,
    seen: Vec<(RequestId, Revision)>,
}

impl Run {
    fn new(seed: u64, mutant: Option<Mutant>) -> Self {
        let mut run = Self {
            dice: Dice(seed),
            now: 1_790_000_000_000,
            state: State::default(),
            disk: Disk::new(mutant == Some(Mutant::DroppedFsync)),
            laws: Laws::default(),
            world: World::default(),
            faults: true,
            mutant,
            ghosts: Vec::new(),
            queue: Vec::new(),
            running: Vec::new(),
            reported: Vec::new(),
            seen: Vec::new(),
        };
        run.start();
        let rules = person::rules(&mut run);
        let _ = run.send(person::director(), Command::Control(rules));
        run
    }

    /// A mission's own facts, folded alone, make the same mission as all facts do.
    fn threads_are_whole(&self) {
        for (id, mission) in &self.state.missions {
            let (mut alone, mut thread) = (State::default(), Thread::of(*id));
            for (fact, seq) in self.disk.journal().iter().zip(1_u64..) {
                if thread.takes(&fact.event) {
                    alone.apply(Seq(seq), fact);
                }
            }
            assert_eq!(alone.missions.get(id), Some(mission), "{id} folded alone is another mission");
        }
    }

    fn start(&mut self) {
        let _ = self.send(Actor::Engine, Command::Control(ControlCommand::Start { version: "sim".into() }));
        self.queue = resume(&self.state);
    }

    /// What the runtime does with an order: decide, append, fold, react. A crash may fall on either side of
    /// the append; the append itself is whole or not at all.
    fn send(&mut self, actor: Actor, command: Command) -> Result<(), Refusal> {
        let order = Order { actor, at: Timestamp(self.now), command };
        let events = match self.mutant {
            None => decide(&self.state, &order)?,
            Some(mutant) => mutant.decide(&self.state, &order)?,
        };
        let starting = matches!(order.command, Command::Control(ControlCommand::Start { .. }));
        let entries = facts(&order, events);
        self.disk.append(&entries);
        if self.faults && !starting && self.dice.pct(2) {
            self.crash();
            return Ok(());
        }
        self.disk.sync(&mut self.dice);
        let mut wanted = Vec::new();
        for fact in &entries {
            let before = Before::of(&self.state);
            self.state.apply(Seq(self.state.seq.0 + 1), fact);
            self.laws.check(&before, &self.state, fact);
            wanted.extend(react(&self.state, &fact.event));
        }
        if self.faults && !starting && self.dice.pct(2) {
            self.crash();
            return Ok(());
        }
        for fact in &entries {
            if let Event::Effect(EffectEvent::Dropped(id)) = &fact.event {
                self.cancel(id);
            }
        }
        for effect in wanted {
            if self.queue.iter().all(|queued| queued.id != effect.id) {
                self.queue.push(effect);
            }
        }
        Ok(())
    }

    /// What the house does not want any more ends; an incident's deed may be done by then, and its answer still comes.
    fn cancel(&mut self, id: &EffectId) {
        if owner(id).is_none() {
            return;
        }
        self.queue.retain(|effect| effect.id != *id);
        let Some(index) = self.running.iter().position(|(effect, _)| effect.id == *id) else { return };
        let (effect, _) = self.running.remove(index);
        self.leave_half_done(&effect);
    }

    fn leave_half_done(&mut self, effect: &Effect) {
        if owner(&effect.id).is_some() && !effect.unsure && self.dice.pct(50) {
            world::touch(self, effect);
        }
        if owner(&effect.id).is_some() && self.dice.pct(50) {
            let outcome = world::late(self, effect);
            self.ghosts.push(Report { effect: effect.id.clone(), outcome });
        }
    }

    /// The process dies: what ran may or may not have touched the world; only the journal is left.
    fn crash(&mut self) {
        for (effect, _) in std::mem::take(&mut self.running) {
            let lands = matches!(effect.kind, EffectKind::Land { .. });
            if lands && self.world.landed_before(&effect).is_none() && self.dice.pct(50) {
                self.world.land(&self.state, &effect);
            }
            self.leave_half_done(&effect);
        }
        self.queue.clear();
        self.world.calls.clear();
        self.disk.crash();
        // Most starts find a saved state; the rest reads the whole journal, which comes to the same.
        if self.disk.lies || self.dice.pct(REPLAYS_PCT) {
            self.replay();
        }
        if self.dice.pct(8) {
            let text = serde_json::to_string(&self.state).unwrap();
            let back: State = serde_json::from_str(&text).unwrap();
            assert!(back == self.state, "a stored state does not read back");
            let text = serde_json::to_string(self.disk.journal().last().unwrap()).unwrap();
            assert!(serde_json::from_str::<Fact>(&text).unwrap() == *self.disk.journal().last().unwrap());
        }
        self.start();
    }

    fn replay(&mut self) {
        let mut rebuilt = State::default();
        for (fact, seq) in self.disk.journal().iter().zip(1..) {
            rebuilt.apply(Seq(seq), fact);
        }
        let lied = self.disk.lies;
        assert!(lied || rebuilt == self.state, "the journal does not fold to the state it was written from");
        self.state = rebuilt;
    }

    fn begin(&mut self) {
        if self.queue.is_empty() {
            return;
        }
        let index = self.dice.below(self.queue.len() as u64);
        // Halts go first, as the driver's contract says.
        let halt = self.queue.iter().position(|e| matches!(e.kind, EffectKind::Halt { .. }));
        let effect = self.queue.remove(halt.unwrap_or(usize::try_from(index).unwrap()));
        let runs = self.running.iter().any(|(e, _)| e.id == effect.id);
        let journaled = self.disk.journal().len();
        let granted = self.send(Actor::Engine, Command::Begin(effect.id.clone())).is_ok();
        if granted && !runs && self.disk.journal().len() > journaled && self.begun(&effect.id) {
            let unsure = effect.unsure && self.mutant != Some(Mutant::BlindRepeat);
            self.running.push((Effect { unsure, ..effect }, 0));
        }
        assert!(!(granted && runs), "begun twice");
    }

    /// False when a crash came between the leave and the deed.
    fn begun(&self, id: &EffectId) -> bool {
        if id.0.starts_with(&format!("{}/", MissionId::HOUSE)) {
            return self.state.asking.begun;
        }
        self.effect(id).is_some_and(|e| e.started.is_some()) && !self.state.clockwork.unsure.contains(id)
    }

    fn effect(&self, id: &EffectId) -> Option<&EffectState> {
        let of_incident = owner(id).and_then(|incident| self.state.ward.incidents.get(&incident));
        let of_incident = of_incident.and_then(|incident| incident.effects.get(id));
        of_incident.or_else(|| self.state.missions.values().find_map(|mission| mission.effects.get(id)))
    }

    /// Something that runs gets on, or ends.
    fn progress(&mut self) {
        if self.running.is_empty() {
            return;
        }
        let halt = self.running.iter().position(|(e, _)| matches!(e.kind, EffectKind::Halt { .. }));
        let index = usize::try_from(self.dice.below(self.running.len() as u64)).unwrap();
        let index = halt.unwrap_or(index);
        if self.watches(&self.running[index].0) && !(self.faults && self.dice.pct(20)) {
            return;
        }
        if matches!(self.running[index].0.kind, EffectKind::Draft { .. })
            && self.running[index].1 < 2
            && self.dice.pct(50)
        {
            self.running[index].1 += 1;
            let (effect, turn) = self.running[index].clone();
            let outcome = self.world.turn(turn);
            return self.report(Report { effect: effect.id, outcome });
        }
        if matches!(self.running[index].0.kind, EffectKind::Heal { .. }) && self.dice.pct(20) {
            let effect = self.running[index].0.id.clone();
            return self.report(Report { effect, outcome: Outcome::Logged(vec!["step done".into()]) });
        }
        let marks = match self.running[index].0.kind {
            EffectKind::Deploy { .. } => 80,
            EffectKind::Verify { .. } => 40,
            _ => 0,
        };
        if marks > 0 && self.dice.pct(marks) {
            let effect = self.running[index].0.clone();
            let marks = [
                Mark::Undecided(vec!["too few requests".into()]),
                Mark::Replaces(Some("v1".into())),
                Mark::InPlace,
                Mark::Held("it is".into()),
                Mark::TakingBack,
            ];
            let open = matches!(effect.kind, EffectKind::Deploy { .. }) && self.dice.pct(60);
            let mark = if open { marks.first() } else { self.dice.pick(&marks) };
            let mark = mark.cloned().expect("there are some");
            return self.mark(&effect, mark);
        }
        let (effect, _) = self.running.remove(index);
        if let EffectKind::Halt { team } = &effect.kind {
            self.halt(effect.mission, *team);
        }
        let outcome = world::outcome(self, &effect);
        self.report(Report { effect: effect.id, outcome });
    }

    /// How far something came is written down before it goes on.
    fn mark(&mut self, effect: &Effect, mark: Mark) {
        let known = self.attempt(effect).is_some_and(|attempt| attempt.was_undecided());
        if matches!((&mark, &effect.kind), (Mark::Undecided(_), EffectKind::Deploy { .. })) && !known {
            self.laws.healing.tells(&effect.id, false);
        }
        self.report(Report { effect: effect.id.clone(), outcome: Outcome::Marked(mark) });
        if self.effect(&effect.id).is_none() {
            self.running.retain(|(running, _)| running.id != effect.id);
        }
    }

    /// The attempt that an effect is of.
    fn attempt(&self, effect: &Effect) -> Option<&Attempt> {
        self.state.ward.incidents.get(&owner(&effect.id)?)?.at_work()
    }

    /// Whether it goes on until a person answers or something gets worse: a release that nothing decided.
    fn watches(&self, effect: &Effect) -> bool {
        matches!(effect.kind, EffectKind::Deploy { .. })
            && self.attempt(effect).is_some_and(Attempt::is_undecided)
    }

    /// Whether nothing runs but what waits for a person.
    fn idle(&self) -> bool {
        self.queue.is_empty() && self.running.iter().all(|(effect, _)| self.watches(effect))
    }

    fn report(&mut self, report: Report) {
        self.reported.push(report.clone());
        let _ = self.send(Actor::Engine, Command::Report(report));
    }

    /// A report of the past comes again: it must change nothing.
    fn repeat(&mut self) {
        let Some(report) = self.dice.pick(&self.reported).cloned() else { return };
        let order =
            Order { actor: Actor::Engine, at: Timestamp(self.now), command: Command::Report(report.clone()) };
        let runs = self.running.iter().any(|(e, _)| e.id == report.effect);
        if !runs {
            assert!(decide(&self.state, &order).is_err(), "a report was taken twice: {report:?}");
        }
    }

    /// What was ended answers late, as if it still ran: it must not count.
    fn haunt(&mut self) {
        if self.ghosts.is_empty() {
            return;
        }
        let index = usize::try_from(self.dice.below(self.ghosts.len() as u64)).unwrap();
        let ghost = self.ghosts.swap_remove(index);
        // Begun again in this life: one name, and nobody could tell the two apart.
        if self.running.iter().any(|(effect, _)| effect.id == ghost.effect) {
            return;
        }
        self.laws.count("late answer");
        let answer = self.send(Actor::Engine, Command::Report(ghost.clone()));
        assert!(answer.is_err(), "what was ended is believed: {ghost:?}");
    }

    fn step(&mut self) {
        self.now += i64::try_from(self.dice.below(20_000)).unwrap();
        self.world.services.live(&mut self.dice);
        match self.dice.below(100) {
            0..=26 => self.begin(),
            27..=53 => self.progress(),
            54..=56 => self.repeat(),
            57..=58 => self.haunt(),
            59..=63 => {
                self.jump();
                let _ = self.send(Actor::Engine, Command::Tick);
            }
            64..=70 => world::purse::money(self),
            71..=79 => world::services::probe(self),
            _ => person::act(self),
        }
        if self.mutant == Some(Mutant::ResumedByItself) && self.state.control != Control::Running {
            let _ = self.send(Actor::Engine, Command::Control(ControlCommand::Resume));
        }
    }

    fn jump(&mut self) {
        self.now += match self.dice.below(12) {
            0 => 86_400_000,
            1 => -86_400_000,
            2 => 4 * 3_600_000,
            _ => i64::try_from(self.dice.below(400_000)).unwrap(),
        };
        self.laws.clock(Timestamp(self.now));
    }

    /// Faults stop: everything must come to an end or to a person.
    fn settle(&mut self) {
        self.faults = false;
        if self.state.control != Control::Running {
            self.send(person::director(), Command::Control(ControlCommand::Resume)).unwrap();
        }
        world::services::probe_all(self);
        self.drain();
        person::judge_releases(self);
        self.drain();
        self.laws.rest(&self.state);
        match self.dice.below(PEACE_OF) {
            0 => self.peace(),
            1 => self.dark(),
            _ => {}
        }
    }

    /// All is well for a long time: nothing is left.
    fn peace(&mut self) {
        self.world.services.heal_all();
        let end = self.catch_up() + PEACE_MS;
        self.wait_until(end, world::services::probe_all);
        self.laws.peace(&self.state);
    }

    /// No probe says anything any more: nobody may take that for health, and nothing may wait for ever unseen.
    fn dark(&mut self) {
        let end = self.catch_up() + DARK_MS;
        self.wait_until(end, |_| {});
        self.laws.dark(&self.state, Timestamp(self.now));
    }

    /// A clock that is behind what it once showed catches up.
    fn catch_up(&mut self) -> i64 {
        let last = self.disk.journal().iter().map(|fact| fact.at.0).max().unwrap_or_default();
        self.now = self.now.max(last);
        self.now
    }

    /// Time passes, every deadline on the way is kept, and something is done at each.
    fn wait_until(&mut self, end: i64, mut at_each: impl FnMut(&mut Self)) {
        for _ in 0..PEACE_STEPS {
            at_each(self);
            self.drain();
            let Some(next) = next_deadline(&self.state).filter(|at| at.0 <= end) else { break };
            self.now = self.now.max(next.0);
            let _ = self.send(Actor::Engine, Command::Tick);
        }
        let late = next_deadline(&self.state).filter(|at| at.0 <= end);
        let left: Vec<_> = self.state.ward.live().map(|incident| (incident.id, &incident.phase)).collect();
        assert!(late.is_none(), "at {} {late:?} is still due: {left:?}", self.now);
    }

    fn play(&mut self) {
        (0..CHAOS_STEPS).for_each(|_| self.step());
        self.settle();
        self.threads_are_whole();
    }

    fn drain(&mut self) {
        for _ in 0..CALM_STEPS {
            if self.idle() {
                break;
            }
            self.now += 10;
            self.begin();
            self.progress();
        }
        assert!(self.idle(), "work never ends");
    }
}

fn play(seed: u64, loud: bool) -> Laws {
    let mut run = Run::new(seed, None);
    let outcome = panic::catch_unwind(panic::AssertUnwindSafe(|| {
        run.play();
    }));
    if let Err(cause) = outcome {
        if loud {
            for (fact, seq) in run.disk.journal().iter().zip(1_u64..) {
                println!(
                    "{seq:4} {} {} {}",
                    fact.at,
                    fact.actor,
                    serde_json::to_string(&fact.event).unwrap()
                );
            }
        }
        println!(
            "\nseed {seed} fails; replay: CHIMERA_SIM_SEED={seed} cargo test --lib engine::simulation -- --nocapture"
        );
        panic::resume_unwind(cause);
    }
    run.laws
}

/// Everything that happened in one played world.
pub(super) fn journal(seed: u64) -> Vec<Fact> {
    let mut run = Run::new(seed, None);
    (0..JOURNAL_STEPS).for_each(|_| run.step());
    run.settle();
    run.disk.journal().to_vec()
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn sim_holds_every_law() {
    if let Some(seed) = number("CHIMERA_SIM_SEED") {
        play(seed, true);
        return;
    }
    let seeds = number("CHIMERA_SIM_SEEDS").unwrap_or(SEEDS);
    let cores = thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let mut sum = Laws::default();
    thread::scope(|scope| {
        let every = move |first: u64| (first..seeds).step_by(usize::try_from(cores).unwrap());
        let threads: Vec<_> = (0..cores)
            .map(|first| scope.spawn(move || every(first).map(|seed| play(seed, false)).collect::<Vec<_>>()))
            .collect();
        for thread in threads {
            let played = thread.join().unwrap_or_else(|cause| panic::resume_unwind(cause));
            played.iter().for_each(|laws| sum.add(laws));
        }
    });
    sum.covers_everything();
}
