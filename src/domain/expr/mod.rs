//! Expressions over facts: what must be true before something is done, and how it is known to have helped.
//!
//! A small pure language. It reads no clock, no file and no host: facts come through [`Facts`], and what is not
//! known stays not known. An expression never becomes true because a fact is missing; that holds by construction
//! (three-valued logic, and no `exists` under a `!`). Text, depth and size are bounded, and no input panics.
//!
//! ```text
//! slope(rss_bytes, 10m) > 0 && rss_bytes > 0.85 * rss_limit
//! health(service) == ok for 3 checks
//! unit_state(service.unit) in [active, reloading] || !port_open("127.0.0.1:8080")
//! disk_used_pct("/var") >= 85% && exists(baseline) && error_rate <= baseline * 1.2
//! container_state(service.container) matches "run*"
//! ```
//!
//! Numbers may carry a unit: `250ms 30s 10m 1h 7d` (seconds), `85%` (85), `1KiB 1MiB 1GiB 1TiB 1kB 1MB 1GB` (bytes).
//! Units do not mix: `disk_used_pct("/") > 1GiB` is refused. Arguments are numbers, texts and bare names, which arrive
//! as text; `service` and `service.NAME` are filled in beforehand (`domain::binding`). `&&` binds closer than `||`.
//!
//! # Facts
//!
//! The list is [`FACTS`]; whoever answers (`monitor`) answers these names, and `None` where it cannot tell.
//!
//! | fact | gives | meaning |
//! |---|---|---|
//! | `health(service)` | ok, degraded, failing | all its probes together, as the last checks left them; that it began again too often of late counts only where the incident is about that |
//! | `up(probe)` | yes or no | whether that probe's own check holds now |
//! | `signal_cleared()` | yes or no | the signal that the incident began with does not fire any more |
//! | `firing(kind)` | yes or no | whether a signal of that kind fires for the service now |
//! | `healthy_fraction(service)` | 0 to 1 | share of its instances that are well; one instance: 0 or 1 |
//! | `instances(service)` | number | instances that run; of a service with a `deployment`, the pods that it has |
//! | `process_running(x)` | yes or no | a process by pid file (absolute path) or by part of its command line |
//! | `process_age(x)` | span | how long that process has run |
//! | `unit_state(unit)` | systemd's word | active, reloading, inactive, failed, activating, deactivating |
//! | `container_state(name)` | docker's word | created, running, paused, restarting, exited, dead |
//! | `deployment_ready_pct(name)` | percent | ready replicas of the wanted ones; not known where none are wanted |
//! | `disk_used_pct(path)` | percent | fullness of the file system that the path is on |
//! | `disk_free(path)` | bytes | room left on it |
//! | `dir_bytes(path)` | bytes | size of what is in a directory |
//! | `file_bytes(path)` | bytes | size of one file |
//! | `file_exists(path)` | yes or no | whether something is there |
//! | `file_age(path)` | span | since it was last written |
//! | `port_open(address)` | yes or no | whether the port takes a connection |
//! | `http_status(url)` | number | status of a GET, 100 to 599 |
//! | `http_latency(url)` | span | how long it took |
//! | `cert_days_left(x)` | number | days until a certificate (the first of a file, by its absolute path, or that of host and port) ends; below zero: it has ended |
//! | `config_valid(service)` | yes or no | its own checker (`service.config_check`) says that its configuration is well |
//! | `redis_memory_pct` | percent | used memory of `maxmemory` |
//! | `redis_keys(pattern)` | number | keys of that pattern, counted up to 10,000 |
//! | `query_running(pid)` | yes or no | whether that database session runs a statement, or holds its transaction open |
//! | `query_age(pid)` | span | for how long it has done so |
//! | `replica_lag(service)` | span | how far its replica is behind |
//! | `replica_ready(service)` | yes or no | whether it could take over: replays, and is not more than a minute behind |
//! | `queue_depth(service)` | number | jobs that wait |
//! | `jobs_failed(service)` | number | jobs that failed and wait to be tried again |
//! | `rss_bytes` | bytes | memory of the service's process |
//! | `rss_limit` | bytes | what it may take |
//! | `cpu_pct` | percent | of one core |
//! | `error_rate` | 0 to 1 | failed requests of all, last five minutes |
//! | `baseline` | 0 to 1 | the same in the hour before the incident began |
//! | `latency_p95` | span | of requests, last five minutes |
//! | `request_rate` | number | requests a second |
//! | `metric(name)` | number | a metric of a probe by its name, in its own unit |
//! | `slope(metric, span)` | number | change of a metric a second over the span |
//! | `average(metric, span)` | number | its mean over the span |

mod check;
mod eval;
mod facts;
mod lex;
mod parse;
mod simulate;
mod tree;

#[cfg(test)]
mod tests;

pub use check::check;
pub use facts::{ArgKind, FACTS, FactSpec, Gives, known};
pub use lex::ExprError;
pub use parse::{filled, parse};
pub use simulate::{Outcomes, outcomes};
pub use tree::{Answer, Call, Expr, Facts, Unit, Value};
