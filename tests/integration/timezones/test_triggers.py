"""The ledger on a real Postgres: planned once, run under a lease, tried again, given up, missed by policy."""

import asyncio
import hashlib
import hmac
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.integration.live import eventually, running
from tests.integration.receiver import receiving
from tests.integration.timezones.conftest import insert, rows
from tests.servers import Database
from thor_web.timezones.interface import world_clock
from thor_web.timezones.services.actions import Action, ActionError, alert_action, command_action, webhook_action
from thor_web.timezones.services.calendar_file import DayException
from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.executor import Executor
from thor_web.timezones.services.ledger import Claim, Ledger, PlannedRun
from thor_web.timezones.services.planner import Planner
from thor_web.timezones.services.timekeeping import SimulatedTime
from thor_web.timezones.services.trigger_loop import TriggerLoop

OPEN = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
RUNS = "SELECT state, attempts, reason, result FROM timezones_triggerrun ORDER BY due_at"


async def add_trigger(connection: psycopg.AsyncConnection, **fields: Any) -> int:
    known: dict[str, Any] = {
        "name": "a trigger",
        "market": "NYSE",
        "condition": "open",
        "phase": "",
        "offset_s": 0,
        "action": "note",
        "parameters": {},
        "grace_s": 60,
        "misfire": "run_once",
        "max_attempts": 3,
        "timeout_s": 60,
        "enabled": True,
        "watermark": OPEN - timedelta(minutes=1),
        "author": "",
        "changed_at": OPEN,
    }
    return await insert(connection, "trigger", **(known | fields))


async def due_run(connection: psycopg.AsyncConnection, **fields: Any) -> None:
    """One trigger whose occurrence is in the ledger, to be run."""
    number = await add_trigger(connection, **fields)
    await Ledger(connection).plan([PlannedRun(number, OPEN, date(2026, 11, 24), "due")], [number], OPEN)


def noting(seen: list[str]) -> Action:
    async def note(claim: Claim) -> str:
        seen.append(claim.key)
        return "noted"

    return note


async def run_once(connection: psycopg.AsyncConnection, actions: dict[str, Action], owner: str = "me") -> None:
    executor = Executor(Ledger(connection), actions, owner=owner)
    await executor.run_due(OPEN)
    await executor.drain()


async def test_two_copies_on_a_simulated_clock_run_each_occurrence_once(
    database: Database, connection: psycopg.AsyncConnection
) -> None:
    await add_trigger(connection, name="open")
    await add_trigger(connection, name="before the close", condition="close", offset_s=-300)
    seen: list[str] = []
    clock = Clock({"NYSE": world_clock().market("NYSE")})
    timekeeper = SimulatedTime(OPEN - timedelta(seconds=30), speed=7_200)
    loops = [
        TriggerLoop(database.conninfo, clock, timekeeper, {"note": noting(seen)}, owner=f"copy {number}")
        for number in range(2)
    ]
    async with running(loops[0].run()), running(loops[1].run()):
        await eventually(lambda: rows(connection, RUNS), lambda found: [row[0] for row in found] == ["done"] * 2)
    due = await rows(connection, "SELECT due_at, session_date FROM timezones_triggerrun ORDER BY due_at")
    assert due == [
        (OPEN, date(2026, 11, 24)),
        (datetime(2026, 11, 24, 20, 55, tzinfo=UTC), date(2026, 11, 24)),
    ]
    assert len(seen) == len(set(seen)) == 2


async def test_a_changed_trigger_and_an_override_are_taken_up_at_once(
    database: Database, connection: psycopg.AsyncConnection
) -> None:
    clock = Clock({"NYSE": world_clock().market("NYSE")})
    await add_trigger(connection, condition="close", watermark=OPEN)
    planner = Planner(Ledger(connection), clock)
    await planner.load()
    assert planner.next_due() == int(datetime(2026, 11, 24, 21, tzinfo=UTC).timestamp())
    day = date(2026, 11, 24)
    clock.put("NYSE", overrides={day: DayException(day, None, "Storm", "ann", is_override=True)})
    await planner.plan(OPEN + timedelta(seconds=1))
    assert planner.next_due() == int(datetime(2026, 11, 25, 21, tzinfo=UTC).timestamp())
    await connection.execute("UPDATE timezones_trigger SET enabled = false")
    await planner.load()
    assert planner.next_due() is None


async def test_what_was_due_while_nobody_lived_goes_by_the_policy(connection: psycopg.AsyncConnection) -> None:
    for misfire in ("run_once", "run_all", "skip"):
        await add_trigger(connection, name=misfire, misfire=misfire, watermark=OPEN - timedelta(days=6))
    planner = Planner(Ledger(connection), world_clock())
    await planner.load()
    await planner.plan(OPEN + timedelta(hours=1))
    found = await rows(
        connection,
        "SELECT t.name, array_agg(r.state ORDER BY r.due_at) FROM timezones_triggerrun r"
        " JOIN timezones_trigger t ON t.id = r.trigger_id GROUP BY t.name ORDER BY t.name",
    )
    assert found == [
        ("run_all", ["due"] * 4),
        ("run_once", ["missed"] * 3 + ["due"]),
        ("skip", ["missed"] * 4),
    ]
    before = await rows(connection, RUNS)
    again = Planner(Ledger(connection), world_clock())
    await again.load()
    await again.plan(OPEN + timedelta(hours=1))
    assert await rows(connection, RUNS) == before


async def test_a_failed_run_is_tried_again_and_then_given_up(connection: psycopg.AsyncConnection) -> None:
    async def fail(claim: Claim) -> str:
        raise ActionError(f"attempt {claim.attempts} failed")

    await due_run(connection, max_attempts=2)
    await run_once(connection, {"note": fail})
    assert (await rows(connection, RUNS))[0][:3] == ("due", 1, "attempt 1 failed")
    await run_once(connection, {"note": fail})
    assert (await rows(connection, RUNS))[0][1] == 1, "not before its pause is over"
    await connection.execute("UPDATE timezones_triggerrun SET not_before = now()")
    await run_once(connection, {"note": fail})
    assert (await rows(connection, RUNS))[0][:3] == ("failed", 2, "attempt 2 failed")


@pytest.mark.parametrize(
    ("actions", "fields", "reason"),
    [
        ({}, {}, "nothing here does 'note'"),
        ({"note": "final"}, {}, "no use"),
        ({"note": "slow"}, {"timeout_s": 0, "max_attempts": 1}, "not done within 0 s"),
        ({"note": "bug"}, {"max_attempts": 1}, "ZeroDivisionError: float division by zero"),
    ],
)
async def test_what_fails_for_good(
    connection: psycopg.AsyncConnection, actions: dict[str, str], fields: dict[str, Any], reason: str
) -> None:
    async def final(_: Claim) -> str:
        raise ActionError("no use", final=True)

    async def slow(_: Claim) -> str:
        await asyncio.sleep(60)
        return "never"

    async def bug(_: Claim) -> str:
        return str(1.0 / 0)

    known: dict[str, Action] = {"final": final, "slow": slow, "bug": bug}
    await due_run(connection, **fields)
    await run_once(connection, {name: known[word] for name, word in actions.items()})
    assert (await rows(connection, RUNS))[0][:3] == ("failed", 1, reason)


async def test_who_lost_the_lease_no_longer_decides(connection: psycopg.AsyncConnection) -> None:
    await due_run(connection)
    ledger = Ledger(connection)
    (mine,) = await ledger.claim("me", most=10, lease_s=30)
    assert await ledger.claim("you", most=10, lease_s=30) == []
    await connection.execute("UPDATE timezones_triggerrun SET lease_until = now() - interval '1 second'")
    (yours,) = await ledger.claim("you", most=10, lease_s=30)
    assert (mine.key, yours.attempts) == (yours.key, 2)
    assert not await ledger.finish(mine, "me", "failed", reason="too late")
    assert await ledger.finish(yours, "you", "done", result="fine")
    assert await rows(connection, RUNS) == [("done", 2, "", "fine")]


async def test_a_run_that_kills_its_process_is_given_up(connection: psycopg.AsyncConnection) -> None:
    await due_run(connection, max_attempts=2)
    ledger, seen = Ledger(connection), list[str]()
    for _ in range(2):
        await ledger.claim("dead", most=1, lease_s=30)
        await connection.execute("UPDATE timezones_triggerrun SET lease_until = now() - interval '1 second'")
    await run_once(connection, {"note": noting(seen)})
    assert (await rows(connection, RUNS))[0][:3] == (
        "failed",
        3,
        "given up after 2 attempts: the last one never came back",
    )
    assert seen == []


async def test_a_command_runs_as_a_process_of_its_own(connection: psycopg.AsyncConnection) -> None:
    shell = command_action(("sh", "-c", 'echo "$THOR_TRIGGER_KEY $*"; test "$1" = export', "sh"))
    await due_run(connection, action="export", parameters={"symbols": ["ES", "YM"]})
    await run_once(connection, {"export": shell})
    ((state, _, _, result),) = await rows(connection, RUNS)
    assert state == "done"
    assert result.endswith("2026-11-24T14:30:00+00:00 export --date 2026-11-24 --symbols ES,YM")
    await connection.execute("DELETE FROM timezones_triggerrun; DELETE FROM timezones_trigger")
    await due_run(connection, action="command", parameters={"name": "check"}, max_attempts=1)
    await run_once(connection, {"command": shell})
    ((state, _, reason, _),) = await rows(connection, RUNS)
    assert state == "failed"
    assert reason.startswith("exit status 1: ")


async def test_a_webhook_is_signed_and_tried_again_under_the_same_key(connection: psycopg.AsyncConnection) -> None:
    async with receiving(503, 200) as receiver, httpx.AsyncClient() as client:
        await due_run(connection, action="webhook", parameters={"url": receiver.url, "body": {"a": 1}})
        hook = webhook_action(client, "a secret")
        await run_once(connection, {"webhook": hook})
        await connection.execute("UPDATE timezones_triggerrun SET not_before = now()")
        await run_once(connection, {"webhook": hook})
        assert await rows(connection, RUNS) == [("done", 2, "", "status 200")]
        (first, _), (second, body) = receiver.requests
    assert first["x-thor-key"] == second["x-thor-key"]
    signed = f"{second['x-thor-timestamp']}.".encode() + body
    assert second["x-thor-signature"] == "v1=" + hmac.new(b"a secret", signed, hashlib.sha256).hexdigest()
    assert json.loads(body) == {
        "trigger": "a trigger",
        "market": "NYSE",
        "due_at": "2026-11-24T14:30:00Z",
        "session_date": "2026-11-24",
        "attempt": 2,
        "body": {"a": 1},
    }


async def test_without_a_secret_no_webhook_is_sent(connection: psycopg.AsyncConnection) -> None:
    async with receiving() as receiver, httpx.AsyncClient() as client:
        await due_run(connection, action="webhook", parameters={"url": receiver.url})
        await run_once(connection, {"webhook": webhook_action(client, "")})
        assert receiver.requests == []
    assert (await rows(connection, RUNS))[0][:3] == ("failed", 1, "WEBHOOK_SECRET is not set")


async def test_an_alert_is_told_once_however_often_it_is_run(
    database: Database, connection: psycopg.AsyncConnection
) -> None:
    await due_run(connection, action="alert", parameters={"title": "Good morning", "severity": "warning"})
    (claim,) = await Ledger(connection).claim("me", most=1, lease_s=30)
    tell = alert_action(database.conninfo)
    assert (await tell(claim), await tell(claim)) == ("told", "told before")
    assert await rows(connection, "SELECT kind, severity, market, title FROM timezones_notification") == [
        ("trigger", "warning", "NYSE", "Good morning")
    ]
