//! A look at a daemon from outside: its health, its numbers, what goes on and what waits. Nothing is folded and nothing is
//! followed: each look asks anew, so that it can be had now and then for little.

use super::{way::Way, wire::Wire};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// Missions, incidents and requests that are looked at.
const ROWS_MOST: usize = 50;
/// Numbers that are read.
const NUMBERS_MOST: usize = 4_096;

/// What is seen in one look.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Glance {
    /// How it stands.
    pub health: Health,
    /// Missions that go on, those that wait for a person first.
    pub missions: Vec<Mission>,
    /// Incidents that go on.
    pub incidents: Vec<Incident>,
    /// Requests on the desk.
    pub requests: Vec<Request>,
    /// Numbers of `/metrics` by their series, labels included.
    pub numbers: BTreeMap<String, f64>,
}

/// `/health`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    /// `ok`, `paused` or `stopped`.
    pub status: String,
    /// Seconds.
    pub uptime: u64,
    /// Missions that wait for a place.
    pub tasks_queued: u64,
    /// Missions that have one.
    pub tasks_running: u64,
    /// Missions that landed.
    pub tasks_completed: u64,
    /// Missions that failed.
    pub tasks_failed: u64,
}

/// A mission.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mission {
    /// Its name.
    pub mission: String,
    /// `queued`, `running` or `waiting`.
    pub status: String,
    /// Where it is; none while it waits for a place.
    pub step: Option<String>,
    /// First line of the brief.
    pub title: String,
    /// When it was opened, RFC 3339 in UTC.
    pub opened: String,
    /// Spent so far, of what is known.
    pub spent_usd: f64,
    /// Its cap.
    pub budget_usd: f64,
}

/// An incident.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Incident {
    /// Its name.
    pub incident: String,
    /// P0 to P4.
    pub severity: String,
    /// Where it stands.
    pub phase: String,
    /// The service.
    pub service: String,
    /// In one line.
    pub title: String,
    /// When it was first seen, RFC 3339 in UTC.
    pub first_seen: String,
}

/// A request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// Its name.
    pub request: String,
    /// What waits.
    pub about: String,
    /// Of what kind.
    pub kind: String,
    /// What is asked.
    pub question: String,
    /// Since when, RFC 3339 in UTC.
    pub opened: String,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
}

/// Looks at one daemon. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Glass(Wire);

impl Glass {
    /// By this way; connects when it looks.
    ///
    /// # Errors
    /// In words: this machine has no way to connect.
    pub fn by(way: &Way) -> Result<Self, String> {
        Wire::by(way).map(Self)
    }

    /// One look.
    ///
    /// # Errors
    /// In words: nobody answers, or something else than a daemon does.
    pub async fn look(&self) -> Result<Glance, String> {
        let health = self.0.get("/health").await.map_err(|trouble| trouble.words())?;
        let numbers = self.0.bytes("/metrics").await.map_err(|trouble| trouble.words())?;
        let mut missions = Vec::new();
        for status in ["waiting", "running", "queued"] {
            let path = format!("/api/missions?status={status}&most={ROWS_MOST}");
            missions.extend(self.items::<Mission>(&path).await?);
        }
        missions.truncate(ROWS_MOST);
        Ok(Glance {
            health,
            missions,
            incidents: self.items(&format!("/api/incidents?most={ROWS_MOST}")).await?,
            requests: self.items(&format!("/api/desk?most={ROWS_MOST}")).await?,
            numbers: read(&String::from_utf8_lossy(&numbers)),
        })
    }

    async fn items<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, String> {
        self.0.get::<Page<T>>(path).await.map(|page| page.items).map_err(|trouble| trouble.words())
    }

    /// Whether it lives: it answers.
    ///
    /// # Errors
    /// In words why not.
    pub async fn lives(&self) -> Result<(), String> {
        self.0.bytes("/livez").await.map(drop).map_err(|trouble| trouble.words())
    }

    /// Whether it takes orders.
    ///
    /// # Errors
    /// In words why not.
    pub async fn ready(&self) -> Result<(), String> {
        self.0.bytes("/readyz").await.map(drop).map_err(|trouble| trouble.words())
    }

    /// How it stands.
    ///
    /// # Errors
    /// In words: nobody answers.
    pub async fn health(&self) -> Result<Health, String> {
        self.0.get("/health").await.map_err(|trouble| trouble.words())
    }
}

/// The numbers of a page in Prometheus' text format; what is none is left out.
fn read(page: &str) -> BTreeMap<String, f64> {
    let number = |line: &str| {
        let (series, value) = line.trim_end().rsplit_once(' ')?;
        let value = value.parse::<f64>().ok().filter(|value| value.is_finite())?;
        Some((series.to_owned(), value))
    };
    page.lines().filter(|line| !line.starts_with('#')).filter_map(number).take(NUMBERS_MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d3_numbers_are_read_by_their_series_and_what_is_none_is_left_out() {
        let page = "# HELP a b\n# TYPE a gauge\na 1\nb{c=\"d e\"} 2.5\n\nbad\nworse x\nc NaN\nd +Inf\n";
        let wanted = [("a".to_owned(), 1.0), ("b{c=\"d e\"}".to_owned(), 2.5)];
        assert_eq!(read(page), wanted.into_iter().collect());
    }
}
