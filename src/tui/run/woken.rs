//! What wakes the loop of the screen.

use crate::tui::{held::Told, input::Input, looks::Own, task::Done};

/// What woke the loop.
pub(super) enum Woken {
    /// The person's own themes or keymaps changed.
    Own(Own),
    /// A key, a paste, a mouse; none: the terminal is gone.
    Input(Option<Input>),
    /// A signal.
    Told(Told),
    /// A newer state; false: the engine has ended.
    State(bool),
    /// A stream went on.
    Feed,
    /// Previews changed; false: they will not again.
    Previews(bool),
    /// So did probes.
    Probes(bool),
    /// So did the line to an engine elsewhere.
    Line(bool),
    /// Colours of a diff are ready.
    Painted,
    /// A task is done.
    Done(Done),
    /// A frame is due.
    Due,
    /// A clock moves on.
    Second,
}
