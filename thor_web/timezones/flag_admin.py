"""Feature flags in the admin: django-flags' form, but a name may be new. Registered by admin.py."""

from typing import Any

from django import forms
from flags.forms import FlagStateForm

from thor_web.timezones.flags import known_flags

__all__ = ["FlagForm"]


class FlagForm(FlagStateForm):  # type: ignore[misc]
    """One condition of a flag. Those that are not required are alternatives; every required one must hold."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = ", ".join(known_flags()) or "none yet"
        self.fields["name"] = forms.SlugField(max_length=64, label="Flag", help_text=f"Known: {known}.")
