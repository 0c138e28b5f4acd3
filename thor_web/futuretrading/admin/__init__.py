"""This room in Django's admin: what may be edited, and what was recorded to be read only."""

from thor_web.futuretrading.admin import configuration, instruments, lists, records

__all__ = ["configuration", "instruments", "lists", "records"]
