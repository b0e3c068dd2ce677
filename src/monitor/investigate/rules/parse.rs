//! Reads rule files: strict TOML. Every mistake is named with file, line and column; an unknown key with the nearest
//! known one.

use super::{
    nearest::nearest,
    phrase::{Phrase, Use},
    rule::{Clause, Cure, Place, Rule, RuleError},
};
use crate::{
    domain::{expr, ids::is_name, incident::ClueSort, signal::kind},
    monitor::investigate::vocabulary,
};
use std::ops::Range;
use toml_edit::{Document, Item, TableLike, Value};

/// Bytes of one rule file.
pub const FILE_MOST: usize = 512 * 1024;
/// Rules of one file.
pub const RULES_MOST: usize = 512;

const FILE_KEYS: &[&str] = &["pack", "rule"];
const RULE_KEYS: &[&str] = &[
    "id", "kinds", "specific", "cause", "object", "when", "second", "unless", "against", "remedy", "passing",
];
const CLAUSE_KEYS: &[&str] = &["sort", "now", "needed", "ask"];
const UNLESS_KEYS: &[&str] = &["sort", "now", "ask"];
const AGAINST_KEYS: &[&str] = &["sort", "now", "ask", "say"];
const SORTS: [ClueSort; 10] = [
    ClueSort::Log,
    ClueSort::Check,
    ClueSort::Metric,
    ClueSort::Process,
    ClueSort::Host,
    ClueSort::Config,
    ClueSort::Code,
    ClueSort::Release,
    ClueSort::Store,
    ClueSort::History,
];

/// Reads one file.
///
/// # Errors
/// The first mistake, with its place.
pub fn parse(file: &str, text: &str) -> Result<Vec<Rule>, RuleError> {
    let reader = Reader { file, text };
    if text.len() > FILE_MOST {
        return Err(reader.wrong(0, format!("larger than {FILE_MOST} bytes")));
    }
    let document = Document::parse(text).map_err(|why| {
        reader.wrong(start(why.span()), format!("not TOML: {}", why.message().replace('\n', " ")))
    })?;
    let table: &dyn TableLike = document.as_table();
    reader.only(table, FILE_KEYS)?;
    let pack = reader.string(table, "pack", 0)?;
    let mut rules: Vec<Rule> = Vec::new();
    for table in reader.tables(table, "rule")? {
        let rule = reader.rule(table, &pack.0)?;
        if rules.iter().any(|known| known.id == rule.id) {
            return Err(reader.wrong(begin(table), format!("a second rule {:?}", rule.id)));
        }
        rules.push(rule);
    }
    if rules.len() > RULES_MOST {
        return Err(reader.wrong(0, format!("more than {RULES_MOST} rules")));
    }
    Ok(rules)
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
}

fn start(span: Option<Range<usize>>) -> usize {
    span.map_or(0, |span| span.start)
}

/// Where a table begins: at its first key.
fn begin(table: &dyn TableLike) -> usize {
    table.iter().next().map_or(0, |(name, item)| key_at(table, name, item))
}

fn key_at(table: &dyn TableLike, name: &str, item: &Item) -> usize {
    start(table.key(name).and_then(toml_edit::Key::span).or_else(|| item.span()))
}

impl Reader<'_> {
    fn wrong(&self, byte: usize, what: impl Into<String>) -> RuleError {
        RuleError { at: Place::of(self.file, self.text, byte), what: what.into(), hint: None }
    }

    fn only(&self, table: &dyn TableLike, keys: &[&str]) -> Result<(), RuleError> {
        for (name, item) in table.iter() {
            if !keys.contains(&name) {
                let mut wrong = self.wrong(key_at(table, name, item), format!("unknown key `{name}`"));
                let near = nearest(name, keys.iter().copied());
                wrong.hint = near.map(|near| format!("did you mean `{near}`?"));
                return Err(wrong);
            }
        }
        Ok(())
    }

    fn item<'t>(&self, table: &'t dyn TableLike, name: &str, at: usize) -> Result<&'t Item, RuleError> {
        table.get(name).ok_or_else(|| self.wrong(at, format!("`{name}` is missing")))
    }

    fn string(&self, table: &dyn TableLike, name: &str, at: usize) -> Result<(String, usize), RuleError> {
        let item = self.item(table, name, at)?;
        let at = start(item.span());
        match item.as_str() {
            Some(text) => Ok((text.to_owned(), at)),
            None => Err(self.wrong(at, format!("`{name}` is to be a text"))),
        }
    }

    fn tables<'t>(&self, table: &'t dyn TableLike, name: &str) -> Result<Vec<&'t dyn TableLike>, RuleError> {
        let Some(item) = table.get(name) else { return Ok(Vec::new()) };
        let some = |table: &'t dyn TableLike, span| match table.is_empty() {
            true => Err(self.wrong(start(span), format!("this `{name}` says nothing"))),
            false => Ok(table),
        };
        if let Some(tables) = item.as_array_of_tables() {
            return tables.iter().map(|table| some(table, table.span())).collect();
        }
        let wrong = || self.wrong(start(item.span()), format!("`{name}` is to be a list of tables"));
        let list = item.as_array().ok_or_else(wrong)?.iter();
        list.map(|value| {
            value.as_inline_table().ok_or_else(wrong).and_then(|table| some(table, table.span()))
        })
        .collect()
    }

    fn rule(&self, table: &dyn TableLike, pack: &str) -> Result<Rule, RuleError> {
        self.only(table, RULE_KEYS)?;
        let at = begin(table);
        let (id, id_at) = self.string(table, "id", at)?;
        if id.len() < 3 || !is_name(&id) {
            return Err(self.wrong(id_at, "an id is 3 to 64 of a-z, 0-9 and -"));
        }
        let when = self.clauses(table, "when", CLAUSE_KEYS)?;
        if when.is_empty() {
            return Err(self.wrong(at, "a rule without `when` would fit everything"));
        }
        let mut against = Vec::new();
        for (inner, clause) in
            self.tables(table, "against")?.into_iter().zip(self.clauses(table, "against", AGAINST_KEYS)?)
        {
            against.push((clause, self.string(inner, "say", begin(inner))?.0));
        }
        let rule = Rule {
            kinds: self.kinds(table, at)?,
            specific: self.specific(table, at)?,
            cause: self.phrase(table, "cause", at)?,
            object: self.phrase(table, "object", at)?,
            second: self.clauses(table, "second", CLAUSE_KEYS)?,
            unless: self.clauses(table, "unless", UNLESS_KEYS)?,
            cure: self.cure(table, at)?,
            passing: self.switch(table, "passing", false)?,
            pack: pack.to_owned(),
            id,
            when,
            against,
        };
        let sorts: Vec<ClueSort> =
            rule.when.iter().filter(|clause| clause.now).map(|clause| clause.sort).collect();
        if let Some(same) = rule.second.iter().find(|clause| sorts.contains(&clause.sort)) {
            let what = format!("`second` of sort {} is not independent of `when`", same.sort.word());
            return Err(self.wrong(at, what));
        }
        Ok(rule)
    }

    fn texts(&self, table: &dyn TableLike, name: &str, at: usize) -> Result<Vec<String>, RuleError> {
        let item = self.item(table, name, at)?;
        let list: Option<Vec<String>> = item
            .as_array()
            .and_then(|list| list.iter().map(|text| text.as_str().map(str::to_owned)).collect());
        match list {
            Some(list) if (1..=Rule::LIST_MOST).contains(&list.len()) => Ok(list),
            _ => Err(self.wrong(
                start(item.span()),
                format!("`{name}` is to be a list of 1 to {} texts", Rule::LIST_MOST),
            )),
        }
    }

    fn kinds(&self, table: &dyn TableLike, at: usize) -> Result<Vec<String>, RuleError> {
        let kinds = self.texts(table, "kinds", at)?;
        for (n, word) in kinds.iter().enumerate() {
            // Other systems have kinds of their own; what is nearly one of ours is a slip.
            let slip = !word.ends_with('*') && !kind::ALL.contains(&word.as_str());
            if let Some(near) = nearest(word, kind::ALL).filter(|_| slip) {
                let value = table.get("kinds").and_then(Item::as_array).and_then(|list| list.get(n));
                let mut wrong =
                    self.wrong(start(value.and_then(Value::span)), format!("no signal is of kind `{word}`"));
                wrong.hint = Some(format!("did you mean `{near}`?"));
                return Err(wrong);
            }
        }
        Ok(kinds)
    }

    fn specific(&self, table: &dyn TableLike, at: usize) -> Result<u8, RuleError> {
        let item = self.item(table, "specific", at)?;
        let number = item.as_integer().and_then(|number| u8::try_from(number).ok());
        number
            .filter(|number| (1..=100).contains(number))
            .ok_or_else(|| self.wrong(start(item.span()), "`specific` is to be 1 to 100"))
    }

    fn phrase(&self, table: &dyn TableLike, name: &str, at: usize) -> Result<Phrase, RuleError> {
        let (text, at) = self.string(table, name, at)?;
        Phrase::parse(&text, Use::Words).map_err(|(byte, why)| self.wrong(at + 1 + byte, why))
    }

    fn clauses(&self, table: &dyn TableLike, name: &str, keys: &[&str]) -> Result<Vec<Clause>, RuleError> {
        let tables = self.tables(table, name)?;
        if tables.len() > Rule::LIST_MOST {
            return Err(self.wrong(begin(table), format!("more than {} of `{name}`", Rule::LIST_MOST)));
        }
        tables.into_iter().map(|table| self.clause(table, keys)).collect()
    }

    fn switch(&self, table: &dyn TableLike, name: &str, usual: bool) -> Result<bool, RuleError> {
        let wrong = |item: &Item| self.wrong(start(item.span()), format!("`{name}` is to be true or false"));
        table.get(name).map_or(Ok(usual), |item| item.as_bool().ok_or_else(|| wrong(item)))
    }

    fn clause(&self, table: &dyn TableLike, keys: &[&str]) -> Result<Clause, RuleError> {
        self.only(table, keys)?;
        let at = begin(table);
        let (word, word_at) = self.string(table, "sort", at)?;
        let sort = SORTS.into_iter().find(|sort| sort.word() == word).ok_or_else(|| {
            let mut wrong = self.wrong(word_at, format!("`{word}` is no sort of evidence"));
            wrong.hint =
                nearest(&word, SORTS.map(ClueSort::word)).map(|near| format!("did you mean `{near}`?"));
            wrong
        })?;
        let (now, needed) = (self.switch(table, "now", false)?, self.switch(table, "needed", true)?);
        let (text, ask_at) = self.string(table, "ask", at)?;
        let ask = expr::parse(&text).map_err(|why| self.wrong(ask_at + 1 + why.at, why.what))?;
        let mut facts = Vec::new();
        for call in ask.calls() {
            let Some(entry) = vocabulary::entry(&call.name).filter(|_| call.args.is_empty()) else {
                let known = vocabulary::ENTRIES.iter().map(|entry| entry.name);
                let mut wrong = self.wrong(ask_at, format!("`{call}` is no fact"));
                wrong.hint = nearest(&call.name, known).map(|near| format!("did you mean `{near}`?"));
                return Err(wrong);
            };
            if entry.sort != sort {
                let what = format!("`{}` is evidence of sort {}, not {word}", call.name, entry.sort.word());
                return Err(self.wrong(ask_at, what));
            }
            facts.push(call.name);
        }
        if facts.is_empty() {
            return Err(self.wrong(ask_at, "it asks for no fact"));
        }
        Ok(Clause { sort, now, needed, ask, text, facts })
    }

    fn cure(&self, table: &dyn TableLike, at: usize) -> Result<Cure, RuleError> {
        let item = self.item(table, "remedy", at)?;
        let at = start(item.span());
        if let Some(word) = item.as_str() {
            return match word {
                "revert" => Ok(Cure::Revert),
                "nothing" => Ok(Cure::Nothing),
                _ => Err(self.wrong(
                    at,
                    format!("`{word}` is no remedy: revert, nothing, or a table with `runbook` or `code`"),
                )),
            };
        }
        let table =
            item.as_table_like().ok_or_else(|| self.wrong(at, "`remedy` is to be a text or a table"))?;
        // What the other one would do must not be dropped in silence.
        let keys: &[&str] = if table.contains_key("code") { &["code"] } else { &["runbook", "with"] };
        self.only(table, keys)?;
        if table.contains_key("code") {
            return Ok(Cure::Code(self.phrase(table, "code", at)?));
        }
        let ids = match self.item(table, "runbook", at)?.as_str() {
            Some(id) => vec![id.to_owned()],
            None => self.texts(table, "runbook", at)?,
        };
        let mut with = Vec::new();
        if let Some(variables) = table.get("with") {
            let wrong = || self.wrong(start(variables.span()), "`with` is to be a table of texts");
            for (name, value) in variables.as_table_like().ok_or_else(wrong)?.iter() {
                let text = value.as_str().ok_or_else(wrong)?;
                let phrase = Phrase::parse(text, Use::Variable)
                    .map_err(|(byte, why)| self.wrong(start(value.span()) + 1 + byte, why))?;
                with.push((name.to_owned(), phrase));
            }
        }
        Ok(Cure::Runbook { ids, with })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "pack = \"host\"\n[[rule]]\nid = \"disk-full\"\nkinds = [\"disk.full\"]\nspecific = 60\n\
        cause = \"{disk.path} is full\"\nobject = \"{disk.path}\"\nremedy = \"nothing\"\n\
        when = [{ sort = \"host\", now = true, ask = \"disk.used_pct >= 95%\" }]\n\
        second = [{ sort = \"check\", ask = \"check.disk_full\" }]\n";

    #[test]
    fn a_rule_is_read_whole() {
        let rules = parse("host.toml", GOOD).unwrap();
        let rule = &rules[0];
        assert_eq!((rule.id.as_str(), rule.pack.as_str(), rule.specific), ("disk-full", "host", 60));
        assert!(rule.when[0].now && !rule.second[0].now && rule.is_about("disk.full"));
        assert_eq!(rule.when[0].facts, ["disk.used_pct"]);
    }

    #[test]
    fn mistakes_are_named_with_place_and_nearest_word() {
        let mut wrong = Vec::new();
        for (from, to, says) in [
            ("specific", "spezific", "host.toml:5:1: unknown key `spezific`; did you mean `specific`?"),
            (
                "\"host\", now",
                "\"hots\", now",
                "host.toml:9:18: `hots` is no sort of evidence; did you mean `host`?",
            ),
            (
                "disk.used_pct >=",
                "disk.use_pct >=",
                "`disk.use_pct` is no fact; did you mean `disk.used_pct`?",
            ),
            (
                "ask = \"check.disk_full\"",
                "ask = \"disk.used_pct > 1\"",
                "is evidence of sort host, not check",
            ),
            ("\"nothing\"", "\"restart\"", "`restart` is no remedy"),
            ("= 60", "= 600", "host.toml:5:12: `specific` is to be 1 to 100"),
            (
                "\"{disk.path} is full\"",
                "\"{disk.pth} is full\"",
                "host.toml:6:11: `disk.pth` is no fact; did you mean `disk.path`?",
            ),
            (">= 95%", "=> 95%", "host.toml:9:59: "),
            ("pack = \"host\"", "pack = host", "host.toml:1:8: not TOML"),
            ("pack = \"host\"", "pack = 1", "host.toml:1:8: `pack` is to be a text"),
            ("pack = \"host\"\n", "", "host.toml:1:1: `pack` is missing"),
            ("pack = ", "peck = ", "host.toml:1:1: unknown key `peck`; did you mean `pack`?"),
            ("object = \"{disk.path}\"\n", "", "host.toml:3:1: `object` is missing"),
            ("[[rule]]\n", "[rule]\n", "host.toml:2:1: `rule` is to be a list of tables"),
            ("[[rule]]\n", "[[rule]]\n[[rule]]\n", "host.toml:2:1: this `rule` says nothing"),
            ("\"disk-full\"", "\"Disk full\"", "host.toml:3:6: an id is 3 to 64 of a-z, 0-9 and -"),
            ("id = \"disk-full\"\n", "", "host.toml:3:1: `id` is missing"),
            (
                "\"disk.full\"]",
                "\"alarm\", \"disk.ful\"]",
                "host.toml:4:19: no signal is of kind `disk.ful`; did you mean `disk.full`?",
            ),
            ("[\"disk.full\"]", "[]", "host.toml:4:9: `kinds` is to be a list of 1 to 24 texts"),
            ("[\"disk.full\"]", "\"disk.full\"", "host.toml:4:9: `kinds` is to be a list"),
            ("= 60", "= \"60\"", "host.toml:5:12: `specific` is to be 1 to 100"),
            ("is full\"", "is {full\"", "host.toml:6:25: this place is not closed with `}`"),
            ("when = [", "when = []\nwhere = [", "host.toml:10:1: unknown key `where`; did you mean `when`?"),
            (
                "disk.used_pct >= 95%\" }]",
                "disk.used_pct >= 95%\" }, {}]",
                "host.toml:9:70: this `when` says",
            ),
            ("now = true", "now = \"true\"", "host.toml:9:32: `now` is to be true or false"),
            ("now = true", "nou = true", "host.toml:9:26: unknown key `nou`; did you mean `now`?"),
            ("disk.used_pct >= 95%", "1 > 2", "host.toml:9:44: it asks for no fact"),
            ("disk.used_pct >= 95%", "disk.used_pct >=", "host.toml:9:61: "),
            ("\"nothing\"", "3", "host.toml:8:10: `remedy` is to be a text or a table"),
            (
                "\"nothing\"",
                "{ runbok = \"a\" }",
                "host.toml:8:12: unknown key `runbok`; did you mean `runbook`?",
            ),
            ("\"nothing\"", "{}", "host.toml:8:10: `runbook` is missing"),
            (
                "\"nothing\"",
                "{ code = \"x\", runbook = \"restart-unit\" }",
                "host.toml:8:24: unknown key `runbook`",
            ),
            (
                "\"nothing\"",
                "{ runbook = \"a\", with = { path = 1 } }",
                "host.toml:8:34: `with` is to be a table of texts",
            ),
            (
                "\"nothing\"",
                "{ runbook = \"a\", with = { path = \"{log.quote:quote}\" } }",
                "host.toml:8:45: a quotation never fills in a variable",
            ),
            (
                "second = [",
                "against = [{ sort = \"check\", ask = \"check.disk_full\" }]\nsecond = [",
                "host.toml:10:14: `say` is missing",
            ),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let text = GOOD.replacen(from, to, 1);
            let said = parse("host.toml", &text).unwrap_err().to_string();
            let placed = said
                .strip_prefix("host.toml:")
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            if !said.contains(says) || !placed || said.contains('\n') {
                wrong.push(format!("{said}\nwanted {says}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let twice = format!("{GOOD}{}", GOOD.replacen("pack = \"host\"\n", "", 1));
        assert!(parse("f", &twice).unwrap_err().to_string().contains("a second rule \"disk-full\""));
    }

    #[test]
    fn second_evidence_of_the_same_sort_is_refused() {
        let text = GOOD.replace(
            "sort = \"check\", ask = \"check.disk_full\"",
            "sort = \"host\", ask = \"disk.read_only\"",
        );
        assert!(parse("f", &text).unwrap_err().to_string().contains("not independent"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_fail_badly(noise in ".{0,200}", at in 0_usize..400) {
            let _ = parse("f", &noise);
            let mut text = GOOD.to_owned();
            let at = (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            text.insert_str(at, &noise);
            let _ = parse("f", &text);
        }
    }
}
