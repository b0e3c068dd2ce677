//! What is shipped to run it: Prometheus' own checkers judge its files, kubectl reads the manifests, and the image and the manifests
//! say of one another what is so.

#![expect(clippy::disallowed_methods, reason = "a test asks the checkers of others")]

use super::house;
use crate::healing::servers::program;
use std::{fs, path::Path, process::Command};

fn read(file: &str) -> String {
    fs::read_to_string(house(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Runs a checker; what it said.
fn checks(program: &Path, args: &[&str], dir: &Path) -> String {
    let done = Command::new(program).args(args).current_dir(dir).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{} {args:?}: {said}", program.display());
    said
}

#[test]
fn e8_promtool_finds_nothing_wrong_with_the_scrape_configuration_and_the_rules() {
    let Some(promtool) = program("promtool", "e8_promtool_finds_nothing_wrong") else { return };
    // Files of the place where it runs are put beside it: a whole check looks whether they are there.
    let place = tempfile::tempdir().unwrap();
    for file in fs::read_dir(house("deploy/prometheus")).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path)
            .unwrap()
            .replace("/etc/prometheus/", &format!("{}/", place.path().display()));
        fs::write(place.path().join(path.file_name().unwrap()), text).unwrap();
    }
    fs::write(place.path().join("chimera.token"), "x").unwrap();
    fs::write(place.path().join("chimera-ca.pem"), "").unwrap();
    checks(&promtool, &["check", "config", "prometheus.yml"], place.path());
    let said = checks(&promtool, &["check", "rules", "--lint-fatal", "chimera.rules.yml"], place.path());
    assert!(said.contains("11 rules found"), "{said}");
    checks(&promtool, &["test", "rules", "chimera.test.yml"], place.path());
}

#[test]
fn c2_amtool_finds_nothing_wrong_with_what_tells_us_of_alerts() {
    let Some(amtool) = program("amtool", "c2_amtool_finds_nothing_wrong") else { return };
    checks(&amtool, &["check-config", "alertmanager.yml"], &house("deploy/prometheus"));
}

#[test]
fn e8_every_metric_of_the_rules_is_one_that_the_program_tells() {
    let rules = read("deploy/prometheus/chimera.rules.yml");
    let told = read("src/server/pages/metrics.rs");
    let mut named = 0;
    for (at, _) in rules.match_indices("chimera_") {
        let name: String = rules[at..].chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
        assert!(told.contains(&format!("\"{name}\"")), "{name} is in the rules and in no metric");
        named += 1;
    }
    assert!(named > 10, "the metrics of the rules were not found");
}

/// The manifests as kubectl reads them, one a document.
fn manifests(test: &str) -> Option<Vec<String>> {
    let kubectl = program("kubectl", test)?;
    let whole = checks(&kubectl, &["kustomize", "deploy/kubernetes"], &house(""));
    Some(whole.split("\n---\n").map(str::to_owned).collect())
}

fn kind<'a>(manifests: &'a [String], kind: &str) -> &'a str {
    let of = |text: &&String| text.lines().any(|line| line == format!("kind: {kind}"));
    manifests.iter().find(of).unwrap_or_else(|| panic!("there is no {kind}"))
}

#[test]
fn e9_the_manifests_are_read_by_kubectl_and_keep_one_owner() {
    let Some(all) = manifests("e9_the_manifests_are_read_by_kubectl") else { return };
    let deployment = kind(&all, "Deployment");
    for line in [
        "  replicas: 1",
        "    type: Recreate",
        "        runAsNonRoot: true",
        "          readOnlyRootFilesystem: true",
    ] {
        assert!(deployment.lines().any(|found| found == line), "{line:?} is not in\n{deployment}");
    }
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        assert!(deployment.contains(&format!("{probe}:")), "there is no {probe}");
    }
    for name in
        ["Service", "ConfigMap", "PersistentVolumeClaim", "NetworkPolicy", "ServiceAccount", "Namespace"]
    {
        kind(&all, name);
    }
    // Nothing scales the owner, and no secret is applied from here.
    assert!(
        !all.iter()
            .any(|text| text.contains("kind: HorizontalPodAutoscaler") || text.contains("kind: Secret"))
    );
    let hpa = read("deploy/kubernetes/hpa.yaml");
    assert!(hpa.contains("name: chimera-worker}") && !hpa.contains("name: chimera}"), "{hpa}");
    let secret = read("deploy/kubernetes/secret.example.yaml");
    let filled = secret
        .lines()
        .filter(|line| line.starts_with("  ") && line.contains(": \"") && !line.ends_with("\"\""));
    assert_eq!(filled.count(), 0, "the template holds a secret");
}

#[test]
fn e9_the_probes_are_commands_that_the_program_has() {
    let deployment = read("deploy/kubernetes/deployment.yaml");
    let image = read("deploy/Dockerfile");
    let asked = [
        "exec: {command: [\"chimera\", \"health\"]}",
        "exec: {command: [\"chimera\", \"health\", \"--ready\"]}",
    ];
    assert!(asked.iter().all(|probe| deployment.contains(probe)), "{deployment}");
    assert!(image.contains("HEALTHCHECK") && image.contains("CMD [\"chimera\", \"health\", \"--ready\"]"));
    assert!(image.contains("USER 10001:10001") && deployment.contains("runAsUser: 10001"));
    let done =
        Command::new(env!("CARGO_BIN_EXE_chimera")).args(["health", "--ready", "--help"]).output().unwrap();
    assert!(done.status.success());
}

#[test]
fn d8_the_image_copies_only_what_is_let_through_and_what_is_there() {
    let (image, ignored) = (read("deploy/Dockerfile"), read(".dockerignore"));
    let copied =
        image.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--"));
    let mut count = 0;
    for source in copied.flat_map(|line| {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        words.pop();
        words
    }) {
        assert!(house(source).exists(), "{source} is copied and is not there");
        assert!(ignored.lines().any(|line| line == format!("!{source}")), "{source} is not let through");
        count += 1;
    }
    assert!(count >= 8, "what is copied was not found");
    assert!(ignored.lines().any(|line| line == "*"), "everything else stays out");
    // What the program is built from that lies outside of src is copied, too.
    for line in read("Cargo.toml").lines().filter_map(|line| line.strip_prefix("path = \"")) {
        let top = line.split('/').next().unwrap_or_default();
        assert!(image.contains(&format!("COPY {top} ")), "{top} is of the manifest and not of the image");
    }
}
