//! What a PostgreSQL server is asked, and what the answers mean. Each question is a transaction of its own that only
//! reads and may take a bounded time, in text form, so that it works behind poolers and for a role with few rights.
//!
//! What a role may not see is said in words ([`Asked::gaps`]) and takes nothing else away: a check that could not be
//! made is never said to hold.

use super::{
    locks,
    row::{Row, number, row_of, word},
    statement::{READ_MOST, masked},
};
use crate::{
    domain::{
        incident::Severity,
        signal::{Check, Reading, kind},
        text,
    },
    monitor::probes::{
        before::{self, Newcomer},
        found::{fails, holds, sample, span, with},
    },
};
use tokio_postgres::{Client, error::SqlState};

/// Rows taken of one answer.
const ROWS_MOST: usize = 200;
/// A transaction that does nothing for longer than this is left open by mistake.
const IDLE_MOST_MS: u64 = 5 * 60 * 1_000;
/// Statements whose mean is followed from look to look.
const STATEMENTS_MOST: usize = 100;

/// What counts as wrong.
pub(super) struct Limits {
    /// Of the probe, for its counters.
    pub(super) probe: String,
    /// How bad a failing check is.
    pub(super) severity: Severity,
    /// A statement that runs longer is slow; so is a wait for a lock.
    pub(super) slow_ms: u64,
    /// Share of connections in percent.
    pub(super) connections_pct: u8,
    /// Of a replica.
    pub(super) lag_ms: u64,
    /// One question may take this long.
    pub(super) question_ms: u64,
}

/// What came of asking.
pub(super) struct Asked<'a> {
    client: &'a Client,
    limits: &'a Limits,
    /// What was found so far.
    pub(super) found: Vec<Reading>,
    /// What could not be seen, in words.
    pub(super) gaps: Vec<String>,
}

/// What the server is.
struct Server {
    version: u32,
    recovering: bool,
    connections: u64,
    sees_all: bool,
    role: String,
    statements_in: Option<String>,
}

impl<'a> Asked<'a> {
    /// Nothing asked yet.
    pub(super) fn new(client: &'a Client, limits: &'a Limits) -> Self {
        Self { client, limits, found: Vec::new(), gaps: Vec::new() }
    }

    /// Asks everything. What fails on the way is a gap.
    ///
    /// # Errors
    /// The server does not even say what it is.
    pub(super) async fn everything(&mut self) -> Result<(), String> {
        let server = self.server().await?;
        if !server.sees_all {
            let role = &server.role;
            self.gaps.push(format!(
                "{role} does not see the statements of other roles: GRANT pg_monitor TO {role}"
            ));
        }
        self.connections(&server).await;
        self.slow(&server).await;
        self.locks(&server).await;
        self.idle(&server).await;
        self.replication(&server).await;
        self.counters().await;
        self.statements(&server).await;
        Ok(())
    }

    async fn server(&self) -> Result<Server, String> {
        let sql = "select current_setting('server_version_num'), pg_is_in_recovery(), \
                   greatest(1, current_setting('max_connections')::int \
                     - current_setting('superuser_reserved_connections')::int \
                     - coalesce(nullif(current_setting('reserved_connections', true), ''), '0')::int), \
                   pg_has_role(current_user, 'pg_read_all_stats', 'usage'), current_user, \
                   (select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace \
                    where e.extname = 'pg_stat_statements')";
        let rows = self.ask(sql).await?;
        let row = rows.first().ok_or("it does not say what it is")?;
        Ok(Server {
            version: number(row, 0).and_then(|version| u32::try_from(version).ok()).unwrap_or(0),
            recovering: word(row, 1) == "t",
            connections: number(row, 2).unwrap_or(1),
            sees_all: word(row, 3) == "t",
            role: text::clean_line(word(row, 4), 64).into(),
            statements_in: row.get(5).cloned().flatten(),
        })
    }

    async fn connections(&mut self, server: &Server) {
        // Where the kind of a session is hidden, one with a database is somebody's.
        let sql = "select count(*) from pg_stat_activity where coalesce(backend_type = 'client backend', datid is not null)";
        let Some(rows) = self.rows("connections", sql).await else { return };
        let used = rows.first().and_then(|row| number(row, 0)).unwrap_or(0);
        let most = server.connections;
        let pct = used.saturating_mul(100) / most;
        self.found.push(sample("pg_connections", float(used)));
        self.found.push(sample("pg_connections_pct", float(used) * 100.0 / float(most)));
        let check = self.check(
            "connections",
            kind::DB_CONNECTIONS,
            format!("{used} of {most} connections ({pct} %)"),
        );
        let full = pct >= u64::from(self.limits.connections_pct);
        let check = with(check, &[("used", &used.to_string()), ("most", &most.to_string())]);
        self.say(if full { fails(check) } else { check });
    }

    async fn slow(&mut self, server: &Server) {
        // A wait for a lock is the matter of `locks`; a dump takes as long as it takes.
        let sql = format!(
            "select pid, floor(extract(epoch from clock_timestamp() - query_start) * 1000)::bigint, usename, \
             application_name, left(query, {READ_MOST}), count(*) over (), wait_event_type || ':' || wait_event \
             from pg_stat_activity where state = 'active' and backend_type = 'client backend' \
             and pid <> pg_backend_pid() and wait_event_type is distinct from 'Lock' \
             and application_name not in ('pg_dump', 'pg_dumpall') order by query_start limit 1"
        );
        let Some(rows) = self.rows("slow", &sql).await else { return };
        let longest = rows.first().and_then(|row| number(row, 1)).unwrap_or(0);
        if server.sees_all {
            self.found.push(sample("pg_longest_ms", float(longest)));
        }
        let limit = self.limits.slow_ms;
        let Some(row) = rows.first().filter(|_| longest >= limit) else {
            // A role that sees only its own statements cannot say that none is slow.
            if server.sees_all {
                let words = format!("no statement runs longer than {}", span(limit));
                self.say(self.check("slow", kind::DB_SLOW, words));
            }
            return;
        };
        let shown = masked(word(row, 4));
        let check = self.check(
            "slow",
            kind::DB_SLOW,
            format!("pid {} runs for {}: {shown}", word(row, 0), span(longest)),
        );
        let labels = [
            ("pid", word(row, 0)),
            ("duration_ms", word(row, 1)),
            ("role", word(row, 2)),
            ("application", word(row, 3)),
            ("query", &shown),
            ("waits_for", word(row, 6)),
            ("active", word(row, 5)),
        ];
        self.say(fails(with(check, &labels)));
    }

    async fn locks(&mut self, server: &Server) {
        let Some(rows) = self.rows("locks", &locks::waiting(server.version)).await else { return };
        let chain = locks::Chain::of(&rows);
        self.found.push(sample("pg_waiting", float(chain.waiting)));
        self.found.push(sample("pg_longest_wait_ms", float(chain.longest_ms)));
        if chain.longest_ms < self.limits.slow_ms {
            let words = format!("nobody waits longer than {}", span(self.limits.slow_ms));
            return self.say(self.check("locks", kind::DB_LOCKS, words));
        }
        let heads = match locks::heads(&chain.heads) {
            Some(sql) => self.rows("locks", &sql).await.unwrap_or_default(),
            None => Vec::new(),
        };
        let (words, labels) = chain.words(&heads);
        let labels: Vec<(&str, &str)> = labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.say(fails(with(self.check("locks", kind::DB_LOCKS, words), &labels)));
    }

    async fn idle(&mut self, server: &Server) {
        let sql = format!(
            "select pid, floor(extract(epoch from clock_timestamp() - state_change) * 1000)::bigint, usename, \
             application_name, left(query, {READ_MOST}), count(*) over () \
             from pg_stat_activity where state in ('idle in transaction', 'idle in transaction (aborted)') \
             order by state_change limit 1"
        );
        let Some(rows) = self.rows("idle", &sql).await else { return };
        let longest = rows.first().and_then(|row| number(row, 1)).unwrap_or(0);
        let Some(row) = rows.first().filter(|_| longest >= IDLE_MOST_MS) else {
            if server.sees_all {
                let words = format!("no transaction is left open for {}", span(IDLE_MOST_MS));
                self.say(self.check("idle", kind::DB_LOCKS, words));
            }
            return;
        };
        let shown = masked(word(row, 4));
        let words =
            format!("pid {} left its transaction open for {} after: {shown}", word(row, 0), span(longest));
        let labels = [
            ("pid", word(row, 0)),
            ("duration_ms", word(row, 1)),
            ("role", word(row, 2)),
            ("application", word(row, 3)),
            ("query", &shown),
            ("open", word(row, 5)),
        ];
        self.say(fails(with(self.check("idle", kind::DB_LOCKS, words), &labels)));
    }

    async fn replication(&mut self, server: &Server) {
        if server.recovering {
            return self.own_lag().await;
        }
        // The lag that was measured last goes on being said while nothing is written: who has replayed all is not behind.
        let sql = "select coalesce(application_name, ''), coalesce(client_addr::text, ''), coalesce(state, ''), \
                   case when pg_current_wal_lsn() <= replay_lsn then 0 \
                     else floor(extract(epoch from replay_lag) * 1000)::bigint end, \
                   pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint \
                   from pg_stat_replication where state is distinct from 'backup' \
                   order by 4 desc nulls last limit 50";
        let Some(rows) = self.rows("replication", sql).await else { return };
        // Where their state is hidden, that is a gap already.
        if !server.sees_all {
            return;
        }
        let lost = before::lost(&format!("{} replicas", self.limits.probe), rows.len());
        if rows.is_empty() {
            // Where there never was one there is nothing to say.
            let Some(lost) = lost else { return };
            self.found.push(sample("pg_replicas", 0.0));
            let words = format!("no replica is connected; before it was {}", text::count(lost, "replica"));
            let check = self.check("replication", kind::DB_REPLICATION, words);
            return self.say(fails(with(check, &[("before", &lost.to_string())])));
        }
        let lag = rows.iter().filter_map(|row| number(row, 3)).max().unwrap_or(0);
        self.found.push(sample("pg_replicas", float(rows.len() as u64)));
        self.found.push(sample("pg_lag_ms", float(lag)));
        let behind = rows.iter().find(|row| number(row, 3).unwrap_or(0) > self.limits.lag_ms);
        let Some(row) = behind else {
            let words = format!("{}, at most {} behind", text::count(rows.len(), "replica"), span(lag));
            return self.say(self.check("replication", kind::DB_REPLICATION, words));
        };
        let name = format!("{} {}", word(row, 0), word(row, 1));
        let words = format!("replica {} is {} behind ({})", name.trim(), span(lag), word(row, 2));
        let labels = [
            ("replica", name.trim()),
            ("lag_ms", word(row, 3)),
            ("lag_bytes", word(row, 4)),
            ("state", word(row, 2)),
        ];
        self.say(fails(with(self.check("replication", kind::DB_REPLICATION, words), &labels)));
    }

    /// A replica that has replayed all it received does not lag, however long nothing was written.
    async fn own_lag(&mut self) {
        let sql = "select case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0 else \
                   floor(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::bigint end, \
                   (select count(*) from pg_stat_wal_receiver), pg_is_wal_replay_paused(), \
                   pg_last_wal_receive_lsn() is not null";
        let Some(rows) = self.rows("replication", sql).await else { return };
        let Some(row) = rows.first() else { return };
        let lag = number(row, 0);
        self.found.push(sample("pg_lag_ms", lag.map_or(f64::NAN, float)));
        let (cut_off, paused) = (word(row, 1) == "0" && word(row, 3) == "t", word(row, 2) == "t");
        let late = lag.unwrap_or(0) > self.limits.lag_ms;
        let mut words = lag.map_or_else(
            || "a replica that has replayed nothing yet".to_owned(),
            |lag| format!("a replica, {} behind", span(lag)),
        );
        if cut_off {
            words.push_str(", not connected to its primary");
        }
        if paused {
            words.push_str(", replay is paused");
        }
        // Whether it replays is told by itself: one whose primary has died is cut off, and could take over all the same.
        let labels = [("lag_ms", word(row, 0)), ("replays", if paused { "f" } else { "t" })];
        let check = with(self.check("replication", kind::DB_REPLICATION, words), &labels);
        self.say(if late || cut_off || paused { fails(check) } else { check });
    }

    async fn counters(&mut self) {
        let sql = "select deadlocks, xact_commit, xact_rollback, temp_bytes, conflicts, \
                   (select max(age(datfrozenxid)) from pg_database) from pg_stat_database where datname = current_database()";
        let Some(rows) = self.rows("counters", sql).await else { return };
        let Some(row) = rows.first() else { return };
        let names = ["deadlocks", "commits", "rollbacks", "temp_bytes", "conflicts"];
        let counters = names
            .iter()
            .enumerate()
            .filter_map(|(at, name)| Some(((*name).to_owned(), float(number(row, at)?))));
        let grown =
            before::grown(&format!("{} counters", self.limits.probe), counters.collect(), Newcomer::Unknown);
        let more = |name: &str| grown.get(name).copied();
        for (metric, name) in
            [("pg_deadlocks", "deadlocks"), ("pg_temp_bytes", "temp_bytes"), ("pg_conflicts", "conflicts")]
        {
            self.found.extend(more(name).map(|grown| sample(metric, grown)));
        }
        if let (Some(done), Some(back)) = (more("commits"), more("rollbacks")) {
            // Our own questions are among them; without any transaction there is no share.
            self.found.push(sample("pg_rollback_pct", back * 100.0 / (done + back)));
            self.found.push(sample("pg_transactions", done + back));
        }
        self.found.extend(number(row, 5).map(|age| sample("pg_xid_age", float(age))));
    }

    /// Statements that end before anybody looks, and are slow all the same: their mean since the last look.
    async fn statements(&mut self, server: &Server) {
        let Some(schema) = &server.statements_in else {
            self.gaps.push(
                "pg_stat_statements is not in this database: only statements that run now are seen"
                    .to_owned(),
            );
            return;
        };
        let total = if server.version >= 130_000 { "total_exec_time" } else { "total_time" };
        let sql = format!(
            "select queryid, calls, floor({total})::bigint, left(query, {READ_MOST}) from {schema}.pg_stat_statements \
             where dbid = (select oid from pg_database where datname = current_database()) and queryid is not null \
             and query !~* '^\\s*(begin|start|commit|copy|vacuum|analyze|create|reindex|refresh)' \
             order by {total} desc limit {STATEMENTS_MOST}"
        );
        let Some(rows) = self.rows("pg_stat_statements", &sql).await else { return };
        let counters = rows.iter().flat_map(|row| {
            let id = word(row, 0);
            [("calls", 1), ("ms", 2)]
                .map(|(name, at)| (format!("{id} {name}"), float(number(row, at).unwrap_or(0))))
        });
        let newcomer = Newcomer::Zero(2 * STATEMENTS_MOST);
        let grown = before::grown(&format!("{} statements", self.limits.probe), counters.collect(), newcomer);
        let mean = |row: &Row| {
            let more = |name: &str| grown.get(&format!("{} {name}", word(row, 0))).copied();
            let (calls, ms) = (more("calls")?, more("ms")?);
            (calls >= 1.0).then(|| (ms / calls, calls))
        };
        let means = rows.iter().filter_map(|row| mean(row).map(|(mean, calls)| (row, mean, calls)));
        let Some((row, mean, calls)) = means.max_by(|(_, a, _), (_, b, _)| a.total_cmp(b)) else { return };
        self.found.push(sample("pg_slowest_mean_ms", mean));
        let shown = masked(word(row, 3));
        let words = format!("{mean:.0} ms on average over {calls} calls since the last look: {shown}");
        let check = self.check("statements", kind::DB_SLOW, words);
        let labels = [
            ("query", shown.as_str()),
            ("queryid", word(row, 0)),
            ("mean_ms", &format!("{mean:.0}")),
            ("calls", &calls.to_string()),
        ];
        let check = with(check, &labels);
        self.say(if mean >= float(self.limits.slow_ms) { fails(check) } else { check });
    }

    fn check(&self, name: &str, kind: &'static str, words: String) -> Check {
        holds(name, kind, self.limits.severity, words)
    }

    fn say(&mut self, check: Check) {
        self.found.push(Reading::Check(check));
    }

    /// Rows of an answer; a failed question is a gap with its name.
    async fn rows(&mut self, name: &str, sql: &str) -> Option<Vec<Row>> {
        match self.ask(sql).await {
            Ok(rows) => Some(rows),
            Err(why) => {
                self.gaps.push(format!("{name} could not be asked: {why}"));
                None
            }
        }
    }

    /// One transaction that only reads. Its settings end with it, so that a pooler's next client sees none of them.
    async fn ask(&self, sql: &str) -> Result<Vec<Row>, String> {
        let most = self.limits.question_ms;
        let whole = format!(
            "begin transaction read only; set local statement_timeout = {most}; set local lock_timeout = {most}; {sql}; commit"
        );
        match self.client.simple_query(&whole).await {
            Ok(messages) => Ok(messages.into_iter().filter_map(row_of).take(ROWS_MOST).collect()),
            Err(error) => {
                // The transaction stays open and broken otherwise; if that fails as well the session is gone anyway.
                let _ = self.client.simple_query("rollback").await;
                let code = error.as_db_error().map(|said| said.code().clone());
                let more = match code {
                    Some(SqlState::INSUFFICIENT_PRIVILEGE) => " (the role may not)",
                    Some(
                        SqlState::UNDEFINED_TABLE | SqlState::UNDEFINED_FUNCTION | SqlState::UNDEFINED_COLUMN,
                    ) => " (this version has it not)",
                    _ => "",
                };
                Err(format!("{}{more}", super::door::with_causes(&error)))
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number for a chart")]
fn float(number: u64) -> f64 {
    number as f64
}
