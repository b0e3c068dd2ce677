//! Finds a project's own build, test and lint commands from the files at its top. Pure over a look at those
//! files; the director's checks replace what is found.

use crate::domain::candidate::CheckKind;
use serde_json::Value;
use std::{fs, path::Path};

/// Bytes of a project file that are looked at.
const FILE_MOST: usize = 512 * 1024;
/// Largest number of checks.
const CHECKS_MOST: usize = 16;

/// Kind and shell command of each check, in order.
pub type Checks = Vec<(CheckKind, String)>;

/// Looks for one kind of project.
type Finder = fn(&Path) -> Option<Checks>;

/// What stands at the top of a project.
trait Top {
    fn has(&self, name: &str) -> bool;
    fn text(&self, name: &str) -> String;
    fn any(&self, ending: &str) -> bool;
}

impl Top for Path {
    fn has(&self, name: &str) -> bool {
        self.join(name).exists()
    }
    fn text(&self, name: &str) -> String {
        let path = self.join(name);
        let small =
            fs::symlink_metadata(&path).is_ok_and(|about| about.is_file() && about.len() <= FILE_MOST as u64);
        if small { fs::read_to_string(path).unwrap_or_default() } else { String::new() }
    }
    fn any(&self, ending: &str) -> bool {
        fs::read_dir(self)
            .is_ok_and(|entries| entries.flatten().any(|e| e.file_name().to_string_lossy().ends_with(ending)))
    }
}

/// The checks of a project: the director's where there are some, found ones else. With the main language.
#[must_use]
pub fn find(root: &Path, wanted: &[String]) -> (String, Checks) {
    let finders: [(&str, Finder); 13] = [
        ("rust", cargo),
        ("deno", deno),
        ("javascript", node),
        ("python", python),
        ("go", go),
        ("java", maven),
        ("java", gradle),
        ("ruby", ruby),
        ("php", php),
        ("csharp", dotnet),
        ("elixir", elixir),
        ("make", make),
        ("unknown", |_| Some(Vec::new())),
    ];
    let found = finders.iter().find_map(|(word, finder)| finder(root).map(|checks| (*word, checks)));
    let (mut word, mut checks) = found.unwrap_or(("unknown", Vec::new()));
    if word == "javascript" && root.has("tsconfig.json") {
        word = "typescript";
    }
    if checks.is_empty() {
        checks = make(root).unwrap_or_default();
    }
    if !wanted.is_empty() {
        checks = wanted.iter().map(|command| (CheckKind::Acceptance, command.clone())).collect();
    }
    checks.truncate(CHECKS_MOST);
    (word.to_owned(), checks)
}

/// The command that `tests` runs: the first test, else the first acceptance check.
#[must_use]
pub fn test_command(checks: &[(CheckKind, String)]) -> Option<&str> {
    let of = |wanted: CheckKind| {
        checks.iter().find(|(kind, _)| *kind == wanted).map(|(_, command)| command.as_str())
    };
    of(CheckKind::Test).or_else(|| of(CheckKind::Acceptance))
}

fn list(items: &[(CheckKind, &str)]) -> Checks {
    items.iter().map(|(kind, command)| (*kind, (*command).to_owned())).collect()
}

fn cargo(root: &Path) -> Option<Checks> {
    let manifest = root.has("Cargo.toml").then(|| root.text("Cargo.toml"))?;
    let all = if manifest.contains("[workspace]") { " --workspace" } else { "" };
    let test = if root.has(".config/nextest.toml") { "cargo nextest run" } else { "cargo test" };
    Some(vec![
        (CheckKind::Build, format!("cargo build{all} --all-targets")),
        (CheckKind::Test, format!("{test}{all}")),
        (CheckKind::Lint, format!("cargo clippy{all} --all-targets -- -D warnings")),
    ])
}

fn deno(root: &Path) -> Option<Checks> {
    (root.has("deno.json") || root.has("deno.jsonc"))
        .then(|| list(&[(CheckKind::Test, "deno test -A"), (CheckKind::Lint, "deno lint")]))
}

fn node(root: &Path) -> Option<Checks> {
    let manifest: Value = root
        .has("package.json")
        .then(|| serde_json::from_str(&root.text("package.json")).unwrap_or_default())?;
    let tool = node_tool(root, &manifest);
    let script =
        |name: &str| manifest["scripts"][name].as_str().filter(|line| !line.contains("no test specified"));
    let mut checks = Vec::new();
    for (kind, names) in [
        (CheckKind::Build, ["build", "compile", "typecheck"]),
        (CheckKind::Test, ["test", "test:unit", "test:ci"]),
        (CheckKind::Lint, ["lint", "lint:check", "eslint"]),
    ] {
        if let Some(name) = names.into_iter().find(|name| script(name).is_some()) {
            checks.push((kind, format!("{tool} run {name}")));
        }
    }
    Some(checks)
}

/// The lock file decides; else the manifest's word; else npm.
fn node_tool(root: &Path, manifest: &Value) -> &'static str {
    let named = manifest["packageManager"].as_str().unwrap_or_default();
    for (tool, lock) in [
        ("pnpm", "pnpm-lock.yaml"),
        ("yarn", "yarn.lock"),
        ("bun", "bun.lock"),
        ("bun", "bun.lockb"),
        ("npm", "package-lock.json"),
    ] {
        if root.has(lock) {
            return tool;
        }
    }
    ["pnpm", "yarn", "bun"].into_iter().find(|tool| named.starts_with(tool)).unwrap_or("npm")
}

fn python(root: &Path) -> Option<Checks> {
    let files = ["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "tox.ini", "pytest.ini"];
    if !files.iter().any(|name| root.has(name)) && !root.any(".py") {
        return None;
    }
    let project = root.text("pyproject.toml");
    let before = if root.has("uv.lock") || project.contains("[tool.uv") {
        "uv run "
    } else if root.has("poetry.lock") {
        "poetry run "
    } else {
        ""
    };
    let says = |word: &str| {
        ["pyproject.toml", "setup.cfg", "requirements.txt", "requirements-dev.txt", "tox.ini"]
            .iter()
            .any(|name| root.text(name).contains(word))
    };
    let mut checks = Vec::new();
    if root.has("pytest.ini") || root.has("conftest.py") || root.has("tests/conftest.py") || says("pytest") {
        checks.push((CheckKind::Test, format!("{before}python -m pytest")));
    } else if root.has("tox.ini") {
        checks.push((CheckKind::Test, format!("{before}tox")));
    } else if root.has("tests") || root.has("test") || root.any("_test.py") || has_test_py(root) {
        let place = ["tests", "test"].into_iter().find(|name| root.has(name));
        let place = place.map(|name| format!(" discover -s {name} -t .")).unwrap_or_default();
        checks.push((CheckKind::Test, format!("{before}python -m unittest{place} -v")));
    }
    if root.has("ruff.toml") || says("ruff") {
        checks.push((CheckKind::Lint, format!("{before}ruff check .")));
    }
    Some(checks)
}

fn has_test_py(root: &Path) -> bool {
    fs::read_dir(root).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with("test") && name.ends_with(".py")
        })
    })
}

fn go(root: &Path) -> Option<Checks> {
    root.has("go.mod").then(|| {
        list(&[
            (CheckKind::Build, "go build ./..."),
            (CheckKind::Test, "go test -v ./..."),
            (CheckKind::Lint, "go vet ./..."),
        ])
    })
}

fn maven(root: &Path) -> Option<Checks> {
    let tool = if root.has("mvnw") { "./mvnw" } else { "mvn" };
    root.has("pom.xml").then(|| vec![(CheckKind::Test, format!("{tool} -q -B test"))])
}

fn gradle(root: &Path) -> Option<Checks> {
    let tool = if root.has("gradlew") { "./gradlew" } else { "gradle" };
    (root.has("build.gradle") || root.has("build.gradle.kts"))
        .then(|| vec![(CheckKind::Test, format!("{tool} --console=plain test"))])
}

fn ruby(root: &Path) -> Option<Checks> {
    root.has("Gemfile").then(|| {
        let mut checks = if root.has("spec") || root.has(".rspec") {
            list(&[(CheckKind::Test, "bundle exec rspec")])
        } else if root.has("Rakefile") {
            list(&[(CheckKind::Test, "bundle exec rake test")])
        } else {
            Vec::new()
        };
        if root.has(".rubocop.yml") {
            checks.extend(list(&[(CheckKind::Lint, "bundle exec rubocop")]));
        }
        checks
    })
}

fn php(root: &Path) -> Option<Checks> {
    let manifest: Value = root
        .has("composer.json")
        .then(|| serde_json::from_str(&root.text("composer.json")).unwrap_or_default())?;
    if !manifest["scripts"]["test"].is_null() {
        return Some(list(&[(CheckKind::Test, "composer run test")]));
    }
    let unit = root.has("phpunit.xml") || root.has("phpunit.xml.dist");
    Some(if unit { list(&[(CheckKind::Test, "vendor/bin/phpunit")]) } else { Vec::new() })
}

fn dotnet(root: &Path) -> Option<Checks> {
    (root.any(".sln") || root.any(".csproj") || root.any(".slnx"))
        .then(|| list(&[(CheckKind::Build, "dotnet build"), (CheckKind::Test, "dotnet test")]))
}

fn elixir(root: &Path) -> Option<Checks> {
    root.has("mix.exs").then(|| list(&[(CheckKind::Build, "mix compile"), (CheckKind::Test, "mix test")]))
}

fn make(root: &Path) -> Option<Checks> {
    let name = ["Makefile", "makefile", "GNUmakefile"].into_iter().find(|name| root.has(name))?;
    let text = root.text(name);
    let target = |wanted: &str| {
        text.lines().any(|line| {
            line.split(':').next().is_some_and(|head| {
                line.contains(':')
                    && !line.starts_with(['\t', '#'])
                    && head.split_whitespace().any(|word| word == wanted)
            })
        })
    };
    let mut checks = Vec::new();
    for (kind, names) in [
        (CheckKind::Build, ["build", "all"]),
        (CheckKind::Test, ["test", "check"]),
        (CheckKind::Lint, ["lint", "vet"]),
    ] {
        if let Some(name) = names.into_iter().find(|name| target(name)) {
            checks.push((kind, format!("make {name}")));
        }
    }
    Some(checks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a4_projects_are_recognised_by_their_files() {
        type Row<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a [&'a str]);
        let table: &[Row<'_>] = &[
            (
                &[("Cargo.toml", "[package]\nname='x'")],
                "rust",
                &["cargo build --all-targets", "cargo test", "cargo clippy --all-targets -- -D warnings"],
            ),
            (
                &[("Cargo.toml", "[workspace]")],
                "rust",
                &[
                    "cargo build --workspace --all-targets",
                    "cargo test --workspace",
                    "cargo clippy --workspace --all-targets -- -D warnings",
                ],
            ),
            (
                &[
                    ("package.json", r#"{"scripts":{"test":"vitest","build":"tsc","lint":"eslint ."}}"#),
                    ("pnpm-lock.yaml", ""),
                    ("tsconfig.json", "{}"),
                ],
                "typescript",
                &["pnpm run build", "pnpm run test", "pnpm run lint"],
            ),
            (
                &[(
                    "package.json",
                    r#"{"scripts":{"test":"echo \"Error: no test specified\" && exit 1"},"packageManager":"yarn@4"}"#,
                )],
                "javascript",
                &[],
            ),
            (&[("package.json", "{broken"), ("Makefile", "test: x\n\techo\n")], "javascript", &["make test"]),
            (
                &[("pyproject.toml", "[tool.pytest.ini_options]\n[tool.ruff]"), ("uv.lock", "")],
                "python",
                &["uv run python -m pytest", "uv run ruff check ."],
            ),
            (
                &[("app.py", ""), ("tests/test_app.py", "")],
                "python",
                &["python -m unittest discover -s tests -t . -v"],
            ),
            (&[("app.py", ""), ("test_app.py", "")], "python", &["python -m unittest -v"]),
            (&[("tox.ini", "[tox]"), ("setup.py", "")], "python", &["tox"]),
            (&[("go.mod", "module x")], "go", &["go build ./...", "go test -v ./...", "go vet ./..."]),
            (&[("pom.xml", ""), ("mvnw", "")], "java", &["./mvnw -q -B test"]),
            (&[("build.gradle.kts", "")], "java", &["gradle --console=plain test"]),
            (
                &[("Gemfile", ""), ("spec/a_spec.rb", ""), (".rubocop.yml", "")],
                "ruby",
                &["bundle exec rspec", "bundle exec rubocop"],
            ),
            (&[("composer.json", "{}"), ("phpunit.xml", "")], "php", &["vendor/bin/phpunit"]),
            (&[("deno.json", "{}")], "deno", &["deno test -A", "deno lint"]),
            (&[("shop.sln", "")], "csharp", &["dotnet build", "dotnet test"]),
            (
                &[("Makefile", ".PHONY: test lint\nall: a\n\tcc\ntest lint: all\n\t./t\n")],
                "make",
                &["make all", "make test", "make lint"],
            ),
            (&[("README", "x")], "unknown", &[]),
        ];
        for (files, word, commands) in table {
            let dir = tempfile::tempdir().unwrap();
            for (name, content) in *files {
                let path = dir.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            }
            let (language, checks) = find(dir.path(), &[]);
            assert_eq!(language, *word, "{files:?}");
            assert_eq!(checks.iter().map(|(_, c)| c.as_str()).collect::<Vec<_>>(), *commands, "{files:?}");
            let (_, checks) = find(dir.path(), &["./accept".to_owned()]);
            assert_eq!(checks, [(CheckKind::Acceptance, "./accept".to_owned())]);
            assert_eq!(test_command(&checks), Some("./accept"));
        }
    }
}
