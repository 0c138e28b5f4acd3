"""The futures markets, by rule: no calendar library has their hours right.

Central Time closes of holidays follow what CME published for 2025 and 2026. Session D of an overnight market runs from
the evening of D-1 to D; a closed D therefore removes the evening before it, and D+1 opens on the evening of D.
"""

from collections.abc import Callable
from datetime import date
from typing import Final

from thor_web.timezones.generator.draft import FIRST, LAST, CalendarDraft, DraftHours, Noted
from thor_web.timezones.generator.us_days import good_friday_has_jobs_report, us_days

__all__ = ["futures_markets"]

CENTRAL: Final = "America/Chicago"
NOON: Final = "12:00"
FULL_HOLIDAYS: Final = ("New Year's Day", "Christmas")
QUARTER_PAST: Final = ("Day after Thanksgiving", "Christmas Eve")
LATE_CLOSE_UNTIL: Final = date(2015, 9, 18)
"""Until then the daily halt began at 16:15 on equity, energy and metals."""
PAUSE_UNTIL: Final = date(2021, 6, 25)
"""Until then equity futures paused from 15:15 to 15:30."""
ENERGY_AT_HALF_PAST_SINCE: Final = 2022
CARTER: Final = date(2025, 1, 9)
CARTER_NAME: Final = "National Day of Mourning for Jimmy Carter"
BUSH: Final = date(2018, 12, 5)
BUSH_NAME: Final = "National Day of Mourning for George H. W. Bush"
RULE: Final = "rule of the CME holiday calendars of 2025 and 2026"
UNSURE: Final = "unverified: the exchange's hours on this date are not known from a published table"

Close = Callable[[date, str], str | None]
"""The early close of a holiday as `HH:MM`, the word closed, or None where the day is ordinary."""


def futures_markets() -> tuple[CalendarDraft, ...]:
    """Globex by product group, CFE and ICE."""
    return (_equity(), _rates(), _energy_or_metals("ENERGY"), _energy_or_metals("METALS"), _cfe(), _ice())


def _full(name: str) -> bool:
    return name.removesuffix(" (observed)") in FULL_HOLIDAYS


def _equity_close(day: date, name: str) -> str | None:
    if _full(name):
        return "closed"
    if name == "Good Friday":
        return "08:15" if good_friday_has_jobs_report(day) else "closed"
    return "12:15" if name in QUARTER_PAST or name == "Day before Independence Day" else NOON


def _rates_close(day: date, name: str) -> str | None:
    if name == "Good Friday":
        return "10:15" if good_friday_has_jobs_report(day) else "closed"
    return None if name == "Day before Independence Day" else _equity_close(day, name)


def _energy_close(day: date, name: str) -> str | None:
    if _full(name) or name == "Good Friday":
        return "closed"
    if name == "Day before Independence Day":
        return None
    recent = day.year >= ENERGY_AT_HALF_PAST_SINCE
    if name == "Christmas Eve":
        return "12:45" if recent else None
    if name == "Day after Thanksgiving":
        return "13:45" if recent else "12:45"
    return "13:30" if recent and day.weekday() != 4 else NOON


def _cfe_close(_day: date, name: str) -> str | None:
    if _full(name) or name == "Good Friday":
        return "closed"
    return "12:15" if name in QUARTER_PAST or name == "Day before Independence Day" else "10:30"


def _exceptions(close: Close, opens: str, *, source: str = RULE, certain: tuple[str, ...] = ()) -> dict[date, Noted]:
    found: dict[date, Noted] = {}
    for year in range(FIRST.year, LAST.year + 1):
        for day, name in us_days(year):
            ends = close(day, name)
            if ends is not None:
                hours = ends if ends == "closed" else f"{opens} open {ends} closed"
                known = name.removesuffix(" (observed)") in certain
                found[day] = Noted(hours, name, RULE if known else source)
    return found


def _globex(name: str, title: str, about: str, close: Close, hours: tuple[DraftHours, ...]) -> CalendarDraft:
    return CalendarDraft(
        name=f"GLOBEX_{name}",
        title=title,
        zone=CENTRAL,
        about=(
            about,
            "Verified for 2025 and 2026 against the tables CME published, as copied by brokers and the press.",
        ),
        hours=hours,
        daily_halt_minutes=60,
        exceptions=_exceptions(close, "-17:00"),
    )


def _equity() -> CalendarDraft:
    draft = _globex(
        "EQUITY",
        "CME Globex equity index",
        "Equity index futures on CME Globex: ES NQ RTY YM.",
        _equity_close,
        (
            DraftHours("-17:00 open 15:15 halt 15:30 open 16:15 closed", valid_to=LATE_CLOSE_UNTIL),
            DraftHours(
                "-17:00 open 15:15 halt 15:30 open 16:00 closed", valid_from=date(2015, 9, 21), valid_to=PAUSE_UNTIL
            ),
            DraftHours("-17:00 open 16:00 closed", valid_from=date(2021, 6, 28)),
        ),
    )
    draft.aliases = ("GLOBEX", "CME")
    draft.exceptions[CARTER] = Noted("-17:00 open 08:30 closed", CARTER_NAME, "CME Group release 2024-12-30")
    draft.exceptions[BUSH] = Noted("-17:00 open 08:30 closed", BUSH_NAME, UNSURE)
    return draft


def _rates() -> CalendarDraft:
    draft = _globex(
        "RATES",
        "CME Globex interest rates",
        "Treasury futures of CBOT on CME Globex: ZB.",
        _rates_close,
        (DraftHours("-17:00 open 16:00 closed"),),
    )
    draft.exceptions[CARTER] = Noted("-17:00 open 12:15 closed", CARTER_NAME, "CME Group release 2024-12-30")
    return draft


def _energy_or_metals(group: str) -> CalendarDraft:
    products = {
        "ENERGY": "Energy futures of NYMEX on CME Globex: CL.",
        "METALS": "Metals of COMEX on CME Globex: GC SI HG.",
    }
    return _globex(
        group,
        f"CME Globex {group.lower()}",
        products[group],
        _energy_close,
        (
            DraftHours("-17:00 open 16:15 closed", valid_to=LATE_CLOSE_UNTIL),
            DraftHours("-17:00 open 16:00 closed", valid_from=date(2015, 9, 21)),
        ),
    )


def _cfe() -> CalendarDraft:
    draft = CalendarDraft(
        name="CFE",
        title="Cboe Futures (VX)",
        zone=CENTRAL,
        about=(
            "Volatility futures of the Cboe Futures Exchange: VX.",
            "The hours are those of today. How long they have been so, and the hours on most holidays, is not known",
            "from a published table: those dates say so.",
        ),
        hours=(DraftHours("-17:00 open 16:00 closed"),),
        daily_halt_minutes=60,
        exceptions=_exceptions(_cfe_close, "-17:00", source=UNSURE, certain=FULL_HOLIDAYS),
    )
    draft.exceptions[CARTER] = Noted("-17:00 open 08:30 closed", CARTER_NAME, "Cboe release 2024-12-30")
    return draft


def _ice() -> CalendarDraft:
    def close(_day: date, name: str) -> str | None:
        return "closed" if _full(name) or name == "Good Friday" else None

    exceptions = _exceptions(close, "-20:00", source="ICE Futures U.S. calendar of 2025")
    for year in range(FIRST.year, LAST.year + 1):
        for day, name in us_days(year):
            if close(day, name) is None:
                opens = "-18:00" if day.weekday() == 0 else "-20:00"
                exceptions[day] = Noted(f"{opens} open 17:00 closed", name, UNSURE)
    return CalendarDraft(
        name="ICE_US",
        title="ICE Futures U.S. (DX)",
        zone="America/New_York",
        about=(
            "The US dollar index of ICE Futures U.S.: DX. Sunday opens at 18:00, other evenings at 20:00.",
            "Whether it closes early on US holidays is not known from a readable table: those dates say so.",
        ),
        hours=(
            DraftHours("-18:00 open 17:00 closed", days="mon"),
            DraftHours("-20:00 open 17:00 closed", days="tue wed thu fri"),
        ),
        daily_halt_minutes=180,
        exceptions=exceptions,
    )
