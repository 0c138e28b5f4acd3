"""Seeding: everything from one file, again without harm, and never over an edited value unless told to."""

from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from collectors.instruments import load_instruments

MES = """
[[instrument]]
symbol = "MES"
name = "Micro E-mini S&P 500"
asset_class = "future"
exchange = "CME"
market = "GLOBEX_EQUITY"
tick = "0.25"
tick_value = "1.25"
multiplier = "5"
display = 2
preferred = "TOS"
"""


def seeding(*words: str) -> str:
    from django.core.management import call_command

    out = StringIO()
    call_command("seed_stat_values", *words, stdout=out)
    return out.getvalue()


def configuration() -> Any:
    from thor_web.futuretrading.services.publication import configuration_from_database

    found = configuration_from_database()
    assert found is not None
    return found


def test_the_database_says_what_the_file_says(seeded: Any) -> None:
    from thor_web.futuretrading.interface import Configuration

    shipped = Configuration.shipped(load_instruments())
    found = configuration()
    assert found.instruments == shipped.instruments
    assert found.bounds == shipped.bounds
    assert found.version > 0
    assert Configuration.from_json(found.to_json()) == found


def test_seeding_again_changes_nothing(seeded: Any) -> None:
    before = configuration()
    assert seeding("--create-instruments").startswith("0 rows created, 0 values updated")
    assert configuration() == before


def test_an_edited_value_stays_until_it_is_to_be_overwritten(seeded: Any) -> None:
    from thor_web.futuretrading.models import SignalStatValue

    value = SignalStatValue.objects.get(instrument__symbol="ES", signal="BUY")
    value.value = Decimal("1.75")
    value.save()
    assert "kept as edited: ES BUY value" in seeding()
    value.refresh_from_db()
    assert value.value == Decimal("1.75")
    assert "1 values updated" in seeding("--overwrite")
    value.refresh_from_db()
    assert value.value == 1


def test_what_nobody_has_edited_follows_the_file(seeded: Any, tmp_path: Path) -> None:
    from thor_web.futuretrading.models import TradingInstrument
    from thor_web.futuretrading.services.seeding import seed

    text = Path("collectors/instruments.toml").read_text(encoding="utf-8")
    changed = tmp_path / "instruments.toml"
    changed.write_text(text.replace('name = "Gold"\n', 'name = "Gold 100 oz"\n') + MES, encoding="utf-8")
    TradingInstrument.objects.filter(symbol="ES").update(name="Spoo")
    with pytest.raises(LookupError, match="there is no instrument MES"):
        seed(load_instruments(changed), create_instruments=False, overwrite=False)
    done = seed(load_instruments(changed), create_instruments=True, overwrite=False)
    assert (done.created, done.updated, done.kept) == (["MES"], ["GC name"], ["ES name"])
    names = dict(TradingInstrument.objects.values_list("symbol", "name"))
    assert (names["GC"], names["ES"], names["MES"]) == ("Gold 100 oz", "Spoo", "Micro E-mini S&P 500")
    mes = configuration().instruments[-1]
    assert (mes.symbol, mes.has_signal) == ("MES", False)


def test_every_edit_has_a_version_and_a_history(seeded: Any) -> None:
    from django.db import connection, transaction

    from thor_web.futuretrading.models import ConfigurationChange, ContractWeight
    from thor_web.futuretrading.services.publication import edited_by

    before = configuration().version
    with transaction.atomic():
        edited_by("ada")
        ContractWeight.objects.filter(instrument__symbol__in=["ES", "NQ"]).update(weight=Decimal(2))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE futuretrading_contractweight SET weight = weight")
    assert configuration().version == before + 1
    changes = ConfigurationChange.objects.filter(version=before + 1).order_by("row")
    assert [(it.changed_by, it.table, it.row) for it in changes] == [
        ("ada", "contractweight", "ES"),
        ("ada", "contractweight", "NQ"),
    ]
    assert [(it.before["weight"], it.after["weight"]) for it in changes if it.before and it.after] == [
        (1.5, 2.0),
        (1.2, 2.0),
    ]


def test_a_contradiction_past_every_check_is_no_signal(seeded: Any) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("UPDATE futuretrading_signalstatvalue SET value = -9 WHERE signal = 'STRONG_BUY'")
    assert not any(instrument.has_signal for instrument in configuration().instruments)
