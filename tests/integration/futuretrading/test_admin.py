"""The admin: what makes no sense is refused with the field named, and what is saved is published at once."""

from typing import Any

import pytest

from collectors.bus import Bus

SIGNALS = ("STRONG_BUY", "BUY", "HOLD", "SELL", "STRONG_SELL")


@pytest.fixture
def admin(seeded: Any) -> Any:
    """A client that is logged in as an administrator."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    client.force_login(User.objects.create_superuser("ada", password="a long enough one"))
    return client


def form_of(admin: Any, path: str) -> dict[str, Any]:
    """The fields of a page's form as they are."""
    page = admin.get(path)
    assert page.status_code == 200
    fields: dict[str, Any] = {}
    forms = [page.context["adminform"].form]
    for formset in page.context["inline_admin_formsets"]:
        forms += [formset.formset.management_form, *formset.formset.forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is not False and value is not None:
                fields[bound.html_name] = value
    return fields


def faults(answer: Any) -> list[str]:
    """Everything the page complains about, `field: text`."""
    forms = [answer.context["adminform"].form]
    for formset in answer.context["inline_admin_formsets"]:
        forms += formset.formset.forms
    return [f"{name}: {text}" for form in forms for name, texts in form.errors.items() for text in texts]


def instrument_path(symbol: str) -> str:
    from thor_web.futuretrading.models import TradingInstrument

    return f"/admin/futuretrading/tradinginstrument/{TradingInstrument.objects.get(symbol=symbol).pk}/change/"


def value_field(fields: dict[str, Any], signal: str) -> str:
    prefix = next(name for name, value in fields.items() if name.endswith("-signal") and value == signal)
    return prefix.removesuffix("-signal") + "-value"


@pytest.mark.parametrize("page", ["tradinginstrument", "instrumentcategory", "hbsthresholds", "configurationchange"])
def test_every_list_can_be_searched(admin: Any, page: str) -> None:
    assert admin.get(f"/admin/futuretrading/{page}/", {"q": "ES"}).status_code == 200


@pytest.mark.parametrize("page", ["tradingsignal", "marketdata", "contractroll", "watchlist"])
def test_what_was_recorded_can_be_read(admin: Any, page: str) -> None:
    assert admin.get(f"/admin/futuretrading/{page}/").status_code == 200


async def test_an_edit_is_published_with_who_made_it(admin: Any, bus: Bus) -> None:
    from asgiref.sync import sync_to_async

    from thor_web.futuretrading.models import ConfigurationChange
    from thor_web.futuretrading.services.announcement import announced

    def edit() -> str:
        path = instrument_path("ES")
        fields = form_of(admin, path)
        fields[value_field(fields, "BUY")] = "2.5"
        answer = admin.post(path, fields)
        assert answer.status_code == 302, faults(answer)
        return ConfigurationChange.objects.filter(row="ES BUY").latest("id").changed_by

    assert await sync_to_async(edit)() == "ada"
    found = await announced(bus)
    assert found is not None
    es = next(row for row in found.instruments if row.symbol == "ES")
    assert str(es.stat_values["BUY"]) == "2.5"


def test_values_that_do_not_fall_are_refused(admin: Any) -> None:
    path = instrument_path("ES")
    fields = form_of(admin, path)
    assert [fields[value_field(fields, signal)] for signal in SIGNALS] == ["6", "1", "0", "-1", "-6"]
    fields[value_field(fields, "BUY")] = "6"
    assert faults(admin.post(path, fields)) == ["value: BUY must be below STRONG_BUY, 6, was 6"]


def test_a_weight_below_0_needs_the_inverse_flag(admin: Any) -> None:
    path = instrument_path("ES")
    fields = form_of(admin, path)
    fields["weight-0-weight"] = "-1.5"
    assert faults(admin.post(path, fields)) == ["weight: only an inverse instrument has a weight below 0, was -1.5"]
    assert admin.post(path, fields | {"inverse": "on"}).status_code == 302


def test_an_unknown_unit_and_a_symbol_that_is_there_are_refused(admin: Any) -> None:
    path = instrument_path("ES")
    fields = form_of(admin, path)
    (fault,) = faults(admin.post(path, fields | {"unit": "furlongs"}))
    assert fault.startswith("unit: ")
    (fault,) = faults(admin.post(path, fields | {"symbol": "NQ"}))
    assert fault == "symbol: Trading instrument with this Symbol already exists."
    (fault,) = faults(admin.post(path, fields | {"tick_value": "12"}))
    assert fault == "tick_value: must be tick x multiplier, 12.5"


def test_a_preferred_source_is_a_source_s_name_or_none(admin: Any) -> None:
    path = instrument_path("ES")
    fields = form_of(admin, path)
    (fault,) = faults(admin.post(path, fields | {"preferred_source": "schwab"}))
    assert fault == "preferred_source: must be a source name in capitals"
    assert admin.post(path, fields | {"preferred_source": ""}).status_code == 302


def test_bounds_that_do_not_fall_are_refused_and_one_set_is_active(admin: Any) -> None:
    from thor_web.futuretrading.models import HbsThresholds

    path = "/admin/futuretrading/hbsthresholds/add/"
    fields = {"name": "narrow", "strong_buy": "5", "buy": "7", "sell": "-2", "strong_sell": "-5", "min_live_share": "1"}
    (fault,) = faults(admin.post(path, fields))
    assert fault.startswith("buy: the bounds must fall")
    assert admin.post(path, fields | {"buy": "2", "is_active": "on"}).status_code == 302
    assert list(HbsThresholds.objects.filter(is_active=True).values_list("name", flat=True)) == ["narrow"]
