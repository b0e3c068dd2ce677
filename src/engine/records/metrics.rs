//! Success against the targets of the product. A figure that nothing has happened for is no figure: it says so.

use super::sums::Sums;
use crate::domain::{money::Money, text::count, time::Millis};

/// How a figure stands to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As wanted.
    Met,
    /// Not as wanted.
    Missed,
    /// Nothing has happened yet that it could be told from.
    NoData,
    /// It has no target.
    Plain,
}

impl Standing {
    /// The word beside a figure.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::NoData => "no data yet",
            Self::Plain => "",
        }
    }
}

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// A count.
    Count(u64),
    /// A share in tenths of a percent.
    PerMille(u64),
    /// A span of time.
    Time(Millis),
    /// An amount; the second: a part of it is not known, so that it is at least this.
    Money(Money, bool),
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Count(number) => write!(f, "{number}"),
            Self::PerMille(share) => write!(f, "{}.{} %", share / 10, share % 10),
            Self::Time(span) => write!(f, "{span}"),
            // As printed it stands to its target as it does.
            Self::Money(amount, false) => write!(f, "{}", amount.beside(COST)),
            Self::Money(amount, true) => write!(f, "≥ {}", amount.beside(COST)),
        }
    }
}

/// One metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// A stable word for JSON and filters.
    pub id: &'static str,
    /// What it is, in words.
    pub name: &'static str,
    /// The figure, if there is one.
    pub figure: Option<Figure>,
    /// The target, such as `> 80 %`; empty: none.
    pub target: &'static str,
    /// How it stands.
    pub standing: Standing,
    /// What it is told from, in words.
    pub basis: String,
}

/// Share of missions that must land, in tenths of a percent: more than this.
const COMPLETION: u64 = 800;
/// Share of missions in which a person may have to decide: less than this.
const INTERVENTION: u64 = 200;
/// What one mission may cost: less than this.
const COST: Money = Money::cents(10);

fn share(part: u64, whole: u64) -> Option<u64> {
    part.saturating_mul(1_000).checked_div(whole)
}

fn standing(met: Option<bool>) -> Standing {
    match met {
        Some(true) => Standing::Met,
        Some(false) => Standing::Missed,
        None => Standing::NoData,
    }
}

/// All metrics of a span, in the order in which they are shown.
#[must_use]
pub fn metrics(sums: &Sums) -> Vec<Metric> {
    let ended = sums.ended();
    let of_ended = |part: u64, what: &str| format!("{part} of {} {what}", count(ended, "ending"));
    let plain = |id, name, figure, basis: &str| Metric {
        id,
        name,
        figure,
        target: "",
        standing: if figure.is_some() { Standing::Plain } else { Standing::NoData },
        basis: basis.to_owned(),
    };
    let completion = share(sums.landed, ended);
    let handled = share(sums.handled, ended);
    vec![
        plain("found", "work found", Some(Figure::Count(sums.opened)), "missions opened"),
        plain("fixed", "work done", Some(Figure::Count(sums.landed)), "missions landed"),
        Metric {
            id: "completion",
            name: "completion",
            figure: completion.map(Figure::PerMille),
            target: "> 80 %",
            standing: standing(completion.map(|share| share > COMPLETION)),
            basis: of_ended(sums.landed, "landed"),
        },
        Metric {
            id: "human_intervention",
            name: "human intervention",
            figure: handled.map(Figure::PerMille),
            target: "< 20 %",
            standing: standing(handled.map(|share| share < INTERVENTION)),
            basis: of_ended(sums.handled, "had a person decide at the desk"),
        },
        cost(sums, ended),
        plain(
            "time_to_fix",
            "time to fix",
            sums.fix.0.checked_div(sums.landed).map(|mean| Figure::Time(Millis(mean))),
            "mean from opening to commit",
        ),
        plain(
            "waiting_for_people",
            "waiting for people",
            sums.waited.0.checked_div(sums.by_person).map(|mean| Figure::Time(Millis(mean))),
            "mean from a request to a person's decision",
        ),
        plain(
            "restores",
            "restores",
            Some(Figure::Count(sums.restored)),
            "earlier states brought back by people",
        ),
    ]
}

/// With calls of unknown price it is a lower bound: that can show the target missed, never met.
fn cost(sums: &Sums, ended: u64) -> Metric {
    let each = i64::try_from(ended).ok().and_then(|ended| sums.money.0.checked_div(ended)).map(Money);
    let unknown = sums.unknown > 0;
    let met = each.and_then(|each| match each < COST {
        true if unknown => None,
        met => Some(met),
    });
    let note =
        if unknown { format!("; {} of unknown price", count(sums.unknown, "call")) } else { String::new() };
    Metric {
        id: "cost_per_operation",
        name: "cost per mission",
        figure: each.map(|each| Figure::Money(each, unknown)),
        target: "< $0.10",
        standing: standing(met),
        basis: format!("{} over {}{note}", sums.money, count(ended, "ending")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sums: &Sums, id: &str) -> (Option<String>, Standing) {
        let all = metrics(sums);
        let found = all.iter().find(|metric| metric.id == id).unwrap();
        (found.figure.map(|figure| figure.to_string()), found.standing)
    }

    #[test]
    fn nothing_yet_is_no_data_and_never_a_target_met() {
        for metric in metrics(&Sums::default()) {
            assert!(matches!(metric.standing, Standing::NoData | Standing::Plain), "{metric:?}");
            assert!(metric.standing == Standing::Plain || metric.figure.is_none(), "{metric:?}");
        }
    }

    #[test]
    fn shares_are_of_endings_and_targets_are_strict() {
        let sums = Sums { opened: 12, landed: 8, failed: 1, over_budget: 1, handled: 1, ..Sums::default() };
        assert_eq!(of(&sums, "completion"), (Some("80.0 %".into()), Standing::Missed), "80 % is not more");
        assert_eq!(of(&sums, "human_intervention"), (Some("10.0 %".into()), Standing::Met));
        // One mission that fails four times ends four times: it is not told of as four missions.
        assert_eq!(metrics(&sums)[2].basis, "8 of 10 endings landed");
        let sums = Sums { landed: 9, failed: 0, ..sums };
        assert_eq!(of(&sums, "completion"), (Some("90.0 %".into()), Standing::Met));
    }

    #[test]
    fn an_unknown_price_can_show_a_cost_too_high_and_never_low_enough() {
        let sums = Sums { landed: 10, money: Money::cents(50), ..Sums::default() };
        assert_eq!(of(&sums, "cost_per_operation"), (Some("$0.05".into()), Standing::Met));
        let some = Sums { unknown: 1, ..sums };
        assert_eq!(of(&some, "cost_per_operation"), (Some("≥ $0.05".into()), Standing::NoData));
        for (micros, printed, standing) in [
            (1_000_000, "$0.10", Standing::Missed),
            (1_043_000, "$0.1043", Standing::Missed),
            (1_000_010, "$0.100001", Standing::Missed),
            (996_000, "$0.0996", Standing::Met),
        ] {
            let near = Sums { money: Money(micros), ..sums };
            assert_eq!(of(&near, "cost_per_operation"), (Some(printed.into()), standing));
        }
        let dear = Sums { money: Money::usd(5), ..some };
        assert_eq!(of(&dear, "cost_per_operation"), (Some("≥ $0.50".into()), Standing::Missed));
    }
}
