//! Calls that cost money: reserved, settled, settled twice, by teams and by the house.

use crate::{
    domain::{
        ids::CallId,
        money::{Cost, Money, Usage},
        request::Actor,
        team::{ModelRef, Vendor},
    },
    engine::{
        command::{Command, MoneyCommand},
        effect::EffectKind,
        simulation::Run,
    },
};

/// Teams race for money: reserve, settle, settle twice.
pub(in crate::engine::simulation) fn money(run: &mut Run) {
    if run.dice.pct(45) {
        let Some((call, worst)) = run.dice.pick(&run.world.calls).copied() else { return };
        let cost = Money(i64::try_from(run.dice.below(u64::try_from(worst.0 + 1).unwrap())).unwrap());
        let usage = Usage { input: 10, ..Usage::default() };
        let settle = MoneyCommand::Settle { call, usage, cost: Cost::Known(cost) };
        // A settled call stays in the list now and then, so that it is settled twice: the core must refuse.
        let twice = run.dice.pct(20);
        let open = run.state.ledger.open.contains_key(&call);
        let settled = run.send(Actor::Engine, Command::Money(settle)).is_ok();
        assert_eq!(open, settled, "{call}");
        if !twice {
            run.world.calls.retain(|(c, _)| *c != call);
        }
        return;
    }
    for _ in 0..=run.dice.below(3) {
        reserve(run);
    }
}

fn reserve(run: &mut Run) {
    let Some((effect, _)) = run.dice.pick(&run.running).cloned() else { return };
    let team = match effect.kind {
        EffectKind::Draft { team, .. } => Some(team),
        _ => None,
    };
    let worst = Money::cents(i64::try_from(run.dice.below(240)).unwrap());
    let model = ModelRef { vendor: Vendor::Anthropic, model: "m".into() };
    let last = run.state.counters.call;
    let reserve = MoneyCommand::Reserve { mission: effect.mission, team, model, worst: Cost::Known(worst) };
    let who = match effect.kind {
        EffectKind::Investigate { incident } if run.dice.pct(80) => Actor::Investigator(incident),
        _ => Actor::Agent(effect.mission, team),
    };
    let _ = run.send(who, Command::Money(reserve));
    if run.state.counters.call > last && run.state.ledger.open.contains_key(&CallId(run.state.counters.call))
    {
        run.world.calls.push((CallId(run.state.counters.call), worst));
    }
}
