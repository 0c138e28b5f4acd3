"""The world clock: what each market is doing at an instant."""
