"""Instruments, signals and what a trader acts on: the rows behind the page and their APIs."""
