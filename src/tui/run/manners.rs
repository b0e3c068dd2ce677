//! The loop and its terminal: what it answers, whether the mouse is taken, what goes on its clipboard.

use super::Loop;
use crate::{
    domain::text::clean_patch,
    tui::{
        app::Action,
        commands::CommandId,
        decode::{Answer, Heard},
        held::TuiError,
        input::Input,
        preview::eyes::How,
        terminal::{self, Mode},
    },
};
use std::time::Duration;

/// How long the end waits for answers of the terminal that are on their way: they would be typed into the shell.
const ANSWERS_WITHIN: Duration = Duration::from_millis(150);
/// After this time nothing is waited for: a terminal that has not answered by then does not.
const ANSWERS_UNTIL: Duration = Duration::from_millis(1_500);

impl Loop {
    /// What the terminal told of itself.
    pub(super) fn answered(&mut self, answer: Answer) -> Result<Option<Action>, TuiError> {
        match answer {
            Answer::Ground(rgb) => return Ok(Some(Action::Ground(rgb))),
            Answer::Keyboard => self.outbox.send(terminal::switch(Mode::Keyboard, true))?,
            Answer::Images => return Ok(self.sees().map(Action::Sees)),
            // tmux answers before the terminal behind it can.
            Answer::Last if self.carrier.how() == How::Woven => {}
            Answer::Last => self.asked = None,
        }
        Ok(None)
    }

    /// Takes or leaves the mouse, as it is wanted.
    pub(super) fn settle_mouse(&mut self) -> Result<(), TuiError> {
        self.outbox.send(terminal::switch(Mode::Mouse, self.app.look.manner.mouse))?;
        Ok(())
    }

    /// Hears the answers that are on their way to a screen that was left at once.
    pub(super) async fn hear_out(&mut self) {
        if self.asked.is_none_or(|asked| asked.elapsed() > ANSWERS_UNTIL) {
            return;
        }
        let last = async {
            loop {
                match self.keys.next().await {
                    None | Some(Input::Gone | Input::Heard(Heard::Answer(Answer::Last))) => return,
                    Some(_) => {}
                }
            }
        };
        let _ = tokio::time::timeout(ANSWERS_WITHIN, last).await;
    }

    /// Puts a text on the clipboard and says so; `None` where it would not come there.
    pub(super) fn copy(&mut self, bytes: &[u8]) -> Result<Option<String>, TuiError> {
        // A patch keeps the ends of its lines.
        let text = clean_patch(bytes);
        let Some(string) = self.carrier.clipboard(&text).filter(|_| !bytes.is_empty()) else {
            return Ok(None);
        };
        self.outbox.send(&string)?;
        let key = self.app.look.keymap.keys_of(CommandId::CopyFile).into_iter().next().unwrap_or_default();
        let (length, path) = (text.len(), self.carrier.path());
        Ok(Some(format!(
            "{length} bytes sent to the clipboard by {path}; {key} writes a file, if nothing came there"
        )))
    }
}
