//! Time as data. Nothing here reads a clock: instants arrive inside commands and events.

use serde::{Deserialize, Serialize};
use std::{
    fmt,
    ops::{Add, Sub},
    str::FromStr,
};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// A span in milliseconds, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    /// Whole seconds.
    #[must_use]
    pub const fn secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }
    /// Whole minutes.
    #[must_use]
    pub const fn mins(minutes: u64) -> Self {
        Self::secs(minutes.saturating_mul(60))
    }
    /// Whole hours.
    #[must_use]
    pub const fn hours(hours: u64) -> Self {
        Self::mins(hours.saturating_mul(60))
    }
    /// As the standard library's type.
    #[must_use]
    pub const fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0)
    }
}

impl Timestamp {
    /// Days since the epoch in UTC: the unit of the daily budget.
    #[must_use]
    pub fn utc_day(self) -> i64 {
        self.0.div_euclid(86_400_000)
    }
    /// Year, month and day in UTC. From the day count after Howard Hinnant's published method.
    #[must_use]
    pub fn civil(self) -> (i64, u8, u8) {
        let shifted = self.utc_day() + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
        let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let small = |number: i64| u8::try_from(number).unwrap_or(1);
        (year, small(month), small(day))
    }
    /// Time passed since `earlier`, nothing if the clock went backwards.
    #[must_use]
    pub fn since(self, earlier: Self) -> Millis {
        Millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Millis> for Timestamp {
    type Output = Self;
    fn add(self, span: Millis) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.0).unwrap_or(i64::MAX)))
    }
}

impl Sub<Millis> for Timestamp {
    type Output = Self;
    fn sub(self, span: Millis) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.0).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.rem_euclid(86_400_000);
        let (year, month, day) = self.civil();
        let (s, milli) = (ms / 1_000, ms % 1_000);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{milli:03}Z",
            s / 3_600,
            s / 60 % 60,
            s % 60
        )
    }
}

impl fmt::Display for Millis {
    /// `00:42`, `12:05`, `3:10:00`: what a status line shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = self.0 / 1_000;
        if s >= 3_600 {
            write!(f, "{}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60)
        } else {
            write!(f, "{:02}:{:02}", s / 60, s % 60)
        }
    }
}

/// The text is no span of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a duration such as 90s, 5m or 1h")]
pub struct BadSpan(pub String);

impl FromStr for Millis {
    type Err = BadSpan;
    /// Reads `250ms`, `90s`, `5m`, `1h`, `7d`, and sums of them such as `1h30m`.
    fn from_str(text: &str) -> Result<Self, BadSpan> {
        let bad = || BadSpan(text.to_owned());
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(bad());
        }
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: u64 = rest[..digits].parse().map_err(|_| bad())?;
            rest = &rest[digits..];
            let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let unit = match &rest[..letters] {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return Err(bad()),
            };
            rest = &rest[letters..];
            total = number.checked_mul(unit).and_then(|n| total.checked_add(n)).ok_or_else(bad)?;
        }
        Ok(Self(total))
    }
}

/// The text is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no date such as 2026-11-21 or 2026-11-21T09:30 (UTC)")]
pub struct BadDate(pub String);

impl FromStr for Timestamp {
    type Err = BadDate;
    /// Reads what [`Timestamp`] shows, and the same cut off after the day, the minute or the second. UTC; the day
    /// count after Howard Hinnant's published method.
    fn from_str(text: &str) -> Result<Self, BadDate> {
        let bad = || BadDate(text.to_owned());
        let number = |digits: &str, width: usize| -> Result<i64, BadDate> {
            let plain = digits.len() == width && digits.bytes().all(|b| b.is_ascii_digit());
            if plain { digits.parse().map_err(|_| bad()) } else { Err(bad()) }
        };
        let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
        let [year, month, day] = date.split('-').collect::<Vec<_>>()[..] else { return Err(bad()) };
        let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
        let time = time.strip_suffix('Z').unwrap_or(time);
        let (time, milli) = time.split_once('.').unwrap_or((time, "000"));
        let parts: Vec<i64> = time.split(':').map(|part| number(part, 2)).collect::<Result<_, _>>()?;
        let (hour, minute, second) = match parts[..] {
            [hour, minute] => (hour, minute, 0),
            [hour, minute, second] => (hour, minute, second),
            _ => return Err(bad()),
        };
        if hour > 23 || minute > 59 || second > 59 {
            return Err(bad());
        }
        let shifted = year - i64::from(month <= 2);
        let (era, month_shifted) = (shifted.div_euclid(400), (month + 9).rem_euclid(12));
        let year_of_era = shifted.rem_euclid(400);
        let day_of_year = (153 * month_shifted + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
        let read = Self(seconds * 1_000 + number(milli, 3)?);
        // The 31st of a short month comes out as another day.
        if read.to_string().starts_with(date) { Ok(read) } else { Err(bad()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn moments_come_back_as_they_were_shown(at in -62_000_000_000_000_i64..250_000_000_000_000, text in ".{0,24}") {
            let at = Timestamp(at);
            prop_assert_eq!(at.to_string().parse(), Ok(at));
            let _ = text.parse::<Timestamp>();
        }
    }

    #[test]
    fn dates_are_read_at_any_precision_and_wrong_ones_refused() {
        let day = Timestamp(951_782_400_000);
        for text in ["2000-02-29", "2000-02-29T00:00", "2000-02-29 00:00:00", "2000-02-29T00:00:00.000Z"] {
            assert_eq!(text.parse(), Ok(day), "{text}");
        }
        for bad in [
            "",
            "2026",
            "2026-02-29",
            "2026-13-01",
            "2026-1-1",
            "2026-01-01T25:00",
            "2026-01-01T1",
            "+026-01-01",
        ] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }

    #[test]
    fn shows_civil_dates() {
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp(951_782_400_123).to_string(), "2000-02-29T00:00:00.123Z");
        assert_eq!(Timestamp(-1).to_string(), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn reads_spans() {
        assert_eq!("1h30m".parse(), Ok(Millis::mins(90)));
        assert_eq!("250ms".parse(), Ok(Millis(250)));
        for bad in ["", "5", "m", "5 m", "5w", "99999999999999999999s"] {
            assert!(bad.parse::<Millis>().is_err(), "{bad}");
        }
    }
}
