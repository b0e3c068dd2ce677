//! How many colours the terminal has, told by its environment. Pure: the caller reads the variables.

/// Colours a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Depth {
    /// None: bold, underline and reverse carry what colour would.
    Mono,
    /// The 16 named colours.
    Sixteen,
    /// xterm's 256.
    Indexed,
    /// 24 bits.
    #[default]
    Truecolor,
}

/// Terminals that show 24 bits although some set no `COLORTERM` (over SSH it is rarely passed on).
const TRUECOLOR_TERMS: [&str; 6] = ["kitty", "alacritty", "wezterm", "foot", "ghostty", "direct"];
/// Terminals without colour.
const MONO_TERMS: [&str; 6] = ["dumb", "vt52", "vt100", "vt102", "vt220", "vt320"];

impl Depth {
    /// From the values of `COLORTERM`, `TERM` and `NO_COLOR`. A `NO_COLOR` that is set and not empty wins
    /// (no-color.org).
    #[must_use]
    pub fn from_env(colorterm: Option<&str>, term: Option<&str>, no_color: Option<&str>) -> Self {
        let term = term.unwrap_or_default().to_ascii_lowercase();
        let named = |names: &[&str]| names.iter().any(|name| term.contains(name));
        if no_color.is_some_and(|value| !value.is_empty()) || MONO_TERMS.contains(&term.as_str()) {
            Self::Mono
        } else if matches!(colorterm, Some("truecolor" | "24bit")) || named(&TRUECOLOR_TERMS) {
            Self::Truecolor
        } else if term.contains("256") {
            Self::Indexed
        } else if term.ends_with("-mono") || term.ends_with("-m") {
            Self::Mono
        } else {
            Self::Sixteen
        }
    }

    /// The one of that word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Mono, Self::Sixteen, Self::Indexed, Self::Truecolor].into_iter().find(|one| one.word() == word)
    }

    /// The word in theme files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Mono => "mono",
            Self::Sixteen => "16",
            Self::Indexed => "256",
            Self::Truecolor => "truecolor",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides() {
        let cases = [
            ((Some("truecolor"), Some("xterm-256color"), None), Depth::Truecolor),
            ((Some("24bit"), Some("tmux-256color"), None), Depth::Truecolor),
            ((Some("truecolor"), Some("xterm-256color"), Some("1")), Depth::Mono),
            ((Some("truecolor"), Some("xterm-256color"), Some("")), Depth::Truecolor),
            ((None, Some("xterm-256color"), None), Depth::Indexed),
            ((None, Some("xterm-kitty"), None), Depth::Truecolor),
            ((None, Some("screen"), None), Depth::Sixteen),
            ((None, Some("linux"), None), Depth::Sixteen),
            ((None, Some("dumb"), None), Depth::Mono),
            ((Some("truecolor"), Some("dumb"), None), Depth::Mono),
            ((None, Some("xterm-mono"), None), Depth::Mono),
            ((None, None, None), Depth::Sixteen),
        ];
        for ((colorterm, term, no_color), want) in cases {
            assert_eq!(
                Depth::from_env(colorterm, term, no_color),
                want,
                "{colorterm:?} {term:?} {no_color:?}"
            );
        }
    }
}
