//! The corpus of traces: what each must be read as, and which are the same failure.

use super::{grammar, identity::fingerprint, model::Trace, parse};
use crate::{
    domain::{
        signal::{Fingerprint, Frame},
        time::Timestamp,
    },
    monitor::detect::{
        join::{Joiner, Record, prefix},
        logs::structured,
    },
};
use proptest::prelude::*;
use std::{collections::BTreeMap, fs, path::Path, sync::LazyLock};

/// A sample: what is wanted, and the log.
struct Sample {
    name: String,
    wanted: Vec<(String, String)>,
    log: Vec<String>,
}

fn samples() -> Vec<Sample> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/monitor/detect/trace/samples");
    let mut samples: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let (wanted, log) = text.split_once("\n---\n").unwrap();
            let pair = |line: &str| {
                line.split_once(": ")
                    .or_else(|| line.split_once(':'))
                    .map(|(a, b)| (a.into(), b.trim().into()))
            };
            Sample {
                name: path.file_stem().unwrap().to_string_lossy().into_owned(),
                wanted: wanted.lines().filter_map(pair).collect(),
                log: log.lines().map(str::to_owned).collect(),
            }
        })
        .collect();
    samples.sort_by(|a, b| a.name.cmp(&b.name));
    samples
}

/// Every line of the corpus.
static LINES: LazyLock<Vec<String>> =
    LazyLock::new(|| samples().into_iter().flat_map(|sample| sample.log).collect());

/// Records of a log.
fn joined(log: &[String]) -> Vec<Record> {
    let (mut joiner, mut done) = (Joiner::default(), Vec::new());
    log.iter().for_each(|line| joiner.push(line, Timestamp(0), &mut done));
    joiner.finish(&mut done);
    done
}

/// The trace of a record, wherever it stands.
fn traced(record: &Record) -> Option<Trace> {
    if let Some(structured) = structured::read(&record.lines[0]) {
        return structured
            .traces
            .iter()
            .filter_map(|text| parse(&text.lines().collect::<Vec<_>>()))
            .max_by_key(Trace::steps);
    }
    let mut lines: Vec<&str> = record.lines.iter().map(String::as_str).collect();
    lines[0] = prefix::header(lines[0]).map_or(lines[0], |header| header.rest);
    parse(&lines)
}

fn shown(frame: &Frame) -> String {
    let line = frame.line.map_or(String::new(), |line| format!(":{line}"));
    format!("{}{line} {}", frame.file, frame.function).trim().to_owned()
}

/// A trace in the words of a sample's head.
fn told(trace: &Trace) -> Vec<(String, String)> {
    let fault = &trace.faults[0];
    let mut told = vec![
        ("language".to_owned(), trace.language.word().to_owned()),
        ("type".to_owned(), fault.kind.clone()),
        ("message".to_owned(), fault.message.clone()),
    ];
    told.extend(
        trace.faults[1..]
            .iter()
            .map(|fault| ("cause".to_owned(), format!("{} {}", fault.link.word(), fault.kind))),
    );
    told.extend(trace.own_frames(5).iter().map(|frame| ("own".to_owned(), shown(frame))));
    if trace.crash {
        told.push(("crash".into(), "yes".into()));
    }
    told
}

#[test]
fn c1_every_trace_of_the_corpus_is_read() {
    let mut wrong = Vec::new();
    for sample in samples() {
        let records = joined(&sample.log);
        let traces: Vec<_> = records.iter().filter_map(traced).collect();
        let wanted: Vec<_> = sample.wanted.iter().filter(|(name, _)| name != "same").cloned().collect();
        let found: Vec<_> = traces.iter().map(told).collect();
        if found != [wanted.clone()] {
            let lines: Vec<_> = records.iter().map(|record| &record.lines).collect();
            wrong.push(format!("{}:\n wanted {wanted:?}\n found  {found:?}\n lines {lines:#?}", sample.name));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn c1_the_corpus_has_every_language_in_many_forms() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for sample in samples() {
        *counts.entry(sample.name.split('_').next().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(counts.len(), 7, "{counts:?}");
    assert!(counts.values().all(|count| *count >= 6), "{counts:?}");
}

#[test]
fn c1_the_same_failure_has_one_fingerprint_and_another_has_another() {
    let mut groups: BTreeMap<String, Vec<(String, Fingerprint)>> = BTreeMap::new();
    for sample in samples() {
        let (_, group) = sample.wanted.iter().find(|(name, _)| name == "same").unwrap();
        let trace = joined(&sample.log).iter().find_map(traced).unwrap();
        groups.entry(group.clone()).or_default().push((sample.name.clone(), fingerprint(&trace, "shop")));
    }
    let mut seen: BTreeMap<Fingerprint, String> = BTreeMap::new();
    for (group, members) in &groups {
        assert!(members.iter().all(|(_, print)| *print == members[0].1), "{group}: {members:?}");
        assert_eq!(seen.insert(members[0].1.clone(), group.clone()), None, "{group} is taken for another");
    }
    assert!(groups.values().any(|members| members.len() > 2));
}

#[test]
fn c1_the_service_and_the_wording_count_only_where_they_should() {
    let trace = |message: &str, frames: &str| {
        parse(&format!("ValueError: {message}\n{frames}").lines().collect::<Vec<_>>())
    };
    let python = |message: &str, own: usize| {
        let frames = (0..own)
            .map(|at| format!("  File \"/app/m{at}.py\", line {at}, in f{at}\n    x()\n"))
            .collect::<String>();
        let text = format!(
            "Traceback (most recent call last):\n  File \"/usr/lib/python3/a.py\", line 1, in g\n{frames}ValueError: {message}"
        );
        parse(&text.lines().collect::<Vec<_>>()).unwrap()
    };
    assert_eq!(trace("x", ""), None, "a line alone is no trace");
    let print = |message: &str, own: usize| fingerprint(&python(message, own), "shop");
    assert_eq!(print("bad value 7", 2), print("something else", 2));
    assert_ne!(print("bad value 7", 1), print("something else", 1));
    assert_eq!(print("bad value 7", 1), print("bad value 8", 1));
    assert_ne!(fingerprint(&python("x", 2), "shop"), fingerprint(&python("x", 2), "mail"));
}

#[test]
fn c1_a_trace_cut_anywhere_is_still_read_without_fail() {
    for sample in samples() {
        for until in 0..sample.log.len() {
            let _ = joined(&sample.log[..until]).iter().filter_map(traced).count();
            let _ = joined(&sample.log[until..]).iter().filter_map(traced).count();
        }
    }
}

proptest! {
    #[test]
    fn any_lines_are_taken(lines in prop::collection::vec("\\PC{0,80}", 0..20)) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let _ = parse(&lines);
    }

    #[test]
    fn pieces_of_traces_in_any_order_are_taken(picks in prop::collection::vec((0_usize..1000, 0_usize..200), 0..40)) {
        let lines: Vec<String> = picks.iter().map(|(at, cut)| {
            let line = &LINES[at % LINES.len()];
            line[..line.floor_char_boundary(*cut)].to_owned()
        }).collect();
        let refs: Vec<&str> = lines.iter().map(String::as_str).collect();
        if let Some(trace) = parse(&refs) {
            prop_assert!(!trace.faults.is_empty() && trace.faults.len() <= Trace::FAULTS_MOST);
            let _ = fingerprint(&trace, "shop");
        }
        for line in &refs {
            let _ = grammar::strong(line);
            let _ = grammar::goes_on(grammar::Mood::Python, "", line);
        }
        let _ = joined(&lines).iter().filter_map(traced).count();
    }
}
