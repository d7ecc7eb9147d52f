"""Profiles: which libraries the answers of an exercise may use."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable

PROFILES = ("numpy", "torch", "any")  # NumPy's libraries, torch's too, all that are installed
INSTALL_TORCH = "pip install 'flatgrade[torch]'"


def widest(profiles: Iterable[str]) -> str:
    """The profile that allows most."""
    return max(profiles, key=PROFILES.index)


def lacks_torch(profile: str) -> bool:
    """True if the profile needs torch, and torch is not installed here."""
    return profile == "torch" and importlib.util.find_spec("torch") is None
