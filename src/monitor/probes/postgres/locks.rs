//! Who waits for whom: chains of sessions that wait for locks, followed up to those at the head that wait for nobody.

use super::{
    row::{Row, number, word},
    statement::{READ_MOST, masked},
};
use crate::{domain::text, monitor::probes::found::span};
use std::collections::{BTreeMap, BTreeSet};

/// Waiting sessions that are looked at, the longest first.
const WAITING_MOST: usize = 50;
/// Heads that are named.
const HEADS_MOST: usize = 5;

/// Question for those that wait. `pg_locks` is open to every role, so that a chain is seen without rights.
pub(super) fn waiting(version: u32) -> String {
    // Before version 14 it was not kept since when a lock is waited for.
    let since = if version >= 140_000 { "min(waitstart)" } else { "null::timestamptz" };
    format!(
        "with waiting as (select pid, {since} as since from pg_locks where not granted and pid is not null group by pid) \
         select w.pid, array_to_string(pg_blocking_pids(w.pid), ' '), \
         floor(extract(epoch from clock_timestamp() - coalesce(w.since, a.query_start)) * 1000)::bigint, \
         left(a.query, {READ_MOST}), (select count(*) from waiting) \
         from waiting w left join pg_stat_activity a using (pid) order by 3 desc nulls last limit {WAITING_MOST}"
    )
}

/// Question for what these sessions do; `None` where there are none.
pub(super) fn heads(pids: &BTreeSet<u64>) -> Option<String> {
    // Zero stands for a prepared transaction, which no session holds.
    let pids: Vec<String> =
        pids.iter().filter(|pid| **pid != 0).take(HEADS_MOST).map(u64::to_string).collect();
    (!pids.is_empty()).then(|| {
        format!(
            "select pid, state, floor(extract(epoch from clock_timestamp() - state_change) * 1000)::bigint, usename, \
             application_name, left(query, {READ_MOST}) from pg_stat_activity where pid in ({}) order by state_change",
            pids.join(", ")
        )
    })
}

/// What waits.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Chain {
    /// Sessions that wait.
    pub(super) waiting: u64,
    /// How long the longest waits.
    pub(super) longest_ms: u64,
    /// Sessions that others wait for and that wait for nobody. Zero is a prepared transaction.
    pub(super) heads: BTreeSet<u64>,
    /// The one that waits longest.
    victim: String,
    query: String,
    /// Who stands between the victim and its head, nearest first.
    by: Vec<u64>,
}

impl Chain {
    /// Reads the answer to [`waiting`].
    pub(super) fn of(rows: &[Row]) -> Self {
        let Some(first) = rows.first() else { return Self::default() };
        let blockers =
            |row: &Row| -> Vec<u64> { word(row, 1).split(' ').filter_map(|pid| pid.parse().ok()).collect() };
        let edges: BTreeMap<u64, Vec<u64>> =
            rows.iter().filter_map(|row| Some((number(row, 0)?, blockers(row)))).collect();
        let all = edges.values().flatten().copied();
        let heads = all.filter(|pid| edges.get(pid).is_none_or(Vec::is_empty)).collect();
        let mut by = Vec::new();
        let mut next = number(first, 0).and_then(|pid| edges.get(&pid)?.first().copied());
        // A deadlock is a ring until the server breaks it.
        while let Some(pid) = next.filter(|pid| !by.contains(pid)) {
            by.push(pid);
            next = edges.get(&pid).and_then(|more| more.first().copied());
        }
        Self {
            waiting: number(first, 4).unwrap_or(0),
            longest_ms: number(first, 2).unwrap_or(0),
            heads,
            victim: word(first, 0).to_owned(),
            query: masked(word(first, 3)),
            by,
        }
    }

    /// The whole in one line, and labels; `heads` is the answer to [`heads`].
    pub(super) fn words(&self, heads: &[Row]) -> (String, Vec<(&'static str, String)>) {
        let chain: Vec<String> = self.by.iter().map(|pid| name(*pid)).collect();
        let said = if self.waiting == 1 { "session waits".to_owned() } else { "sessions wait".to_owned() };
        let mut words = format!(
            "{} {said} for locks, pid {} for {} behind {}",
            self.waiting,
            self.victim,
            span(self.longest_ms),
            chain.join(", behind ")
        );
        let mut labels = vec![
            ("pid", self.victim.clone()),
            ("duration_ms", self.longest_ms.to_string()),
            ("blocked_by", self.heads.iter().map(|pid| name(*pid)).collect::<Vec<_>>().join(" ")),
            ("waiting", self.waiting.to_string()),
            ("query", self.query.clone()),
        ];
        if let Some(head) =
            heads.iter().find(|row| number(row, 0) == self.by.last().copied()).or(heads.first())
        {
            let (pid, state, query) = (word(head, 0), word(head, 1), masked(word(head, 5)));
            words.push_str(&match number(head, 2).filter(|_| !state.is_empty()) {
                Some(since) => format!("; pid {pid} is {state} for {}: {query}", span(since)),
                None => format!("; what pid {pid} does this role may not see"),
            });
            labels.push(("blocker_pid", pid.to_owned()));
            labels.extend(number(head, 2).map(|ms| ("blocker_ms", ms.to_string())));
            labels.push(("blocker_state", word(head, 1).to_owned()));
            labels.push(("blocker_role", word(head, 3).to_owned()));
            labels.push(("blocker_application", word(head, 4).to_owned()));
            labels.push(("blocker_query", query));
        }
        (text::clean_line(&words, 500).into(), labels)
    }
}

fn name(pid: u64) -> String {
    if pid == 0 { "a prepared transaction".to_owned() } else { pid.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Row {
        cells.iter().map(|cell| (!cell.is_empty()).then(|| (*cell).to_owned())).collect()
    }

    #[test]
    fn a_chain_is_followed_to_its_head() {
        let rows = [
            row(&["30", "20", "9000", "update t set a = 'x'", "3"]),
            row(&["20", "10", "8000", "update t set b = 2", "3"]),
            row(&["25", "10 20", "", "", "3"]),
        ];
        let chain = Chain::of(&rows);
        assert_eq!(
            (chain.heads.clone(), chain.by.clone(), chain.longest_ms),
            ([10].into(), vec![20, 10], 9_000)
        );
        let (words, labels) = chain.words(&[row(&[
            "10",
            "idle in transaction",
            "60000",
            "app",
            "web",
            "update t set c = 'secret'",
        ])]);
        assert_eq!(
            words,
            "3 sessions wait for locks, pid 30 for 9000 ms behind 20, behind 10; pid 10 is idle in transaction for 60 s: update t set c = ?"
        );
        assert!(
            labels.contains(&("blocked_by", "10".into()))
                && labels.contains(&("blocker_pid", "10".into()))
                && labels.contains(&("blocker_ms", "60000".into()))
                && labels.contains(&("query", "update t set a = ?".into()))
        );
    }

    #[test]
    fn rings_prepared_transactions_and_hidden_sessions_are_said() {
        let ring = Chain::of(&[row(&["1", "2", "5000", "", "2"]), row(&["2", "1", "5000", "", "2"])]);
        assert_eq!((ring.heads.len(), ring.by.clone()), (0, vec![2, 1]));
        assert!(heads(&ring.heads).is_none());
        let prepared = Chain::of(&[row(&["7", "0", "", "", "1"])]);
        assert!(prepared.words(&[]).0.contains("behind a prepared transaction"), "{prepared:?}");
        assert!(heads(&prepared.heads).is_none());
        let hidden = Chain::of(&[row(&["7", "8", "5000", "<insufficient privilege>", "1"])]);
        assert!(hidden.words(&[row(&["8", "", "", "", "", ""])]).0.contains("may not see"));
        assert_eq!(Chain::of(&[]), Chain::default());
    }
}
