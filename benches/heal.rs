//! From a killed process to a port that answers again: `chimera --monitor` beside `monit`, which has been doing just this for
//! two decades. Both watch an nginx of the bench's own by its pid file at the same interval, begin it again with the same
//! program, and lose it at the same shares of the interval, in turn. Each fault meets a supervisor that has just begun and
//! has looked at least once, so that no limit on how often may be restarted is in the way; what that start costs is not
//! in the figures. `CHIMERA_BENCH_FAULTS` says how many faults where the default is too few or too long.

use crate::harness::{Pair, median, span, times};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{TcpListener, TcpStream},
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread::sleep,
    time::{Duration, Instant},
};

/// How often both look: the least that monit can.
const EVERY: Duration = Duration::from_secs(1);
/// Faults each.
const FAULTS: u32 = 16;
/// How often the port is asked.
const ASKED: Duration = Duration::from_millis(5);
/// Nothing here takes so long.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines of a supervisor that may wait.
const LINES_MOST: usize = 4_096;

/// An nginx in the background that whoever wants may begin and end.
struct Web {
    place: tempfile::TempDir,
    port: u16,
}

impl Web {
    fn new(nginx: &Path) -> Self {
        let place = tempfile::Builder::new().prefix("chimera-heal-").tempdir_in("/tmp").unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let web = Self { place, port };
        let at = web.place.path().display();
        let user = if rustix::process::getuid().is_root() { "user root;" } else { "" };
        let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temp: String = temp.iter().map(|name| format!("{name}_temp_path {at}/{name};\n")).collect();
        // One process: whoever ends it has ended the service.
        let config = format!(
            "{user}\nmaster_process off;\nerror_log {at}/error.log;\npid {at}/pid;\nevents {{}}\nhttp {{\n{temp}\
             access_log off;\nserver {{ listen 127.0.0.1:{port}; location / {{ return 200 ok; }} }}\n}}\n"
        );
        fs::write(web.file("nginx.conf"), config).unwrap();
        let start = format!(
            "#!/bin/sh\nrm -f {at}/pid\n'{}' -p {at} -c {at}/nginx.conf -e {at}/error.log || exit 1\n\
             n=0\nwhile test ! -s {at}/pid; do\n  n=$((n + 1))\n  test $n -lt 200 || exit 1\n  sleep 0.05\ndone\n",
            nginx.display()
        );
        web.write("start", &start, 0o755);
        web
    }

    fn file(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.file(name), text).unwrap();
        fs::set_permissions(self.file(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn begin(&self) {
        let status = command(self.file("start")).status().unwrap();
        let log = || fs::read_to_string(self.file("error.log")).unwrap_or_default();
        assert!(status.success(), "nginx does not start: {}", log());
    }

    fn answers(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    /// Waits until it answers, or does not.
    fn until(&self, answers: bool) -> Result<(), String> {
        let began = Instant::now();
        while self.answers() != answers {
            if began.elapsed() > PATIENCE {
                return Err(format!("it took longer than {} s until the port answered", PATIENCE.as_secs()));
            }
            sleep(ASKED);
        }
        Ok(())
    }

    fn pid(&self) -> Option<rustix::process::Pid> {
        let text = fs::read_to_string(self.file("pid")).ok()?;
        rustix::process::Pid::from_raw(text.trim().parse().ok()?)
    }

    /// Ends it as a machine without memory does; the moment. It is collected at once, as a good init does: monit leaves a
    /// zombie alone until it is.
    fn kill(&self) -> Instant {
        let pid = self.pid().expect("a number in the pid file");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        let killed = Instant::now();
        let _ = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty());
        killed
    }

    /// Ends it for good. Whoever has just begun it may not have written its number yet.
    fn end(&self) {
        let began = Instant::now();
        while self.pid().is_none() && began.elapsed() < PATIENCE {
            sleep(ASKED);
        }
        self.kill();
        self.until(false).unwrap();
        // The number may be somebody else's by the next time.
        let _ = fs::remove_file(self.file("pid"));
    }

    /// Begins it with nobody around; how long until it answers.
    fn alone(&self) -> Duration {
        let began = Instant::now();
        let mut child = command(self.file("start")).spawn().unwrap();
        self.until(true).unwrap();
        let answered = began.elapsed();
        assert!(child.wait().unwrap().success());
        answered
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        if let Some(pid) = self.pid() {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

/// Who watches; it ends with the measurement, however that ends.
struct Supervisor {
    child: Child,
    lines: Receiver<(Instant, String)>,
    seen: Vec<(Instant, String)>,
}

impl Supervisor {
    /// Starts one that says on its output or its error output with this word that it watches.
    fn start(mut command: Command, ready: &str) -> Self {
        let (log, out) = std::io::pipe().unwrap();
        command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out).process_group(0);
        let child = command.spawn().unwrap();
        // The command holds the writing ends; without it the log ends with the supervisor.
        drop(command);
        let (tell, lines) = sync_channel(LINES_MOST);
        std::thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                // What is beyond the bound is read all the same, so that nobody waits for a reader.
                let _ = tell.try_send((Instant::now(), line));
            }
        });
        let mut supervisor = Self { child, lines, seen: Vec::new() };
        supervisor.said(ready);
        supervisor
    }

    fn chimera(web: &Web) -> Self {
        let at = web.place.path().display();
        for name in ["data", "home", "work"] {
            let _ = fs::remove_dir_all(web.file(name));
            fs::create_dir(web.file(name)).unwrap();
        }
        let settings = format!(
            "[autonomy]\nlevel = 2\n[[service]]\nname = \"web\"\n[service.vars]\npid_file = \"{at}/pid\"\n\
             process = \"nginx\"\nstart = \"{at}/start\"\n[[probe]]\nid = \"web-process\"\nservice = \"web\"\n\
             type = \"process\"\nevery = \"{}s\"\npid_file = \"{at}/pid\"\n",
            EVERY.as_secs()
        );
        web.write("chimera.toml", &settings, 0o600);
        let mut program = command(env!("CARGO_BIN_EXE_chimera"));
        program.args(["--monitor", "--json", "--data"]).arg(web.file("data"));
        program.arg("--config").arg(web.file("chimera.toml")).current_dir(web.file("work"));
        program.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        program.env("HOME", web.file("home")).env("USER", "ada");
        Self::start(program, "\"watching\"")
    }

    fn monit(web: &Web, monit: &Path) -> Self {
        let at = web.place.path().display();
        for name in ["monit.pid", "monit.id", "monit.state"] {
            let _ = fs::remove_file(web.file(name));
        }
        // It runs or does not: what monit does about that by itself is to restart it.
        let control = format!(
            "set daemon {}\nset pidfile {at}/monit.pid\nset idfile {at}/monit.id\nset statefile {at}/monit.state\n\
             check process web with pidfile {at}/pid\n  start program = \"{at}/start\"\n",
            EVERY.as_secs()
        );
        web.write("monitrc", &control, 0o600);
        let mut program = command(monit);
        program.arg("-I").arg("-c").arg(web.file("monitrc")).current_dir(web.place.path());
        // It looks as soon as it has begun.
        Self::start(program, " started")
    }

    /// Waits for a line with these words; when it came.
    fn said(&mut self, words: &str) -> Instant {
        let began = Instant::now();
        loop {
            match self.lines.recv_timeout(PATIENCE.saturating_sub(began.elapsed())) {
                Ok((at, line)) => {
                    let found = line.contains(words);
                    self.seen.push((at, line));
                    if found {
                        return at;
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("never {words:?}:\n{}", self.log())
                }
            }
        }
    }

    fn log(&mut self) -> String {
        self.seen.extend(self.lines.try_iter());
        self.seen.iter().map(|(_, line)| format!("{line}\n")).collect()
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.child.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "both supervisors and their service are real programs")]
fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    Command::new(program)
}

/// A program in `PATH` or where servers lie; `None`, said loudly, where there is none.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = ["/usr/sbin", "/usr/local/sbin", "/usr/bin"].map(PathBuf::from);
    let found = std::env::split_paths(&path).chain(places).map(|dir| dir.join(name)).find(|at| at.is_file());
    if found.is_none() {
        println!("SKIPPED: there is no {name} here");
    }
    found
}

/// One fault: how long until the port answers again. `share` of an interval later than any look that is known of.
fn fault(web: &Web, supervisor: &mut Supervisor, share: f64) -> (Instant, Duration) {
    sleep(EVERY + EVERY.mul_f64(share));
    let killed = web.kill();
    web.until(false).unwrap();
    if let Err(why) = web.until(true) {
        panic!("{why}:\n{}", supervisor.log());
    }
    (killed, killed.elapsed())
}

/// The middle one, and the one that nine of ten stay under.
fn spread(mut spans: Vec<Duration>) -> (Duration, Duration) {
    spans.sort_unstable();
    let p90 = spans[(spans.len() * 9 / 10).min(spans.len() - 1)];
    (median(spans), p90)
}

pub fn measure() {
    let (Some(nginx), Some(monit)) = (program("nginx"), program("monit")) else { return };
    let wanted = std::env::var("CHIMERA_BENCH_FAULTS").ok().and_then(|words| words.parse().ok());
    let faults: u32 = wanted.unwrap_or(FAULTS);
    // Whatever goes into the background below here is collected by the bench.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    let web = Web::new(&nginx);
    let (mut ours, mut theirs, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    let mut stages: [Vec<Duration>; 3] = Default::default();
    for nth in 0..faults {
        let share = f64::from(nth) / f64::from(faults);
        web.begin();
        let mut supervisor = Supervisor::chimera(&web);
        let (killed, healed) = fault(&web, &mut supervisor, share);
        let known = supervisor.said("\"incident.seen\"") - killed;
        let ruled = supervisor.said("\"incident.attempt_began\"") - killed;
        for (stage, span) in
            stages.iter_mut().zip([known, ruled.saturating_sub(known), healed.saturating_sub(ruled)])
        {
            stage.push(span);
        }
        ours.push(healed);
        drop(supervisor);
        web.end();

        web.begin();
        let mut supervisor = Supervisor::monit(&web, &monit);
        theirs.push(fault(&web, &mut supervisor, share).1);
        drop(supervisor);
        web.end();

        bare.push(web.alone());
        web.end();
    }
    let [(value, ours), (floor, theirs)] = [ours, theirs].map(spread);
    let what = format!("killed to answering, {faults} times, a look each {} s", EVERY.as_secs());
    times(&what, &Pair { value, floor }, "<= 1x (floor: monit)");
    times("  p90", &Pair { value: ours, floor: theirs }, "");
    let [known, ruled, done] = stages.map(|spans| span(median(spans)));
    println!(
        "  of that in chimera: {known} until it is seen, {ruled} more until it may act, {done} more until it answers"
    );
    println!("  the start program alone: {}", span(median(bare)));
}
