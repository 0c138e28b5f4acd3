"""The live path behind the collectors: merger, tailer, snapshot and stream of merged quotes."""
