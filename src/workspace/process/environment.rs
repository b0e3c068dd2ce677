//! The environment of a child: an allow-list, so that no key or token reaches it by being forgotten.

use crate::workspace::sandbox::{Confinement, Network, toolchains};
use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// Variables that pass as they are.
const PASS: &[&str] = &[
    "LANG",
    "TZ",
    "USER",
    "LOGNAME",
    "SHELL",
    "GOPATH",
    "GOROOT",
    "GOMODCACHE",
    "JAVA_HOME",
    "NVM_DIR",
    "NVM_BIN",
    "VIRTUAL_ENV",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "RBENV_ROOT",
    "GEM_HOME",
    "GEM_PATH",
    "VOLTA_HOME",
    "PNPM_HOME",
    "ASDF_DIR",
    "ASDF_DATA_DIR",
    "DOTNET_ROOT",
    "RUSTUP_TOOLCHAIN",
    "RUSTFLAGS",
    "CC",
    "CXX",
    "AR",
    "LD",
    "CFLAGS",
    "CXXFLAGS",
    "LDFLAGS",
    "PKG_CONFIG_PATH",
    "LD_LIBRARY_PATH",
    "NIX_PATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_PATH",
    "PYTHONPATH",
    "MAKEFLAGS",
];

/// Where the program is that a child with these variables would start under this name. A program that is named whole is
/// started without a copy of this process being made first, which costs the more the larger this process is.
pub(super) fn whole(program: &str, env: &[(String, String)]) -> PathBuf {
    let name = Path::new(program);
    let path = env.iter().rfind(|(name, _)| name == "PATH").map_or("", |(_, path)| path);
    let starts = |file: &PathBuf| {
        file.is_absolute()
            && file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    if program.is_empty() || program.contains('/') {
        return name.to_owned();
    }
    // One that is not found is named as it is: starting it says so.
    std::env::split_paths(path).map(|dir| dir.join(name)).find(starts).unwrap_or_else(|| name.to_owned())
}

/// The variables a child starts with. Nothing that is not listed passes, and a listed one does not pass either if
/// its value could only be a secret by its name.
pub(super) fn scrubbed(confinement: &Confinement) -> Vec<(String, String)> {
    let mut env: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| passes(name))
        .collect();
    let mut set = |name: &str, value: String| env.push((name.to_owned(), value));
    set("TERM", "dumb".to_owned());
    set("NO_COLOR", "1".to_owned());
    set("CI", "1".to_owned());
    set("PATH", std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned()));
    for (name, path) in toolchains::homes() {
        set(name, path.display().to_string());
    }
    match confinement {
        Confinement::Host | Confinement::Leash { .. } => {
            if let Ok(home) = std::env::var("HOME") {
                set("HOME", home);
            }
            if let Ok(temp) = std::env::var("TMPDIR") {
                set("TMPDIR", temp);
            }
        }
        Confinement::Sandbox(profile) => {
            set("HOME", profile.home.display().to_string());
            for name in ["TMPDIR", "TMP", "TEMP"] {
                set(name, profile.temp.display().to_string());
            }
            for (name, value) in [
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
                ("GIT_CONFIG_NOSYSTEM", "1"),
                ("GIT_TERMINAL_PROMPT", "0"),
                ("GIT_OPTIONAL_LOCKS", "0"),
                ("GOTOOLCHAIN", "local"),
                ("npm_config_update_notifier", "false"),
            ] {
                set(name, value.to_owned());
            }
            if profile.network != Network::All {
                set("CARGO_NET_OFFLINE", "true".to_owned());
                set("GOPROXY", "off".to_owned());
                set("PIP_NO_INDEX", "1".to_owned());
                set("npm_config_offline", "true".to_owned());
            }
        }
    }
    env
}

fn passes(name: &str) -> bool {
    (PASS.contains(&name) || name.starts_with("LC_")) && !is_secret(name)
}

/// Names that say of themselves that they hold a secret.
fn is_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL"].iter().any(|word| upper.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_names_pass_and_never_a_secret() {
        for good in ["LANG", "LC_ALL", "JAVA_HOME", "RUSTFLAGS"] {
            assert!(passes(good), "{good}");
        }
        for bad in [
            "ANTHROPIC_API_KEY",
            "GITHUB_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "LC_TOKEN",
            "LD_PRELOAD",
            "SSH_AUTH_SOCK",
            "GIT_DIR",
        ] {
            assert!(!passes(bad), "{bad}");
        }
    }

    #[test]
    fn a_program_is_found_where_its_child_would_find_it() {
        let dir = tempfile::tempdir().unwrap();
        for (name, mode) in [("ls", 0o755), ("sh", 0o644)] {
            let file = dir.path().join(name);
            std::fs::write(&file, "").unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let path = |path: String| [("PATH".to_owned(), "/nowhere".to_owned()), ("PATH".to_owned(), path)];
        let env = path(format!(".:{}:/usr/bin:/bin", dir.path().display()));
        assert_eq!(whole("ls", &env), dir.path().join("ls"));
        assert!(whole("sh", &env).ends_with("bin/sh"), "the first may not be started");
        for name in ["./ls", "sub/ls", "no-such-program", ""] {
            assert_eq!(whole(name, &env), Path::new(name));
        }
        assert_eq!(whole("ls", &[]), Path::new("ls"));
    }

    #[test]
    fn a_terminal_is_never_promised() {
        let env = scrubbed(&Confinement::Host);
        assert!(env.iter().any(|(n, v)| n == "TERM" && v == "dumb"));
        assert!(env.iter().all(|(n, _)| !is_secret(n)), "{env:?}");
    }
}
