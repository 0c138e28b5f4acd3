"""Writes the seeds of the fuzz corpus from the golden files. Each is named by its content, so again changes nothing.

Only the targets that read bytes as they are get seeds from here; the others build their values from the fuzzer's bytes.
"""

import hashlib
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parents[1] / "tests" / "golden"
LARGEST = 2_048


def keep(target: str, data: bytes) -> None:
    """One seed, where it is small enough to be worth mutating."""
    if len(data) <= LARGEST:
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)


def main() -> None:
    """Write all of them."""
    for name in ("events_accepted", "events_rejected"):
        for line in (GOLDEN / f"{name}.jsonl").read_text(encoding="utf-8").split("\n"):
            row = json.loads(line or "{}")
            if "input" in row:
                keep("parse_batch", row["input"].encode())
            elif "input_hex" in row:
                keep("parse_batch", bytes.fromhex(row["input_hex"]))
    lines = (GOLDEN / "es_open.jsonl").read_bytes().splitlines(keepends=True)
    keep("parse_batch", b"".join(lines[:3]))
    for line in (GOLDEN / "prices.jsonl").read_text(encoding="utf-8").split("\n"):
        row = json.loads(line or "{}")
        # The fixed part of the target's input comes first: a price, its decimals and whether it is signed.
        keep("prices", bytes(10) + str(row.get("text", "")).encode())


if __name__ == "__main__":
    main()
