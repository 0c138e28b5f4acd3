"""What of the ingestor's heartbeat Prometheus is told."""

from typing import Final

from collectors.metrics import Family, is_state, latency, number

__all__ = ["INGESTOR_METRICS"]

INGESTOR_METRICS: Final = (
    Family("thor_ingestor_ingesting", "gauge", "1 while it stores, 0 while it waits or rests.", is_state("ingesting")),
    Family("thor_ingestor_full", "gauge", "1 while Postgres has no room left.", is_state("waiting: postgres_full")),
    Family("thor_ingestor_streams", "gauge", "Streams that it owns.", number("streams")),
    Family("thor_ingestor_events", "counter", "Events stored.", number("events")),
    Family("thor_ingestor_batches", "counter", "Batches stored.", number("batches")),
    Family("thor_ingestor_copied", "counter", "Batches copied straight into the table.", number("copied")),
    Family("thor_ingestor_staged", "counter", "Batches that went the long way, for repeated keys.", number("staged")),
    Family("thor_ingestor_rejects", "counter", "Entries that were no event.", number("rejected")),
    Family("thor_ingestor_unstorable", "counter", "Events that Postgres refused.", number("unstorable")),
    Family(
        "thor_ingestor_batch_seconds", "gauge", "How long the last batch took.", number("last_batch_ms", scale=1e-3)
    ),
    Family(
        "thor_ingestor_latency_seconds", "histogram", "End to end: from a collector to rows in Postgres.", latency()
    ),
    Family("thor_ingestor_batch_events", "gauge", "Events of the last batch.", number("last_batch_events")),
)
