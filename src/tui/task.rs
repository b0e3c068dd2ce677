//! What the loop is asked to do for the screen, and what comes of it.

use super::{
    dictation::Hush,
    images::{Found, Paste, Weight},
    past::{PastDone, PastTask},
};
use crate::{
    config::{book::Book, edit::Change},
    domain::{
        brief::Brief,
        digest::Digest,
        feed::{Channel, FeedItem, Shot},
        ids::{MissionId, RequestId, Revision, TeamId},
        team::{ModelRef, Vendor},
        time::Millis,
    },
    engine::{
        command::Command,
        event::{Event, MissionEvent},
        ideas::IdeaId,
    },
    runtime::{
        handle::{Receipt, SendError},
        previews::Want,
    },
};
use std::sync::Arc;

/// What the loop shall do.
#[derive(Debug, PartialEq)]
pub enum Task {
    /// Give a command; the words say what for.
    Send(Box<Command>, String),
    /// Give commands one after the other; the words say what for.
    SendAll(Vec<Command>, String),
    /// Open a mission with these files attached; the text is what was written.
    Open {
        /// What is asked.
        brief: Box<Brief>,
        /// The text as it was written, to know what to clear afterwards.
        written: String,
    },
    /// Make a mission of an idea, and say so of the idea.
    OpenIdea {
        /// Which.
        idea: IdeaId,
        /// What is asked.
        brief: Box<Brief>,
    },
    /// Keep a patch, then decide with it.
    Patch {
        /// Which request.
        request: RequestId,
        /// As it was seen.
        seen: Revision,
        /// Whose candidate.
        team: TeamId,
        /// The changed patch.
        text: String,
    },
    /// Let the person edit this text.
    Edit(EditFor, String),
    /// Let the person edit this blob.
    EditBlob(EditFor, Digest),
    /// Fetch a blob and show it under this title.
    Show(String, Digest),
    /// Fetch a candidate's patch for a channel that has none on screen.
    Shot(Channel, Digest),
    /// Read what a team said, from its transcript.
    Said(Channel, Digest),
    /// Fetch these patches to lay them side by side.
    Compare(Vec<Digest>),
    /// Fetch a blob and put it on the clipboard.
    CopyBlob(Digest),
    /// Ask the past.
    Past(PastTask),
    /// Fetch a blob and write it to a file.
    CopyFile(Digest),
    /// List files for a mention.
    Files,
    /// Look whether these pasted paths are pictures, keep those and say what they cost these models.
    Look(Vec<Paste>, Vec<ModelRef>),
    /// Say what a mentioned file costs these models, if it is a picture.
    Weigh(String, Vec<ModelRef>),
    /// Read earlier briefs.
    Briefs,
    /// Run a candidate to be looked at, or end that.
    Preview(Want),
    /// Ask the terminal whether it shows images.
    AskImages,
    /// Listen until told to hush.
    Listen(u32),
    /// End listening.
    Hush(Hush),
    /// Run a shell line.
    Shell(String),
    /// Read every setting.
    Book,
    /// Change a setting in its file, let it rule where it can, and read all anew.
    Change(Box<Change>),
    /// Ask a vendor what it offers.
    Vendor(Vendor),
    /// Give the terminal to the shell.
    Suspend,
    /// Draw everything again.
    Redraw,
    /// End the screen.
    Quit,
}

/// What a text is edited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditFor {
    /// A field of the brief.
    Field(u8),
    /// A candidate's patch, for this request as it was seen.
    Patch {
        /// Which request.
        request: RequestId,
        /// As it was seen.
        seen: Revision,
        /// Whose candidate.
        team: TeamId,
    },
}

/// What came of a task.
pub enum Done {
    /// A command.
    Sent(String, Result<Receipt, SendError>),
    /// A mission: what was written.
    Opened(String, Result<Receipt, String>),
    /// An edit: the text before and after.
    Edited(EditFor, String, Result<String, String>),
    /// Patches to lay side by side, in the order they were asked for.
    Compared(Vec<Digest>, Result<Vec<String>, String>),
    /// A page to show.
    Page(String, Result<Vec<u8>, String>),
    /// Files.
    Files(Vec<String>),
    /// What pasted paths turned out to be.
    Looked(Vec<Found>),
    /// What a mentioned file costs; none if it is no picture.
    Weighed(String, Option<Weight>),
    /// Earlier briefs, newest first.
    Briefs(Vec<String>),
    /// A candidate's patch.
    Shot(Channel, Shot),
    /// What a team said before.
    Said(Channel, Vec<FeedItem>),
    /// A mission that was made of an idea.
    OpenedIdea(Result<(MissionId, Receipt), String>),
    /// Every setting.
    Book(Result<Arc<Book>, String>),
    /// A change of a setting: what it has brought about, in words.
    Changed(Result<String, String>),
    /// What a vendor offers.
    Vendor(Vendor, Result<(Vec<String>, Millis), String>),
    /// The past answers.
    Past(PastDone),
    /// The engine has started: what a person should know about it, one line each.
    Told(Vec<String>),
    /// A copy was made: how and where, in words; or why not.
    Copied(Result<String, String>),
    /// What was heard; none if it was not wanted.
    Heard(u32, Option<Result<String, String>>),
}

/// What whoever sent a brief must know of what was not kept of it.
#[must_use]
pub fn withheld(receipt: &Receipt) -> Option<String> {
    receipt.events.iter().find_map(|event| match event {
        Event::Mission(_, MissionEvent::Opened(brief)) => brief.withheld_words(),
        _ => None,
    })
}

/// The mission that a command has opened.
#[must_use]
pub fn opened(receipt: &Receipt) -> Option<MissionId> {
    receipt.events.iter().find_map(|event| match event {
        Event::Mission(id, MissionEvent::Opened(_)) => Some(*id),
        _ => None,
    })
}
