//! `symbols`: where things are defined, by a table of line patterns per language. It finds what starts a line;
//! that is honest about being a table, and needs no index.

use super::{Output, PermissionClass, Tool, Workplace, blocking, input, list, place, schema};
use crate::{domain::text, providers::wire::ToolSpec};
use futures::future::{BoxFuture, FutureExt as _};
use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::{fs, path::Path, sync::LazyLock};

/// Definitions shown.
const SHOWN_MOST: usize = 300;
/// Files looked at.
const FILES_MOST: usize = 20_000;
/// Larger files are not looked at, in bytes.
const FILE_MOST: u64 = 2 * 1024 * 1024;

/// Finds definitions.
pub struct Symbols;

/// What to find.
#[derive(Debug, Deserialize, JsonSchema)]
struct SymbolsInput {
    /// Part of the name, any case; left out: all.
    name: Option<String>,
    /// File or directory; left out: the whole repository.
    path: Option<String>,
}

/// File endings, and the pattern whose group `name` is what is defined.
const LANGUAGES: &[(&[&str], &str)] = &[
    (
        &["rs"],
        r#"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:default\s+)?(?:const\s+)?(?:async\s+)?(?:unsafe\s+)?(?:extern\s+"[^"]*"\s+)?(?:fn|struct|enum|union|trait|mod|type|static|const|macro_rules!)\s+(?:mut\s+)?(?P<name>[A-Za-z_]\w*)"#,
    ),
    (
        &["ts", "tsx", "js", "jsx", "mjs", "cjs", "mts"],
        r"^\s*(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|class|interface|enum|type|namespace|const|let|var)\s+(?P<name>[A-Za-z_$][\w$]*)",
    ),
    (&["py", "pyi"], r"^\s*(?:async\s+)?(?:def|class)\s+(?P<name>[A-Za-z_]\w*)"),
    (&["go"], r"^(?:func\s+(?:\([^)]*\)\s*)?|type\s+|var\s+|const\s+)(?P<name>[A-Za-z_]\w*)"),
    (
        &["java", "kt", "cs", "scala", "swift"],
        r"^\s*(?:(?:public|private|protected|internal|static|final|abstract|sealed|open|override|data|suspend|async|virtual)\s+)*(?:class|interface|enum|record|object|struct|trait|fun|func|def|(?:[\w<>\[\],.?]+\s+)(?P<method>[A-Za-z_]\w*)\s*\([^;]*\)\s*(?:throws\s+[\w., ]+)?\{)\s*(?P<name>[A-Za-z_]\w*)?",
    ),
    (&["rb"], r"^\s*(?:def\s+(?:self\.)?|class\s+|module\s+)(?P<name>[A-Za-z_][\w:]*[?!=]?)"),
    (
        &["c", "h", "cc", "cpp", "hpp", "cxx"],
        r"^(?:#define\s+(?P<macro>\w+)|(?:typedef\s+)?(?:struct|enum|union|class|namespace)\s+(?P<name>\w+)\s*(?:\{|:|$)|[A-Za-z_][\w\s*&:<>,]*?[\s*&](?P<method>[A-Za-z_]\w*)\s*\([^;]*$)",
    ),
    (
        &["php"],
        r"^\s*(?:(?:public|private|protected|static|abstract|final)\s+)*(?:function|class|interface|trait)\s+(?P<name>\w+)",
    ),
    (&["sh", "bash"], r"^\s*(?:function\s+)?(?P<name>[A-Za-z_]\w*)\s*\(\)"),
];

static PATTERNS: LazyLock<Vec<(&'static [&'static str], Regex)>> = LazyLock::new(|| {
    LANGUAGES
        .iter()
        .filter_map(|(ends, pattern)| Regex::new(pattern).ok().map(|regex| (*ends, regex)))
        .collect()
});

impl Tool for Symbols {
    fn spec(&self) -> ToolSpec {
        schema::spec::<SymbolsInput>(
            "symbols",
            "Finds definitions (functions, types, constants) by name in Rust, TypeScript, JavaScript, Python, Go, Java, C#, Kotlin, Ruby, C, C++, PHP and shell files.",
        )
    }
    fn class(&self) -> PermissionClass {
        PermissionClass::Read
    }
    fn call<'a>(&'a self, at: &'a Workplace<'a>, given: Value) -> BoxFuture<'a, Output> {
        async move {
            let wanted: SymbolsInput = match input(&self.spec(), given) {
                Ok(wanted) => wanted,
                Err(output) => return output,
            };
            let root = at.bench.root();
            let found = place::find(root, ".").and_then(|top| {
                place::find(root, wanted.path.as_deref().unwrap_or(".")).map(|place| (top, place))
            });
            let name = wanted.name.unwrap_or_default().to_lowercase();
            match found {
                Ok((top, place)) => blocking(move || definitions(&top.real, &place.real, &name)).await,
                Err(words) => words.into(),
            }
        }
        .boxed()
    }
}

fn definitions(top: &Path, start: &Path, wanted: &str) -> Output {
    let mut lines = Vec::new();
    let walk = list::walk(start).max_filesize(Some(FILE_MOST)).sort_by_file_name(Ord::cmp).build();
    for entry in walk.flatten().filter(|e| e.file_type().is_some_and(|kind| kind.is_file())).take(FILES_MOST)
    {
        let Some(pattern) = pattern_of(entry.path()) else { continue };
        let Ok(bytes) = fs::read(entry.path()) else { continue };
        let shown = entry.path().strip_prefix(top).unwrap_or(entry.path()).to_string_lossy();
        for (number, line) in String::from_utf8_lossy(&bytes).lines().enumerate() {
            if !defines(pattern, line, wanted) {
                continue;
            }
            if lines.len() == SHOWN_MOST {
                lines.push(format!("[stopped at {SHOWN_MOST}; name a path or more of the name]"));
                return Output::done(lines.join("\n"));
            }
            let line = text::clean_line(line.trim(), 200);
            lines.push(format!("{}:{}: {line}", text::clean_line(&shown, 1_000), number + 1));
        }
    }
    if lines.is_empty() { Output::done("no definitions found") } else { Output::done(lines.join("\n")) }
}

fn pattern_of(path: &Path) -> Option<&'static Regex> {
    let end = path.extension()?.to_str()?;
    PATTERNS.iter().find(|(ends, _)| ends.contains(&end)).map(|(_, regex)| regex)
}

fn defines(pattern: &Regex, line: &str, wanted: &str) -> bool {
    const STATEMENTS: [&str; 8] = ["if", "for", "while", "switch", "return", "else", "catch", "new"];
    let Some(found) = pattern.captures(line) else { return false };
    let name = ["name", "method", "macro"].iter().find_map(|group| found.name(group));
    name.is_some_and(|name| {
        !STATEMENTS.contains(&name.as_str()) && name.as_str().to_lowercase().contains(wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::{Desk, TestBench};
    use serde_json::json;

    #[test]
    fn each_language_has_a_pattern_that_compiles_and_finds() {
        assert_eq!(PATTERNS.len(), LANGUAGES.len());
        for (file, line, name) in [
            ("a.rs", "    pub(crate) async fn total(&self) -> u32 {", "total"),
            ("a.rs", "pub struct Cart {", "cart"),
            ("a.ts", "export default async function load<T>() {", "load"),
            ("a.tsx", "export const Button = () => (", "button"),
            ("a.py", "    async def fetch(self):", "fetch"),
            ("a.go", "func (c *Cart) Sum() int {", "sum"),
            ("A.java", "    public static int sum(List<Integer> xs) {", "sum"),
            ("A.java", "public final class Cart {", "cart"),
            ("a.kt", "suspend fun load() {", "load"),
            ("a.rb", "  def self.empty?", "empty"),
            ("a.c", "static int *find(struct list *l, int k)", "find"),
            ("a.h", "#define LIMIT 3", "limit"),
            ("a.php", "  public function show() {", "show"),
            ("a.sh", "build() {", "build"),
        ] {
            let pattern = pattern_of(Path::new(file)).unwrap();
            assert!(defines(pattern, line, name), "{file}: {line}");
            assert!(!defines(pattern, line, "zzz"), "{file}: {line}");
        }
        let java = pattern_of(Path::new("a.java")).unwrap();
        assert!(!defines(java, "        } else if (x) {", "if"));
    }

    #[tokio::test]
    async fn finds_definitions_by_part_of_the_name() {
        let bench = TestBench::repo(&[
            ("src/cart.rs", "struct Cart;\nimpl Cart {\n    fn total() {}\n}\n"),
            ("x.txt", "fn total"),
        ]);
        let desk = Desk::default();
        let at = bench.workplace(&desk);
        let output = Symbols.call(&at, json!({"name": "TOT"})).await;
        assert_eq!(output.text, "src/cart.rs:3: fn total() {}");
        let none = Symbols.call(&at, json!({"name": "nothing", "path": "src"})).await;
        assert_eq!(none.text, "no definitions found");
    }
}
