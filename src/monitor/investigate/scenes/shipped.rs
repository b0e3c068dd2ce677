//! Runbooks as they are shipped: what a scene is offered must be what can be filled in.

use crate::domain::{
    incident::{Grade, Severity},
    runbook::{
        OnFail, Precheck, RunStep, Runbook, RunbookAutonomy, RunbookLimits, RunbookMatch, VariableKind,
        Verify,
    },
    time::Millis,
};
use toml_edit::{DocumentMut, Item};

const SHIPPED: [&str; 3] = [
    include_str!("../../../../assets/runbooks/restart-deployment.toml"),
    include_str!("../../../../assets/runbooks/scale-compose.toml"),
    include_str!("../../../../assets/runbooks/scale-kubernetes.toml"),
];

pub fn shipped() -> impl Iterator<Item = Runbook> {
    SHIPPED.iter().map(|text| runbook(&text.parse().unwrap()))
}

/// What binding and offering look at; how often and by whom it may be done is of no matter here.
fn runbook(file: &DocumentMut) -> Runbook {
    let of = |table: &str, key: &str| file[table][key].as_str().unwrap().to_owned();
    let steps = file["step"].as_array_of_tables().unwrap().iter().map(|step| RunStep {
        id: step["id"].as_str().unwrap().into(),
        run: words(&step["run"]),
        dry_run: Some(words(&step["dry_run"])),
        expect_exit: vec![0],
        undo: step["undo"].as_array().map(|_| words(&step["undo"])),
    });
    let prechecks = file["precheck"].as_array_of_tables().unwrap().iter().map(|precheck| Precheck {
        id: precheck["id"].as_str().unwrap().into(),
        expr: precheck["expr"].as_str().unwrap().into(),
    });
    let declared = file.get("variables").and_then(Item::as_table).into_iter().flat_map(|table| table.iter());
    Runbook {
        id: of("runbook", "id"),
        version: 1,
        summary: of("runbook", "summary"),
        tier: 1,
        reversible: true,
        idempotent: true,
        owner: of("runbook", "owner"),
        matches: RunbookMatch {
            kinds: words(&file["match"]["kinds"]),
            services: words(&file["match"]["services"]),
            min_severity: Severity::of(&of("match", "min_severity")).unwrap(),
            requires_grade: if of("match", "requires_grade") == "A" { Grade::A } else { Grade::B },
        },
        variables: declared.map(|(name, _)| (name.to_owned(), VariableKind::Number)).collect(),
        prechecks: prechecks.collect(),
        limits: RunbookLimits {
            cooldown: Millis::mins(5),
            max_per_target: (2, Millis::hours(1)),
            max_per_fingerprint: (3, Millis::hours(24)),
            max_parallel: 1,
            timeout: Millis::mins(1),
        },
        steps: steps.collect(),
        verify: Verify {
            after: Millis::secs(30),
            window: Millis::mins(5),
            all: words(&file["verify"]["all"]),
            on_fail: OnFail::Escalate,
        },
        autonomy: RunbookAutonomy {
            levels: vec![2, 3],
            business_hours: false,
            environments: vec!["production".into()],
        },
        own: false,
    }
}

fn words(list: &Item) -> Vec<String> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}
