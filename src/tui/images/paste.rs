//! Which paths a paste consists of, as terminals write a file that is dragged onto them: plain, quoted, with
//! backslashes, or as a `file://` address. Pure; nothing here says that there is such a file.

use super::picture::Paste;

/// Bytes of a paste that may be paths.
const BYTES_MOST: usize = 8 * 1024;
/// Paths of one paste.
const PATHS_MOST: usize = 8;
/// Endings that make a word without a place worth a look.
const ENDINGS: [&str; 5] = [".png", ".jpg", ".jpeg", ".gif", ".webp"];

/// The paths that a paste consists of; none if it is something else.
#[must_use]
pub fn pastes(text: &str) -> Vec<Paste> {
    let text = text.trim();
    if text.is_empty() || text.len() > BYTES_MOST || text.chars().any(char::is_control) {
        return Vec::new();
    }
    let words = words(text).unwrap_or_default();
    if words.len() > PATHS_MOST {
        return Vec::new();
    }
    let each: Option<Vec<Paste>> = words.into_iter().map(|(written, word)| paste(written, &word)).collect();
    match each {
        // Several say where they are: `/my shot.png` is one.
        Some(found) if found.len() == 1 => found,
        Some(found) if !found.is_empty() && found.iter().all(|paste| place(&paste.path)) => found,
        // A path with spaces that nobody has quoted.
        _ => paste(text, text).filter(|whole| place(&whole.path)).into_iter().collect(),
    }
}

/// Words as a shell reads them, each beside how it is written; none if a quote is left open.
fn words(text: &str) -> Option<Vec<(&str, String)>> {
    let mut words = Vec::new();
    let mut word: Option<(usize, String)> = None;
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        let held = word.as_mut();
        match (quote, c) {
            (None, ' ') => {
                words.extend(word.take().and_then(|(from, word)| Some((text.get(from..at)?, word))))
            }
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_with(|| (at, String::new()));
            }
            (Some(open), _) if c == open => quote = None,
            (None | Some('"'), '\\') => {
                let (_, next) = chars.next()?;
                word.get_or_insert_with(|| (at, String::new())).1.push(next);
            }
            _ => match held {
                Some((_, word)) => word.push(c),
                None => word = Some((at, c.to_string())),
            },
        }
    }
    words.extend(word.and_then(|(from, word)| Some((text.get(from..)?, word))));
    quote.is_none().then_some(words)
}

fn paste(written: &str, word: &str) -> Option<Paste> {
    let path = match word.strip_prefix("file://") {
        // No host, or this one.
        Some(rest) => {
            decoded(rest.strip_prefix("localhost").unwrap_or(rest)).filter(|path| path.starts_with('/'))?
        }
        None => word.to_owned(),
    };
    let lower = path.to_ascii_lowercase();
    let worth = place(&path) || ENDINGS.iter().any(|ending| lower.ends_with(ending));
    let web = path.contains("://");
    (worth && !web).then(|| Paste { written: written.to_owned(), path })
}

/// Whether it says where the file is.
fn place(path: &str) -> bool {
    ["/", "~/", "./", "../"].iter().any(|start| path.len() > start.len() && path.starts_with(start))
}

/// Percent signs undone; none if what comes out is no text.
fn decoded(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok().filter(|path| !path.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        pastes(text).into_iter().map(|paste| paste.path).collect()
    }

    #[test]
    fn a6_a_dragged_file_is_a_path_however_the_terminal_writes_it() {
        for (text, path) in [
            ("/home/ada/shot.png", "/home/ada/shot.png"),
            ("/home/ada/shot.png \n", "/home/ada/shot.png"),
            ("'/home/ada/my shot.png'", "/home/ada/my shot.png"),
            ("\"/home/ada/my shot.png\" ", "/home/ada/my shot.png"),
            ("/home/ada/my\\ shot\\ \\(1\\).png", "/home/ada/my shot (1).png"),
            ("/home/ada/my shot.png", "/home/ada/my shot.png"),
            ("file:///home/ada/my%20shot%C3%A9.png", "/home/ada/my shoté.png"),
            ("file://localhost/a.png", "/a.png"),
            ("~/shot.webp", "~/shot.webp"),
            ("/home/ada/ada's.png", "/home/ada/ada's.png"),
            ("shots/Now.PNG", "shots/Now.PNG"),
            ("/home/ada/no-ending", "/home/ada/no-ending"),
        ] {
            assert_eq!(paths(text), [path], "{text}");
        }
        assert_eq!(paths("'/a b.png' /c.png file:///d.png"), ["/a b.png", "/c.png", "/d.png"]);
        let two = pastes("'/a b.png' /c\\ d.png");
        let written: Vec<_> = two.iter().map(|paste| paste.written.as_str()).collect();
        assert_eq!(written, ["'/a b.png'", "/c\\ d.png"], "what stands in the text is what is replaced");
    }

    #[test]
    fn words_are_no_paths() {
        for text in [
            "",
            "/",
            "Checkout returns 500",
            "see https://example.org/a.png",
            "https://example.org/a.png",
            "file://elsewhere/a.png",
            "it's broken",
            "/a.png\n/b.png",
            "file:///%00",
            "fix a.png and more",
            &"/x ".repeat(9),
            &format!("/{}", "x".repeat(BYTES_MOST)),
        ] {
            assert_eq!(paths(text), Vec::<String>::new(), "{text:?}");
        }
    }
}
