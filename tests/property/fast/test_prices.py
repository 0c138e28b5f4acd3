"""Prices and signals against Decimal."""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from thor_fast import Thresholds, classify_batch, format_price, parse_price

PRICES = st.integers(-(2**63) + 1, 2**63 - 1).map(lambda nanos: Decimal(nanos).scaleb(-9))


@given(PRICES, st.integers(0, 9))
def test_decimals_are_those_of_quantize(price: Decimal, places: int) -> None:
    wanted = price.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    assert format_price(price, places) == f"{abs(wanted) if wanted == 0 else wanted:f}"


@given(PRICES)
def test_thirty_seconds_are_the_nearest_eighth(price: Decimal) -> None:
    text = format_price(price, "32nds")
    eighths = round(Fraction(price) * 256)
    whole, inside = divmod(abs(eighths), 256)
    digit = "01235678"[inside % 8].replace("0", "")
    assert text == f"{'-' if eighths < 0 else ''}{whole}'{inside // 8:02}{digit}"


@given(st.integers(-(10**9), 10**9))
def test_every_text_in_32nds_is_its_price(eighths: int) -> None:
    price = Decimal(eighths) / 256
    assert parse_price(format_price(price, "32nds")) == price
    assert parse_price(format_price(price, "32nds", signed=True)) == price


@given(st.floats(allow_nan=False, min_value=-9e9, max_value=9e9))
def test_a_float_is_its_shortest_text(price: float) -> None:
    assert format_price(price, 9) == format_price(Decimal(repr(price)), 9)


@given(st.text(max_size=12) | st.text("0123456789'-+. /", max_size=12))
def test_no_text_is_more_than_read_or_refused(text: str) -> None:
    try:
        price = parse_price(text)
    except ValueError:
        return
    assert parse_price(format_price(price, 9)) == price


@given(st.decimals(-10, 10, places=3), st.lists(st.decimals(-10, 10, places=3), min_size=4, max_size=4))
def test_the_ladder_is_the_first_test_that_holds(change: Decimal, bounds: list[Decimal]) -> None:
    strong_buy, buy, sell, strong_sell = sorted(bounds, reverse=True)
    if change > strong_buy:
        wanted = "STRONG_BUY"
    elif change > buy:
        wanted = "BUY"
    elif change >= sell:
        wanted = "HOLD"
    elif change > strong_sell:
        wanted = "SELL"
    else:
        wanted = "STRONG_SELL"
    ladder = Thresholds(strong_buy=strong_buy, buy=buy, sell=sell, strong_sell=strong_sell)
    assert classify_batch([change, float(change)], [ladder, ladder]) == [wanted, wanted]
