"""What a browser may load and run of Thor's pages. Said with every answer of Django's and every static file."""

from typing import Final

__all__ = ["POLICY"]

POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""No script but our own files. Styles may be inline: charts and the admin set them, and they run nothing."""
