//! Expressions as runbooks and rules write them, and as nobody should.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Facts by what a call reads as, and how many checks back.
#[derive(Default, Clone)]
struct Known(BTreeMap<(String, u32), Value>);

impl Known {
    fn with(mut self, call: &str, value: impl Into<Value>) -> Self {
        self.0.insert((call.into(), 0), value.into());
        self
    }
    fn back(mut self, call: &str, back: u32, value: impl Into<Value>) -> Self {
        self.0.insert((call.into(), back), value.into());
        self
    }
}

impl Facts for Known {
    fn fact(&self, call: &Call) -> Option<Value> {
        self.0.get(&(call.to_string(), call.back)).cloned()
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}
impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

fn ask(text: &str, facts: &Known) -> Answer {
    parse(text).unwrap_or_else(|e| panic!("{text}: {e}")).ask(facts)
}

fn unknown(answer: &Answer) -> bool {
    matches!(answer, Answer::Unknown(reasons) if !reasons.is_empty())
}

#[test]
fn c12_expressions_of_runbooks_are_answered() {
    let facts = Known::default()
        .with("slope(\"rss_bytes\", 600)", 12.5)
        .with("rss_bytes", 0.9 * 1_073_741_824.0)
        .with("rss_limit", 1_073_741_824.0)
        .with("healthy_fraction(\"service\")", 0.51)
        .with("signal_cleared", true)
        .with("error_rate", 0.012)
        .with("baseline", 0.01)
        .with("disk_used_pct(\"/var\")", 91.0)
        .with("unit_state(\"web.service\")", "active")
        .with("port_open(\"127.0.0.1:80\")", false);
    for (text, truth) in [
        ("slope(rss_bytes, 10m) > 0 && rss_bytes > 0.85 * rss_limit", true),
        ("rss_bytes < 1GiB && rss_bytes > 900MiB", true),
        ("healthy_fraction(service) >= 0.51", true),
        ("signal_cleared()", true),
        ("signal_cleared", true),
        ("error_rate <= baseline * 1.2", true),
        ("error_rate > baseline + 0.002", false),
        ("disk_used_pct(\"/var\") >= 85%", true),
        ("disk_used_pct(\"/var\") < 85%", false),
        ("unit_state(\"web.service\") == active", true),
        ("unit_state(\"web.service\") != active", false),
        ("unit_state(\"web.service\") in [failed, inactive]", false),
        ("unit_state(\"web.service\") in [failed, \"active\"]", true),
        ("unit_state(\"web.service\") matches \"act*\"", true),
        ("!port_open(\"127.0.0.1:80\") && (false || true)", true),
        ("-2 * (3 - 5) == 8 / 2", true),
        ("90m == 5400s && 1.5h == 90m", true),
        ("exists(baseline) && 250ms < 1s", true),
        ("true || false && false", true),
        ("1_000 == 1000 && 85% == 85 && 1kB < 1KiB", true),
    ] {
        assert_eq!(ask(text, &facts), if truth { Answer::True } else { Answer::False }, "{text}");
    }
}

#[test]
fn what_is_not_known_is_never_true_and_says_what_is_missing() {
    let facts = Known::default().with("error_rate", 0.5).with("up(\"web\")", "yes").with("cpu_pct", f64::NAN);
    for text in [
        "baseline > 0",
        "!(baseline > 0)",
        "baseline == baseline",
        "exists(baseline)",
        "error_rate < 1 && baseline < 1",
        "error_rate > 1 || baseline < 1",
        "error_rate / 0 > 1",
        "error_rate > \"a\"",
        "error_rate == \"a\"",
        "error_rate != \"a\"",
        "\"a\" < \"b\"",
        "up(web)",
        "!up(web)",
        "error_rate",
        "cpu_pct != 1",
        "error_rate matches \"*\"",
        "baseline in [0, 1]",
    ] {
        let answer = ask(text, &facts);
        assert!(unknown(&answer), "{text}: {answer:?}");
    }
    assert_eq!(ask("baseline > 0", &facts), Answer::Unknown(vec!["baseline is not known".into()]));
    // What decides by itself does not wait for what is missing.
    assert_eq!(ask("error_rate < 1 || baseline > 0", &facts), Answer::True);
    assert_eq!(ask("error_rate > 1 && baseline > 0", &facts), Answer::False);
}

#[test]
fn a_condition_for_some_checks_must_have_held_at_each() {
    let text = "health(service) == ok for 3 checks";
    let call = "health(\"service\")";
    let two = Known::default().with(call, "ok").back(call, 1, "ok");
    assert_eq!(
        ask(text, &two),
        Answer::Unknown(vec!["health(\"service\") is not known 2 checks back".into()])
    );
    assert_eq!(ask(text, &two.clone().back(call, 2, "ok")), Answer::True);
    assert_eq!(ask(text, &two.back(call, 2, "failing")), Answer::False);
    assert_eq!(parse(text).unwrap().checks(), 3);
    assert_eq!(parse("up(a) && (up(b) for 2 checks)").unwrap().checks(), 2);
}

#[test]
fn mistakes_are_named_by_column_and_expectation() {
    for (text, column, what) in [
        ("", 1, "expected a fact, number, text or `(`, found the end"),
        ("a >", 4, "expected a fact, number, text or `(`, found the end"),
        ("a > > b", 5, "found `>`"),
        ("é > 1", 1, "'é' means nothing here"),
        ("a = 1", 3, "equality is `==`"),
        ("a & b", 3, "and is `&&`"),
        ("a | b", 3, "or is `||`"),
        ("a < b < c", 7, "join two with `&&`"),
        ("a b", 3, "expected the end, `&&` or `||`, found `b`"),
        ("(a", 3, "expected `)`, found the end"),
        ("f(a b)", 5, "expected `,` or `)`, found `b`"),
        ("f(a,)", 5, "as an argument, found `)`"),
        ("f(g(a))", 4, "expected `,` or `)`, found `(`"),
        ("a in b", 6, "expected `[`, found `b`"),
        ("a in []", 7, "expected a number, text or word, found `]`"),
        ("a in [1 2]", 9, "expected `,` or `]`"),
        ("a matches b", 11, "expected a pattern in double quotes"),
        ("a > 5q", 6, "`q` is no unit"),
        ("a > 1.2.3", 5, "is no number"),
        ("a > 1.", 5, "is no number"),
        ("a..b > 1", 1, "`a..b` is no name"),
        ("a == 'x'", 6, "double quotes"),
        ("a == \"x", 6, "this text has no end"),
        ("a == \"\\n\"", 7, "texts know no backslash"),
        ("up(\"é\") && ${x}", 12, "a variable stands within a text"),
        ("a for 3", 8, "expected `checks`"),
        ("a for 0 checks", 7, "1 to 10"),
        ("a for 2.5 checks", 7, "1 to 10"),
        ("a for 99 checks", 7, "1 to 10"),
        ("(a for 2 checks) for 2 checks", 2, "`for` within `for`"),
        ("!exists(a)", 2, "proves nothing"),
        ("exists(a) == false", 1, "proves nothing"),
        ("exists a", 8, "expected `(` and a fact"),
        ("exists(1)", 8, "expected a fact"),
        ("for > 1", 1, "found `for`"),
    ] {
        let error = parse(text).expect_err(text);
        assert_eq!(error.column, column, "{text}: {error}");
        assert!(error.to_string().contains(what), "{text}: {error}");
    }
}

#[test]
fn size_and_depth_are_bounded() {
    let deep = |n: usize| format!("{}a{}", "(".repeat(n), ")".repeat(n));
    assert!(parse(&deep(30)).is_ok());
    assert!(parse(&deep(500)).unwrap_err().what.contains("nested deeper"));
    assert!(parse(&format!("{}a", "!".repeat(500))).unwrap_err().what.contains("nested deeper"));
    assert!(parse(&format!("{}1 > 0", "-".repeat(500))).unwrap_err().what.contains("nested deeper"));
    assert!(parse(&vec!["a"; 300].join("+")).unwrap_err().what.contains("more than 200 parts"));
    assert!(parse(&" ".repeat(2_000)).unwrap_err().what.contains("the most is 1024"));
    assert!(parse(&format!("f({})", vec!["1"; 20].join(","))).unwrap_err().what.contains("at most 16"));
    assert!(parse(&format!("a in [{}]", vec!["1"; 20].join(","))).unwrap_err().what.contains("at most 16"));
}

#[test]
fn facts_arguments_and_units_are_checked() {
    for good in [
        "slope(rss_bytes, 10m) > 0 && rss_bytes > 0.85 * rss_limit",
        "health(service) == ok for 3 checks",
        "error_rate <= baseline * 1.2",
        "disk_used_pct(service.log) < 85% && disk_free(\"/\") > 1GiB",
        "average(rss_bytes, 1h) > 1GiB && average(\"own_metric\", 1h) > 3",
        "query_running(4711)",
        "rss_bytes / rss_limit > 0.9",
        "unit_state(\"a\") matches \"act*\" && http_status(\"http://a/\") in [200, 204]",
        "port_open(\"127.0.0.1:${service.port}\")",
    ] {
        let found = check(good, &parse(good).unwrap(), FACTS);
        assert!(found.is_empty(), "{good}: {found:?}");
    }
    for (bad, column, what) in [
        ("disk_used_pc(\"/\") > 85%", 1, "did you mean disk_used_pct?"),
        ("health(service) == okay", 20, "no fact is called `okay`"),
        ("health(service) == \"okay\"", 20, "it is one of ok, degraded, failing"),
        ("health(service) == running", 20, "this is never `running`"),
        ("health() == ok", 1, "takes `service` or the name of one; 0 given"),
        ("signal_cleared(service)", 1, "takes no argument; 1 given"),
        ("disk_used_pct(\"/\") > 0.85", 1, "facts in percent are compared with 85%"),
        ("disk_used_pct(\"/\") > 1GiB", 1, "a percentage is compared with bytes"),
        ("rss_bytes + 10m > 0", 1, "do not go together"),
        ("rss_bytes > 10m", 1, "bytes is compared with a span of time"),
        ("rss_bytes", 1, "expected yes or no, found bytes"),
        ("!rss_bytes", 2, "expected yes or no"),
        ("signal_cleared() > 1", 1, "yes or no is compared with a plain number"),
        ("health(service) > ok", 1, "expected a number, found a text"),
        ("disk_used_pct(var) > 85%", 15, "wants an absolute path"),
        ("port_open(\"localhost\")", 11, "wants host:port"),
        ("http_status(\"ftp://a\") == 200", 13, "wants an http or https address"),
        ("slope(rss_bytes, 10) > 0", 18, "wants a span"),
        ("query_running(1.5)", 15, "wants a whole number"),
        ("rss_bytes matches \"*\"", 1, "wants a text"),
        ("health(service) in [ok, 5]", 25, "a text is compared with a plain number"),
        ("up(a) + 1 > 0", 1, "expected a number, found yes or no"),
    ] {
        let found = check(bad, &parse(bad).unwrap(), FACTS);
        let error = found.first().unwrap_or_else(|| panic!("{bad} passed"));
        assert_eq!(error.column, column, "{bad}: {error}");
        assert!(error.to_string().contains(what), "{bad}: {error}");
    }
}

#[test]
fn the_table_in_prose_is_the_list_of_facts() {
    let told: Vec<&str> = include_str!("mod.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `"))
        .filter_map(|line| line.split(['(', '`']).next())
        .collect();
    let listed: Vec<&str> = FACTS.iter().map(|fact| fact.name).collect();
    assert_eq!(told, listed);
    assert!(listed.iter().all(|name| !facts::is_word(name)), "a word and a fact share a name");
}

#[test]
fn what_can_never_be_true_or_never_be_false_is_found() {
    let both = |texts: &[&str]| {
        let exprs: Vec<_> = texts.iter().map(|text| parse(text).unwrap()).collect();
        let Outcomes { can_be_true, can_be_false } = outcomes(&exprs.iter().collect::<Vec<_>>());
        (can_be_true, can_be_false)
    };
    assert_eq!(both(&["slope(rss_bytes, 10m) > 0 && rss_bytes > 0.85 * rss_limit"]), (true, true));
    assert_eq!(both(&["health(service) == ok for 3 checks"]), (true, true));
    assert_eq!(both(&["disk_used_pct(\"/\") > 120%"]), (false, true));
    assert_eq!(both(&["disk_used_pct(\"/\") >= 0%"]), (true, false));
    assert_eq!(both(&["up(a) && !up(a)"]), (false, true));
    assert_eq!(both(&["up(a)", "!up(a)"]), (false, true));
    assert_eq!(both(&["error_rate <= baseline * 1.2"]), (true, true));
    assert_eq!(both(&["no_such_fact > 1"]), (false, false));
    assert_eq!(
        both(&["redis_memory_pct > 85% && disk_free(\"/\") > 1GiB && rss_bytes < 2GiB && query_age(3) > 5m"]),
        (true, true)
    );
}

#[test]
fn names_are_filled_in_outside_of_texts_only() {
    let fill = |name: &str| (name == "service").then(|| "\"web\"".to_owned());
    let text = "health(service) == ok && up(\"service\") && up(service.x)";
    assert_eq!(filled(text, &fill).unwrap(), "health(\"web\") == ok && up(\"service\") && up(service.x)");
    assert_eq!(parse(text).unwrap().names(), ["health", "up"]);
}

#[test]
fn patterns_fit_whole_texts() {
    for (pattern, text, is) in [
        ("", "", true),
        ("*", "", true),
        ("a*b*c", "a--b--c", true),
        ("a*b", "a--c", false),
        ("?b", "äb", true),
        ("ab", "abc", false),
        ("*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
    ] {
        assert_eq!(eval::fits(pattern, text), is, "{pattern} {text}");
    }
}

/// Small well-formed conditions over facts `a` to `d`.
fn condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-d] (<|<=|>|>=|==|!=) [0-3]",
        "exists\\([a-d]\\) \\|\\| [a-d] > [0-3]",
        "[a-d] \\+ [a-d] / [a-d] > [0-3]",
        "[a-d] in \\[0, 2\\]",
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) && ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) || ({b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[a-z0-9 ()\\[\\]<>=!&|+*/.,\"%$é-]{0,80}") {
        if let Ok(expr) = parse(&text) {
            let _ = check(&text, &expr, FACTS);
            let _ = (expr.ask(&Known::default()), outcomes(&[&expr]));
        }
    }

    #[test]
    fn taking_a_fact_away_never_changes_an_answer_but_to_unknown(
        text in condition(),
        values in proptest::collection::vec(0_u8..4, 4),
        gone in 0_usize..4,
    ) {
        let Ok(expr) = parse(&text) else { return Ok(()) };
        let mut facts = Known::default();
        for (name, value) in ["a", "b", "c", "d"].iter().zip(&values) {
            facts = facts.with(name, f64::from(*value));
        }
        let whole = expr.ask(&facts);
        facts.0.remove(&(["a", "b", "c", "d"][gone].to_owned(), 0));
        let fewer = expr.ask(&facts);
        prop_assert!(fewer == whole || unknown(&fewer), "{} {:?} {:?}", text, whole, fewer);
    }
}
