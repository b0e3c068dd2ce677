//! The documents: what is generated is compared with its source, what is linked exists.
//! `CHIMERA_BLESS=1 cargo test -- docs::` writes generated documents anew.

mod api;
mod client;
mod cookbook;
mod deploy;
mod steps;

use chimera::{
    server,
    tui::{
        commands::{self, Context},
        keymap::{self, Keymap},
        linear::verbs,
    },
};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn house(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// Compares a generated document with the kept one, or writes it.
fn kept(file: &str, made: &str) {
    if std::env::var_os("CHIMERA_BLESS").is_some() {
        fs::write(house(file), made).unwrap();
    }
    let there = fs::read_to_string(house(file)).unwrap_or_default();
    assert!(there == made, "{file} is out of date: CHIMERA_BLESS=1 cargo test -- docs:: writes it anew");
}

fn keys() -> String {
    let maps = keymap::NAMES.map(|name| Keymap::load(name, None).unwrap());
    let mut out = String::from(
        "# Keys\n\n<!-- Generated from src/tui/commands.rs and keymaps/; CHIMERA_BLESS=1 cargo test -- docs:: writes it \
         anew. -->\n\nThe keymap is `keymap` in `[ui]`: `default`, `vim` or `emacs`; `look.keymap` in the palette changes it \
         while the screen is\nup. A file `keymaps/<name>.toml` beside your `chimera.toml` is laid over it, and one of \
         another name is a keymap of its own\n(`base = \"vim\"` says over which): rows `{ on = \"ctrl-t\", run = \
         \"palette.open\" }`, with the command's name from the last column;\n`run = \"none\"` takes a key away. It is read \
         again whenever it changes; a mistake is told with its line, and the keys stay as they\nwere. On the screen `?` \
         shows the keys in force, and half a second after the first key of a sequence a panel lists what may follow.\n\n\
         **In tmux and GNU screen** their own prefix never arrives here: `ctrl-b`, `ctrl-a`. Nothing needs it: every command \
         has keys\nwithout these and without `ctrl-s` and `ctrl-q`, which some terminals keep for themselves (a test holds \
         it). To send one all the\nsame, press it twice in tmux, or `ctrl-a a` in screen; to be rid of the clash, change \
         it there (`set -g prefix C-Space`, `escape ^Oo`).\nFor clipboard and notifications through tmux set `set -g \
         allow-passthrough on`, for focus `set -g focus-events on`.\n",
    );
    for context in Context::ALL {
        let rows: Vec<_> = commands::ALL.iter().filter(|entry| entry.context == context).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = write!(
            out,
            "\n## {}\n\n| Default | Vim | Emacs | Does | Command |\n|---|---|---|---|---|\n",
            context.title()
        );
        for entry in rows {
            let shown = |map: &Keymap| {
                let keys = map.keys_of(entry.id);
                let quoted = keys.iter().map(|key| format!("`{}`", key.replace('|', "\\|")));
                quoted.collect::<Vec<_>>().join(" ")
            };
            let _ = writeln!(
                out,
                "| {} | {} | `{}` |",
                maps.each_ref().map(shown).join(" | "),
                entry.help,
                entry.name
            );
        }
    }
    out
}

#[test]
fn keys_are_those_of_the_keymaps() {
    kept("docs/keys.md", &keys());
}

fn lines() -> String {
    let mut out = String::from(
        "# The screen as lines\n\n<!-- The table is generated from src/tui/linear/verbs.rs; CHIMERA_BLESS=1 cargo test -- \
         docs:: writes it anew. -->\n\n\
         `chimera --linear` (and `chimera demo --linear`) is the whole program without a picture, for screen readers, \
         logs, pipes and\nterminals that cannot move a cursor. It is chosen by itself where stdout or stdin is no \
         terminal or `TERM` is `dumb`; its first\nline says so.\n\n\
         - Every change is one new line with a plain word first: `waiting: R-3 choose, M-12, 2 candidates, A Anthropic, \
         B Google,\n  revision r3`. Nothing moves, nothing spins, there is no colour and no escape byte.\n\
         - Verbs are read from stdin, one a line; the terminal edits the line. Teams are named by letter, number, name or \
         vendor.\n  A line that begins with `#` is a remark.\n\
         - A decision is of the revision that was said last, and says what it decided. Where the request has changed \
         since, nothing is\n  decided and the new text is said. A script names the revision it means: `approve R-3 r4 B`. \
         What a person at a terminal types\n  within 300 ms of a change is refused as on the screen.\n\
         - `wait` reads no more lines until something waits for you or nothing runs, so that a script can be piped in. The \
         end of stdin\n  ends the program; missions go on at the next start.\n\
         - Every command of the screens is there: `commands` lists how each is reached, `run NAME` does those without a \
         verb, `screen\n  NAME` reads a screen row by row.\n\n\
         ```\nchimera --linear <<'END'\ncheck cargo test\nbrief\nCheckout returns 500 when the cart is empty.\n.\nwait\n\
         compare R-1\napprove R-1 A\nwait end\naudit\nEND\n```\n\n| Line | Does |\n|---|---|\n",
    );
    for verb in verbs::VERBS {
        let form = format!("{} {}", verb.name, verb.form).trim().replace('|', "\\|");
        let also = match verb.also {
            [] => String::new(),
            also => format!(" Also `{}`.", also.join("`, `")),
        };
        let _ = writeln!(out, "| `{form}` | {}{also} |", verb.help);
    }
    out
}

#[test]
fn verbs_of_lines_are_those_of_the_face() {
    kept("docs/linear.md", &lines());
}

#[test]
fn d9_the_api_is_described_as_it_is_served() {
    kept("docs/api.md", &api::page(&server::document()));
}

#[test]
fn e11_the_cookbook_has_what_is_shipped_and_what_can_be_asked() {
    kept("docs/runbooks.md", &cookbook::page());
}

#[test]
fn d9_the_python_client_is_made_of_the_document() {
    kept("clients/python/chimera_client.py", &client::module(&server::document()));
}

/// Every document for people.
fn documents() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(house("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    found.push(house("README.md"));
    assert!(found.len() > 5, "the documents were not found");
    found
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for rest in text.split("](").skip(1) {
            let target = rest.split([')', '#']).next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            if !document.parent().unwrap().join(target).exists() {
                broken.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn rules_named_in_the_documents_are_rules_of_the_gate() {
    let safety = fs::read_to_string(house("docs/safety.md")).unwrap();
    let gate =
        ["src/policy/gate.rs", "src/policy/tier.rs"].map(|file| fs::read_to_string(house(file)).unwrap());
    let named: Vec<&str> = safety
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(rule, _)| rule))
        .collect();
    assert!(named.len() > 15, "the table of rules was not found");
    for rule in named {
        let quoted = format!("\"{rule}\"");
        assert!(
            gate.iter().any(|text| text.contains(&quoted)),
            "docs/safety.md names {rule}, the gate has none"
        );
    }
}
