"""Django project: settings, URLs and the ASGI application that everything is served from."""
