//! From a file's values to a [`Runbook`], section by section.

use super::form::{LIST_MOST, Need, Page, span};
use crate::{
    config::document::Raw,
    domain::{
        binding, ids,
        incident::{Grade, Severity},
        runbook::{
            OnFail, Precheck, RunStep, Runbook, RunbookAutonomy, RunbookLimits, RunbookMatch, VariableKind,
            Verify,
        },
        text,
        time::Millis,
    },
};
use std::collections::BTreeMap;

/// Steps, prechecks and conditions of one runbook.
const PARTS_MOST: usize = 16;
/// Longest of any span here.
const SPAN_MOST: Millis = Millis::hours(24 * 30);
/// Longest that all steps may take.
const TIMEOUT_MOST: Millis = Millis::hours(1);
/// Characters of a summary.
const SUMMARY_MOST: usize = 200;

/// Kinds of variables and their words.
const KINDS: [(&str, VariableKind); 7] = [
    ("name", VariableKind::Name),
    ("path", VariableKind::Path),
    ("number", VariableKind::Number),
    ("span", VariableKind::Span),
    ("host", VariableKind::Host),
    ("key_pattern", VariableKind::KeyPattern),
    ("url", VariableKind::Url),
];

/// Reads everything; `None` where a mistake leaves it without something that must be there. Mistakes are on the page.
pub(super) fn read(page: &mut Page<'_>) -> Option<Runbook> {
    let id = page.text("runbook.id", Need::Must, id);
    let version = page.number("runbook.version", Need::Must, 1..=u32::MAX);
    let words = page.text("runbook.summary", Need::Must, summary);
    let tier = page.number("runbook.tier", Need::Must, 1..=3);
    let reversible = page.switch("runbook.reversible");
    let idempotent = page.switch("runbook.idempotent");
    let owner = page.text("runbook.owner", Need::Must, summary);
    let (matches, variables) = (matches(page), variables(page));
    let (prechecks, limits, steps) = (prechecks(page), limits(page), steps(page));
    let (verify, autonomy) = (verify(page), autonomy(page));
    Some(Runbook {
        id: id?,
        version: version?,
        summary: words?,
        tier: u8::try_from(tier?).ok()?,
        reversible: reversible?,
        idempotent: idempotent?,
        owner: owner?,
        matches: matches?,
        variables,
        prechecks: prechecks?,
        limits: limits?,
        steps: steps?,
        verify: verify?,
        autonomy: autonomy?,
        own: false,
    })
}

fn id(words: &str) -> Result<String, String> {
    match words.len() >= 3 && ids::is_name(words) {
        true => Ok(words.to_owned()),
        false => Err(format!(
            "{:?} is no id: 3 to 64 small letters, digits and `-`",
            text::clean_line(words, 80).to_string()
        )),
    }
}

fn part_id(words: &str) -> Result<String, String> {
    match ids::is_name(words) {
        true => Ok(words.to_owned()),
        false => Err("1 to 64 small letters, digits and `-`".into()),
    }
}

fn summary(words: &str) -> Result<String, String> {
    let clean = text::clean_line(words, SUMMARY_MOST);
    match *clean == *words && !words.trim().is_empty() {
        true => Ok(words.to_owned()),
        false => Err(format!("one line of at most {SUMMARY_MOST} characters, without control characters")),
    }
}

fn matches(page: &mut Page<'_>) -> Option<RunbookMatch> {
    let kinds = page.texts("match.kinds");
    let services = page.texts("match.services");
    let min_severity = page.text("match.min_severity", Need::Must, |word| {
        Severity::of(word).ok_or_else(|| format!("{word:?} is no severity: P0 to P4"))
    });
    let requires_grade = page.text("match.requires_grade", Need::Must, |word| match word {
        "A" => Ok(Grade::A),
        "B" => Ok(Grade::B),
        "C" => Ok(Grade::C),
        _ => Err(format!("{word:?} is no grade: A, B or C")),
    });
    Some(RunbookMatch {
        kinds: kinds?,
        services: services?,
        min_severity: min_severity?,
        requires_grade: requires_grade?,
    })
}

fn variables(page: &mut Page<'_>) -> BTreeMap<String, VariableKind> {
    let mut variables = BTreeMap::new();
    for (name, leaf) in page.variables() {
        let Raw::Text(word) = &leaf.raw else {
            page.wrong(
                leaf.value,
                format!("variables.{name}: expected a kind, found {}", leaf.raw.sort()),
                None,
            );
            continue;
        };
        let Some((_, kind)) = KINDS.iter().find(|(known, _)| known == word) else {
            let kinds = KINDS.map(|(known, _)| known);
            let hint =
                crate::config::nearest::nearest(word, kinds).map(|near| format!("did you mean {near}?"));
            page.wrong(leaf.value, format!("{word:?} is no kind: {}", kinds.join(", ")), hint);
            continue;
        };
        match binding::is_name(&name) && name != "service" && variables.len() < LIST_MOST {
            true => drop(variables.insert(name, *kind)),
            false => page.wrong(
                leaf.key,
                format!("{name:?} is no name of a variable: small letters, digits and `_`"),
                None,
            ),
        }
    }
    variables
}

/// How many tables there are, where that is neither none nor too many.
fn counted(page: &mut Page<'_>, name: &str) -> Option<usize> {
    let count = page.tables(name);
    if (1..=PARTS_MOST).contains(&count) {
        return Some(count);
    }
    let what = match count {
        0 => format!("[[{name}]] is missing: at least one is needed"),
        _ => format!("more than {PARTS_MOST} of [[{name}]]"),
    };
    page.wrong(page.byte("runbook.id", None), what, None);
    None
}

fn prechecks(page: &mut Page<'_>) -> Option<Vec<Precheck>> {
    let count = counted(page, "precheck")?;
    let all: Vec<_> = (0..count)
        .map(|at| {
            let id = page.text(&format!("precheck[{at}].id"), Need::Must, part_id);
            let expr = page.text(&format!("precheck[{at}].expr"), Need::Must, |words| Ok(words.to_owned()));
            Some(Precheck { id: id?, expr: expr? })
        })
        .collect();
    all.into_iter().collect()
}

fn limits(page: &mut Page<'_>) -> Option<RunbookLimits> {
    let cooldown = page.span("limits.cooldown", SPAN_MOST);
    let max_per_target = page.text("limits.max_per_target", Need::Must, rate);
    let max_per_fingerprint = page.text("limits.max_per_fingerprint", Need::Must, rate);
    let parallel = page.number("limits.max_parallel", Need::Must, 1..=16);
    let timeout = page.span("limits.timeout", TIMEOUT_MOST);
    Some(RunbookLimits {
        cooldown: cooldown?,
        max_per_target: max_per_target?,
        max_per_fingerprint: max_per_fingerprint?,
        max_parallel: parallel?,
        timeout: timeout?,
    })
}

/// `2/1h`.
fn rate(words: &str) -> Result<(u32, Millis), String> {
    let bad = || format!("{words:?} is no rate such as 2/1h");
    let (number, within) = words.split_once('/').ok_or_else(bad)?;
    let number: u32 = number.trim().parse().map_err(|_| bad())?;
    match number {
        1..=100 => Ok((number, span(within.trim(), SPAN_MOST)?)),
        _ => Err(format!("{number} is not within 1 to 100")),
    }
}

fn steps(page: &mut Page<'_>) -> Option<Vec<RunStep>> {
    let count = counted(page, "step")?;
    let all: Vec<_> = (0..count).map(|at| step(page, &format!("step[{at}]"))).collect();
    all.into_iter().collect()
}

fn step(page: &mut Page<'_>, path: &str) -> Option<RunStep> {
    let id = page.text(&format!("{path}.id"), Need::Must, part_id);
    let run = page.texts(&format!("{path}.run"));
    let dry_run = argv_or(page, &format!("{path}.dry_run"), "unsupported");
    let undo = argv_or(page, &format!("{path}.undo"), "none");
    let exit = format!("{path}.expect.exit");
    let expect_exit = match page.leaf(&exit) {
        Some(_) => page.numbers(&exit, 0..=255),
        None => Some(vec![0]),
    };
    if expect_exit.as_ref().is_some_and(Vec::is_empty) {
        page.wrong_at(&exit, None, format!("{exit}: at least one code is well"));
    }
    Some(RunStep { id: id?, run: run?, dry_run: dry_run.ok()?, expect_exit: expect_exit?, undo: undo.ok()? })
}

/// A mistake that was told.
struct Told;

/// A command, or the word that says that there is none.
fn argv_or(page: &mut Page<'_>, path: &str, none: &str) -> Result<Option<Vec<String>>, Told> {
    let what = match page.leaf(path).map(|leaf| leaf.raw.clone()) {
        Some(Raw::Text(word)) if word == none => return Ok(None),
        Some(Raw::List(_)) => return page.texts(path).map(Some).ok_or(Told),
        Some(Raw::Text(word)) if word.starts_with("redeploy:") => {
            "a release is taken back by the service's own `rollback`, not by a runbook".into()
        }
        Some(other) => format!("expected a command as a list, or \"{none}\", found {}", other.sort()),
        None => format!("is missing: a command as a list, or \"{none}\""),
    };
    page.wrong_at(path, None, format!("{path}: {what}"));
    Err(Told)
}

fn verify(page: &mut Page<'_>) -> Option<Verify> {
    let after = page.span("verify.after", TIMEOUT_MOST);
    let window = page.span("verify.window", Millis::hours(24));
    let all = page.texts("verify.all");
    let on_fail = page.text("verify.on_fail", Need::Must, |word| match word {
        "escalate" => Ok(OnFail::Escalate),
        "rollback" => Ok(OnFail::Rollback),
        "retry" => Err("what did not help is not done again: \"escalate\" or \"rollback\"".into()),
        _ => Err(format!("{word:?} is not \"escalate\" or \"rollback\"")),
    });
    if all.as_ref().is_some_and(|all| !(1..=PARTS_MOST).contains(&all.len())) {
        page.wrong_at("verify.all", None, format!("verify.all: 1 to {PARTS_MOST} conditions"));
    }
    Some(Verify { after: after?, window: window?, all: all?, on_fail: on_fail? })
}

fn autonomy(page: &mut Page<'_>) -> Option<RunbookAutonomy> {
    let levels = match page.leaf("autonomy.levels") {
        Some(_) => page.numbers("autonomy.levels", 1..=3),
        None => {
            page.wrong(page.byte("autonomy.levels", None), "[autonomy] levels is missing", None);
            None
        }
    };
    let hours = page.text("autonomy.hours", Need::Must, |word| match word {
        "any" => Ok(false),
        "business" => Ok(true),
        _ => Err(format!("{word:?} is not \"any\" or \"business\"")),
    });
    let environments = page.texts("autonomy.environments");
    let levels = levels?.into_iter().filter_map(|level| u8::try_from(level).ok()).collect();
    Some(RunbookAutonomy { levels, business_hours: hours?, environments: environments? })
}
