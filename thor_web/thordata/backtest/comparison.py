"""Runs side by side: what they were asked, what came out, and where they differ in their inputs."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["COMPARED", "compare_results"]

COMPARED: Final = (
    "total_return", "sharpe", "sortino", "calmar", "max_drawdown", "var_historical", "cvar_historical", "win_rate",
)  # fmt: skip


def compare_results(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The inputs that differ, and figures and trade statistics of each run in the order given."""
    flat = [_flat(result["specification"]) for result in results]
    names = sorted({name for one in flat for name in one})
    inputs = {name: [one.get(name) for one in flat] for name in names}
    differing = {name: values for name, values in inputs.items() if len({str(value) for value in values}) > 1}
    return {
        "runs": [result.get("id") for result in results],
        "same_data": len({result["data"]["hash"] for result in results}) == 1,
        "same_code": len({result["code"]["digest"] for result in results}) == 1,
        "same_result": len({result["digest"] for result in results}) == 1,
        "differing_inputs": differing,
        "figures": {name: [result["figures"][name]["value"] for result in results] for name in COMPARED},
        "trade_statistics": {
            name: [result["trade_statistics"].get(name) for result in results]
            for name in ("trades", "hit_rate", "profit_factor", "expectancy", "profit", "all_fees", "exposure")
        },
    }


def _flat(specification: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {f"parameters.{name}": value for name, value in specification["parameters"].items()}
    return {name: value for name, value in specification.items() if name != "parameters"} | parameters
