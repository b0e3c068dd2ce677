//! What a log line is, and what a structured one says besides.

use crate::domain::text::Clean;
use serde::{Deserialize, Serialize};

/// Characters of an id kept.
pub const ID_MOST: usize = 64;

/// How bad a line says it is, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing is wrong, as far as the line says.
    Other,
    /// A warning.
    Warn,
    /// An error, or an exception.
    Error,
    /// A panic, an abort, a segmentation fault, a process ended by the kernel.
    Crash,
}

impl Level {
    /// Its word, as part of a fingerprint.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Crash => "crash",
        }
    }

    /// Of a word such as `ERROR`, `err`, `Critical`: in small letters, in capitals, or with a capital (not `Err`).
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        const WORDS: [(&str, Level); 21] = [
            ("trace", Level::Other),
            ("debug", Level::Other),
            ("verbose", Level::Other),
            ("info", Level::Other),
            ("information", Level::Other),
            ("informational", Level::Other),
            ("log", Level::Other),
            ("notice", Level::Other),
            ("warn", Level::Warn),
            ("warning", Level::Warn),
            ("err", Level::Error),
            ("error", Level::Error),
            ("severe", Level::Error),
            ("fatal", Level::Error),
            ("crit", Level::Error),
            ("critical", Level::Error),
            ("alert", Level::Error),
            ("emerg", Level::Error),
            ("emergency", Level::Error),
            ("dpanic", Level::Error),
            ("panic", Level::Crash),
        ];
        let rest = word.as_bytes().get(1..)?;
        let small = rest.iter().all(u8::is_ascii_lowercase);
        let capitals =
            rest.iter().all(u8::is_ascii_uppercase) && word.starts_with(|c: char| c.is_ascii_uppercase());
        let short = word.len() == 3 && small && word.starts_with(|c: char| c.is_ascii_uppercase());
        if short || !(small || capitals) {
            return None;
        }
        WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, level)| *level)
    }

    /// Of a number as pino and bunyan write it.
    #[must_use]
    pub const fn of_number(number: u64) -> Self {
        match number {
            0..40 => Self::Other,
            40..50 => Self::Warn,
            _ => Self::Error,
        }
    }

    /// Of a syslog severity, 0 the worst.
    #[must_use]
    pub const fn of_severity(severity: u64) -> Self {
        match severity {
            0..=3 => Self::Error,
            4 => Self::Warn,
            _ => Self::Other,
        }
    }
}

/// A line, looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// How bad.
    pub level: Level,
    /// The message of a structured line, not cleaned: bounded.
    pub message: Option<String>,
    /// Whom it hit, if the line says so: at most [`ID_MOST`] characters.
    pub user: Option<Clean>,
    /// Which request: at most [`ID_MOST`] characters.
    pub request: Option<Clean>,
}

impl Seen {
    /// Of this level, and nothing more is known.
    #[must_use]
    pub const fn plain(level: Level) -> Self {
        Self { level, message: None, user: None, request: None }
    }
}
