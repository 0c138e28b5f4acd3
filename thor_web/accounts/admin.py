"""Keys in the admin: seen and revoked there, made only by `thor key add`, which shows them once."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from thor_web.accounts.models import ApiKey

__all__ = ["ApiKeyAdmin"]


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list with one action."""

    list_display = ("name", "owner", "public_part", "scopes", "expires_at", "revoked_at", "last_used_at")
    search_fields = ("name", "owner__username")
    readonly_fields = ("name", "owner", "scopes", "expires_at", "revoked_at", "created_at", "last_used_at")
    actions = ("revoke",)

    @admin.action(description="Revoke the chosen keys", permissions=["change"])
    def revoke(self, request: HttpRequest, chosen: Any) -> None:
        """They are good for nothing any more, from now on."""
        count = chosen.filter(revoked_at=None).update(revoked_at=datetime.now(UTC))
        self.message_user(request, f"{count} keys revoked.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
