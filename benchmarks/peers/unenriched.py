"""`thor web` whose enricher is told of no event: the peer that says what taking every event in costs."""

import sys
from typing import Any

from thor_web.cli.main import main
from thor_web.futuretrading.interface import Enricher


def _nothing(_enricher: Enricher, *_frames: Any, **_wishes: Any) -> None:
    """Instead of `Enricher.take`."""


if __name__ == "__main__":
    Enricher.take = _nothing  # type: ignore[assignment,method-assign]
    sys.exit(main(["web", *sys.argv[1:]]))
