//! Own user, network and mount namespaces, as far as the kernel grants them. Nothing here is required: what could
//! not be had is reported in [`Spaces`] and made up for by the other walls.
//!
//! The user is mapped to itself, so that files keep their owner and root outside has no power over the machine
//! inside. Mounts only ever hide: `/run` and other places of sockets whose owner
//! would do anything for who connects (docker, lxd, agents), `/dev/shm`, `/tmp`.

use super::{Network, Profile};
use rustix::{
    mount::{MountFlags, MountPropagationFlags, mount, mount_bind, mount_change},
    net::{AddressFamily, SendFlags, SocketType},
    process::{getegid, geteuid},
    thread::UnshareFlags,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Which walls of this kind stand.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spaces {
    /// Own user namespace.
    pub user: bool,
    /// Own network, with loopback up.
    pub loopback: bool,
    /// `/run` shows nothing.
    pub run_masked: bool,
    /// `/dev/shm` is private.
    pub shared_memory: bool,
    /// `/tmp` is the private temporary directory.
    pub temp: bool,
}

/// Enters what can be entered.
pub(super) fn enter(profile: &Profile, hidden: &[PathBuf]) -> Spaces {
    let mut spaces = Spaces::default();
    let own_network = profile.network == Network::Loopback;
    let mut flags = UnshareFlags::NEWNS;
    if own_network {
        flags |= UnshareFlags::NEWNET;
    }
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    if unshare(flags | UnshareFlags::NEWUSER).is_ok() {
        spaces.user = map_to_self(uid, gid).is_ok();
    } else if unshare(flags).is_err() {
        return spaces;
    }
    spaces.loopback = own_network && raise_loopback().is_ok();
    hide(profile, hidden, &mut spaces);
    spaces
}

#[expect(
    deprecated,
    reason = "the successor is unsafe only for UnshareFlags::FILES, which is never asked for here"
)]
fn unshare(flags: UnshareFlags) -> rustix::io::Result<()> {
    rustix::thread::unshare(flags)
}

fn map_to_self(uid: u32, gid: u32) -> io::Result<()> {
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"))
}

fn hide(profile: &Profile, hidden: &[PathBuf], spaces: &mut Spaces) {
    let down = MountPropagationFlags::REC | MountPropagationFlags::PRIVATE;
    if mount_change("/", down).is_err() {
        return;
    }
    let used = |place: &Path| {
        profile
            .writable
            .iter()
            .chain(&profile.readable)
            .chain(&profile.git_dirs_readonly)
            .chain([&profile.home, &profile.temp])
            .any(|path| path.starts_with(place))
    };
    let safe = MountFlags::NOSUID | MountFlags::NODEV;
    // With the host's network, `/run` also holds the resolver's configuration.
    if profile.network != Network::All && !used(Path::new("/run")) && Path::new("/run").is_dir() {
        spaces.run_masked =
            mount("tmpfs", "/run", "tmpfs", safe | MountFlags::RDONLY, c"size=4k,mode=755").is_ok();
    }
    for place in hidden.iter().filter(|place| !used(place) && place.is_dir()) {
        // Landlock refuses its files all the same; this takes its sockets out of reach.
        let _ = mount("tmpfs", place, "tmpfs", safe | MountFlags::RDONLY, c"size=4k,mode=755");
    }
    if !used(Path::new("/dev/shm")) && Path::new("/dev/shm").is_dir() {
        spaces.shared_memory = mount("tmpfs", "/dev/shm", "tmpfs", safe, c"size=50%,mode=1777").is_ok();
    }
    if !used(Path::new("/tmp")) {
        spaces.temp = mount_bind(&profile.temp, "/tmp").is_ok();
    }
}

/// Sends `RTM_NEWLINK` for interface 1 (always `lo` in a fresh network) with `IFF_UP`, and waits for the answer.
fn raise_loopback() -> io::Result<()> {
    const REQUEST_BYTES: u32 = 32;
    const RTM_NEWLINK: u16 = 16;
    const NLM_F_REQUEST_ACK: u16 = 1 | 4;
    const LOOPBACK_INDEX: i32 = 1;
    const IFF_UP: u32 = 1;
    let socket = rustix::net::socket(AddressFamily::NETLINK, SocketType::RAW, None)?;
    let mut request = Vec::with_capacity(32);
    // struct nlmsghdr: length, type, flags, sequence, port.
    request.extend_from_slice(&REQUEST_BYTES.to_ne_bytes());
    request.extend_from_slice(&RTM_NEWLINK.to_ne_bytes());
    request.extend_from_slice(&NLM_F_REQUEST_ACK.to_ne_bytes());
    request.extend_from_slice(&1u32.to_ne_bytes());
    request.extend_from_slice(&0u32.to_ne_bytes());
    // struct ifinfomsg: family and padding, type, index, flags, changed flags.
    request.extend_from_slice(&[0; 4]);
    request.extend_from_slice(&LOOPBACK_INDEX.to_ne_bytes());
    request.extend_from_slice(&IFF_UP.to_ne_bytes());
    request.extend_from_slice(&IFF_UP.to_ne_bytes());
    rustix::net::send(&socket, &request, SendFlags::empty())?;
    let mut answer = [0u8; 256];
    let (_, length) = rustix::net::recv(&socket, &mut answer[..], rustix::net::RecvFlags::empty())?;
    // struct nlmsgerr after the 16-byte header: 0 or a negative errno.
    match answer
        .get(16..20)
        .filter(|_| length >= 20)
        .map(|code| i32::from_ne_bytes([code[0], code[1], code[2], code[3]]))
    {
        Some(0) => Ok(()),
        Some(code) => Err(io::Error::from_raw_os_error(-code)),
        None => Err(io::Error::other("short answer from netlink")),
    }
}
