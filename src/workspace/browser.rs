//! A photo of a page by an installed browser without a window. The page is a candidate's, so nothing of it is trusted:
//! the browser runs behind the walls, reaches the one port of the service, and finds no home, no key and no profile of
//! the director's. Its own sandbox is off: it needs namespaces, which the walls refuse.

use super::{
    Workshop, Worktree,
    process::{self, Confinement, Exit, Limits, Spec},
    sandbox::{Network, Profile},
};
use crate::domain::{
    picture,
    preview::{PHOTO_MOST, Viewport},
    text,
    time::Millis,
};
use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Longest run.
const WALL: Millis = Millis::secs(30);
/// What the page's clock may run before the photo, in milliseconds of its own.
const SETTLE_MS: u32 = 2_000;
/// Bytes of its words that are kept.
const WORDS: usize = 16 * 1024;
/// Names that browsers have which take such photos, the first that is there.
const NAMES: [&str; 6] =
    ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge"];
/// Means the first that is installed.
pub const AUTO: &str = "auto";
/// Means that none is used.
pub const OFF: &str = "off";

/// The browser that this setting means, if it is installed.
#[must_use]
pub fn find(wanted: &str) -> Option<PathBuf> {
    let names: &[&str] = match wanted {
        AUTO => &NAMES,
        OFF => &[],
        _ => &[wanted],
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| match Path::new(name).is_absolute() {
        true => Some(PathBuf::from(name)).filter(|file| file.is_file()),
        false => dirs.iter().map(|dir| dir.join(name)).find(|file| file.is_file()),
    })
}

/// Takes a photo of what answers on this port of 127.0.0.1. Dropping the future ends every process of it.
///
/// # Errors
/// In words, why there is none.
pub async fn photograph(
    browser: &Path,
    (port, path): (u16, &str),
    viewport: Viewport,
    (shop, tree): (&Workshop, &Worktree),
) -> Result<Arc<[u8]>, String> {
    let walls = shop.profile(tree);
    let (profile, file) = (walls.home.join("browser"), walls.home.join("page.png"));
    let _ = fs::remove_file(&file);
    let argv = [
        browser.display().to_string(),
        "--headless".into(),
        "--no-sandbox".into(),
        "--disable-gpu".into(),
        "--disable-extensions".into(),
        "--disable-background-networking".into(),
        "--disable-component-update".into(),
        "--no-first-run".into(),
        "--mute-audio".into(),
        "--hide-scrollbars".into(),
        "--force-device-scale-factor=1".into(),
        format!("--virtual-time-budget={SETTLE_MS}"),
        format!("--user-data-dir={}", profile.display()),
        format!("--window-size={},{}", viewport.width, viewport.height),
        format!("--screenshot={}", file.display()),
        format!("http://127.0.0.1:{port}{path}"),
    ];
    let real = fs::canonicalize(browser).unwrap_or_else(|_| browser.to_path_buf());
    let beside = [browser, &real].into_iter().filter_map(Path::parent).map(Path::to_path_buf);
    let spec = Spec {
        argv: argv.to_vec(),
        dir: walls.home.clone(),
        // Relative: the browser makes a socket there, whose path must be short, whatever the data directory is called.
        env: vec![("TMPDIR".into(), ".".into())],
        stdin: Vec::new(),
        limits: Limits { wall: WALL, output: WORDS, ..Limits::default() },
        confinement: Confinement::Sandbox(Profile {
            writable: Vec::new(),
            readable: beside.collect(),
            network: Network::Reach(port),
            git_dirs_readonly: Vec::new(),
            ..walls
        }),
    };
    let done = process::run(spec, std::future::pending()).await.map_err(|error| error.to_string())?;
    let taken = photo(&file);
    let _ = fs::remove_file(&file);
    let _ = fs::remove_dir_all(&profile);
    let name = browser.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match (done.exit, taken) {
        (_, Some(Ok(png))) => Ok(png),
        (_, Some(Err(why))) => Err(format!("{name}: {why}")),
        (Exit::TimedOut, None) => Err(format!("{name} took no photo within {WALL}")),
        (_, None) => {
            let said = text::clean_bytes(&done.merged);
            let lines = || said.lines().rev().filter(|line| !line.trim().is_empty());
            let why = lines().find(|line| line.contains("FATAL")).or_else(|| lines().next());
            Err(format!("{name} took no photo: {}", text::clean_line(why.unwrap_or_default(), 200)))
        }
    }
}

/// The photo in a file; none if there is no file.
fn photo(file: &Path) -> Option<Result<Arc<[u8]>, String>> {
    // A page cannot write here, a browser gone wrong could leave anything.
    let found = fs::symlink_metadata(file).ok()?;
    if !found.is_file() {
        return Some(Err("what it left is no file".into()));
    }
    let mut bytes = Vec::new();
    let read = fs::File::open(file).and_then(|file| file.take(PHOTO_MOST + 1).read_to_end(&mut bytes));
    Some(match read {
        Err(error) => Err(error.to_string()),
        Ok(_) if bytes.len() as u64 > PHOTO_MOST => {
            Err(format!("the photo has more than {PHOTO_MOST} bytes"))
        }
        Ok(_) if picture::kind(&bytes) != Some("image/png") || picture::size(&bytes).is_none() => {
            Err("what it left is no PNG".into())
        }
        Ok(_) => Ok(bytes.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a13_only_a_png_of_a_bounded_size_is_a_photo() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("page.png");
        assert!(photo(&file).is_none());
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x02\0\0\0".to_vec();
        fs::write(&file, &png).unwrap();
        assert_eq!(photo(&file).unwrap().unwrap().len(), png.len());
        fs::write(&file, b"GIF89a\x01\0\x01\0").unwrap();
        assert!(photo(&file).unwrap().unwrap_err().contains("no PNG"));
        fs::write(&file, [png, vec![0; usize::try_from(PHOTO_MOST).unwrap()]].concat()).unwrap();
        assert!(photo(&file).unwrap().unwrap_err().contains("more than"));
        let link = dir.path().join("link.png");
        std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
        assert!(photo(&link).unwrap().unwrap_err().contains("no file"));
    }

    #[test]
    fn a_browser_is_found_by_name_by_path_or_not_at_all() {
        assert_eq!(find("/bin/sh").as_deref(), Some(Path::new("/bin/sh")));
        assert!(find("sh").is_some_and(|found| found.is_absolute()));
        assert_eq!((find(OFF), find("no-such-browser"), find("/no/such")), (None, None, None));
    }
}
