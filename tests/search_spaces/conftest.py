"""Time limits of single examples say nothing on a machine that others use too."""

from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
