//! What the director has laid down for the monitor: hours, limits, judgement of releases, grouping of signals. Part of
//! the policy, and so of its digest.

use crate::domain::{incident::Severity, money::Money, service::Service, time::Millis};
use serde::{Deserialize, Serialize};

/// Everything the monitor keeps to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Healing {
    /// When people are there.
    pub hours: Hours,
    /// How often and how much.
    pub limits: Limits,
    /// When a release is good.
    pub soak: Soak,
    /// When signals are one incident.
    pub grouping: Grouping,
    /// When a cause comes and goes.
    pub flap: Flap,
    /// When it is too much at once.
    pub storm: Storm,
    /// How far a model may look into an incident.
    pub inquiry: Inquiry,
    /// What is watched and healed.
    pub services: Vec<Service>,
}

/// When people are there, and how long they can say no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hours {
    /// IANA name.
    pub timezone: String,
    /// Such as `Mon-Fri 09:00-18:00`; several joined by commas.
    pub business: String,
    /// Deployments for what is this bad or milder wait for business hours.
    pub apply_from: Severity,
    /// Spans without deployments, each `2026-12-20/2027-01-03`, both days included.
    pub freeze: Vec<String>,
    /// How long a person can stop a tier 2 deed.
    pub veto_window: Millis,
    /// The same for a P0.
    pub veto_window_p0: Millis,
    /// How long a P0 or P1 waits for an answer before it expires as denied.
    pub urgent_expiry: Millis,
}

impl Default for Hours {
    fn default() -> Self {
        Self {
            timezone: "Europe/London".into(),
            business: "Mon-Fri 09:00-18:00".into(),
            apply_from: Severity::P2,
            freeze: Vec::new(),
            veto_window: Millis::mins(5),
            veto_window_p0: Millis::mins(1),
            urgent_expiry: Millis::mins(30),
        }
    }
}

/// How often and how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Deployments in 24 hours, promotions among them.
    pub deploys_per_day: u32,
    /// Rollbacks of one cause in 24 hours; then a person.
    pub rollbacks_per_cause: u32,
    /// Remedies tried for one incident.
    pub attempts_per_incident: u32,
    /// Heal missions at once.
    pub concurrent: u32,
    /// After a remedy nothing is done to the same cause for this long.
    pub cooldown: Millis,
    /// One remedy may take this long.
    pub mission_timeout: Millis,
    /// Percent of instances that must stay healthy.
    pub healthy_least_pct: u8,
    /// Percent of targets that may be touched at once; one always may.
    pub targets_most_pct: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deploys_per_day: 10,
            rollbacks_per_cause: 3,
            attempts_per_incident: 3,
            concurrent: 3,
            cooldown: Millis::mins(5),
            mission_timeout: Millis::hours(1),
            healthy_least_pct: 51,
            targets_most_pct: 10,
        }
    }
}

/// When a release is good. Ratios in percent, probabilities in thousandths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Soak {
    /// How long staging is watched.
    pub duration: Millis,
    /// How long production is watched.
    pub production: Millis,
    /// How often it is looked at.
    pub sample: Millis,
    /// What is seen before does not count, except what is catastrophic.
    pub warmup: Millis,
    /// How often it is extended when it does not tell.
    pub extensions: u32,
    /// Errors may grow to this much of the baseline.
    pub error_ratio_pct: u32,
    /// Least z of the one-sided two-proportion test, in hundredths.
    pub error_z_pct: u32,
    /// Least errors.
    pub errors_least: u32,
    /// Least requests on each side.
    pub requests_least: u32,
    /// Least absolute rise, in thousandths of a percent point.
    pub rise_least_mpp: u32,
    /// Response time may grow to this much of the baseline.
    pub latency_ratio_pct: u32,
    /// And by at least this.
    pub latency_least: Millis,
    /// Most p of the Mann-Whitney test, in thousandths.
    pub rank_p_mille: u32,
    /// Health checks that may fail in a row.
    pub health_failures: u32,
    /// Hits from which a new fingerprint counts.
    pub new_errors_least: u32,
}

impl Default for Soak {
    fn default() -> Self {
        Self {
            duration: Millis::mins(10),
            production: Millis::mins(30),
            sample: Millis::secs(10),
            warmup: Millis::secs(60),
            extensions: 1,
            error_ratio_pct: 120,
            error_z_pct: 233,
            errors_least: 10,
            requests_least: 500,
            rise_least_mpp: 100,
            latency_ratio_pct: 200,
            latency_least: Millis(50),
            rank_p_mille: 20,
            health_failures: 3,
            new_errors_least: 3,
        }
    }
}

/// When signals are one incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Grouping {
    /// Observations that confirm, out of the last so many.
    pub confirm: (u8, u8),
    /// Or this long firing.
    pub confirm_after: Millis,
    /// How long a group waits for more of the same before anybody is told; not at P0, nor what a person has to decide.
    pub wait: Millis,
    /// How long a group rests that people were told of, under the same reserve.
    pub interval: Millis,
    /// After how long others are told of what waits for a person and nobody answers.
    pub escalate: Vec<Millis>,
    /// How often a person is told again; P0 and P1 every half hour.
    pub repeat: Millis,
    /// Clear for this long is over.
    pub resolve_after: Millis,
    /// Firing again within this is the same incident.
    pub reopen_within: Millis,
}

impl Default for Grouping {
    fn default() -> Self {
        Self {
            confirm: (2, 3),
            confirm_after: Millis::secs(30),
            wait: Millis::secs(30),
            interval: Millis::mins(5),
            escalate: Vec::new(),
            repeat: Millis::hours(4),
            resolve_after: Millis::mins(5),
            reopen_within: Millis::hours(24),
        }
    }
}

/// When a cause comes and goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Flap {
    /// States that are looked at.
    pub ring: u8,
    /// Percent of weighted changes from which it flaps.
    pub start_pct: u8,
    /// And below which it does not any more.
    pub stop_pct: u8,
    /// Older states do not count.
    pub max_age: Millis,
    /// States there must be.
    pub min_states: u8,
}

impl Default for Flap {
    fn default() -> Self {
        Self { ring: 21, start_pct: 30, stop_pct: 20, max_age: Millis::hours(1), min_states: 5 }
    }
}

/// When it is too much at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Storm {
    /// New causes within [`Storm::within`].
    pub new_causes: u32,
    /// The span.
    pub within: Millis,
    /// Percent of services with an open incident.
    pub unhealthy_pct: u8,
    /// Log lines that come this many times as fast as usual.
    pub ingest_factor: u32,
    /// Over after this long without a new cause.
    pub calm: Millis,
}

impl Default for Storm {
    fn default() -> Self {
        Self {
            new_causes: 20,
            within: Millis::secs(60),
            unhealthy_pct: 30,
            ingest_factor: 10,
            calm: Millis::mins(10),
        }
    }
}

/// How far a model may look into an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inquiry {
    /// Whether a model is asked at all where rules leave a question open.
    pub model: bool,
    /// Turns.
    pub turns: u32,
    /// Money for one incident.
    pub per_incident: Money,
    /// Time.
    pub timeout: Millis,
    /// Below this stated confidence the answer is "not known", in percent.
    pub confidence_least_pct: u8,
}

impl Default for Inquiry {
    fn default() -> Self {
        Self {
            model: true,
            turns: 30,
            per_incident: Money::usd(2),
            timeout: Millis::mins(10),
            confidence_least_pct: 50,
        }
    }
}
