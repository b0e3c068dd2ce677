//! Decisions from lines: bound to the revision that was said last, or to the one that the line names. A line that does
//! not fit what waits now decides nothing and says what does.

use super::{
    compare::Held,
    face::{Linear, Typing, Want, Writer, send},
    named::{first, label, take_request, take_revision},
    pages,
};
use crate::{
    domain::{
        digest::Digest,
        grant::{Pattern, Reach, Terms},
        ids::{GrantId, RequestId, Revision, TeamId},
        money::Money,
        request::{Decision, Modification, Request, Subject},
        text::clean_line,
    },
    engine::{
        command::{Command, DeskCommand},
        state::Mission,
    },
    tui::{
        argv::split_argv,
        compare::{
            Board,
            board::{Names, Patches},
            compose::Take,
        },
        pressed::GUARD,
        task::Task,
    },
};
use std::sync::Arc;

impl Linear {
    /// `approve`, `reject`, `retry`, `modify`.
    pub(super) fn decision(&mut self, verb: &str, rest: &str) -> Vec<Want> {
        let (Some(id), rest) = take_request(rest) else {
            self.say("not done", &format!("say which: {verb} R-1; desk says what waits"));
            return Vec::new();
        };
        let (named, rest) = take_revision(rest);
        let Some((request, seen)) = self.decidable(id, named) else { return Vec::new() };
        match verb {
            "approve" => self.approve(&request, seen, rest),
            "modify" => self.modify(&request, seen, rest),
            "grant" => match terms(&request, rest) {
                Ok(terms) => self.decide_so((id, seen), Decision::Grant { terms: Box::new(terms) }),
                Err(why) => {
                    self.say("not done", &why);
                    Vec::new()
                }
            },
            "retry" if rest.is_empty() => {
                self.say("not done", "say what should be different");
                Vec::new()
            }
            "retry" => self.decide_so((id, seen), Decision::Retry { reason: rest.to_owned() }),
            _ => self.decide_so((id, seen), Decision::Reject { reason: rest.to_owned() }),
        }
    }

    /// `undo` and `revoke`.
    pub(super) fn take_back(&mut self, verb: &str, rest: &str) -> Vec<Want> {
        let command = match verb {
            "undo" => take_request(rest).0.map(|id| (DeskCommand::Undo(id), format!("{id} undone"))),
            _ => first(rest)
                .0
                .parse()
                .ok()
                .map(|id: GrantId| (DeskCommand::Revoke(id), format!("{id} revoked"))),
        };
        match command {
            Some((command, what)) => vec![send(Command::Desk(command), what)],
            None => {
                let form = if verb == "undo" { "undo R-1" } else { "revoke G-1; grants lists them" };
                self.say("not done", &format!("say which: {form}"));
                Vec::new()
            }
        }
    }

    /// The request as it was said, if it is still so.
    pub(super) fn decidable(
        &mut self,
        id: RequestId,
        named: Option<Revision>,
    ) -> Option<(Arc<Request>, Revision)> {
        let state = self.app.state.clone();
        let Some(request) = state.desk.get(&id).cloned() else {
            self.say("not done", &format!("{id} does not wait; say desk for what does"));
            return None;
        };
        let now = self.app.now.mono;
        let refused = match (named, self.seen.get(&id)) {
            (Some(named), _) if named == request.revision => None,
            (Some(named), _) => Some(format!("{id} is at {} now, not at {named}", request.revision)),
            (None, None) => Some(format!("{id} was not said yet")),
            (None, Some((seen, _))) if *seen != request.revision => {
                Some(format!("{id} is at {} now, {seen} was said last", request.revision))
            }
            (None, Some((_, at))) => {
                let age = now.0.saturating_sub(at.0);
                let soon = self.writer == Writer::Person && age < GUARD.0;
                soon.then(|| format!("{id} changed {age} ms ago"))
            }
        };
        let Some(why) = refused else { return Some((request.clone(), request.revision)) };
        self.say("not done", &format!("{why}; nothing was decided, this is what it is now:"));
        self.lines.extend(pages::request_lines(&state, &request, self.app.now.wall));
        self.seen.insert(id, (request.revision, now));
        None
    }

    fn approve(&mut self, request: &Request, seen: Revision, rest: &str) -> Vec<Want> {
        let id = request.id;
        let teams = match &request.subject {
            Subject::Choose { teams } => teams,
            Subject::Ask { .. } => {
                self.say("not done", &format!("{id} asks for words: say answer {id} and the words"));
                return Vec::new();
            }
            _ => return self.decide_so((id, seen), Decision::Approve { team: None }),
        };
        let Some(mission) = self.app.state.missions.get(&request.mission).cloned() else { return Vec::new() };
        let team = match (rest.is_empty(), teams.as_slice()) {
            (true, [only]) => Some(*only),
            (true, _) => None,
            (false, _) => self.meant(&mission, rest),
        };
        match team {
            Some(team) if teams.contains(&team) => {
                self.decide_so((id, seen), Decision::Approve { team: Some(team) })
            }
            Some(team) => {
                let why = why_not(&mission, team);
                self.say(
                    "not done",
                    &format!("{id} has no candidate of {} to approve{why}", label(&mission, team)),
                );
                Vec::new()
            }
            None => {
                let names: Vec<String> = teams.iter().map(|team| label(&mission, *team)).collect();
                self.say("not done", &format!("{id} is a choice, say which team: {}", names.join(", ")));
                Vec::new()
            }
        }
    }

    /// The team that a name means; where a comparison hides names, the candidate of that number.
    fn meant(&self, mission: &Mission, name: &str) -> Option<TeamId> {
        match &self.held {
            Some(held) if held.board.mission == mission.id && held.board.names == Names::Hidden => {
                held.team(mission, name)
            }
            _ => super::named::team(mission, name),
        }
    }

    fn modify(&mut self, request: &Request, seen: Revision, rest: &str) -> Vec<Want> {
        let at = (request.id, seen);
        let change = match &request.subject {
            Subject::Choose { .. } | Subject::Conflict { .. } => {
                return self.write_patch(request, seen, rest);
            }
            Subject::Command { .. } => split_argv(rest).map(Modification::Argv),
            Subject::Budget { .. } => match rest.parse::<Money>() {
                Ok(amount) if amount > Money::ZERO => Ok(Modification::Amount(amount)),
                Ok(_) => Err("the amount must be more than $0".into()),
                Err(error) => Err(error.to_string()),
            },
            Subject::Ask { .. } if rest.is_empty() => Err("say the words".into()),
            Subject::Release { .. } => {
                Err("it is kept or taken back: approve it, or reject it and say why".into())
            }
            Subject::Ask { .. } | Subject::Remedy { .. } => Ok(Modification::Prompt(rest.to_owned())),
        };
        match change {
            Ok(change) => self.decide_so(at, Decision::Modify { team: None, change }),
            Err(why) => {
                self.say("not done", &why);
                Vec::new()
            }
        }
    }

    /// The patch comes line by line.
    fn write_patch(&mut self, request: &Request, seen: Revision, rest: &str) -> Vec<Want> {
        let Some(mission) = self.app.state.missions.get(&request.mission).cloned() else { return Vec::new() };
        let team = match &request.subject {
            Subject::Conflict { team, .. } => Some(*team),
            Subject::Choose { teams } if rest.is_empty() => match teams.as_slice() {
                [only] => Some(*only),
                _ => None,
            },
            _ => self.meant(&mission, rest),
        };
        let Some(team) = team else {
            let words = format!("say whose patch: {}", super::named::teams(&mission));
            self.say("not done", &words);
            return Vec::new();
        };
        let words = format!(
            "write the changed patch of {} as git diff does, then a line with a single dot",
            label(&mission, team)
        );
        self.say("patch", &words);
        self.typing = Typing::Patch { request: request.id, seen, team, lines: Vec::new() };
        Vec::new()
    }

    pub(super) fn send_patch(
        &mut self,
        (request, seen): (RequestId, Revision),
        team: TeamId,
        text: String,
    ) -> Vec<Want> {
        if text.trim().is_empty() {
            self.say("not done", "the patch is empty; nothing was decided");
            return Vec::new();
        }
        // It was long in writing: what waits may have changed meanwhile.
        if self.decidable(request, Some(seen)).is_none() {
            return Vec::new();
        }
        self.app.write_down(request, team, &text);
        self.say("sent", &format!("{request} at {seen}, a patch of {} lines", text.lines().count()));
        vec![Want::Task(Task::Patch { request, seen, team, text })]
    }

    pub(super) fn decide_so(&mut self, (id, seen): (RequestId, Revision), decision: Decision) -> Vec<Want> {
        let mission = self.app.state.desk.get(&id).map(|request| request.mission);
        let mission = mission.and_then(|id| self.app.state.missions.get(&id).cloned());
        let how = super::phrases::decision_words(mission.as_deref(), &decision);
        self.say("sent", &format!("{id} at {seen}, {how}"));
        let command = DeskCommand::Decide(id, seen, Box::new(decision));
        vec![send(Command::Desk(command), format!("{id} {how}"))]
    }

    /// `compare` and what is done in a comparison.
    pub(super) fn weighs(&mut self, verb: &str, rest: &str) -> Vec<Want> {
        if verb == "compare" {
            return self.compare(rest);
        }
        let Some(held) = &mut self.held else {
            self.say("not done", "nothing is compared yet; say compare");
            return Vec::new();
        };
        let Some(mission) = self.app.state.missions.get(&held.board.mission).cloned() else {
            return Vec::new();
        };
        match verb {
            "blind" => {
                held.board.turn_names();
                let hidden = held.board.names == Names::Hidden;
                let words =
                    if hidden { "names are hidden; candidates have numbers" } else { "names are said again" };
                let lines = held.lines(&mission);
                self.say("compare", words);
                self.lines.extend(lines);
            }
            "place" => {
                let lines =
                    rest.parse().map(|number| held.place(number, super::say::TEXT_MOST)).unwrap_or_default();
                if lines.is_empty() {
                    let many = held.places().len();
                    self.say("not done", &format!("say the number of a place, 1 to {many}"));
                }
                self.lines.extend(lines);
            }
            "combine" => return self.combine(&mission),
            _ => {
                let said = take(held, &mission, verb, rest);
                match said {
                    Ok(words) => self.say("taken", &words),
                    Err(why) => self.say("not done", &why),
                }
            }
        }
        Vec::new()
    }

    fn compare(&mut self, rest: &str) -> Vec<Want> {
        let state = self.app.state.clone();
        let of_request =
            take_request(rest).0.and_then(|id| state.desk.get(&id)).map(|request| request.mission);
        let waiting =
            || state.desk.values().find(|request| matches!(request.subject, Subject::Choose { .. }));
        let named = match (of_request, rest.is_empty()) {
            (Some(mission), _) => Some(mission.to_string()),
            (None, true) => waiting().map(|request| request.mission.to_string()),
            (None, false) => None,
        };
        let Some((mission, _)) = self.mission(named.as_deref().unwrap_or(rest)) else { return Vec::new() };
        let board = Board::new(&mission);
        let wanted = board.wanted();
        if wanted.is_empty() {
            self.say("not done", &format!("{} has no candidate yet", mission.id));
            return Vec::new();
        }
        let request = state.desk.values().find(|request| {
            request.mission == mission.id && matches!(request.subject, Subject::Choose { .. })
        });
        self.held = Some(Held { board, request: request.map(|request| (request.id, request.revision)) });
        vec![Want::Task(Task::Compare(wanted))]
    }

    /// The patches of a comparison were read.
    pub(super) fn compared(&mut self, of: &[Digest], patches: Result<Vec<String>, String>) {
        let Some(held) = &mut self.held else { return };
        let Some(mission) = self.app.state.missions.get(&held.board.mission).cloned() else { return };
        held.board.fill(of, patches, None);
        if let Patches::Missing(why) = &held.board.patches {
            let why = why.clone();
            self.say("not done", &why);
            return;
        }
        let (lines, request) = (held.lines(&mission), held.request);
        self.lines.extend(lines);
        if let Some((id, revision)) = request {
            self.seen.insert(id, (revision, self.app.now.mono));
        }
    }

    fn combine(&mut self, mission: &Mission) -> Vec<Want> {
        let Some(held) = &self.held else { return Vec::new() };
        let (open, made, request) = (held.open_conflicts(), held.board.combined(), held.request);
        let old = held.board.is_old(mission);
        let (team, text) = match made {
            Ok(made) => made,
            Err(_) if held.board.taken.is_empty() => {
                self.say("not done", "nothing is taken yet; say take 1 from A");
                return Vec::new();
            }
            Err(why) => {
                self.say("not done", &why);
                return Vec::new();
            }
        };
        let Some((id, seen)) = request else {
            self.say("not done", &format!("{} does not wait for a choice of candidates", mission.id));
            return Vec::new();
        };
        if old {
            self.say("not done", "a newer candidate has come since; say compare again");
            return Vec::new();
        }
        let Some((request, seen)) = self.decidable(id, Some(seen)) else { return Vec::new() };
        let Subject::Choose { teams } = &request.subject else { return Vec::new() };
        // A team that cannot be chosen lends its places; the candidate becomes another's.
        let Some(team) = Some(team).filter(|team| teams.contains(team)).or_else(|| teams.first().copied())
        else {
            self.say("not done", &format!("{id} has no candidate that may be chosen"));
            return Vec::new();
        };
        if open > 0 {
            self.say(
                "note",
                &format!("of {open} places in conflict nothing is taken: they stay as they were"),
            );
        }
        self.send_patch((id, seen), team, text)
    }
}

/// `take 3 from B`, `take all from B`, `leave 3`: what was done, in words.
fn take(held: &mut Held, mission: &Mission, verb: &str, rest: &str) -> Result<String, String> {
    let (what, after) = first(rest);
    let places = held.places();
    let number = what.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let place = number.and_then(|nth| places.get(nth)).copied();
    if verb == "leave" {
        let place = place.ok_or_else(|| format!("say the number of a place, 1 to {}", places.len()))?;
        held.board.taken.remove(&place);
        return Ok(format!("place {what} from nobody, {} taken", held.board.taken.len()));
    }
    let name = after.strip_prefix("from ").unwrap_or(after);
    let side = held.side(mission, name).ok_or_else(|| "say from whom: take 1 from A".to_owned())?;
    let from = held.side_name(side);
    if what == "all" {
        held.board.column = held.board.order.iter().position(|known| *known == side).unwrap_or(0);
        held.board.take_all();
        return Ok(format!("all that {from} changes, {} taken", held.board.taken.len()));
    }
    let at = place.ok_or_else(|| format!("say the number of a place, 1 to {}", places.len()))?;
    let changed = held.board.alignment().and_then(|alignment| {
        let file = alignment.files.get(at.0)?;
        Some(file.is_changed(file.places.get(at.1)?, side))
    });
    if changed != Some(true) {
        return Err(format!("{from} leaves place {what} as it is: nothing to take"));
    }
    held.board.taken.insert(at, Take::One(side));
    Ok(format!("place {what} from {from}, {} taken", held.board.taken.len()))
}

/// `project first 2 5`: what is granted.
fn terms(request: &Request, rest: &str) -> Result<Terms, String> {
    let Subject::Command { argv, .. } = &request.subject else {
        return Err(format!("{} is no command: only commands are granted", request.id));
    };
    let (mut pattern, mut reach, mut uses) =
        (Pattern::Exact(argv.clone()), Reach::Mission, Terms::USES_USUAL);
    let mut words = rest.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "mission" => reach = Reach::Mission,
            "project" => reach = Reach::Project,
            "first" => {
                let many = words.next().and_then(|word| word.parse::<usize>().ok());
                let head = many.filter(|many| *many > 0).and_then(|many| argv.get(..many));
                let head = head.ok_or_else(|| format!("first: a number from 1 to {} follows", argv.len()))?;
                pattern = Pattern::Prefix(head.to_vec());
            }
            number => {
                uses = number
                    .parse()
                    .map_err(|_| format!("{number} is neither project nor a number of times"))?;
            }
        }
    }
    Ok(Terms { pattern, reach, uses, lasts: reach.usual_span() })
}

/// Why a candidate cannot be approved, as the gate has it.
fn why_not(mission: &Mission, team: TeamId) -> String {
    let reason = mission.rulings.get(&team).and_then(|(_, ruling)| ruling.reasons.first());
    reason.map_or_else(String::new, |reason| format!(": {}", clean_line(&reason.text, 160)))
}
