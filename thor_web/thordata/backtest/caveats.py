"""What a report cannot tell: stated with every run, in plain words."""

from thor_web.thordata.backtest.market_data import BarData, TickData
from thor_web.thordata.backtest.periods import LEAST_DATES, PeriodReturns
from thor_web.thordata.backtest.specification import RunSpecification

__all__ = ["caveats_of"]


def caveats_of(
    specification: RunSpecification, ticks: TickData, data: TickData | BarData, periods: PeriodReturns
) -> list[str]:
    """One sentence each, what belongs to every run last."""
    found: list[str] = []
    sources = {text.rpartition(" of ")[2] for text in ticks.manifest.sources}
    if "MOCK" in sources:
        found.append("The data is MOCK: a made-up market. Nothing of this says anything about a real one.")
    if not ticks.frame["signal"].count():
        found.append(
            "No event carries a net change or a previous settlement, so the live path shows no signal on this data "
            "and a strategy on signals trades nothing."
        )
    if periods.dates < LEAST_DATES:
        found.append(
            f"The data spans {periods.dates} trade date(s). Below {LEAST_DATES} no figure of a year is shown; "
            f"the others are made of {len(periods.returns)} returns a {periods.name}."
        )
    if isinstance(data, BarData):
        found.append(
            f"Bars of {data.interval_s} s are made of last prices; their volume is unknown, and what happened inside "
            "a bar is too: where a bar touched a stop and a target the worse is taken."
        )
    if ticks.manifest.dropped:
        found.append(f"One source a symbol was used; left aside: {', '.join(ticks.manifest.dropped)}.")
    costs = (
        f"{specification.slippage_ticks} ticks of slippage on market and stop orders, {specification.fee} a contract "
        "and side. The queue before a resting order, market impact and hidden size are not modelled."
    )
    if isinstance(data, BarData):
        found.append(f"Fills: at the next bar's open, or where a bar reached the order's price; {costs}")
    else:
        latency = f"after {specification.latency_us} µs"
        found.append(f"Fills: at bid and ask up to the size shown there, {latency}; {costs}")
    found.append("Hours are those of the world clock for each trade date; unscheduled halts are not known to it.")
    found.append("Symbols were chosen today: what was delisted or never looked at is not here (survivorship).")
    found.append("A roll closes and reopens at the quotes around it; contracts are known only where events name them.")
    return found
