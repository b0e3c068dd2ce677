//! The life of the helper process: read the order, build the walls from the outside in, become the command.
//! Runs before anything else in `main`, in a process with one thread. Prints only when it cannot go on.

use super::{Built, Network, Order, PREFIX, WALLS_FAILED, calls, files, namespaces, probe};
use crate::workspace::limits::Limits;
use rustix::process::{Resource, Rlimit, Signal, getppid, set_parent_process_death_signal, setrlimit};
use std::{ffi::OsString, os::unix::process::CommandExt as _};

/// Exit code when the program does not exist, as in a shell.
const NOT_FOUND: i32 = 127;
/// Open files of a confined process.
const OPEN_FILES: u64 = 16_384;

/// Takes over the process: `args` are the words after [`super::HELPER_ARG`].
pub fn enter_from_args(args: impl IntoIterator<Item = OsString>) -> ! {
    let mut args = args.into_iter();
    let order = args.next().and_then(|text| text.into_string().ok());
    let Some(order) = order.and_then(|text| serde_json::from_str::<Order>(&text).ok()) else {
        fail("this is an internal command: the first argument must be an order")
    };
    let built = build(&order).unwrap_or_else(|why| fail(&why));
    if order.probe {
        probe::report(&order, built.as_ref());
    }
    become_command(args)
}

fn build(order: &Order) -> Result<Option<Built>, String> {
    let spaces = order.profile.as_ref().map(|profile| namespaces::enter(profile, &order.hidden));
    // After the namespaces: changing credentials would clear it.
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|e| format!("parent death signal: {e}"))?;
    let parent = getppid().map(|pid| pid.as_raw_nonzero().get());
    if parent != i32::try_from(order.parent).ok() {
        return Err("chimera ended before the command began".to_owned());
    }
    bound(&order.limits, spaces.as_ref().is_some_and(|s| s.user))?;
    rustix::thread::set_no_new_privs(true).map_err(|e| format!("no_new_privs: {e}"))?;
    let (Some(profile), Some(spaces)) = (&order.profile, spaces) else { return Ok(None) };
    let files = files::restrict(profile, &order.toolchains, &spaces)?;
    let network = match (profile.network, spaces.loopback) {
        (Network::Loopback, false) => Network::None,
        (network, _) => network,
    };
    calls::restrict(network, spaces.run_masked || files.unix_sockets_walled)?;
    Ok(Some(Built { spaces, files }))
}

fn bound(limits: &Limits, own_user_namespace: bool) -> Result<(), String> {
    let mut wanted = vec![(Resource::Core, 0, "core")];
    wanted.push((Resource::Nofile, OPEN_FILES, "nofile"));
    if limits.memory > 0 {
        wanted.push((Resource::Data, limits.memory, "data"));
    }
    if limits.file_size > 0 {
        wanted.push((Resource::Fsize, limits.file_size, "fsize"));
    }
    if limits.processes > 0 && own_user_namespace {
        wanted.push((Resource::Nproc, limits.processes, "nproc"));
    }
    for (resource, value, name) in wanted {
        // An unprivileged process may only lower its hard limit.
        let ceiling = rustix::process::getrlimit(resource).maximum;
        let value = ceiling.map_or(value, |ceiling| value.min(ceiling));
        setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })
            .map_err(|e| format!("limit {name}={value}: {e}"))?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the helper becomes the command: exec, no new process")]
fn become_command(mut args: impl Iterator<Item = OsString>) -> ! {
    let Some(program) = args.next() else { fail("no command given") };
    let error = std::process::Command::new(&program).args(args).exec();
    eprintln!("{PREFIX}{}: {error}", program.display());
    std::process::exit(if error.kind() == std::io::ErrorKind::NotFound { NOT_FOUND } else { NOT_FOUND - 1 })
}

fn fail(why: &str) -> ! {
    eprintln!("{PREFIX}{why}");
    std::process::exit(WALLS_FAILED)
}
