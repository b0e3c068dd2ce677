//! The facts that can be asked for: names, arguments, what they give and within which bounds. The table in prose stands
//! at the head of [`super`]; a test holds the two together.

use super::tree::Unit;

/// A fact that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FactSpec {
    /// Its name.
    pub name: &'static str,
    /// What it is asked with.
    pub args: &'static [ArgKind],
    /// What it gives.
    pub gives: Gives,
}

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgKind {
    /// `service`, or the name of one.
    Service,
    /// A name: unit, container, probe, pattern, process, kind of signal.
    Name,
    /// A metric, bare or in quotes.
    Metric,
    /// An absolute path.
    Path,
    /// Host and port.
    Address,
    /// An http or https address.
    Url,
    /// A whole number.
    Number,
    /// A span of time.
    Span,
}

impl ArgKind {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Service => "`service` or the name of one",
            Self::Name => "a name",
            Self::Metric => "a metric",
            Self::Path => "an absolute path",
            Self::Address => "host:port",
            Self::Url => "an http or https address",
            Self::Number => "a whole number",
            Self::Span => "a span such as 10m",
        }
    }
}

/// What a fact gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Gives {
    /// Yes or no.
    Truth,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A number of that unit from the first to the second bound.
    Number(Unit, f64, f64),
}

const HEALTH: &[&str] = &["ok", "degraded", "failing"];
const UNITS: &[&str] = &["active", "reloading", "inactive", "failed", "activating", "deactivating"];
const CONTAINERS: &[&str] = &["created", "running", "paused", "restarting", "exited", "dead"];

const MUCH: f64 = 1e18;
const SHARE: Gives = Gives::Number(Unit::Plain, 0.0, 1.0);
const COUNT: Gives = Gives::Number(Unit::Plain, 0.0, MUCH);
const CHANGE: Gives = Gives::Number(Unit::Any, -MUCH, MUCH);
const FULLNESS: Gives = Gives::Number(Unit::Percent, 0.0, 100.0);
const BYTES: Gives = Gives::Number(Unit::Bytes, 0.0, MUCH);
const SPAN: Gives = Gives::Number(Unit::Span, 0.0, MUCH);

const fn fact(name: &'static str, args: &'static [ArgKind], gives: Gives) -> FactSpec {
    FactSpec { name, args, gives }
}

use ArgKind::{Address, Metric, Name, Number, Path, Service, Span, Url};

/// Every fact, in the order of the table.
pub const FACTS: &[FactSpec] = &[
    fact("health", &[Service], Gives::Word(HEALTH)),
    fact("up", &[Name], Gives::Truth),
    fact("signal_cleared", &[], Gives::Truth),
    fact("firing", &[Name], Gives::Truth),
    fact("healthy_fraction", &[Service], SHARE),
    fact("instances", &[Service], COUNT),
    fact("process_running", &[Name], Gives::Truth),
    fact("process_age", &[Name], SPAN),
    fact("unit_state", &[Name], Gives::Word(UNITS)),
    fact("container_state", &[Name], Gives::Word(CONTAINERS)),
    fact("deployment_ready_pct", &[Name], FULLNESS),
    fact("disk_used_pct", &[Path], FULLNESS),
    fact("disk_free", &[Path], BYTES),
    fact("dir_bytes", &[Path], BYTES),
    fact("file_bytes", &[Path], BYTES),
    fact("file_exists", &[Path], Gives::Truth),
    fact("file_age", &[Path], SPAN),
    fact("port_open", &[Address], Gives::Truth),
    fact("http_status", &[Url], Gives::Number(Unit::Plain, 100.0, 599.0)),
    fact("http_latency", &[Url], SPAN),
    fact("cert_days_left", &[Name], Gives::Number(Unit::Plain, -100_000.0, 100_000.0)),
    fact("config_valid", &[Service], Gives::Truth),
    fact("redis_memory_pct", &[], FULLNESS),
    fact("redis_keys", &[Name], Gives::Number(Unit::Plain, 0.0, 10_000.0)),
    fact("query_running", &[Number], Gives::Truth),
    fact("query_age", &[Number], SPAN),
    fact("replica_lag", &[Service], SPAN),
    fact("replica_ready", &[Service], Gives::Truth),
    fact("queue_depth", &[Service], COUNT),
    fact("jobs_failed", &[Service], COUNT),
    fact("rss_bytes", &[], BYTES),
    fact("rss_limit", &[], BYTES),
    fact("cpu_pct", &[], Gives::Number(Unit::Percent, 0.0, MUCH)),
    fact("error_rate", &[], SHARE),
    fact("baseline", &[], SHARE),
    fact("latency_p95", &[], SPAN),
    fact("request_rate", &[], COUNT),
    fact("metric", &[Metric], CHANGE),
    fact("slope", &[Metric, Span], CHANGE),
    fact("average", &[Metric, Span], CHANGE),
];

/// The fact of that name.
#[must_use]
pub fn known(name: &str) -> Option<&'static FactSpec> {
    FACTS.iter().find(|fact| fact.name == name)
}

/// Words that facts give: they stand in an expression without quotes.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    FACTS.iter().flat_map(|fact| match fact.gives {
        Gives::Word(words) => words.iter().copied(),
        _ => [].iter().copied(),
    })
}

pub(super) fn is_word(name: &str) -> bool {
    words().any(|word| word == name)
}
