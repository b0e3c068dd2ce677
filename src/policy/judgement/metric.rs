//! One number of a canary, classified as Kayenta's judge does: high, low or the same, by the confidence interval of the
//! shift of ranks and by the size of the effect. For configurations that come from there.
//!
//! Where both sides are constant the shift is exact, so nothing has to be made to vary and nothing is left to chance.

use super::{normal, rank};

/// How sides are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Classifier {
    /// By ranks or by means alone.
    pub way: Way,
    /// Share of the shift that the confidence interval must keep from zero.
    pub tolerance: f64,
    /// Such as 0.95.
    pub confidence: f64,
    /// Effects up to the first count as low, from the second as high.
    pub effect: (f64, f64),
    /// The same for what is critical.
    pub critical: (f64, f64),
    /// What an effect is.
    pub measure: Measure,
}

impl Default for Classifier {
    fn default() -> Self {
        Self {
            way: Way::Ranks,
            tolerance: 0.25,
            confidence: 0.95,
            effect: (1.0, 1.0),
            critical: (1.0, 1.0),
            measure: Measure::MeanRatio,
        }
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Ranks, by Mann and Whitney.
    Ranks,
    /// Means, without a test: any difference counts.
    Means,
}

/// What the size of an effect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Mean of the candidate over that of the baseline.
    MeanRatio,
    /// Chance that a value of the candidate is above one of the baseline.
    CommonLanguage,
}

/// Which change is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More.
    Increase,
    /// Less.
    Decrease,
    /// Any.
    Either,
}

/// What a value that is no number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotANumber {
    /// Nothing: it is left out, and a side without values has no data.
    Remove,
    /// Zero, as with errors that were not counted because there were none.
    Replace,
}

/// What hangs on the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// It counts among others.
    Plain,
    /// It must have data, and fails alone if it has not.
    Required,
    /// If it is bad, so is all.
    Critical,
}

/// What is asked of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Which change is bad.
    pub direction: Direction,
    /// What a gap means.
    pub gaps: NotANumber,
    /// What hangs on it.
    pub weight: Weight,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The same, or different in a direction that is not asked for.
    Pass,
    /// Higher.
    High,
    /// Lower.
    Low,
    /// There is no data.
    NoData,
    /// There is no data where there must be.
    NoDataFails,
}

/// What a number came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Classified {
    /// What it is.
    pub class: Class,
    /// Why, in words; empty where nothing is to be said.
    pub reason: String,
    /// Mean of the candidate over that of the baseline; not a number where one of them is zero.
    pub deviation: f64,
    /// Whether it alone makes the candidate bad.
    pub critical: bool,
}

impl Classified {
    fn of(class: Class, reason: &str, deviation: f64) -> Self {
        Self { class, reason: reason.into(), deviation, critical: false }
    }
}

impl Classifier {
    /// Classifies the candidate's values against the baseline's.
    #[must_use]
    pub fn classify(&self, baseline: &[f64], candidate: &[f64], asked: Asked) -> Classified {
        let (baseline, candidate) = (without_gaps(baseline, asked.gaps), without_gaps(candidate, asked.gaps));
        if baseline.is_empty() || candidate.is_empty() {
            return no_data(asked);
        }
        if baseline == candidate {
            return Classified::of(Class::Pass, "both sides have the same values", 1.0);
        }
        let deviation = mean_ratio(&baseline, &candidate);
        if self.way == Way::Means {
            return by_means(&baseline, &candidate, asked);
        }
        let effect = match self.measure {
            Measure::MeanRatio => deviation,
            Measure::CommonLanguage => rank::ranked(&candidate, &baseline).map_or(f64::NAN, |r| r.effect()),
        };
        let class = self.by_ranks(&baseline, &candidate, asked.direction, effect);
        let reaches = |thresholds| beyond(class, effect, thresholds);
        let critical = asked.weight == Weight::Critical && class != Class::Pass && reaches(self.critical);
        let reason = match class {
            Class::High => "its values are higher than the baseline's",
            Class::Low => "its values are lower than the baseline's",
            _ => "",
        };
        Classified { critical, ..Classified::of(class, reason, deviation) }
    }

    fn by_ranks(&self, baseline: &[f64], candidate: &[f64], bad: Direction, effect: f64) -> Class {
        let Some(shift) = rank::shift(candidate, baseline, self.confidence) else { return Class::Pass };
        let margin = self.tolerance * shift.estimate.abs();
        if bad != Direction::Decrease && shift.low > margin && beyond(Class::High, effect, self.effect) {
            Class::High
        } else if bad != Direction::Increase
            && shift.high < -margin
            && beyond(Class::Low, effect, self.effect)
        {
            Class::Low
        } else {
            Class::Pass
        }
    }
}

/// Whether an effect is great enough. One that cannot be had (a mean of zero) does not stand in the way.
fn beyond(class: Class, effect: f64, (low, high): (f64, f64)) -> bool {
    effect.is_nan() || if class == Class::Low { effect <= low } else { effect >= high }
}

/// Values in ascending order, gaps treated as asked.
fn without_gaps(values: &[f64], gaps: NotANumber) -> Vec<f64> {
    match gaps {
        NotANumber::Remove => rank::sorted(values),
        NotANumber::Replace => {
            let filled: Vec<f64> =
                values.iter().map(|value| if value.is_nan() { 0.0 } else { *value }).collect();
            rank::sorted(&filled)
        }
    }
}

fn no_data(asked: Asked) -> Classified {
    let class = match (asked.gaps, asked.weight) {
        (NotANumber::Replace, _) => return Classified::of(Class::Pass, "", 1.0),
        (NotANumber::Remove, Weight::Required) => Class::NoDataFails,
        (NotANumber::Remove, _) => Class::NoData,
    };
    let critical = asked.weight == Weight::Critical;
    Classified { critical, ..Classified::of(class, "there are no values to compare", 1.0) }
}

fn mean_ratio(baseline: &[f64], candidate: &[f64]) -> f64 {
    let mean = |values| normal::mean(values).unwrap_or(0.0);
    let (old, new) = (mean(baseline), mean(candidate));
    if old == 0.0 || new == 0.0 { f64::NAN } else { new / old }
}

fn by_means(baseline: &[f64], candidate: &[f64], asked: Asked) -> Classified {
    let mean = |values| normal::mean(values).unwrap_or(0.0);
    let (old, new) = (mean(baseline), mean(candidate));
    let (class, reason) = if asked.direction != Direction::Decrease && new > old {
        (Class::High, "its mean is higher than the baseline's")
    } else if asked.direction != Direction::Increase && new < old {
        (Class::Low, "its mean is lower than the baseline's")
    } else {
        return Classified::of(Class::Pass, "", 1.0);
    };
    let critical = asked.weight == Weight::Critical;
    Classified { critical, ..Classified::of(class, reason, new / old) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CASES: &str = include_str!("cases.tsv");

    fn pair(text: &str) -> (f64, f64) {
        let (low, high) = text.split_once('/').expect("low/high");
        (low.parse().expect("a number"), high.parse().expect("a number"))
    }

    fn numbers(text: &str) -> Vec<f64> {
        text.split_whitespace().map(|word| word.parse().expect("a number")).collect()
    }

    fn read(fields: &[&str]) -> (Classifier, Asked, Vec<f64>, Vec<f64>) {
        let way = if fields[1] == "means" { Way::Means } else { Way::Ranks };
        let measure = if fields[6] == "cles" { Measure::CommonLanguage } else { Measure::MeanRatio };
        let classifier = Classifier {
            way,
            tolerance: fields[2].parse().expect("a number"),
            confidence: fields[3].parse().expect("a number"),
            effect: pair(fields[4]),
            critical: pair(fields[5]),
            measure,
        };
        let direction = match fields[7] {
            "increase" => Direction::Increase,
            "decrease" => Direction::Decrease,
            _ => Direction::Either,
        };
        let gaps = if fields[8] == "replace" { NotANumber::Replace } else { NotANumber::Remove };
        let weight = if fields[9] == "critical" { Weight::Critical } else { Weight::Plain };
        (classifier, Asked { direction, gaps, weight }, numbers(fields[14]), numbers(fields[13]))
    }

    #[test]
    fn c7_all_cases_of_the_public_classifier_suite_come_out_as_there() {
        let mut passed = 0;
        for line in CASES.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split('\t').collect();
            let (classifier, asked, baseline, candidate) = read(&fields);
            let found = classifier.classify(&baseline, &candidate, asked);
            let class = match found.class {
                Class::Pass => "pass",
                Class::High => "high",
                Class::Low => "low",
                Class::NoData => "nodata",
                Class::NoDataFails => "nodatafailmetric",
            };
            let name = fields[0];
            if fields[10] == "any" {
                assert!(!found.reason.is_empty(), "{name}");
            } else {
                assert_eq!(class, fields[10], "{name}: {found:?}");
            }
            match fields[11] {
                "yes" => assert!(found.critical, "{name}"),
                "no" => assert!(!found.critical, "{name}"),
                _ => {}
            }
            match fields[12] {
                "nan" => assert!(found.deviation.is_nan(), "{name}"),
                "1.0" => assert_eq!(found.deviation, 1.0, "{name}"),
                _ => {}
            }
            passed += 1;
        }
        assert_eq!(passed, 37);
    }

    #[test]
    fn data_that_must_be_there_fails_alone() {
        let asked =
            Asked { direction: Direction::Either, gaps: NotANumber::Remove, weight: Weight::Required };
        let found = Classifier::default().classify(&[1.0], &[f64::NAN], asked);
        assert_eq!((found.class, found.critical), (Class::NoDataFails, false));
    }

    proptest! {
        #[test]
        fn any_values_have_a_class(
            a in proptest::collection::vec(any::<f64>(), 0..20),
            b in proptest::collection::vec(any::<f64>(), 0..20),
        ) {
            for gaps in [NotANumber::Remove, NotANumber::Replace] {
                let asked = Asked { direction: Direction::Either, gaps, weight: Weight::Critical };
                let _ = Classifier::default().classify(&a, &b, asked);
            }
        }
    }
}
