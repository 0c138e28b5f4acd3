"""Rules of accounts, without request objects."""
