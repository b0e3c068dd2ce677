//! Landlock: which files a command may read, run and change. An allow-list; whatever is not named is refused.
//! Best effort over kernel versions, but no Landlock at all is an error, never a silent success.

use super::{Network, Profile, namespaces::Spaces};
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, LandlockStatus, NetPort,
    Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetStatus, Scope, path_beneath_rules,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Newest version of Landlock these rules were written for.
const NEWEST: ABI = ABI::V9;
/// System directories every program reads.
const SYSTEM: &[&str] = &[
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/bin",
    "/sbin",
    "/opt",
    "/nix",
    "/proc",
    "/sys/devices/system",
    "/sys/fs/cgroup",
    "/sys/kernel/mm/transparent_hugepage",
    "/var/lib/dpkg/alternatives",
    "/run/current-system",
    "/run/systemd/resolve",
    "/var/lib/java",
    "/var/cache/fontconfig",
    "/snap",
];
/// Devices that hold nothing.
const DEVICES: &[&str] = &[
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
];
/// Entries of `/etc` that only root may read; root inside a sandbox must not either.
const SECRET_ETC: &[&str] = &[
    "shadow",
    "shadow-",
    "gshadow",
    "gshadow-",
    "sudoers",
    "sudoers.d",
    "ssh",
    "NetworkManager",
    "wireguard",
    "krb5.keytab",
    "security",
];

/// What Landlock enforces here.
#[derive(Debug, Clone)]
pub(super) struct Enforced {
    /// Version in force.
    pub version: i32,
    /// Everything asked for is in force.
    pub complete: bool,
    /// Sockets in the file system can only be reached where the command may write.
    pub unix_sockets_walled: bool,
}

/// Puts the calling process behind the rules.
pub(super) fn restrict(
    profile: &Profile,
    toolchains: &[PathBuf],
    spaces: &Spaces,
) -> Result<Enforced, String> {
    let all = AccessFs::from_all(NEWEST);
    let read = AccessFs::from_read(NEWEST);
    let change = all & !BitFlags::from(AccessFs::MakeBlock) & !BitFlags::from(AccessFs::MakeChar);
    let mut writable = profile.writable.clone();
    writable.extend([profile.home.clone(), profile.temp.clone()]);
    if spaces.shared_memory {
        writable.push("/dev/shm".into());
    }
    if spaces.temp {
        writable.push("/tmp".into());
    }
    let writable: Vec<_> = writable.iter().collect();
    let readable: Vec<_> =
        toolchains.iter().chain(&profile.readable).chain(&profile.git_dirs_readonly).collect();
    let status = build(profile.network, [&readable, &writable], [all, read, change])
        .map_err(|e| format!("Landlock: {e}"))?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err(
            "this kernel has no Landlock (Linux 5.13 or newer with `landlock` in its lsm= list)".to_owned()
        );
    }
    let version = match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => effective_abi as i32,
        _ => 0,
    };
    if matches!(profile.network, Network::Listen(_) | Network::Reach(_)) && version < ABI::V4 as i32 {
        return Err(format!(
            "this kernel's Landlock (version {version}) cannot hold a program to one port: Linux 6.7 or newer can"
        ));
    }
    Ok(Enforced {
        version,
        complete: version >= ABI::V6 as i32,
        unix_sockets_walled: version >= ABI::V9 as i32,
    })
}

fn build(
    network: Network,
    [readable, writable]: [&[&PathBuf]; 2],
    [all, read, change]: [BitFlags<AccessFs>; 3],
) -> Result<landlock::RestrictionStatus, landlock::RulesetError> {
    let device = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::ReadDir | AccessFs::IoctlDev;
    let mut scopes = BitFlags::from(Scope::Signal);
    if network != Network::All {
        scopes |= Scope::AbstractUnixSocket;
    }
    let mut ruleset =
        Ruleset::default().set_compatibility(CompatLevel::BestEffort).handle_access(all)?.scope(scopes)?;
    if let Network::Listen(_) | Network::Reach(_) = network {
        ruleset = ruleset.handle_access(AccessNet::from_all(ABI::V4))?;
    }
    let mut created = ruleset.create()?;
    if let Network::Listen(port) = network {
        created = created.add_rule(NetPort::new(port, AccessNet::BindTcp))?;
    }
    if let Network::Reach(port) = network {
        created = created.add_rule(NetPort::new(port, AccessNet::ConnectTcp))?;
    }
    created
        .add_rules(path_beneath_rules(SYSTEM, read))?
        .add_rules(path_beneath_rules(etc(), read))?
        .add_rules(path_beneath_rules(readable, read))?
        .add_rules(path_beneath_rules(DEVICES, device))?
        .add_rules(path_beneath_rules(writable, change))?
        .restrict_self()
}

/// `/etc`, for root without its secrets.
fn etc() -> Vec<PathBuf> {
    if !rustix::process::geteuid().is_root() {
        return vec![PathBuf::from("/etc")];
    }
    let Ok(entries) = fs::read_dir("/etc") else { return Vec::new() };
    let open = entries.flatten().filter(|e| !SECRET_ETC.iter().any(|secret| e.file_name() == *secret));
    open.flat_map(|entry| {
        // Private keys of certificates stand beside the public ones.
        if entry.file_name() == "ssl" {
            return inside_but(&entry.path(), "private");
        }
        vec![entry.path()]
    })
    .collect()
}

fn inside_but(dir: &Path, secret: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name() != secret).map(|entry| entry.path()).collect()
}
