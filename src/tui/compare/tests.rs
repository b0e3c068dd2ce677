//! Alignment and composition held against texts: whatever is taken, the patch makes exactly that of the base.

use super::{
    align::{Agreement, Alignment},
    compose::{ComposeError, Take, Taken, agreed, compose},
    rows::{Row, Rows},
};
use crate::{
    domain::{
        ids::{RequestId, Revision, TeamId},
        request::Decision,
    },
    engine::command::{Command, DeskCommand},
    tui::{
        app::Action,
        fixtures::{Bench, waiting},
        shot::{DiffDoc, doc::Kind},
        task::{Done, Task},
        tests::picture,
    },
};
use proptest::prelude::*;

fn patch_of(path: &str, old: &str, new: &str) -> String {
    let diff = similar::TextDiff::from_lines(old, new);
    let body =
        diff.unified_diff().context_radius(3).header(&format!("a/{path}"), &format!("b/{path}")).to_string();
    if body.is_empty() {
        body
    } else {
        format!("diff --git a/{path} b/{path}\nindex 1111111..2222222 100644\n{body}")
    }
}

fn align(base: &str, candidates: &[&str]) -> Alignment {
    Alignment::new(candidates.iter().map(|text| DiffDoc::parse(&patch_of("x.rs", base, text))).collect())
}

fn pieces(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Applies a patch of one file as strictly as git without fuzz.
fn apply(base: &str, patch: &str) -> String {
    let doc = DiffDoc::parse(patch);
    assert_eq!((doc.skipped, doc.cut), (0, false), "{patch}");
    let lines = pieces(base);
    let (mut out, mut at) = (String::new(), 0);
    for hunk in doc.files.iter().flat_map(|file| &file.hunks) {
        for line in &hunk.lines {
            let end = match (line.crlf, line.no_newline) {
                (_, true) => "",
                (true, false) => "\r\n",
                (false, false) => "\n",
            };
            let text = format!("{}{end}", doc.text(line));
            if line.kind != Kind::Add {
                let here = line.old as usize - 1;
                lines[at..here].iter().for_each(|line| out.push_str(line));
                assert_eq!(lines[here], text, "the context of {patch}");
                at = here + 1;
            }
            match line.kind {
                Kind::Del => {}
                Kind::Context => out.push_str(&text),
                Kind::Add => {
                    assert_eq!(pieces(&out).len() + 1, line.new as usize, "{patch}");
                    out.push_str(&text);
                }
            }
        }
    }
    lines[at..].iter().for_each(|line| out.push_str(line));
    out
}

/// The base with each place replaced by what the taken candidate makes of it.
fn expected(base: &str, alignment: &Alignment, taken: &Taken) -> String {
    let lines = pieces(base);
    let (mut out, mut at) = (String::new(), 0);
    for (nth, place) in alignment.files[0].places.iter().enumerate() {
        let Some(Take::One(side)) = taken.get(&(0, nth)) else { continue };
        for change in &place.sides[*side] {
            let start = change.base.start as usize - 1;
            lines[at..start].iter().for_each(|line| out.push_str(line));
            let doc = &alignment.docs[*side];
            for line in &doc.files[0].hunks[change.hunk].lines[change.added.clone()] {
                out.push_str(doc.text(line));
                out.push_str(if line.crlf { "\r" } else { "" });
                out.push_str(if line.no_newline { "" } else { "\n" });
            }
            at = change.base.end as usize - 1;
        }
    }
    lines[at..].iter().for_each(|line| out.push_str(line));
    out
}

fn text() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(prop_oneof!["[a-e]", Just("same".to_owned()), Just("cr\r".to_owned())], 0..24)
}

/// A text and two candidates that share most of it.
fn trio() -> impl Strategy<Value = (String, String, String)> {
    let edits = || prop::collection::vec((0usize..24, 0usize..3, "[x-z]{0,2}"), 0..5);
    (text(), edits(), edits(), any::<bool>()).prop_map(|(lines, one, other, end)| {
        // A file that ends with CR alone is told without its mark by the library that makes these patches.
        let ends = |lines: &[String]| end || lines.last().is_some_and(|line| line.ends_with('\r'));
        let finish =
            |lines: &[String]| lines.join("\n") + if ends(lines) && !lines.is_empty() { "\n" } else { "" };
        let edit = |edits: &[(usize, usize, String)]| {
            let mut lines = lines.clone();
            for (at, gone, came) in edits {
                let at = (*at).min(lines.len());
                let to = (at + gone).min(lines.len());
                lines.splice(at..to, [came.clone()]);
            }
            finish(&lines)
        };
        (finish(&lines), edit(&one), edit(&other))
    })
}

proptest! {
    #[test]
    fn all_of_one_candidate_is_that_candidate((base, one, other) in trio()) {
        let alignment = align(&base, &[&one, &other]);
        for (side, wanted) in [(0, &one), (1, &other)] {
            let mut taken = Taken::new();
            for (nth, file) in alignment.files.iter().enumerate() {
                for (at, place) in file.places.iter().enumerate() {
                    if !place.sides[side].is_empty() {
                        taken.insert((nth, at), Take::One(side));
                    }
                }
            }
            match compose(&alignment, &taken) {
                Ok(patch) => prop_assert_eq!(&apply(&base, &patch), wanted),
                Err(error) => {
                    prop_assert_eq!(error, ComposeError::Nothing);
                    prop_assert_eq!(wanted, &base);
                }
            }
        }
    }

    #[test]
    fn what_is_taken_is_what_comes((base, one, other) in trio(), choice in prop::collection::vec(0usize..3, 24)) {
        let alignment = align(&base, &[&one, &other]);
        let Some(file) = alignment.files.first() else { return Ok(()) };
        let mut taken = Taken::new();
        for (at, place) in file.places.iter().enumerate() {
            let side = choice[at % choice.len()];
            if side < 2 && !place.sides[side].is_empty() {
                taken.insert((0, at), Take::One(side));
            }
        }
        let Ok(patch) = compose(&alignment, &taken) else { return Ok(()) };
        prop_assert_eq!(apply(&base, &patch), expected(&base, &alignment, &taken));
    }

    #[test]
    fn both_versions_are_the_lines_of_one_then_of_the_other((base, one, other) in trio(), swapped in any::<bool>()) {
        let alignment = align(&base, &[&one, &other]);
        let Some(file) = alignment.files.first().filter(|file| !file.places.iter().any(|place| place.whole)) else {
            return Ok(());
        };
        let (first, second) = if swapped { (1, 0) } else { (0, 1) };
        let both = |place: &super::align::Place| super::compose::can_take_both(place, first, second);
        let places: Vec<usize> = (0..file.places.len()).filter(|at| both(&file.places[*at])).collect();
        let taken: Taken = places.iter().map(|at| ((0, *at), Take::Both(first, second))).collect();
        let Ok(patch) = compose(&alignment, &taken) else {
            prop_assert!(places.is_empty());
            return Ok(());
        };
        let lines = pieces(&base);
        let (mut wanted, mut at) = (String::new(), 0);
        for nth in places {
            let place = &file.places[nth];
            lines[at..place.base.start as usize - 1].iter().for_each(|line| wanted.push_str(line));
            for side in [first, second] {
                let doc = &alignment.docs[side];
                let change = &place.sides[side][0];
                for line in &doc.files[0].hunks[change.hunk].lines[change.added.clone()] {
                    wanted.push_str(doc.text(line));
                    wanted.push_str(if line.crlf { "\r" } else { "" });
                    wanted.push_str(if line.no_newline && side == second { "" } else { "\n" });
                }
            }
            at = place.base.end as usize - 1;
        }
        lines[at..].iter().for_each(|line| wanted.push_str(line));
        prop_assert_eq!(apply(&base, &patch), wanted);
    }

    #[test]
    fn every_row_is_of_one_place_and_every_place_has_its_rows((base, one, other) in trio(), many in 0usize..20) {
        let alignment = align(&base, &[&one, &other]);
        let both = if many % 3 == 0 { [((0, 0), many)].into() } else { Default::default() };
        let rows = Rows::of(&alignment, &both);
        let mut seen = Vec::new();
        for nth in 0..rows.len() {
            match rows.get(nth).unwrap() {
                Row::File(file) => seen.push((file, None)),
                Row::Place(at, nth_of) | Row::Both(at, nth_of) => {
                    let (first, last) = rows.of_place(at).unwrap();
                    prop_assert!((first..=last).contains(&nth));
                    if nth_of == 0 && nth == first {
                        seen.push((at.0, Some(at.1)));
                    }
                }
            }
        }
        let wanted: Vec<_> = alignment.files.iter().enumerate().flat_map(|(nth, file)| {
            [(nth, None)].into_iter().chain((0..file.places.len()).map(move |at| (nth, Some(at))))
        }).collect();
        prop_assert_eq!(seen, wanted);
        prop_assert!(rows.get(rows.len()).is_none());
        let last = rows.step((0, 0), isize::MAX);
        let count = alignment.files.iter().map(|file| file.places.len()).sum::<usize>();
        let mut walked = vec![(0, 0)];
        while *walked.last().unwrap() != last {
            walked.push(rows.step(*walked.last().unwrap(), 1));
        }
        prop_assert_eq!(walked.len(), count.max(1));
        prop_assert_eq!(rows.step(last, isize::MIN), (0, 0));
    }

    #[test]
    fn a_place_is_the_same_only_where_the_texts_are((base, one, other) in trio()) {
        let alignment = align(&base, &[&one, &other]);
        let same = alignment.files.iter().flat_map(|f| &f.places).all(|p| p.agreement == Agreement::Same);
        prop_assert_eq!(same, one == other);
    }

    #[test]
    fn garbage_is_laid_side_by_side_without_panic(parts in prop::collection::vec(prop_oneof![
        "(diff --git |--- |\\+\\+\\+ |@@ |old mode |rename from |GIT binary patch)[ -~]{0,12}",
        "@@ -[0-9]{1,3},?[0-9]{0,2} \\+[0-9]{1,3},?[0-9]{0,2} @@",
        "[ +-].{0,6}",
    ], 0..40)) {
        let half = parts.len() / 2;
        let docs = [&parts[..half], &parts[half..], &parts[..]].map(|part| DiffDoc::parse(&part.join("\n")));
        let alignment = Alignment::new(docs.to_vec());
        let taken = agreed(&alignment);
        let _ = compose(&alignment, &taken);
        for (nth, file) in alignment.files.iter().enumerate() {
            for at in 0..file.places.len() {
                for side in 0..3 {
                    let _ = compose(&alignment, &[((nth, at), Take::One(side))].into());
                }
            }
        }
    }
}

#[test]
fn agreements_are_told_apart_for_three() {
    let base = "a\nb\nc\nd\ne\nf\ng\n";
    let alignment = align(base, &["A\nb\nC\nd\nE\nf\nG\n", "A\nb\nC\nd\ne\nf\nH\n", "A\nb\nc\nd\ne\nf\ng\n"]);
    let agreements: Vec<_> = alignment.files[0].places.iter().map(|place| place.agreement).collect();
    assert_eq!(agreements, [Agreement::Same, Agreement::Some, Agreement::Only(0), Agreement::Conflict]);
    assert_eq!(alignment.tally(), [1, 2, 1]);
}

#[test]
fn a_new_file_is_taken_whole_beside_hunks_of_another_candidate() {
    let new = "diff --git a/n.rs b/n.rs\nnew file mode 100644\nindex 0000000..1111111\n--- /dev/null\n+++ b/n.rs\n@@ -0,0 +1 @@\n+new\n";
    let one = DiffDoc::parse(&(new.to_owned() + &patch_of("x.rs", "a\nb\n", "A\nb\n")));
    let other = DiffDoc::parse(&patch_of("x.rs", "a\nb\n", "B\nb\n"));
    let alignment = Alignment::new(vec![one, other]);
    assert_eq!(alignment.files.len(), 2);
    assert!(alignment.files[0].places[0].whole);
    assert_eq!(alignment.files[0].places[0].agreement, Agreement::Only(0));
    let patch = compose(&alignment, &[((0, 0), Take::One(0)), ((1, 0), Take::One(1))].into()).unwrap();
    assert!(patch.starts_with(new), "{patch}");
    assert!(patch.ends_with("--- a/x.rs\n+++ b/x.rs\n@@ -1,2 +1,2 @@\n-a\n+B\n b\n"), "{patch}");
    assert!(!patch.contains("1111111..2222222"), "ids of other contents are gone: {patch}");
}

#[test]
fn a_patch_that_was_cut_is_not_taken_apart() {
    let long = format!("{}{}", patch_of("x.rs", "a\n", "b\n"), "garbage that is no diff\n");
    let alignment =
        Alignment::new(vec![DiffDoc::parse(&long), DiffDoc::parse(&patch_of("x.rs", "a\n", "c\n"))]);
    assert_eq!(compose(&alignment, &[((0, 0), Take::One(1))].into()), Err(ComposeError::Unreadable(0)));
    assert_eq!(compose(&align("a\n", &["b\n"]), &Taken::new()), Err(ComposeError::Nothing));
}

const BASE: &str =
    "fn total(items: &[u32]) -> u32 {\n    let n = items.len();\n    sum / n\n}\n\nfn name() {}\n";

/// Two candidates that agree on the comment and quarrel about the guard; the second also changes the name.
pub(in crate::tui) fn quarrel() -> Vec<String> {
    let one = BASE
        .replace("    let n", "    // an empty cart\n    let n")
        .replace("sum / n", "if n == 0 { 0 } else { sum / n }");
    let other = BASE
        .replace("    let n", "    // an empty cart\n    let n")
        .replace("sum / n", "sum.checked_div(n).unwrap_or(0)")
        .replace("name()", "label()");
    [one, other].map(|text| patch_of("src/cart.rs", BASE, &text)).to_vec()
}

/// A patch without what stands above it.
fn bare(patch: &str) -> &str {
    patch.find("diff --git ").map_or("", |at| &patch[at..])
}

/// The comparison, opened by key, with its patches read.
pub(in crate::tui) fn opened(bench: &mut Bench) -> &mut Bench {
    bench.state(waiting()).wait(400).press("ctrl-n c");
    let wanted = bench.tasks.iter().find_map(|task| match task {
        Task::Compare(wanted) => Some(wanted.clone()),
        _ => None,
    });
    let Some(wanted) = wanted else { panic!("the patches are not asked for") };
    assert_eq!(wanted.len(), 2);
    bench.act(Action::Done(Done::Compared(wanted, Ok(quarrel()))));
    bench.tasks.clear();
    bench
}

#[test]
fn a10_hunks_of_two_candidates_become_one_that_is_checked_again() {
    let mut bench = Bench::new((160, 48));
    // The places: the comment (same, taken by itself), the guard (conflict), the name (only the second).
    opened(&mut bench).press("] l space ] space C");
    let Some(Task::Patch { request, seen, team, text }) = bench.tasks.pop() else {
        panic!("nothing was built: {}", bench.last_words())
    };
    assert_eq!((request, seen, team), (RequestId(3), Revision(3), TeamId(2)));
    let wanted = BASE
        .replace("    let n", "    // an empty cart\n    let n")
        .replace("sum / n", "sum.checked_div(n).unwrap_or(0)")
        .replace("name()", "label()");
    assert_eq!(apply(BASE, bare(&text)), wanted);
    assert!(bench.app.sheet.is_none());

    let mut bench = Bench::new((160, 48));
    opened(&mut bench).press("] space ] l space C");
    let Some(Task::Patch { text, .. }) = bench.tasks.pop() else { panic!("nothing was built") };
    let mixed = BASE
        .replace("    let n", "    // an empty cart\n    let n")
        .replace("sum / n", "if n == 0 { 0 } else { sum / n }")
        .replace("name()", "label()");
    assert_eq!(apply(BASE, bare(&text)), mixed);
}

#[test]
fn a10_what_is_left_is_left_and_nothing_taken_builds_nothing() {
    let mut bench = Bench::new((160, 48));
    // Taken by itself, then left again; one candidate leaves the name alone.
    opened(&mut bench).press("space C");
    assert!(
        bench.tasks.is_empty() && bench.last_words().contains("nothing is taken"),
        "{}",
        bench.last_words()
    );
    bench.press("] ] space");
    assert!(bench.last_words().contains("nothing to take"), "{}", bench.last_words());
}

#[test]
fn a10_a_key_right_after_a_swap_builds_nothing() {
    let mut bench = Bench::new((160, 48));
    opened(&mut bench);
    let mut state = waiting();
    let request = state.desk.get_mut(&RequestId(3)).unwrap();
    std::sync::Arc::make_mut(request).revision = Revision(4);
    bench.state(state).wait(100).press("C");
    assert!(bench.tasks.is_empty() && bench.last_words().contains("was not taken"), "{}", bench.last_words());
    bench.wait(400).press("C");
    assert!(matches!(bench.tasks.pop(), Some(Task::Patch { seen: Revision(4), .. })));
}

#[test]
fn a10_blind_columns_name_nobody_and_numbers_decide_nothing() {
    let mut bench = Bench::new((160, 48));
    opened(&mut bench).press("b 1");
    assert!(bench.tasks.is_empty() && bench.last_words().contains("names are hidden"));
    let mut buf = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, 160, 47));
    let _ = crate::tui::view::draw(&bench.app, &mut buf);
    let rows = buf.content.chunks(160).map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>());
    let text = rows.collect::<Vec<_>>().join("\n");
    for name in ["Anthropic", "Google", "claude", "gemini"] {
        assert!(!text.contains(name), "{name} is named:\n{text}");
    }
    bench.press("h l a");
    let Some(Task::Send(command, what)) = bench.tasks.pop() else { panic!("{}", bench.last_words()) };
    let Command::Desk(DeskCommand::Hold(_, _, decision)) = *command else { panic!("no decision") };
    let digest = |team: u8| crate::domain::digest::Digest::of(&[team]).to_string();
    let second = if digest(1) < digest(2) { TeamId(2) } else { TeamId(1) };
    assert_eq!(*decision, Decision::Approve { team: Some(second) });
    assert!(!what.contains("Anthropic") && !what.contains("Google"), "{what}");
}

#[test]
fn a10_both_versions_of_a_conflict_are_taken_in_either_order_and_shown_before() {
    let mut bench = Bench::new((160, 60));
    opened(&mut bench).press("] +");
    let first = "        if n == 0 { 0 } else { sum / n }\n".trim_start();
    assert!(shown(&bench).contains("both: Anthropic attempt 1, then Google attempt 1"), "{}", shown(&bench));
    bench.press("C");
    let Some(Task::Patch { text, .. }) = bench.tasks.pop() else { panic!("{}", bench.last_words()) };
    let guards = ["    if n == 0 { 0 } else { sum / n }\n", "    sum.checked_div(n).unwrap_or(0)\n"];
    let with = |guards: String| {
        BASE.replace("    let n", "    // an empty cart\n    let n").replace("    sum / n\n", &guards)
    };
    assert!(guards[0].contains(first.trim_end()));
    assert_eq!(apply(BASE, bare(&text)), with(guards.concat()));
    assert!(text.starts_with("From: the director, out of Anthropic + Google\nSubject: "), "{text}");
    assert!(text.contains("- src/cart.rs:3 of Anthropic, then Google\n"), "{text}");

    let mut bench = Bench::new((160, 60));
    opened(&mut bench).press("] + + C");
    let Some(Task::Patch { text, .. }) = bench.tasks.pop() else { panic!("{}", bench.last_words()) };
    assert_eq!(apply(BASE, bare(&text)), with([guards[1], guards[0]].concat()));
    // A third time leaves the place; what one alone changes has no second version.
    let mut bench = Bench::new((160, 60));
    opened(&mut bench).press("] + + + ] l +");
    assert!(bench.last_words().contains("no other candidate changes this place"), "{}", bench.last_words());
    assert!(!shown(&bench).contains("both: "));
}

fn shown(bench: &Bench) -> String {
    let (width, height) = bench.app.focus.1;
    let mut buf = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, width, height));
    let _ = crate::tui::view::draw(&bench.app, &mut buf);
    let rows = buf.content.chunks(usize::from(width));
    rows.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>() + "\n").collect()
}

#[test]
fn a10_a_place_of_the_only_candidate_is_rejected_and_the_rest_is_checked_again() {
    let mut state = waiting();
    let mission =
        std::sync::Arc::make_mut(state.missions.get_mut(&crate::domain::ids::MissionId(12)).unwrap());
    mission.teams.truncate(1);
    let request = state.desk.get_mut(&RequestId(3)).unwrap();
    let only = crate::domain::request::Subject::Choose { teams: vec![TeamId(1)] };
    std::sync::Arc::make_mut(request).subject = only;
    for (keys, wanted) in [
        ("] - C", BASE.replace("    let n", "    // an empty cart\n    let n")),
        ("- C", BASE.replace("sum / n", "if n == 0 { 0 } else { sum / n }")),
    ] {
        let mut bench = Bench::new((120, 40));
        bench.state(state.clone()).wait(400).press("ctrl-n c");
        let Some(Task::Compare(digests)) = bench.tasks.pop() else { panic!("the patch is not asked for") };
        bench.act(Action::Done(Done::Compared(digests, Ok(quarrel()[..1].to_vec()))));
        bench.press(keys);
        let Some(Task::Patch { team, text, .. }) = bench.tasks.pop() else {
            panic!("{}", bench.last_words())
        };
        assert_eq!((team, apply(BASE, bare(&text))), (TeamId(1), wanted));
        assert!(text.starts_with("From: the director, out of 1 of 2 places of Anthropic\n"), "{text}");
    }
    let mut bench = Bench::new((120, 40));
    bench.state(state).wait(400).press("ctrl-n c");
    let Some(Task::Compare(digests)) = bench.tasks.pop() else { panic!("the patch is not asked for") };
    bench.act(Action::Done(Done::Compared(digests, Ok(quarrel()[..1].to_vec())))).press("_ C");
    let built = bench.tasks.iter().any(|task| matches!(task, Task::Patch { .. }));
    assert!(!built && bench.last_words().contains("nothing is taken"), "{}", bench.last_words());
}

#[test]
fn a10_what_is_missing_is_said_and_never_green() {
    let mut state = waiting();
    let mission =
        std::sync::Arc::make_mut(state.missions.get_mut(&crate::domain::ids::MissionId(12)).unwrap());
    let evidence = mission.teams[1].candidates[0].1.as_mut().unwrap();
    let evidence = std::sync::Arc::make_mut(evidence);
    evidence.checks.clear();
    evidence.new_passing.clear();
    evidence.cost = crate::domain::money::Cost::Unknown;
    mission.judgement.as_mut().unwrap().verdicts.truncate(1);
    mission.judgement.as_mut().unwrap().verdicts[0].note =
        Some("the two orders disagree by 30 points".into());
    let mut bench = Bench::new((160, 48));
    bench.state(state).wait(400).press("ctrl-n c");
    let text = shown(&bench);
    for words in [
        "checks      ✓ pass",
        "○ missing: none were run",
        "○ missing: none was run",
        "○ missing: a price is unknown",
        "○ missing: no verdict",
        "! the two orders disagree by 30 points",
        "88 in one order, 86 swapped",
        "missing     ○ no verdict of a third vendor",
    ] {
        assert!(text.contains(words), "{words} in\n{text}");
    }
    assert_eq!(
        text.matches('✓').count(),
        text.lines().filter(|row| row.find('✓').is_some_and(|at| at < 80)).count()
    );
}

#[test]
fn a10_the_choosers_record_is_told_unless_names_are_hidden() {
    let mut state = waiting();
    let mission = state.missions.values().next().unwrap().clone();
    let kind = crate::engine::kind_of(&mission);
    crate::tui::fixtures::raced(&mut state, &kind, &[("Anthropic", 7, 9), ("Google", 2, 9)]);
    let mut bench = Bench::new((160, 48));
    bench.state(state).wait(400).press("ctrl-n c");
    assert!(
        shown(&bench).contains("record      brief: chosen Anthropic 7 of 9, Google 2 of 9"),
        "{}",
        shown(&bench)
    );
    bench.press("b");
    let text = shown(&bench);
    assert!(text.contains("record      hidden while names are") && !text.contains("7 of 9"), "{text}");
}

#[test]
fn a10_long_patches_are_laid_side_by_side_aside_and_walked_at_once() {
    let base: String =
        (0..9_000).map(|n| format!("line {n} of the file as it was before {}\n", "-".repeat(60))).collect();
    let with = |word: &str| -> String {
        let line = |(n, line): (usize, &str)| {
            if n % 30 == 0 { format!("{word} {n}\n") } else { format!("{line}\n") }
        };
        base.lines().enumerate().map(line).collect()
    };
    let texts: Vec<String> = ["one", "other"].map(|word| patch_of("x.rs", &base, &with(word))).to_vec();
    assert!(texts.iter().map(String::len).sum::<usize>() > 256 * 1024);
    let (tell, told) = std::sync::mpsc::sync_channel(1_000);
    let mut bench = Bench::new((160, 48));
    bench.app.channels.paint_with(crate::tui::shot::Highlighter::new(move || {
        let _ = tell.send(());
    }));
    bench.state(waiting()).wait(400).press("ctrl-n c");
    let asked = bench.tasks.iter().find_map(|task| match task {
        Task::Compare(digests) => Some(digests.clone()),
        _ => None,
    });
    let digests = asked.unwrap();
    bench.act(Action::Done(Done::Compared(digests, Ok(texts))));
    while bench.app.board().unwrap().alignment().is_none() {
        assert!(shown(&bench).contains("laying them side by side"));
        told.recv().unwrap();
        bench.wait(10).act(Action::Tick);
    }
    assert_eq!(bench.app.board().unwrap().open, 300);
    bench.press("G l space");
    let board = bench.app.board().unwrap();
    assert_eq!((board.at, board.open), ((0, 299), 299));
    assert!(shown(&bench).contains("other 8970"), "{}", shown(&bench));
}

#[test]
fn a10_help_over_a_comparison_leaves_what_was_taken() {
    let mut bench = Bench::new((160, 40));
    opened(&mut bench).press("e ] l space");
    let taken = |bench: &Bench| picture(bench).0.matches("● taken").count();
    let before = taken(&bench);
    assert!(before > 0, "{}", picture(&bench).0);
    bench.press("?");
    assert_eq!(taken(&bench), 0, "help is in front");
    bench.press("? esc");
    assert_eq!(taken(&bench), before, "{}", picture(&bench).0);
}

#[test]
fn a10_a_comparison_that_was_left_is_there_again_until_a_newer_candidate_comes() {
    let mut bench = Bench::new((160, 40));
    opened(&mut bench).press("e ] l space");
    let taken = |bench: &Bench| picture(bench).0.matches("● taken").count();
    let before = taken(&bench);
    assert!(before > 0, "{}", picture(&bench).0);
    for leave in ["esc", "f2 f1 ctrl-n", "ctrl-c"] {
        bench.press(leave);
        assert!(bench.app.board().is_none(), "left by {leave}");
        bench.wait(400).press("c");
        assert_eq!(taken(&bench), before, "after {leave}: {}", picture(&bench).0);
    }
    bench.press("esc");
    assert!(bench.last_words().contains("c shows it again"), "{}", bench.last_words());
    let mut newer = waiting();
    let mission = newer.missions.values_mut().find(|mission| !mission.teams.is_empty()).unwrap();
    let team = &mut std::sync::Arc::make_mut(mission).teams[0];
    let mut last = team.candidates.last().unwrap().clone();
    std::sync::Arc::make_mut(&mut last.0).attempt += 1;
    team.candidates.push(last);
    bench.state(newer).wait(400).press("c");
    assert!(bench.app.board().is_some());
    assert_eq!(taken(&bench), 0, "it is about other candidates");
}
