//! When the next frame is due. Pure: times go in, a time comes out. Many reasons to draw become one frame; keys
//! are answered at once, news soon, streams at a rate that keeps scrolling panes cheap.

use crate::domain::time::Millis;

/// Why a frame is wanted, from the least to the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Streamed text.
    Stream,
    /// A state, a clock tick, another size.
    News,
    /// A key.
    Person,
}

/// How often frames come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tempo {
    /// As often as people see a difference.
    #[default]
    Full,
    /// As seldom as a restless eye wants it.
    Still,
    /// As seldom as a slow line wants it.
    Slow,
}

impl Tempo {
    /// Shortest time between frames that only show this. Redrawing a pane that scrolls costs its whole area.
    fn gap(self, why: Why) -> Millis {
        match (why, self) {
            (Why::Person, _) => Millis(0),
            (Why::News, Self::Full) => Millis(33),
            (Why::News, Self::Still | Self::Slow) => Millis(250),
            (Why::Stream, Self::Full) => Millis(125),
            (Why::Stream, Self::Still) => Millis(1_000),
            (Why::Stream, Self::Slow) => Millis(500),
        }
    }

    /// How long a clock on the screen stands still.
    #[must_use]
    pub fn tick(self) -> Millis {
        match self {
            Self::Full => Millis(1_000),
            Self::Still | Self::Slow => Millis(5_000),
        }
    }
}

/// Requests for frames, gathered.
#[derive(Debug, Default)]
pub struct Pace {
    wanted: Option<Why>,
    drawn: Option<Millis>,
}

impl Pace {
    /// A frame is wanted.
    pub fn want(&mut self, why: Why) {
        self.wanted = self.wanted.max(Some(why));
    }

    /// When to draw (monotonic), if at all.
    #[must_use]
    pub fn due(&self, tempo: Tempo) -> Option<Millis> {
        let gap = tempo.gap(self.wanted?);
        Some(self.drawn.map_or(Millis(0), |at| Millis(at.0 + gap.0)))
    }

    /// A frame was drawn.
    pub fn drew(&mut self, now: Millis) {
        self.wanted = None;
        self.drawn = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_wishes_are_one_frame_and_keys_do_not_wait() {
        let mut pace = Pace::default();
        let due = |pace: &Pace| pace.due(Tempo::Full);
        assert_eq!(due(&pace), None, "nothing changed: nothing is drawn");
        pace.want(Why::Stream);
        assert_eq!(due(&pace), Some(Millis(0)), "the first change is drawn at once");
        pace.drew(Millis(1_000));
        assert_eq!(due(&pace), None);
        pace.want(Why::Stream);
        pace.want(Why::Stream);
        assert_eq!(due(&pace), Some(Millis(1_125)));
        pace.want(Why::News);
        assert_eq!(due(&pace), Some(Millis(1_033)));
        pace.want(Why::Person);
        pace.want(Why::Stream);
        assert_eq!(due(&pace), Some(Millis(1_000)));
    }

    #[test]
    fn a_slow_line_has_few_frames_and_keys_are_still_answered_at_once() {
        for tempo in [Tempo::Still, Tempo::Slow] {
            let mut pace = Pace::default();
            pace.drew(Millis(1_000));
            pace.want(Why::Stream);
            assert!(pace.due(tempo) >= Some(Millis(1_250)), "{tempo:?}: at most 4 frames a second");
            pace.want(Why::News);
            assert_eq!(pace.due(tempo), Some(Millis(1_250)));
            pace.want(Why::Person);
            assert_eq!(pace.due(tempo), Some(Millis(1_000)));
            assert!(tempo.tick() > Tempo::Full.tick());
        }
    }
}
