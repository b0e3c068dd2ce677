//! Logs, from bytes to templates, on one core. Floors: counting newlines of the same bytes; cutting the same lines at
//! white space. Where `CHIMERA_LOGHUB` names a folder with the sixteen `<Set>_2k.log_structured.csv` files of loghub, also
//! the grouping accuracy: the part of lines whose template holds exactly the lines of their true template. One
//! configuration for all sets, online, each line by the id it had at once and by the id it goes by at the end.

use crate::harness::{Pair, pair, rates, row, timed};
use chimera::monitor::detect::{scan::Scanner, templates::Miner};
use std::{
    collections::HashMap,
    fs,
    hint::black_box,
    path::{Path, PathBuf},
};

/// Bytes of the log that is scanned.
const LOG: usize = 32 << 20;
/// Lines that are learned.
const LINES: usize = 200_000;

/// Four kinds of lines in turn; nothing in them is wrong.
fn log() -> String {
    let mut log = String::with_capacity(LOG + 512);
    for n in 0_u64.. {
        let (second, id) = (n / 4 % 60, n * 7_919 % 100_000);
        log.push_str(&match n % 4 {
            0 => format!("2026-01-02T03:04:{second:02}Z INFO shop::cart saved cart {id} in {}ms\n", n % 300),
            1 => format!(
                "{{\"level\":30,\"time\":{id},\"pid\":{},\"msg\":\"request completed\"}}\n",
                n % 9_000
            ),
            2 => format!("10.0.0.{} - - \"GET /static/app.{id:x}.js HTTP/1.1\" 200 {id} \"-\"\n", n % 250),
            _ => format!(
                "Jan  2 03:04:{second:02} web-1 sshd[{id}]: Accepted publickey for deploy port {id}\n"
            ),
        });
        if log.len() >= LOG {
            break;
        }
    }
    log
}

pub fn measure() {
    let log = log();
    let scanner = Scanner::new();
    let scanned = pair(
        || timed(|| scanner.candidates(log.as_bytes()).count()),
        || timed(|| memchr::memchr_iter(b'\n', log.as_bytes()).count()),
    );
    rates(
        "search a log in which nothing is wrong",
        &scanned,
        log.len(),
        ">= 1000 MB/s (floor: counting newlines)",
    );
    let lines: Vec<&str> = log.lines().take(LINES).collect();
    per_second("template of a line", &lines, ">= 500000 lines/s (floor: cutting at white space)");
    if let Some(folder) = std::env::var_os("CHIMERA_LOGHUB") {
        loghub(&PathBuf::from(folder));
    }
}

fn per_second(what: &str, lines: &[&str], goal: &str) {
    let pair: Pair = pair(
        || {
            let mut miner = Miner::of("shop");
            timed(|| lines.iter().filter(|line| miner.learn(line).fresh).count())
        },
        || timed(|| lines.iter().map(|line| black_box(line).split_whitespace().count()).sum::<usize>()),
    );
    let rate =
        |time: std::time::Duration| format!("{:.0}k lines/s", lines.len() as f64 / time.as_secs_f64() / 1e3);
    let ratio = pair.value.as_secs_f64() / pair.floor.as_secs_f64().max(1e-9);
    row(what, &rate(pair.value), &rate(pair.floor), ratio, goal);
}

fn loghub(folder: &Path) {
    let mut sets: Vec<PathBuf> = fs::read_dir(folder)
        .expect("CHIMERA_LOGHUB is a folder")
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with("_2k.log_structured.csv"))
        .collect();
    sets.sort();
    let (mut at_once, mut at_end, mut all) = (0.0, 0.0, Vec::new());
    for path in &sets {
        let (lines, truth) = set(&fs::read_to_string(path).unwrap());
        let mut miner = Miner::of("loghub");
        let ids: Vec<_> = lines.iter().map(|line| miner.learn(line).id).collect();
        let now: Vec<_> = ids.iter().map(|id| miner.current(*id)).collect();
        let (once, end) = (accuracy(&ids, &truth), accuracy(&now, &truth));
        println!("{:<58} {once:>14.4} {end:>14.4}", path.file_name().unwrap().to_string_lossy());
        at_once += once;
        at_end += end;
        all.extend(lines);
    }
    let count = sets.len().max(1) as f64;
    println!(
        "grouping accuracy, {} sets: {:.4} at once, {:.4} at the end; goal >= 0.90",
        sets.len(),
        at_once / count,
        at_end / count
    );
    let lines: Vec<&str> = all.iter().map(String::as_str).collect();
    per_second("template of a line of loghub", &lines, ">= 500000 lines/s");
}

/// Contents and true templates of one set.
fn set(csv: &str) -> (Vec<String>, Vec<String>) {
    let mut rows = records(csv).into_iter();
    let heads = rows.next().unwrap_or_default();
    let column = |name: &str| heads.iter().position(|head| head == name).expect("a column of loghub");
    let (content, event) = (column("Content"), column("EventId"));
    rows.map(|mut row| (std::mem::take(&mut row[content]), std::mem::take(&mut row[event]))).unzip()
}

/// Records of a CSV file; quotes are doubled inside quotes.
fn records(csv: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (vec![], vec![], String::new(), false);
    let mut chars = csv.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            c => field.push(c),
        }
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push(row);
    }
    rows
}

/// The part of lines whose group is exactly their true group.
fn accuracy<T: Copy + Eq + std::hash::Hash>(found: &[T], truth: &[String]) -> f64 {
    let mut groups: HashMap<T, Vec<usize>> = HashMap::new();
    let mut sizes: HashMap<&str, usize> = HashMap::new();
    for (at, (id, name)) in found.iter().zip(truth).enumerate() {
        groups.entry(*id).or_default().push(at);
        *sizes.entry(name).or_default() += 1;
    }
    let exact = groups.values().filter(|lines| {
        let name = &truth[lines[0]];
        lines.iter().all(|at| truth[*at] == *name) && sizes[name.as_str()] == lines.len()
    });
    exact.map(Vec::len).sum::<usize>() as f64 / found.len().max(1) as f64
}
