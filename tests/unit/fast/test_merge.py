"""The merge policy: the golden sequences and the policy's own face."""

import json
from typing import Any

import pytest

from tests.unit.fast.golden_files import GOLDEN, rows
from thor_fast import MERGE_REASONS, MergePolicy, QuoteBatch, QuoteEvent, parse_batch, parse_event


def event_of(value: dict[str, Any]) -> QuoteEvent:
    return parse_event(json.dumps(value).encode())


@pytest.mark.parametrize("case", rows("merge.jsonl"), ids=lambda case: case["name"])
def test_a_sequence_is_decided_as_written(case: dict[str, Any]) -> None:
    policy = MergePolicy(**case["policy"])
    for step in case["steps"]:
        if "restore" in step:
            policy.restore(event_of(step["restore"]), step["received_us"])
            continue
        decision = policy.offer(event_of(step["offer"]), step["received_us"])
        found = (decision.accepted, decision.reason, decision.active_source)
        assert found == (step["accepted"], step["reason"], step["active_source"]), step


def test_every_reason_is_shown_by_a_golden_sequence() -> None:
    shown = {step["reason"] for case in rows("merge.jsonl") for step in case["steps"] if "reason" in step}
    assert shown == set(MERGE_REASONS)


def test_a_batch_is_offered_event_by_event() -> None:
    batch, _ = parse_batch((GOLDEN / "es_open.jsonl").read_bytes())
    received = [1_703_545_200_000_000 + position for position in range(len(batch))]
    at_once, one_by_one = MergePolicy({"ES": "TOS"}), MergePolicy({"ES": "TOS"})
    reasons = [decision.reason for decision in at_once.offer_batch(batch, received)]
    assert reasons == [one_by_one.offer(event, at).reason for event, at in zip(batch, received, strict=True)]
    assert at_once.counts() == one_by_one.counts()
    again = at_once.offer_batch(batch, received)
    assert not any(decision.accepted for decision in again)


def test_an_event_that_was_told_again_is_offered_again_in_vain() -> None:
    def event(seq: int, last: int) -> QuoteEvent:
        return QuoteEvent(symbol="ES", ts_us=seq, source="TOS", seq=seq, last=last)

    first, second, stale = event(7, 1), event(7, 2), event(6, 0)
    offers = [(first, 10), (second, 11), (stale, 12), (first, 13), (first, 13), (second, 14), (first, 13), (second, 14)]
    reasons = ["first", "same_seq", "stale_seq", *["duplicate"] * 5]
    policy, moved, batched = MergePolicy(), MergePolicy(), MergePolicy()
    assert [policy.offer(told, at).reason for told, at in offers] == reasons
    for (told, at), reason in zip(offers, reasons, strict=True):
        assert moved.offer(told, at).reason == reason
        moved.import_state(moved.export_state())
    decisions = batched.offer_batch(QuoteBatch.from_events(told for told, _ in offers), [at for _, at in offers])
    assert [decision.reason for decision in decisions] == reasons
    assert policy.export_state() == moved.export_state() == batched.export_state()


def test_an_event_of_a_fast_clock_that_is_told_again_is_compared_by_its_later_receipt() -> None:
    def event(run: int | None, seq: int, ts_us: int) -> QuoteEvent:
        return QuoteEvent(
            symbol="ES", ts_us=ts_us, source="TOS", seq=seq, last=1, meta=None if run is None else f'{{"run":{run}}}'
        )

    fast = event(1, 7, 9_000_000)
    policy, moved = MergePolicy(), MergePolicy()
    for told, at, reason in [
        (fast, 10, "first"),
        (event(1, 6, 0), 11, "stale_seq"),
        (fast, 8_000_000, "duplicate"),
        (event(None, 7, 9_000_000), 8_000_001, "same_seq"),
    ]:
        assert (policy.offer(told, at).reason, moved.offer(told, at).reason) == (reason, reason)
        moved.import_state(moved.export_state())


def test_the_last_event_of_the_open_stands() -> None:
    batch, _ = parse_batch((GOLDEN / "es_open.jsonl").read_bytes())
    policy = MergePolicy()
    accepted = [
        event for position, event in enumerate(batch) if policy.offer(event, 1_703_545_200_000_000 + position).accepted
    ]
    assert accepted[-1] == batch[-1]


def test_counts_name_every_reason_and_the_fast_clocks() -> None:
    policy = MergePolicy()
    assert policy.counts() == dict.fromkeys([*MERGE_REASONS, "future_ts"], 0)
    policy.offer(QuoteEvent(symbol="ES", ts_us=2_000_001, source="MOCK"), 0)
    policy.offer(QuoteEvent(symbol="ZB", ts_us=2_000_000, source="MOCK"), 0)
    assert {reason: count for reason, count in policy.counts().items() if count} == {"first": 2, "future_ts": 1}


def test_the_active_source_is_known_by_symbol() -> None:
    policy = MergePolicy()
    policy.offer(QuoteEvent(symbol="ES", ts_us=0, source="MOCK"), 0)
    assert (policy.active_source("ES"), policy.active_source("ZB"), policy.active_source("no symbol")) == (
        "MOCK",
        None,
        None,
    )


def test_as_many_times_as_events() -> None:
    with pytest.raises(ValueError, match="as many"):
        MergePolicy().offer_batch(QuoteBatch.from_events([]), [0])


@pytest.mark.parametrize(
    "settings",
    [
        {"preferred": {"es": "TOS"}},
        {"preferred": {"ES": "tos"}},
        {"stale_after_ms": -1},
        {"stale_after_ms_by_symbol": {"ES": -1}},
        {"sequence_domains": [["tos"]]},
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"symbol|source|staleness"):
        MergePolicy(**settings)


def test_a_source_that_starts_over_repeats_nothing() -> None:
    policy = MergePolicy()
    told = [quote(seq, bid) for seq, bid in [(1, 1), (2, 1), (3, 1), (3, 2), (3, 1), (3, 3)]]
    first = [policy.offer(event, at).reason for at, event in enumerate(told)]
    assert first == ["first", "newer_seq", "newer_seq", "same_seq", "same_seq", "same_seq"]
    for start in (100, 200):
        again = [policy.offer(event, start + at).reason for at, event in enumerate(told)]
        assert again == ["stale_seq", "stale_seq", "duplicate", "duplicate", "duplicate", "duplicate"]
    assert policy.offer(quote(3, 1), 300).reason == "same_seq"
    assert policy.offer(quote(4, 1), 301).reason == "newer_seq"


def test_what_is_new_after_a_step_back_stands() -> None:
    policy = MergePolicy()
    for at, (seq, bid) in enumerate([(1, 1), (2, 1), (2, 2), (1, 1), (2, 1)]):
        policy.offer(quote(seq, bid), at)
    assert policy.offer(quote(2, 9), 10).reason == "same_seq"
    assert policy.offer(quote(2, 1), 11).reason == "same_seq"


def test_a_step_back_is_part_of_the_state() -> None:
    first, second = MergePolicy(), MergePolicy()
    for at, (seq, bid) in enumerate([(1, 1), (2, 1), (2, 2), (2, 1), (1, 1), (2, 1)]):
        first.offer(quote(seq, bid), at)
    second.import_state(first.export_state())
    assert second.export_state() == first.export_state()
    for policy in (first, second):
        assert policy.offer(quote(2, 2), 10).reason == "duplicate"


def quote(seq: int, bid: int) -> QuoteEvent:
    return QuoteEvent(symbol="ES", ts_us=seq, source="TOS", bid=bid, seq=seq)
