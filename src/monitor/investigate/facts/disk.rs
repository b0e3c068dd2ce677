//! Room on the file systems that the service stands on. Asks the kernel, on a thread of its own: a dead network mount
//! may never answer.

use crate::{
    domain::{incident::ClueSort, text},
    monitor::investigate::{
        findings::{Found, Piece},
        scene::Scene,
    },
};
use rustix::fs::{StatVfsMountFlags, statvfs};
use std::{fs::File, io::Read as _, path::Path};

/// Variables of a service that name a path.
const VARIABLES: [&str; 7] = ["disk", "data_dir", "cache_dir", "temp_dir", "log", "log_dir", "work_dir"];
/// Paths looked at.
const PATHS_MOST: usize = 10;
/// What is mounted where, and bytes of it that are read.
const MOUNTS: &str = "/proc/self/mountinfo";
const MOUNTS_MOST: u64 = 1024 * 1024;

/// Fullness of one file system.
#[derive(Debug, Clone, PartialEq)]
pub struct Room {
    /// The path that was asked about.
    pub path: String,
    /// Percent used, as `df` says it: of what ordinary users may use.
    pub used_pct: f64,
    /// Percent of inodes used; `None` where the file system does not count them.
    pub inodes_pct: Option<f64>,
    /// Bytes free.
    pub free: f64,
    /// Whether nobody can write to it.
    pub read_only: bool,
}

/// Looks.
pub async fn look(scene: &Scene) -> Found {
    let paths = paths(scene);
    let asked =
        tokio::task::spawn_blocking(move || paths.iter().filter_map(|path| room(path)).collect::<Vec<_>>());
    match asked.await {
        Ok(rooms) => read(&rooms),
        Err(_) => Found::gap("the disks did not answer"),
    }
}

/// What the director named, and the root.
fn paths(scene: &Scene) -> Vec<String> {
    let named = VARIABLES.iter().filter_map(|name| scene.service.variables.get(*name));
    let labelled = scene.checks(&scene.service.name).filter_map(|(_, check)| check.labels.get("path"));
    let mut paths: Vec<String> = Vec::new();
    for path in named.chain(labelled).chain([&"/".to_owned()]) {
        if path.starts_with('/') && !paths.contains(path) && paths.len() < PATHS_MOST {
            paths.push(path.clone());
        }
    }
    paths
}

#[expect(clippy::cast_precision_loss, reason = "shares and sizes for people")]
fn room(path: &str) -> Option<Room> {
    // A log that is gone stands on the file system of its directory.
    let stat = Path::new(path).ancestors().find_map(|path| statvfs(path).ok())?;
    let used = stat.f_blocks.saturating_sub(stat.f_bfree);
    let open = used.saturating_add(stat.f_bavail);
    let share = |part: u64, whole: u64| part as f64 * 100.0 / whole as f64;
    Some(Room {
        path: path.to_owned(),
        used_pct: if open == 0 { 0.0 } else { share(used, open) },
        inodes_pct: (stat.f_files > 0)
            .then(|| share(stat.f_files.saturating_sub(stat.f_ffree), stat.f_files)),
        free: stat.f_bavail as f64 * stat.f_frsize as f64,
        read_only: stat.f_flag.contains(StatVfsMountFlags::RDONLY) && is_so_for_all(path),
    })
}

/// Whether the file system itself is read-only, not only the view of it that this process was given: a hardened unit or a
/// container sees `/` so, and everybody else writes to it. Where nothing says, what this process sees counts.
fn is_so_for_all(path: &str) -> bool {
    let mut table = String::new();
    let read = File::open(MOUNTS).and_then(|file| file.take(MOUNTS_MOST).read_to_string(&mut table));
    read.ok()
        .and_then(|_| of_file_system(&table, path))
        .is_none_or(|options| options.split(',').any(|it| it == "ro"))
}

/// The options of the file system that a path is on, by a table of mounts: those behind the dash, which are its own and no
/// single mount's.
fn of_file_system<'a>(table: &'a str, path: &str) -> Option<&'a str> {
    let mount = |line: &'a str| {
        let (here, own) = line.split_once(" - ")?;
        let place = here.split(' ').nth(4)?;
        Path::new(path).starts_with(place).then_some((place.len(), own.split(' ').nth(2)?))
    };
    // The last one of equal length lies over the others.
    table.lines().filter_map(mount).max_by_key(|(length, _)| *length).map(|(_, options)| options)
}

/// The fullest one speaks for all.
#[must_use]
pub fn read(rooms: &[Room]) -> Found {
    let pressed = |room: &Room| {
        room.used_pct.max(room.inodes_pct.unwrap_or(0.0)) + f64::from(u8::from(room.read_only)) * 1e3
    };
    let Some(worst) = rooms.iter().max_by(|a, b| pressed(a).total_cmp(&pressed(b))) else {
        return Found::gap("no disk could be looked at");
    };
    let read_only = if worst.read_only { ", read-only" } else { "" };
    let words = format!("{} is {:.0} % full{read_only}", worst.path, worst.used_pct);
    let detail: Vec<String> =
        rooms.iter().map(|room| format!("{} {:.1} %", room.path, room.used_pct)).collect();
    let piece = Piece::now(ClueSort::Host, words)
        .detail(text::head_tail(&detail.join("\n"), 1_024))
        .name("disk.path", &worst.path)
        .number("disk.used_pct", worst.used_pct)
        .number("disk.free_bytes", worst.free)
        .truth("disk.read_only", worst.read_only);
    Found::one(match worst.inodes_pct {
        Some(pct) => piece.number("disk.inodes_used_pct", pct),
        None => piece,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_root_always_answers_and_what_is_named_is_looked_at() {
        let mut scene = Scene::default();
        scene.service.variables.insert("log".into(), "/var/log/not-there/web.log".into());
        assert_eq!(paths(&scene), ["/var/log/not-there/web.log", "/"]);
        let found = look(&scene).await;
        assert!(found.pieces[0].facts.iter().any(|(name, _)| name == "disk.used_pct"), "{found:?}");
    }

    #[test]
    fn a_view_that_only_this_process_has_is_no_fault_of_the_disk() {
        let table = "22 1 254:0 / / ro,relatime shared:1 - ext4 /dev/vda rw,errors=remount-ro\n\
                     23 22 254:16 / /data rw,relatime - ext4 /dev/vdb ro\n\
                     24 22 0:30 / /data/with\\040space rw - tmpfs tmpfs rw\nodd\n";
        assert_eq!(
            of_file_system(table, "/srv/app"),
            Some("rw,errors=remount-ro"),
            "a hardened unit's own view"
        );
        assert_eq!(of_file_system(table, "/data/x"), Some("ro"), "the kernel made it so for everybody");
        assert_eq!(of_file_system(table, "/database"), Some("rw,errors=remount-ro"), "whole names only");
        assert_eq!(of_file_system("", "/"), None);
    }

    #[test]
    fn the_fullest_speaks_for_all() {
        let room = |path: &str, used_pct, inodes_pct, read_only| Room {
            path: path.into(),
            used_pct,
            inodes_pct,
            free: 1.0,
            read_only,
        };
        let words = |rooms: &[Room]| read(rooms).pieces[0].words.clone();
        assert_eq!(
            words(&[room("/", 40.0, None, false), room("/var", 97.0, Some(3.0), false)]),
            "/var is 97 % full"
        );
        assert_eq!(
            words(&[room("/", 40.0, Some(99.0), false), room("/var", 97.0, None, false)]),
            "/ is 40 % full"
        );
        assert_eq!(
            words(&[room("/", 99.0, None, false), room("/data", 2.0, None, true)]),
            "/data is 2 % full, read-only"
        );
        assert!(read(&[]).gaps.len() == 1);
    }
}
