"""Django's settings, made from the one settings table. Nothing is decided here that an operator may want to change."""

from pathlib import Path
from typing import Any

from thor_web.thor_project.configuration import ServerSettings

CONFIGURATION = ServerSettings()

DASHBOARD_DIR = Path(__file__).resolve().parent.parent / "dashboard"
"""Where the built frontend lies: made by the bootstrap in a checkout, shipped inside the wheel."""

SECRET_KEY = CONFIGURATION.secret_key
DEBUG = CONFIGURATION.thor_debug
ALLOWED_HOSTS = CONFIGURATION.hosts
ROOT_URLCONF = "thor_web.thor_project.urls"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "ninja",
    "flags",
    "thor_web.accounts.apps.AccountsConfig",
    "thor_web.futuretrading.apps.FuturetradingConfig",
    "thor_web.timezones.apps.TimezonesConfig",
    "thor_web.thordata.apps.ThordataConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "thor_web.thor_project.middleware.content_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "thor_web.thor_project.middleware.access",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": CONFIGURATION.db_host,
        "PORT": str(CONFIGURATION.db_port),
        "NAME": CONFIGURATION.db_name,
        "USER": CONFIGURATION.db_user,
        "PASSWORD": CONFIGURATION.db_password.get_secret_value(),
        # A migration that waits for a table behind the ingestor would hold up everybody behind itself: rather not now.
        "OPTIONS": {"connect_timeout": 5, "options": "-c lock_timeout=10s"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "/login"
SESSION_COOKIE_AGE = CONFIGURATION.session_hours * 3_600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CONFIGURATION.thor_tls
CSRF_COOKIE_SECURE = CONFIGURATION.thor_tls
SECURE_SSL_REDIRECT = CONFIGURATION.thor_tls
SECURE_REDIRECT_EXEMPT = [r"^(?:healthz|readyz|metrics)$"]
SECURE_HSTS_SECONDS = 31_536_000 if CONFIGURATION.thor_tls else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = CONFIGURATION.thor_tls
SECURE_HSTS_PRELOAD = CONFIGURATION.thor_tls
DATA_UPLOAD_MAX_MEMORY_SIZE = CONFIGURATION.body_limit_kib * 1_024
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

FLAGS_STATE_LOGGING = False
FLAG_SOURCES = ["thor_web.timezones.flag_source.SnapshotSource"]
"""In memory: every process is told of a change, and no check asks the database."""

EMAIL_BACKEND = CONFIGURATION.email_backend
EMAIL_HOST = CONFIGURATION.email_host
EMAIL_PORT = CONFIGURATION.email_port
EMAIL_HOST_USER = CONFIGURATION.email_user
EMAIL_HOST_PASSWORD = CONFIGURATION.email_password.get_secret_value()
EMAIL_USE_TLS = CONFIGURATION.email_tls
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = CONFIGURATION.email_from

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
STATIC_URL = "/static/"

LOGGING: dict[str, Any] = {"version": 1, "disable_existing_loggers": False}
"""The process that starts Django has set its logging up already."""
