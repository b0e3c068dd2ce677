//! The keys of the faces: how the screen looks and behaves, where the network face is.

use super::{
    forms::{name, path},
    key::{Key, RepoMay, key, lens, word},
    settings::{Motion, Notify, Settings},
    slot::{Lens, Slot},
};

/// `ui.theme`.
pub(super) const THEME: Key<Settings> = key!(
    "ui.theme",
    "Theme of the screen: auto (dark or light, as the terminal is), dark, light, high-contrast, \
colour-blind-safe or mono. A file themes/<name>.toml beside yours is laid over it, or is one of its own with \
base = \"<name>\"; it is read again when it changes.",
    Slot::Text(name, lens!(ui.theme)),
    Nothing,
    "CHIMERA_THEME"
);
/// `ui.keymap`.
pub(super) const KEYMAP: Key<Settings> = key!(
    "ui.keymap",
    "Keymap of the screen: default, vim or emacs. A file keymaps/<name>.toml beside yours is laid over it, or \
is one of its own with base = \"<name>\"; it is read again when it changes.",
    Slot::Text(name, lens!(ui.keymap)),
    Nothing,
    "CHIMERA_KEYMAP"
);
/// `ui.notify`.
pub(super) const CALL: Key<Settings> = key!(
    "ui.notify",
    "How you are called when something begins to wait or a mission ends while the terminal does not have the \
keys: a notification (OSC 9) where the terminal is known to show one and else the bell, always the one or the other, \
or not.",
    word!(Notify, ui.notify),
    Nothing
);
/// `ui.mouse`.
pub(super) const MOUSE: Key<Settings> = key!(
    "ui.mouse",
    "Whether clicks choose panes and rows and the wheel scrolls; a click never decides. A key switches it. While it \
is on, most terminals select text with Shift.",
    Slot::Switch(lens!(ui.mouse)),
    Nothing
);
/// `ui.motion`.
pub(super) const MOTION: Key<Settings> = key!(
    "ui.motion",
    "Reduced: streams move once a second and clocks every five.",
    word!(Motion, ui.motion),
    Nothing
);
/// `ui.low_bandwidth`.
pub(super) const LOW_BANDWIDTH: Key<Settings> = key!(
    "ui.low_bandwidth",
    "For a slow line: few frames, colours for states only, of each stream the last lines. Also --low-bandwidth.",
    Slot::Switch(lens!(ui.low_bandwidth)),
    Nothing,
    "CHIMERA_LOW_BANDWIDTH"
);
/// `server.socket`.
pub(super) const SOCKET: Key<Settings> = key!(
    "server.socket",
    "Unix socket on which chimera --monitor answers programs: a path, in the data directory where it is relative, or \"off\".",
    Slot::Text(path, lens!(server.socket)),
    Nothing,
    "CHIMERA_API_SOCKET"
);
/// `server.ssh`.
pub(super) const SSH: Key<Settings> = key!(
    "server.ssh",
    "How ssh is called for chimera attach ssh://HOST/PATH: program and first arguments.",
    Slot::Argv(lens!(server.ssh)),
    Nothing
);
