//! The one list of commands. Names in keymaps, the palette, `/` commands, the help screen and the hints in
//! the footer all come from here; nothing else names a command. Adding a row without a key or a deed fails a
//! test or does not compile.

/// Where a key is looked up, from the most particular to the most general.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// While typing a brief.
    Text,
    /// In panes without text entry.
    Browse,
    /// On screen 2.
    Operations,
    /// On screen 3.
    Approvals,
    /// On screen 4.
    Ideas,
    /// On screen 5.
    Audit,
    /// On screen 6.
    Settings,
    /// Over an open sheet: help, card, compare, versions, a page.
    Sheet,
    /// Where a patch has the keys: a page of one, a channel that gives its room to the shot, the comparison.
    Diff,
    /// Everywhere.
    Everywhere,
}

impl Context {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Text,
        Self::Browse,
        Self::Diff,
        Self::Operations,
        Self::Approvals,
        Self::Ideas,
        Self::Audit,
        Self::Settings,
        Self::Sheet,
        Self::Everywhere,
    ];
    /// The word of a keymap's `when`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Browse => "browse",
            Self::Operations => "operations",
            Self::Approvals => "approvals",
            Self::Ideas => "ideas",
            Self::Audit => "audit",
            Self::Settings => "settings",
            Self::Sheet => "sheet",
            Self::Diff => "diff",
            Self::Everywhere => "everywhere",
        }
    }
    /// Heading on the help screen.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Text => "WHILE WRITING",
            Self::Browse => "MISSIONS, CHANNELS AND DESK",
            Self::Operations => "OPERATIONS",
            Self::Approvals => "APPROVALS",
            Self::Ideas => "IDEAS",
            Self::Audit => "AUDIT",
            Self::Settings => "SETTINGS",
            Self::Sheet => "OPEN SHEETS",
            Self::Diff => "PATCHES AND LIVE SHOTS",
            Self::Everywhere => "EVERYWHERE",
        }
    }
}

/// Where a command is listed besides the footers, which offer what would act where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// On the help screen and in the palette.
    Help,
    /// On the help screen only: makes no sense to pick from a list.
    Quiet,
}

/// What is known of a command besides its deed.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Which.
    pub id: CommandId,
    /// Name in keymaps.
    pub name: &'static str,
    /// Where its keys work unless a keymap row says otherwise.
    pub context: Context,
    /// Where it is listed.
    pub hint: Hint,
    /// Short, for footers and the palette.
    pub title: &'static str,
    /// One sentence.
    pub help: &'static str,
}

macro_rules! commands {
    ($($id:ident $name:literal $context:ident $hint:ident $title:literal $help:literal;)*) => {
        /// What a key or a palette row can do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum CommandId { $(#[doc = $help] $id,)* }

        /// Every command, in the order of the help screen.
        pub const ALL: &[Entry] = &[$(Entry {
            id: CommandId::$id,
            name: $name,
            context: Context::$context,
            hint: Hint::$hint,
            title: $title,
            help: $help,
        },)*];
    };
}

commands! {
    Transmit "brief.transmit" Text Help "transmit" "Send the brief: teams start to race.";
    Newline "brief.newline" Text Quiet "new line" "Start a new line in the brief.";
    NextField "pane.next" Everywhere Help "next pane" "Go to the next field or pane; while a mission runs and a brief is written, queue it.";
    PreviousField "pane.previous" Everywhere Help "previous pane" "Go to the previous field or pane.";
    Editor "brief.editor" Text Help "open $EDITOR" "Write the field in $EDITOR.";
    History "brief.history" Text Help "history" "Search earlier briefs.";
    Dictate "voice.dictate" Everywhere Help "dictate" "Listen with the program of voice.command; again: what it heard lands in the brief.";
    Palette "palette.open" Everywhere Help "palette" "Find any command, mission or incident by name.";
    Help "help.open" Everywhere Help "help" "Show every key that works here.";
    Back "back" Everywhere Quiet "back" "Close what is open, or leave the text; never quits.";
    Interrupt "interrupt" Everywhere Quiet "interrupt" "Clear the text or interrupt; pressed again at once: quit.";
    EndOfInput "quit.empty" Text Quiet "quit when empty" "Quit if nothing is written; otherwise delete forward.";
    Quit "quit" Everywhere Help "quit" "Leave Chimera; missions stay in the journal.";
    Suspend "suspend" Everywhere Help "suspend" "Give the terminal back to the shell; `fg` returns.";
    Redraw "redraw" Everywhere Help "redraw" "Draw the whole screen again.";
    NextWaiting "desk.next" Everywhere Help "next waiting" "Jump to the next request or question that waits for you.";
    ScreenCommand "screen.command" Everywhere Help "Command" "Screen 1: brief, watch the teams, decide.";
    ScreenOperations "screen.operations" Everywhere Help "Operations" "Screen 2: who works on what, and what it costs.";
    ScreenApprovals "screen.approvals" Everywhere Help "Approvals" "Screen 3: everything that waits for you.";
    ScreenIdeas "screen.ideas" Everywhere Help "Ideas" "Screen 4: what could be done next.";
    ScreenAudit "screen.audit" Everywhere Help "Audit" "Screen 5: what has been done, and what it came to.";
    ScreenSettings "screen.settings" Everywhere Help "Settings" "Screen 6: how Chimera is set up.";
    Replay "audit.replay" Audit Help "replay" "Play the mission as it happened; no key decides anything there.";
    Export "audit.export" Audit Help "export" "Write the mission to a file: a report, its journal entries, or all of it.";
    ReplayPlay "audit.play" Audit Help "play" "Let the replay go on by itself, or stand still.";
    ReplayOn "audit.step_on" Audit Help "step on" "One fact on in the replay.";
    ReplayBack "audit.step_back" Audit Help "step back" "One fact back in the replay.";
    ReplayFaster "audit.faster" Audit Help "faster" "Play the replay faster: ×1, ×4, ×16, max.";
    ReplaySlower "audit.slower" Audit Help "slower" "Play the replay slower.";
    FocusBrief "pane.brief" Browse Help "brief" "Go to the Briefing Room.";
    FocusMissions "pane.missions" Browse Help "missions" "Go to the list of missions and incidents.";
    FocusChannels "pane.channels" Browse Help "channels" "Go to the channels.";
    FocusDesk "pane.desk" Browse Help "desk" "Go to the Decision Desk.";
    Up "move.up" Browse Quiet "up" "Up one row.";
    Down "move.down" Browse Quiet "down" "Down one row.";
    Left "move.left" Browse Quiet "previous channel" "The channel before.";
    Right "move.right" Browse Quiet "next channel" "The channel after.";
    PageUp "move.page_up" Everywhere Quiet "page up" "Back one page; stops following the stream.";
    PageDown "move.page_down" Everywhere Quiet "page down" "On one page.";
    Top "move.top" Browse Quiet "top" "To the first row.";
    Bottom "move.bottom" Browse Quiet "bottom" "To the last row; follows the stream again.";
    Follow "channel.follow" Browse Help "follow" "Follow the stream, or hold it still.";
    Expand "channel.expand" Browse Help "expand" "Show this channel on the whole screen; again: back.";
    Shot "channel.shot" Browse Help "thoughts or shot" "Give the room to the thought stream, to the live shot, or to both.";
    SideBySide "channel.split" Browse Help "side by side" "Show the live shot side by side or unified.";
    Tools "channel.tools" Browse Help "unfold tools" "Unfold tool calls, or fold them to one line.";
    NextHunk "diff.next" Browse Quiet "next hunk" "To the next hunk of the shown diff.";
    PreviousHunk "diff.previous" Browse Quiet "previous hunk" "To the hunk before.";
    PatchOpen "diff.open" Browse Help "open patch" "Show the patch on the whole screen; of a channel, its live shot; again: back.";
    NextFile "diff.next_file" Diff Quiet "next file" "To the next file of the patch.";
    PreviousFile "diff.previous_file" Diff Quiet "previous file" "To the file before.";
    PatchFiles "diff.files" Diff Help "files" "Show the tree of files beside the patch: up and down go through it.";
    PatchSearch "diff.search" Diff Help "search the patch" "Search the lines of the patch, or of what the candidates of a comparison change.";
    FoundNext "diff.found_next" Diff Quiet "next match" "To the next match in the patch.";
    FoundPrevious "diff.found_previous" Diff Quiet "previous match" "To the match before in the patch.";
    FoldHere "diff.fold" Diff Help "fold" "Fold the hunk on top, or the file on its heading; again: unfold.";
    FoldFile "diff.fold_file" Diff Help "fold file" "Fold the file on top, or unfold it.";
    FoldUnchanged "diff.fold_unchanged" Diff Help "fold unchanged" "Fold unchanged lines everywhere, or show them.";
    FoldAll "diff.fold_all" Diff Help "fold all" "Fold all files; if anything is folded: unfold all.";
    Wrap "diff.wrap" Diff Help "wrap" "Go on with long lines in the next row, or cut them.";
    SideLeft "diff.left" Diff Quiet "sideways back" "Back sideways, where long lines are cut.";
    SideRight "diff.right" Diff Quiet "sideways" "Sideways along long lines.";
    Search "search" Browse Help "search" "Search the thought stream.";
    SearchNext "search.next" Browse Quiet "older match" "To the match before, towards the start.";
    SearchBack "search.previous" Browse Quiet "newer match" "To the match after, towards the end.";
    Refine "channel.refine" Browse Help "talk" "Say something to this team; its conversation goes on with it.";
    Versions "channel.versions" Browse Help "versions" "List every candidate of every team and what has landed.";
    Copy "copy" Browse Help "copy patch" "Copy the shown patch to the clipboard (OSC 52).";
    Approve1 "desk.approve_1" Browse Quiet "approve team 1" "Approve the candidate of team 1.";
    Approve2 "desk.approve_2" Browse Quiet "approve team 2" "Approve the candidate of team 2.";
    Approve3 "desk.approve_3" Browse Quiet "approve team 3" "Approve the candidate of team 3.";
    Approve4 "desk.approve_4" Browse Quiet "approve team 4" "Approve the candidate of team 4.";
    Approve5 "desk.approve_5" Browse Quiet "approve team 5" "Approve the candidate of team 5.";
    Approve6 "desk.approve_6" Browse Quiet "approve team 6" "Approve the candidate of team 6.";
    Approve7 "desk.approve_7" Browse Quiet "approve team 7" "Approve the candidate of team 7.";
    Approve8 "desk.approve_8" Browse Quiet "approve team 8" "Approve the candidate of team 8.";
    Approve "desk.approve" Browse Help "approve" "Approve a request that is a plain yes or no.";
    Modify "desk.modify" Browse Help "modify" "Approve with a change: the patch in $EDITOR, the command, the amount or the words.";
    Retry "desk.retry" Browse Help "reject & retry" "Reject with a reason and let the teams try again.";
    Reject "desk.reject" Browse Help "reject" "Reject; the reason is recorded.";
    Grant "desk.grant" Browse Help "allow for a while" "Approve a command, and the same for as long and as often as you say.";
    Undo "desk.undo" Browse Help "take back" "Take back the decision under the cursor, or the last one that has not taken effect.";
    UndoAll "desk.undo_all" Browse Help "take all back" "Take back every decision that has not taken effect.";
    Mark "approvals.mark" Approvals Help "mark" "Mark the request under the cursor, or take its mark off.";
    MarkClass "approvals.mark_class" Approvals Help "mark its class" "Mark every request of the same risk class; again: take the marks off.";
    ReadPatch "approvals.patch" Approvals Help "patch" "Show the patch or the conflict that the request is about.";
    Compare "desk.compare" Browse Help "compare" "Candidates side by side with their evidence.";
    Card "desk.card" Browse Help "open" "Open the request, mission, incident or channel under the cursor.";
    RetryMission "mission.retry" Browse Help "retry mission" "Try the mission again from the draft, with feedback for every team; look into an incident again.";
    Rate "mission.rate" Browse Help "rate mission" "Say what came of an ended mission, 1 to 5; teams, models and kinds of task are measured by it.";
    Cancel "mission.cancel" Browse Help "cancel mission" "End the mission, or close the incident; the reason is recorded.";
    Silence "incident.silence" Browse Help "silence incident" "Keep quiet about the cause of the incident that is shown, for a while; how long, and why.";
    TakeOver "team.take_over" Browse Help "take over" "Work in this team's worktree yourself; the team stops.";
    HandBack "team.hand_back" Browse Help "hand back" "Give the worktree back: as it stands it becomes the team's next candidate.";
    Pause "house.pause" Everywhere Help "pause" "Nothing new starts; what runs goes on to its next turn.";
    Resume "house.resume" Everywhere Help "resume" "Go on after a pause or a stop.";
    Stop "house.stop" Everywhere Help "stop everything" "Kill switch: nothing starts, everything in flight ends.";
    IdeaBrief "idea.brief" Ideas Help "lay out its brief" "Lay the brief of the idea under the cursor out in the Briefing Room.";
    IdeaSend "idea.send" Ideas Help "send at once" "Make a mission of the idea under the cursor at once.";
    IdeaDismiss "idea.dismiss" Ideas Help "dismiss" "Dismiss the idea under the cursor with a reason, which is learned.";
    IdeaAll "idea.all" Ideas Help "show all" "Show ideas that were dismissed or taken, too; again: open ones only.";
    IdeaAsk "idea.ask" Ideas Help "ask the ideas agent" "Ask the ideas agent for more: one model call, within the caps.";
    SettingEdit "setting.edit" Settings Help "edit" "Change the setting under the cursor, in a file of yours or the repository's.";
    SettingUnset "setting.unset" Settings Help "take out" "Take the setting under the cursor out of the file that sets it.";
    SettingTest "setting.test" Settings Help "test connection" "Ask the vendor under the cursor what it offers.";
    PickTheme "look.theme" Everywhere Help "theme…" "Choose the theme for as long as the screen is up.";
    PickKeymap "look.keymap" Everywhere Help "keymap…" "Choose the keymap for as long as the screen is up.";
    Stillness "look.motion" Everywhere Help "reduced motion" "Streams move once a second and clocks every five; again: full motion.";
    Bandwidth "look.bandwidth" Everywhere Help "low bandwidth" "Few frames, colours for states only, of each stream the last lines; again: everything.";
    Mouse "look.mouse" Everywhere Help "mouse" "Take clicks and the wheel; again: leave the mouse to the terminal.";
    CopyFile "copy.file" Browse Help "copy to a file" "Write the shown patch to a file and say where.";
    Close "sheet.close" Sheet Help "close" "Close this sheet.";
    SheetUp "sheet.up" Sheet Quiet "up" "Up one row.";
    SheetDown "sheet.down" Sheet Quiet "down" "Down one row.";
    SheetTop "sheet.top" Sheet Quiet "top" "To the start.";
    SheetBottom "sheet.bottom" Sheet Quiet "bottom" "To the end.";
    Choose "sheet.choose" Sheet Help "choose" "Open or take the row under the cursor.";
    Take "compare.take" Sheet Help "take" "Take the place under the cursor from this candidate; again: leave it.";
    TakeAll "compare.take_all" Sheet Help "take all" "Take everything this candidate changes.";
    TakeBoth "compare.take_both" Sheet Help "take both" "Take both versions of the place: this candidate's first; again: the other first; again: neither.";
    LeavePlace "compare.reject" Sheet Help "reject the place" "Leave the place as it was; of a candidate nothing was taken from yet, all else is taken.";
    LeaveFile "compare.reject_file" Sheet Help "reject the file" "The same with every place of the file.";
    Combine "compare.combine" Sheet Help "build what is taken" "Make one candidate of what is taken; it passes the same checks before it can be approved.";
    Blind "compare.blind" Sheet Help "blind" "Hide who made which candidate, or name them again.";
    Evidence "compare.evidence" Sheet Help "evidence" "Fold the evidence to one line a candidate, or unfold it.";
    PreviewOpen "preview.open" Browse Help "preview" "Run this team's candidate beside its diff; again: ask for its page again.";
    PreviewWidth "preview.width" Sheet Help "preview width" "Lay the page of the preview out at the next width.";
    PreviewEnd "preview.end" Sheet Help "end preview" "End the candidate that runs as a preview.";
    Restore "version.restore" Sheet Help "restore" "Undo what the landed revision under the cursor did, or put an earlier candidate up again; itself undoable.";
}

/// The entry of a command.
#[must_use]
pub fn entry(id: CommandId) -> &'static Entry {
    &ALL[id as usize]
}

/// The command of that name.
#[must_use]
pub fn of_name(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_find_their_entry() {
        let names: BTreeSet<_> = ALL.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), ALL.len());
        for row in ALL {
            assert_eq!(entry(row.id).name, row.name);
            assert_eq!(of_name(row.name).map(|found| found.id), Some(row.id));
            assert!(row.help.ends_with('.') && !row.title.is_empty(), "{}", row.name);
        }
    }
}
