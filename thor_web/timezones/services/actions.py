"""What a trigger may do. Each action gets the claim, whose key is the same for every attempt, and says what it did.

Work that belongs to other rooms runs as a `thor` command in a process of its own: it can be stopped, and nothing here
imports what is above.
"""

import asyncio
import json
import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import httpx
import psycopg

from thor_web.timezones.services.alert_conditions import Notice
from thor_web.timezones.services.ledger import Claim
from thor_web.timezones.services.notices import NoticeBoard
from thor_web.timezones.services.webhook import WebhookError, post_signed

__all__ = [
    "ACTION_NAMES",
    "SEVERITIES",
    "Action",
    "ActionError",
    "alert_action",
    "checked_parameters",
    "command_action",
    "webhook_action",
]

Action = Callable[[Claim], Awaitable[str]]

ACTION_NAMES: Final = ("export", "backtest", "retention", "alert", "command", "webhook")
SEVERITIES: Final = ("info", "warning", "critical")
KEPT_OUTPUT: Final = 2_000
COMMAND_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
KNOWN_PARAMETERS: Final[Mapping[str, frozenset[str]]] = {
    "export": frozenset({"symbols", "due"}),
    "backtest": frozenset({"arguments"}),
    "retention": frozenset({"arguments"}),
    "alert": frozenset({"title", "text", "severity"}),
    "command": frozenset({"name", "arguments"}),
    "webhook": frozenset({"url", "body"}),
}


class ActionError(Exception):
    """An action did not do its work. A `final` one would fail again the same way."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


def checked_parameters(action: str, parameters: object) -> str | None:
    """What is wrong with the parameters of an action, None where nothing is."""
    if action not in KNOWN_PARAMETERS:
        return f"an action is one of {', '.join(ACTION_NAMES)}"
    if not isinstance(parameters, dict):
        return "parameters are a JSON object"
    unknown = sorted(set(parameters) - KNOWN_PARAMETERS[action])
    words = parameters.get("arguments", parameters.get("symbols", []))
    faults = (
        (bool(unknown), f"{action} knows only {', '.join(sorted(KNOWN_PARAMETERS[action]))}"),
        (not _texts(words), "arguments and symbols are lists of texts"),
        (not isinstance(parameters.get("due", False), bool), "due is true or false"),
        (action == "command" and not _names_command(parameters.get("name")), "name is that of a management command"),
        (
            action == "alert" and parameters.get("severity", "info") not in SEVERITIES,
            "severity is info, warning or critical",
        ),
        (action == "webhook" and not _is_url(parameters.get("url")), "url begins with https:// or http://"),
    )
    return next((fault for wrong, fault in faults if wrong), None)


def _texts(words: object) -> bool:
    return isinstance(words, list) and all(isinstance(word, str) for word in words)


def _names_command(name: object) -> bool:
    return isinstance(name, str) and COMMAND_NAME.fullmatch(name) is not None


def _is_url(url: object) -> bool:
    return isinstance(url, str) and url.startswith(("https://", "http://"))


def command_words(claim: Claim) -> list[str]:
    """The words of the `thor` command that an action stands for. Raises ActionError."""
    fault = checked_parameters(claim.action, claim.parameters)
    if fault:
        raise ActionError(fault, final=True)
    date = claim.session_date.isoformat()
    arguments = [str(word).replace("{session_date}", date) for word in _list(claim.parameters.get("arguments"))]
    if claim.action == "export":
        symbols = [str(symbol) for symbol in _list(claim.parameters.get("symbols"))]
        which = ["--due", "--check"] if claim.parameters.get("due") else ["--date", date]
        return ["export", *which, *(["--symbols", ",".join(symbols)] if symbols else [])]
    if claim.action == "backtest":
        return ["backtest", *arguments]
    if claim.action == "retention":
        return ["retention", *arguments]
    return ["manage", str(claim.parameters["name"]), *arguments]


def command_action(prefix: Sequence[str]) -> Action:
    """An action that runs a `thor` command by its own command line `prefix`."""

    async def run(claim: Claim) -> str:
        process = await asyncio.create_subprocess_exec(
            *prefix,
            *command_words(claim),
            env={**os.environ, "THOR_TRIGGER_KEY": claim.key},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        text = output.decode("utf-8", "replace").strip()[-KEPT_OUTPUT:]
        if process.returncode != 0:
            raise ActionError(f"exit status {process.returncode}: {text}", final=process.returncode == 2)
        return text

    return run


def alert_action(conninfo: str) -> Action:
    """An action that tells whoever looks at the dashboard. The same occurrence is told once."""

    async def run(claim: Claim) -> str:
        title = str(claim.parameters.get("title") or claim.name)
        text = str(claim.parameters.get("text") or f"{claim.market}, session of {claim.session_date}.")
        notice = Notice(
            key=f"trigger:{claim.key}",
            rule_id=None,
            kind="trigger",
            severity=str(claim.parameters.get("severity") or "info"),
            market=claim.market,
            symbol="",
            title=title,
            text=text,
        )
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
            new = await NoticeBoard(connection).enter([notice], ())
        return "told" if new else "told before"

    return run


def webhook_action(client: httpx.AsyncClient, secret: str) -> Action:
    """An action that posts a signed JSON document."""

    async def run(claim: Claim) -> str:
        fault = checked_parameters("webhook", claim.parameters)
        if fault:
            raise ActionError(fault, final=True)
        document = {
            "trigger": claim.name,
            "market": claim.market,
            "due_at": claim.due_at.isoformat().replace("+00:00", "Z"),
            "session_date": claim.session_date.isoformat(),
            "attempt": claim.attempts,
            "body": claim.parameters.get("body"),
        }
        try:
            return await post_signed(
                client, str(claim.parameters["url"]), json.dumps(document).encode(), secret=secret, key=claim.key
            )
        except WebhookError as error:
            raise ActionError(str(error), final=error.final) from error

    return run


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
