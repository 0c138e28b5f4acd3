"""How hypothesis behaves in this suite: a machine that is busy with something else fails no test."""

from hypothesis import HealthCheck, settings

settings.register_profile("thor", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("thor")
