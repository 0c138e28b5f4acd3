"""The core's reading of a sheet's row is that of the slow reference, whatever the cells hold."""

from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tests.property.collectors.sheet_reference import parsed, read_reference
from thor_fast import RowReader

FIGURES = [
    "last",
    "bid",
    "ask",
    "lastSize",
    "bidSize",
    "askSize",
    "volume",
    "netChange",
    "changePercent",
    "open",
    "high",
    "low",
    "close",
    "high52",
    "low52",
]
NEAR_PRICES = st.decimals(min_value=-50, max_value=50, places=5, allow_nan=False)
CELLS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-2_146_826_290, max_value=-2_146_826_180)
    | st.floats()
    | NEAR_PRICES
    | NEAR_PRICES.map(float)
    | st.floats(min_value=-1e6, max_value=1e6).map(lambda number: f"{number:,.2f}")
    | st.text(max_size=8)
    | st.text(alphabet="+-0123456789'., %/", max_size=9)
    | st.builds("{}{}'{:02d}{}".format, st.sampled_from(["", "+", "-"]), st.integers(0, 200), st.integers(0, 34),
                st.sampled_from(["", "0", "2", "4", "5", "7", "9", "+"]))
    | st.sampled_from(["N/A", "!N/A", "#N/A", "loading", "0'00", "118'27", "1,234", "0.42%", "", 0, 0.0, "0"])
)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(FIGURES), CELLS), st.sampled_from(["0.25", "0.01", "0.03125", "1"]), st.booleans()
)
@example({"last": 0, "bid": -0.01, "ask": 0.02, "volume": 247_000, "low": -40.32}, "0.01", False)
@example({"last": 0, "bid": 25_345.0, "volume": "N/A", "netChange": 0, "open": 0}, "0.25", False)
@example({"last": "118'40", "bid": "118'10", "bidSize": 2.5}, "0.03125", True)
def test_a_row_says_what_the_reference_says(cells: dict[str, Any], tick: str, stale: bool) -> None:
    columns = {figure: at for at, figure in enumerate(cells)}
    reader = RowReader(columns, source="TOS", precision=4, tick=Decimal(tick), stale=stale)
    members, findings = reader.read(list(cells.values()))
    wanted, codes = read_reference(cells, source="TOS", precision=4, tick=Decimal(tick), stale=stale)
    assert {code for code, _ in findings} == codes
    if wanted is None:
        assert members is None
        return
    assert members is not None
    found = {name: value for name, value in parsed(members).items() if name not in {"seq", "condition", "venue"}}
    assert _comparable(found) == _comparable(wanted)


def _comparable(members: dict[str, Any]) -> dict[str, Any]:
    """Spoilt cells only by being text: how a float or a date is written as text is nobody's contract."""
    return {name: "spoilt" if isinstance(value, str) and name != "source" else value for name, value in members.items()}
