//! Money in whole micro-dollars, so that sums are exact. Token prices are per million tokens, which makes
//! `tokens * price_per_million` micro-dollar arithmetic without fractions below one micro-dollar being lost
//! silently: costs are rounded up.

use serde::{Deserialize, Serialize};
use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign, Sub},
    str::FromStr,
};

/// An amount in micro-dollars (1 USD = 1,000,000). Arithmetic saturates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(pub i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Whole dollars.
    #[must_use]
    pub const fn usd(dollars: i64) -> Self {
        Self(dollars.saturating_mul(1_000_000))
    }
    /// Whole cents.
    #[must_use]
    pub const fn cents(cents: i64) -> Self {
        Self(cents.saturating_mul(10_000))
    }
    /// The amount in dollars, for JSON output only; never calculate with it.
    #[must_use]
    pub fn as_usd(self) -> f64 {
        self.0 as f64 / 1_000_000.0
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}
impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}
impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Money {
    /// `$0.42`; below a cent four digits (`$0.0013`), so that a cheap call is not shown as nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, micros) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let (dollars, rest) = (micros / 1_000_000, micros % 1_000_000);
        if micros != 0 && micros < 10_000 {
            write!(f, "{sign}${dollars}.{:04}", rest.div_ceil(100))
        } else {
            let cents = (rest + 5_000) / 10_000;
            write!(f, "{sign}${}.{:02}", dollars + cents / 100, cents % 100)
        }
    }
}

impl Money {
    /// In words as usual, and with as many decimals more as it takes to tell it from another amount that it is near to:
    /// `$0.1043` beside `$0.10`. Equal amounts read alike.
    #[must_use]
    pub fn beside(self, other: Self) -> String {
        let (usual, sign) = (self.to_string(), if self.0 < 0 { "-" } else { "" });
        if self == other || usual != other.to_string() {
            return usual;
        }
        let at = |micros: i64, decimals: u32| {
            let unit = 10_u64.pow(6 - decimals);
            (micros.unsigned_abs() + unit / 2) / unit
        };
        let decimals = if at(self.0, 4) == at(other.0, 4) { 6 } else { 4 };
        let (shown, whole) = (at(self.0, decimals), 10_u64.pow(decimals));
        format!("{sign}${}.{:0width$}", shown / whole, shown % whole, width = decimals as usize)
    }
}

/// The text is no amount of dollars.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an amount in US dollars such as 0.50")]
pub struct BadMoney(pub String);

impl FromStr for Money {
    type Err = BadMoney;
    /// Reads `0.5`, `$0.50`, `12`; at most six decimals; not negative.
    fn from_str(text: &str) -> Result<Self, BadMoney> {
        let bad = || BadMoney(text.to_owned());
        let plain = text.trim().trim_start_matches('$');
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if plain.is_empty() || plain == "." || !digits(whole) || !digits(fraction) || fraction.len() > 6 {
            return Err(bad());
        }
        let dollars: i64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| bad())? };
        let micros: i64 = format!("{fraction:0<6}").parse().map_err(|_| bad())?;
        dollars.checked_mul(1_000_000).and_then(|d| d.checked_add(micros)).map(Money).ok_or_else(bad)
    }
}

/// Tokens of one call, as the vendor counted them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Prompt tokens that were not served from a cache.
    pub input: u64,
    /// Prompt tokens read from the vendor's cache.
    pub cache_read: u64,
    /// Prompt tokens written to the vendor's cache.
    pub cache_write: u64,
    /// Tokens of the answer, reasoning included.
    pub output: u64,
    /// The part of `output` that was reasoning, where the vendor says so.
    pub reasoning: u64,
}

impl Usage {
    /// Everything that went in and came out.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.input + self.cache_read + self.cache_write + self.output
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.cache_read += other.cache_read;
        self.cache_write += other.cache_write;
        self.output += other.output;
        self.reasoning += other.reasoning;
    }
}

/// What a call cost: an amount, or honestly unknown because the price table lacks the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// Known to the micro-dollar.
    Known(Money),
    /// No price for this model.
    Unknown,
}

impl Cost {
    /// The known part; unknown counts as nothing, so show [`Cost::Unknown`] wherever it occurs.
    #[must_use]
    pub fn known(self) -> Money {
        match self {
            Self::Known(amount) => amount,
            Self::Unknown => Money::ZERO,
        }
    }
}

/// A sum with an unknown part is unknown.
impl AddAssign for Cost {
    fn add_assign(&mut self, more: Self) {
        *self = match (*self, more) {
            (Self::Known(a), Self::Known(b)) => Self::Known(a + b),
            _ => Self::Unknown,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_shows_dollars() {
        for (text, micros, shown) in [
            ("0.5", 500_000, "$0.50"),
            ("$12", 12_000_000, "$12.00"),
            (".07", 70_000, "$0.07"),
            ("0.001300", 1_300, "$0.0013"),
            ("0.999999", 999_999, "$1.00"),
        ] {
            assert_eq!(text.parse(), Ok(Money(micros)), "{text}");
            assert_eq!(Money(micros).to_string(), shown);
        }
        for bad in ["", ".", "-1", "1e3", "0.1234567", "one", "99999999999999999999"] {
            assert!(bad.parse::<Money>().is_err(), "{bad}");
        }
    }
}
