//! Protected paths: which of a patch's paths may never be touched, and which only with approval.
//!
//! Owns the matching; the globs themselves are in [`Protected`]. Never looks at a disk: the caller hands in
//! repository-relative paths after symlinks were resolved. A glob that matches a folder protects everything
//! beneath it. `.git` at any depth is denied whatever the policy says.

use super::settings::Protected;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::sync::{Arc, Mutex, PoisonError};

/// A glob of the policy cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "protected.{list}: the glob {glob:?} cannot be read: {why}; correct it, for example `**/migrations/**`"
)]
pub struct BadGlob {
    /// `deny` or `approval_only`.
    pub list: &'static str,
    /// As it stands in the policy.
    pub glob: String,
    /// The parser's words.
    pub why: String,
}

/// What the policy says about one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// Nothing.
    Free,
    /// Only with approval, by this glob.
    ApprovalOnly(String),
    /// Never, for this reason.
    Denied(PathRule),
}

/// Why a path is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathRule {
    /// Some component is a `.git`.
    GitDir,
    /// It is absolute, climbs out by `..`, or is empty.
    Outside,
    /// A glob of the policy.
    Glob(String),
}

impl std::fmt::Display for PathRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::GitDir => f.write_str("git's own directory is never touched"),
            Self::Outside => f.write_str("it leads out of the repository"),
            Self::Glob(glob) => write!(f, "protected by {glob}"),
        }
    }
}

/// Globs ready for matching.
#[derive(Debug)]
pub struct Guards {
    deny: (GlobSet, Vec<String>),
    approval_only: (GlobSet, Vec<String>),
}

impl Protected {
    /// Reads the globs; called when a policy is loaded, so that a typing error is found then.
    ///
    /// # Errors
    /// The first glob that cannot be read.
    pub fn compile(&self) -> Result<Guards, BadGlob> {
        Ok(Guards {
            deny: (set("deny", &self.deny)?, self.deny.clone()),
            approval_only: (set("approval_only", &self.approval_only)?, self.approval_only.clone()),
        })
    }

    /// The same, remembered: compiling takes far longer than matching, and policies rarely change.
    ///
    /// # Errors
    /// The first glob that cannot be read.
    pub fn guards(&self) -> Result<Arc<Guards>, BadGlob> {
        static LAST: Mutex<Option<(Protected, Arc<Guards>)>> = Mutex::new(None);
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, guards)) = last.as_ref().filter(|(of, _)| of == self) {
            return Ok(guards.clone());
        }
        let guards = Arc::new(self.compile()?);
        *last = Some((self.clone(), guards.clone()));
        Ok(guards)
    }
}

fn set(list: &'static str, globs: &[String]) -> Result<GlobSet, BadGlob> {
    let bad = |glob: &str, error: &globset::Error| BadGlob {
        list,
        glob: glob.to_owned(),
        why: error.kind().to_string(),
    };
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        let compiled = GlobBuilder::new(glob)
            .case_insensitive(true)
            .literal_separator(true)
            .backslash_escape(true)
            .build()
            .map_err(|error| bad(glob, &error))?;
        builder.add(compiled);
    }
    builder.build().map_err(|error| bad("(all together)", &error))
}

impl Guards {
    /// Judges one path as git names it: `/`-separated, relative to the top of the repository.
    #[must_use]
    pub fn check(&self, path: &str) -> Guard {
        let parts: Vec<&str> = path.split(['/', '\\']).collect();
        if path.is_empty() || path.starts_with(['/', '\\']) || path.contains('\0') || parts.contains(&"..") {
            return Guard::Denied(PathRule::Outside);
        }
        if parts.iter().any(|part| is_git_dir(part)) {
            return Guard::Denied(PathRule::GitDir);
        }
        let tidy: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty() && *part != ".").collect();
        if tidy.is_empty() {
            return Guard::Denied(PathRule::Outside);
        }
        if let Some(glob) = hit(&self.deny, &tidy) {
            return Guard::Denied(PathRule::Glob(glob));
        }
        hit(&self.approval_only, &tidy).map_or(Guard::Free, Guard::ApprovalOnly)
    }
}

/// The first glob that matches the path or a folder it lies in.
fn hit((set, globs): &(GlobSet, Vec<String>), parts: &[&str]) -> Option<String> {
    (1..=parts.len())
        .filter_map(|end| set.matches(parts[..end].join("/")).into_iter().min())
        .min()
        .and_then(|index| globs.get(index).cloned())
}

/// `.git` in any case, and the spellings under which some file systems open the same folder.
fn is_git_dir(part: &str) -> bool {
    let visible: String = part.chars().filter(|c| !is_ignorable(*c)).collect();
    let bare = visible.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
    bare.eq_ignore_ascii_case(".git") || bare.eq_ignore_ascii_case("git~1")
}

/// Characters that HFS+ leaves out when it compares names.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::settings::Policy;

    fn check(path: &str) -> Guard {
        Policy::default().protected.guards().unwrap().check(path)
    }

    #[test]
    fn default_policy_guards_what_product_names() {
        for path in [
            "supabase/migrations/001_init.sql",
            "app/Migrations/x/up.rb",
            "src/billing/invoice.ts",
            "src/BILLING/invoice.ts",
            "api/webhooks/stripe/handler.ts",
            "lib/auth/session.rs",
            ".env",
            "web/.env.local",
            ".env.d/secret",
            "web/vercel.json",
            ".github/workflows/ci.yml",
            "certs/server.PEM",
            "chimera.toml",
        ] {
            assert!(matches!(check(path), Guard::Denied(PathRule::Glob(_))), "{path}: {:?}", check(path));
        }
        for path in
            ["package.json", "web/package.json", "Cargo.toml", "crates/a/Cargo.lock", "requirements-dev.txt"]
        {
            assert!(matches!(check(path), Guard::ApprovalOnly(_)), "{path}: {:?}", check(path));
        }
        for path in ["src/cart.rs", "docs/author.md", "src/environment.rs", "billing.md", "gitignore"] {
            assert_eq!(check(path), Guard::Free, "{path}");
        }
    }

    #[test]
    fn git_is_denied_even_without_any_glob() {
        let guards = Protected { deny: vec![], approval_only: vec![] }.compile().unwrap();
        for path in [
            ".git",
            ".git/config",
            "a/b/.GIT/hooks/x",
            "sub/.git./x",
            ".g\u{200c}it/x",
            "GIT~1/x",
            ".git:a/x",
            "a\\.git\\x",
        ] {
            assert_eq!(guards.check(path), Guard::Denied(PathRule::GitDir), "{path}");
        }
        for path in [".gitignore", ".gitattributes", "git/x", "x.git/y"] {
            assert_eq!(guards.check(path), Guard::Free, "{path}");
        }
        for path in ["", "/etc/passwd", "../x", "a/../../x", "./", "a\0b"] {
            assert_eq!(guards.check(path), Guard::Denied(PathRule::Outside), "{path:?}");
        }
    }

    #[test]
    fn braces_work_and_bad_globs_are_named() {
        let braces =
            Protected { deny: vec!["src/{pay,bank}/**".into()], approval_only: vec![] }.compile().unwrap();
        assert!(matches!(braces.check("src/bank/x.rs"), Guard::Denied(_)));
        assert_eq!(braces.check("src/shop/x.rs"), Guard::Free);
        let error = Protected { deny: vec!["ok/**".into(), "a/{b".into()], approval_only: vec![] }
            .compile()
            .unwrap_err();
        assert_eq!((error.list, error.glob.as_str()), ("deny", "a/{b"));
    }
}
