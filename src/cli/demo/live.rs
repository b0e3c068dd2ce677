//! The shop in production: what runs outside of every worktree, how it is started and released, and what watches it.

use super::{
    Complaint,
    service::{self, Service, failed},
};
use crate::{
    config::settings::Settings,
    domain::{text, time::Millis},
};
use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// What it is called.
pub(super) const NAME: &str = "shop";
/// Its programs.
const START: &str = include_str!("../../../assets/demo/live/start");
const DEPLOY: &str = include_str!("../../../assets/demo/live/deploy");
/// The shipped runbooks that it needs, and how soon they may run again: a demo breaks one service three times.
const RUNBOOKS: [(&str, &str); 2] = [
    ("restart-process.toml", include_str!("../../../assets/runbooks/restart-process.toml")),
    ("clear-outgrown-directory.toml", include_str!("../../../assets/runbooks/clear-outgrown-directory.toml")),
];
const COOLDOWN: (&str, &str) = ("cooldown = \"5m\"", "cooldown = \"1s\"");
/// A customer with three pieces.
pub(super) const TARGET: &str = "/checkout?cart=tea:450:2,mug:1200:1";
/// Bytes of receipts that the shop bears: its own bound.
const CACHE_MOST: u64 = 4 * 1024 * 1024;
/// Bytes and number of old receipts that are too many.
const RECEIPT: usize = 1024 * 1024;
const RECEIPTS: usize = 8;
/// Age of receipts that nobody needs.
const OLD: Duration = Duration::from_secs(24 * 3_600);
/// How often probes look, and what is waited for: a demo is not watched for long.
const EVERY: Millis = Millis::secs(1);

/// What runs.
pub(super) struct Live {
    dir: PathBuf,
    address: SocketAddr,
}

impl Live {
    /// Writes its programs beside the repository; nothing runs yet.
    pub async fn create(service: &Service) -> Result<Self, Complaint> {
        let address = service::free_address().await.map_err(|error| failed("find a free port", error))?;
        let live = Self { dir: service.top().join("live"), address };
        let told = |error: io::Error| failed("write its programs", error);
        fs::create_dir_all(live.dir.join("cache")).map_err(told)?;
        for (name, text, mode) in
            [("start", START, 0o755), ("deploy", DEPLOY, 0o755), ("address", &*address.to_string(), 0o644)]
        {
            let path = live.dir.join(name);
            fs::write(&path, text).map_err(told)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(told)?;
        }
        fs::write(live.dir.join("log"), "").map_err(told)?;
        Ok(live)
    }

    fn file(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    /// Waits that a person in front of a demo has, and runbooks of the demo's own that may run soon after each other.
    pub fn hasten(&self, settings: &mut Settings) -> Result<(), Complaint> {
        let told = |error: io::Error| failed("write its runbooks", error);
        let runbooks = self.dir.join("runbooks");
        fs::create_dir_all(&runbooks).map_err(told)?;
        for (name, text) in RUNBOOKS {
            fs::write(runbooks.join(name), text.replace(COOLDOWN.0, COOLDOWN.1)).map_err(told)?;
        }
        settings.places.runbooks = Some(runbooks.display().to_string());
        let healing = &mut settings.policy.healing;
        healing.grouping.confirm_after = EVERY;
        healing.grouping.resolve_after = EVERY;
        healing.soak.duration = Millis::secs(4);
        healing.soak.warmup = EVERY;
        healing.soak.sample = EVERY;
        healing.soak.extensions = 0;
        Ok(())
    }

    /// What a settings file says of it: how it is healed, at level 2, and what looks at it.
    pub fn watched(&self, repo: &Path) -> String {
        let base = format!("http://{}", self.address);
        let probe = |id: &str, rest: String| {
            format!("[[probe]]\nid = \"shop-{id}\"\nservice = \"shop\"\nevery = \"1s\"\n{rest}\n")
        };
        let beat = "heartbeat = \"20s\"";
        let text = |value: &str| toml_edit::Value::from(value).to_string();
        let file = |name: &str| text(&self.file(name));
        let http = |target: &str| {
            format!(
                "type = \"http\"\nstatus = \"200-299\"\nurl = {}\n{beat}",
                text(&format!("{base}{target}"))
            )
        };
        let service = format!(
            "[[service]]\nname = \"shop\"\nlevel = 2\nrepo = {}\nhealth = {}\n[service.vars]\npid_file = {}\n\
             process = \"shop\"\nstart = {}\ncache_dir = {}\nlog = {}\n[service.release]\ndeploy = [{deploy}]\n\
             current = [\"cat\", {}]\nrollback = [{deploy}, \"${{previous}}\"]\ntimeout = \"3m\"\n",
            text(&repo.display().to_string()),
            text(&format!("{base}/health")),
            file("pid"),
            file("start"),
            file("cache"),
            file("log"),
            file("VERSION"),
            deploy = file("deploy"),
        );
        [
            service,
            probe(
                "process",
                format!("type = \"process\"\npid_file = {}\nrestarts_most = 10\n{beat}", file("pid")),
            ),
            probe("health", http("/health")),
            probe("checkout", http(TARGET)),
            probe(
                "cache",
                format!(
                    "type = \"disk\"\npath = {}\nfull_pct = 100\nsize_most = {CACHE_MOST}\n{beat}",
                    file("cache")
                ),
            ),
            probe("log", format!("type = \"file\"\npath = {}", file("log"))),
        ]
        .concat()
    }

    /// Builds what is committed and starts it.
    pub async fn deploy(&self, service: &Service) -> Result<(), Complaint> {
        let done = service.run(&[&self.file("deploy")], std::future::pending()).await?;
        if done.exit.ok() {
            Ok(())
        } else {
            Err(failed("deploy its service", text::clean_bytes(&done.merged)))
        }
    }

    /// What the customer with three pieces is answered.
    pub async fn status(&self) -> Result<u16, Complaint> {
        service::status_of(self.address, TARGET).await.map_err(|error| failed("reach its service", error))
    }

    /// Ends the process at once, as a machine without memory does.
    pub fn kill(&self) -> Result<(), Complaint> {
        let pid = self.pid().ok_or_else(|| failed("find its process", "no number in its pid file"))?;
        rustix::process::kill_process(pid, rustix::process::Signal::KILL)
            .map_err(|error| failed("kill its process", error))
    }

    /// More old receipts than the shop bears.
    pub fn fill(&self) -> Result<(), Complaint> {
        let told = |error: io::Error| failed("fill its cache", error);
        for n in 0..RECEIPTS {
            let path = self.dir.join("cache").join(format!("receipt-{n}"));
            fs::write(&path, vec![b'-'; RECEIPT]).map_err(told)?;
            let file = fs::File::options().write(true).open(&path).map_err(told)?;
            let now = file.metadata().and_then(|is| is.modified()).map_err(told)?;
            file.set_modified(now - OLD).map_err(told)?;
        }
        Ok(())
    }

    fn pid(&self) -> Option<rustix::process::Pid> {
        let text = fs::read_to_string(self.dir.join("pid")).ok()?;
        let pid = rustix::process::Pid::from_raw(text.trim().parse().ok()?)?;
        // The number may be somebody else's by now.
        let line = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).ok()?;
        line.starts_with(self.file("shop").as_bytes()).then_some(pid)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(pid) = self.pid() {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}
