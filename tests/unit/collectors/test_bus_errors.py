"""Which refusals of Redis are worth another try."""

import pytest

from collectors.bus_errors import BusError, BusUnavailable, refusal, refusal_of

ABORTED = "EXECABORT Transaction discarded because of previous errors."


@pytest.mark.parametrize(
    ("texts", "passing"),
    [
        (["MOVED 12 127.0.0.1:7001", ABORTED], True),
        (["LOADING Redis is loading the dataset in memory"], True),
        (["OOM command not allowed when used memory > 'maxmemory'.", ABORTED], True),
        (["MISCONF Errors writing to the AOF file: No space left on device"], True),
        (["ERR unknown command", ABORTED], False),
        (["MOVED 12 127.0.0.1:7001", "WRONGTYPE Operation against a key holding the wrong kind of value"], False),
    ],
)
def test_a_transaction_is_judged_by_what_stopped_it(texts: list[str], passing: bool) -> None:
    error = refusal(list(enumerate(texts)))
    assert isinstance(error, BusError)
    assert isinstance(error, BusUnavailable) is passing


@pytest.mark.parametrize(
    ("text", "passing"),
    [
        ("MISCONF Errors writing to the AOF file: No space left on device", True),
        ("Command # 1 (HSET health:x state y) of pipeline caused error: ('MISCONF Errors writing to the AOF',)", True),
        ("Command # 2 (XADD a * b OOM) of pipeline caused error: WRONGTYPE Operation against a key", False),
        ("WRONGTYPE Operation against a key holding the wrong kind of value", False),
    ],
)
def test_a_refusal_within_a_pipeline_is_the_same_one(text: str, passing: bool) -> None:
    error = refusal_of(text)
    assert (str(error), isinstance(error, BusUnavailable)) == (text, passing)
