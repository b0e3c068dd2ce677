//! Whether a process runs, found by its pid file or by its command line through `/proc`; how often it began anew, and
//! what it takes of memory and processor. A zombie does not run. Of several that fit, the one that began first stands
//! for them: workers come and go. Sends no signal and touches nothing.

use super::{
    found::{fails, holds, sample, with},
    knell::{Knell, Life},
    past::Past,
    reach,
};
use crate::domain::{
    probe::ProbeSpec,
    signal::{Check, Reading, kind},
    time::Timestamp,
};
use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

/// Processes looked at.
const PROCESSES_MOST: usize = 65_536;
/// Bytes of one file below `/proc`.
const FILE_MOST: u64 = 64 * 1024;
/// Clock ticks of a second, as `/proc` counts them on every Linux.
const TICKS: f64 = 100.0;

/// How a process is found.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// File with its number.
    pub pid_file: Option<String>,
    /// Text that its command line contains.
    pub command: Option<String>,
}

/// A process as `/proc` shows it.
#[derive(Debug, Clone, Copy)]
struct Seen {
    life: Life,
    zombie: bool,
    /// Processor time used, in clock ticks.
    used: u64,
    /// Memory held, in bytes.
    rss: u64,
}

/// Looks once.
pub(super) async fn look(
    spec: &ProbeSpec,
    wanted: &Wanted,
    now: Timestamp,
    past: &mut Past,
) -> Result<Vec<Reading>, String> {
    let search = wanted.clone();
    let found = past.desk.work(move |_| search.find()).await??;
    let label = wanted.label();
    let check = |words: String| {
        with(holds("running", kind::PROCESS_DOWN, spec.severity, words), &[("process", &label)])
    };
    let (main, all) = match found {
        Ok(found) => found,
        Err(why) => {
            past.knell = None;
            return Ok(vec![Reading::Check(fails(check(why)))]);
        }
    };
    past.knell = Knell::hang(past.knell.take(), main.life);
    let pid = main.life.pid;
    let running = with(check(format!("runs as process {pid}")), &[("pid", &pid.to_string())]);
    let mut readings = vec![Reading::Check(running)];
    if let Some(times) = past.restarts.life(main.life, now) {
        readings.push(Reading::Check(restarts((times, &past.restarts.span(now)), spec, &label)));
    }
    let rss: u64 = all.iter().map(|seen| seen.rss).sum();
    readings.push(sample("rss_bytes", rss as f64));
    let before = past.cpu.replace((main.life, main.used, now));
    if let Some((_, used, at)) = before.filter(|(life, ..)| *life == main.life) {
        let span = now.since(at).0 as f64 / 1_000.0;
        if span > 0.0 {
            readings.push(sample("cpu_pct", main.used.saturating_sub(used) as f64 / TICKS / span * 100.0));
        }
    }
    Ok(readings)
}

/// Whether something begins anew too often.
pub(super) fn restarts((times, span): (usize, &str), spec: &ProbeSpec, label: &str) -> Check {
    let words = match times {
        0 => format!("has not restarted {span}"),
        1 => format!("restarted once {span}"),
        times => format!("restarted {times} times {span}"),
    };
    let labels = [("process", label), ("restarts", &times.to_string())];
    let check = with(holds("restarts", kind::PROCESS_FLAPPING, spec.severity, words), &labels);
    if times >= spec.source.restarts_most() as usize { fails(check) } else { check }
}

/// The process that stands for all that fit, and those; or why none runs.
type Found = Result<(Seen, Vec<Seen>), String>;

impl Wanted {
    fn label(&self) -> String {
        let name = self.command.as_deref().or(self.pid_file.as_deref()).unwrap_or_default();
        reach::clean(name)
    }

    fn find(&self) -> Result<Found, String> {
        match (&self.pid_file, &self.command) {
            (None, None) => Err("neither a pid file nor a command is named".to_owned()),
            (Some(file), _) => self.by_file(Path::new(file)),
            (None, Some(text)) => by_command(text),
        }
    }

    fn by_file(&self, file: &Path) -> Result<Found, String> {
        let written = match read(file) {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Err(format!("its pid file {} is not there", file.display())));
            }
            Err(error) => return Err(format!("cannot read {}: {error}", file.display())),
        };
        let Ok(pid) = String::from_utf8_lossy(&written).trim().parse::<u32>() else {
            return Err(format!("there is no process number in {}", file.display()));
        };
        let Some(seen) = see(pid) else {
            return Ok(Err(format!("process {pid} of its pid file does not run")));
        };
        if seen.zombie {
            return Ok(Err(format!("process {pid} is a zombie: it has ended and nobody has taken notice")));
        }
        let is_it = self.command.as_ref().is_none_or(|text| command_line(pid).contains(text.as_str()));
        Ok(if is_it {
            Ok((seen, vec![seen]))
        } else {
            Err(format!("process {pid} of its pid file is another program"))
        })
    }
}

fn by_command(text: &str) -> Result<Found, String> {
    let own = std::process::id();
    let mut all: Vec<Seen> = Vec::new();
    let entries = fs::read_dir("/proc").map_err(|error| format!("cannot read /proc: {error}"))?;
    for entry in entries.flatten().take(PROCESSES_MOST) {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let Some(pid) = pid.filter(|pid| *pid != own) else { continue };
        if command_line(pid).contains(text) {
            all.extend(see(pid).filter(|seen| !seen.zombie));
        }
    }
    all.sort_unstable_by_key(|seen| (seen.life.start, seen.life.pid));
    match all.first() {
        Some(main) => Ok(Ok((*main, all))),
        // Other people's processes are hidden, so that none is found proves nothing.
        None if fs::metadata("/proc/1/stat").is_err() => {
            Err("/proc hides the processes of other users here".to_owned())
        }
        None => Ok(Err(format!("no process runs whose command line contains {text:?}"))),
    }
}

/// Its words with spaces between; empty for one that is gone, a zombie, or the kernel's.
fn command_line(pid: u32) -> String {
    let raw = read(Path::new(&format!("/proc/{pid}/cmdline"))).unwrap_or_default();
    String::from_utf8_lossy(&raw).trim_end_matches('\0').replace('\0', " ")
}

fn see(pid: u32) -> Option<Seen> {
    let raw = read(Path::new(&format!("/proc/{pid}/stat"))).ok()?;
    let stat = String::from_utf8_lossy(&raw);
    // The name may hold anything, so the fields are counted from its closing bracket: state is the third.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let zombie = matches!(*fields.first()?, "Z" | "X" | "x");
    let used = number(14)?.saturating_add(number(15)?);
    Some(Seen { life: Life { pid, start: number(22)? }, zombie, used, rss: rss(pid).unwrap_or(0) })
}

fn rss(pid: u32) -> Option<u64> {
    let raw = read(Path::new(&format!("/proc/{pid}/status"))).ok()?;
    let status = String::from_utf8_lossy(&raw);
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib.saturating_mul(1_024))
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(file)?.take(FILE_MOST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{incident::Severity, probe::Source, time::Millis};
    use std::process::{Child, Stdio};

    fn spec() -> ProbeSpec {
        ProbeSpec {
            id: "worker".into(),
            service: "api".into(),
            env: "production".into(),
            every: Millis::secs(1),
            timeout: Millis::secs(5),
            heartbeat: Millis::secs(3),
            quiet_most: None,
            severity: Severity::P1,
            source: Source::Process { pid_file: None, command: None, restarts_most: 3 },
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a process that is looked at, and left unreaped for a while"
    )]
    fn start(name: &str) -> Child {
        let mut command = std::process::Command::new("sh");
        let child = command.args(["-c", "read x", name]).stdin(Stdio::piped()).spawn().unwrap();
        // For a moment after its start the kernel shows no words of it.
        while !command_line(child.id()).contains(name) {
            std::thread::yield_now();
        }
        child
    }

    fn by(pid_file: Option<&Path>, command: Option<&str>) -> Wanted {
        Wanted {
            pid_file: pid_file.map(|file| file.display().to_string()),
            command: command.map(str::to_owned),
        }
    }

    async fn looked(wanted: &Wanted, at: i64, past: &mut Past) -> (Check, Vec<Reading>) {
        let mut found = look(&spec(), wanted, Timestamp(at), past).await.unwrap();
        let Reading::Check(check) = found.remove(0) else { panic!("{found:?}") };
        (check, found)
    }

    #[tokio::test]
    async fn c2_a_process_is_found_by_its_command_line_with_its_memory_and_processor() {
        let mut child = start("chimera-probe-test-alpha");
        let (wanted, mut past) = (by(None, Some("chimera-probe-test-alpha")), Past::default());
        let (check, more) = looked(&wanted, 0, &mut past).await;
        assert!(check.ok && check.labels["pid"] == child.id().to_string(), "{check:?}");
        assert!(
            matches!(&more[..], [Reading::Sample { metric, value, .. }] if metric == "rss_bytes" && *value > 10_000.0),
            "{more:?}"
        );
        let (_, more) = looked(&wanted, 1_000, &mut past).await;
        assert!(
            matches!(&more[0], Reading::Check(check) if check.ok && check.kind == kind::PROCESS_FLAPPING
                && check.words == "has not restarted since 00:00 UTC"),
            "{more:?}"
        );
        assert!(
            matches!(&more[2], Reading::Sample { metric, value, .. } if metric == "cpu_pct" && *value >= 0.0)
        );
        child.kill().unwrap();
        child.wait().unwrap();
        let (check, more) = looked(&wanted, 2_000, &mut past).await;
        assert!(!check.ok && check.kind == kind::PROCESS_DOWN && more.is_empty(), "{check:?}");
    }

    #[tokio::test]
    async fn c2_a_zombie_does_not_run_and_a_number_given_to_another_program_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pid");
        let mut past = Past::default();
        let (check, _) = looked(&by(Some(&file), None), 0, &mut past).await;
        assert!(!check.ok && check.words.contains("is not there"), "{check:?}");
        let mut child = start("chimera-probe-test-beta");
        fs::write(&file, format!("{}\n", child.id())).unwrap();
        for (command, ok) in [(None, true), (Some("test-beta"), true), (Some("test-gamma"), false)] {
            let (check, _) = looked(&by(Some(&file), command), 0, &mut past).await;
            assert_eq!(check.ok, ok, "{check:?}");
        }
        child.kill().unwrap();
        // Killed and not waited for: a zombie as soon as the kernel has ended it.
        loop {
            let (check, _) = looked(&by(Some(&file), None), 0, &mut past).await;
            if !check.ok {
                assert!(check.words.contains("zombie"), "{check:?}");
                break;
            }
            tokio::task::yield_now().await;
        }
        child.wait().unwrap();
        fs::write(&file, "none").unwrap();
        assert!(look(&spec(), &by(Some(&file), None), Timestamp(0), &mut past).await.is_err());
    }

    #[tokio::test]
    async fn c2_a_process_that_begins_anew_three_times_in_ten_minutes_flaps() {
        let (wanted, mut past) = (by(None, Some("chimera-probe-test-delta")), Past::default());
        let mut flaps = Vec::new();
        for minute in 0..4 {
            let mut child = start("chimera-probe-test-delta");
            let (_, more) = looked(&wanted, minute * 60_000, &mut past).await;
            flaps.extend(more.into_iter().filter_map(|reading| match reading {
                Reading::Check(check) => Some((check.ok, check.words)),
                _ => None,
            }));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let ok: Vec<bool> = flaps.iter().map(|(ok, _)| *ok).collect();
        assert_eq!(ok, [true, true, false], "{flaps:?}");
        assert!(flaps[2].1.contains("3 times"), "{flaps:?}");
    }
}
