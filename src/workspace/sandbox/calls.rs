//! Seccomp: system calls a build or a test never needs and an escape does. Two filters, because one filter has one
//! answer: most calls get EPERM, `clone3` gets ENOSYS so that the C library falls back to `clone`, whose flags a
//! filter can read.

use super::Network;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

const EPERM: u32 = 1;
const ENOSYS: u32 = 38;

const AF_UNIX: u64 = 1;
const AF_INET: u64 = 2;
const AF_INET6: u64 = 10;
const AF_NETLINK: u64 = 16;
const SOCK_TYPE_MASK: u64 = 0xf;
const SOCK_RAW: u64 = 3;
const SOCK_DGRAM: u64 = 2;

/// Pushes a character into a terminal's input, and selects text on a console.
const IOCTLS: [u64; 2] = [0x5412, 0x541C];
/// `CLONE_NEWNS`, `NEWCGROUP`, `NEWUTS`, `NEWIPC`, `NEWUSER`, `NEWPID`, `NEWNET`.
const NEW_NAMESPACE: [u64; 7] =
    [0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000];

/// Numbers of one architecture.
struct Numbers {
    arch: TargetArch,
    socket: i64,
    clone: i64,
    ioctl: i64,
    /// Refused whatever the arguments.
    refused: &'static [i64],
    /// Bit that selects a second calling convention with the same numbers.
    alias: Option<i64>,
}

/// Same number everywhere.
const CLONE3: i64 = 435;
/// Same number everywhere: open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, io_uring x 3, pidfd_getfd,
/// mount_setattr. io_uring does what it is asked without passing a seccomp filter again.
const REFUSED_EVERYWHERE: &[i64] = &[428, 429, 430, 431, 432, 433, 425, 426, 427, 438, 442];

#[cfg(target_arch = "x86_64")]
const NUMBERS: Numbers = Numbers {
    arch: TargetArch::x86_64,
    socket: 41,
    clone: 56,
    ioctl: 16,
    refused: &[
        101, 103, 155, 161, 163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 175, 176, 179, 227, 246,
        248, 249, 250, 272, 298, 303, 304, 308, 310, 311, 312, 313, 320, 321, 323,
    ],
    // x32
    alias: Some(0x4000_0000),
};

#[cfg(target_arch = "aarch64")]
const NUMBERS: Numbers = Numbers {
    arch: TargetArch::aarch64,
    socket: 198,
    clone: 220,
    ioctl: 29,
    refused: &[
        39, 40, 41, 51, 60, 89, 97, 104, 105, 106, 112, 116, 117, 142, 161, 162, 170, 217, 218, 219, 224,
        225, 241, 264, 265, 268, 270, 271, 272, 273, 280, 282, 294,
    ],
    alias: None,
};

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("the system call numbers of this architecture are not in workspace::sandbox::calls yet");

/// Puts the calling thread behind the filters. `unix_allowed`: sockets in the file system lead nowhere dangerous.
pub(super) fn restrict(network: Network, unix_allowed: bool) -> Result<(), String> {
    let mut rules = BTreeMap::new();
    for call in NUMBERS.refused.iter().chain(REFUSED_EVERYWHERE) {
        rules.insert(*call, Vec::new());
    }
    let built = || -> Result<_, seccompiler::Error> {
        rules.insert(NUMBERS.socket, sockets(network, unix_allowed)?);
        rules.insert(NUMBERS.clone, any_of(0, &NEW_NAMESPACE, SeccompCmpOp::MaskedEq)?);
        rules.insert(NUMBERS.ioctl, any_of(1, &IOCTLS, |_| SeccompCmpOp::Eq)?);
        apply(rules, EPERM)?;
        apply(BTreeMap::from([(CLONE3, Vec::new())]), ENOSYS)
    };
    built().map_err(|e| format!("seccomp: {e}"))
}

fn apply(mut rules: BTreeMap<i64, Vec<SeccompRule>>, errno: u32) -> Result<(), seccompiler::Error> {
    if let Some(bit) = NUMBERS.alias {
        let aliases: Vec<_> = rules.iter().map(|(call, rule)| (call | bit, rule.clone())).collect();
        rules.extend(aliases);
    }
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(errno), NUMBERS.arch)?;
    let program: BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program)
}

/// Rules for `socket`, each of which refuses; an empty list refuses every call.
fn sockets(network: Network, unix_allowed: bool) -> Result<Vec<SeccompRule>, seccompiler::Error> {
    let mut allowed = Vec::new();
    if unix_allowed {
        allowed.push(AF_UNIX);
    }
    if network != Network::None {
        allowed.extend([AF_INET, AF_INET6, AF_NETLINK]);
    }
    if allowed.is_empty() {
        return Ok(Vec::new());
    }
    let other =
        allowed.iter().map(|family| condition(0, SeccompCmpOp::Ne, *family)).collect::<Result<_, _>>()?;
    let mut rules = vec![SeccompRule::new(other)?];
    // Raw packets, and netlink beyond NETLINK_ROUTE (which lists interfaces).
    for family in [AF_INET, AF_INET6] {
        let raw = condition(1, SeccompCmpOp::MaskedEq(SOCK_TYPE_MASK), SOCK_RAW)?;
        rules.push(SeccompRule::new(vec![condition(0, SeccompCmpOp::Eq, family)?, raw])?);
        // Landlock knows the ports of TCP only: on the host's network nothing else may leave.
        if matches!(network, Network::Listen(_) | Network::Reach(_)) {
            let packet = condition(1, SeccompCmpOp::MaskedEq(SOCK_TYPE_MASK), SOCK_DGRAM)?;
            rules.push(SeccompRule::new(vec![condition(0, SeccompCmpOp::Eq, family)?, packet])?);
        }
    }
    let netlink = [condition(0, SeccompCmpOp::Eq, AF_NETLINK)?, condition(2, SeccompCmpOp::Ne, 0)?];
    rules.push(SeccompRule::new(netlink.to_vec())?);
    Ok(rules)
}

fn any_of(
    argument: u8,
    values: &[u64],
    operator: impl Fn(u64) -> SeccompCmpOp,
) -> Result<Vec<SeccompRule>, seccompiler::Error> {
    let rule = |value: &u64| Ok(SeccompRule::new(vec![condition(argument, operator(*value), *value)?])?);
    values.iter().map(rule).collect()
}

fn condition(
    argument: u8,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, seccompiler::Error> {
    Ok(SeccompCondition::new(argument, Dword, operator, value)?)
}
