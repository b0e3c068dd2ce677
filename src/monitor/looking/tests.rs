//! Facts are looked for by whoever can, and every one that a shipped runbook asks for has somebody.

use super::*;
use crate::{
    domain::{expr, time::Timestamp},
    monitor::probes::Web,
    workspace::process::Confinement,
};
use std::{fs, path::Path, sync::Arc};

/// Facts of the incident itself: whoever carries a runbook out answers them.
const OF_THE_INCIDENT: [&str; 2] = ["signal_cleared", "firing"];

fn sight(env: &[(&str, &str)], variables: &[(&str, &str)]) -> Sight {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let eyes = Eyes {
        now: Arc::new(|| Timestamp(1_000_000_000_000)),
        secret: Arc::new(|text| Box::pin(std::future::ready(Ok(text.to_owned())))),
        web: Web::new(Arc::new(|| Err("no web here".into()))),
        positions: None,
        walls: Confinement::Leash { helper: None },
        env: env.iter().map(own).collect(),
    };
    let service =
        Service { name: "web".into(), variables: variables.iter().map(own).collect(), ..Service::default() };
    Sight { eyes, service, restarts: false }
}

async fn looked(name: &str, arg: &str, sight: &Sight) -> Option<Value> {
    let call = Call::new(name, vec![Value::Text(arg.into())]);
    look(&call, sight, Read { newest: &[], health: &[], past: &[] }).await
}

/// What conditions of a runbook's file ask.
fn asked(text: &str) -> Vec<Call> {
    let file: toml_edit::DocumentMut = text.parse().unwrap();
    let conditions = file["precheck"].as_array_of_tables().unwrap().iter().map(|one| one["expr"].as_str());
    let proofs = file["verify"]["all"].as_array().unwrap().iter().map(toml_edit::Value::as_str);
    let all = conditions.chain(proofs).map(|text| expr::parse(text.unwrap()).unwrap());
    all.flat_map(|expr| expr.calls()).collect()
}

#[test]
fn c12_every_fact_that_a_shipped_runbook_asks_for_is_answered_by_somebody() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/runbooks");
    let (mut calls, mut silent) = (0, Vec::new());
    for with in [&[][..], &[("deployment", "web")]] {
        let sight = sight(&[], with);
        for file in fs::read_dir(&dir).unwrap() {
            let path = file.unwrap().path();
            for call in asked(&fs::read_to_string(&path).unwrap()) {
                let read = Read { newest: &[], health: &[], past: &[] };
                let known = matches!(read::answer(&call, &sight, read), read::Answered::Known(_))
                    || world::answer(&call, &sight).is_some()
                    || OF_THE_INCIDENT.contains(&call.name.as_str())
                    // A variable, not a fact.
                    || expr::known(&call.name).is_none();
                calls += 1;
                if !known {
                    silent.push(format!("{}: {call}", path.display()));
                }
            }
        }
    }
    assert!(calls > 60 && silent.is_empty(), "{calls} {silent:?}");
}

#[tokio::test]
async fn c12_a_deployment_is_asked_where_the_service_is_and_of_its_own_cluster() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("kubectl");
    let script = "#!/bin/sh\n[ \"$KUBECONFIG $2 $5 $6\" = '/b deployment/web --namespace=shop --context=far' ] || exit 1\n\
        echo '{\"spec\":{\"replicas\":4},\"metadata\":{\"generation\":1},\
        \"status\":{\"observedGeneration\":1,\"replicas\":5,\"readyReplicas\":3}}'\n";
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let path = format!("{}:/usr/bin:/bin", dir.path().display());
    let named = [("deployment", "web"), ("namespace", "shop"), ("kube_context", "far")];
    let sight = sight(&[("PATH", &path), ("KUBECONFIG", "/b")], &named);
    assert_eq!(looked("deployment_ready_pct", "web", &sight).await, Some(Value::Number(75.0)));
    assert_eq!(
        looked("deployment_ready_pct", "other", &sight).await,
        None,
        "what cannot be asked is not known"
    );
    assert_eq!(looked("instances", "web", &sight).await, Some(Value::Number(5.0)));
    assert_eq!(looked("instances", "db", &sight).await, None, "of another service nothing was read");
}

#[tokio::test]
async fn c12_days_are_left_to_a_certificate_in_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let sight = sight(&[], &[]);
    let days = async |path: &str| looked("cert_days_left", path, &sight).await;
    // Made for this: it is good until 2001-09-19, ten days after the moment that these tests take for now.
    assert_eq!(days(&file("a.pem", CERTIFICATE)).await, Some(Value::Number(10.0)));
    assert_eq!(days(&file("b.pem", "no certificate")).await, None);
    assert_eq!(days("/no/such/file.pem").await, None);
}

/// As short as one can be that says until when it is good.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMCkwJwIBATAAMAAwHhcNMDEwOTAxMDAwMDAwWhcNMDEwOTE5MDE0NjQxWg==\n-----END CERTIFICATE-----\n";
