"""The holidays of the United States that futures exchanges observe, by rule. Dates only; no hours."""

from collections.abc import Iterator
from datetime import date, timedelta

__all__ = ["easter", "good_friday_has_jobs_report", "us_days"]

JUNETEENTH_SINCE = 2022


def us_days(year: int) -> Iterator[tuple[date, str]]:
    """Each day that is anything but ordinary for a US futures market in a year, with its name."""
    yield from _observed(date(year, 1, 1), "New Year's Day", saturday_moves=False)
    yield _nth(year, 1, 0, 3), "Martin Luther King Jr. Day"
    yield _nth(year, 2, 0, 3), "Presidents' Day"
    yield easter(year) - timedelta(days=2), "Good Friday"
    yield _last_monday_of_may(year), "Memorial Day"
    if year >= JUNETEENTH_SINCE:
        yield from _observed(date(year, 6, 19), "Juneteenth")
    independence = date(year, 7, 4)
    if independence.weekday() in {1, 2, 3, 4}:
        yield independence - timedelta(days=1), "Day before Independence Day"
    yield from _observed(independence, "Independence Day")
    yield _nth(year, 9, 0, 1), "Labor Day"
    thanksgiving = _nth(year, 11, 3, 4)
    yield thanksgiving, "Thanksgiving"
    yield thanksgiving + timedelta(days=1), "Day after Thanksgiving"
    if date(year, 12, 24).weekday() in {0, 1, 2, 3}:
        yield date(year, 12, 24), "Christmas Eve"
    yield from _observed(date(year, 12, 25), "Christmas")


def good_friday_has_jobs_report(day: date) -> bool:
    """The employment report comes on the first Friday of a month; then equity and rate futures trade that morning."""
    return day.day <= 7


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm, Nature 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    n = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * n) // 433
    month = (h + n - 7 * m + 90) // 25
    return date(year, month, (h + n - 7 * m + 33 * month + 19) % 32)


def _observed(day: date, name: str, *, saturday_moves: bool = True) -> Iterator[tuple[date, str]]:
    if day.weekday() == 5:
        if saturday_moves:
            yield day - timedelta(days=1), f"{name} (observed)"
    elif day.weekday() == 6:
        yield day + timedelta(days=1), f"{name} (observed)"
    else:
        yield day, name


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())
