"""Which path is answered by what. Everything that is not named here is the dashboard's own."""

from django.contrib import admin
from django.urls import path, re_path

from thor_web.accounts.pages import login_page, logout_page
from thor_web.thor_project.api import api, no_such_path
from thor_web.thor_project.pages import dashboard, healthz, metrics, readyz

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("login", login_page),
    path("logout", logout_page),
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    re_path(r"^(?:api|static|metrics)(?:/|$)", no_such_path),
    re_path(r"", dashboard),
]
