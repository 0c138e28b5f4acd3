"""The typed parameters of a strategy: what a form shows, what a sweep varies, what a run checks."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from thor_web.thordata.backtest.errors import BacktestError

__all__ = ["Parameter", "Value", "check_parameters"]

Kind = Literal["integer", "number", "boolean", "choice"]
Value = int | float | bool | str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `least` and `most` are inclusive; `choices` belong to a choice."""

    name: str
    kind: Kind
    default: Value
    help: str
    least: float | None = None
    most: float | None = None
    choices: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """The parameter as JSON values, for a form."""
        return {
            "name": self.name,
            "kind": self.kind,
            "default": self.default,
            "help": self.help,
            "least": self.least,
            "most": self.most,
            "choices": list(self.choices),
        }

    def check(self, value: object) -> Value:
        """The value in its own type. Raises BacktestError `bad_parameter`."""
        if self.kind == "choice":
            if value in self.choices:
                return str(value)
            raise self._bad(value, f"one of {', '.join(self.choices)}")
        if self.kind == "boolean":
            return self._boolean(value)
        return self._number(value)

    def _boolean(self, value: object) -> bool:
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        found = words.get(str(value).lower())
        if found is None:
            raise self._bad(value, "true or false")
        return found

    def _number(self, value: object) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self._bad(value, "a number")
        try:
            number = float(value)
        except ValueError:
            raise self._bad(value, "a number") from None
        if not math.isfinite(number):
            raise self._bad(value, "a finite number")
        if self.kind == "integer" and not number.is_integer():
            raise self._bad(value, "a whole number")
        if (self.least is not None and number < self.least) or (self.most is not None and number > self.most):
            raise self._bad(value, f"from {self.least} to {self.most}")
        return int(number) if self.kind == "integer" else number

    def _bad(self, value: object, wanted: str) -> BacktestError:
        return BacktestError("bad_parameter", f"{self.name} must be {wanted}, was {str(value)[:40]!r}")


def check_parameters(parameters: Sequence[Parameter], given: Mapping[str, object]) -> dict[str, Value]:
    """Every parameter with its value or default. Raises BacktestError `unknown_parameter` or `bad_parameter`."""
    known = {parameter.name: parameter for parameter in parameters}
    for name in given:
        if name not in known:
            raise BacktestError(
                "unknown_parameter", f"there is no parameter {name[:40]!r}; known are {', '.join(known) or 'none'}"
            )
    return {name: parameter.check(given.get(name, parameter.default)) for name, parameter in known.items()}
