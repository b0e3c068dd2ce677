//! The core with fifty missions at work: one order decided, its facts applied. Floor: the same facts written as
//! JSON, which the journal has to do in any case.

use crate::harness::{Pair, pair, timed, times};
use chimera::{
    domain::{
        brief::{Approval, Brief},
        candidate::CommitId,
        digest::Digest,
        ids::{EffectId, MissionId, Seq, TeamId},
        money::Money,
        plan::{Plan, Survey},
        request::Actor,
        team::{ModelRef, TeamSpec, Vendor},
        time::Timestamp,
    },
    engine::{
        command::{Command, ControlCommand, MissionCommand, Order, Outcome, Report},
        decide,
        event::Fact,
        facts,
        state::State,
    },
    policy::settings::Policy,
};
use std::{hint::black_box, sync::Arc};

/// Missions at work at once.
const MISSIONS: u64 = 50;
/// Orders of one run.
const ORDERS: u32 = 5_000;

pub fn brief(words: &str) -> Brief {
    let team = |name: &str, vendor, model: &str| TeamSpec {
        name: name.into(),
        model: ModelRef { vendor, model: model.into() },
        fallback: vec![],
    };
    Brief {
        text: words.into(),
        constraints: vec!["no new dependencies".into()],
        checks: vec!["cargo test".into()],
        budget: Money::usd(4),
        attachments: vec![],
        teams: vec![
            team("Anthropic", Vendor::Anthropic, "claude-sonnet-4-5"),
            team("Google", Vendor::Google, "gemini-2.0-flash"),
        ],
        approve: Approval::Ask,
        repo: "/srv/shop".into(),
        timeout: None,
        priority: 5,
        heals: None,
        patch: None,
        once: None,
        feature: None,
        withheld: 0,
    }
}

/// A state and its clock.
#[derive(Clone, Default)]
pub struct House {
    pub state: State,
    now: i64,
}

impl House {
    /// Decides and applies; the facts are returned.
    pub fn order(&mut self, actor: Actor, command: Command) -> Vec<Fact> {
        self.now += 1;
        let order = Order { actor, at: Timestamp(1_790_000_000_000 + self.now), command };
        let events = decide(&self.state, &order).expect("nothing here is refused");
        let facts = facts(&order, events);
        for fact in &facts {
            self.state.apply(Seq(self.state.seq.0 + 1), fact);
        }
        facts
    }

    fn effect(&self, mission: MissionId, word: &str) -> EffectId {
        self.state.missions[&mission].effects.keys().find(|id| id.0.contains(word)).unwrap().clone()
    }

    fn world(&mut self, mission: MissionId, word: &str, outcome: Outcome) {
        let effect = self.effect(mission, word);
        self.order(Actor::Engine, Command::Begin(effect.clone()));
        self.order(Actor::Engine, Command::Report(Report { effect, outcome }));
    }

    /// So many missions, each with two teams that draft.
    pub fn at_work(missions: u64) -> Self {
        let mut house = Self::default();
        let policy = Policy { pool: missions as u16, ..Policy::default() };
        house.order(Actor::Engine, Command::Control(ControlCommand::Load(Box::new(policy))));
        for n in 1..=missions {
            let words = format!("Checkout returns 500 when the cart is empty, case {n}.");
            let open = MissionCommand::Open(Box::new(brief(&words)));
            house.order(Actor::Person("ada".into()), Command::Mission(open));
            house.draft(MissionId(n));
        }
        house
    }

    fn draft(&mut self, mission: MissionId) {
        let survey = Survey {
            base: CommitId("9c7f63a1".into()),
            branch: Some("main".into()),
            language: "rust".into(),
            checks: vec![],
            files: 120,
            instructions: vec![],
            dirty: 0,
            similar: vec![],
        };
        self.world(mission, "survey", Outcome::Surveyed(Box::new(survey)));
        self.world(mission, "clarify", Outcome::Asked(vec![]));
        let plan = Plan {
            goal: "a guard before the division".into(),
            steps: vec!["a test that shows it".into(), "the guard".into()],
            files: vec!["src/cart.rs".into()],
            confidence: 80,
            by: "anthropic/claude-sonnet-4-5".into(),
        };
        self.world(mission, "plan", Outcome::Planned(Box::new(plan)));
        for team in 1..=2 {
            let effect = self.effect(mission, &format!("draft/{}/", TeamId(team)));
            self.order(Actor::Engine, Command::Begin(effect));
        }
    }
}

pub fn measure() {
    let house = House::at_work(MISSIONS);
    let drafts: Vec<EffectId> = (1..=MISSIONS)
        .map(|n| house.effect(MissionId(n), &format!("draft/{}/", TeamId((n % 2 + 1) as u8))))
        .collect();
    let turn = |n: u32| {
        let effect = drafts[n as usize % drafts.len()].clone();
        let turn = n / drafts.len() as u32 + 1;
        let outcome = Outcome::Turn {
            turn,
            transcript: Digest::of(&n.to_le_bytes()),
            commit: Some(CommitId(format!("{n:040x}"))),
        };
        Command::Report(Report { effect, outcome })
    };
    let orders: Vec<Command> = (0..ORDERS).map(turn).collect();
    let mut written: Vec<Fact> = Vec::new();
    let decided = |publish: bool, keep: &mut Vec<Fact>| {
        let (mut house, orders) = (house.clone(), orders.clone());
        keep.clear();
        timed(|| {
            let mut published = Arc::new(State::default());
            for order in orders {
                let before = publish.then(|| house.state.clone());
                keep.extend(house.order(Actor::Engine, order));
                if publish {
                    published = Arc::new(house.state.clone());
                    black_box((&before, &published));
                }
            }
            published
        })
    };
    decided(false, &mut written);
    let json = written.clone();
    let floor =
        || timed(|| json.iter().map(|fact| serde_json::to_string(fact).unwrap().len()).sum::<usize>());
    let each = |pair: Pair| Pair { value: pair.value / ORDERS, floor: pair.floor / ORDERS };
    let plain = pair(|| decided(false, &mut Vec::new()), floor);
    times("decide + apply an order, 50 missions", &each(plain), "(floor: its facts as JSON)");
    let public = pair(|| decided(true, &mut Vec::new()), floor);
    times("  with a copy to fall back to and one published", &each(public), "");
}
