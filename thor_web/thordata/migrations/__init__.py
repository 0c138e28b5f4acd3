"""Schema of the tick store."""
