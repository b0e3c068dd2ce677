//! docs/runbooks.md: its tables are made of what is shipped, its recipes are read as any runbook is.

use super::house;
use chimera::{
    config::runbooks::{self, Shelf},
    domain::{binding, runbook::Runbook},
};
use std::{fmt::Write as _, fs};

/// The page, with its tables as they should be.
pub fn page() -> String {
    let page = fs::read_to_string(house("docs/runbooks.md")).unwrap();
    let page = between(&page, "shipped", &shipped());
    between(&page, "facts", &facts())
}

/// Puts a table between its two marks.
fn between(page: &str, name: &str, table: &str) -> String {
    let (before, rest) = page.split_once(&format!("<!-- {name}: ")).unwrap();
    let (mark, rest) = rest.split_once("-->\n").unwrap();
    let end = format!("<!-- /{name} -->");
    let (_, after) = rest.split_once(&end).unwrap();
    format!("{before}<!-- {name}: {mark}-->\n{table}{end}{after}")
}

fn shipped() -> String {
    let mut out = String::from("| id | tier | does | on | needs |\n|---|---|---|---|---|\n");
    for shelved in Shelf::shipped().runbooks {
        let Runbook { id, tier, summary, matches, .. } = &shelved.runbook;
        let code =
            |words: Vec<String>| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ");
        let (kinds, needs) = (code(matches.kinds.clone()), code(needs(&shelved.runbook)));
        let _ = writeln!(out, "| `{id}` | {tier} | {summary} | {kinds} | {needs} |");
    }
    out
}

/// What the service must say of itself, and what whoever runs it must give.
fn needs(runbook: &Runbook) -> Vec<String> {
    let text = fs::read_to_string(house(&format!("assets/runbooks/{}.toml", runbook.id))).unwrap();
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let named = |name: &str| {
        code.split(&format!("service.{name}"))
            .skip(1)
            .any(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
    };
    let own = binding::SERVICE_VARIABLES.iter().map(|(name, _)| *name).filter(|name| named(name));
    let declared = runbook.variables.keys().map(|name| name.strip_prefix("service.").unwrap_or(name));
    own.chain(declared).map(str::to_owned).collect()
}

/// The table at the head of the language, as it stands there.
fn facts() -> String {
    let source = fs::read_to_string(house("src/domain/expr/mod.rs")).unwrap();
    let rows: Vec<&str> = source.lines().filter_map(|line| line.strip_prefix("//! |")).collect();
    assert!(rows.len() > 30, "the table of facts was not found");
    rows.iter().fold(String::new(), |mut out, row| {
        let _ = writeln!(out, "|{row}");
        out
    })
}

#[test]
fn e11_every_recipe_of_the_cookbook_is_a_runbook_without_a_mistake() {
    let page = fs::read_to_string(house("docs/runbooks.md")).unwrap();
    let recipes: Vec<&str> =
        page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(recipes.len() >= 5, "{} recipes", recipes.len());
    let dir = tempfile::tempdir().unwrap();
    for (nth, recipe) in recipes.iter().enumerate() {
        fs::write(dir.path().join(format!("{nth}.toml")), recipe).unwrap();
    }
    let shelf = Shelf::load(&[dir.path().to_path_buf()]);
    let problems = runbooks::lint(&shelf, &[]);
    assert!(problems.is_empty(), "{problems:#?}");
    let shipped = Shelf::shipped().runbooks.len();
    assert_eq!(shelf.runbooks.len(), shipped + recipes.len(), "each recipe has an id of its own");
}
