//! Tables over whole loads: layers, strictness with places, what a repository may do, redaction, the reference.

mod policy;

use super::{
    Loaded, Wanted,
    book::{self, Counts, Group},
    edit::{self, Change, Edited},
    environment::Environment,
    keys,
    layers::{FileLayer, FlagValue, Layer, Sources},
    load, places, reference,
    settings::{LandingBranch, Settings},
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

/// Each text has one mistake, which is told in one line with its place and these words.
fn each_is_told(cases: &[(&str, &str, &str)]) {
    let mut wrong = Vec::new();
    for (text, place, words) in cases {
        let problems = Bench::new().user(text).load().map_or_else(|problems| problems, |_| String::new());
        let told = problems.contains(&format!("{place}: ")) && problems.contains(words);
        if !told || problems.lines().count() != 1 {
            wrong.push(format!("{text:?}\n wants {place} and {words:?}\n said {problems:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_mistake_is_named_with_its_place() {
    each_is_told(&[
        ("[budget]\ndayly_usd = 1\n", "toml:2:1", "did you mean budget.daily_usd?"),
        ("\n[bugdet]\ndaily_usd = 1\n", "toml:2:2", "unknown section bugdet; did you mean budget?"),
        ("[xylophone]\ncommand = 'x'\n", "toml:1:2", "unknown section xylophone; `chimera config init`"),
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
        ("[log]\nlevel = 'info'\n[log]\nlevel = 'warn'\n", "toml:3:2", "not TOML"),
        ("[ui]\ntheme = \"\u{1b}[2J\"\n", "toml:2:10", "not TOML"),
        ("[ui]\ntheme = \"dark\n", "toml:2:14", "not TOML"),
        ("\u{0}", "toml:1:2", "not TOML"),
        ("[log]\nlevel = \"\\ud800\"\n", "toml:2:12", "not TOML"),
        ("[service]\nname = 'web'\n", "toml:1:2", "unknown section service; did you mean [[service]]?"),
        ("\n[probe]\nid = 'web'\n", "toml:2:2", "unknown section probe; did you mean [[probe]]?"),
        (
            "[teams]\nname = 'A'\nmodel = 'google/x'\n",
            "toml:1:2",
            "unknown section teams; did you mean [[teams]]?",
        ),
        ("teams = ['A']\n", "toml:1:1", "unknown key teams; did you mean [[teams]]?"),
        ("a.b.c.d.e.f.g.h.i.j = 1\n", "toml:1:17", "nested too deeply"),
    ]);
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

impl Bench {
    fn check(&self, path: &str, value: Option<&str>, file: FileLayer) -> Result<Edited, String> {
        let change = Change { path: path.into(), value: value.map(str::to_owned), file };
        let edited = edit::check(&change, &self.wanted, &self.environment(), &self.path("shop"));
        edited.map_err(|e| e.to_string().replace(&self.top.path().display().to_string(), ""))
    }
    fn change(&self, path: &str, value: Option<&str>, file: FileLayer) -> Result<Layer, String> {
        let edited = self.check(path, value, file)?;
        edited.write().map_err(|error| error.to_string())?;
        Ok(edited.layer)
    }
    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}

const USER: &str = "config/chimera/chimera.toml";

#[test]
fn s5_a_change_keeps_comments_order_and_everything_else() {
    let text = "# mine\n[budget] # money\n# the day\ndaily_usd   = 20.00 # enough\nper_call_usd = 0.20\n\n[ui]\n# end\n";
    let bench = Bench::new().user(text);
    assert!(matches!(bench.change("budget.daily_usd", Some("10"), FileLayer::User), Ok(Layer::User(_))));
    assert_eq!(bench.read(USER), text.replace("20.00", "10.00"));
    assert_eq!(bench.load().unwrap().settings.policy.budget.per_day, Money::usd(10));
    bench.change("landing.sign", Some("never"), FileLayer::User).unwrap();
    bench.change("providers.google.concurrency", Some("3"), FileLayer::User).unwrap();
    bench.change("brief.constraints", Some("no new deps, keep it small"), FileLayer::User).unwrap();
    bench.change("protected.deny", Some("['a/{b,c}/**', 'x']"), FileLayer::User).unwrap();
    let loaded = bench.load().unwrap();
    assert_eq!(loaded.settings.provider(Vendor::Google).concurrency, 3);
    assert_eq!(loaded.settings.brief.constraints, ["no new deps", "keep it small"]);
    assert!(loaded.settings.policy.protected.deny.contains(&"a/{b,c}/**".to_owned()));
    assert!(bench.read(USER).starts_with(&text.replace("20.00", "10.00").replace("# end\n", "")));
    // Out again, one by one, the file is what it was but for sections that are empty now.
    for path in ["landing.sign", "providers.google.concurrency", "brief.constraints", "protected.deny"] {
        assert_eq!(bench.change(path, None, FileLayer::User), Ok(Layer::BuiltIn), "{path}");
    }
    assert!(bench.load().unwrap().origins.keys().all(|path| path.starts_with("budget.")));
    assert!(bench.read(USER).contains("# end"));
}

#[test]
fn s5_every_value_of_the_book_can_be_written_back_as_it_is_typed() {
    for set in [false, true] {
        let mut bench = Bench::new();
        if set {
            let teams = "[[teams]]\nname = 'A'\nmodel = 'google/x'\nfallback = ['google/y']\n";
            let rest =
                "[providers.openai]\nbase_url = 'http://localhost:1/v1'\n[http]\nca_file = '~/x y.pem'\n";
            bench = bench.user(&format!("{rest}{teams}"));
        }
        let before = bench.load().unwrap();
        let sources = super::sources(&bench.wanted, &bench.environment(), &bench.path("shop"));
        let book = book::book(&before, &sources, &bench.environment());
        assert!(book.settings.windows(2).all(|two| two[0].group <= two[1].group));
        let valued = book.settings.iter().filter(|setting| !setting.secret && setting.value.is_some());
        for setting in valued {
            bench.change(&setting.path, Some(&setting.typed()), FileLayer::User).unwrap();
        }
        let after = bench.load().unwrap();
        assert_eq!(after.settings, before.settings);
        assert!(after.origins.len() > 30 && after.origins.contains_key("teams[0].name"));
    }
}

#[test]
fn s5_a_bad_change_is_refused_with_its_reason_and_writes_nothing() {
    let text = "[budget]\nper_mission_usd = 4\n[[teams]]\nname = 'A'\nmodel = 'google/x'\n";
    let bench = Bench::new()
        .user(text)
        .variable("CHIMERA_THEME", "light")
        .file("[[teams]]\nname='B'\nmodel='google/b'\n");
    for (path, value, file, said) in [
        ("budget.dayly_usd", Some("1"), FileLayer::User, "did you mean budget.daily_usd?"),
        ("providers.google.concurency", Some("1"), FileLayer::User, "providers.google.concurrency?"),
        ("providers.gogle.key", Some("1"), FileLayer::User, "there is no key"),
        ("teams[0].modle", Some("1"), FileLayer::User, "teams[0].model?"),
        ("autonomy.level", Some("4"), FileLayer::User, "4 is not within 1 to 3"),
        ("autonomy.level", Some(""), FileLayer::User, "expected whole number"),
        ("budget.daily_usd", Some("3"), FileLayer::User, "$4.00 exceeds budget.daily_usd of $3.00"),
        ("protected.deny", Some("['a'"), FileLayer::User, "not TOML"),
        ("protected.deny", Some("['a']\nb = 1"), FileLayer::User, "write one value"),
        ("providers.anthropic.key", Some("sk-ant-1234"), FileLayer::User, "a key must not stand in a file"),
        ("autonomy.level", Some("2"), FileLayer::Repository, "a repository's file must not loosen it"),
        ("roles.judge", Some("google/x"), FileLayer::Repository, "a repository's file must not set it"),
        ("teams[7].name", Some("C"), FileLayer::File, "there is no team 7"),
        ("teams[0].name", Some("C"), FileLayer::User, "another file's list of teams is in force"),
        ("teams[0].name", Some(""), FileLayer::File, "an empty text"),
    ] {
        let refused = bench.change(path, value, file).unwrap_err();
        assert!(refused.contains(said), "{path}: {refused}");
        assert!(!refused.contains("1234"));
    }
    assert_eq!(bench.read(USER), text);
    assert!(!bench.path("shop/chimera.toml").exists());
    // A value that another layer wins over is written, and who wins is known.
    let layer = bench.change("ui.theme", Some("dark"), FileLayer::User).unwrap();
    assert_eq!(layer, Layer::Environment("CHIMERA_THEME".into()));
    // Made stricter by the repository: that is its right.
    assert!(matches!(
        bench.change("budget.per_call_usd", Some("0.01"), FileLayer::Repository),
        Ok(Layer::Repository(_))
    ));
}

#[test]
fn s5_a_file_that_changed_meanwhile_is_not_overwritten_and_a_link_stays_one() {
    let bench = Bench::new().user("[ui]\ntheme = 'dark'\n");
    let edited = bench.check("ui.theme", Some("light"), FileLayer::User).unwrap();
    let bench = bench.user("[ui]\nkeymap = 'vim'\n");
    assert!(edited.write().unwrap_err().to_string().contains("changed meanwhile"));
    assert_eq!(bench.read(USER), "[ui]\nkeymap = 'vim'\n");
    std::fs::rename(bench.path(USER), bench.path("dotfiles.toml")).unwrap();
    std::os::unix::fs::symlink(bench.path("dotfiles.toml"), bench.path(USER)).unwrap();
    bench.change("ui.theme", Some("light"), FileLayer::User).unwrap();
    assert!(
        bench.path(USER).is_symlink()
            && bench.read("dotfiles.toml").contains("theme = 'light'")
                | bench.read("dotfiles.toml").contains("theme = \"light\"")
    );
}

#[test]
fn s5_the_first_change_of_a_team_writes_all_teams_as_they_are() {
    let bench = Bench::new();
    bench.change("teams[1].name", Some("Second"), FileLayer::User).unwrap();
    let roster = bench.load().unwrap().settings.roster;
    assert_eq!(
        roster.iter().map(|team| team.name.as_str()).collect::<Vec<_>>(),
        ["Team Anthropic", "Second"]
    );
    assert!(roster.iter().all(|team| team.model.is_some()));
}

#[test]
fn s5_the_book_says_where_a_key_is_and_never_what_it_is() {
    let bench = Bench::new()
        .user("[providers.google]\nkey = 'cmd:pass show sk-secret'\n")
        .variable("ANTHROPIC_API_KEY", "sk-secret");
    let sources = super::sources(&bench.wanted, &bench.environment(), &bench.path("shop"));
    let book = book::book(&bench.load().unwrap(), &sources, &bench.environment());
    let of = |vendor: &str| {
        let path = format!("providers.{vendor}.key");
        let found = book.settings.iter().find(|setting| setting.path == path).unwrap();
        (found.value.clone().unwrap(), found.typed())
    };
    assert_eq!(of("anthropic").0, "set in ANTHROPIC_API_KEY");
    assert_eq!(of("google").0, "from a command");
    assert_eq!(of("openai").0, "not set (OPENAI_API_KEY)");
    assert!(!format!("{:?} {:?}", book, of("google")).contains("sk-secret"));
    let groups: Vec<Group> = book.settings.iter().map(|setting| setting.group).collect();
    assert!(groups.contains(&Group::Tiers) && groups.contains(&Group::Data));
    assert_eq!((Counts::of("autonomy.level"), Counts::of("ui.theme")), (Counts::AtOnce, Counts::NextStart));
}

#[test]
fn settings_written_down_are_read_back_the_same() {
    let bench = Bench::new().user("[budget]\ndaily_usd = 20\n[[teams]]\nname = 'A'\nmodel = 'google/x'\n[providers.google]\nconcurrency = 2\n");
    let before = bench.load().unwrap();
    let text = edit::written(&before);
    let bench = bench.user(&text);
    assert_eq!(bench.load().unwrap().settings, before.settings, "{text}");
    assert_eq!(edit::written(&Bench::new().load().unwrap()), "");
}

#[test]
fn e1_who_may_log_in_is_laid_by_name_and_mistakes_have_their_place() {
    let loaded = Bench::new()
        .user("[server.people]\n\"github:ada\" = \"operator\"\n\"google:b@c.de\" = \"viewer\"\n")
        .repository("[server.people]\n\"github:mallory\" = \"director\"\n")
        .file("[server.people]\n\"github:ada\" = \"director\"\n")
        .load()
        .unwrap();
    let people: Vec<String> =
        loaded.settings.server.people.iter().map(|(name, role)| format!("{name} {role}")).collect();
    assert_eq!(people, ["github:ada director", "google:b@c.de viewer"]);
    assert!(
        loaded.notes.iter().any(|note| note.contains("must not say who may log in")),
        "{:?}",
        loaded.notes
    );
    for (text, what) in [
        ("[server.people]\nada = \"viewer\"\n", "nobody whom a vendor knows"),
        ("[server.people]\n\"github:ada\" = \"king\"\n", "is no role"),
        ("[server.people]\n\"github:ada\" = 1\n", "expected a role"),
        ("[server]\nlisten = \"example.com:1\"\n", "is no address to listen on"),
        ("[server]\nlisten = \"[::]:1\"\n", "without TLS they could read every token"),
        ("[server]\nkey = \"k.pem\"\n", "wants its certificate"),
        ("[server]\norigins = [\"https://a.b/c\"]\n", "is no origin"),
        ("[server]\ngithub = \"http://evil.example\"\n", "over https:// only"),
        ("[autonomy]\ntwo_persons = [\"tier-4\"]\n", "there are tier-1, tier-2 and tier-3"),
    ] {
        let said = Bench::new().user(text).load().unwrap_err();
        assert!(said.contains(what) && said.contains(":2:"), "{text}: {said}");
    }
}

#[test]
fn d4_variables_name_the_parts_of_the_address() {
    let listen = |bench: Bench| bench.load().map(|loaded| loaded.settings.server.listen);
    let port = Bench::new().user("[server]\nlisten = \"127.0.0.1:1\"\n").variable("CHIMERA_API_PORT", "2");
    assert_eq!(listen(port), Ok(Some("127.0.0.1:2".into())));
    let both = Bench::new().variable("CHIMERA_API_HOST", "localhost").variable("CHIMERA_API_PORT", "2");
    assert_eq!(listen(both), Ok(Some("localhost:2".into())));
    let wrong = Bench::new().variable("CHIMERA_API_HOST", "0.0.0.0").load().unwrap_err();
    assert!(wrong.starts_with("CHIMERA_API_HOST: server.listen: others can reach"), "{wrong}");
}

#[test]
fn s5_no_secret_is_told_by_any_setting() {
    let mut settings = Settings::default();
    settings.notify.slack_webhook = Some("https://hooks.example.com/T0/B0/word".into());
    settings.notify.mail_key = Some("cmd:pass mail".into());
    settings.notify.slack_token = Some("env:SLACK".into());
    let loaded = Loaded { settings, origins: Default::default(), notes: Vec::new() };
    let book = book::book(&loaded, &Sources::default(), &Environment::default());
    let value =
        |path: &str| book.settings.iter().find(|one| one.path == path).unwrap().value.clone().unwrap();
    assert_eq!(value("notify.slack_webhook"), "set");
    assert_eq!(value("notify.mail_key"), "from a command");
    assert_eq!(value("notify.slack_token"), "from SLACK");
    // What is taken from `env:` or `cmd:` is a secret, whoever adds one.
    for key in keys::KEYS.iter().filter(|key| key.doc.contains("env:NAME")) {
        assert!(book::is_secret(key.path), "{} may be a secret and is told", key.path);
    }
}
