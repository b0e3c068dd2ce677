//! A mission as a report in Markdown: what was asked, planned, tried, proven, decided, landed and paid, and every
//! step with its time and actor. Texts of others are clean, and cannot be markup: they are escaped or fenced.

use super::dossier::{Dossier, Paper};
use crate::{
    domain::{
        candidate::{CheckOutcome, CheckRun, Evidence},
        digest::Digest,
        text::{clean, clean_line, count, head_tail},
        time::Timestamp,
    },
    engine::{
        account,
        event::{DeskEvent, Event, MissionEvent, MoneyEvent},
        snapshot,
        state::{Mission, State, Team},
    },
};
use std::fmt::Write as _;

/// Bytes of a text that is quoted.
const QUOTE_MOST: usize = 256 * 1024;
/// Bytes of a patch that is shown.
const PATCH_MOST: usize = 1024 * 1024;
/// Steps that are listed.
const STEPS_MOST: usize = 5_000;

/// Writes it. `patch` gives a patch by content, or says in words why not.
#[must_use]
pub fn markdown(dossier: &Dossier, patch: &dyn Fn(Digest) -> Result<String, String>) -> String {
    let state = dossier.fold(dossier.papers.len());
    let mut page = String::new();
    let Some(mission) = state.missions.get(&dossier.mission) else {
        let _ = writeln!(page, "# {}\n\nThe journal does not say how it was opened.", dossier.mission);
        return page;
    };
    head(&mut page, (&state, dossier), mission);
    asked(&mut page, mission);
    for team in &mission.teams {
        team_section(&mut page, mission, team);
    }
    judged(&mut page, mission);
    decided(&mut page, mission, dossier);
    chosen(&mut page, mission, patch);
    money(&mut page, mission);
    steps(&mut page, mission, dossier);
    proof(&mut page, dossier);
    page
}

/// The time to the second.
fn at(time: Timestamp) -> String {
    let text = time.to_string();
    format!("{} {}", text.get(..10).unwrap_or_default(), text.get(11..19).unwrap_or_default())
}

/// One line of somebody's text that is no markup.
fn line(text: &str) -> String {
    let mut out = String::new();
    for c in clean_line(text.trim(), 2_000).chars() {
        if "\\`*_[]<>|#~".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Somebody's text in a fence that it cannot close.
fn fence(page: &mut String, kind: &str, text: &str, most: usize) {
    let text = head_tail(&clean(text), most);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(page, "{ticks}{kind}\n{}\n{ticks}\n", text.trim_end());
}

fn list(page: &mut String, title: &str, items: &[String]) {
    if !items.is_empty() {
        let _ = writeln!(page, "{title}:\n");
        for item in items {
            let _ = writeln!(page, "- {}", line(item));
        }
        page.push('\n');
    }
}

fn head(page: &mut String, (state, dossier): (&State, &Dossier), mission: &Mission) {
    let first = mission.brief.text.trim().lines().next().unwrap_or_default();
    let _ = writeln!(page, "# {}: {}\n", mission.id, line(first));
    let _ = writeln!(page, "{}\n", line(&snapshot::headline(state, mission)));
    if let Some(why) = dossier.rolled_back() {
        let _ = writeln!(page, "Its release was taken back: {}\n", line(why));
    }
    let _ = writeln!(page, "| | |\n|---|---|");
    let _ = writeln!(page, "| repository | {} |", line(&mission.brief.repo));
    let _ = writeln!(page, "| opened | {} UTC |", at(mission.opened));
    if let Some((ending, ended)) = &mission.result.ending {
        let _ = writeln!(page, "| ended | {} UTC: {} |", at(*ended), ending.word());
        let _ = writeln!(page, "| took | {} |", ended.since(mission.opened));
    }
    if let Some((commit, branch)) = &mission.result.landed {
        let _ = writeln!(page, "| commit | {} on {} |", line(&commit.0), line(branch));
    }
    for (commit, branch) in &mission.result.restored {
        let _ = writeln!(page, "| restored | {} on {} |", line(&commit.0), line(branch));
    }
    let _ = writeln!(page, "| spent | {} of {} |", mission.spent, mission.brief.budget);
    let _ = writeln!(page, "| tokens | {} |\n", mission.usage.total());
}

fn asked(page: &mut String, mission: &Mission) {
    let brief = &mission.brief;
    page.push_str("## Brief\n\n");
    fence(page, "text", &brief.text, QUOTE_MOST);
    list(page, "Constraints", &brief.constraints);
    list(page, "Checks", &brief.checks);
    let attached = brief.attachments.iter().map(|file| format!("{} ({})", file.path, file.media_type));
    list(page, "Attached", &attached.collect::<Vec<_>>());
    let answers = mission.preparation.answers.iter().map(|answer| {
        let assumed = if answer.assumed { " (assumed: nobody answered)" } else { "" };
        format!("{} {}{assumed}", answer.question, answer.text)
    });
    list(page, "Asked and answered", &answers.collect::<Vec<_>>());
    if let Some(plan) = &mission.preparation.plan {
        let _ = writeln!(
            page,
            "## Plan\n\n{} (by {}, confidence {} %)\n",
            line(&plan.goal),
            line(&plan.by),
            plan.confidence
        );
        list(page, "Steps", &plan.steps);
        list(page, "Files", &plan.files);
    }
}

fn team_section(page: &mut String, mission: &Mission, team: &Team) {
    let model = team.spec.model.to_string();
    let _ = writeln!(page, "## {} ({})\n", line(&team.spec.name), line(&model));
    let price = if team.account.unknown { " (some calls have no known price)" } else { "" };
    let _ = writeln!(
        page,
        "{}; {}; {}{price}.\n",
        snapshot::team_word(mission, team).to_lowercase(),
        count(team.account.usage.total(), "token"),
        team.account.spent
    );
    if let crate::engine::state::TeamPhase::Failed(failure) = &team.phase {
        let _ = writeln!(page, "{}\n", line(&failure.reason));
    }
    for (candidate, evidence) in &team.candidates {
        let stat = &candidate.stat;
        let _ = writeln!(
            page,
            "### Candidate {}: +{} -{} in {}\n\n{}\n",
            candidate.attempt,
            stat.additions,
            stat.deletions,
            count(stat.files.len(), "file"),
            line(&candidate.summary)
        );
        if !candidate.root_cause.is_empty() {
            let _ = writeln!(page, "Root cause: {}\n", line(&candidate.root_cause));
        }
        match evidence {
            Some(evidence) => checks(page, evidence),
            None => page.push_str("Not checked.\n\n"),
        }
    }
}

fn checks(page: &mut String, evidence: &Evidence) {
    if evidence.checks.is_empty() {
        page.push_str("No check was run; that is no pass.\n\n");
        return;
    }
    page.push_str("| check | before | after | took |\n|---|---|---|---|\n");
    for check in &evidence.checks {
        let before = check.before.as_ref().map_or_else(|| "not run".to_owned(), ran);
        let took = check.after.elapsed;
        let _ = writeln!(page, "| {} | {before} | {} | {took} |", line(&check.command), ran(&check.after));
    }
    page.push('\n');
    list(page, "Tests that fail before and pass after", &evidence.new_passing);
}

fn ran(run: &CheckRun) -> String {
    let word = match run.outcome {
        CheckOutcome::Passed => "passed",
        CheckOutcome::Failed => "failed",
        CheckOutcome::TimedOut => "timed out",
        CheckOutcome::Broken => "could not run",
    };
    match (run.passed, run.failed) {
        (Some(passed), Some(failed)) => format!("{word}, {passed} pass {failed} fail"),
        _ => word.to_owned(),
    }
}

fn judged(page: &mut String, mission: &Mission) {
    let Some(judgement) = &mission.judgement else { return };
    page.push_str("## Verdicts\n\n");
    for verdict in &judgement.verdicts {
        let [first, second] = verdict.orders;
        let _ = writeln!(
            page,
            "- {} #{}: **{}/100** by {} {} (in both orders {first} and {second}): {}",
            line(&mission.team_name(verdict.team)),
            verdict.attempt,
            verdict.score,
            verdict.judge,
            line(&verdict.model),
            line(&verdict.reasons)
        );
        if let Some(note) = &verdict.note {
            let _ = writeln!(page, "  - {}", line(note));
        }
    }
    for missing in &judgement.missing {
        let _ = writeln!(page, "- missing: {}", line(missing));
    }
    page.push('\n');
}

/// Whether a fact is a ruling or a decision.
#[must_use]
pub fn decides(event: &Event) -> bool {
    matches!(
        event,
        Event::Desk(DeskEvent::RequestOpened(_) | DeskEvent::RequestDecided(..) | DeskEvent::VetoOpened(..))
            | Event::Mission(_, MissionEvent::Ruled(..) | MissionEvent::Chosen(..))
            | Event::Money(MoneyEvent::CapRaised(..))
    )
}

fn decided(page: &mut String, mission: &Mission, dossier: &Dossier) {
    let mut papers = dossier.papers.iter().filter(|paper| decides(&paper.fact.event)).peekable();
    if papers.peek().is_some() {
        page.push_str("## Rulings and decisions\n\n| when (UTC) | who | what |\n|---|---|---|\n");
        papers.take(STEPS_MOST).for_each(|paper| step(page, mission, paper));
        page.push('\n');
    }
}

fn step(page: &mut String, mission: &Mission, paper: &Paper) {
    let fact = &paper.fact;
    let words = account::line(&fact.event, Some(mission));
    let _ = writeln!(page, "| {} | {} | {} |", at(fact.at), line(&fact.actor.to_string()), line(&words));
}

fn chosen(page: &mut String, mission: &Mission, patch: &dyn Fn(Digest) -> Result<String, String>) {
    let Some((id, attempt)) = mission.result.chosen else { return };
    let team = mission.teams.iter().find(|team| team.id == id);
    let Some((candidate, _)) = team.and_then(|team| team.entry(attempt)) else { return };
    let _ = writeln!(page, "## The patch of {} #{attempt}\n", line(&mission.team_name(id)));
    match patch(candidate.patch) {
        Ok(text) => fence(page, "diff", &text, PATCH_MOST),
        Err(why) => {
            let _ = writeln!(page, "It cannot be shown: {}\n", line(&why));
        }
    }
}

fn money(page: &mut String, mission: &Mission) {
    page.push_str("## Money\n\n| account | spent | tokens |\n|---|---|---|\n");
    for team in &mission.teams {
        let account = &team.account;
        let _ =
            writeln!(page, "| {} | {} | {} |", line(&team.spec.name), account.spent, account.usage.total());
    }
    let teams = mission.teams.iter().map(|team| team.account.spent).sum();
    let tokens: u64 = mission.teams.iter().map(|team| team.account.usage.total()).sum();
    let rest = mission.usage.total().saturating_sub(tokens);
    let _ = writeln!(page, "| orchestrator and judges | {} | {rest} |", mission.spent - teams);
    let _ = writeln!(page, "| together | {} | {} |", mission.spent, mission.usage.total());
    let _ = writeln!(page, "| cap | {} | |\n", mission.brief.budget);
}

fn steps(page: &mut String, mission: &Mission, dossier: &Dossier) {
    page.push_str("## Every step\n\n| when (UTC) | who | what |\n|---|---|---|\n");
    dossier.papers.iter().take(STEPS_MOST).for_each(|paper| step(page, mission, paper));
    let more = dossier.papers.len().saturating_sub(STEPS_MOST);
    if more > 0 || dossier.cut {
        let more =
            if dossier.cut { "There is more than was gathered.".to_owned() } else { format!("{more} more.") };
        let _ = writeln!(page, "\n{more}");
    }
    page.push('\n');
}

fn proof(page: &mut String, dossier: &Dossier) {
    let (Some(first), Some(last)) = (dossier.papers.first(), dossier.papers.last()) else { return };
    let _ = writeln!(
        page,
        "## Proof\n\n{} of the journal, {} to {}. SHA-256 of the last one's record: `{}`.\n`chimera audit verify` \
         checks the whole journal, `chimera audit prove {}` proves that entry to an outsider.",
        count(dossier.papers.len(), "entry"),
        first.seq,
        last.seq,
        last.hash,
        last.seq.0
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_others_is_markup() {
        assert_eq!(
            line("a|b <img> [x](y) `z`\n#h \u{1b}[2J*"),
            "a\\|b \\<img\\> \\[x\\](y) \\`z\\` \\#h \\*"
        );
        let mut page = String::new();
        fence(&mut page, "text", "a\n```\nb `````` c", 1_000);
        assert!(page.starts_with("```````text\n") && page.ends_with("```````\n\n"), "{page}");
    }
}
