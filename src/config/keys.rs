//! Every key there is: path, meaning, form, environment variable, and what a repository's own file may do with
//! it. Parsing, `config show`, the template and docs/configuration.md all read this one table.

use super::key::{key, lens, number, severity, word};
use super::{
    faces, features,
    forms::{business_hours, columns, freeze, glob, host, path, shared, target, time_zone, words},
    network, notify,
    settings::{CommandNetwork, LandingBranch, LogLevel, Settings, Signing},
    slot::{Lens, Slot},
};
pub use super::{
    key::{Key, RepoMay},
    voices::{PROVIDER_KEYS, TEAM_KEYS},
};
use crate::domain::{incident::Severity, time::Millis};

/// The key that says how much happens alone.
pub const LEVEL: &str = "autonomy.level";

/// All keys but those of vendors and teams, by section.
pub static KEYS: &[Key<Settings>] = &[
    key!(
        "data.dir",
        "Where journal, history, worktrees and logs are kept. By default one directory for each \
repository: $XDG_DATA_HOME/chimera/<name>-<hash of its path>.",
        Slot::Maybe(path, lens!(places.data_dir)),
        Nothing,
        "CHIMERA_DB_PATH"
    ),
    key!(
        "roles.orchestrator",
        "Who asks, plans and reports. Models of vendors without a key are passed over.",
        Slot::Models(lens!(roles.orchestrator)),
        Nothing
    ),
    key!(
        "roles.judge",
        "Who reviews candidates: the first one of another vendor than the author.",
        Slot::Models(lens!(roles.judge)),
        Nothing
    ),
    key!(
        "roles.summarizer",
        "Who condenses conversations that grew too long.",
        Slot::Models(lens!(roles.summarizer)),
        Nothing
    ),
    key!(
        "roles.investigator",
        "Who looks into what rules leave open about an incident.",
        Slot::Models(lens!(roles.investigator)),
        Nothing
    ),
    key!(
        "brief.teams",
        "Names of the teams that race where a brief names none. Empty: the whole roster.",
        Slot::Texts(words, lens!(brief.teams)),
        Set
    ),
    key!(
        "brief.checks",
        "Acceptance checks: shell commands that must succeed in a candidate's worktree. They run \
in the sandbox. Empty: found by itself.",
        Slot::Texts(words, lens!(brief.checks)),
        Set
    ),
    key!(
        "brief.constraints",
        "Rules that every brief keeps.",
        Slot::Texts(words, lens!(brief.constraints)),
        Add
    ),
    key!(
        "budget.daily_usd",
        "Cap for all missions of one UTC day.",
        Slot::Dollars(lens!(policy.budget.per_day)),
        Lower,
        "CHIMERA_DAILY_USD"
    ),
    key!(
        "budget.per_mission_usd",
        "Cap for a mission whose brief names none.",
        Slot::Dollars(lens!(policy.budget.per_mission)),
        Lower
    ),
    key!(
        "budget.per_team_usd",
        "Cap for one team of a mission.",
        Slot::Dollars(lens!(policy.budget.per_team)),
        Lower
    ),
    key!(
        "budget.per_call_usd",
        "Cap for one model call, by its worst case.",
        Slot::Dollars(lens!(policy.budget.per_call)),
        Lower
    ),
    key!(
        "budget.soft_pct",
        "Share of a cap in percent at which it warns.",
        number!(1..=100, policy.budget.soft_pct),
        Lower
    ),
    key!(
        "budget.allow_unknown_price",
        "Whether models that the price table lacks may be called. Their cost is \
shown as unknown and escapes the caps.",
        Slot::Switch(lens!(policy.budget.allow_unknown_price)),
        Nothing
    ),
    key!(
        LEVEL,
        "1 monitor only: everything asks. 2 low-risk fixes by itself. 3 full autonomy.",
        number!(1..=3, policy.level),
        Lower,
        "CHIMERA_AUTONOMY_LEVEL"
    ),
    key!(
        "autonomy.two_persons",
        "Where two people must say yes instead of one: tiers such as \"tier-3\", environments such as \"production\".",
        Slot::Texts(shared, lens!(policy.two_persons)),
        Add
    ),
    key!(
        "autonomy.approval_expiry",
        "How long a request waits before it counts as denied. What passes while the house is paused, or while no process runs \
it, does not count.",
        Slot::Span(lens!(policy.approval_expiry)),
        Nothing
    ),
    key!(
        "autonomy.undo_window_s",
        "Seconds in which a decision given on the screen can be taken back before it takes effect. \
0: it takes effect at once.",
        Slot::Number {
            least: 0,
            most: 600,
            get: |s| s.policy.undo_window.0 / 1_000,
            set: |s, n| s.policy.undo_window = Millis::secs(n),
        },
        Nothing
    ),
    key!(
        "autonomy.timezone",
        "Time zone of business hours and freezes.",
        Slot::Text(time_zone, lens!(policy.healing.hours.timezone)),
        Nothing
    ),
    key!(
        "autonomy.business_hours",
        "When people are there: days and times, several joined by commas, or \"always\".",
        Slot::Text(business_hours, lens!(policy.healing.hours.business)),
        Nothing
    ),
    key!(
        "autonomy.hours_apply_from",
        "Deployments for incidents this bad or milder wait for business hours.",
        severity!(policy.healing.hours.apply_from),
        Nothing
    ),
    key!(
        "autonomy.freeze",
        "Spans without deployments, such as \"2026-12-20/2027-01-03\", both days included.",
        Slot::Texts(freeze, lens!(policy.healing.hours.freeze)),
        Add
    ),
    key!(
        "autonomy.veto_window",
        "How long a person can stop a tier 2 deed before it happens by itself; at least a minute. What passes while the house is \
paused, or while no process runs it, does not count.",
        Slot::Span(lens!(policy.healing.hours.veto_window)),
        Nothing
    ),
    key!(
        "autonomy.veto_window_p0",
        "The same for a P0.",
        Slot::Span(lens!(policy.healing.hours.veto_window_p0)),
        Nothing
    ),
    key!(
        "autonomy.urgent_expiry",
        "How long a request for a P0 or P1 waits before it counts as denied.",
        Slot::Span(lens!(policy.healing.hours.urgent_expiry)),
        Nothing
    ),
    key!(
        "protected.deny",
        "Paths that are never touched, as globs. A list in your file replaces the built-in one, \
except that .git at any depth and chimera.toml always stay.",
        Slot::Texts(glob, lens!(policy.protected.deny)),
        Add
    ),
    key!(
        "protected.approval_only",
        "Paths that are touched only with approval, as globs.",
        Slot::Texts(glob, lens!(policy.protected.approval_only)),
        Add
    ),
    key!(
        "protected.max_files",
        "A patch of more files goes up one tier.",
        number!(1..=10_000, policy.max_files),
        Lower
    ),
    key!(
        "protected.max_lines",
        "A patch of more added and removed lines goes up one tier.",
        number!(1..=1_000_000, policy.max_lines),
        Lower
    ),
    key!(
        "limits.concurrent_missions",
        "Missions that run at once; more wait in order of priority.",
        number!(1..=1_000, policy.pool),
        Nothing,
        "CHIMERA_MAX_WORKERS"
    ),
    key!(
        "limits.max_retries",
        "How often work that failed for a passing reason (a draft, a check), or a phase of a feature that did not come off, is \
begun anew.",
        number!(0..=10, policy.max_retries),
        Lower
    ),
    key!(
        "limits.deploys_per_24h",
        "Deployments in 24 hours; more are held.",
        number!(0..=100, policy.healing.limits.deploys_per_day),
        Lower
    ),
    key!(
        "limits.rollbacks_per_fingerprint_24h",
        "Rollbacks of one cause in 24 hours; then a person must act.",
        number!(0..=100, policy.healing.limits.rollbacks_per_cause),
        Lower
    ),
    key!(
        "limits.attempts_per_incident",
        "Remedies tried for one incident; then a person must act.",
        number!(1..=16, policy.healing.limits.attempts_per_incident),
        Lower
    ),
    key!(
        "limits.concurrent_heals",
        "Incidents that are being healed at once.",
        number!(1..=100, policy.healing.limits.concurrent),
        Lower
    ),
    key!(
        "limits.heal_timeout",
        "How long teams may work on a fix of an incident.",
        Slot::Span(lens!(policy.healing.limits.mission_timeout)),
        Nothing
    ),
    key!(
        "limits.min_healthy_pct",
        "Percent of instances that must stay healthy; below, a person is asked.",
        number!(0..=100, policy.healing.limits.healthy_least_pct),
        Nothing
    ),
    key!(
        "limits.max_targets_pct",
        "Percent of the watched services that may be acted on at once, one always; above, a person is asked.",
        number!(0..=100, policy.healing.limits.targets_most_pct),
        Lower
    ),
    key!(
        "soak.duration",
        "How long a release is watched before it counts as good.",
        Slot::Span(lens!(policy.healing.soak.duration)),
        Nothing
    ),
    key!("soak.sample", "How often it is looked at.", Slot::Span(lens!(policy.healing.soak.sample)), Nothing),
    key!(
        "soak.warmup",
        "What is seen before does not count, except what is catastrophic.",
        Slot::Span(lens!(policy.healing.soak.warmup)),
        Nothing
    ),
    key!(
        "soak.extensions",
        "How often it is extended when it does not tell.",
        number!(0..=10, policy.healing.soak.extensions),
        Nothing
    ),
    key!(
        "soak.error_ratio_pct",
        "Errors may grow to this much of the baseline, in percent.",
        number!(101..=10_000, policy.healing.soak.error_ratio_pct),
        Nothing
    ),
    key!(
        "soak.latency_ratio_pct",
        "Response time may grow to this much of the baseline, in percent.",
        number!(101..=10_000, policy.healing.soak.latency_ratio_pct),
        Nothing
    ),
    key!(
        "soak.health_failures",
        "Health checks that may fail in a row.",
        number!(1..=100, policy.healing.soak.health_failures),
        Nothing
    ),
    key!(
        "dedup.confirm_least",
        "Failing checks that confirm an incident, out of dedup.confirm_of.",
        Slot::Number {
            least: 1,
            most: 20,
            get: |s| u64::from(s.policy.healing.grouping.confirm.0),
            set: |s, n| s.policy.healing.grouping.confirm.0 = n.try_into().unwrap_or(u8::MAX),
        },
        Nothing
    ),
    key!(
        "dedup.confirm_of",
        "The last checks that are looked at for it.",
        Slot::Number {
            least: 1,
            most: 20,
            get: |s| u64::from(s.policy.healing.grouping.confirm.1),
            set: |s, n| s.policy.healing.grouping.confirm.1 = n.try_into().unwrap_or(u8::MAX),
        },
        Nothing
    ),
    key!(
        "dedup.confirm_after",
        "Or failing for this long.",
        Slot::Span(lens!(policy.healing.grouping.confirm_after)),
        Nothing
    ),
    key!(
        "dedup.resolve_timeout",
        "Clear for this long is over.",
        Slot::Span(lens!(policy.healing.grouping.resolve_after)),
        Nothing
    ),
    key!(
        "dedup.reopen",
        "Failing again within this is the same incident.",
        Slot::Span(lens!(policy.healing.grouping.reopen_within)),
        Nothing
    ),
    key!(
        "dedup.group_wait",
        "How long the first notice of a service waits for more of the same, and an incident for its cause. Not at P0, nor \
what a person has to decide.",
        Slot::Span(lens!(policy.healing.grouping.wait)),
        Nothing
    ),
    key!(
        "dedup.group_interval",
        "After a notice of a service what comes up there is told together once this is over. Not at P0, nor what a person has \
to decide.",
        Slot::Span(lens!(policy.healing.grouping.interval)),
        Nothing
    ),
    key!(
        "dedup.repeat",
        "How often a person is told again of an incident that waits for one; P0 and P1 every half hour.",
        Slot::Span(lens!(policy.healing.grouping.repeat)),
        Nothing
    ),
    key!(
        "flap.start_pct",
        "Weighted percent of changes among the last states from which a cause comes and goes.",
        number!(1..=100, policy.healing.flap.start_pct),
        Nothing
    ),
    key!(
        "flap.stop_pct",
        "And below which it does not any more; less than flap.start_pct.",
        number!(0..=99, policy.healing.flap.stop_pct),
        Nothing
    ),
    key!(
        "storm.new_causes",
        "New causes within storm.within that are a storm: nothing acts by itself.",
        number!(2..=10_000, policy.healing.storm.new_causes),
        Nothing
    ),
    key!(
        "storm.within",
        "The span in which new causes are counted.",
        Slot::Span(lens!(policy.healing.storm.within)),
        Nothing
    ),
    key!(
        "storm.unhealthy_pct",
        "Percent of four services or more that are ill at once: a storm too.",
        number!(1..=100, policy.healing.storm.unhealthy_pct),
        Nothing
    ),
    key!(
        "storm.ingest_factor",
        "Log lines that come so many times as fast as they usually do are a storm too.",
        number!(2..=1_000, policy.healing.storm.ingest_factor),
        Nothing
    ),
    key!(
        "storm.calm",
        "A storm is over after this long without a new cause or a flood of lines.",
        Slot::Span(lens!(policy.healing.storm.calm)),
        Nothing
    ),
    key!(
        "inquiry.model",
        "Whether a model is asked where rules leave the cause of an incident open.",
        Slot::Switch(lens!(policy.healing.inquiry.model)),
        Nothing
    ),
    key!(
        "inquiry.turns",
        "Turns that it may take for one incident.",
        number!(1..=100, policy.healing.inquiry.turns),
        Lower
    ),
    key!(
        "inquiry.per_incident_usd",
        "What it may cost for one incident.",
        Slot::Dollars(lens!(policy.healing.inquiry.per_incident)),
        Nothing
    ),
    key!(
        "inquiry.timeout",
        "How long it may take.",
        Slot::Span(lens!(policy.healing.inquiry.timeout)),
        Nothing
    ),
    key!(
        "inquiry.confidence_least_pct",
        "A cause that the model is less sure of than this counts as not known.",
        number!(0..=100, policy.healing.inquiry.confidence_least_pct),
        Nothing
    ),
    notify::WEBHOOK,
    notify::WEBHOOK_SECRET,
    notify::WEBHOOK_AFTER,
    notify::SLACK_WEBHOOK,
    notify::SLACK_WEBHOOK_AFTER,
    notify::SLACK_TOKEN,
    notify::SLACK_CHANNEL,
    notify::SLACK_API,
    notify::SLACK_AFTER,
    notify::MAIL_TO,
    notify::MAIL_FROM,
    notify::MAIL_BY,
    notify::MAIL_LOGIN,
    notify::MAIL_KEY,
    notify::MAIL_AFTER,
    notify::TEMPLATES,
    notify::LEAST,
    key!(
        "runbooks.dir",
        "Directory with runbooks of your own, beside those that are built in.",
        Slot::Maybe(path, lens!(places.runbooks)),
        Nothing
    ),
    key!(
        "landing.branch",
        "Where winners land: the branch that is checked out, or a new agent/fix-<id>.",
        word!(LandingBranch, landing.branch),
        Nothing,
        "CHIMERA_LANDING_BRANCH"
    ),
    key!(
        "landing.sign",
        "Whether landed commits are signed; auto does what git is set up to do.",
        word!(Signing, landing.sign),
        Nothing
    ),
    faces::THEME,
    faces::KEYMAP,
    faces::CALL,
    faces::MOUSE,
    faces::MOTION,
    faces::LOW_BANDWIDTH,
    key!(
        "preview.command",
        "Runs a candidate's service to be looked at (key P): program and arguments, {port} for the port it must listen \
on, on 127.0.0.1. In the sandbox: it listens there and reaches nobody.",
        Slot::Argv(lens!(preview.command)),
        Set
    ),
    key!("preview.path", "The page that is looked at.", Slot::Text(target, lens!(preview.path)), Set),
    key!(
        "preview.health",
        "A path that answers below 500 once the service is ready.",
        Slot::Text(target, lens!(preview.health)),
        Set
    ),
    key!(
        "preview.widths",
        "Widths in columns at which the page's text is laid out, in turn.",
        Slot::Texts(columns, lens!(preview.widths)),
        Set
    ),
    key!(
        "preview.browser",
        "Shows the page as an image where the terminal can show one: \"auto\" takes an installed Chromium or Chrome, \
\"off\" none, anything else is a program that knows their --headless --screenshot. In the sandbox: it reaches the preview and \
nothing else.",
        Slot::Text(words, lens!(preview.browser)),
        Nothing
    ),
    features::PATH,
    features::TEST,
    features::BRANCH,
    features::DEPLOY,
    features::RELEASE,
    features::TIMEOUT,
    key!(
        "voice.command",
        "Listens until it is interrupted (SIGINT) and prints what it heard, such as a script around whisper.cpp: a key \
records until it is pressed again, and the words land in the brief.",
        Slot::Argv(lens!(senses.voice)),
        Nothing
    ),
    key!(
        "http.ca_file",
        "Extra certificate authorities (PEM) for every connection. Proxies are taken from \
HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY.",
        Slot::Maybe(path, lens!(reach.ca_file)),
        Nothing
    ),
    key!(
        "sandbox.network",
        "Network of agents' commands: none, a loopback of their own, or all of the host's.",
        word!(CommandNetwork, reach.network),
        Nothing
    ),
    key!(
        "tools.allowed_hosts",
        "Hosts that the agents' http tool may get from, such as docs.rs or localhost:8080.",
        Slot::Texts(host, lens!(reach.allowed_hosts)),
        Nothing
    ),
    key!(
        "history.transcripts_for",
        "Age at which the transcript of a conversation is deleted, never while its mission is open. The \
journal is never shortened.",
        Slot::Span(lens!(transcripts.keep_for)),
        Nothing
    ),
    key!(
        "history.transcripts_mib",
        "MiB of all transcripts together; beyond, the oldest are deleted first.",
        number!(1..=1_000_000, transcripts.most_mib),
        Nothing
    ),
    faces::SOCKET,
    faces::SSH,
    network::LISTEN,
    network::CERTIFICATE,
    network::KEY,
    network::HOSTS,
    network::ORIGINS,
    network::CONNECTIONS,
    network::REQUESTS,
    network::FAILED,
    network::LOGIN_LASTS,
    network::GITHUB,
    network::GITHUB_API,
    network::GOOGLE,
    network::GOOGLE_API,
    key!(
        "log.level",
        "How much the log file in the data directory tells.",
        word!(LogLevel, log_level),
        Nothing,
        "CHIMERA_LOG_LEVEL"
    ),
];

/// Shortest accepted life of a request.
pub const EXPIRY_LEAST: Millis = Millis::mins(1);

/// Paths that stay protected whatever a list says.
pub const ALWAYS_DENIED: [&str; 3] = ["**/.git", "**/.git/**", "chimera.toml"];
