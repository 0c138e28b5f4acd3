"""The report of a sweep as one HTML page: what all combinations together say about the best of them."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from thor_web.thordata.backtest.page import heat_map, page, pairs, rows_of

__all__ = ["sweep_report"]

SHOWN: Final = 50


def sweep_report(document: Mapping[str, Any]) -> str:
    """The page of a sweep's document."""
    specification = document["specification"]
    title = f"{document['combinations']} x {specification['strategy']} on {', '.join(specification['symbols'])}"
    ranked = sorted(document["rows"], key=lambda row: float("-inf") if row["sharpe"] is None else row["sharpe"])[::-1]
    surface = document["surface"]
    caveats = "".join(f"<li>{escape(it)}" for it in _caveats(document))
    proof = {"data hash": document["data"]["hash"], "code": document["code"]["digest"], "digest": document["digest"]}
    parts = [
        f"<h1>{escape(title)}</h1><p class=sub>{escape(specification['start'])} to {escape(specification['end'])}</p>",
        f"<h2>What this report cannot tell</h2><ul class=warn>{caveats}</ul>",
        "<h2>The best</h2>" + pairs(document["best"]),
        "<h2>Is the best only luck?</h2>" + pairs(document["significance"] | _overfitting(document["overfitting"])),
        "<h2>Beside the best</h2>" + pairs(document["neighbours"]),
        "<h2>Parameter surface</h2>" + (heat_map(surface) if surface else "<p class=quiet>One value only.</p>"),
        "<h2>Walk forward</h2>" + _walk(document["walk_forward"]),
        "<h2>Purged cross-validation</h2>" + _validated(document["cross_validation"]),
        "<h2>Costs and speed</h2>" + rows_of(document["stress"]),
        f"<h2>The {min(SHOWN, len(ranked))} best of {len(ranked)}</h2>" + rows_of(ranked[:SHOWN]),
        "<h2>What was asked</h2>" + pairs(specification | {"grid": document["grid"], "refused": document["refused"]}),
        "<h2>Data, code and proof</h2>" + pairs(proof),
    ]  # fmt: skip
    return page(title, parts)


def _caveats(document: Mapping[str, Any]) -> Sequence[str]:
    periods = document["periods"]
    return (
        f"The best of {document['combinations']} was chosen by looking: its own figures promise nothing. What it earns "
        "where it was not chosen is said under walk forward and cross-validation.",
        f"Everything is judged by {periods['count']} returns a {periods['name']} from {periods['dates']} trade "
        "date(s). Returns of a combination are those of one run over the whole time, cut; a position is carried over "
        "a cut.",
        "Trials that were made elsewhere, or thought of and not made, are not counted.",
    )


def _overfitting(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "probability_of_overfitting": found["probability"],
        "ways to halve the time": found["splits"],
        "logits, quartiles": found["quartiles"],
    }


def _walk(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "<p class=quiet>The time is too short to train and test in turns.</p>"
    steps = found["steps"]
    return pairs({name: value for name, value in found.items() if name != "steps"}) + rows_of(steps)


def _validated(found: Mapping[str, Any] | None) -> str:
    return pairs(found) if found else "<p class=quiet>The time is too short for as many folds.</p>"
