//! Tables over whole loads: layers, strictness with places, what a repository may do, redaction, the reference.

use super::{
    Loaded, Wanted,
    environment::Environment,
    layers::{FlagValue, Layer},
    load, places, reference,
    settings::LandingBranch,
};
use crate::domain::{money::Money, team::Vendor, time::Millis};
use std::path::{Path, PathBuf};

/// A home, a repository and an environment to load from.
struct Bench {
    top: tempfile::TempDir,
    variables: Vec<(String, String)>,
    wanted: Wanted,
}

impl Bench {
    fn new() -> Self {
        let top = tempfile::tempdir().unwrap();
        for dir in ["config/chimera", "shop/.git"] {
            std::fs::create_dir_all(top.path().join(dir)).unwrap();
        }
        let path = |name: &str| top.path().join(name).display().to_string();
        let variables =
            [("HOME", path("")), ("XDG_CONFIG_HOME", path("config")), ("XDG_DATA_HOME", path("data"))];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { top, variables, wanted: Wanted::default() }
    }
    fn path(&self, name: &str) -> PathBuf {
        self.top.path().join(name)
    }
    fn user(self, text: &str) -> Self {
        std::fs::write(self.path("config/chimera/chimera.toml"), text).unwrap();
        self
    }
    fn repository(self, text: &str) -> Self {
        std::fs::write(self.path("shop/chimera.toml"), text).unwrap();
        self
    }
    fn file(mut self, text: &str) -> Self {
        std::fs::write(self.path("extra.toml"), text).unwrap();
        self.wanted.file = Some(self.path("extra.toml"));
        self
    }
    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }
    fn flag(mut self, path: &'static str, flag: &'static str, value: &str) -> Self {
        self.wanted.flags.push(FlagValue { path, flag, value: value.to_owned() });
        self
    }
    fn environment(&self) -> Environment {
        Environment::of(self.variables.clone())
    }
    fn load(&self) -> Result<Loaded, String> {
        let loaded = load(&self.wanted, &self.environment(), &self.path("shop"));
        loaded.map_err(|e| e.to_string().replace(&self.top.path().display().to_string(), ""))
    }
}

#[test]
fn d4_later_layers_win_and_each_value_names_its_layer() {
    let layers: [fn(Bench) -> Bench; 4] = [
        |bench| bench.user("[data]\ndir = '/user'\n"),
        |bench| bench.file("[data]\ndir = '/file'\n"),
        |bench| bench.variable("CHIMERA_DB_PATH", "/variable"),
        |bench| bench.flag("data.dir", "--data", "/flag"),
    ];
    let built_in = Bench::new().load().unwrap();
    assert!(built_in.settings.places.data.to_string_lossy().contains("data/chimera/shop-"));
    let mut bench = Bench::new();
    for (lay, want) in layers.into_iter().zip(["/user", "/file", "/variable", "/flag"]) {
        bench = lay(bench);
        let loaded = bench.load().unwrap();
        assert_eq!(loaded.settings.places.data, Path::new(want));
        let shown = reference::values(&loaded);
        let shown = shown.iter().find(|value| value.path == "data.dir").unwrap();
        let layer = shown.layer.to_string();
        let expected = match want {
            "/user" => "user file ",
            "/file" => "--config ",
            "/variable" => "environment CHIMERA_DB_PATH",
            _ => "flag --data",
        };
        assert!(layer.starts_with(expected), "{want}: {layer}");
        assert_eq!(shown.value.as_deref(), Some(format!("\"{want}\"").as_str()));
    }
}

#[test]
fn every_mistake_is_named_with_its_place() {
    for (text, place, words) in [
        ("[budget]\ndayly_usd = 1\n", "toml:2:1", "did you mean budget.daily_usd?"),
        ("\n[bugdet]\ndaily_usd = 1\n", "toml:2:2", "unknown section bugdet; did you mean budget?"),
        ("[voice]\ncommand = 'x'\n", "toml:1:2", "unknown section voice; `chimera config init`"),
        ("[providers.antropic]\nkey = 'env:X'\n", "toml:1:12", "did you mean providers.anthropic?"),
        ("[providers.google]\nbase_ulr = 'https://x'\n", "toml:2:1", "providers.google.base_url?"),
        ("[providers.google]\nbase_url = 'x.example'\n", "toml:2:12", "begins with https://"),
        ("[providers.google]\nbase_url = 'https://u:p@x/'\n", "toml:2:12", "must not hold a user"),
        ("[autonomy]\nlevel = 4\n", "toml:2:9", "4 is not within 1 to 3"),
        ("[autonomy]\nlevel = '2'\n", "toml:2:9", "expected whole number, 1 to 3, found a text"),
        ("[autonomy]\nlevel = 2.5\n", "toml:2:9", "expected whole number"),
        ("[autonomy]\napproval_expiry = '4 hours'\n", "toml:2:19", "is not a duration"),
        ("[autonomy]\napproval_expiry = '0s'\n", "toml:2:19", "longer than nothing"),
        ("[autonomy]\napproval_expiry = '5s'\n", "toml:2:19", "less than 1m"),
        ("[protected]\ndeny = [\n  '**/ok/**',\n  'a/{b',\n]\n", "toml:4:3", "is no glob"),
        ("[protected]\ndeny = ['a', 'b', 'a']\n", "toml:2:19", "stands twice"),
        ("[protected]\ndeny = ['/etc/passwd']\n", "toml:2:9", "relative to the repository"),
        ("[protected]\ndeny = 'x'\n", "toml:2:8", "expected list of texts, found a text"),
        ("[protected]\ndeny = ['x', 2]\n", "toml:2:14", "every element must be a text"),
        ("[budget]\ndaily_usd = -1\n", "toml:2:13", "not an amount"),
        ("[budget]\nper_mission_usd = 60\n", "toml:2:19", "exceeds the built-in budget.daily_usd of $50.00"),
        ("[budget]\ndaily_usd = 3\nper_mission_usd = 4\n", "toml:3:19", "$4.00 exceeds budget.daily_usd"),
        ("[landing]\nbranch = 'main'\n", "toml:2:10", "\"main\" is not \"current\" or \"agent\""),
        ("[roles]\njudge = ['anthropic/x', 'claude']\n", "toml:2:25", "write vendor/model"),
        ("[[teams]]\nname = 'A'\n", "toml:2:8", "needs a model"),
        ("[[teams]]\nmodel = 'google/x'\n", "toml:2:9", "needs a name"),
        (
            "[[teams]]\nname='A'\nmodel='google/x'\n[[teams]]\nname='a'\nmodel='google/y'\n",
            "toml:5:6",
            "two teams are named \"a\"",
        ),
        ("[[teams]]\nname = 'A'\nmodel = 'claude'\n", "toml:3:9", "write vendor/model"),
        ("[[teams]]\nname = ''\nmodel = 'google/x'\n[brief]\nteams = ['A']\n", "toml:2:8", "an empty text"),
        (
            "[[teams]]\nname='A'\nmodel='google/x'\nmodle='y'\n",
            "toml:4:1",
            "did you mean model in [[teams]]?",
        ),
        ("[brief]\nteams = ['Team Anthropik']\n", "toml:2:9", "no team is named \"Team Anthropik\""),
        ("[ui]\ntheme = '../etc'\n", "toml:2:9", "is no name"),
        ("[providers.google]\nfallback = ['x']\n", "toml:2:12", "name them in a team's fallback"),
        ("[budget]\nallow_unknown_price = 'yes'\n", "toml:2:23", "expected true or false, found a text"),
        ("[tools]\nallowed_hosts = ['https://docs.rs']\n", "toml:2:18", "no host name"),
        ("[tools]\nallowed_hosts = ['docs.rs', '*.rs']\n", "toml:2:29", "no host name"),
        ("[tools]\nallowed_hosts = ['docs.rs:https']\n", "toml:2:18", "no host name"),
        ("[log]\nlevel = 2020-01-01\n", "toml:2:9", "found a date"),
        ("a = = 1\n", "toml:1:5", "not TOML"),
    ] {
        let problems = Bench::new().user(text).load().unwrap_err();
        let lines: Vec<&str> = problems.lines().collect();
        let placed = lines.iter().any(|line| line.contains(&format!("{place}: ")) && line.contains(words));
        assert!(placed, "{text:?}\n wants {place} and {words:?}\n said {problems}");
        assert_eq!(lines.len(), 1, "one mistake, one line: {problems}");
    }
}

#[test]
fn all_mistakes_are_said_at_once() {
    let bench =
        Bench::new().user("[autonomy]\nlevel = 9\n[ui]\nthem = 'x'\n").variable("CHIMERA_MAX_WORKERS", "0");
    let problems = bench.load().unwrap_err();
    assert_eq!(problems.lines().count(), 3, "{problems}");
    assert!(problems.contains("CHIMERA_MAX_WORKERS: 0 is not within 1 to 1000"), "{problems}");
}

#[test]
fn a_later_list_of_teams_replaces_the_earlier_one_and_its_places() {
    let bench = Bench::new()
        .user("[[teams]]\nname = 'A'\nmodel = 'google/x'\n[[teams]]\nname = 'B'\nmodel = 'google/y'\n")
        .file("[[teams]]\nname = 'C'\n");
    let problems = bench.load().unwrap_err();
    assert_eq!(problems, "/extra.toml:2:8: a team in [[teams]] needs a model, as \"vendor/model\"");
    let loaded = bench.file("[[teams]]\nname = 'C'\nmodel = 'google/z'\n").load().unwrap();
    let teams: Vec<String> = reference::values(&loaded)
        .into_iter()
        .filter(|value| value.path.starts_with("teams"))
        .map(|value| value.layer.to_string())
        .collect();
    assert_eq!(teams.len(), 3);
    assert!(teams.iter().all(|layer| layer.starts_with("--config ")), "{teams:?}");
}

#[test]
fn the_file_of_the_flag_must_be_there() {
    let mut bench = Bench::new();
    bench.wanted.file = Some("nowhere.toml".into());
    assert!(bench.load().unwrap_err().contains("nowhere.toml: there is no such file"));
}

#[test]
fn a_repository_gets_the_safe_keys_only() {
    let bench = Bench::new().user("[budget]\nper_mission_usd = 4\n").repository(
        "[brief]\nchecks = ['make test']\nconstraints = ['no new deps']\nteams = ['Team Google', 'Team X']\n\
         [protected]\ndeny = ['vault/**', '**/.git']\nmax_files = 3\n[budget]\nper_mission_usd = 2\ndaily_usd = 900\n\
         [autonomy]\nlevel = 3\n[providers.anthropic]\nbase_url = 'https://evil.example'\nkey = 'cmd:touch /tmp/x'\n\
         [data]\ndir = '/tmp/x'\n[sandbox]\nnetwork = 'all'\n[[teams]]\nname = 'Evil'\nmodel = 'openai/x'\n",
    );
    let loaded = bench.load().unwrap();
    let settings = &loaded.settings;
    assert_eq!(settings.brief.checks, ["make test"]);
    assert_eq!(settings.brief.teams, ["Team Google"]);
    assert!(settings.policy.protected.deny.contains(&"vault/**".to_owned()));
    assert!(settings.policy.protected.deny.contains(&"**/migrations/**".to_owned()), "additions only");
    assert_eq!(settings.policy.protected.deny.iter().filter(|glob| *glob == "**/.git").count(), 1);
    assert_eq!(settings.policy.max_files, 3);
    assert_eq!(settings.policy.budget.per_mission, Money::usd(2), "lowering is granted");
    assert_eq!(settings.policy.budget.per_day, Money::usd(50), "raising is not");
    assert_eq!(settings.policy.level, 1);
    assert_eq!(settings.provider(Vendor::Anthropic), super::settings::Provider::default());
    assert_eq!(settings.roster.len(), 2);
    assert!(settings.places.data_dir.is_none());
    let notes = loaded.notes.join("\n");
    for path in [
        "daily_usd",
        "autonomy.level",
        "base_url",
        "anthropic.key",
        "data.dir",
        "sandbox.network",
        "teams[0].name",
    ] {
        assert!(notes.contains(&format!("{path} is ignored")), "{path} is not said in {notes}");
    }
    assert!(notes.contains("no team is named \"Team X\""), "{notes}");
    assert!(notes.contains("chimera.toml:10:1: budget.daily_usd"), "{notes}");
}

#[test]
fn an_unknown_key_in_a_repository_is_a_mistake_too() {
    let problems = Bench::new().repository("[brief]\ncheck = ['x']\n").load().unwrap_err();
    assert!(
        problems.contains("shop/chimera.toml:2:1: unknown key brief.check; did you mean brief.checks?"),
        "{problems}"
    );
}

#[test]
fn an_unwritten_cap_follows_the_wider_one_down() {
    let loaded = Bench::new().user("[budget]\nper_mission_usd = 0.5\n").load().unwrap();
    let caps = loaded.settings.policy.budget;
    assert_eq!(
        (caps.per_mission, caps.per_team, caps.per_call),
        (Money::cents(50), Money::cents(50), Money::cents(50))
    );
    assert_eq!(caps.per_day, Money::usd(50));
}

#[test]
fn what_is_always_protected_cannot_be_taken_away() {
    let loaded = Bench::new().user("[protected]\ndeny = ['only/**']\n").load().unwrap();
    assert_eq!(loaded.settings.policy.protected.deny, ["only/**", "**/.git", "**/.git/**", "chimera.toml"]);
}

#[test]
fn d4_the_environment_sets_what_it_names() {
    let bench = Bench::new()
        .variable("CHIMERA_MAX_WORKERS", "7")
        .variable("CHIMERA_LOG_LEVEL", "debug")
        .variable("CHIMERA_LANDING_BRANCH", "agent")
        .variable("CHIMERA_DAILY_USD", "12.50")
        .variable("GEMINI_BASE_URL", "http://127.0.0.1:9/v1")
        .variable("CHIMERA_MAX_WORKER", "9");
    let loaded = bench.load().unwrap();
    assert_eq!(loaded.settings.policy.pool, 7);
    assert_eq!(loaded.settings.log_level.word(), "debug");
    assert_eq!(loaded.settings.landing.branch, LandingBranch::Agent);
    assert_eq!(loaded.settings.policy.budget.per_day, Money::cents(1_250));
    let url = loaded.settings.provider(Vendor::Google).base_url;
    assert_eq!(url.as_deref(), Some("http://127.0.0.1:9/v1"));
    let note =
        "CHIMERA_MAX_WORKER is no setting of this version and is ignored; did you mean CHIMERA_MAX_WORKERS?";
    assert_eq!(loaded.notes, [note]);
}

#[test]
fn b6_teams_without_a_key_are_left_out_and_that_is_said() {
    let bench = Bench::new().variable("GOOGLE_API_KEY", "g-secret-value");
    let settings = bench.load().unwrap().settings;
    let on_air = settings.on_air(&bench.environment());
    assert_eq!(on_air.teams.iter().map(|team| team.name.as_str()).collect::<Vec<_>>(), ["Team Google"]);
    assert_eq!(on_air.left_out, ["Team Anthropic is left out: no key for anthropic (set ANTHROPIC_API_KEY)"]);
    let chain = settings.chain(crate::domain::team::Role::Orchestrator, &bench.environment());
    assert_eq!(chain.iter().map(ToString::to_string).collect::<Vec<_>>(), ["google/gemini-2.0-flash-001"]);
}

#[test]
fn b6_each_role_has_its_models_by_default_and_by_setting() {
    use crate::domain::team::Role;
    let keys = |bench: Bench| bench.variable("GOOGLE_API_KEY", "g").variable("ANTHROPIC_API_KEY", "a");
    let chain = |bench: &Bench, role| {
        let settings = bench.load().unwrap().settings;
        settings.chain(role, &bench.environment()).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let bench = keys(Bench::new());
    assert_eq!(chain(&bench, Role::Orchestrator)[0], "anthropic/claude-sonnet-4-5-20250929");
    assert!(chain(&bench, Role::Worker).contains(&"google/gemini-2.0-flash-001".to_owned()));
    let bench = keys(
        Bench::new().user("[roles]\norchestrator = ['google/gemini-3-pro', 'anthropic/claude-opus-4-5']\n"),
    );
    assert_eq!(chain(&bench, Role::Orchestrator), ["google/gemini-3-pro", "anthropic/claude-opus-4-5"]);
    // A vendor without a key is passed over.
    let bench = Bench::new()
        .variable("ANTHROPIC_API_KEY", "a")
        .user("[roles]\njudge = ['google/x', 'anthropic/y']\n");
    assert_eq!(chain(&bench, Role::Judge), ["anthropic/y"]);
}

#[test]
fn a_local_endpoint_needs_no_key() {
    for (url, usable) in [
        ("http://localhost:11434/v1", true),
        ("http://[::1]:8080", true),
        ("http://127.0.0.1", true),
        ("https://api.example", false),
        ("http://127.0.0.1.evil.example", false),
    ] {
        let bench = Bench::new().user(&format!("[providers.openai]\nbase_url = '{url}'\n"));
        let settings = bench.load().unwrap().settings;
        assert_eq!(settings.usable(Vendor::Openai, &bench.environment()), usable, "{url}");
    }
}

#[test]
fn no_key_is_ever_shown() {
    let bench = Bench::new().user("[providers.anthropic]\nkey = 'sk-ant-oops'\n");
    let problems = bench.load().unwrap_err();
    assert!(problems.contains("a key must not stand in a file") && !problems.contains("oops"), "{problems}");
    let bench = Bench::new().variable("ANTHROPIC_API_KEY", "sk-ant-oops");
    let loaded = bench.load().unwrap();
    let shown = format!("{loaded:?} {:?} {:?}", reference::values(&loaded), bench.environment());
    assert!(!shown.contains("oops"));
}

#[test]
fn the_template_is_a_valid_file_that_changes_nothing() {
    let bench = Bench::new();
    super::init(&bench.path("config/chimera/chimera.toml")).unwrap();
    let loaded = bench.load().unwrap();
    assert_eq!(loaded.settings.policy, Bench::new().load().unwrap().settings.policy);
    assert!(loaded.origins.is_empty());
    let again = super::init(&bench.path("config/chimera/chimera.toml")).unwrap_err();
    assert_eq!(again.kind(), std::io::ErrorKind::AlreadyExists);
    // Each key with its built-in value is accepted as it stands in the template, but for the empty ones.
    let active: String = reference::template()
        .lines()
        .filter(|line| !line.ends_with("= \"\"") && !line.starts_with("#key = "))
        .map(|line| {
            line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned() + "\n"
        })
        .collect();
    let active = Bench::new().user(&active).load().unwrap();
    assert_eq!(active.settings.policy, loaded.settings.policy);
    assert_eq!(active.settings.roster, loaded.settings.roster);
    assert!(active.origins.len() > 30, "{}", active.origins.len());
}

#[test]
fn each_key_is_documented_and_shown_once() {
    let loaded = Bench::new().load().unwrap();
    let mut paths: Vec<String> = reference::values(&loaded).into_iter().map(|value| value.path).collect();
    let shown = paths.len();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), shown);
    let written = std::fs::read_to_string(docs()).unwrap_or_default();
    if std::env::var_os("CHIMERA_BLESS").is_some() {
        std::fs::write(docs(), reference::markdown()).unwrap();
    } else {
        assert_eq!(written, reference::markdown(), "docs/configuration.md is old: run with CHIMERA_BLESS=1");
    }
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md")
}

#[test]
fn layers_say_who_they_are() {
    let loaded = Bench::new().repository("[brief]\nchecks = ['x']\n").load().unwrap();
    assert!(matches!(loaded.origins.get("brief.checks"), Some(Layer::Repository(at)) if at.line == 2));
    assert!(loaded.settings.places.repo.is_some());
    assert_eq!(loaded.settings.policy.approval_expiry, Millis::hours(4));
    assert_eq!(places::FILE_NAME, "chimera.toml");
}
