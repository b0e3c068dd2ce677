//! The rules that come with the program, and those of the director over them.

use super::{
    parse,
    rule::{Rule, RuleError},
};
use crate::domain::digest::Digest;

/// Packs in the program: name of the file and its text.
const PACKS: [(&str, &str); 7] = [
    ("host.toml", include_str!("../../../../assets/rules/host.toml")),
    ("web.toml", include_str!("../../../../assets/rules/web.toml")),
    ("postgres.toml", include_str!("../../../../assets/rules/postgres.toml")),
    ("redis.toml", include_str!("../../../../assets/rules/redis.toml")),
    ("containers.toml", include_str!("../../../../assets/rules/containers.toml")),
    ("kubernetes.toml", include_str!("../../../../assets/rules/kubernetes.toml")),
    ("code.toml", include_str!("../../../../assets/rules/code.toml")),
];

/// Every rule in force.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    all: Vec<Rule>,
    digest: Digest,
}

impl Rules {
    /// Rules in force at once.
    pub const MOST: usize = 1_024;

    /// Those of the program alone.
    ///
    /// # Errors
    /// A pack is broken; a test holds that none is.
    pub fn built_in() -> Result<Self, RuleError> {
        Self::with(&[])
    }

    /// Those of the program with files of the director over them, each as its name and text: a rule of the same id takes
    /// the place of the earlier one.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn with(files: &[(String, String)]) -> Result<Self, RuleError> {
        let own = PACKS.iter().map(|(name, text)| (*name, *text));
        let mut all: Vec<Rule> = Vec::new();
        let mut texts: Vec<&[u8]> = Vec::new();
        for (name, text) in own.chain(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))) {
            texts.push(text.as_bytes());
            for rule in parse::parse(name, text)? {
                let known = all.iter().position(|known| known.id == rule.id);
                match known {
                    Some(at) => all[at] = rule,
                    None if all.len() < Self::MOST => all.push(rule),
                    None => {}
                }
            }
        }
        let digest = Digest::of_parts(&texts);
        Ok(Self { all, digest })
    }

    /// All of them, in order.
    #[must_use]
    pub fn all(&self) -> &[Rule] {
        &self.all
    }

    /// Of everything that was read: changes with any change of a rule.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::investigate::rules::rule::Cure;

    #[test]
    fn every_pack_reads_and_every_pack_has_rules() {
        let rules = Rules::built_in().unwrap_or_else(|why| panic!("{why}"));
        for (name, _) in PACKS {
            let pack = name.trim_end_matches(".toml");
            assert!(rules.all().iter().filter(|rule| rule.pack == pack).count() >= 3, "{pack}");
        }
        assert!(rules.all().len() >= 40, "{}", rules.all().len());
    }

    #[test]
    fn a_director_replaces_a_rule_and_adds_others() {
        let plain = Rules::built_in().unwrap();
        let first = &plain.all()[0];
        let rule = |id: &str| {
            format!(
                "pack = \"mine\"\n[[rule]]\nid = \"{id}\"\nkinds = [\"*\"]\nspecific = 5\ncause = \"x\"\nobject = \"y\"\n\
                 remedy = \"nothing\"\nwhen = [{{ sort = \"host\", ask = \"clock.synced\" }}]\n"
            )
        };
        let files = [("a.toml".to_owned(), rule(&first.id)), ("b.toml".to_owned(), rule("quite-new"))];
        let mine = Rules::with(&files).unwrap();
        assert_eq!(mine.all().len(), plain.all().len() + 1);
        assert_eq!((mine.all()[0].pack.as_str(), &mine.all()[0].cure), ("mine", &Cure::Nothing));
        assert_ne!(mine.digest(), plain.digest());
        let broken = [("c.toml".to_owned(), "pack = 1".to_owned())];
        assert!(Rules::with(&broken).unwrap_err().to_string().starts_with("c.toml:1:8"));
    }
}
