"""Commands about where quotes come from: how each provider goes, the Schwab login, the Excel template."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from thor_web.cli.options import Commands, add_state, find_servers, require_core
from thor_web.cli.output import print_json, print_table

if TYPE_CHECKING:
    from collectors.provider_health import ProviderHealth

__all__ = ["register"]

COLUMNS = ("source", "provider", "status", "last event", "age", "rate", "lag", "rejects", "login", "problem")


def register(commands: Commands) -> None:
    providers = commands.add_parser("providers", help="where quotes come from, and how that goes")
    providers.add_argument("--json", action="store_true", help="print one JSON document")
    add_state(providers)
    providers.set_defaults(handler=_providers)

    schwab = commands.add_parser("schwab", help="the login at Schwab")
    actions = schwab.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    login = actions.add_parser("login", help="log in, as is needed every seven days")
    login.add_argument("--paste", action="store_true", help="the browser is elsewhere: ask for the address it ended at")
    login.add_argument("--no-browser", action="store_true", help="only print the address")
    status = actions.add_parser("status", help="whether there is a login, and until when")
    for parser, handler in ((login, _schwab_login), (status, _schwab_status)):
        add_state(parser)
        parser.set_defaults(handler=handler)

    excel = commands.add_parser("excel", help="a workbook that thinkorswim fills")
    actions = excel.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    template = actions.add_parser("template", help="write a workbook with the RTD formulas of every instrument")
    template.add_argument("file", nargs="?", type=Path, default=Path("RTD_TOS.xlsx"), metavar="FILE.xlsx")
    template.add_argument("--symbols", metavar="ES,YM", help="only these, separated by commas")
    template.set_defaults(handler=_template)


def _providers(arguments: argparse.Namespace) -> int:
    require_core()
    find_servers(arguments)
    import asyncio

    from collectors.bus import Bus
    from collectors.provider_health import read_providers
    from collectors.providers import parse_providers
    from collectors.settings import CollectorSettings

    settings = CollectorSettings()
    configured = parse_providers(settings.data_provider)

    async def health() -> dict[str, dict[str, str]]:
        bus = Bus.from_url(settings.redis_url.get_secret_value())
        try:
            return await bus.health()
        finally:
            await bus.close()

    found = read_providers(asyncio.run(health()), configured, datetime.now(UTC))
    if arguments.json:
        print_json([provider.to_json() for provider in found])
    else:
        print_table(COLUMNS, [_cells(provider) for provider in found], title="Providers")
    return 0


def _cells(provider: "ProviderHealth") -> tuple[str, ...]:
    login = provider.login_expires_in_s
    return (
        provider.source,
        provider.kind or "",
        provider.status,
        provider.last_event_ts or "",
        "" if provider.age_ms is None else f"{provider.age_ms / 1_000:.1f} s",
        "" if provider.rate is None else f"{provider.rate:.1f}/s",
        "" if provider.lag_ms is None else f"{provider.lag_ms} ms",
        ", ".join(f"{code} {count}" for code, count in (provider.rejects_by_code or {}).items()),
        "" if login is None else f"{max(0, login) / 3_600:.0f} h left",
        provider.problem or "",
    )


def _schwab_login(arguments: argparse.Namespace) -> int:
    find_servers(arguments)
    import asyncio
    import webbrowser

    from collectors.settings import CollectorSettings
    from collectors.sources.schwab.access import log_in

    def show(url: str) -> None:
        sys.stdout.write(f"Log in at Schwab:\n\n  {url}\n\n")
        if not arguments.paste:
            sys.stdout.write("The browser will warn of the certificate of 127.0.0.1, which this program just made.\n")
        sys.stdout.flush()
        if not (arguments.no_browser or arguments.paste):
            webbrowser.open(url)

    async def pasted() -> str:
        return await asyncio.to_thread(input, "The address that the browser ended at: ")

    tokens = asyncio.run(log_in(CollectorSettings(), show=show, pasted=pasted if arguments.paste else None))
    sys.stdout.write(f"Logged in until {_moment(tokens.login_expires_at)}.\n")
    return 0


def _schwab_status(arguments: argparse.Namespace) -> int:
    find_servers(arguments)
    import time

    from collectors.settings import CollectorSettings
    from collectors.sources.schwab.access import SchwabAccess

    tokens = SchwabAccess.from_settings(CollectorSettings()).store.load()
    if tokens is None:
        sys.stdout.write("There is no Schwab login: run thor schwab login.\n")
        return 1
    left_h = (tokens.login_expires_at - time.time()) / 3_600
    word = "is good until" if left_h > 0 else "expired at"
    sys.stdout.write(f"The Schwab login {word} {_moment(tokens.login_expires_at)} ({left_h:+.0f} h).\n")
    return 0 if left_h > 0 else 1


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _template(arguments: argparse.Namespace) -> int:
    require_core()
    from collectors.excel_template import SHEET, write_template
    from collectors.instruments import load_instruments

    wanted = None
    if arguments.symbols is not None:
        wanted = [symbol.strip().upper() for symbol in arguments.symbols.split(",") if symbol.strip()]
    symbols = write_template(arguments.file, load_instruments(), wanted)
    sys.stdout.write(
        f"{arguments.file}: {len(symbols)} instruments on the sheet {SHEET}. Open it in Excel beside thinkorswim.\n"
    )
    return 0
