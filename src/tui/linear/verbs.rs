//! The one list of verbs, for reading, for `help` and for the docs; and for every command of the screens how it is
//! reached here. A command that is not named below is reached by its name: `run <name>`.

use crate::tui::commands::CommandId;

/// A verb.
#[derive(Debug, Clone, Copy)]
pub struct Verb {
    /// The first word of a line.
    pub name: &'static str,
    /// Other first words that mean the same.
    pub also: &'static [&'static str],
    /// What follows it.
    pub form: &'static str,
    /// One sentence.
    pub help: &'static str,
}

macro_rules! verbs {
    ($($name:literal $also:expr, $form:literal $help:literal;)*) => {
        /// Every verb, in the order of `help`.
        pub const VERBS: &[Verb] =
            &[$(Verb { name: $name, also: &$also, form: $form, help: $help },)*];
    };
}

verbs! {
    "brief" [], "[TEXT]" "Give a brief: in one line, or in several, ended by a line with a single dot.";
    "check" [], "COMMAND" "Add an acceptance check to the next briefs; check none removes all.";
    "constraint" [], "TEXT" "Add a constraint to the next briefs; constraint none removes all.";
    "budget" [], "USD" "Set the budget of the next briefs.";
    "dictate" [], "[off]" "Listen with the program of voice.command; again: what it heard is laid out as the brief; off throws it away.";
    "transmit" [], "" "Send the brief that is laid out, as in a demo.";
    "status" [], "" "Say how the house stands.";
    "missions" [], "" "List the missions, newest first.";
    "show" [], "[M-1 | R-1 | I-1]" "Say all there is about a mission, a request or an incident; without a name about the last one.";
    "watch" ["follow"], "[M-1] [TEAM] | off" "Say what teams think, say and do as it streams; off ends it.";
    "patch" ["diff"], "[M-1] TEAM" "Say a team's patch, line by line.";
    "preview" [], "[M-1] TEAM | off" "Run a team's candidate and say what its page answers; again: ask again; off ends all.";
    "versions" [], "[M-1]" "List every candidate and what landed.";
    "restore" [], "M-1 COMMIT" "Put a landed revision back, by a commit that can be undone the same way.";
    "desk" ["waiting"], "" "Say what waits for you, with reasons, and what was decided last.";
    "approve" [], "R-1 [rN] [TEAM]" "Say yes; where there is a choice, name the team by letter, number or name.";
    "reject" [], "R-1 [rN] WHY" "Say no; the reason is recorded.";
    "retry" [], "R-1 [rN] WHY | M-1 WHY" "Say no and let the teams try again, or try a mission again.";
    "modify" [], "R-1 [rN] [TEAM | COMMAND | USD | WORDS]" "Say yes with a change: another command, amount or words, or a patch line by line.";
    "grant" [], "R-1 [rN] [project] [first N] [TIMES]" "Say yes to a command and to the same ones after it: for this mission, 10 times, unless words say otherwise.";
    "grants" [], "" "List what is granted.";
    "revoke" [], "G-1" "End a grant.";
    "undo" [], "R-1" "Take back a decision that is held.";
    "compare" [], "[R-1 | M-1]" "Say the candidates place by place: the same, only one's, some's, in conflict.";
    "place" [], "N" "Say all lines of one place of the comparison.";
    "take" [], "N|all from TEAM" "Take a place of the comparison, or all places, from a candidate.";
    "leave" [], "N" "Take a place from nobody.";
    "blind" [], "" "Hide who made which candidate, or name them again.";
    "combine" [], "" "Build one candidate of what is taken; it passes the same checks before it can be approved.";
    "answer" [], "[M-1 | R-1] [WORDS | NUMBERS]" "Answer the questions before a mission starts, or what an agent asks.";
    "skip" [], "" "Leave a question to its default.";
    "refine" ["tell"], "[M-1] TEAM WORDS" "Say something to a team; its conversation goes on with it.";
    "takeover" [], "[M-1] TEAM" "Work in this team's worktree yourself; the team stops.";
    "handback" [], "[M-1] TEAM" "Give the worktree back: as it stands it becomes the team's next candidate.";
    "cancel" [], "M-1 WHY" "End a mission; the reason is recorded.";
    "pause" [], "[WHY]" "Start nothing new; what runs goes on to its next turn.";
    "resume" [], "" "Go on after a pause or a stop.";
    "stop" [], "[WHY]" "Kill switch: nothing starts, everything in flight ends.";
    "incidents" [], "[all]" "List the incidents that go on, worst first; all: finished ones too.";
    "incident" [], "[I-1]" "Say all there is about an incident; without a name about the worst one.";
    "probes" [], "" "Say what each probe finds.";
    "investigate" [], "I-1" "Look into an incident again.";
    "close" [], "I-1 WHY" "Close an incident; the reason is recorded.";
    "silence" [], "[SERVICE SPAN WHY]" "Let a service wake nobody for a while; alone: list the silences.";
    "unsilence" [], "S-1" "End a silence.";
    "audit" ["journal"], "[M-1] [KIND] [N]" "Say the newest entries of the journal, 20 unless a number says otherwise.";
    "entry" [], "N" "Say one entry of the journal in full.";
    "search" [], "WORDS" "Find words in briefs, missions and the newest entries of the journal.";
    "screen" [], "[NAME]" "Read a screen as it is drawn: command, operations, approvals, ideas, audit or settings.";
    "run" [], "NAME [WORDS]" "Do a command of the screens by its name; commands lists them.";
    "commands" [], "[WORD]" "List the commands of the screens and how each is reached here.";
    "wait" [], "[end]" "Read no more lines until something waits for you or nothing runs; end: until nothing runs without you.";
    "back" [], "" "Leave what was asked for unanswered.";
    "help" ["?"], "[VERB]" "Say the verbs.";
    "quit" ["exit", "bye"], "" "Leave; missions stay in the journal and go on at the next start.";
}

/// The verb that a first word means.
#[must_use]
pub fn find(word: &str) -> Option<&'static Verb> {
    let word = word.to_lowercase();
    VERBS.iter().find(|verb| verb.name == word || verb.also.contains(&word.as_str()))
}

/// How a command of the screens is reached in lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// By a verb, which says more than the command could.
    Verb(&'static str),
    /// By `run` and its name.
    Name,
    /// Not at all, and why: it moves or paints what is not there.
    Nothing(&'static str),
}

/// How a command is reached.
#[must_use]
pub fn reach(id: CommandId) -> Reach {
    use CommandId as C;
    match id {
        C::Transmit => Reach::Verb("transmit"),
        C::Dictate => Reach::Verb("dictate"),
        C::Newline | C::Editor => Reach::Verb("brief"),
        C::Help => Reach::Verb("help"),
        C::Back | C::Close | C::Interrupt => Reach::Verb("back"),
        C::Quit | C::EndOfInput => Reach::Verb("quit"),
        C::NextWaiting | C::FocusDesk => Reach::Verb("desk"),
        C::FocusBrief => Reach::Verb("brief"),
        C::FocusMissions => Reach::Verb("missions"),
        C::FocusChannels | C::Follow | C::Expand | C::Tools => Reach::Verb("watch"),
        C::Shot => Reach::Verb("patch"),
        C::Search => Reach::Verb("search"),
        C::Refine => Reach::Verb("refine"),
        C::Versions => Reach::Verb("versions"),
        C::Restore => Reach::Verb("restore"),
        C::Copy => Reach::Verb("patch"),
        C::PreviewOpen | C::PreviewEnd => Reach::Verb("preview"),
        C::PreviewWidth => Reach::Nothing("a page is said line by line, however long a line is"),
        C::Approve
        | C::Approve1
        | C::Approve2
        | C::Approve3
        | C::Approve4
        | C::Approve5
        | C::Approve6
        | C::Approve7
        | C::Approve8 => Reach::Verb("approve"),
        C::Modify => Reach::Verb("modify"),
        C::Retry | C::RetryMission => Reach::Verb("retry"),
        C::Reject => Reach::Verb("reject"),
        C::Compare | C::Evidence => Reach::Verb("compare"),
        C::Card | C::Choose => Reach::Verb("show"),
        C::Cancel => Reach::Verb("cancel"),
        C::Silence => Reach::Verb("silence"),
        C::TakeOver => Reach::Verb("takeover"),
        C::HandBack => Reach::Verb("handback"),
        C::Pause => Reach::Verb("pause"),
        C::Resume => Reach::Verb("resume"),
        C::Stop => Reach::Verb("stop"),
        C::Take | C::TakeAll => Reach::Verb("take"),
        C::Combine => Reach::Verb("combine"),
        C::Blind => Reach::Verb("blind"),
        C::ScreenCommand => Reach::Verb("status"),
        C::NextField | C::PreviousField => {
            Reach::Nothing("there are no panes to go to; verbs name what they mean")
        }
        C::Suspend => {
            Reach::Nothing("the terminal is the shell's all the time: ctrl-z stops the program as any other")
        }
        C::Redraw => Reach::Nothing("nothing is drawn"),
        C::SideBySide => Reach::Nothing("patches are said line by line"),
        C::NextHunk | C::PreviousHunk => Reach::Nothing("patches are said whole"),
        C::SearchNext | C::SearchBack => Reach::Nothing("search says every match"),
        C::SheetUp | C::SheetDown | C::SheetTop | C::SheetBottom => {
            Reach::Nothing("what is said does not scroll")
        }
        C::Left | C::Right => Reach::Nothing("there is no cursor; verbs name the team"),
        _ => Reach::Name,
    }
}
