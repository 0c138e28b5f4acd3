"""Django project: settings, URLs and the ASGI application that everything is served from."""

import os

# Importing anything of Django's project means these settings, whoever does it.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thor_web.thor_project.settings")
