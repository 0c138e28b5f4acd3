"""What of the merger's heartbeat Prometheus is told."""

from typing import Final

from collectors.metrics import Family, by_prefix, is_state, latency, number

__all__ = ["MERGER_METRICS"]

MERGER_METRICS: Final = (
    Family("thor_merger_merging", "gauge", "1 for the merger at work, 0 for one that stands by.", is_state("merging")),
    Family("thor_merger_events_in", "counter", "Entries read from the sources.", number("events_in")),
    Family("thor_merger_events_out", "counter", "Events appended to the unified stream.", number("events_out")),
    Family("thor_merger_rejects", "counter", "Entries that were no event.", by_prefix("rejected_"), "code"),
    Family(
        "thor_merger_decisions", "counter", "What was decided of events, by reason.", by_prefix("reason_"), "reason"
    ),
    Family("thor_merger_lag", "gauge", "Entries of a source not merged yet.", by_prefix("lag_"), "source"),
    Family("thor_merger_latency_seconds", "histogram", "From a collector to the unified stream.", latency()),
)
