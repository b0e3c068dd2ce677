//! Whether a release that was to heal an incident healed it: the incident's own signal must improve. A release that
//! harms nothing and heals nothing has failed its aim.

use super::{
    normal,
    normal::Share,
    rank,
    reservoir::Reservoir,
    rules::{Finding, Outcome, percent},
};
use crate::{domain::signal::SignalState, policy::healing::Soak};

/// Values needed on each side.
const VALUES_LEAST: usize = 20;

/// The incident's own signal, before the release and since.
#[derive(Debug, Clone, PartialEq)]
pub enum Aim {
    /// A signal that fires or is clear, as it is now; `None` where it could not be asked.
    Signal(Option<SignalState>),
    /// Bad ones out of all, while it was broken and since.
    Share {
        /// While it was broken.
        broken: Share,
        /// Since.
        since: Share,
    },
    /// A number, while it was broken and since.
    Number {
        /// While it was broken.
        broken: Reservoir,
        /// Since.
        since: Reservoir,
        /// Which way is better.
        better: Better,
    },
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Less.
    Lower,
    /// More.
    Higher,
}

/// Whether it improved, at the end.
#[must_use]
pub fn reached(aim: &Aim, soak: &Soak) -> Finding {
    let (outcome, words) = match aim {
        Aim::Signal(None) => (Outcome::Unknown, "the incident's own signal could not be asked".to_owned()),
        Aim::Signal(Some(SignalState::Clear)) => (Outcome::Pass, "the incident's own signal is over".into()),
        Aim::Signal(Some(SignalState::Firing)) => {
            (Outcome::Fail, "ineffective: the incident's own signal still fires".into())
        }
        Aim::Share { broken, since } => share(*broken, *since, soak),
        Aim::Number { broken, since, better } => number(broken, since, *better, soak),
    };
    Finding::of("aim", outcome, words)
}

fn share(broken: Share, since: Share, soak: &Soak) -> (Outcome, String) {
    // Fewer than the judgement of errors needs: what is broken shows itself in few.
    let least = f64::from(soak.requests_least) / 10.0;
    if broken.all < least || since.all < least {
        return (Outcome::Unknown, format!("too few requests to see whether it helped: {least:.0} needed"));
    }
    let z = normal::two_shares(since, broken).unwrap_or(0.0);
    let words =
        format!("{} while broken, {} since (z {z:.1})", percent(broken.rate()), percent(since.rate()));
    if z >= f64::from(soak.error_z_pct) / 100.0 {
        (Outcome::Pass, words)
    } else {
        (Outcome::Fail, format!("ineffective: {words}"))
    }
}

fn number(broken: &Reservoir, since: &Reservoir, better: Better, soak: &Soak) -> (Outcome, String) {
    let (old, new) = (broken.kept(), since.kept());
    if old.len() < VALUES_LEAST || new.len() < VALUES_LEAST {
        let words = format!("too few values to see whether it helped: {VALUES_LEAST} needed on each side");
        return (Outcome::Unknown, words);
    }
    let ranked = match better {
        Better::Lower => rank::ranked(old, new),
        Better::Higher => rank::ranked(new, old),
    };
    let p = ranked.map_or(1.0, |found| found.p_greater());
    let middle = |values: &Reservoir| normal::percentile(&values.sorted(), 50.0).unwrap_or(0.0);
    let words = format!("median {:.4} while broken, {:.4} since (p {p:.3})", middle(broken), middle(since));
    if p < f64::from(soak.rank_p_mille) / 1_000.0 {
        (Outcome::Pass, words)
    } else {
        (Outcome::Fail, format!("ineffective: {words}"))
    }
}
