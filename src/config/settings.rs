//! What all layers add up to: plain structs, validated once. Read by runtime and faces; written only here.

pub use super::server::Server;
use super::{environment::Environment, places::expand_home, secret::KeySource};
use crate::{
    domain::{
        incident::Severity,
        probe::ProbeSpec,
        team::{ModelRef, Role, TeamSpec, Vendor},
        text,
        time::Millis,
    },
    policy::settings::Policy,
};
use std::{collections::BTreeMap, path::PathBuf};

/// Everything the director laid down.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What the gate consults.
    pub policy: Policy,
    /// How each vendor is reached.
    pub providers: BTreeMap<Vendor, Provider>,
    /// Which models answer in which role.
    pub roles: Roles,
    /// Teams that can be named, in order.
    pub roster: Vec<TeamEntry>,
    /// What every brief starts from.
    pub brief: BriefDefaults,
    /// How winners become commits.
    pub landing: Landing,
    /// How the screen looks.
    pub ui: Ui,
    /// What agents' commands and tools may reach.
    pub reach: Reach,
    /// How a candidate is run to be looked at.
    pub preview: Preview,
    /// What features are tested and staged by.
    pub feature: Features,
    /// What is said into a microphone.
    pub senses: Senses,
    /// What is kept of old conversations.
    pub transcripts: Transcripts,
    /// What is watched.
    pub probes: Vec<ProbeSpec>,
    /// Who is told of incidents.
    pub notify: Telling,
    /// Who is served, over a socket and over the network.
    pub server: Server,
    /// Log file's level: `error`, `warn`, `info`, `debug` or `trace`.
    pub log_level: LogLevel,
    /// Where everything durable is kept.
    pub places: Places,
}

/// Who is told of incidents, of which, and how. Addresses and keys may say where they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// Address.
    pub webhook: Option<String>,
    /// What signs what it is told.
    pub webhook_secret: Option<String>,
    /// After how long without an answer it is told; at once where nothing is said.
    pub webhook_after: Option<Millis>,
    /// Slack's incoming webhook.
    pub slack_webhook: Option<String>,
    /// The same of it.
    pub slack_webhook_after: Option<Millis>,
    /// Token of a bot.
    pub slack_token: Option<String>,
    /// Where it speaks.
    pub slack_channel: Option<String>,
    /// Base address of Slack's methods.
    pub slack_api: Option<String>,
    /// The same of the bot.
    pub slack_after: Option<Millis>,
    /// Who gets letters.
    pub mail_to: Vec<String>,
    /// Who writes them.
    pub mail_from: Option<String>,
    /// How they go.
    pub mail_by: Option<String>,
    /// Login at the mail server.
    pub mail_login: Option<String>,
    /// Its password, or the key of the API.
    pub mail_key: Option<String>,
    /// The same of letters.
    pub mail_after: Option<Millis>,
    /// Directory with the director's own words.
    pub templates: Option<String>,
    /// This bad or worse.
    pub least: Severity,
}

impl Default for Telling {
    fn default() -> Self {
        Self {
            webhook: None,
            webhook_secret: None,
            webhook_after: None,
            slack_webhook: None,
            slack_webhook_after: None,
            slack_token: None,
            slack_channel: None,
            slack_api: None,
            slack_after: None,
            mail_to: Vec::new(),
            mail_from: None,
            mail_by: None,
            mail_login: None,
            mail_key: None,
            mail_after: None,
            templates: None,
            least: Severity::P3,
        }
    }
}

impl Telling {
    /// What says after how long somebody is told: its key, the span, the key of the way, and whether there is one.
    #[must_use]
    pub fn escalations(&self) -> [(&'static str, Option<Millis>, &'static str, bool); 4] {
        [
            ("notify.webhook_after", self.webhook_after, "notify.webhook", self.webhook.is_some()),
            (
                "notify.slack_webhook_after",
                self.slack_webhook_after,
                "notify.slack_webhook",
                self.slack_webhook.is_some(),
            ),
            ("notify.slack_after", self.slack_after, "notify.slack_token", self.slack_token.is_some()),
            ("notify.mail_after", self.mail_after, "notify.mail_to", !self.mail_to.is_empty()),
        ]
    }
}

impl Settings {
    /// Where the unix socket of the network face is; `None`: it has none.
    #[must_use]
    pub fn socket(&self, environment: &Environment) -> Option<PathBuf> {
        let wanted = self.server.socket.as_str();
        (wanted != "off").then(|| self.places.data.join(expand_home(wanted, environment)))
    }
}

/// Where things are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Places {
    /// As configured; resolved into `data` once the repository is known.
    pub data_dir: Option<String>,
    /// Directory of the director's own runbooks.
    pub runbooks: Option<String>,
    /// The data directory: absolute.
    pub data: PathBuf,
    /// Top level of the repository, if one was found: absolute, without symlinks.
    pub repo: Option<PathBuf>,
}

/// How a vendor is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Provider {
    /// Address instead of the vendor's own.
    pub base_url: Option<String>,
    /// `env:NAME` or `cmd:COMMAND`; the usual variables where nothing is said.
    pub key: Option<String>,
    /// Calls started per minute.
    pub requests_per_minute: u32,
    /// Calls at once.
    pub concurrency: u16,
    /// Tries after the first, per call.
    pub max_retries: u8,
    /// Models the vendor itself may fall back to (OpenRouter's `models`).
    pub fallback: Vec<String>,
}

impl Default for Provider {
    fn default() -> Self {
        Self {
            base_url: None,
            key: None,
            requests_per_minute: 60,
            concurrency: 8,
            max_retries: 5,
            fallback: Vec::new(),
        }
    }
}

impl Provider {
    /// Where its key comes from.
    #[must_use]
    pub fn key_source(&self, vendor: Vendor) -> KeySource {
        let set = self.key.as_deref().and_then(|text| KeySource::parse(text).ok());
        set.unwrap_or_else(|| KeySource::usual(vendor))
    }

    /// Whether calls can be made: there is a key, or the endpoint is a local one that wants none (Ollama).
    #[must_use]
    pub fn usable(&self, vendor: Vendor, environment: &Environment) -> bool {
        self.key_source(vendor).present(environment)
            || (vendor == Vendor::Openai && self.base_url.as_deref().is_some_and(is_loopback))
    }
}

/// Whether a URL names this machine.
#[must_use]
pub fn is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let name = if host.starts_with('[') {
        host.split(']').next().map_or("", |v6| &v6[1..])
    } else {
        host.split(':').next().unwrap_or_default()
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Models by role, each in order of preference. Those of vendors without a key are passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// Asks, plans, reports.
    pub orchestrator: Vec<ModelRef>,
    /// Reviews; the first of another vendor than the author is taken.
    pub judge: Vec<ModelRef>,
    /// Condenses long conversations.
    pub summarizer: Vec<ModelRef>,
    /// Looks into what rules leave open about an incident.
    pub investigator: Vec<ModelRef>,
}

/// A team as it is written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TeamEntry {
    /// Shown name.
    pub name: String,
    /// Who answers.
    pub model: Option<ModelRef>,
    /// Who answers when that one cannot. Naming a chain is the consent to it.
    pub fallback: Vec<ModelRef>,
}

/// What every brief starts from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BriefDefaults {
    /// Acceptance checks; found by itself where there are none.
    pub checks: Vec<String>,
    /// Rules every brief keeps.
    pub constraints: Vec<String>,
    /// Names of teams that race where a brief names none; all of the roster where this is empty.
    pub teams: Vec<String>,
}

/// How winners become commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Landing {
    /// Where to.
    pub branch: LandingBranch,
    /// Whether signed.
    pub sign: Signing,
}

/// A set of words, one of which a key holds. Words are the Rust names in snake case.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }
        impl $name {
            /// The words, in order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
            /// The word in a file.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
            /// The one of that word.
            #[must_use]
            pub fn of(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// Which branch a winner lands on.
    LandingBranch {
        /// The one that is checked out.
        Current = "current",
        /// A new one, `agent/fix-<id>`.
        Agent = "agent",
    }
}
words! {
    /// Whether landed commits are signed.
    Signing {
        /// As git is set up to.
        Auto = "auto",
        /// Always; landing fails where git cannot.
        Always = "always",
        /// Never.
        Never = "never",
    }
}
words! {
    /// What agents' commands may reach by network.
    CommandNetwork {
        /// Nothing.
        None = "none",
        /// A network of its own with nothing on it but this machine's loopback.
        Loopback = "loopback",
        /// Everything.
        All = "all",
    }
}
words! {
    /// How a person is called who looks at another window.
    Notify {
        /// As the terminal is known to show best.
        Auto = "auto",
        /// By the bell.
        Bell = "bell",
        /// By a notification of the terminal (OSC 9).
        Osc9 = "osc9",
        /// Not at all.
        Off = "off",
    }
}
words! {
    /// How lively the screen is.
    Motion {
        /// Streams flow, clocks tick every second.
        Full = "full",
        /// Streams move once a second, clocks every five.
        Reduced = "reduced",
    }
}
words! {
    /// How much the log file tells.
    LogLevel {
        /// Failures.
        Error = "error",
        /// And what is odd.
        Warn = "warn",
        /// And what happens.
        Info = "info",
        /// And how.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

/// How a candidate's service is run to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Program and arguments, `{port}` for the port; empty: none.
    pub command: Vec<String>,
    /// The page.
    pub path: String,
    /// What answers once the service is ready.
    pub health: String,
    /// Columns at which the page is laid out, in turn.
    pub widths: Vec<String>,
    /// What takes photos of the page: `auto`, `off`, or a program.
    pub browser: String,
}

impl Default for Preview {
    fn default() -> Self {
        Self {
            command: Vec::new(),
            path: "/".into(),
            health: "/".into(),
            widths: ["40", "80", "120"].map(str::to_owned).to_vec(),
            browser: "auto".into(),
        }
    }
}

/// What features are tested and staged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Features {
    /// Directory of end-to-end tests.
    pub path: String,
    /// Runs the test; empty: no feature can be asked for.
    pub test: Vec<String>,
    /// Branch that features land on.
    pub branch: Option<String>,
    /// Puts what landed into the staging environment.
    pub deploy: Vec<String>,
    /// The service whose release commands do that instead.
    pub release: Option<String>,
    /// How long `deploy` may take.
    pub deploy_timeout: Millis,
}

impl Default for Features {
    fn default() -> Self {
        Self {
            path: "tests/e2e".into(),
            test: Vec::new(),
            branch: None,
            deploy: Vec::new(),
            release: None,
            deploy_timeout: Millis::mins(10),
        }
    }
}

/// Programs that hear for the director.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Senses {
    /// Listens until it is interrupted and prints what it heard; empty: none.
    pub voice: Vec<String>,
}

/// How the screen looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ui {
    /// Theme's name.
    pub theme: String,
    /// Keymap's name.
    pub keymap: String,
    /// How a person is called who looks elsewhere.
    pub notify: Notify,
    /// Whether clicks and the wheel are taken.
    pub mouse: bool,
    /// How lively it is.
    pub motion: Motion,
    /// Whether the line to the terminal is slow.
    pub low_bandwidth: bool,
}

impl Default for Ui {
    fn default() -> Self {
        Self {
            theme: "auto".into(),
            keymap: "default".into(),
            notify: Notify::Auto,
            mouse: false,
            motion: Motion::Full,
            low_bandwidth: false,
        }
    }
}

/// What is kept of conversations that no open mission needs. The journal names them for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transcripts {
    /// Age at which a body goes.
    pub keep_for: Millis,
    /// MiB of all bodies together; the oldest go first.
    pub most_mib: u32,
}

impl Default for Transcripts {
    fn default() -> Self {
        Self { keep_for: Millis::hours(24 * 30), most_mib: 2_048 }
    }
}

/// What agents' commands and tools may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Of sandboxed commands.
    pub network: CommandNetwork,
    /// Hosts the http tool may get from.
    pub allowed_hosts: Vec<String>,
    /// Extra certificate authorities for every connection, PEM.
    pub ca_file: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let model = |vendor, id: &str| ModelRef { vendor, model: id.to_owned() };
        let sonnet = || model(Vendor::Anthropic, "claude-sonnet-4-5-20250929");
        let flash = || model(Vendor::Google, "gemini-2.0-flash-001");
        let team = |name: &str, model| TeamEntry { name: name.into(), model: Some(model), fallback: vec![] };
        Self {
            policy: Policy::default(),
            providers: Vendor::ALL.into_iter().map(|vendor| (vendor, Provider::default())).collect(),
            roles: Roles {
                orchestrator: vec![sonnet(), flash()],
                judge: vec![sonnet(), flash()],
                summarizer: vec![
                    model(Vendor::Anthropic, "claude-haiku-4-5-20251001"),
                    model(Vendor::Google, "gemini-2.0-flash-lite-001"),
                ],
                investigator: vec![sonnet(), flash()],
            },
            roster: vec![team("Team Anthropic", sonnet()), team("Team Google", flash())],
            brief: BriefDefaults::default(),
            landing: Landing { branch: LandingBranch::Current, sign: Signing::Auto },
            ui: Ui::default(),
            reach: Reach { network: CommandNetwork::Loopback, allowed_hosts: Vec::new(), ca_file: None },
            preview: Preview::default(),
            feature: Features::default(),
            senses: Senses::default(),
            transcripts: Transcripts::default(),
            probes: Vec::new(),
            notify: Telling::default(),
            server: Server::default(),
            log_level: LogLevel::Info,
            places: Places::default(),
        }
    }
}

/// The roster as it can race now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnAir {
    /// Teams whose vendor can be called.
    pub teams: Vec<TeamSpec>,
    /// Why others are left out, one line each.
    pub left_out: Vec<String>,
}

impl Settings {
    /// How this vendor is reached.
    #[must_use]
    pub fn provider(&self, vendor: Vendor) -> Provider {
        self.providers.get(&vendor).cloned().unwrap_or_default()
    }

    /// Whether a vendor can be called.
    #[must_use]
    pub fn usable(&self, vendor: Vendor, environment: &Environment) -> bool {
        self.provider(vendor).usable(vendor, environment)
    }

    /// The models of a role that can be called, best first. Workers are the roster's models; they also stand in for
    /// a role of which no model can be called, as where there is a local model only.
    #[must_use]
    pub fn chain(&self, role: Role, environment: &Environment) -> Vec<ModelRef> {
        let named: &[ModelRef] = match role {
            Role::Orchestrator => &self.roles.orchestrator,
            Role::Judge => &self.roles.judge,
            Role::Summarizer => &self.roles.summarizer,
            Role::Investigator => &self.roles.investigator,
            Role::Worker => &[],
        };
        let usable = |model: &&ModelRef| self.usable(model.vendor, environment);
        let chain: Vec<ModelRef> = named.iter().filter(usable).cloned().collect();
        if !chain.is_empty() {
            return chain;
        }
        self.roster.iter().filter_map(|team| team.model.as_ref()).filter(usable).cloned().collect()
    }

    /// The teams of the roster that can race, and why the others cannot.
    #[must_use]
    pub fn on_air(&self, environment: &Environment) -> OnAir {
        let mut found = OnAir::default();
        for team in &self.roster {
            let Some(model) = team.model.clone() else { continue };
            if self.usable(model.vendor, environment) {
                let name = team.name.clone();
                found.teams.push(TeamSpec { name, model, fallback: team.fallback.clone() });
            } else {
                found.left_out.push(self.left_out(&team.name, model.vendor));
            }
        }
        found
    }

    fn left_out(&self, name: &str, vendor: Vendor) -> String {
        let name = text::clean_line(name, 64);
        match self.provider(vendor).key_source(vendor) {
            KeySource::Env(names) => {
                format!("{name} is left out: no key for {vendor} (set {})", names.join(" or "))
            }
            KeySource::Command(_) => format!("{name} is left out: {vendor} cannot be called"),
        }
    }
}
