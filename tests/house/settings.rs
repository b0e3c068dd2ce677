//! Settings as a person meets them: what the check refuses, and that a bad look keeps nothing else from working.

use super::{
    lines::{holds, talk},
    stage::*,
};
use std::fs;

/// Writes one of the director's own files.
fn own(stage: &Stage, name: &str, text: &[u8]) {
    let file = stage.path("home/.config/chimera").join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

#[test]
fn s7_the_check_names_what_is_wrong_with_theme_keymap_and_prices() {
    let mut stage = Stage::default();
    stage.run(&["config", "check"]).exits(0);
    stage.settings("[ui]\ntheme = 'drak'\n");
    let done = stage.run(&["config", "check"]).exits(1);
    let said = "chimera.toml:2:9: ui.theme: there is no theme \"drak\"; there are auto, dark, light, \
                high-contrast, colour-blind-safe, mono\n";
    assert!(done.stdout.ends_with(said), "{done:?}");
    stage.settings("[http]\nca_file = '~/nowhere.pem'\n");
    let done = stage.run(&["config", "check"]).exits(1);
    assert!(
        done.stdout.contains("chimera.toml:2:11: http.ca_file: ") && done.stdout.contains("home/nowhere.pem"),
        "{done:?}"
    );
    // What needs no screen goes on.
    stage.run(&["missions"]).exits(0);
    stage.settings("");
    for (name, text, said) in [
        ("themes/light.toml", &b"[palette]\ntext = 7\n"[..], "light.toml:2: palette `text` must be a colour"),
        ("themes/dark.toml", b"\xff\xfe", "dark.toml: is not UTF-8 at byte 0"),
        (
            "keymaps/vim.toml",
            b"keys = [\n { on = 'x', run = 'fly' },\n]\n",
            "vim.toml:2: there is no command",
        ),
        ("prices.toml", b"[a]\nb = 1\n", "prices.toml:"),
    ] {
        own(&stage, name, text);
        let done = stage.run(&["config", "check", "--json"]).exits(1);
        assert_eq!(done.lines().len(), 1, "{done:?}");
        let line = done.last();
        let whole = format!("{}: {}", line["place"].as_str().unwrap(), line["what"].as_str().unwrap());
        assert!(line["kind"] == "problem" && whole.contains(said), "{name}: {whole}");
        fs::remove_file(stage.path("home/.config/chimera").join(name)).unwrap();
    }
    stage.env.push(("CHIMERA_KEYMAP".into(), "ed".into()));
    let done = stage.run(&["config", "check"]).exits(1);
    assert!(done.stdout.starts_with("CHIMERA_KEYMAP: ui.keymap: there is no keymap \"ed\""), "{done:?}");
}

#[test]
fn s5_a_value_is_set_in_its_file_with_its_comments_and_journaled_and_a_bad_one_changes_nothing() {
    let stage = Stage::default();
    stage.settings("# mine\n[autonomy] # how free\nlevel = 1 # for now\n");
    let read = || fs::read_to_string(stage.path("chimera.toml")).unwrap();
    let before = read();
    let done = stage.run(&["config", "set", "autonomy.level", "4", "--in", "config"]).exits(1);
    assert!(done.stdout.contains("autonomy.level: 4 is not within 1 to 3"), "{done:?}");
    let done = stage.run(&["config", "set", "autonomy.levle", "2", "--in", "config"]).exits(1);
    assert!(done.stdout.contains("did you mean autonomy.level?"), "{done:?}");
    stage.run(&["config", "set", "ui.theme", "drak", "--in", "config"]).exits(1);
    stage.run(&["config", "set", "ui.theme", "dark", "--in", "nowhere"]).exits(64);
    assert_eq!(read(), before);
    // Nothing was done here yet, so there is no journal to tell.
    assert!(!stage.data().exists());
    let done = stage.run(&["config", "set", "autonomy.level", "3", "--in", "config"]).exits(0);
    assert!(done.stdout.contains("autonomy.level is set as 3"), "{done:?}");
    assert_eq!(read(), before.replace("level = 1 # for now", "level = 3 # for now"));
    stage.run(&["pause", "lunch"]).exits(0);
    let done = stage.run(&["config", "set", "autonomy.level", "2", "--in", "config", "--json"]).exits(0);
    assert_eq!(done.last()["counts"], "at once");
    assert_eq!(read(), before.replace("level = 1 # for now", "level = 2 # for now"));
    let told = stage.facts("control.setting_changed");
    assert_eq!(told.len(), 1, "{told:?}");
    let told = &told[0]["control"]["setting_changed"];
    assert_eq!((&told["key"], &told["value"]), (&"autonomy.level".into(), &"2".into()));
    let policies = stage.facts("control.policy_loaded");
    assert_eq!(policies.last().unwrap()["control"]["policy_loaded"]["level"], 2);
    let key = "cmd:pass show what-nobody-may-see";
    stage.run(&["config", "set", "providers.google.key", key, "--in", "config"]).exits(0);
    let told = stage.facts("control.setting_changed");
    assert!(told.len() == 2 && !format!("{:?}", stage.journal()).contains("what-nobody-may-see"), "{told:?}");
    stage.run(&["config", "unset", "autonomy.level", "--in", "config"]).exits(0);
    assert!(!read().contains("level = 2"));
    stage.run(&["config", "check"]).exits(0);
    stage.verify();
}

#[test]
fn c7_settings_are_read_again_and_a_mistake_keeps_what_ruled_at_level_1() {
    let stage = Stage::default();
    stage.write("app.log", "");
    let settings = |level: &str| {
        let log = stage.repo().join("app.log").display().to_string();
        stage.settings(&format!(
            "[autonomy]\nlevel = {level}\n[[service]]\nname = \"web\"\nlevel = 3\n\
             [[probe]]\nid = \"log\"\nservice = \"web\"\ntype = \"file\"\npath = \"{log}\"\n"
        ));
    };
    settings("2");
    let mut running = stage.start(&["--monitor", "--json"]);
    running.until("\"watching\"");
    let mut again = |level: &str| {
        settings(level);
        running.signal(rustix::process::Signal::HUP);
        running.until("\"reloaded\"")
    };
    let bad = again("\"two\"");
    assert_eq!(bad["level"], 1);
    let words = bad["words"].as_str().unwrap();
    assert!(words.contains("chimera.toml:2") && words.contains("level 1"), "{words}");
    // What looks, or tells the process that runs, needs no settings: the mistake is said once.
    for args in [
        &["pause", "mistaken"][..],
        &["resume"],
        &["incidents"],
        &["missions"],
        &["desk", "list"],
        &["audit", "verify"],
        &["search", "kind:control"],
        &["silence", "--service", "web", "--why", "mending"],
        &["level"],
        &["level", "1"],
    ] {
        let done = stage.run(args).exits(0);
        let said = done.stderr.matches("the built-in ones count here").count();
        assert!(said == 1 && done.stderr.contains("chimera.toml:2"), "{args:?} {}", done.all());
    }
    for (args, words) in [
        (&["level", "2"][..], "is not raised"),
        (&["brief", "x"], "the settings cannot be used"),
        (&["doctor"], "nothing is started by them"),
    ] {
        let done = stage.run(args).exits(1);
        assert!(done.all().contains(words), "{args:?} {}", done.all());
    }
    let (code, said) = talk(&stage, &["--linear"], &["quit"]);
    assert_eq!(code, Some(0), "{said}");
    holds(&said, &["the built-in ones count here", "chimera.toml:2"]);
    let good = again("3");
    assert_eq!(
        (good["level"].as_u64(), good["words"].as_str()),
        (Some(3), Some("settings read again, and they rule"))
    );
    let same = again("3");
    assert!(same["words"].as_str().unwrap().contains("the same rules"), "{same}");
    // What does not rule at once is named, and so is a broken file that the settings name.
    let words = stage.path("words");
    std::fs::create_dir(&words).unwrap();
    std::fs::write(words.join("text.txt"), "${titel}\n").unwrap();
    stage.settings(&format!(
        "[autonomy]\nlevel = 3\n[[service]]\nname = \"web\"\nlevel = 3\n[feature]\npath = \"checks\"\n[notify]\ntemplates = \"{}\"\n",
        words.display()
    ));
    running.signal(rustix::process::Signal::HUP);
    let later = running.until("\"reloaded\"");
    let later = later["words"].as_str().unwrap();
    for part in
        ["feature.path", "notify.templates", "probes", "count from the next start", "text.txt:1", "${titel}"]
    {
        assert!(later.contains(part), "{part} is not in {later}");
    }
    let checked = stage.run(&["config", "check"]);
    assert!(checked.code != Some(0) && checked.all().contains("text.txt:1"), "{}", checked.all());
    running.signal(rustix::process::Signal::TERM);
    running.end().exits(0);
    settings("\"two\"");
    let alone = stage.run(&["--linear"]).exits(1);
    assert!(alone.stderr.contains("No process runs the house here"), "{}", alone.all());
    let loaded = stage.facts("control.policy_loaded");
    let levels: Vec<_> = loaded
        .iter()
        .map(|fact| &fact["control"]["policy_loaded"])
        .map(|policy| (policy["level"].as_u64(), policy["healing"]["services"][0]["level"].as_u64()))
        .collect();
    assert_eq!(levels, [(Some(2), Some(3)), (Some(1), Some(1)), (Some(3), Some(3))], "{loaded:?}");
    let told = stage.facts("control.setting_changed");
    assert!(told[0].to_string().contains("autonomy.level"), "{told:?}");
}
