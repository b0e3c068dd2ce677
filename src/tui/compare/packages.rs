//! New dependencies that a patch names in manifests. Read from its lines, so a part of the truth: what a lock file or a
//! build script brings is not among them. Pure.

use crate::{
    domain::text::clean_line,
    tui::shot::{
        DiffDoc,
        doc::{FileDiff, Kind},
    },
};
use std::collections::BTreeSet;

/// Names that are kept.
const NAMES_MOST: usize = 32;
/// Keys of a manifest that are no dependency though their value looks like one.
const OWN: [&str; 22] = [
    "name",
    "version",
    "edition",
    "rust-version",
    "description",
    "license",
    "repository",
    "homepage",
    "documentation",
    "readme",
    "main",
    "module",
    "types",
    "type",
    "author",
    "node",
    "npm",
    "path",
    "default-run",
    "resolver",
    "lto",
    "requires-python",
];

/// Dependencies that the patch adds, by name; those that were there in another version are not new.
#[must_use]
pub fn new_packages(doc: &DiffDoc) -> Vec<String> {
    let mut found = BTreeSet::new();
    for file in &doc.files {
        let Some(read) = reader(file.path()) else { continue };
        let before = names(doc, file, read, Kind::Add);
        let after = names(doc, file, read, Kind::Del);
        found.extend(after.difference(&before).cloned());
    }
    found.into_iter().take(NAMES_MOST).collect()
}

type Reader = fn(&str) -> Option<&str>;

fn reader(path: &str) -> Option<Reader> {
    match path.rsplit('/').next().unwrap_or_default() {
        "Cargo.toml" | "pyproject.toml" => Some(toml),
        "package.json" => Some(json),
        "go.mod" => Some(go),
        "Gemfile" => Some(gem),
        name if name.starts_with("requirements") && name.ends_with(".txt") => Some(pip),
        _ => None,
    }
}

/// Names on one side of a file's hunks, within sections that may hold dependencies.
fn names(doc: &DiffDoc, file: &FileDiff, read: Reader, other: Kind) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for hunk in &file.hunks {
        let mut may = true;
        for line in hunk.lines.iter().filter(|line| line.kind != other) {
            let text = doc.text(line).trim();
            if let Some(section) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                may = section.contains("dependencies");
            } else if may && let Some(name) = read(text).filter(|name| !OWN.contains(name)) {
                found.insert(clean_line(name, 80).into());
            }
        }
    }
    found
}

/// Whether a value says a version or where a package is.
fn is_version(value: &str) -> bool {
    let value = value.trim().trim_matches([',', '"', '\'']);
    let first = value.trim_start_matches(['^', '~', '=', '>', '<', ' ', 'v']).chars().next();
    first.is_some_and(|c| c.is_ascii_digit() || c == '*') || value.starts_with("workspace:")
}

fn toml(line: &str) -> Option<&str> {
    let (name, value) = line.split_once('=')?;
    let (name, value) = (name.trim().trim_matches('"'), value.trim());
    let bare = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    let table = value.starts_with('{')
        && ["version", "path", "git", "workspace"].iter().any(|key| value.contains(key));
    (bare && (table || value.starts_with('"') && is_version(value)))
        .then(|| name.strip_suffix(".workspace").unwrap_or(name))
}

fn json(line: &str) -> Option<&str> {
    let (name, value) = line.strip_prefix('"')?.split_once("\":")?;
    (value.trim().starts_with('"') && is_version(value)).then_some(name)
}

fn go(line: &str) -> Option<&str> {
    let mut words = line.strip_prefix("require ").unwrap_or(line).split_whitespace();
    let (name, version) = (words.next()?, words.next()?);
    (name.contains('.') && version.starts_with('v') && is_version(version)).then_some(name)
}

fn gem(line: &str) -> Option<&str> {
    line.strip_prefix("gem ")?.split(['"', '\'']).nth(1)
}

fn pip(line: &str) -> Option<&str> {
    let end = line.find(|c: char| !(c.is_alphanumeric() || "-_.".contains(c))).unwrap_or(line.len());
    line.get(..end).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, body: &str) -> Vec<String> {
        let old = body.lines().filter(|line| !line.starts_with('+')).count();
        let new = body.lines().filter(|line| !line.starts_with('-')).count();
        new_packages(&DiffDoc::parse(&format!(
            "diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1,{old} +1,{new} @@\n{body}"
        )))
    }

    #[test]
    fn only_what_was_not_there_is_new() {
        let cargo = " [dependencies]\n-serde = \"1.0\"\n+serde = { version = \"1.1\" }\n+sled = \"0.34\"\n+lib = { path = \"../lib\" }\n";
        assert_eq!(found("Cargo.toml", cargo), ["lib", "sled"]);
        let own = " [package]\n-version = \"0.1.0\"\n+version = \"0.2.0\"\n+rust-version = \"1.80\"\n";
        assert!(found("a/Cargo.toml", own).is_empty());
        assert!(found("Cargo.toml", " [profile.release]\n+opt-level = \"3\"\n").is_empty());
        assert_eq!(
            found("package.json", " \"dependencies\": {\n+  \"left-pad\": \"^1.3.0\",\n   \"a\": \"1\"\n"),
            ["left-pad"]
        );
        assert!(found("package.json", "-  \"version\": \"1.0.0\",\n+  \"version\": \"1.0.1\",\n").is_empty());
        assert_eq!(found("go.mod", " require (\n+\tgithub.com/x/y v1.2.3\n )\n"), ["github.com/x/y"]);
        assert_eq!(found("Gemfile", "+gem 'rails', '~> 7'\n"), ["rails"]);
        assert_eq!(found("requirements-dev.txt", "-a==1\n+a==2\n+flask>=2\n+# words\n"), ["flask"]);
        assert!(found("src/x.rs", "+serde = \"1\"\n").is_empty());
    }
}
