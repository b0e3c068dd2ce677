//! Settings as a person meets them: what the check refuses, and that a bad look keeps nothing else from working.

use super::stage::*;
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
    let said = "chimera.toml:2:9: ui.theme: there is no theme \"drak\"; there are dark, light\n";
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
    stage.env.push(("CHIMERA_KEYMAP".into(), "emacs".into()));
    let done = stage.run(&["config", "check"]).exits(1);
    assert!(done.stdout.starts_with("CHIMERA_KEYMAP: ui.keymap: there is no keymap \"emacs\""), "{done:?}");
}
