//! What the one who starts the screen hands in: what to show, and ports to what this room may not do itself
//! (start an editor, list files, run a shell, read the clock).

use super::looks::{Chosen, Own};
use crate::{
    config::{
        book::Book,
        edit::{Change, Edited},
        settings::{Motion, Notify},
    },
    domain::{
        money::{Cost, Money},
        picture::Size,
        team::{ModelRef, TeamSpec, Vendor},
        text::clean_line,
        time::{Millis, Timestamp},
    },
};
use futures::{future::BoxFuture, stream::BoxStream};
use std::{path::PathBuf, sync::Arc};

/// Characters of a place in a header.
const PLACE_MOST: usize = 60;

/// Lets a person edit a text in $EDITOR; the terminal is theirs meanwhile. The error says what went wrong.
pub type EditorPort = Arc<dyn Fn(String) -> BoxFuture<'static, Result<String, String>> + Send + Sync>;
/// Lists files of the repository, repository-relative.
pub type FilesPort = Arc<dyn Fn() -> BoxFuture<'static, Vec<String>> + Send + Sync>;
/// Says what must be done before teams can start in the repository, if anything.
pub type ReadyPort = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;
/// Reads a mentioned file: media type and content, or why not (no such file, too big).
pub type AttachPort =
    Arc<dyn Fn(String) -> BoxFuture<'static, Result<(String, Vec<u8>), String>> + Send + Sync>;
/// Reads a picture that a person pasted the path of: media type and content; none where there is no picture, an error
/// where there is one that no model takes.
pub type PicturePort =
    Arc<dyn Fn(String) -> BoxFuture<'static, Result<Option<(String, Vec<u8>)>, String>> + Send + Sync>;
/// Says what a picture of this size adds to one call of each model: tokens and money, as far as they are known.
pub type WeighPort =
    Arc<dyn Fn(Vec<ModelRef>, Size) -> BoxFuture<'static, Vec<(Option<u64>, Cost)>> + Send + Sync>;
/// Runs a shell line in the repository and gives its output.
pub type ShellPort = Arc<dyn Fn(String) -> BoxFuture<'static, Result<String, String>> + Send + Sync>;
/// Reads every setting as it is now; the error says every mistake.
pub type BookPort = Arc<dyn Fn() -> BoxFuture<'static, Result<Book, String>> + Send + Sync>;
/// Changes a settings file, if the settings are good with it; the error says why nothing was written.
pub type ChangePort = Arc<dyn Fn(Change) -> BoxFuture<'static, Result<Changed, String>> + Send + Sync>;

/// What came of a change.
pub enum Changed {
    /// It is in its file here, and is still to rule.
    Written(Box<Edited>),
    /// It was made where the daemon runs, and this is what was said there.
    Told(String),
}
/// Asks a vendor what it offers: the models and how long the answer took.
pub type VendorPort =
    Arc<dyn Fn(Vendor) -> BoxFuture<'static, Result<(Vec<String>, Millis), String>> + Send + Sync>;
/// Puts a text of this name into a file of the person's and says where.
pub type KeepPort = Arc<dyn Fn(String, Vec<u8>) -> BoxFuture<'static, Result<String, String>> + Send + Sync>;
/// The person's own themes and keymaps, each time that one changes.
pub type LooksPort = Arc<dyn Fn() -> BoxStream<'static, Own> + Send + Sync>;
/// Listens until the future given resolves and says what it heard; dropped, it ends at once.
pub type VoicePort =
    Arc<dyn Fn(BoxFuture<'static, ()>) -> BoxFuture<'static, Result<String, String>> + Send + Sync>;
/// Tells the time.
pub type ClockPort = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Ports to the world.
#[derive(Clone)]
pub struct Ports {
    /// $EDITOR.
    pub editor: EditorPort,
    /// Files for `@`.
    pub files: FilesPort,
    /// Asked before a brief is sent.
    pub ready: ReadyPort,
    /// Reads what `@` names.
    pub attach: AttachPort,
    /// Reads what was pasted as a path.
    pub picture: PicturePort,
    /// What a picture costs.
    pub weigh: WeighPort,
    /// `!`; without it the key is a character.
    pub shell: Option<ShellPort>,
    /// Every setting.
    pub book: BookPort,
    /// Changes one.
    pub change: ChangePort,
    /// Tries a connection.
    pub vendor: VendorPort,
    /// Copies that no clipboard takes.
    pub keep: KeepPort,
    /// Changes of own themes and keymaps; without it they are read at the start only.
    pub looks: Option<LooksPort>,
    /// Dictation, if a program for it is set.
    pub voice: Option<VoicePort>,
    /// The clock.
    pub clock: ClockPort,
}

/// How the screen behaves towards its terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// How a person is called who looks elsewhere.
    pub notify: Notify,
    /// Whether the mouse is taken from the start.
    pub mouse: bool,
    /// How lively it is.
    pub motion: Motion,
    /// Whether the line is slow.
    pub low_bandwidth: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self { notify: Notify::Auto, mouse: false, motion: Motion::Full, low_bandwidth: false }
    }
}

/// What a brief has where the director says nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BriefDefaults {
    /// Who races.
    pub teams: Vec<TeamSpec>,
    /// The cap.
    pub budget: Money,
    /// Absolute path of the repository's top level.
    pub repo: String,
}

/// A brief laid out for the director to send or change.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prefill {
    /// The words.
    pub text: String,
    /// Constraints.
    pub constraints: Vec<String>,
    /// Checks.
    pub checks: Vec<String>,
    /// The cap.
    pub budget: Option<Money>,
    /// Who races; none: the defaults.
    pub teams: Vec<TeamSpec>,
}

/// How the screen shall be.
#[derive(Clone)]
pub struct TuiOptions {
    /// The repository.
    pub repo: PathBuf,
    /// The branch it is on, if known.
    pub branch: String,
    /// Where the daemon is that is shown, in few words; empty: the house is this process's own.
    pub at: String,
    /// A brief laid out beforehand.
    pub prefill: Option<Prefill>,
    /// Keys.
    pub keymap: Chosen,
    /// Colours.
    pub theme: Chosen,
    /// Manners.
    pub manner: Manner,
    /// What briefs have by default.
    pub defaults: Arc<BriefDefaults>,
    /// Words shown for as long as the screen is up, such as REHEARSAL; empty: none.
    pub notice: String,
    /// Widths of a preview's page in columns, in turn.
    pub widths: Vec<u16>,
    /// Ports.
    pub ports: Ports,
}

impl TuiOptions {
    /// Repository and branch in few words; and the same with where the daemon is that is shown.
    #[must_use]
    pub fn places(&self) -> (String, String) {
        let folder = self.repo.file_name().unwrap_or(self.repo.as_os_str()).to_string_lossy();
        let place = match self.branch.as_str() {
            "" => folder.into_owned(),
            branch => format!("{folder}@{branch}"),
        };
        let place = clean_line(&place, PLACE_MOST).to_string();
        let whole = match self.at.as_str() {
            "" => place.clone(),
            at => format!("{place} at {}", clean_line(at, PLACE_MOST)),
        };
        (place, whole)
    }
}
