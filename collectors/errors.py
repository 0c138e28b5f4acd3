"""What a collector tells a person in one sentence. Faults of the program itself stay plain exceptions."""

__all__ = ["CollectorError"]


class CollectorError(Exception):
    """Something a person can mend: a missing file, a wrong row. The text is one plain sentence."""
