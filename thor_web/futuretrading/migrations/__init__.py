"""Shapes of this room's tables, step by step."""
