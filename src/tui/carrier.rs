//! What carries bytes from here to the person's terminal: nothing, tmux or GNU screen, and a kind of terminal. Said by
//! the environment, since that is all there is over a slow line. Decides what may be asked, what the clipboard takes
//! and how a call for attention is wrapped. Pure: the caller reads the variables.

use super::preview::eyes::{How, IMAGE};
use crate::{config::settings::Notify, domain::text::clean_line};
use base64::Engine as _;

/// Bytes of text that terminals take on the clipboard: the least of the known limits.
const CLIPBOARD_MOST: usize = 74_994;
/// Bytes of one string that GNU screen passes on.
const SCREEN_PIECE: usize = 240;
/// Kinds of terminals without strings, titles and answers.
const PLAIN_TERMS: [&str; 4] = ["dumb", "linux", "cons25", "vt"];
/// First version of the VTE library that puts text on the clipboard.
const VTE_CLIPBOARD: u32 = 7_600;
/// Terminals that show OSC 9 as a notification.
const NOTIFIERS: [&str; 5] = ["iterm", "wezterm", "ghostty", "kitty", "foot"];

/// What stands between this program and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Between {
    /// Nothing, as far as is known.
    #[default]
    Nothing,
    /// tmux: strings for the terminal must be wrapped, and it answers for it.
    Tmux,
    /// GNU screen: strings are cut into pieces and wrapped, and it answers nothing.
    Screen,
}

/// How strings go to the terminal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carrier {
    between: Between,
    plain: bool,
    clipboard: bool,
    notifies: bool,
    /// Whether strings of a kind it does not know are passed over and not printed.
    passes_over: bool,
}

impl Carrier {
    /// From the environment.
    #[must_use]
    pub fn of(var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| var(name).is_some_and(|value| !value.is_empty());
        let term = var("TERM").unwrap_or_default().to_ascii_lowercase();
        let program = var("TERM_PROGRAM").unwrap_or_default().to_ascii_lowercase();
        let between = if set("TMUX") {
            Between::Tmux
        } else if set("STY") || term.starts_with("screen") {
            Between::Screen
        } else {
            Between::Nothing
        };
        let plain = term.is_empty() || PLAIN_TERMS.iter().any(|kind| term.starts_with(kind));
        let vte = var("VTE_VERSION").and_then(|version| version.parse::<u32>().ok());
        let refuses = program == "apple_terminal" || vte.is_some_and(|version| version < VTE_CLIPBOARD);
        // At the far end of an SSH line that begins in a multiplexer: which one, and how to pass it, is not known.
        let far = !set("TMUX") && !set("STY") && (term.starts_with("screen") || term.starts_with("tmux"));
        // Within a multiplexer the variables tell of the terminal it was started in, which may be another one now.
        let known = NOTIFIERS.iter().any(|name| program.contains(name) || term.contains(name));
        Self {
            between,
            plain,
            clipboard: !plain && !refuses && !far,
            notifies: known && between == Between::Nothing,
            passes_over: !plain && !far && between != Between::Screen && program != "apple_terminal",
        }
    }

    /// Whether questions are answered by whoever shows the screen. GNU screen would keep the question as a setting.
    #[must_use]
    pub fn answers(&self) -> bool {
        !self.plain && self.between != Between::Screen
    }

    /// The bytes that put text on the clipboard; `None` where they would be lost.
    #[must_use]
    pub fn clipboard(&self, text: &str) -> Option<Vec<u8>> {
        if !self.clipboard || text.len() > CLIPBOARD_MOST {
            return None;
        }
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        Some(self.wrapped(&format!("\x1b]52;c;{encoded}\x07")))
    }

    /// How the text goes there, in words.
    #[must_use]
    pub fn path(&self) -> &'static str {
        match self.between {
            Between::Nothing => "OSC 52",
            Between::Tmux => "OSC 52 through tmux",
            Between::Screen => "OSC 52 through screen",
        }
    }

    /// The bytes that ask whether images are shown, and then what it is, which everybody answers; none where the
    /// question would be seen.
    #[must_use]
    pub fn images(&self) -> Option<Vec<u8>> {
        let question = format!("\x1b_Gi={IMAGE},s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\");
        self.passes_over.then(|| [&self.wrapped(&question), b"\x1b[c".as_slice()].concat())
    }

    /// How an image comes into the screen.
    #[must_use]
    pub fn how(&self) -> How {
        if self.between == Between::Tmux { How::Woven } else { How::Laid }
    }

    /// A command of the graphics protocol, as it has to be sent.
    #[must_use]
    pub fn graphics(&self, command: &str) -> Vec<u8> {
        self.wrapped(command)
    }

    /// The bytes that set the title of the window; none where they would be shown as text or never be undone.
    #[must_use]
    pub fn title(&self, words: &str) -> Option<Vec<u8>> {
        self.answers().then(|| format!("\x1b]2;{}\x07", harmless(words)).into_bytes())
    }

    /// The bytes that call a person.
    #[must_use]
    pub fn call(&self, how: Notify, words: &str) -> Vec<u8> {
        match how {
            Notify::Off => Vec::new(),
            Notify::Osc9 if !self.plain => self.wrapped(&format!("\x1b]9;{}\x07", harmless(words))),
            Notify::Auto if self.notifies => self.wrapped(&format!("\x1b]9;{}\x07", harmless(words))),
            Notify::Auto | Notify::Bell | Notify::Osc9 => b"\x07".to_vec(),
        }
    }

    fn wrapped(&self, string: &str) -> Vec<u8> {
        match self.between {
            Between::Nothing => string.as_bytes().to_vec(),
            Between::Tmux => format!("\x1bPtmux;{}\x1b\\", string.replace('\x1b', "\x1b\x1b")).into_bytes(),
            Between::Screen => {
                let pieces = string.as_bytes().chunks(SCREEN_PIECE);
                pieces.flat_map(|piece| [b"\x1bP", piece, b"\x1b\\"].concat()).collect()
            }
        }
    }
}

/// Words that cannot end a string of the terminal.
fn harmless(words: &str) -> String {
    clean_line(words, 120).to_string().replace(|c: char| c.is_control(), " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carrier(env: &[(&str, &str)]) -> Carrier {
        Carrier::of(|name| env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn s6_the_clipboard_is_reached_through_what_stands_between_or_not_at_all() {
        let xterm = carrier(&[("TERM", "xterm-256color")]);
        assert_eq!(xterm.clipboard("hi").unwrap(), b"\x1b]52;c;aGk=\x07");
        let tmux = carrier(&[("TERM", "tmux-256color"), ("TMUX", "/tmp/tmux")]);
        assert_eq!(tmux.clipboard("hi").unwrap(), b"\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\");
        let screen = carrier(&[("TERM", "screen.xterm-256color"), ("STY", "1.tty")]);
        let long = screen.clipboard(&"x".repeat(1_000)).unwrap();
        let pieces: Vec<&[u8]> = long.split(|byte| *byte == 0x1b).filter(|piece| piece.len() > 1).collect();
        assert!(pieces.len() > 4 && pieces.iter().all(|piece| piece.len() <= SCREEN_PIECE + 2));
        assert!(long.starts_with(b"\x1bP\x1b]52;c;") && long.ends_with(b"\x1b\\"));
        assert_eq!((tmux.path(), screen.path()), ("OSC 52 through tmux", "OSC 52 through screen"));
        for env in [
            &[("TERM", "linux")][..],
            &[("TERM", "dumb")],
            &[("TERM", "vt220")],
            &[("TERM", "screen-256color")],
            &[("TERM", "tmux-256color")],
            &[],
            &[("TERM", "xterm-256color"), ("TERM_PROGRAM", "Apple_Terminal")],
            &[("TERM", "xterm-256color"), ("VTE_VERSION", "6800")],
        ] {
            assert_eq!(carrier(env).clipboard("hi"), None, "{env:?}");
        }
        assert_eq!(xterm.clipboard(&"x".repeat(CLIPBOARD_MOST + 1)), None, "longer than terminals take");
    }

    #[test]
    fn nothing_is_asked_where_the_question_would_be_printed_or_kept() {
        for (env, answers) in [
            (&[("TERM", "xterm")][..], true),
            (&[("TERM", "screen-256color"), ("TMUX", "/tmp/tmux")], true),
            (&[("TERM", "screen"), ("STY", "1.tty")], false),
            (&[("TERM", "linux")], false),
            (&[("TERM", "dumb")], false),
        ] {
            let carrier = carrier(env);
            assert_eq!(carrier.answers(), answers, "{env:?}");
            assert_eq!(carrier.title("x").is_some(), answers, "{env:?}");
        }
    }

    #[test]
    fn a13_images_are_asked_for_where_the_question_is_not_printed() {
        let xterm = carrier(&[("TERM", "xterm-256color")]);
        assert_eq!(xterm.images().unwrap(), b"\x1b_Gi=77,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[c");
        let tmux = carrier(&[("TERM", "tmux-256color"), ("TMUX", "/tmp/tmux")]);
        assert!(tmux.images().unwrap().starts_with(b"\x1bPtmux;\x1b\x1b_Gi=77,"));
        assert_eq!((xterm.how(), tmux.how()), (How::Laid, How::Woven));
        for env in [
            &[("TERM", "linux")][..],
            &[("TERM", "dumb")],
            &[("TERM", "screen"), ("STY", "1.tty")],
            &[("TERM", "tmux-256color")],
            &[("TERM", "xterm-256color"), ("TERM_PROGRAM", "Apple_Terminal")],
        ] {
            assert_eq!(carrier(env).images(), None, "{env:?}");
        }
    }

    #[test]
    fn words_cannot_leave_their_string() {
        let kitty = carrier(&[("TERM", "xterm-kitty")]);
        let evil = "done\x07\x1b]52;c;eA==\x07\u{9c}\u{9d}2;x\x1b\\ 日本";
        for bytes in [kitty.title(evil).unwrap(), kitty.call(Notify::Auto, evil)] {
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!(text.chars().filter(|c| c.is_control()).count(), 2, "{text:?}");
            assert!(text.starts_with("\x1b]") && text.ends_with('\x07') && text.contains("日本"));
        }
    }

    #[test]
    fn a_call_is_what_the_terminal_shows() {
        let (xterm, kitty) = (carrier(&[("TERM", "xterm")]), carrier(&[("TERM", "xterm-kitty")]));
        assert_eq!(xterm.call(Notify::Auto, "x"), b"\x07");
        assert_eq!(kitty.call(Notify::Auto, "x"), b"\x1b]9;x\x07");
        assert_eq!(xterm.call(Notify::Osc9, "x"), b"\x1b]9;x\x07");
        assert_eq!((kitty.call(Notify::Bell, "x"), kitty.call(Notify::Off, "x")), (b"\x07".to_vec(), vec![]));
        let tmux = carrier(&[("TERM", "tmux"), ("TMUX", "/t")]);
        assert_eq!(tmux.call(Notify::Osc9, "x"), b"\x1bPtmux;\x1b\x1b]9;x\x07\x1b\\");
        assert_eq!(carrier(&[("TERM", "linux")]).call(Notify::Osc9, "x"), b"\x07");
    }
}
