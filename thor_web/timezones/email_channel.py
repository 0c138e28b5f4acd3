"""The channel that needs Django: e-mail through the backend its settings name."""

import smtplib

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.mail import send_mail

from thor_web.timezones.services.delivering import Channel, DeliveryError
from thor_web.timezones.services.notices import Delivery

__all__ = ["email_channel"]


def email_channel() -> Channel:
    """Sends the notice to the rule's addresses."""

    async def send(delivery: Delivery) -> None:
        addresses = [address.strip() for address in delivery.emails.split(",") if address.strip()]
        if not addresses:
            raise DeliveryError("the rule names no address", final=True)
        if settings.EMAIL_BACKEND == SMTP and not settings.EMAIL_HOST:
            raise DeliveryError("EMAIL_HOST is not set", final=True)
        try:
            await sync_to_async(send_mail, thread_sensitive=False)(
                subject=f"[Thor] {' '.join(delivery.title.split())}",
                message=f"{delivery.text}\n\n{delivery.market} {delivery.symbol}".strip() + "\n",
                from_email=None,
                recipient_list=addresses,
            )
        except smtplib.SMTPRecipientsRefused as error:
            raise DeliveryError(f"refused: {error}", final=True) from error
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryError(f"{type(error).__name__}: {error}", final=False) from error

    return send


SMTP = "django.core.mail.backends.smtp.EmailBackend"
