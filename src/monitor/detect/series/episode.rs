//! When something that comes and goes within a series begins and is over: it begins with one observation, is over after
//! a run of calm ones, and what comes back soon after its beginning is still the same.

/// Calm observations after which it is over.
const CALM: u32 = 12;
/// Observations since its beginning within which it does not begin again.
const QUIET: u32 = 100;

/// Whether it is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It begins.
    Begins,
    /// It goes on.
    GoesOn,
    /// It is over.
    Ends,
    /// There is nothing.
    Calm,
}

/// Something that comes and goes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Episode {
    on: bool,
    calm: u32,
    since: u32,
    told: bool,
}

impl Episode {
    /// Takes an observation in: whether it is unusual.
    pub fn observe(&mut self, unusual: Unusual) -> Turn {
        self.since = self.since.saturating_add(1);
        if unusual == Unusual::Yes {
            self.calm = 0;
            if self.on {
                return Turn::GoesOn;
            }
            if self.told && self.since < QUIET {
                return Turn::Calm;
            }
            *self = Self { on: true, calm: 0, since: 0, told: true };
            return Turn::Begins;
        }
        if !self.on {
            return Turn::Calm;
        }
        self.calm += 1;
        if self.calm >= CALM {
            self.on = false;
            return Turn::Ends;
        }
        Turn::GoesOn
    }

    /// Whether it is so now.
    #[must_use]
    pub fn on(&self) -> bool {
        self.on
    }
}

/// Whether an observation is unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusual {
    /// It is.
    Yes,
    /// It is not.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_episode_begins_once_and_ends_when_it_is_calm() {
        let mut episode = Episode::default();
        assert_eq!(episode.observe(Unusual::No), Turn::Calm);
        assert_eq!(episode.observe(Unusual::Yes), Turn::Begins);
        assert_eq!(episode.observe(Unusual::Yes), Turn::GoesOn);
        (1..CALM).for_each(|_| assert_eq!(episode.observe(Unusual::No), Turn::GoesOn));
        assert_eq!(episode.observe(Unusual::No), Turn::Ends);
        assert_eq!(episode.observe(Unusual::Yes), Turn::Calm);
        (0..QUIET).for_each(|_| assert_ne!(episode.observe(Unusual::No), Turn::Ends));
        assert_eq!(episode.observe(Unusual::Yes), Turn::Begins);
    }
}
