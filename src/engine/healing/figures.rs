//! What healing came to, against the targets of the product, told from the incidents that are kept. Pure.

use super::ward::{Incident, Ward};
use crate::{
    domain::{
        incident::{Attempt, AttemptOutcome, Phase, Remedy},
        signal::kind,
        text::count,
        time::{Millis, Timestamp},
    },
    engine::records::{Figure, Metric, Standing},
};
use std::sync::Arc;

/// Share of tier 1 remedies that must help, in tenths of a percent: more than this.
const TIER_1_SUCCESS: u64 = 990;
/// A tier 1 remedy heals within this.
const TIER_1_TIME: Millis = Millis::mins(5);
/// A tier 2 remedy heals within this.
const TIER_2_TIME: Millis = Millis::hours(1);

/// When an incident was over; one that was closed later was resolved before, as its timeline says.
#[must_use]
pub fn over_at(incident: &Incident) -> Option<Timestamp> {
    if !incident.phase.over() {
        return None;
    }
    let well = [Phase::Resolved.word(), Phase::NoActionRequired.word()];
    let earlier = incident.timeline.iter().rev().find(|(_, words)| well.contains(&words.as_str()));
    Some(earlier.filter(|_| incident.phase == Phase::Closed).map_or(incident.entered, |(at, _)| *at))
}

/// Whether something that was done helped and it is over.
#[must_use]
pub fn is_healed(incident: &Incident) -> bool {
    incident.phase.over() && incident.attempts.iter().any(|a| a.outcome == Some(AttemptOutcome::Helped))
}

/// From confirmation to its end; `None` while it goes on or where it was never confirmed.
#[must_use]
pub fn took(incident: &Incident) -> Option<Millis> {
    Some(over_at(incident)?.since(incident.opened?))
}

/// Whether it was confirmed and then nothing was wrong.
fn is_false(incident: &Incident) -> bool {
    let word = Phase::NoActionRequired.word();
    incident.opened.is_some()
        && (incident.phase == Phase::NoActionRequired
            || incident.phase == Phase::Closed
                && incident.attempts.is_empty()
                && incident.timeline.iter().any(|(_, words)| words == word))
}

/// The tier that an attempt was ruled to be; as written in its runbook where the ruling is another's by now.
fn tier(incident: &Incident, attempt: &Attempt) -> u8 {
    let ruled = incident.ruling.as_ref().filter(|ruling| ruling.plan == attempt.remedy.plan());
    match (ruled, &attempt.remedy) {
        (Some(ruling), _) => ruling.tier,
        (None, Remedy::Runbook(plan)) => plan.tier,
        (None, _) => 3,
    }
}

fn standing(met: Option<bool>) -> Standing {
    match met {
        Some(true) => Standing::Met,
        Some(false) => Standing::Missed,
        None => Standing::NoData,
    }
}

/// Mean of spans; `None` of nothing.
fn mean(spans: &[Millis]) -> Option<Millis> {
    let sum = spans.iter().fold(0_u64, |sum, span| sum.saturating_add(span.0));
    sum.checked_div(u64::try_from(spans.len()).ok()?).map(Millis)
}

fn share(part: usize, whole: usize) -> Option<u64> {
    u64::try_from(part.saturating_mul(1_000).checked_div(whole)?).ok()
}

/// Times and outcomes of remedies of one tier.
fn of_tier(ward: &Ward, wanted: u8) -> (usize, usize, Vec<Millis>) {
    let (mut helped, mut all, mut times) = (0, 0, Vec::new());
    for incident in ward.incidents.values() {
        let ended = incident.attempts.iter().filter(|attempt| {
            let counts = attempt.outcome.as_ref().is_some_and(AttemptOutcome::counts);
            counts && tier(incident, attempt) == wanted
        });
        let (mut here, mut tried) = (0, 0);
        for attempt in ended {
            tried += 1;
            here += usize::from(attempt.outcome == Some(AttemptOutcome::Helped));
        }
        (helped, all) = (helped + here, all + tried);
        if here > 0 {
            times.extend(took(incident));
        }
    }
    (helped, all, times)
}

/// All metrics of healing, in the order in which they are shown.
#[must_use]
pub fn healed(ward: &Ward) -> Vec<Metric> {
    // A storm is the sum of others.
    let counts = |incident: &&Arc<Incident>| incident.opened.is_some() && incident.kind != kind::STORM;
    let confirmed: Vec<&Arc<Incident>> = ward.incidents.values().filter(counts).collect();
    let over = confirmed.iter().filter(|incident| incident.phase.over()).count();
    let well = confirmed.iter().filter(|incident| is_healed(incident)).count();
    let times: Vec<Millis> =
        confirmed.iter().filter(|incident| is_healed(incident)).filter_map(|it| took(it)).collect();
    let wrong = confirmed.iter().filter(|incident| is_false(incident)).count();
    let plain = |id, name, figure: Option<Figure>, basis: String| Metric {
        id,
        name,
        figure,
        target: "",
        standing: if figure.is_some() { Standing::Plain } else { Standing::NoData },
        basis,
    };
    let number = |n: usize| Some(Figure::Count(u64::try_from(n).unwrap_or(u64::MAX)));
    let (one, two) = (of_tier(ward, 1), of_tier(ward, 2));
    let success = share(one.0, one.1);
    let tried = ward.incidents.values().flat_map(|incident| &incident.attempts);
    let back = tried.filter(|tried| matches!(tried.outcome, Some(AttemptOutcome::RolledBack(_)))).count();
    let timed = |id, name, target, (times, most): (&[Millis], Millis)| Metric {
        id,
        name,
        figure: mean(times).map(Figure::Time),
        target,
        standing: standing(mean(times).map(|mean| mean < most)),
        basis: format!("mean of {}", count(times.len(), "incident")),
    };
    vec![
        plain("incidents", "incidents found", number(confirmed.len()), "confirmed, of those kept".into()),
        plain("healed", "incidents healed", number(well), "over after what was done helped".into()),
        plain(
            "heal_success",
            "healing success",
            share(well, over).map(Figure::PerMille),
            format!("{well} of {} over", count(over, "incident")),
        ),
        plain(
            "time_to_heal",
            "time to heal",
            mean(&times).map(Figure::Time),
            format!("mean of {}", count(times.len(), "incident")),
        ),
        Metric {
            id: "tier_1_success",
            name: "tier 1 success",
            figure: success.map(Figure::PerMille),
            target: "> 99 %",
            standing: standing(success.map(|share| share > TIER_1_SUCCESS)),
            basis: format!("{} of {} helped", one.0, count(one.1, "remedy")),
        },
        timed("tier_1_time", "tier 1 time to fix", "< 5 min", (&one.2, TIER_1_TIME)),
        timed("tier_2_time", "tier 2 time to fix", "< 1 h", (&two.2, TIER_2_TIME)),
        plain("rollbacks", "rollbacks", number(back), "runbooks and releases that were taken back".into()),
        plain(
            "false_positives",
            "false positives",
            share(wrong, confirmed.len()).map(Figure::PerMille),
            format!("{wrong} of {} with nothing wrong", count(confirmed.len(), "incident")),
        ),
    ]
}
