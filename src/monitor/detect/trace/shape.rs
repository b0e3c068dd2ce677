//! What stays of a function, a file or a type when line numbers, addresses, hashes, hosts and counters are taken away:
//! the words that a fingerprint is made of.
//!
//! Owns nothing. Two builds or two hosts give the same shape for the same place; two places give two.

use super::model::{Language, Step};

/// Parts of a file's path that tell it apart well enough: the last two.
const PARTS: usize = 2;

/// Module and function of a step, without what changes from run to run.
#[must_use]
pub fn step(language: Language, step: &Step) -> String {
    let function = function(language, &step.frame.function);
    match language {
        // These name the module in the function.
        Language::Java | Language::Go if !function.is_empty() => function,
        Language::Rust if function.contains("::") => function,
        Language::Php if function.contains(['\\', '>', ':']) => function,
        _ => format!("{}:{function}", module(&step.frame.file)),
    }
}

/// A type without what changes from run to run.
#[must_use]
pub fn kind(kind: &str) -> String {
    kind.split("$$").next().unwrap_or(kind).split("@anonymous").next().unwrap_or(kind).to_owned()
}

/// The last parts of a path without ending, hash and release.
fn module(file: &str) -> String {
    let slashed = file.replace('\\', "/");
    let mut parts: Vec<String> = below_root(&slashed).map(unhashed).collect();
    if let Some(last) = parts.last_mut() {
        *last = last.rsplit_once('.').map_or(last.clone(), |(stem, _)| stem.to_owned());
    }
    parts.split_off(parts.len().saturating_sub(PARTS)).join("/")
}

/// Directories under which programs are put, and how many parts of a path lead to the program.
const ROOTS: &[(&str, usize)] = &[
    ("/app/", 1),
    ("/code/", 1),
    ("/workspace/", 1),
    ("/src/", 1),
    ("/build/", 1),
    ("/usr/src/", 3),
    ("/srv/", 2),
    ("/opt/", 2),
    ("/var/www/", 3),
    ("/var/task/", 2),
    ("/home/", 3),
    ("/Users/", 3),
    ("/root/", 2),
    ("/go/src/", 2),
];

/// The parts of a path below the directory of its program, which another host may have elsewhere.
fn below_root(path: &str) -> impl Iterator<Item = &str> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let root = ROOTS.iter().find(|(root, _)| path.starts_with(root)).map_or(0, |(_, parts)| *parts);
    // `releases/20260101120000/`, `current/`.
    let release = parts.iter().position(|part| *part == "releases").map(|at| at + 2);
    let current = parts.iter().position(|part| *part == "current").map(|at| at + 1);
    let from = release.or(current).unwrap_or(root).min(parts.len().saturating_sub(1));
    parts.into_iter().skip(from)
}

/// A path's part in which every piece that is a number, a hash or a release is one mark: `main.4f3a2b1c.js`.
fn unhashed(part: &str) -> String {
    let pieces = part.split(['.', '-', '_']);
    let mut out = String::with_capacity(part.len());
    let mut at = 0;
    for piece in pieces {
        let end = at + piece.len();
        out.push_str(if changing(piece) { "#" } else { piece });
        if let Some(mark) = part[end..].chars().next() {
            out.push(mark);
        }
        at = end + 1;
    }
    out
}

/// Whether a piece is a number of three digits and more, or looks like a hash: letters and digits mixed, eight and more.
fn changing(piece: &str) -> bool {
    let digits = piece.bytes().filter(u8::is_ascii_digit).count();
    let alphanumeric = piece.bytes().all(|b| b.is_ascii_alphanumeric());
    let hex = piece.bytes().all(|b| b.is_ascii_hexdigit());
    alphanumeric
        && ((digits == piece.len() && digits >= 3)
            || (hex && digits > 0 && piece.len() >= 6)
            || (digits >= 2 && piece.len() >= 8 && piece.bytes().any(|b| b.is_ascii_alphabetic())))
}

/// A function without what changes from run to run or from build to build.
#[must_use]
pub fn function(language: Language, function: &str) -> String {
    match language {
        Language::Rust => rust(function),
        Language::Java => java(function),
        Language::Go => go(function),
        Language::Ruby => ruby(function),
        Language::Php => php(function),
        Language::Node => node(function),
        Language::Python => function.to_owned(),
    }
}

/// Without the hash at the end, closures, and what is filled in for type parameters.
fn rust(function: &str) -> String {
    let bare = match function.rsplit_once("::h") {
        Some((bare, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => bare,
        _ => function,
    };
    let mut kept: Vec<String> = Vec::new();
    for part in split(bare) {
        let closure = part.starts_with("{{") || part.starts_with("{closure") || part.starts_with("{async");
        let filled = part.starts_with('<') && !kept.is_empty();
        if !closure && !filled {
            let part = part.split_once("[").filter(|_| !part.starts_with('<')).map_or(part, |(part, _)| part);
            kept.push(part.to_owned());
        }
    }
    kept.join("::")
}

/// Parts between `::` outside of angle brackets.
fn split(name: &str) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0_usize, 0, Vec::new());
    let bytes = name.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'<' => depth += 1,
            b'>' if at == 0 || bytes[at - 1] != b'-' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && bytes.get(at + 1) == Some(&b':') => {
                parts.push(&name[from..at]);
                at += 1;
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(&name[from..]);
    parts
}

/// Without the numbers of lambdas, proxies and nameless classes.
fn java(function: &str) -> String {
    let mut out = String::with_capacity(function.len());
    for (at, part) in function.split('$').enumerate() {
        let hex = part.trim_start_matches("0x");
        let numbered = part.bytes().take_while(u8::is_ascii_digit).count();
        let (head, tail) = part.split_once(['/', '.']).map_or((part, ""), |(head, tail)| (head, tail));
        if at > 0 {
            out.push('$');
            if numbered > 0 {
                // `$1`, `$123/0x00007f`, `$1.run`.
                if out.ends_with("Lambda$") {
                    out.pop();
                }
                let method = part.rsplit_once('.').map_or("", |(_, method)| method);
                if !method.is_empty() && !method.starts_with("0x") {
                    out.push('.');
                    out.push_str(method);
                }
                continue;
            }
            if !hex.is_empty() && head.len() >= 8 && head.bytes().all(|b| b.is_ascii_hexdigit()) {
                out.push_str(if tail.is_empty() { "" } else { "." });
                out.push_str(tail);
                continue;
            }
            if head.starts_with("Lambda") || head.starts_with("Proxy") {
                out.push_str(head.trim_end_matches(|c: char| c.is_ascii_digit()));
                let method = part.rsplit_once('.').map_or("", |(_, method)| method);
                out.push_str(if method.is_empty() || method.starts_with("0x") { "" } else { "." });
                out.push_str(if method.starts_with("0x") { "" } else { method });
                continue;
            }
        }
        out.push_str(part);
    }
    out
}

/// Without closures' numbers, method values and type parameters.
fn go(function: &str) -> String {
    let mut bare = function.strip_suffix("-fm").unwrap_or(function).to_owned();
    while let Some((start, end)) = bare
        .split_once('[')
        .map(|(start, rest)| (start.len(), rest))
        .and_then(|(start, rest)| rest.find(']').map(|end| (start, start + end + 2)))
    {
        bare.replace_range(start..end, "");
    }
    loop {
        let Some((rest, last)) = bare.rsplit_once('.') else { return bare };
        let counter = ["func", "gowrap", "deferwrap", ""].iter().any(|word| {
            last.strip_prefix(word)
                .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        });
        if !counter || rest.is_empty() {
            return bare;
        }
        bare = rest.to_owned();
    }
}

/// Without the block it happened in.
fn ruby(function: &str) -> String {
    let mut bare = function;
    loop {
        let shorter = ["block in ", "rescue in ", "ensure in ", "rescue "]
            .iter()
            .find_map(|start| bare.strip_prefix(start))
            .or_else(|| {
                bare.strip_prefix("block (").and_then(|rest| rest.split_once(") in ")).map(|(_, rest)| rest)
            });
        match shorter {
            Some(shorter) => bare = shorter,
            None => return bare.to_owned(),
        }
    }
}

/// Without the place of a closure or a nameless class.
fn php(function: &str) -> String {
    let bare = match function.split_once("{closure:") {
        Some((start, _)) => format!("{start}{{closure}}"),
        None => function.to_owned(),
    };
    match bare.split_once("@anonymous") {
        Some((start, rest)) => {
            let method = rest.rsplit_once("->").map_or("", |(_, method)| method);
            format!("{start}@anonymous->{method}")
        }
        None => bare,
    }
}

/// Without the name it was called as.
fn node(function: &str) -> String {
    let bare = function.split_once(" [as ").map_or(function, |(bare, _)| bare);
    let bare = bare.strip_prefix("new ").unwrap_or(bare);
    bare.replace("Object.<anonymous>", "<anonymous>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_between_runs_is_taken_off() {
        for (language, one, other) in [
            (Language::Rust, "shop::pay::charge::h0123456789abcdef", "shop::pay::charge::hfedcba9876543210"),
            (Language::Rust, "shop::pay::charge::{{closure}}::{{closure}}", "shop::pay::charge::{closure#1}"),
            (Language::Rust, "shop::pay::charge::<u64>", "shop::pay::charge::<alloc::string::String>"),
            (Language::Java, "a.B.lambda$run$0", "a.B.lambda$run$17"),
            (Language::Java, "a.B$$Lambda$123/0x0000000800c1.run", "a.B$$Lambda$9/0x00000001.run"),
            (Language::Java, "a.B$$Lambda/0x00007f12.run", "a.B$$Lambda$14.run"),
            (Language::Java, "a.B$1.run", "a.B$2.run"),
            (Language::Go, "main.(*S).run.func1.2", "main.(*S).run.func3"),
            (Language::Go, "main.Map[...].Get-fm", "main.Map[int].Get"),
            (Language::Ruby, "block (2 levels) in Cart#total", "Cart#total"),
            (Language::Php, "{closure:App\\A::b():12}", "{closure:App\\A::b():99}"),
            (Language::Node, "Layer.handle [as handle_request]", "Layer.handle"),
        ] {
            assert_eq!(function(language, one), function(language, other), "{one}");
        }
    }

    #[test]
    fn what_tells_two_places_apart_stays() {
        for (language, one, other) in [
            (Language::Rust, "shop::pay::charge", "shop::pay::refund"),
            (Language::Rust, "<shop::A as shop::Run>::run", "<shop::B as shop::Run>::run"),
            (Language::Java, "a.B.lambda$run$0", "a.B.lambda$stop$0"),
            (Language::Java, "a.B$Inner.run", "a.B$Other.run"),
            (Language::Go, "main.(*S).run", "main.(*T).run"),
            (Language::Ruby, "Cart#total", "Cart#tax"),
        ] {
            assert_ne!(function(language, one), function(language, other), "{one}");
        }
    }

    #[test]
    fn paths_lose_releases_and_hashes() {
        assert_eq!(
            module("/srv/releases/20260101120000/static/main.4f3a2b1c.js"),
            module("/opt/x/static/main.99aa11bb.js")
        );
        assert_eq!(module("/app/src/orders/service.py"), "orders/service");
        assert_ne!(module("/app/src/orders/service.py"), module("/app/src/carts/service.py"));
        assert_eq!(module(""), "");
    }
}
