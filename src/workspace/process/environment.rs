//! The environment of a child: an allow-list, so that no key or token reaches it by being forgotten.

use crate::workspace::sandbox::{Confinement, Network, toolchains};

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
    fn a_terminal_is_never_promised() {
        let env = scrubbed(&Confinement::Host);
        assert!(env.iter().any(|(n, v)| n == "TERM" && v == "dumb"));
        assert!(env.iter().all(|(n, _)| !is_secret(n)), "{env:?}");
    }
}
