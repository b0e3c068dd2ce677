//! Slips in what rules, and in what is not even a slip: each is told with its place, and none is passed over.

use super::{Bench, USER, each_is_told};

/// What rules over everything that is done: a slip in it must never be a rule that is not there.
#[test]
fn every_mistake_in_the_policy_is_named_with_its_place() {
    let cases = [
        ("[autonomy]\nlevel = 0\n", "toml:2:9", "autonomy.level: 0 is not within 1 to 3"),
        ("[autonomy]\nlevel = true\n", "toml:2:9", "autonomy.level: expected whole number"),
        ("[autonomy]\nlevle = 2\n", "toml:2:1", "did you mean autonomy.level?"),
        ("[autonomi]\nlevel = 2\n", "toml:1:2", "did you mean autonomy?"),
        ("[autonomy]\nlevel = 1\nlevel = 3\n", "toml:3:1", "not TOML"),
        ("[autonomy]\ntimezone = 'Moon/Sea'\n", "toml:2:12", "autonomy.timezone"),
        ("[autonomy]\nbusiness_hours = 'Mon-Fri 25:00-18:00'\n", "toml:2:18", "autonomy.business_hours"),
        ("[autonomy]\nbusiness_hours = 'weekdays'\n", "toml:2:18", "autonomy.business_hours"),
        ("[autonomy]\nhours_apply_from = 'P9'\n", "toml:2:20", "autonomy.hours_apply_from"),
        ("[autonomy]\nfreeze = ['2026-12-20']\n", "toml:2:11", "autonomy.freeze"),
        (
            "[autonomy]\nfreeze = ['2026-12-20/2026-12-31', '2027-01-03/2027-01-01']\n",
            "toml:2:36",
            "autonomy.freeze",
        ),
        ("[autonomy]\nveto_window = '10s'\n", "toml:2:15", "nobody can say no within less than 1m"),
        ("[autonomy]\nveto_window_p0 = '0s'\n", "toml:2:18", "autonomy.veto_window_p0"),
        ("[autonomy]\nurgent_expiry = '5s'\n", "toml:2:17", "nobody can answer within less than 1m"),
        (
            "[dedup]\ngroup_wait = '0s'\n",
            "toml:2:14",
            "dedup.group_wait: a duration must be longer than nothing",
        ),
        ("[dedup]\ngroup_interval = 'soon'\n", "toml:2:18", "dedup.group_interval"),
        (
            "[notify]\nmail_after = '0m'\n",
            "toml:2:14",
            "notify.mail_after: a duration must be longer than nothing",
        ),
        ("[notify]\nmail_after = 'later'\n", "toml:2:14", "notify.mail_after"),
        ("[notify]\nslack_after = '30m'\n", "toml:2:15", "nobody is told that way; set notify.slack_token"),
        ("[protected]\ndeny = ['']\n", "toml:2:9", "protected.deny"),
        ("[protected]\ndeny = ['../**']\n", "toml:2:9", "never matches a path"),
        ("[protected]\ndeny = ['a/**', 'secrets/']\n", "toml:2:17", "is written dir/**"),
        ("[protected]\napproval_only = ['[a']\n", "toml:2:18", "protected.approval_only"),
        ("[protected]\nmax_files = 0\n", "toml:2:13", "protected.max_files"),
        ("[protected]\nmax_lines = 'many'\n", "toml:2:13", "protected.max_lines"),
        ("[budget]\ndaily_usd = 'much'\n", "toml:2:13", "budget.daily_usd"),
        ("[budget]\ndaily_usd = nan\n", "toml:2:13", "budget.daily_usd"),
        ("[budget]\ndaily_usd = inf\n", "toml:2:13", "budget.daily_usd"),
        ("[budget]\nsoft_pct = 101\n", "toml:2:12", "budget.soft_pct: 101 is not within"),
        ("[limits]\nmin_healthy_pct = 101\n", "toml:2:19", "limits.min_healthy_pct: 101 is not within"),
        ("[limits]\nheal_timeout = ''\n", "toml:2:16", "limits.heal_timeout"),
        ("[soak]\nduration = '1m'\nsample = '2m'\n", "toml:3:10", "is longer than soak.duration"),
        ("[soak]\nhealth_failures = -1\n", "toml:2:19", "soak.health_failures"),
        ("[dedup]\nconfirm_least = 5\nconfirm_of = 3\n", "toml:2:17", "is more than dedup.confirm_of"),
        ("[flap]\nstart_pct = 20\nstop_pct = 40\n", "toml:3:12", "must be less than flap.start_pct"),
        ("[storm]\nwithin = 5\n", "toml:2:10", "storm.within: expected"),
        ("[inquiry]\nmodel = 'yes'\n", "toml:2:9", "inquiry.model: expected true or false"),
        ("[inquiry]\nper_incident_usd = 60\n", "toml:2:20", "exceeds budget.daily_usd of $50.00"),
    ];
    assert!(cases.len() >= 20);
    each_is_told(&cases);
}

#[test]
fn an_entry_that_says_nothing_is_a_mistake() {
    for (text, place, words) in [
        ("[[teams]]\n", "toml:1:1", "a team in [[teams]] needs a name"),
        ("[ui]\n[[service]]\n", "toml:2:1", "name in [[service]]: is missing"),
        ("[ui]\n[[probe]]\n", "toml:2:1", "id in [[probe]]: is missing"),
    ] {
        let problems = Bench::new().user(text).load().map(|_| ()).expect_err(text);
        let told = problems.lines().any(|line| line.contains(&format!("{place}: {words}")));
        assert!(told, "{text:?}: {problems}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
    #[test]
    fn no_bytes_make_the_settings_fail_badly(noise in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..60), at in 0_usize..120) {
        let good = b"[autonomy]\nlevel = 2\nfreeze = ['2026-12-20/2026-12-31']\n[protected]\ndeny = ['a/**']\n[[teams]]\nname = 'A'\nmodel = 'google/x'\n";
        let at = at.min(good.len());
        let bench = Bench::new();
        std::fs::write(bench.path(USER), [&good[..at], &noise, &good[at..]].concat()).unwrap();
        if let Err(problems) = bench.load() {
            proptest::prop_assert!(problems.lines().all(|line| line.contains("chimera.toml")), "{}", problems);
        }
    }
}

#[test]
fn c16_after_how_long_others_are_told_is_what_the_engine_goes_by() {
    let rules = |text: &str| {
        let bench = Bench::new();
        std::fs::write(bench.path(USER), text).unwrap();
        bench.load().unwrap().settings.policy.healing.grouping
    };
    let told = "[notify]\nwebhook = 'https://a.example/x'\nwebhook_after = '2h'\nmail_to = ['a@example.com']\nmail_after = '30m'\n";
    assert_eq!(
        rules(told).escalate,
        [crate::domain::time::Millis::mins(30), crate::domain::time::Millis::hours(2)]
    );
    let group = rules("[dedup]\ngroup_wait = '1m'\ngroup_interval = '10m'\n");
    assert_eq!(
        (group.wait, group.interval, group.escalate.len()),
        (crate::domain::time::Millis::mins(1), crate::domain::time::Millis::mins(10), 0)
    );
}
