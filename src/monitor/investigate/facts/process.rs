//! The service's process as the kernel shows it: whether it runs, how many there are, what it holds.

use crate::{
    domain::{incident::ClueSort, text},
    monitor::investigate::{
        findings::{Found, Piece},
        scene::{Means, Scene},
    },
};
use std::{fs, path::Path};

/// Processes looked at.
const PROCESSES_MOST: usize = 50_000;
/// Bytes of one file of the kernel that are read.
const READ_MOST: usize = 64 * 1024;

/// One process that fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its short name.
    pub name: String,
    /// It has ended and nobody has asked how.
    pub zombie: bool,
    /// Bytes of memory.
    pub rss: f64,
    /// Open files and how many it may open.
    pub files: Option<(usize, f64)>,
}

/// Looks, on a thread of its own: there may be many.
pub async fn look(scene: &Scene, means: &Means) -> Found {
    let variables = &scene.service.variables;
    let named = variables.get("command").or_else(|| variables.get("process"));
    let (file, command) = (variables.get("pid_file").cloned(), named.cloned());
    if file.is_none() && command.is_none() {
        return Found::default();
    }
    let proc = means.proc.clone();
    let wanted = command.clone().or(file.clone()).unwrap_or_default();
    let asked = tokio::task::spawn_blocking(move || match file {
        Some(file) => of_file(&proc, Path::new(&file)),
        None => of_command(&proc, &command.unwrap_or_default()),
    });
    match asked.await {
        Ok(Some(processes)) => read(&wanted, &processes),
        _ => Found::gap("the list of processes could not be read"),
    }
}

/// Reads what was found for a pid file or a part of a command line.
#[must_use]
pub fn read(wanted: &str, processes: &[Process]) -> Found {
    let count = |matching: usize| f64::from(u32::try_from(matching).unwrap_or(u32::MAX));
    let zombies = processes.iter().filter(|process| process.zombie).count();
    let live = processes.len() - zombies;
    let wanted = text::clean_line(wanted, 80);
    let words = match (live, zombies) {
        (0, 0) => format!("no process of {wanted} runs"),
        (0, dead) => format!("no process of {wanted} runs, {dead} ended and not collected"),
        (live, _) => format!("{} of {wanted} run", text::count(live, "process")),
    };
    let mut piece = Piece::now(ClueSort::Process, words)
        .truth("process.running", live > 0)
        .number("process.count", count(live))
        .number("process.zombies", count(zombies));
    if let Some(first) = processes.iter().find(|process| !process.zombie) {
        piece = piece.name("process.name", &first.name).number("process.rss_bytes", first.rss);
        if let Some((open, most)) = first.files {
            piece = piece.number("process.fd_used_pct", count(open) * 100.0 / most.max(1.0));
        }
    }
    Found::one(piece)
}

fn of_file(proc: &Path, file: &Path) -> Option<Vec<Process>> {
    let pid = fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok());
    Some(pid.and_then(|pid| process(proc, pid)).into_iter().collect())
}

fn of_command(proc: &Path, wanted: &str) -> Option<Vec<Process>> {
    let own = std::process::id();
    let all = fs::read_dir(proc).ok()?.flatten().take(PROCESSES_MOST);
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let fits = |pid: &u32| *pid != own && command_line(proc, *pid).is_some_and(|line| line.contains(wanted));
    Some(pids.filter(fits).filter_map(|pid| process(proc, pid)).collect())
}

/// The command line with spaces between its words.
fn command_line(proc: &Path, pid: u32) -> Option<String> {
    let bytes = fs::read(proc.join(pid.to_string()).join("cmdline")).ok()?;
    let bytes = bytes.get(..READ_MOST).unwrap_or(&bytes);
    Some(String::from_utf8_lossy(bytes).replace('\0', " "))
}

fn process(proc: &Path, pid: u32) -> Option<Process> {
    let dir = proc.join(pid.to_string());
    let status = fs::read_to_string(dir.join("status")).ok()?;
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let kib = field("VmRSS:").and_then(|value| value.split(' ').next()?.parse::<f64>().ok());
    let limits = fs::read_to_string(dir.join("limits")).unwrap_or_default();
    let most = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    // Another user's open files cannot be counted.
    let open = fs::read_dir(dir.join("fd")).ok().map(|files| files.take(PROCESSES_MOST).count());
    Some(Process {
        pid,
        name: text::clean_line(field("Name:").unwrap_or_default(), 32).into(),
        zombie: field("State:").is_some_and(|state| state.starts_with('Z')),
        rss: kib.unwrap_or(0.0) * 1_024.0,
        files: open.zip(most),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::expr::Value;

    #[tokio::test]
    async fn a_process_is_found_by_its_pid_file_and_one_that_is_gone_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("web.pid");
        fs::write(&file, format!("{}\n", std::process::id())).unwrap();
        let mut scene = Scene::default();
        scene.service.variables.insert("pid_file".into(), file.display().to_string());
        let found = look(&scene, &Means::host()).await;
        assert!(found.pieces[0].facts.contains(&("process.running".into(), Value::Truth(true))), "{found:?}");
        fs::write(&file, "4194304999\n").unwrap();
        let found = look(&scene, &Means::host()).await;
        assert!(
            found.pieces[0].facts.contains(&("process.running".into(), Value::Truth(false))),
            "{found:?}"
        );
    }

    #[tokio::test]
    async fn a_process_is_found_by_its_command_line_in_a_table_that_is_given() {
        let dir = tempfile::tempdir().unwrap();
        for (pid, state, line) in [
            (10, "S (sleeping)", "node\0server.js\0"),
            (11, "Z (zombie)", "node\0server.js\0"),
            (12, "S", "bash\0"),
        ] {
            let own = dir.path().join(pid.to_string());
            fs::create_dir_all(own.join("fd")).unwrap();
            fs::write(own.join("cmdline"), line).unwrap();
            fs::write(own.join("status"), format!("Name:\tnode\nState:\t{state}\nVmRSS:\t  100 kB\n"))
                .unwrap();
            fs::write(
                own.join("limits"),
                "Limit Soft Hard\nMax open files            4                    4  files\n",
            )
            .unwrap();
            for file in 0..3 {
                fs::write(own.join("fd").join(file.to_string()), "").unwrap();
            }
        }
        let mut scene = Scene::default();
        scene.service.variables.insert("command".into(), "node server.js".into());
        let means = Means { proc: dir.path().into(), ..Means::host() };
        let piece = look(&scene, &means).await.pieces.remove(0);
        let number =
            |name: &str| piece.facts.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        assert_eq!(number("process.count"), Some(Value::Number(1.0)));
        assert_eq!(number("process.zombies"), Some(Value::Number(1.0)));
        assert_eq!(number("process.fd_used_pct"), Some(Value::Number(75.0)));
    }
}
