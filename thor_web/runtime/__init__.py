"""`thor up`: the embedded servers and the supervisor that keeps every process alive."""
