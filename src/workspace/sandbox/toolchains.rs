//! Where compilers, interpreters and their caches live under a home directory: readable in the sandbox, while the
//! rest of the home is not. Files in the same places that hold credentials are left out.

use std::path::{Path, PathBuf};

/// Toolchain homes whose place a variable may change: variable, default under HOME.
const HOMES: &[(&str, &str)] = &[("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")];
/// What cargo's home holds besides `credentials.toml`.
const CARGO: &[&str] = &[
    "bin",
    "registry",
    "git",
    "env",
    "config",
    "config.toml",
    ".crates.toml",
    ".crates2.json",
    ".package-cache",
    ".global-cache",
];
/// Whole directories under HOME.
const UNDER_HOME: &[&str] = &[
    ".nvm",
    ".pyenv",
    ".rbenv",
    ".rvm",
    ".asdf",
    ".volta",
    ".bun/bin",
    ".bun/install",
    ".deno/bin",
    ".sdkman",
    ".goenv",
    ".local/bin",
    ".local/lib",
    ".local/share/mise",
    ".local/share/pnpm",
    ".local/share/uv",
    ".local/share/fnm",
    ".local/share/rtx",
    ".local/share/virtualenvs",
    ".dotnet",
    ".ghcup",
    ".opam",
    ".juliaup",
    ".nodenv",
    ".fnm",
    ".m2/repository",
    ".m2/wrapper",
    ".gradle/wrapper",
    ".gradle/caches",
    ".ivy2/cache",
    ".cache/go-build",
    ".cache/uv",
    ".cache/pip",
    ".cache/coursier",
    ".npm/_cacache",
    ".pnpm-store",
    ".nix-profile",
    ".local/state/nix",
    "go",
    "sdk",
    "miniconda3",
    "anaconda3",
    ".conda/envs",
];
/// Variables that name one more toolchain directory.
const NAMED: &[&str] = &[
    "GOROOT",
    "GOMODCACHE",
    "JAVA_HOME",
    "NVM_DIR",
    "VIRTUAL_ENV",
    "PYENV_ROOT",
    "RBENV_ROOT",
    "VOLTA_HOME",
    "PNPM_HOME",
    "ASDF_DIR",
    "ASDF_DATA_DIR",
    "DOTNET_ROOT",
    "GEM_HOME",
];

const UNSAFE_SYSTEM: &[&str] =
    &["/var/lib/lxd", "/var/lib/incus", "/var/snap/lxd", "/var/lib/libvirt", "/var/lib/docker"];
const UNSAFE_UNDER_HOME: &[&str] = &[".docker", ".colima", ".orbstack", ".rd", ".lima", ".gnupg", ".ssh"];

/// Toolchain homes that have to be named, because HOME is another one in the sandbox.
#[must_use]
pub fn homes() -> Vec<(&'static str, PathBuf)> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let mut found: Vec<_> = HOMES
        .iter()
        .filter_map(|(name, under)| {
            let place =
                std::env::var_os(name).map(PathBuf::from).or_else(|| Some(home.as_ref()?.join(under)))?;
            place.is_dir().then_some((*name, place))
        })
        .collect();
    let modules = home.map(|home| home.join("go/pkg/mod")).filter(|path| path.is_dir());
    let moved = ["GOMODCACHE", "GOPATH"].iter().any(|name| std::env::var_os(name).is_some());
    found.extend(modules.filter(|_| !moved).map(|path| ("GOMODCACHE", path)));
    found
}

/// Everything of them a command may read.
#[must_use]
pub fn readable() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for (name, place) in homes() {
        if name == "CARGO_HOME" {
            paths.extend(CARGO.iter().map(|part| place.join(part)));
        } else {
            paths.push(place);
        }
    }
    let home = std::env::var_os("HOME").map(PathBuf::from);
    if let Some(home) = &home {
        paths.extend(UNDER_HOME.iter().map(|part| home.join(part)));
    }
    paths.extend(NAMED.iter().filter_map(std::env::var_os).map(PathBuf::from));
    let search = std::env::var_os("PATH").unwrap_or_default();
    paths.extend(std::env::split_paths(&search));
    let narrow =
        |path: &PathBuf| path.is_absolute() && path.parent().is_some() && !holds(path, home.as_deref());
    paths.retain(|path| narrow(path) && path.exists());
    paths.sort();
    paths.dedup();
    paths
}

/// Places of sockets whose owner obeys whoever connects: container engines and key agents.
#[must_use]
pub fn hidden() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let under = |home: PathBuf| UNSAFE_UNDER_HOME.iter().map(move |part| home.join(part));
    let mut places: Vec<_> = UNSAFE_SYSTEM.iter().map(PathBuf::from).collect();
    places.extend(home.into_iter().flat_map(under));
    places.retain(|place| place.is_dir());
    places
}

/// True if the path is the home itself or above it: no variable may open all of it.
fn holds(path: &Path, home: Option<&Path>) -> bool {
    home.is_some_and(|home| home.starts_with(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_opens_a_whole_home_nor_credentials() {
        assert!(holds(Path::new("/home"), Some(Path::new("/home/ann"))));
        assert!(holds(Path::new("/home/ann"), Some(Path::new("/home/ann"))));
        assert!(!holds(Path::new("/home/ann/.cargo/bin"), Some(Path::new("/home/ann"))));
        for path in readable() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            assert!(
                !name.starts_with("credentials") && name != ".ssh" && name != ".aws",
                "{}",
                path.display()
            );
        }
    }
}
