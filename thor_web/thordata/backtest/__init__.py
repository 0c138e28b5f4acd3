"""Backtests: what a signal would have paid, on the kernel that runs live, with every convention named."""
