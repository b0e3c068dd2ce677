//! Where the socket of a daemon behind ssh is: as it is named, or as the `chimera` of that machine says when it is asked over the
//! same ssh, by one command.

use super::exit::Complaint;
use crate::{
    domain::text::clean_line,
    server::client::Address,
    workspace::{
        process::Exit,
        tunnel::{self, Answer, Route},
    },
};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// What ssh needs.
pub(super) const NO_QUESTION: &str =
    "ssh must get there without a question: a key or an agent, and the host known";
/// What says where a daemon serves.
pub(super) const SAYS_IT: &str = "`chimera health --json` there says it as `socket`";

/// How the name of a socket ends; a path with another end is a repository.
const SOCKETS: [&str; 2] = ["sock", "socket"];
/// What a shell ends with that knows no such program, and ssh where it did not get there.
const UNKNOWN: i32 = 127;
const NOT_THERE: i32 = 255;
/// What `chimera` ends with that does not know a word of its command line.
const USAGE: i32 = 64;
/// Characters of what it says that are shown.
const WORDS_MOST: usize = 600;

/// What `chimera health --json` says, as far as it is needed.
#[derive(Deserialize)]
struct Health {
    socket: PathBuf,
}

/// A complaint in JSON form.
#[derive(Deserialize)]
struct Told {
    message: String,
    hint: Option<String>,
}

/// The socket there: `path`, if that is one; else that of the daemon of the repository `path`, or of the one daemon that serves there.
///
/// # Errors
/// ssh does not get there, there is no `chimera` or an older one, or no daemon says where it is.
pub(super) async fn socket(
    address: &Address,
    route: &Route,
    path: Option<&Path>,
) -> Result<PathBuf, Complaint> {
    let named = |path: &&Path| path.extension().is_some_and(|end| SOCKETS.iter().any(|one| end == *one));
    if let Some(socket) = path.filter(named) {
        return Ok(socket.to_owned());
    }
    let answer = tunnel::ask(route, &command(path)).await;
    let answer = answer.map_err(|why| Complaint::error(format!("{address} cannot be reached: {why}")))?;
    read(&answer)
        .map_err(|(why, hint)| Complaint::error(format!("{address} cannot be reached: {why}")).hint(hint))
}

/// The shell there takes the words apart; an address holds no sign that means anything to it within these marks.
fn command(path: Option<&Path>) -> Vec<String> {
    let words: Vec<String> = match path {
        Some(repository) => vec!["--repo".into(), format!("'{}'", repository.display())],
        None => Vec::new(),
    };
    let program = std::iter::once("chimera".to_owned()).chain(words);
    let asked = ["health", "--json"].into_iter().chain(path.is_none().then_some("--any"));
    program.chain(asked.map(str::to_owned)).collect()
}

/// The socket that was told, or why none was and what to do.
fn read(answer: &Answer) -> Result<PathBuf, (String, String)> {
    let words = &answer.words;
    let name_it = "name its socket: ssh://HOST/PATH/api.sock";
    match answer.exit {
        Exit::Code(0) => {
            // What a login says comes before it.
            let told = answer.stdout.lines().rev().find_map(|line| serde_json::from_str::<Health>(line).ok());
            let told = told.map(|health| health.socket).filter(|socket| plain(socket));
            told.ok_or_else(|| {
                let why = "the chimera there does not say where its daemon serves: it is of another version"
                    .to_owned();
                (why, format!("use the version of this one there, or {name_it}"))
            })
        }
        Exit::Code(NOT_THERE) => Err((words.clone(), NO_QUESTION.into())),
        Exit::Code(UNKNOWN) => {
            let why = format!("there is no chimera where ssh runs commands there ({words})");
            Err((why, format!("put it on the PATH that `ssh HOST env` shows, or {name_it}")))
        }
        Exit::Code(USAGE) => {
            let why = format!("the chimera there cannot be asked where its daemon serves ({words})");
            Err((why, format!("it may be an older one: use the version of this one there, or {name_it}")))
        }
        Exit::Code(_) => Err(match complaint(&answer.stdout) {
            // Its words are for whoever is there.
            Some(Told { message, hint }) => (
                format!("the chimera there says: {message}"),
                hint.map_or_else(|| name_it.to_owned(), |hint| format!("{hint}; from here, {name_it}")),
            ),
            None => (words.clone(), format!("start `chimera --monitor` there; {SAYS_IT}")),
        }),
        Exit::Signal(_) | Exit::TimedOut | Exit::Stopped => Err((words.clone(), NO_QUESTION.into())),
    }
}

/// What the chimera there complains of.
fn complaint(stdout: &str) -> Option<Told> {
    let told: Told = stdout.lines().rev().find_map(|line| serde_json::from_str(line).ok())?;
    let clean = |text: &str| clean_line(text, WORDS_MOST).to_string();
    Some(Told { message: clean(&told.message), hint: told.hint.as_deref().map(clean) })
}

/// Whether it is a path that ssh forwards as it stands.
fn plain(path: &Path) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '@' | '+' | ',' | ' ');
    path.is_absolute() && path.to_str().is_some_and(|text| text.chars().all(fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(script: &str) -> Route {
        let ssh = ["sh", "-c", script, "ssh"].map(str::to_owned).to_vec();
        Route { ssh, host: "shop".into(), port: None, env: Vec::new() }
    }

    async fn asked(script: &str, path: Option<&str>) -> Result<PathBuf, Complaint> {
        let address = Address::Ssh { host: "shop".into(), port: None, path: path.map(PathBuf::from) };
        socket(&address, &route(script), path.map(Path::new)).await
    }

    #[tokio::test]
    async fn d11_the_machine_is_asked_once_where_the_daemon_serves_and_only_where_that_is_not_named() {
        assert_eq!(asked("exit 1", Some("/srv/api.sock")).await.unwrap(), Path::new("/srv/api.sock"));
        let says =
            "echo Welcome; echo \"{\\\"status\\\": \\\"ok\\\", \\\"socket\\\": \\\"/data/api.sock\\\"}\"";
        assert_eq!(asked(says, None).await.unwrap(), Path::new("/data/api.sock"));
        // The words as the shell there gets them.
        let echoes = "echo \"$*\" >&2; exit 255";
        let words = asked(echoes, None).await.unwrap_err().what;
        assert!(words.ends_with("-- shop chimera health --json --any"), "{words}");
        let words = asked(echoes, Some("/srv/my shop")).await.unwrap_err().what;
        assert!(words.ends_with("-- shop chimera --repo '/srv/my shop' health --json"), "{words}");
    }

    #[tokio::test]
    async fn d11_why_it_is_not_known_where_the_daemon_serves_is_said_with_what_to_do() {
        for (script, why, what_to_do) in [
            ("echo no route >&2; exit 255", "no route", "without a question"),
            ("echo sh: chimera: not found >&2; exit 127", "there is no chimera", "on the PATH"),
            ("echo \"unexpected argument '--any'\" >&2; exit 64", "--any", "older"),
            ("echo nobody serves >&2; exit 1", "nobody serves", "chimera --monitor"),
            (
                "echo '{\"message\": \"2 daemons: a, b\", \"hint\": \"name one\"}'; echo hint >&2; exit 1",
                "2 daemons: a, b",
                "name one",
            ),
            ("echo '{\"status\": \"ok\"}'", "another version", "version of this one"),
            ("echo '{\"socket\": \"/a;rm\"}'", "another version", "api.sock"),
        ] {
            let complaint = asked(script, None).await.unwrap_err();
            let hint = complaint.hint.clone().unwrap_or_default();
            assert!(complaint.what.starts_with("ssh://shop cannot be reached: "), "{}", complaint.what);
            assert!(complaint.what.contains(why) && hint.contains(what_to_do), "{}\n{hint}", complaint.what);
        }
    }
}
