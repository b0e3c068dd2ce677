//! What the parts of a runbook must be together: tiers, undoing, variables, programs, expressions.

use super::form::Page;
use crate::{
    config::nearest::nearest,
    domain::{
        binding, expr,
        runbook::{OnFail, RunStep, Runbook},
        signal::kind,
        time::Millis,
    },
};
use std::collections::BTreeSet;

/// Programs that run text as commands: what a runbook does stands in its arguments, never in a text of a shell.
const SHELLS: &[&str] = &[
    "sh", "ash", "bash", "csh", "dash", "elvish", "fish", "ksh", "mksh", "nu", "pwsh", "rbash", "tcsh",
    "xonsh", "zsh", "eval",
];

/// Holds a runbook against every rule; mistakes go onto the page.
pub(super) fn judge(runbook: &Runbook, page: &mut Page<'_>) {
    tiers(runbook, page);
    twice(page, "precheck", runbook.prechecks.iter().map(|precheck| precheck.id.as_str()));
    twice(page, "step", runbook.steps.iter().map(|step| step.id.as_str()));
    patterns(runbook, page);
    let mut used = BTreeSet::new();
    for (at, step) in runbook.steps.iter().enumerate() {
        commands(runbook, step, (page, &format!("step[{at}]")), &mut used);
    }
    for (at, precheck) in runbook.prechecks.iter().enumerate() {
        let path = format!("precheck[{at}].expr");
        let checks = expression(runbook, &precheck.expr, (page, &path, None), &mut used);
        if checks.is_some_and(|checks| checks > 1) {
            page.wrong_at(&path, None, "a precheck asks about now: `for N checks` belongs under [verify]");
        }
    }
    for (at, text) in runbook.verify.all.iter().enumerate() {
        let checks = expression(runbook, text, (page, "verify.all", Some(at)), &mut used).unwrap_or(1);
        if runbook.verify.window < Millis::secs(u64::from(checks)) {
            page.wrong_at(
                "verify.window",
                None,
                format!("{checks} checks need a window of {checks}s at least"),
            );
        }
    }
    for name in runbook.variables.keys().filter(|name| !used.contains(*name)) {
        let path = format!("variables.{name}");
        page.wrong_at(&path, None, format!("the variable `{name}` is used nowhere"));
    }
    for name in runbook.variables.keys().filter(|name| expr::known(name).is_some()) {
        page.wrong_at(&format!("variables.{name}"), None, format!("`{name}` is the name of a fact"));
    }
}

fn tiers(runbook: &Runbook, page: &mut Page<'_>) {
    let mut wrong = |path: &str, what: &str| page.wrong_at(path, None, what);
    for (at, step) in runbook.steps.iter().enumerate() {
        if step.dry_run.is_none() && runbook.tier < 2 {
            wrong(
                &format!("step[{at}].dry_run"),
                "a step without a dry run makes the runbook tier 2 at least",
            );
        }
        if step.undo.is_none() && runbook.tier < 2 && !runbook.idempotent {
            let what =
                "a step that nothing takes back makes a runbook that is not idempotent tier 2 at least";
            wrong(&format!("step[{at}].undo"), what);
        }
    }
    if !runbook.reversible && runbook.tier < 2 {
        wrong("runbook.reversible", "what cannot be taken back is tier 2 at least");
    }
    if runbook.verify.on_fail == OnFail::Rollback {
        if runbook.steps.iter().all(|step| step.undo.is_none()) {
            wrong("verify.on_fail", "\"rollback\" needs a step with an `undo`");
        }
        if !runbook.reversible {
            wrong("verify.on_fail", "\"rollback\" needs reversible = true");
        }
    }
}

fn twice<'a>(page: &mut Page<'_>, table: &str, ids: impl Iterator<Item = &'a str>) {
    let mut seen = BTreeSet::new();
    for (at, id) in ids.enumerate() {
        if !seen.insert(id) {
            page.wrong_at(
                &format!("{table}[{at}].id"),
                None,
                format!("{id:?} is the id of another [[{table}]]"),
            );
        }
    }
}

fn patterns(runbook: &Runbook, page: &mut Page<'_>) {
    for (path, list) in
        [("match.kinds", &runbook.matches.kinds), ("match.services", &runbook.matches.services)]
    {
        if list.is_empty() {
            page.wrong_at(path, None, format!("{path}: an empty list matches nothing"));
        }
        for (at, pattern) in list.iter().enumerate() {
            let start = pattern.strip_suffix('*').unwrap_or(pattern);
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
            if pattern.is_empty() || !start.chars().all(plain) {
                let what = format!(
                    "{path}: {pattern:?} is no pattern: small letters, digits, `-_.`, and `*` at the end only"
                );
                page.wrong_at(path, Some(at), what);
            } else if path == "match.kinds" && start == pattern && !kind::ALL.contains(&start) {
                // Other systems have kinds of their own; what is nearly one of ours is a slip.
                if let Some(near) = nearest(start, kind::ALL) {
                    let hint = Some(format!("did you mean {near}?"));
                    page.wrong(page.byte(path, Some(at)), format!("no signal is of kind {start:?}"), hint);
                }
            }
        }
    }
    for (at, name) in runbook.autonomy.environments.iter().enumerate() {
        if !binding::suits(crate::domain::runbook::VariableKind::Name, name) {
            page.wrong_at("autonomy.environments", Some(at), format!("{name:?} is no environment"));
        }
    }
}

fn commands(
    runbook: &Runbook,
    step: &RunStep,
    (page, path): (&mut Page<'_>, &str),
    used: &mut BTreeSet<String>,
) {
    let argvs = [("run", Some(&step.run)), ("dry_run", step.dry_run.as_ref()), ("undo", step.undo.as_ref())];
    for (what, argv) in argvs.into_iter().filter_map(|(what, argv)| Some((what, argv?))) {
        let path = format!("{path}.{what}");
        if argv.first().is_none_or(|program| program.is_empty()) {
            page.wrong_at(&path, None, format!("{path}: a command needs a program"));
        }
        for (at, word) in argv.iter().enumerate() {
            if word.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
                page.wrong_at(&path, Some(at), format!("{path}: control characters"));
            }
            let program = word.rsplit('/').next().unwrap_or(word);
            if SHELLS.contains(&program)
                && (at == 0 || argv.get(at + 1).is_some_and(|next| is_command_flag(next)))
            {
                let what = format!("{path}: {program} is a shell; write program and arguments as they are");
                page.wrong_at(&path, Some(at), what);
            }
            names(runbook, word, (page, &path, Some(at)), used);
        }
    }
}

/// `-c`, `-lc`, `-ec`.
fn is_command_flag(word: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|flags| flags.ends_with('c') && flags.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// Variables within a text: each must be known.
fn names(
    runbook: &Runbook,
    word: &str,
    (page, path, element): (&mut Page<'_>, &str, Option<usize>),
    used: &mut BTreeSet<String>,
) {
    let found = match binding::names_in(word) {
        Ok(found) => found,
        Err(why) => return page.wrong_at(path, element, format!("{path}: {why}")),
    };
    for name in found {
        if binding::kind_of(runbook, &name).is_none() {
            let known = runbook.variables.keys().map(String::as_str);
            let hint = nearest(&name, known).map(|near| format!("did you mean {near}?"));
            let hint =
                hint.or_else(|| Some(format!("declare it under [variables], or write service.{name}")));
            let at = word.find(&format!("${{{name}}}")).unwrap_or(0);
            page.wrong(
                page.inside((path, element), word, at),
                format!("no variable is called `{name}`"),
                hint,
            );
        }
        used.insert(name);
    }
}

/// Reads an expression and says how many checks it asks for.
fn expression(
    runbook: &Runbook,
    text: &str,
    (page, path, element): (&mut Page<'_>, &str, Option<usize>),
    used: &mut BTreeSet<String>,
) -> Option<u32> {
    names(runbook, text, (page, path, element), used);
    match expr::parse(text) {
        Ok(expr) => {
            used.extend(expr.names());
            used.extend(expr.calls().iter().flat_map(|call| {
                let words = (0..call.args.len()).filter_map(|at| call.text(at).map(str::to_owned));
                words.collect::<Vec<_>>()
            }));
            Some(expr.checks())
        }
        Err(why) => {
            page.wrong(page.inside((path, element), text, why.at), why.what, why.hint);
            None
        }
    }
}
