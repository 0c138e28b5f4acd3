"""Which refusals of Redis are worth another try."""

import pytest

from collectors.bus_errors import BusError, BusUnavailable, refusal

ABORTED = "EXECABORT Transaction discarded because of previous errors."


@pytest.mark.parametrize(
    ("texts", "passing"),
    [
        (["MOVED 12 127.0.0.1:7001", ABORTED], True),
        (["LOADING Redis is loading the dataset in memory"], True),
        (["OOM command not allowed when used memory > 'maxmemory'.", ABORTED], False),
        (["MOVED 12 127.0.0.1:7001", "WRONGTYPE Operation against a key holding the wrong kind of value"], False),
    ],
)
def test_a_transaction_is_judged_by_what_stopped_it(texts: list[str], passing: bool) -> None:
    error = refusal(list(enumerate(texts)))
    assert isinstance(error, BusError)
    assert isinstance(error, BusUnavailable) is passing
