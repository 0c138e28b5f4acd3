"""Benchmarks: each first proves the answer, then times Thor and its peers in turn. See docs/benchmarks.md."""
