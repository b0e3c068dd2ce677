//! Real servers for tests: PostgreSQL, Redis, Prometheus, Alertmanager and nginx as Debian ships them, each on a free
//! port of loopback with a data directory of its own. One that is not installed is said loudly and its test skipped;
//! one that is installed and does not start fails the test with its last words.
//!
//! Ready is what the server itself says in its log; nothing sleeps. Dropping one ends its process group and removes
//! its directory.
#![expect(clippy::disallowed_methods, reason = "a test starts and ends the servers that it watches")]

use std::{
    collections::VecDeque,
    ffi::OsString,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

/// Ports tried before a server counts as broken: whoever takes a free port in between makes a start fail.
const TRIES_MOST: usize = 10;
/// Lines of a log read before a server counts as never ready.
const LINES_MOST: usize = 10_000;
/// Last lines of a log shown when a server does not start.
const LAST_WORDS: usize = 20;
/// Where Debian puts servers besides `PATH`.
const PLACES: &[&str] = &["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/lib/postgresql"];

/// A program by its name, wherever servers lie; `None`, said loudly, where there is none.
pub fn program(name: &str, test: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    dirs.extend(PLACES.iter().map(PathBuf::from));
    // PostgreSQL of Debian: one directory a version, the newest last.
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    dirs.extend(versions.into_iter().rev());
    let found = dirs.into_iter().map(|dir| dir.join(name)).find(|file| file.is_file());
    if found.is_none() {
        eprintln!("SKIPPED {test}: there is no {name} here");
    }
    found
}

/// A directory with a short path: sockets have little room.
pub fn place() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("chimera-").tempdir_in("/tmp").unwrap()
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

/// A server that runs.
struct Running {
    child: Child,
    port: u16,
    /// The signal on which it leaves at once and takes its children along.
    leave: rustix::process::Signal,
    place: tempfile::TempDir,
}

impl Running {
    /// Starts `make(port, place)` until it says `ready` on its error output or its output.
    fn start(ready: &str, place: tempfile::TempDir, make: impl Fn(u16, &Path) -> Command) -> Self {
        let mut last = VecDeque::new();
        for _ in 0..TRIES_MOST {
            let port = free_port();
            // Both outputs go into one pipe: servers do not agree on which one is the log.
            let (log, out) = std::io::pipe().unwrap();
            let mut command = make(port, place.path());
            command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out).process_group(0);
            let mut child = command.spawn().unwrap();
            // The command holds the writing ends; without it the log ends with the server.
            drop(command);
            let mut lines = BufReader::new(log).lines().map_while(Result::ok);
            for line in lines.by_ref().take(LINES_MOST) {
                let is_ready = line.contains(ready);
                last.push_back(line);
                last.drain(..last.len().saturating_sub(LAST_WORDS));
                if is_ready {
                    // What it says later is read and dropped, so that it never waits for a reader.
                    std::thread::spawn(move || lines.for_each(drop));
                    return Self { child, port, leave: rustix::process::Signal::KILL, place };
                }
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("never {ready:?}: {last:#?}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process_group(group, self.leave);
        let _ = self.child.wait();
    }
}

/// PostgreSQL with one superuser `postgres`, a password, and statistics of statements.
pub struct Postgres {
    running: Running,
}

impl Postgres {
    const PASSWORD: &'static str = "s3cret of tests";

    /// Starts one.
    pub fn start(test: &str) -> Option<Self> {
        Self::start_with(test, &[], |_| {})
    }

    /// Starts one with more settings, after `prepare` has put files into its directory.
    pub fn start_with(test: &str, settings: &[&str], prepare: impl FnOnce(&Path)) -> Option<Self> {
        let initdb = program("initdb", test)?;
        Self::of(test, settings, |person, data| {
            let password = data.with_file_name("password");
            std::fs::write(&password, Self::PASSWORD).unwrap();
            person.owns(&password);
            let mut init = person.runs(&initdb);
            init.args(["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"]);
            done(init.arg("--pwfile").arg(&password).arg("-D").arg(data));
            prepare(data);
        })
    }

    /// Starts one that follows this one.
    pub fn replica(&self, test: &str) -> Option<Self> {
        let primary = format!("{}?application_name=follower", self.url());
        let basebackup = program("pg_basebackup", test)?;
        Self::of(test, &["hot_standby=on"], |person, data| {
            let mut copy = person.runs(&basebackup);
            done(
                copy.args(["-d", &primary, "-R", "-X", "stream", "-c", "fast", "--no-sync", "-D"]).arg(data),
            );
        })
    }

    /// Starts one in the directory that `fill` has filled.
    fn of(test: &str, settings: &[&str], fill: impl FnOnce(&Person, &Path)) -> Option<Self> {
        let postgres = program("postgres", test)?;
        program("psql", test)?;
        let person = Person::who_is_not_root(test)?;
        let place = place();
        std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let data = place.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)).unwrap();
        person.owns(place.path());
        fill(&person, &data);
        person.owns(&data);
        let mut running = Running::start("ready to accept", place, |port, place| {
            let mut command = person.runs(&postgres);
            command.arg("-D").arg(&data).args(["-p", &port.to_string(), "-k"]).arg(place);
            let fixed = ["listen_addresses=127.0.0.1", "fsync=off", "max_connections=20"];
            let statements = ["shared_preload_libraries=pg_stat_statements"];
            for setting in fixed.iter().chain(&statements).chain(settings) {
                command.args(["-c", setting]);
            }
            command
        });
        // At once, with its children, which are process groups of their own.
        running.leave = rustix::process::Signal::QUIT;
        Some(Self { running })
    }

    /// Address with the superuser's password.
    pub fn url(&self) -> String {
        self.url_of("postgres", Self::PASSWORD)
    }

    /// Address with another role.
    pub fn url_of(&self, role: &str, password: &str) -> String {
        let password = password.replace(' ', "%20");
        format!("postgres://{role}:{password}@127.0.0.1:{}/postgres", self.running.port)
    }

    /// Runs SQL and returns what it says, without heads.
    pub fn psql(&self, sql: &str) -> String {
        done(
            Command::new("psql")
                .args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-c", sql])
                .arg(self.url()),
        )
    }

    /// A session that stays open, for statements that hold locks or take long.
    pub fn session(&self) -> Session {
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-At"]).arg(self.url()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).process_group(0).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Session { child, input, said }
    }
}

/// Who runs what refuses to run as root: user and group, or whoever runs the test.
struct Person(Option<[&'static str; 2]>);

impl Person {
    fn who_is_not_root(test: &str) -> Option<Self> {
        if !is_root() {
            return Some(Self(None));
        }
        let people = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let is_there = |name: &str| people.lines().any(|line| line.split(':').next() == Some(name));
        let found =
            [["postgres", "postgres"], ["nobody", "nogroup"]].into_iter().find(|[user, _]| is_there(user));
        if found.is_none() {
            eprintln!("SKIPPED {test}: neither postgres nor nobody is a user here");
        }
        found.map(|found| Self(Some(found)))
    }

    fn runs(&self, program: &Path) -> Command {
        let Some([user, group]) = self.0 else { return Command::new(program) };
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", user, "--regid", group, "--clear-groups", "--"])
            .arg(program)
            .current_dir("/");
        command
    }

    fn owns(&self, path: &Path) {
        if let Some([user, group]) = self.0 {
            done(Command::new("chown").arg("-R").arg(format!("{user}:{group}")).arg(path));
        }
    }
}

/// An open session of psql.
pub struct Session {
    child: Child,
    input: ChildStdin,
    said: BufReader<std::process::ChildStdout>,
}

impl Session {
    /// Gives it statements and waits until they are done.
    pub fn does(&mut self, sql: &str) {
        self.begins(&format!("{sql}\n\\echo done"));
        let mut line = String::new();
        while line.trim() != "done" {
            line.clear();
            assert_ne!(self.said.read_line(&mut line).unwrap(), 0, "the session ended at {sql}");
        }
    }

    /// Gives it statements and does not wait.
    pub fn begins(&mut self, sql: &str) {
        writeln!(self.input, "{sql}").unwrap();
        self.input.flush().unwrap();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Redis that keeps nothing.
pub struct Redis {
    running: Running,
}

impl Redis {
    /// Starts one with more settings, such as `["--maxmemory", "2mb"]`.
    pub fn start(test: &str, settings: &[&str]) -> Option<Self> {
        let redis = program("redis-server", test)?;
        let running = Running::start("eady to accept connections", place(), |port, place| {
            let mut command = Command::new(&redis);
            command
                .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
                .arg(place);
            command.args(settings);
            command
        });
        Some(Self { running })
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.running.port
    }

    /// Address without a password.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.running.port)
    }
}

/// Prometheus with a configuration of the test's own.
pub struct Prometheus {
    running: Running,
}

impl Prometheus {
    /// Starts one; `{port}` in the configuration is its own. `rules` lie beside it as `rules.yml`.
    pub fn start(test: &str, config: &str, rules: &str) -> Option<Self> {
        let prometheus = program("prometheus", test)?;
        let running = Running::start("Server is ready to receive web requests", place(), |port, place| {
            let file = place.join("prometheus.yml");
            std::fs::write(&file, config.replace("{port}", &port.to_string())).unwrap();
            std::fs::write(place.join("rules.yml"), rules).unwrap();
            let mut command = Command::new(&prometheus);
            command
                .arg(option("--config.file=", &file))
                .arg(option("--storage.tsdb.path=", &place.join("data")));
            command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
            command
        });
        Some(Self { running })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.running.port)
    }
}

/// Alertmanager with a configuration of the test's own.
pub struct Alertmanager {
    running: Running,
}

impl Alertmanager {
    /// Starts one.
    pub fn start(test: &str, config: &str) -> Option<Self> {
        let alertmanager = program("prometheus-alertmanager", test)?;
        let running = Running::start("Listening", place(), |port, place| {
            let file = place.join("alertmanager.yml");
            std::fs::write(&file, config).unwrap();
            let mut command = Command::new(&alertmanager);
            command.arg(option("--config.file=", &file)).arg(option("--storage.path=", &place.join("data")));
            command.arg(format!("--web.listen-address=127.0.0.1:{port}")).arg("--cluster.listen-address=");
            command
        });
        Some(Self { running })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.running.port)
    }
}

fn option(name: &str, path: &Path) -> OsString {
    let mut whole = OsString::from(name);
    whole.push(path);
    whole
}

/// nginx that serves one site.
pub struct Nginx {
    running: Running,
}

impl Nginx {
    /// Starts one with these directives inside of its `server`, such as `location / { return 200 ok; }`.
    pub fn start(test: &str, site: &str) -> Option<Self> {
        let nginx = program("nginx", test)?;
        let running = Running::start("start worker process", place(), |port, place| {
            let how = "daemon off;\nworker_processes 1;\nerror_log stderr notice;";
            let file = Self::configure((place, port), how, site);
            let mut command = Command::new(&nginx);
            command.arg("-p").arg(place).arg("-c").arg(&file).args(["-e", "stderr"]);
            command
        });
        Some(Self { running })
    }

    /// Writes the configuration of one that keeps everything in its place, with these directives of how it runs and
    /// inside of its `server`; the file.
    pub fn configure((place, port): (&Path, u16), how: &str, site: &str) -> PathBuf {
        let user = if is_root() { "user root;" } else { "" };
        let at = place.display();
        let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temp: String = temp.iter().map(|name| format!("{name}_temp_path {at}/{name};\n")).collect();
        let config = format!(
            "{user}\n{how}\npid {at}/pid;\nevents {{}}\nhttp {{\n{temp}access_log {at}/access.log;\n\
             server {{ listen 127.0.0.1:{port}; root {at};\n{site}\n}}\n}}\n"
        );
        let file = place.join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        file
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.running.port)
    }

    /// Its directory: `access.log` and its pages lie there, its number in `pid`.
    pub fn dir(&self) -> &Path {
        self.running.place.path()
    }
}
