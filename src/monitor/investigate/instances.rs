//! How many instances a service has and how many of them are well: by what its cluster says, else by numbers of probes
//! called `instances` and `instances_ready`. A service of one has nothing to spare, and is not counted. Pure.

use super::book::Book;
use crate::domain::{expr::Value, incident::Instances};

/// Tells, where something counts them.
#[must_use]
pub fn told(facts: &Book) -> Option<Instances> {
    let number = |name: &str| match facts.get(name)?.value {
        Value::Number(value) if (0.0..=f64::from(u32::MAX)).contains(&value) => Some(value),
        _ => None,
    };
    let pods = || {
        let (there, ill) = (number("k8s.pods")?, number("k8s.not_ready")?);
        Some((number("k8s.wanted").unwrap_or(there).max(there), there - ill))
    };
    let probes = || Some((number("metric.instances")?, number("metric.instances_ready")?));
    let (all, well) = pods().or_else(probes)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the bounds above")]
    let whole = |value: f64| value.max(0.0).round() as u32;
    (whole(all) > 1).then(|| Instances { all: whole(all), well: whole(well) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{incident::ClueSort, time::Timestamp},
        monitor::investigate::findings::{Findings, Found, Piece},
    };

    fn of(numbers: &[(&str, f64)]) -> Option<Instances> {
        let mut findings = Findings::default();
        let piece = numbers.iter().fold(Piece::now(ClueSort::Process, "counted"), |piece, (name, value)| {
            piece.number(name, *value)
        });
        findings.add(Found::one(piece), Timestamp(0));
        told(&findings.facts)
    }

    #[test]
    fn c6_instances_are_counted_where_something_counts_them_and_one_is_no_share_of_anything() {
        let pods = of(&[("k8s.wanted", 4.0), ("k8s.pods", 3.0), ("k8s.not_ready", 2.0)]);
        assert_eq!(pods, Some(Instances { all: 4, well: 1 }));
        assert_eq!(pods.unwrap().well_pct(), 25);
        let probes = of(&[("metric.instances", 3.0), ("metric.instances_ready", 2.0)]);
        assert_eq!(probes, Some(Instances { all: 3, well: 2 }));
        assert_eq!(of(&[("k8s.wanted", 1.0), ("k8s.pods", 1.0), ("k8s.not_ready", 1.0)]), None);
        assert_eq!(of(&[("metric.instances", 3.0)]), None, "how many are well is not known");
        assert_eq!(of(&[]), None);
    }
}
