//! docs/api.md out of the OpenAPI document that the daemon serves.

use serde_json::Value;
use std::fmt::Write as _;

const PREFACE: &str = "# The network face

<!-- The tables are generated from src/server/; CHIMERA_BLESS=1 cargo test -- docs:: writes them anew. -->

`chimera --monitor` answers programs on a unix socket: `api.sock` in the data directory, or where `socket` in `[server]` says
(`off`: nowhere). With or without probes: a daemon that watches nothing still takes briefs.

```sh
chimera --monitor &                                    # its second line says where it serves
S=~/.local/share/chimera/*/api.sock
curl --unix-socket $S http://localhost/health
curl --unix-socket $S http://localhost/api/missions -H 'content-type: application/json' \\
     -H 'idempotency-key: 7f9c' -d '{\"text\": \"Checkout returns 500 when the cart is empty\"}'
curl --unix-socket $S -N http://localhost/api/events   # what happens, as it happens
```

**Who may.** The socket is 0600, and the kernel is asked who connects: the user who runs the daemon, and root. What they
do is recorded under their login name. Agents' commands run as that user, too, and are not served: whoever is behind more system
call filters than the daemon comes from inside a sandbox. Whoever can open the socket is a director. Nothing listens on a port
unless `listen` in `[server]` says so; over TCP each caller brings a token with a role, and each operation below names the least role
that may ask: [network.md](network.md).

**Forms.** Bodies are JSON with `content-type: application/json`; an unknown field is a mistake. Ids are written as everywhere,
`M-12`, `R-3`, `I-7`; times are RFC 3339 in UTC; money is US dollars. The document that this page is made of is served at
`/api/openapi.json` (OpenAPI 3.1).

**Mistakes** are RFC 9457 problem documents (`application/problem+json`): `type` is `urn:chimera:problem:` and a word that
stays (`malformed`, `invalid`, `unfit`, `not_found`, `stale`, `already`, `halted`, `over_budget`, `forbidden`, `other_under_same_key`,
`under_way`, `too_large`, `too_slow`, `late`, `too_many`, `unauthorized`, `unproven`, `role`, `misdirected`, `busy`, `unavailable`,
`internal`, `method_not_allowed`, `media_type`), `detail` says what is
wrong with this request, `hint` what to do.

**Other systems** deliver to `/api/hooks/ID` of a `[[probe]]` with `type = \"webhook\"`. Their signature or token is the whole proof of who
they are; nothing else on this page can be asked with it. [operations.md](operations.md) has a table of what each sends.

**Once.** With an `Idempotency-Key` (1 to 200 visible characters) the same POST under the same key is done once and answered
the same (`idempotency-replayed: true`); another body under it is a 409. The last 1,024 answers are kept in memory. That a brief
opens one mission is kept in the journal with the mission itself, so it holds when the daemon was killed in between: the answer
is then the mission as it stands, `idempotency-replayed` too (as long as it is among those in memory: all that go on and the last
200 that ended). So it is with a word on an incident (silence, investigate, resolve), on a mission (cancel, retry, refine) and with
pause and stop: the last 1,000 keys of those stand in the journal, and after a restart the answer is how it stands then,
`idempotency-replayed` too. Everything else is forgotten with the process: a decided request is `already` so, `resume` lets a house
go on that was paused meanwhile, a setting is written once more. What was refused only for now (`stale`, `halted`, `unfit`, `not_found`, `over_budget`, `forbidden`) is not
kept: the same request under the same key is tried anew.

**Decisions** name the `revision` that was seen. Where a candidate, evidence or plan has changed since, the answer is 409
`stale` and nothing was decided.

**Proof.** `/api/journal/proof?seq=N` gives what `chimera audit prove N` gives: texts to be hashed, from the entry over the checkpoints to
the head of the journal. An entry after a checkpoint names that checkpoint's record in `prev`; the proof of entry 1 has every one.

**Streams.** `/api/events` sends each journal entry once and in order, its number as the event's id. A reader that connects again
with `Last-Event-ID` (or `?after=`) goes on right after it, also over a restart or a kill of the daemon: no gap, no double. A comment
every 15 s shows that the line is alive. A reader is sent the next piece (at most 64 entries or 256 KiB) when it has taken the last
one; a slow one costs that and no more. The same over WebSocket: a request to upgrade to one (`GET /api/events?after=0`) gets each entry as a
text message, and whoever connects again names the last `seq` in `after`. Entries carry the engine's own form of an event, `/api/snapshot` its own form of the
state, both with a `version`: they are for whoever folds them with the same program. Everything else on this page is a form of
its own that stays.

**Screens elsewhere.** `chimera attach unix:PATH` shows the same screens on a daemon: the state at one entry, then the stream, folded by
the same engine; words by `POST /api/commands`, under a key of their own, so that one whose answer was lost is given again and
done once; what agents stream for the channels that are looked at; the past, patches and transcripts by `/api/journal` and
`/api/blobs`. A preview (key `P`) runs where the daemon is and is told by `/api/previews`: how it stands, its page as text and as an
image, its last words; where the screen is on another machine it says the line that brings the page's own address there by ssh. It
ends 5 s after the last who followed it has left; four run at once for people elsewhere. Several can look at one daemon; each sees what the others decide, and who did. When the line is lost the header says
so, what was seen last stays, nothing is done until the line is there again, and then nothing is missing. It must be the same
version of the program. From another machine: `chimera attach ssh://user@host:port/path` forwards the socket by your own ssh (`ssh` in
`[server]` says how it is called), which must get there without a question; you are recorded as who you are there. The path is a
repository there or a socket (`NAME.sock`); for a repository, and where there is none, the `chimera` of that machine is asked once over
the same ssh where the daemon's socket is. The header says where a screen is attached to.

**Limits.** 512 connections, 256 streams, 2 MiB a body, 32 KiB and 64 fields a head, 10 s for a head, 30 s for a body, 60 s for an
answer. Over TCP also how many and how often: [network.md](network.md).
";

/// The page.
pub fn page(document: &Value) -> String {
    let mut out = PREFACE.to_owned();
    for tag in document["tags"].as_array().unwrap() {
        let (name, what) = (tag["name"].as_str().unwrap(), tag["description"].as_str().unwrap());
        let _ = write!(out, "\n## {name}\n\n{what}.\n");
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                if operation["tags"][0] == name {
                    route(&mut out, (method, path), operation);
                }
            }
        }
    }
    out.push_str("\n## Forms\n");
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        form(&mut out, name, schema);
    }
    out
}

fn route(out: &mut String, (method, path): (&str, &str), operation: &Value) {
    let summary = operation["summary"].as_str().unwrap();
    let role = operation["x-role"].as_str().map_or("anybody", |role| role);
    let _ = write!(out, "\n### {} {path}\n\n{summary}. For: {role}. ", method.to_uppercase());
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    if !body.is_null() {
        let _ = write!(out, "Body: {}. ", sort(body));
    }
    let (status, answer) = operation["responses"].as_object().unwrap().iter().next().unwrap();
    let (media_type, content) = answer["content"].as_object().unwrap().iter().next().unwrap();
    match media_type.as_str() {
        "application/json" => writeln!(out, "Answers {status}: {}.", sort(&content["schema"])),
        "text/event-stream" => writeln!(out, "A stream. {}", answer["description"].as_str().unwrap()),
        other => writeln!(out, "Answers {status}: {other}."),
    }
    .unwrap();
    let parameters: Vec<&Value> = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|one| one["in"] != "header")
        .collect();
    if !parameters.is_empty() {
        out.push_str("\n| Parameter | Where | Form | Meaning |\n|---|---|---|---|\n");
    }
    for one in parameters {
        let words = one["description"].as_str().unwrap_or_default();
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            one["name"].as_str().unwrap(),
            one["in"].as_str().unwrap(),
            sort(&one["schema"]),
            cell(words)
        );
    }
}

fn form(out: &mut String, name: &str, schema: &Value) {
    let _ = write!(out, "\n### {name}\n\n{}\n", cell(schema["description"].as_str().unwrap_or_default()));
    for variant in schema["oneOf"].as_array().into_iter().flatten() {
        let word = variant["const"].as_str().or_else(|| variant["properties"]["kind"]["const"].as_str());
        let fields: Vec<&str> = variant["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .filter(|name| *name != "kind")
            .collect();
        let fields = if fields.is_empty() { String::new() } else { format!(" ({})", fields.join(", ")) };
        let words = cell(variant["description"].as_str().unwrap_or_default());
        let _ = write!(out, "\n- `{}`{fields}: {words}", word.unwrap_or_default());
    }
    if schema["oneOf"].is_array() {
        out.push('\n');
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    out.push_str("\n| Field | Form | Meaning |\n|---|---|---|\n");
    let required =
        |key: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == key));
    for (key, property) in properties {
        let may = if required(key) { "" } else { ", may be left out" };
        let words = cell(property["description"].as_str().unwrap_or_default());
        let _ = writeln!(out, "| `{key}` | {}{may} | {words} |", sort(property));
    }
}

/// A schema in a few words.
fn sort(schema: &Value) -> String {
    if let Some(path) = schema["$ref"].as_str() {
        let name = path.rsplit('/').next().unwrap_or_default();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(any) = schema["anyOf"].as_array() {
        return any.iter().map(sort).collect::<Vec<_>>().join(" or ");
    }
    let one = |word: &str| match word {
        "array" => format!("list of {}", sort(&schema["items"])),
        "null" => "null".to_owned(),
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        other => other.to_owned(),
    };
    let range = match (&schema["minimum"], &schema["maximum"]) {
        (Value::Null, _) | (_, Value::Null) => String::new(),
        (least, most) => format!(", {least} to {most}"),
    };
    match &schema["type"] {
        Value::String(word) => one(word) + &range,
        Value::Array(words) => {
            words.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" or ") + &range
        }
        _ => "any JSON".to_owned(),
    }
}

/// On one line of a table.
fn cell(words: &str) -> String {
    words.replace('\n', " ").replace('|', "\\|")
}
