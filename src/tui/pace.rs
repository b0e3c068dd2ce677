//! When the next frame is due. Pure: times go in, a time comes out. Many reasons to draw become one frame; keys
//! are answered at once, news soon, streams at a rate that keeps scrolling panes cheap.

use crate::domain::time::Millis;

/// Shortest time between frames that only show news.
const NEWS_GAP: Millis = Millis(33);
/// Shortest time between frames that only show streamed text: redrawing a scrolling pane costs its whole area.
const STREAM_GAP: Millis = Millis(125);

/// Why a frame is wanted, from the least to the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Streamed text.
    Stream,
    /// A state, a clock tick.
    News,
    /// A key, a resize.
    Person,
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
    pub fn due(&self) -> Option<Millis> {
        let gap = match self.wanted? {
            Why::Person => Millis(0),
            Why::News => NEWS_GAP,
            Why::Stream => STREAM_GAP,
        };
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
        assert_eq!(pace.due(), None, "nothing changed: nothing is drawn");
        pace.want(Why::Stream);
        assert_eq!(pace.due(), Some(Millis(0)), "the first change is drawn at once");
        pace.drew(Millis(1_000));
        assert_eq!(pace.due(), None);
        pace.want(Why::Stream);
        pace.want(Why::Stream);
        assert_eq!(pace.due(), Some(Millis(1_125)));
        pace.want(Why::News);
        assert_eq!(pace.due(), Some(Millis(1_033)));
        pace.want(Why::Person);
        pace.want(Why::Stream);
        assert_eq!(pace.due(), Some(Millis(1_000)));
    }
}
