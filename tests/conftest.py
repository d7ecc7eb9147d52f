"""Settings for all tests."""

from hypothesis import HealthCheck, settings

# No time is asserted in a test, and the machine may be busy.
settings.register_profile("flatgrade", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("flatgrade")
