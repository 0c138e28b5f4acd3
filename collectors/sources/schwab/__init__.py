"""Schwab: login, REST and the level-one streamer. `source.py` is the source; the rest are its parts."""
