//! One campaign: briefs, approvals and restores, most of them killed; after each kill the promises are checked.

use crate::house::stage::*;
use chimera::{providers::rehearsal::script::Turn, store::audit};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// Lines after which a kill may come; a whole mission says about thirty.
const LINES_MOST: u64 = 34;
/// Longest wait for one more line before the kill.
const WAIT_MOST_MICROS: u64 = 40_000;
/// Open missions above which no brief is left waiting at the desk.
const WAITING_MOST: usize = 3;
/// Briefs that a campaign may need beyond one for each kill, and runs to finish what is left.
pub(super) const SPARE: u64 = 60;
/// Money is not what this is about: a call that dies is forfeited at its worst case.
pub(super) const BUDGET: &str = "[budget]\ndaily_usd = 100000.00\nper_mission_usd = 100.00\nper_team_usd = 100.00\n[limits]\nmax_retries = 10\n";

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }
}

/// What has been promised so far, and where it stands.
pub struct Campaign {
    pub(super) seed: u64,
    chance: Chance,
    pub(super) stage: Stage,
    pub(super) jobs: u64,
    /// The journal as it was after the last start.
    past: Vec<u8>,
    /// Lines that a process had said before it died.
    pub(super) acknowledged: Vec<Value>,
    pub(super) kills: u64,
    pub(super) ends: u64,
}

/// Every job writes a file of its own, so that landings merge; each team writes it differently.
pub(super) fn jobs(most: u64) -> Vec<Turn> {
    let mut turns = office();
    for n in 0..most {
        for (model, word) in [("claude", "clear"), ("gemini", "short")] {
            let call = write(&format!("job-{n}.txt"), &format!("{word} {n}\n"));
            let said = Some(format!("job-{n};"));
            turns.push(Turn { model: Some(model.into()), turn: Some(0), said, ..turn("Working.", &[call]) });
        }
    }
    for model in ["claude", "gemini"] {
        turns.push(Turn {
            model: Some(model.into()),
            turn: Some(1),
            ..turn("Done.", &[("finish", finish("Do the job"))])
        });
    }
    turns
}

impl Campaign {
    pub fn new(seed: u64) -> Self {
        let stage = Stage::new(Vec::new());
        Self {
            seed,
            chance: Chance(seed),
            stage,
            jobs: 0,
            past: Vec::new(),
            acknowledged: Vec::new(),
            kills: 0,
            ends: 0,
        }
    }

    /// Kills so often, checks after each, lets everything end, checks everything.
    pub fn run(mut self, kills: u64) -> String {
        self.stage = Stage::new(jobs(kills * 2 + SPARE));
        self.stage.settings(BUDGET);
        self.stage.write("test.sh", "test -f answer.txt\n");
        self.stage.commit("A check that holds");
        let mut tries = 0;
        while self.kills < kills {
            tries += 1;
            assert!(
                tries <= kills * 2 + SPARE / 2,
                "seed {}: most runs end before they are killed",
                self.seed
            );
            self.one_run();
        }
        self.finish();
        self.tally()
    }

    /// What it came to, in one line.
    pub(super) fn tally(&self) -> String {
        let landed = self.journal().iter().filter(|entry| entry["kind"] == "mission.landed").count();
        format!(
            "seed {}: {} kills, {} ran to their end, {} missions, {landed} landed, {} journal entries, {} lines kept",
            self.seed,
            self.kills,
            self.ends,
            self.jobs,
            self.journal().len(),
            self.acknowledged.len()
        )
    }

    fn one_run(&mut self) {
        let words = self.choose();
        let args: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut running = self.stage.start(&args);
        let lines = self.chance.below(LINES_MOST);
        let mut wait = Duration::from_micros(self.chance.below(WAIT_MOST_MICROS));
        let mut ended = false;
        for at in 0..=lines {
            let time = if at == lines { std::mem::take(&mut wait) } else { PATIENCE };
            match running.next_within(time) {
                Waited::Line(_) => {}
                Waited::Nothing => break,
                Waited::End => {
                    ended = true;
                    break;
                }
            }
        }
        let done = if ended { running.end() } else { running.kill() };
        if done.signal == Some(9) {
            self.kills += 1;
        } else {
            self.ends += 1;
            self.ended_well(&words, &done);
        }
        self.acknowledged.extend(done.lines());
        self.check(&words);
    }

    /// What a process that was not killed may say.
    pub(super) fn ended_well(&self, words: &[String], done: &Done) {
        let expected = matches!(done.code, Some(0 | 3));
        // A kill may have come between the journal and the line that tells of it; then the answer is given already.
        let late = ["was decided before", "there is no request", "was restored", "is under way"];
        let known = done.code == Some(1) && late.iter().any(|part| done.stderr.contains(part));
        assert!(expected || known, "seed {}, kill {}: {words:?}: {done:?}", self.seed, self.kills);
    }

    /// A brief, an approval of something that waits, or a restore of something that landed.
    fn choose(&mut self) -> Vec<String> {
        let to_words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let entries = self.journal();
        let waiting = waiting(&entries);
        match self.chance.below(10) {
            0..4 if !waiting.is_empty() => {
                let at = usize::try_from(self.chance.below(waiting.len() as u64)).unwrap();
                return to_words(&["desk", "approve", &waiting[at], "--team", "1", "--json"]);
            }
            4 => {
                if let Some(commit) = landed(&entries).last() {
                    return to_words(&["restore", commit, "--json"]);
                }
            }
            _ => {}
        }
        let none = waiting.len() < WAITING_MOST && self.chance.below(3) == 0;
        self.brief(if none { "none" } else { "best" })
    }

    pub(super) fn brief(&mut self, approve: &str) -> Vec<String> {
        let text = format!("Do job-{}; nothing else", self.jobs);
        self.jobs += 1;
        let mut words = vec!["brief", &text, "--check", CHECK, "--approve", approve, "--json"];
        // Most with one team: twice as many kills in the same time.
        match self.chance.below(4) {
            0 => {}
            1 => words.extend(["--team", ANTHROPIC]),
            _ => words.extend(["--team", GOOGLE]),
        }
        words.into_iter().map(str::to_owned).collect()
    }

    pub(super) fn journal(&self) -> Vec<Value> {
        entries(&self.past)
    }

    /// Starts again, and looks whether everything that was said is still so.
    pub(super) fn check(&mut self, words: &[String]) {
        let at = format!("seed {}, kill {}, after {words:?}", self.seed, self.kills);
        let started = self.stage.run(&["resume"]);
        assert!(started.stderr.contains("it runs already"), "{at}: a start failed: {started:?}");
        let listed = self.stage.run(&["missions", "--most", "100000", "--json"]);
        assert_eq!(listed.code, Some(0), "{at}: a start failed: {listed:?}");
        let mut now = Vec::new();
        if let Err(error) = audit::export(&self.stage.data(), &mut now) {
            panic!("{at}: {error}");
        }
        assert!(now.starts_with(&self.past), "{at}: what stood in the journal is gone or changed");
        self.past = now;
        let entries = self.journal();
        let facts = Facts::of(&entries);
        for line in &self.acknowledged {
            assert!(facts.hold(line), "{at}: was said and is not in the journal: {line}");
        }
        let known: BTreeSet<String> =
            listed.lines().iter().filter_map(|line| Some(line["mission"].as_str()?.to_owned())).collect();
        for mission in facts.missions() {
            assert!(known.contains(&mission), "{at}: {mission} is not listed");
        }
        nothing_twice(&entries, &at);
        self.no_commit_twice(&at);
    }

    fn no_commit_twice(&self, at: &str) {
        let log = self.stage.git(&["log", "--format=%(trailers:key=Chimera-Effect,valueonly)", "main"]);
        let mut marks = BTreeSet::new();
        for mark in log.lines().filter(|line| !line.trim().is_empty()) {
            assert!(marks.insert(mark.to_owned()), "{at}: two commits for {mark}");
        }
    }

    /// Lets everything come to an end or to the desk.
    pub(super) fn finish(&mut self) {
        for _ in 0..SPARE / 2 {
            let open = self.stage.run(&["missions", "--open", "--most", "100000", "--json"]);
            if open.lines().iter().all(|line| line["status"] == "waiting") {
                break;
            }
            let words = self.brief("best");
            let args: Vec<&str> = words.iter().map(String::as_str).collect();
            let done = self.stage.run(&args);
            assert_eq!(done.code, Some(0), "seed {}: {done:?}", self.seed);
            self.acknowledged.extend(done.lines());
            self.check(&words);
        }
        let open = self.stage.run(&["missions", "--open", "--most", "100000", "--json"]);
        let running: Vec<Value> =
            open.lines().into_iter().filter(|line| line["status"] != "waiting").collect();
        assert!(running.is_empty(), "seed {}: never ends: {running:?}", self.seed);
        let failed: Vec<Value> = self.journal().into_iter().filter(failed_end).collect();
        assert!(failed.is_empty(), "seed {}: failed by being killed: {failed:?}", self.seed);
        self.stage.verify();
        self.what_landed_is_there();
        let since = Instant::now();
        // Killed and not yet dead is as good as dead; a loaded machine takes its time.
        while let left @ [_, ..] = &*processes_in(&self.stage.repo(), &self.stage.data()) {
            assert!(since.elapsed() < PATIENCE, "seed {}: processes are left: {left:?}", self.seed);
            std::thread::yield_now();
        }
    }

    /// The journal's landings are the branch's commits, one for one.
    fn what_landed_is_there(&self) {
        let commits = self.stage.git(&["rev-list", "main"]);
        let on_branch: BTreeSet<&str> = commits.lines().collect();
        for commit in landed(&self.journal()) {
            assert!(on_branch.contains(commit.as_str()), "seed {}: {commit} is not on main", self.seed);
        }
        let marked = self.stage.git(&["log", "--grep=^Chimera-Effect: ", "--format=%H", "main"]);
        let journaled: BTreeSet<String> = landed(&self.journal()).into_iter().collect();
        for commit in marked.lines() {
            assert!(journaled.contains(commit), "seed {}: the journal knows no {commit}", self.seed);
        }
        assert_eq!(self.stage.git(&["status", "--porcelain"]), "", "seed {}", self.seed);
    }
}

fn failed_end(entry: &Value) -> bool {
    entry["kind"] == "mission.ended" && !entry["payload"].to_string().contains("landed")
}

fn entries(export: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(export).unwrap();
    text.lines().filter_map(entry).collect()
}

/// The inner event of an entry: what stands below the room's and the event's tags.
fn inner<'a>(entry: &'a Value, room: &str, tag: &str) -> Option<&'a Value> {
    let event = &entry["payload"][room];
    let event = event.as_array().and_then(|list| list.last()).unwrap_or(event);
    event.get(tag)
}

fn mission_of(entry: &Value) -> String {
    format!("M-{}", entry["mission"])
}

/// Commits that landed or were restored, in order.
fn landed(entries: &[Value]) -> Vec<String> {
    let commit = |entry: &Value| {
        let found = inner(entry, "mission", "landed").or_else(|| inner(entry, "mission", "restored"))?;
        Some(found[0].as_str()?.to_owned())
    };
    entries.iter().filter_map(commit).collect()
}

/// Requests that are open.
fn waiting(entries: &[Value]) -> Vec<String> {
    let mut open = BTreeSet::new();
    for entry in entries {
        if let Some(request) = inner(entry, "desk", "request_opened") {
            open.insert(request["id"].as_u64().unwrap());
        }
        if let Some(decided) = inner(entry, "desk", "request_decided") {
            open.remove(&decided[0].as_u64().unwrap());
        }
    }
    open.into_iter().map(|id| format!("R-{id}")).collect()
}

/// Every intent, candidate, landing and payment at most once.
fn nothing_twice(entries: &[Value], at: &str) {
    let mut life = 0_u64;
    let mut started: BTreeMap<String, u64> = BTreeMap::new();
    let mut once = BTreeSet::new();
    for entry in entries {
        let kind = entry["kind"].as_str().unwrap();
        let payload = &entry["payload"];
        let key = match kind {
            "control.started" => {
                life += 1;
                continue;
            }
            "effect.started" => {
                let id = payload.to_string();
                let before = started.insert(id.clone(), life);
                assert!(before != Some(life), "{at}: began twice in one life: {id}");
                continue;
            }
            "effect.wanted" => format!("{kind} {}", payload["effect"]["wanted"][0]),
            "effect.done" | "desk.request_decided" | "money.settled" | "money.forfeited" => {
                match inner(entry, "money", "settled") {
                    Some(settled) => format!("paid {}", settled["call"]),
                    None => match inner(entry, "money", "forfeited") {
                        Some(call) => format!("paid {call}"),
                        None => format!("{kind} {}", first(payload)),
                    },
                }
            }
            "team.candidate_proposed" => {
                let candidate = inner(entry, "team", "candidate_proposed").unwrap();
                format!("{kind} {} {} {}", entry["mission"], candidate["team"], candidate["attempt"])
            }
            "mission.landed" | "mission.opened" | "mission.ended" => format!("{kind} {}", entry["mission"]),
            _ => continue,
        };
        assert!(once.insert(key.clone()), "{at}: twice: {key}");
    }
}

/// The id of an event whose payload is `{room: {tag: id}}` or `{room: {tag: [id, ..]}}`.
fn first(payload: &Value) -> String {
    let room = payload.as_object().and_then(|map| map.values().next()).unwrap();
    let event = room.as_object().and_then(|map| map.values().next()).unwrap();
    event.as_array().and_then(|list| list.first()).unwrap_or(event).to_string()
}

/// What the journal holds, as the lines of `--json` tell it.
struct Facts(BTreeSet<String>);

impl Facts {
    fn of(entries: &[Value]) -> Self {
        let mut facts = BTreeSet::new();
        for entry in entries {
            let mission = mission_of(entry);
            match entry["kind"].as_str().unwrap() {
                "mission.opened" => {
                    facts.insert(format!("opened {mission}"));
                }
                "mission.planned" => {
                    facts.insert(format!("plan {mission}"));
                }
                "mission.step_entered" => {
                    let step = inner(entry, "mission", "step_entered").unwrap();
                    facts.insert(format!("step {mission} {}", step[0].as_str().unwrap()));
                }
                "team.candidate_proposed" => {
                    let candidate = inner(entry, "team", "candidate_proposed").unwrap();
                    facts.insert(format!("candidate {mission} {}", candidate["commit"]));
                }
                "team.evidence_gathered" => {
                    let evidence = inner(entry, "team", "evidence_gathered").unwrap();
                    facts.insert(format!("evidence {mission} {}", evidence[0]));
                }
                "mission.judged" => {
                    facts.insert(format!("verdict {mission}"));
                }
                "desk.request_opened" => {
                    let request = inner(entry, "desk", "request_opened").unwrap();
                    facts.insert(format!("request R-{} {mission}", request["id"]));
                }
                "desk.request_decided" => {
                    facts.insert(format!("decided R-{}", first(&entry["payload"])));
                }
                "mission.landed" | "mission.restored" => {
                    let commit = landed(std::slice::from_ref(entry)).pop().unwrap();
                    facts.insert(format!("commit {mission} \"{commit}\""));
                }
                _ => {}
            }
        }
        Self(facts)
    }

    fn missions(&self) -> Vec<String> {
        self.0.iter().filter_map(|fact| Some(fact.strip_prefix("opened ")?.to_owned())).collect()
    }

    /// Whether what this line says is in the journal.
    fn hold(&self, line: &Value) -> bool {
        let mission = line["mission"].as_str().unwrap_or_default();
        let wanted = match line["kind"].as_str().unwrap() {
            "mission_opened" => format!("opened {mission}"),
            "plan" => format!("plan {mission}"),
            "step" => format!("step {mission} {}", line["step"].as_str().unwrap()),
            "candidate" => format!("candidate {mission} {}", line["commit"]),
            "evidence" => format!("evidence {mission} {}", line["attempt"]),
            "verdict" => format!("verdict {mission}"),
            "request" => format!("request {} {mission}", line["request"].as_str().unwrap()),
            "decided" => format!("decided {}", line["request"].as_str().unwrap()),
            "restored" => format!("commit {mission} {}", line["commit"]),
            "mission_finished" if line["status"] == "landed" => {
                format!("commit {mission} {}", line["commit"])
            }
            _ => return true,
        };
        self.0.contains(&wanted)
    }
}

/// Processes whose working directory is in one of these: nothing may outlive the program that started it.
fn processes_in(repo: &std::path::Path, data: &std::path::Path) -> Vec<String> {
    let inside = |pid: &str| {
        let cwd = std::fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
        (cwd.starts_with(repo) || cwd.starts_with(data)).then(|| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            format!("{pid} {}", String::from_utf8_lossy(&line).replace('\0', " "))
        })
    };
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| inside(&entry.file_name().to_string_lossy())).collect()
}
