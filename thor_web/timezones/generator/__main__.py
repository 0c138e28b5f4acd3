"""`python -m thor_web.timezones.generator [--check]`: write the calendar files, or say which differ from the rules."""

import sys

from thor_web.timezones.generator.always import always_open
from thor_web.timezones.generator.cash import cash_markets
from thor_web.timezones.generator.comparison import unexplained_differences
from thor_web.timezones.generator.draft import render
from thor_web.timezones.generator.futures import futures_markets
from thor_web.timezones.services.clock import MARKETS_FOLDER

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Exit status 1 when `--check` finds a file that the rules do not give, or a difference that nobody explained."""
    wanted = {f"{draft.name}.toml": render(draft) for draft in (*futures_markets(), *cash_markets(), always_open())}
    if "--check" not in arguments:
        for name, text in wanted.items():
            (MARKETS_FOLDER / name).write_text(text, encoding="utf-8")
        for path in MARKETS_FOLDER.glob("*.toml"):
            if path.name not in wanted:
                path.unlink()
        return 0
    found = {path.name: path.read_text(encoding="utf-8") for path in MARKETS_FOLDER.glob("*.toml")}
    faults = [
        f"{name}: is not what the rules give; write it with python -m thor_web.timezones.generator"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]
    faults += unexplained_differences()
    for fault in faults:
        sys.stderr.write(fault + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
