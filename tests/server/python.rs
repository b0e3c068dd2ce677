//! The Python client against the real daemon: a brief, what happens, a decision, a commit; and what is refused.

use super::client::daemon;
use crate::{
    healing::servers::program,
    house::stage::{BRIEF, CHECK, Stage},
};
use serde_json::json;
use std::{path::Path, process::Command};

const PROGRAM: &str = r#"
import json, sys
from chimera_client import ChimeraError, Client

given = json.loads(sys.argv[1])
chimera = Client.unix(given["socket"])
assert chimera.get_health()["status"] == "ok"
opened = chimera.open_mission({"text": given["text"], "checks": [given["check"]]}, key="one")
again = chimera.open_mission({"text": given["text"], "checks": [given["check"]]}, key="one")
assert opened == again and opened["mission"] == "M-1", (opened, again)

def decide(name):
    while True:
        request = chimera.get_request(name)
        try:
            answer = {"revision": request["revision"], "answer": "approve", "team": "Team Google"}
            return chimera.decide_request(name, answer)
        except ChimeraError as stale:
            assert stale.status == 409 and stale.type == "urn:chimera:problem:stale", stale

seen = []
for event in chimera.events(after=0):
    seen.append(event["seq"])
    if event["kind"] == "desk.request_opened":
        assert decide("R-1")["request"] == "R-1"
    if event["kind"] == "mission.ended":
        break
assert seen == list(range(1, len(seen) + 1)), seen
assert chimera.get_mission("M-1")["status"] == "landed"
page = chimera.list_missions(most=1, status="landed")
assert [mission["mission"] for mission in page["items"]] == ["M-1"]
assert chimera.get_readiness() == "ok\n"
kept = chimera.keep_blob(b"\x00\xff")
assert chimera.get_blob(kept["digest"]) == b"\x00\xff"
assert chimera.list_journal(from_=1, most=2)["entries"][1]["seq"] == 2
for call, status in [
    (lambda: chimera.get_mission("M-1/../../health"), 404),
    (lambda: chimera.get_mission("M-9"), 404),
    (lambda: chimera.submit_task({"feature": "", "target_url": "x", "staging_url": "y"}), 422),
]:
    try:
        print("not refused:", call())
        sys.exit(1)
    except ChimeraError as refused:
        assert refused.status == status and refused.detail and refused.hint, refused
print("done")
"#;

#[test]
#[expect(clippy::disallowed_methods, reason = "a program that asks")]
fn d9_a_python_program_gives_a_brief_follows_it_and_decides() {
    let Some(python) = program("python3", "d9_a_python_program_gives_a_brief") else { return };
    let stage = Stage::default();
    let daemon = daemon(&stage);
    let given = json!({"socket": daemon.socket, "text": BRIEF, "check": CHECK}).to_string();
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/python");
    let done = Command::new(python)
        .args(["-c", PROGRAM, &given])
        .env("PYTHONPATH", clients)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let said = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success() && said.0.ends_with("done\n"), "{said:?}");
    daemon.ends();
}
