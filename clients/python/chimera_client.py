"""A client of Chimera's network face: typed, of the standard library alone, for Python 3.9 and later.

Made of the OpenAPI document that the daemon serves; `CHIMERA_BLESS=1 cargo test -- docs::` makes it anew.

    from chimera_client import Client

    chimera = Client.unix("/home/ada/.local/share/chimera/repo-1f/api.sock")
    task = chimera.submit_task({"feature": "...", "target_url": "...", "staging_url": "..."})
    for event in chimera.events():
        if chimera.get_task(task["task_id"])["status"] in ("completed", "failed", "cancelled"):
            break

Over the network: `Client("https://chimera.example:7341", token="...")`.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
import urllib.parse
import uuid
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple, TypedDict, Union

if TYPE_CHECKING:
    from typing import Literal

    from typing_extensions import NotRequired, TypeAlias


class MissionPage(TypedDict):
    """A page of a list."""

    items: List[Mission]
    """Newest first."""
    next: NotRequired[Union[str, None]]
    """What `before` is on the next page; null: this was the last one."""


class Mission(TypedDict):
    """A mission as it stands."""

    mission: str
    """Its name, such as M-12."""
    kind: str
    """`brief`, `heal` for the fix of an incident, or `feature`."""
    status: str
    """`queued`, `running`, `waiting`, `landed`, `failed`, `cancelled` or `over_budget`."""
    step: NotRequired[Union[str, None]]
    """`clarify`, `plan`, `draft`, `check`, `judge`, `decide` or `land`, of a feature `test`, `stage` or `validate` too; null while it waits for a place."""
    reason: NotRequired[Union[str, None]]
    """Why it ended without a commit."""
    title: str
    """First line of the brief."""
    text: NotRequired[Union[str, None]]
    """The whole brief; only where one mission is asked for."""
    secrets_withheld: int
    """Secrets that were taken out of the brief before it was kept."""
    priority: int
    """1 (last) to 10 (first)."""
    opened: str
    """When, RFC 3339 in UTC."""
    ended: NotRequired[Union[str, None]]
    """When it ended."""
    revision: int
    """Grows with everything that makes older results stale."""
    spent_usd: float
    """Spent so far, of what is known."""
    budget_usd: float
    """Its cap."""
    tokens: int
    """Tokens in and out."""
    teams: List[Team]
    """Who works on it."""
    requests: List[str]
    """Requests on the desk that it waits for."""
    incident: NotRequired[Union[str, None]]
    """The incident that it shall heal."""
    winner: NotRequired[Union[str, None]]
    """Who was chosen."""
    commit: NotRequired[Union[str, None]]
    """The commit that it landed as."""
    branch: NotRequired[Union[str, None]]
    """And the branch that is on."""
    rolled_back: NotRequired[Union[str, None]]
    """Why its service does not run that commit any more, if its release was taken back."""


class Team(TypedDict):
    """A team of a mission."""

    team: int
    """Its number within the mission."""
    name: str
    """Its name."""
    model: str
    """Who answers, as `vendor/model`."""
    phase: str
    """`waiting`, `drafting`, `testing`, `ready`, `taken_over`, `failed`, or `stopped` by the end of its mission."""
    attempt: int
    """Current attempt, from 1; 0 before the first."""
    turns: int
    """Finished turns of it."""
    tokens: int
    """Tokens in and out."""
    spent_usd: NotRequired[Union[float, None]]
    """Spent so far; null where a price is not known."""
    candidate: NotRequired[Union[Candidate, None]]
    """Its newest candidate."""


class Candidate(TypedDict):
    """A candidate with its evidence."""

    attempt: int
    """The team's n-th, from 1."""
    summary: str
    """What the team says it did."""
    files: List[str]
    """Files that it touches."""
    additions: int
    """Lines added."""
    deletions: int
    """Lines removed."""
    passed: NotRequired[Union[bool, None]]
    """Whether every check that counts ran and passed; null: not known yet."""
    score: NotRequired[Union[int, None]]
    """The judges' mean, 0 to 100; null: nobody judged it."""
    patch: str
    """SHA-256 of the patch."""


class Problem(TypedDict):
    """A problem document."""

    type: str
    """What sort of problem, as `urn:chimera:problem:` and a word that stays."""
    title: str
    """The sort in words."""
    status: int
    """HTTP status."""
    detail: str
    """What is wrong with this very request."""
    hint: str
    """What to do about it."""


class Brief(TypedDict):
    """What to do and within which bounds."""

    text: str
    """What to do, in plain words; at most 256 KiB."""
    teams: NotRequired[List[str]]
    """Teams of the roster by name, or `vendor/model`; else those of the settings."""
    checks: NotRequired[List[str]]
    """Shell commands that must succeed in a candidate's worktree; else those of the settings, or found."""
    constraints: NotRequired[List[str]]
    """Rules that the work must keep, beside those of the settings."""
    budget_usd: NotRequired[Union[float, None]]
    """Cap of the mission in US dollars; else that of the settings."""
    approve: NotRequired[Union[str, None]]
    """Who may say yes without a person: `none`, `best`, or a team's name; else it waits at the desk."""
    timeout: NotRequired[Union[str, None]]
    """From opening to decision, such as 90s, 20m or 1h."""
    priority: NotRequired[Union[int, None]]
    """1 (last) to 10 (first); 5."""


class Reason(TypedDict):
    """Why."""

    reason: NotRequired[str]
    """In words; at most 4 KiB."""


class TaskPage(TypedDict):
    """A page of a list."""

    items: List[Task]
    """Newest first."""
    next: NotRequired[Union[str, None]]
    """What `before` is on the next page; null: this was the last one."""


class Task(TypedDict):
    """A task as it stands."""

    task_id: str
    """Its name, such as M-12."""
    status: str
    """`queued`, `running`, `waiting` (for a person), `completed`, `failed` or `cancelled`."""
    phase: str
    """`plan`, `e2e_test`, `code_implementation`, `review`, `staging_deploy`, `validate` or `complete`."""
    progress: str
    """In words, such as `3/7 phases complete`."""
    feature: str
    """First line of what is built."""
    target_url: str
    """The service as it is now."""
    staging_url: str
    """The staging environment."""
    priority: int
    """1 (last) to 10 (first)."""
    created_at: str
    """When it was submitted, RFC 3339 in UTC."""
    completed_at: NotRequired[Union[str, None]]
    """When it ended."""
    duration_s: float
    """Seconds from then to its end, or until now."""
    reason: NotRequired[Union[str, None]]
    """Why it ended before it was complete."""
    retries: int
    """How often anything of it was done once more since it was submitted: somebody asked again, a step that failed made again, the task tried again."""
    spent_usd: float
    """Spent so far, of what is known."""
    requests: List[str]
    """Requests on the desk that it waits for."""
    result: TaskResult
    """What has come of it so far."""


class TaskResult(TypedDict):
    """What has come of a task; null where it has not come to that."""

    test_path: NotRequired[Union[str, None]]
    """The end-to-end test, in the repository."""
    code_pr_id: NotRequired[Union[str, None]]
    """The commit and its branch, as `COMMIT@BRANCH`."""
    review_decision: NotRequired[Union[str, None]]
    """`approved` or `rejected`, once it was decided."""
    deployment_url: NotRequired[Union[str, None]]
    """Where it runs."""
    validation_status: NotRequired[Union[str, None]]
    """`passed`, `failed`, `timed_out` or `broken`: what the test said there last."""


class Taken(TypedDict):
    """A task that was taken."""

    task_id: str
    """Its name, such as M-12."""
    status: str
    """`queued` or further."""
    created_at: str
    """When, RFC 3339 in UTC."""
    secrets_withheld: int
    """Secrets that were taken out of what was given before it was kept."""


class NewTask(TypedDict):
    """What to build, against which contract, and where it is staged."""

    feature: str
    """What to build, in plain words; at most 256 KiB."""
    target_url: str
    """Address of the service as it is now: the end-to-end test must fail there first."""
    staging_url: str
    """Address of the staging environment: the test must pass there in the end."""
    priority: NotRequired[Union[int, None]]
    """1 (last) to 10 (first); 5."""
    teams: NotRequired[List[str]]
    """Teams of the roster by name, or `vendor/model`; else those of the settings."""
    budget_usd: NotRequired[Union[float, None]]
    """Cap in US dollars; else that of the settings."""
    approve: NotRequired[Union[str, None]]
    """Who may say yes without a person: `none`, `best`, or a team's name; else it waits at the desk."""


class RequestPage(TypedDict):
    """A page of a list."""

    items: List[Request]
    """Newest first."""
    next: NotRequired[Union[str, None]]
    """What `before` is on the next page; null: this was the last one."""


class Request(TypedDict):
    """A request as it stands."""

    request: str
    """Its name, such as R-3."""
    about: str
    """The mission or incident that waits, such as M-12."""
    kind: str
    """`choose`, `command`, `budget`, `ask`, `conflict`, `remedy` or `release`."""
    question: str
    """What is asked, in one line."""
    revision: int
    """What a person must have seen: a decision names it."""
    opened: str
    """Since when, RFC 3339 in UTC."""
    expires: str
    """When it counts as denied."""
    reasons: List[str]
    """Why it was not decided by itself: every rule that fired."""
    if_denied: str
    """What happens if it is denied."""
    happens_by_itself: NotRequired[Union[str, None]]
    """When it is approved by itself unless somebody says no before."""
    approved: List[str]
    """Who said yes so far, where several people must."""
    consents: List[Consent]
    """The same, each with what it was said to."""
    plan: List[str]
    """Exactly what would be done, a line each: the command, the remedy, the files in conflict."""
    teams: List[Team]
    """The teams that can be chosen, with their candidates."""
    held: NotRequired[Union[Decided, None]]
    """A decision that was given and can still be taken back."""
    decision: NotRequired[Union[Decided, None]]
    """The decision, where it was decided."""


class Consent(TypedDict):
    """One yes of several."""

    by: str
    """Who."""
    to: NotRequired[Union[str, None]]
    """To what, such as a team; null: to what is asked, as it is."""


class Decided(TypedDict):
    """A decision that was given."""

    answer: str
    """`approve`, `modify`, `reject`, `retry`, `grant`, `expired` or `withdrawn`."""
    by: str
    """Who gave it."""
    at: str
    """When it was given, or takes effect where it is held; RFC 3339 in UTC."""
    team: NotRequired[Union[int, None]]
    """The team that was chosen."""
    reason: NotRequired[Union[str, None]]
    """Why."""


class DecisionReceipt(TypedDict):
    """What became of a decision."""

    request: str
    """Which request."""
    seq: int
    """Last journal entry of it."""
    held_until: NotRequired[Union[str, None]]
    """When it takes effect, where it is held."""
    grant: NotRequired[Union[str, None]]
    """A grant that began by it."""
    waits: bool
    """It was one yes of several: the request waits for another person."""


class Decision(TypedDict):
    """A decision."""

    revision: int
    """The revision that was seen."""
    answer: Answer
    """What is answered."""
    team: NotRequired[Union[str, None]]
    """Team that is meant, by number or name: needed where there is a choice of several."""
    reason: NotRequired[Union[str, None]]
    """Why: needed for reject and retry."""
    argv: NotRequired[Union[List[str], None]]
    """For modify: another command."""
    prompt: NotRequired[Union[str, None]]
    """For modify: other words for the agents."""
    amount_usd: NotRequired[Union[float, None]]
    """For modify: another amount in US dollars."""
    project: NotRequired[bool]
    """For grant: for every mission in this repository, not for its mission alone."""
    first: NotRequired[Union[int, None]]
    """For grant: every command that begins with so many of its words; else this command alone."""
    uses: NotRequired[Union[int, None]]
    """For grant: how often."""
    lasts: NotRequired[Union[str, None]]
    """For grant: how long, such as 8h."""
    hold: NotRequired[bool]
    """It takes effect after the undo window only, and can be taken back until then."""


# What is answered.
Answer: TypeAlias = "Union[Literal[\"approve\"], Literal[\"modify\"], Literal[\"reject\"], Literal[\"retry\"], Literal[\"grant\"]]"

class IncidentPage(TypedDict):
    """A page of a list."""

    items: List[Incident]
    """Newest first."""
    next: NotRequired[Union[str, None]]
    """What `before` is on the next page; null: this was the last one."""


class Incident(TypedDict):
    """An incident as it stands."""

    incident: str
    """Its name, such as I-7."""
    severity: str
    """P0 to P4."""
    phase: str
    """Where it stands, such as `investigating` or `needs_human`."""
    over: bool
    """Whether it is over."""
    needs: NotRequired[Union[str, None]]
    """What a person must know, where only a person can go on."""
    service: str
    """The service."""
    env: str
    """And where that runs."""
    signal: str
    """Kind of the signal, such as `http.down`."""
    title: str
    """In one line."""
    fingerprint: str
    """What makes it the same one."""
    count: int
    """How often it was seen."""
    affected: int
    """How many users were hit."""
    firing: bool
    """Whether it is so now."""
    first_seen: str
    """When it was first seen, RFC 3339 in UTC."""
    last_seen: str
    """And last."""
    opened: NotRequired[Union[str, None]]
    """Since when it is confirmed."""
    diagnosis: NotRequired[Union[Diagnosis, None]]
    """What lies behind it."""
    request: NotRequired[Union[str, None]]
    """The request that waits for a person."""
    happens_by_itself: NotRequired[Union[str, None]]
    """When it is approved by itself unless somebody says no before."""
    mission: NotRequired[Union[str, None]]
    """The mission that works on it."""
    attempts: List[Attempt]
    """What was tried."""
    spent_usd: float
    """Spent on finding out."""
    timeline: NotRequired[Union[List[Moment], None]]
    """What happened, oldest first; only where one incident is asked for."""


class Diagnosis(TypedDict):
    """What lies behind an incident."""

    grade: str
    """A (proven), B or C."""
    confidence: NotRequired[Union[int, None]]
    """0 to 100, if anybody said."""
    cause: str
    """The cause, in words."""
    object: str
    """What it is about."""
    plan: List[str]
    """What would be done, a line each."""
    evidence: List[str]
    """The evidence, a line each."""
    gaps: List[str]
    """What could not be found out."""


class Attempt(TypedDict):
    """A remedy that was tried."""

    number: int
    """From 1."""
    remedy: str
    """What was done."""
    began: str
    """Since when."""
    outcome: NotRequired[Union[str, None]]
    """What came of it, such as `helped`; null: it is at work."""


class Moment(TypedDict):
    """Something that happened."""

    at: str
    """When, RFC 3339 in UTC."""
    words: str
    """What."""


class Quiet(TypedDict):
    """How long and why."""

    lasts: NotRequired[Union[str, None]]
    """How long, such as 2h; seven days at most."""
    reason: str
    """Why: whoever comes next wants to know. At most 4 KiB."""
    maintenance: NotRequired[bool]
    """Announced work rather than a nuisance."""


class Control(TypedDict):
    """How the house stands."""

    state: str
    """`running`, `paused` or `stopped`."""
    reason: NotRequired[Union[str, None]]
    """Why it does not run."""
    level: int
    """How much happens alone, 1 to 3."""
    until: NotRequired[Union[str, None]]
    """Until when a level holds that was just set and that the settings do not say, in words; null: for good."""
    seq: int
    """The last journal entry that this is as of."""


class Level(TypedDict):
    """How much happens alone."""

    level: int
    """1 monitor only, 2 low-risk fixes alone, 3 full autonomy."""


class Scan(TypedDict):
    """What probes saw."""

    well: bool
    """Whether every probe could look and found all well."""
    readings: List[Reading]
    """Each reading."""


class Reading(TypedDict):
    """What one probe read."""

    probe: str
    """The probe."""
    service: str
    """The service that it watches."""
    kind: str
    """`check`, `sample`, `blind`, `lines`, `lost` or `alarm`."""
    ok: bool
    """Whether it is well."""
    words: str
    """In one line."""
    value: NotRequired[Union[float, None]]
    """The number, of a sample."""


class ScanRequest(TypedDict):
    """Which probes look."""

    probe: NotRequired[Union[str, None]]
    """Only this one; else all."""


class Settings(TypedDict):
    """Every setting."""

    settings: List[Setting]
    """By group, as the settings screen shows them."""
    files: List[SettingsFile]
    """Files that a value can be written to."""
    notes: List[str]
    """What the files have to say, such as ignored values."""


class Setting(TypedDict):
    """One setting."""

    key: str
    """Such as `budget.daily_usd`."""
    value: NotRequired[Union[str, None]]
    """As TOML; null: not set. Of a vendor's key: where it comes from and whether it is there."""
    built_in: NotRequired[Union[str, None]]
    """The built-in value as TOML."""
    layer: str
    """Who set it: `built_in`, `user`, `repository`, `file`, `environment` or `flag`."""
    place: NotRequired[Union[str, None]]
    """The file, the variable or the flag."""
    line: NotRequired[Union[int, None]]
    """The line in the file, from 1."""
    form: str
    """What is expected, in words."""
    meaning: str
    """What it means."""
    from_afar: bool
    """Whether it can be changed from afar."""
    secret: bool
    """Whether the value tells where a secret is, and nothing of it."""


class SettingsFile(TypedDict):
    """A file of settings."""

    layer: str
    """`user`, `repository` or `file`."""
    path: str
    """Where it is."""


class SettingChanged(TypedDict):
    """What a change came to."""

    words: str
    """In words: the value that holds now, and from when."""


class SettingChange(TypedDict):
    """A change."""

    key: str
    """Such as `budget.daily_usd`."""
    value: NotRequired[Union[str, None]]
    """Bare words, or TOML; null: out of the file, so that the layer below it holds."""
    file: NotRequired[SettingsLayer]
    """In which file."""


# A file of settings by its layer.
SettingsLayer: TypeAlias = "Union[Literal[\"user\"], Literal[\"repository\"], Literal[\"file\"]]"

class LoginVendors(TypedDict):
    """Vendors by which somebody can log in."""

    via: List[LoginVendor]
    """None: by nobody."""


# Who says who somebody is.
LoginVendor: TypeAlias = "Union[Literal[\"github\"], Literal[\"google\"]]"

class Login(TypedDict):
    """What the person must do."""

    login: str
    """Its name: who knows it gets the token. Keep it to yourself."""
    code: str
    """What the person types."""
    address: str
    """On which page."""
    pause: int
    """Seconds between two questions of what came of it."""
    lasts: int
    """Seconds until it is over."""


class LoginRequest(TypedDict):
    """Which vendor."""

    via: LoginVendor
    """Who is to say who it is."""


class LoginState(TypedDict):
    """What came of it."""

    done: bool
    """Whether there is a token."""
    pause: int
    """Seconds until it may be asked again, where there is none yet."""
    token: NotRequired[Union[str, None]]
    """The token: told this once."""
    name: NotRequired[Union[str, None]]
    """As whom what is done with it is recorded."""
    role: NotRequired[Union[str, None]]
    """What it may do."""
    expires: NotRequired[Union[str, None]]
    """When it ends, RFC 3339 in UTC."""


class JournalRange(TypedDict):
    """Entries, and where the next ones begin."""

    entries: List[JournalEntry]
    """In the order asked for."""
    next: NotRequired[Union[int, None]]
    """What `from` (or `before`, where that was asked) is for the next ones; null: there were no more."""
    last: int
    """The last entry of the journal."""


class JournalEntry(TypedDict):
    """One entry."""

    seq: int
    """Where in the journal, from 1."""
    at: str
    """When, RFC 3339 in UTC."""
    actor: str
    """Who: `person:ada`, `policy`, `engine`, `agent:M-1/T-2`, `investigator:I-7`."""
    kind: str
    """What kind, such as `mission.opened`."""
    mission: NotRequired[Union[str, None]]
    """Of which mission."""
    event: Any
    """What, in the engine's own form."""
    prev: str
    """SHA-256 of the record before it."""
    hash: str
    """SHA-256 of its own record."""


class JournalProof(TypedDict):
    """That an entry stands in the journal, as `chimera audit prove` says it. Records are texts, exactly as they are hashed."""

    kind: str
    """`audit_proof`."""
    seq: int
    """The entry's number."""
    head: str
    """SHA-256 of the journal's last record: to be compared with one that was seen elsewhere."""
    entry: str
    """The entry's record."""
    checkpoint: NotRequired[Union[str, None]]
    """The checkpoint that covers it; null: none does yet."""
    later: List[str]
    """The checkpoints after that one: each names the one before it in `past`."""
    tail: List[str]
    """The records from there to the head: each names the one before it in `prev`."""
    commands: str
    """All of it as commands for a POSIX shell, each with what it must print."""


class Snapshot(TypedDict):
    """The state, and what is not in it."""

    version: int
    """Of this form and of that of `/api/events`."""
    program: str
    """The program that made it."""
    seq: int
    """The last entry that is in it: `/api/events?after=` this goes on."""
    journal: NotRequired[Union[str, None]]
    """SHA-256 of the journal's first record: which journal this is."""
    repo: NotRequired[Union[str, None]]
    """The repository that it works in."""
    teams: Any
    """Teams that can race here, in the engine's own form."""
    probes: Any
    """How probes do, in the engine's own form."""
    state: Any
    """In the engine's own form."""


class FeedPiece(TypedDict):
    """What one event holds."""

    lost: int
    """Items that were gone before they could be sent."""
    items: List[FeedItem]
    """Oldest first."""


# One thing that an agent streamed.
FeedItem: TypeAlias = "Union[Dict[str, Any], Dict[str, Any], Dict[str, Any], Dict[str, Any], Dict[str, Any], Dict[str, Any], Dict[str, Any], Dict[str, Any]]"

class PreviewAsked(TypedDict):
    """What was asked for."""

    mission: str
    """Of which mission."""
    team: int
    """Of which team, by its number."""


class PreviewPiece(TypedDict):
    """What one event tells."""

    preview: NotRequired[Union[Preview, None]]
    """How it stands; null: as the event before told."""
    tail: str
    """The program's last words."""


class Preview(TypedDict):
    """How one stands."""

    attempt: int
    """Which of the team's candidates runs; 0: none."""
    stage: PreviewStage
    """How it stands."""
    why: NotRequired[Union[str, None]]
    """Why it failed or was ended."""
    url: str
    """Where it answers, on the daemon's machine alone; empty before there is a port."""
    answer: NotRequired[Union[PreviewAnswer, None]]
    """What its page answered."""
    photo: NotRequired[Union[PreviewPhoto, None]]
    """How the page looks, once somebody has asked for a photo."""


# `starting`, `up` (it answers), `failed` (it ended or never answered) or `gone` (it was ended).
PreviewStage: TypeAlias = "Union[Literal[\"starting\"], Literal[\"up\"], Literal[\"failed\"], Literal[\"gone\"]]"

class PreviewAnswer(TypedDict):
    """One answer to a request for the page."""

    status: int
    """Status code."""
    bytes: int
    """Bytes of the body that were read."""
    latency_ms: int
    """Milliseconds to the end of the body."""
    media_type: str
    """Media type as it was sent; empty if none was."""
    title: str
    """The page's title; empty if it has none."""
    text: str
    """The page as text, at most 64 KiB."""


class PreviewPhoto(TypedDict):
    """A photo that was taken, or could not be."""

    width: int
    """Pixels from left to right."""
    height: int
    """Pixels from top to bottom."""
    digest: NotRequired[Union[str, None]]
    """SHA-256 of the PNG; null: there is none."""
    why: NotRequired[Union[str, None]]
    """Why there is none."""


class PhotoRequest(TypedDict):
    """How large a page is photographed, in pixels."""

    width: int
    """From left to right."""
    height: int
    """From top to bottom."""


class CommandReceipt(TypedDict):
    """What it brought about."""

    seq: int
    """Last journal entry of it."""
    events: List[Any]
    """What happened, in the engine's own form."""


class Command(TypedDict):
    """A command."""

    version: int
    """Of this form: that of the snapshot."""
    command: Any
    """In the engine's own form."""


class Kept(TypedDict):
    """A blob that was kept."""

    digest: str
    """SHA-256 of it: its name."""
    bytes: int
    """How long it is."""


class Delivered(TypedDict):
    """What came of a payload."""

    signals: int
    """Alarms that were taken in; they are in the journal, or counted with the same ones of the last seconds."""
    problems: List[str]
    """Parts that could not be read, each with its field."""
    passed_over: NotRequired[Union[str, None]]
    """Why there was no alarm in it, where that is as it should be."""
    challenge: NotRequired[Union[str, None]]
    """What Slack wants to hear back."""


class Health(TypedDict):
    """Missions as tasks, in numbers."""

    status: str
    """`ok`, `paused` or `stopped`."""
    uptime: int
    """Seconds since the network face was opened."""
    tasks_queued: int
    """Missions that wait for a place in the pool."""
    tasks_running: int
    """Missions that have one, those that wait for a person included."""
    tasks_completed: int
    """Missions that landed since the journal began."""
    tasks_failed: int
    """Missions that failed or ran out of budget since the journal began and were not tried again."""


# Any JSON object.
Document: TypeAlias = "Any"

class Event(TypedDict):
    """An entry of the journal, as `Client.events` tells it."""

    version: int
    seq: int
    """Its number: `events(after=seq)` goes on right after it."""
    at: int
    """Milliseconds since 1970."""
    actor: str
    kind: str
    mission: Optional[int]
    event: Any


class ChimeraError(Exception):
    """What did not work, as the daemon says it."""

    def __init__(self, status: int, problem: Dict[str, Any]) -> None:
        self.status = status
        self.type = str(problem.get("type", "about:blank"))
        self.title = str(problem.get("title", ""))
        self.detail = str(problem.get("detail", ""))
        self.hint = str(problem.get("hint", ""))
        super().__init__(f"{status} {self.title}: {self.detail}; {self.hint}")


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Client:
    """One daemon. Each call is a connection of its own: threads may share a client."""

    def __init__(
        self,
        url: str = "",
        token: Optional[str] = None,
        *,
        socket_path: Optional[str] = None,
        timeout: float = 70.0,
        context: Optional[ssl.SSLContext] = None,
    ) -> None:
        """`url` such as https://host:7341 with a token of `chimera token create`, or the path of a unix socket.

        `context` says whom to trust where the certificate is the daemon's own.
        """
        parts = urllib.parse.urlsplit(url)
        if socket_path is None and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError(f"{url!r} is no http:// or https:// address")
        self._parts, self._token, self._socket = parts, token, socket_path
        self._timeout, self._context = timeout, context

    @classmethod
    def unix(cls, path: str, *, timeout: float = 70.0) -> Client:
        """A daemon on this machine, by its socket."""
        return cls(socket_path=path, timeout=timeout)

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        if self._socket is not None:
            return _UnixConnection(self._socket, timeout)
        host, port = str(self._parts.hostname), self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=timeout, context=self._context)
        return http.client.HTTPConnection(host, port, timeout=timeout)

    def _ask(
        self,
        line: http.client.HTTPConnection,
        method: str,
        path: str,
        query: Dict[str, Any],
        body: Optional[Tuple[str, bytes]],
        headers: Dict[str, str],
    ) -> http.client.HTTPResponse:
        asked = {name: _word(value) for name, value in query.items() if value is not None}
        if asked:
            path = f"{path}?{urllib.parse.urlencode(asked)}"
        if self._token is not None:
            headers = {**headers, "authorization": f"Bearer {self._token}"}
        if body is not None:
            headers = {**headers, "content-type": body[0]}
        line.request(method, path, body=None if body is None else body[1], headers=headers)
        answer = line.getresponse()
        if answer.status < 400:
            return answer
        text = answer.read()
        try:
            problem = json.loads(text)
        except ValueError:
            problem = {"title": answer.reason, "detail": text[:200].decode("utf-8", "replace")}
        raise ChimeraError(answer.status, problem if isinstance(problem, dict) else {"detail": str(problem)})

    def _call(
        self,
        method: str,
        path: str,
        query: Optional[Dict[str, Any]] = None,
        body: Optional[Tuple[str, bytes]] = None,
        key: Optional[str] = None,
    ) -> bytes:
        line = self._connect(self._timeout)
        try:
            headers = {} if key is None else {"idempotency-key": key}
            return self._ask(line, method, path, query or {}, body, headers).read()
        finally:
            line.close()

    def _stream(self, path: str, after: int, quiet: float) -> Iterator[Tuple[str, Optional[str], str]]:
        """Events of a stream: type, id, data. Ends when the line does."""
        line = self._connect(quiet)
        try:
            headers = {"accept": "text/event-stream", "last-event-id": str(after)}
            answer = self._ask(line, "GET", path, {}, None, headers)
            kind, name, data = "message", None, []  # type: str, Optional[str], List[str]
            while True:
                raw = answer.readline()
                if not raw:
                    return
                text = raw.decode("utf-8", "replace").rstrip("\r\n")
                field, _, value = text.partition(":")
                value = value[1:] if value.startswith(" ") else value
                if not text:
                    if data:
                        yield kind, name, "\n".join(data)
                    kind, name, data = "message", None, []
                elif field == "event":
                    kind = value
                elif field == "id":
                    name = value
                elif field == "data":
                    data.append(value)
        finally:
            line.close()

    def events(self, after: Optional[int] = None, *, pause: float = 1.0) -> Iterator[Event]:
        """Everything that happens, each entry once and in order: after this entry, or from now on.

        Goes on where it was when the line is lost or the daemon starts again; a refusal ends it.
        """
        if after is None:
            after = int(json.loads(self._call("GET", "/api/control"))["seq"])
        while True:
            try:
                # A comment every 15 s shows that the line is alive.
                for kind, name, data in self._stream("/api/events", after, 45.0):
                    if kind == "message" and name is not None:
                        after = int(name)
                        yield json.loads(data)
            except (OSError, http.client.HTTPException):
                pass
            except ChimeraError as refused:
                if refused.status < 500:
                    raise
            time.sleep(pause)


    def list_missions(
        self,
        *,
        before: Optional[str] = None,
        status: Optional[str] = None,
        kind: Optional[str] = None,
        most: Optional[int] = None,
    ) -> MissionPage:
        """Missions, newest first."""
        answer: MissionPage = json.loads(self._call("GET", "/api/missions", query={"before": before, "status": status, "kind": kind, "most": most}))
        return answer

    def open_mission(
        self,
        body: Brief,
        *,
        key: Optional[str] = None,
    ) -> Mission:
        """Give a brief: a mission is opened.

        The same `key` does it once; without one each call has its own.
        """
        answer: Mission = json.loads(self._call("POST", "/api/missions", body=_json(body), key=key or str(uuid.uuid4())))
        return answer

    def get_mission(
        self,
        mission: str,
    ) -> Mission:
        """One mission as it stands."""
        answer: Mission = json.loads(self._call("GET", f"/api/missions/{_part(mission)}"))
        return answer

    def cancel_mission(
        self,
        mission: str,
        body: Reason,
        *,
        key: Optional[str] = None,
    ) -> Mission:
        """End a mission.

        The same `key` does it once; without one each call has its own.
        """
        answer: Mission = json.loads(self._call("POST", f"/api/missions/{_part(mission)}/cancel", body=_json(body), key=key or str(uuid.uuid4())))
        return answer

    def retry_mission(
        self,
        mission: str,
        body: Reason,
        *,
        key: Optional[str] = None,
    ) -> Mission:
        """Let a failed or rejected mission try again, with this in mind.

        The same `key` does it once; without one each call has its own.
        """
        answer: Mission = json.loads(self._call("POST", f"/api/missions/{_part(mission)}/retry", body=_json(body), key=key or str(uuid.uuid4())))
        return answer

    def list_tasks(
        self,
        *,
        before: Optional[str] = None,
        status: Optional[str] = None,
        most: Optional[int] = None,
    ) -> TaskPage:
        """Tasks, newest first."""
        answer: TaskPage = json.loads(self._call("GET", "/api/tasks", query={"before": before, "status": status, "most": most}))
        return answer

    def submit_task(
        self,
        body: NewTask,
        *,
        key: Optional[str] = None,
    ) -> Taken:
        """Submit a feature: its end-to-end test comes first, and it ends in staging.

        The same `key` does it once; without one each call has its own.
        """
        answer: Taken = json.loads(self._call("POST", "/api/tasks", body=_json(body), key=key or str(uuid.uuid4())))
        return answer

    def get_task(
        self,
        task: str,
    ) -> Task:
        """One task as it stands, with what has come of it."""
        answer: Task = json.loads(self._call("GET", f"/api/tasks/{_part(task)}"))
        return answer

    def cancel_task(
        self,
        task: str,
        body: Reason,
        *,
        key: Optional[str] = None,
    ) -> Task:
        """End a task.

        The same `key` does it once; without one each call has its own.
        """
        answer: Task = json.loads(self._call("POST", f"/api/tasks/{_part(task)}/cancel", body=_json(body), key=key or str(uuid.uuid4())))
        return answer

    def retry_task(
        self,
        task: str,
        body: Reason,
        *,
        key: Optional[str] = None,
    ) -> Task:
        """Let a failed or rejected task try again from where it had come.

        The same `key` does it once; without one each call has its own.
        """
        answer: Task = json.loads(self._call("POST", f"/api/tasks/{_part(task)}/retry", body=_json(body), key=key or str(uuid.uuid4())))
        return answer

    def list_desk(
        self,
        *,
        decided: Optional[bool] = None,
        before: Optional[str] = None,
        kind: Optional[str] = None,
        most: Optional[int] = None,
    ) -> RequestPage:
        """What waits for a person, newest first."""
        answer: RequestPage = json.loads(self._call("GET", "/api/desk", query={"decided": decided, "before": before, "kind": kind, "most": most}))
        return answer

    def get_request(
        self,
        request: str,
    ) -> Request:
        """One request with everything to decide it."""
        answer: Request = json.loads(self._call("GET", f"/api/desk/{_part(request)}"))
        return answer

    def decide_request(
        self,
        request: str,
        body: Decision,
        *,
        key: Optional[str] = None,
    ) -> DecisionReceipt:
        """Decide it, on the revision that was seen; 409 where it has changed since.

        The same `key` does it once; without one each call has its own.
        """
        answer: DecisionReceipt = json.loads(self._call("POST", f"/api/desk/{_part(request)}/decision", body=_json(body), key=key or str(uuid.uuid4())))
        return answer

    def undo_decision(
        self,
        request: str,
        *,
        key: Optional[str] = None,
    ) -> DecisionReceipt:
        """Take back a decision that has not taken effect.

        The same `key` does it once; without one each call has its own.
        """
        answer: DecisionReceipt = json.loads(self._call("POST", f"/api/desk/{_part(request)}/undo", key=key or str(uuid.uuid4())))
        return answer

    def list_incidents(
        self,
        *,
        all: Optional[bool] = None,
        before: Optional[str] = None,
        severity: Optional[str] = None,
        phase: Optional[str] = None,
        service: Optional[str] = None,
        most: Optional[int] = None,
    ) -> IncidentPage:
        """Incidents, newest first; those that go on unless all are asked for."""
        answer: IncidentPage = json.loads(self._call("GET", "/api/incidents", query={"all": all, "before": before, "severity": severity, "phase": phase, "service": service, "most": most}))
        return answer

    def get_incident(
        self,
        incident: str,
    ) -> Incident:
        """One incident as it stands."""
        answer: Incident = json.loads(self._call("GET", f"/api/incidents/{_part(incident)}"))
        return answer

    def silence_incident(
        self,
        incident: str,
        body: Quiet,
        *,
        key: Optional[str] = None,
    ) -> Incident:
        """Its cause wakes nobody for a while.

        The same `key` does it once; without one each call has its own.
        """
        answer: Incident = json.loads(self._call("POST", f"/api/incidents/{_part(incident)}/silence", body=_json(body), key=key or str(uuid.uuid4())))
        return answer

    def resolve_incident(
        self,
        incident: str,
        body: Reason,
        *,
        key: Optional[str] = None,
    ) -> Incident:
        """A person says that it is over.

        The same `key` does it once; without one each call has its own.
        """
        answer: Incident = json.loads(self._call("POST", f"/api/incidents/{_part(incident)}/resolve", body=_json(body), key=key or str(uuid.uuid4())))
        return answer

    def investigate_incident(
        self,
        incident: str,
        *,
        key: Optional[str] = None,
    ) -> Incident:
        """Look into it again.

        The same `key` does it once; without one each call has its own.
        """
        answer: Incident = json.loads(self._call("POST", f"/api/incidents/{_part(incident)}/investigate", key=key or str(uuid.uuid4())))
        return answer

    def get_control(
        self,
    ) -> Control:
        """How the house stands."""
        answer: Control = json.loads(self._call("GET", "/api/control"))
        return answer

    def pause(
        self,
        body: Reason,
        *,
        key: Optional[str] = None,
    ) -> Control:
        """Start nothing new; what runs goes on to its next turn.

        The same `key` does it once; without one each call has its own.
        """
        answer: Control = json.loads(self._call("POST", "/api/control/pause", body=_json(body), key=key or str(uuid.uuid4())))
        return answer

    def resume(
        self,
        *,
        key: Optional[str] = None,
    ) -> Control:
        """Go on after a pause or a stop.

        The same `key` does it once; without one each call has its own.
        """
        answer: Control = json.loads(self._call("POST", "/api/control/resume", key=key or str(uuid.uuid4())))
        return answer

    def stop(
        self,
        body: Reason,
        *,
        key: Optional[str] = None,
    ) -> Control:
        """Kill switch: start nothing, end everything in flight.

        The same `key` does it once; without one each call has its own.
        """
        answer: Control = json.loads(self._call("POST", "/api/control/stop", body=_json(body), key=key or str(uuid.uuid4())))
        return answer

    def set_level(
        self,
        body: Level,
        *,
        key: Optional[str] = None,
    ) -> Control:
        """Set how much happens alone, at once; written to the settings that the daemon was started with.

        The same `key` does it once; without one each call has its own.
        """
        answer: Control = json.loads(self._call("POST", "/api/control/level", body=_json(body), key=key or str(uuid.uuid4())))
        return answer

    def scan(
        self,
        body: ScanRequest,
    ) -> Scan:
        """Let every probe look once, now; leaves no trace."""
        answer: Scan = json.loads(self._call("POST", "/api/control/scan", body=_json(body)))
        return answer

    def get_settings(
        self,
    ) -> Settings:
        """Every setting, who set it, and the files they stand in."""
        answer: Settings = json.loads(self._call("GET", "/api/settings"))
        return answer

    def change_setting(
        self,
        body: SettingChange,
        *,
        key: Optional[str] = None,
    ) -> SettingChanged:
        """Change a setting that rules at once, in its file.

        The same `key` does it once; without one each call has its own.
        """
        answer: SettingChanged = json.loads(self._call("POST", "/api/settings", body=_json(body), key=key or str(uuid.uuid4())))
        return answer

    def get_login_vendors(
        self,
    ) -> LoginVendors:
        """Vendors by which somebody can log in."""
        answer: LoginVendors = json.loads(self._call("GET", "/api/login"))
        return answer

    def begin_login(
        self,
        body: LoginRequest,
    ) -> Login:
        """Begin a login: the person types a code on the vendor's page."""
        answer: Login = json.loads(self._call("POST", "/api/login", body=_json(body)))
        return answer

    def finish_login(
        self,
        login: str,
    ) -> LoginState:
        """What came of a login; where it is done, the token, once."""
        answer: LoginState = json.loads(self._call("POST", f"/api/login/{_part(login)}"))
        return answer

    def list_journal(
        self,
        *,
        from_: Optional[int] = None,
        before: Optional[int] = None,
        kind: Optional[str] = None,
        mission: Optional[str] = None,
        since: Optional[str] = None,
        until: Optional[str] = None,
        most: Optional[int] = None,
    ) -> JournalRange:
        """What has happened, by range, kind and mission."""
        answer: JournalRange = json.loads(self._call("GET", "/api/journal", query={"from": from_, "before": before, "kind": kind, "mission": mission, "since": since, "until": until, "most": most}))
        return answer

    def prove_entry(
        self,
        *,
        seq: Optional[int] = None,
    ) -> JournalProof:
        """The proof that an entry stands in the journal, checked with nothing but SHA-256; that of the first entry has every checkpoint."""
        answer: JournalProof = json.loads(self._call("GET", "/api/journal/proof", query={"seq": seq}))
        return answer

    def get_snapshot(
        self,
    ) -> Snapshot:
        """The state at one journal entry, in the engine's own form, to be folded on with /api/events."""
        answer: Snapshot = json.loads(self._call("GET", "/api/snapshot"))
        return answer

    def begin_preview(
        self,
        mission: str,
        team: str,
    ) -> PreviewAsked:
        """Run a team's newest candidate until nobody has followed it for 5 seconds; where it runs, ask for its page again."""
        answer: PreviewAsked = json.loads(self._call("POST", f"/api/previews/{_part(mission)}/{_part(team)}"))
        return answer

    def end_preview(
        self,
        mission: str,
        team: str,
    ) -> PreviewAsked:
        """End it, whoever looks at it."""
        answer: PreviewAsked = json.loads(self._call("POST", f"/api/previews/{_part(mission)}/{_part(team)}/end"))
        return answer

    def photograph_preview(
        self,
        mission: str,
        team: str,
        body: PhotoRequest,
    ) -> PreviewAsked:
        """Photograph its page in this size, now and whenever it is asked for again."""
        answer: PreviewAsked = json.loads(self._call("POST", f"/api/previews/{_part(mission)}/{_part(team)}/photo", body=_json(body)))
        return answer

    def get_preview_photo(
        self,
        mission: str,
        team: str,
    ) -> bytes:
        """The last photo of its page, a PNG."""
        return self._call("GET", f"/api/previews/{_part(mission)}/{_part(team)}/photo")

    def give_command(
        self,
        body: Command,
        *,
        key: Optional[str] = None,
    ) -> CommandReceipt:
        """Give any command of a person, in the engine's own form.

        The same `key` does it once; without one each call has its own.
        """
        answer: CommandReceipt = json.loads(self._call("POST", "/api/commands", body=_json(body), key=key or str(uuid.uuid4())))
        return answer

    def get_blob(
        self,
        digest: str,
    ) -> bytes:
        """What is named by its SHA-256: a patch, an output, a transcript."""
        return self._call("GET", f"/api/blobs/{_part(digest)}")

    def keep_blob(
        self,
        body: bytes,
    ) -> Kept:
        """Keep bytes by their content, to name them in a command; at most 16 MiB."""
        answer: Kept = json.loads(self._call("POST", "/api/blobs", body=("application/octet-stream", body)))
        return answer

    def deliver(
        self,
        name: str,
        body: bytes,
    ) -> Delivered:
        """Deliver a payload of Alertmanager, Sentry, GitHub, Vercel, Slack, Stripe or anything else to a probe of type webhook."""
        answer: Delivered = json.loads(self._call("POST", f"/api/hooks/{_part(name)}", body=("application/json", body)))
        return answer

    def get_health(
        self,
    ) -> Health:
        """How many missions wait, run and ended."""
        answer: Health = json.loads(self._call("GET", "/health"))
        return answer

    def get_liveness(
        self,
    ) -> str:
        """`ok` while the daemon answers."""
        return self._call("GET", "/livez").decode("utf-8")

    def get_readiness(
        self,
    ) -> str:
        """`ok` while orders are taken; 503 otherwise."""
        return self._call("GET", "/readyz").decode("utf-8")

    def get_metrics(
        self,
    ) -> str:
        """The numbers of the house in Prometheus' text format."""
        return self._call("GET", "/metrics").decode("utf-8")

    def get_document(
        self,
    ) -> Document:
        """This document: OpenAPI 3.1."""
        answer: Document = json.loads(self._call("GET", "/api/openapi.json"))
        return answer

def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _json(value: Any) -> Tuple[str, bytes]:
    return "application/json", json.dumps(value).encode("utf-8")


def _part(value: Any) -> str:
    return urllib.parse.quote(str(value), safe="")
