//! The loop and images: the terminal is asked when there is something to see for the first time, and the photo in it is
//! the one that the screen has room for.

use super::Loop;
use crate::tui::{
    held::TuiError,
    preview::eyes::{Cell, Eyes, How},
    terminal::{self, Mode},
    view,
};
use std::time::Instant;

impl Loop {
    /// Asks whether images are shown. A terminal that prints the question is drawn over it.
    pub(super) fn ask_images(&mut self) -> Result<(), TuiError> {
        self.app.look.eyes = Eyes::Asked;
        if let Some(question) = self.carrier.images() {
            self.asked = Some(Instant::now());
            self.outbox.send(&question)?;
            self.screen.forget();
        }
        Ok(())
    }

    /// It shows them; none if nobody asked.
    pub(super) fn sees(&self) -> Option<Eyes> {
        let cell = Cell::of(terminal::size(), terminal::pixels());
        (self.app.look.eyes == Eyes::Asked).then(|| Eyes::Sees(self.carrier.how(), cell))
    }

    /// Brings the photo to where the frame has left room for it, or takes it away.
    pub(super) fn hang(&mut self) -> Result<(), TuiError> {
        let bytes = self.easel.show(view::placement(&self.app));
        if !bytes.is_empty() {
            self.outbox.send(&bytes)?;
        }
        let mode = match self.carrier.how() {
            How::Laid => Mode::Image,
            How::Woven => Mode::ImageBehindTmux,
        };
        let away = terminal::switch(mode, self.easel.shows());
        if !away.is_empty() {
            self.outbox.send(away)?;
        }
        Ok(())
    }
}
