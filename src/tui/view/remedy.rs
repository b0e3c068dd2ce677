//! A remedy in full: exactly what would run, word by word, what must be true before, how it is known to have helped.
//! An incident's card and the card of its request show the same.

use super::rows::{Row, wrapped};
use crate::{
    domain::{
        incident::Remedy,
        runbook::{OnFail, RunPlan},
        text::{clean_line, count},
    },
    engine::account,
    tui::{argv::join_argv, theme::Role},
};

/// Exactly what a remedy would do.
pub(super) fn rows(remedy: &Remedy, rows: &mut Vec<Row>, width: usize) {
    match remedy {
        Remedy::Runbook(plan) => runbook(plan, rows, width),
        other => {
            for line in account::remedy_lines(other) {
                wrapped(rows, &format!("  {line}"), Role::Code, width);
            }
        }
    }
}

fn runbook(plan: &RunPlan, rows: &mut Vec<Row>, width: usize) {
    let head = format!(
        "  {} version {}, tier {} as written, on {} in {}; {}",
        clean_line(&plan.runbook, 64),
        plan.version,
        plan.tier,
        clean_line(&plan.target, 120),
        clean_line(&plan.env, 40),
        plan.way_back()
    );
    wrapped(rows, &head, Role::Text, width);
    wrapped(rows, &format!("  {}", clean_line(&plan.summary, 300)), Role::Muted, width);
    let argv = |argv: &[String]| clean_line(&join_argv(argv), 2_000).to_string();
    wrapped(rows, "  exactly this runs, without a shell:", Role::Text, width);
    for step in &plan.steps {
        wrapped(rows, &format!("    {} │ {}", clean_line(&step.id, 64), argv(&step.run)), Role::Code, width);
        if let Some(undo) = &step.undo {
            wrapped(rows, &format!("      taken back by │ {}", argv(undo)), Role::Code, width);
        }
    }
    if plan.prechecks.is_empty() {
        rows.push(("  no check before it".into(), Role::Muted));
    }
    for check in &plan.prechecks {
        wrapped(rows, &format!("  only if       {}", clean_line(&check.expr, 300)), Role::Text, width);
    }
    for clause in &plan.verify.all {
        wrapped(rows, &format!("  it helped if  {}", clean_line(clause, 300)), Role::Text, width);
    }
    let fails = match plan.verify.on_fail {
        OnFail::Escalate => "a person is called",
        OnFail::Rollback => "it is taken back, then a person is called",
    };
    let verify =
        format!("  looked at {} after it, for {}; if not, {fails}", plan.verify.after, plan.verify.window);
    wrapped(rows, &verify, Role::Text, width);
    let (runs, within) = plan.limits.max_per_target;
    let limits = format!(
        "  at most {} in {within} on one target, {} apart",
        count(runs, "time"),
        plan.limits.cooldown
    );
    wrapped(rows, &limits, Role::Muted, width);
}
