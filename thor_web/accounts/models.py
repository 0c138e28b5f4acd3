"""What accounts keep beside Django's own users and groups: keys of programs, by their hash."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

__all__ = ["ApiKey"]


class ApiKey(models.Model):
    """A key of a program. The key itself is shown once, when it is made, and kept nowhere."""

    name = models.CharField(max_length=100, unique=True, help_text="What it is for.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    public_part = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    scopes = ArrayField(models.CharField(max_length=16))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("name",)
        verbose_name = "API key"

    def __str__(self) -> str:
        return self.name
