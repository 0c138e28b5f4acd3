"""Watchlists of whoever is logged in. Writing needs the session's CSRF token as well."""

from typing import Annotated, Any, Final

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from ninja import Path, Router

from thor_web.accounts.interface import signed_in
from thor_web.futuretrading.models import TradingInstrument, Watchlist, WatchlistEntry
from thor_web.futuretrading.schemas import WatchlistInput, WatchlistRecord
from thor_web.problems import Problem

__all__ = ["router"]

router = Router(tags=["watchlists"], auth=signed_in)

MOST_LISTS: Final = 50
ListId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("/watchlists", response=list[WatchlistRecord], summary="Your watchlists")
def watchlists(request: HttpRequest) -> Any:
    """In the order of their names, each with its symbols in your order."""
    return [_record(found) for found in _own(request)]


@router.post("/watchlists", response={201: WatchlistRecord}, summary="Make a watchlist")
def make(request: HttpRequest, given: WatchlistInput) -> Any:
    """Its name must be new among yours, its symbols instruments of Thor."""
    if _own(request).count() >= MOST_LISTS:
        raise Problem(409, "too_many_watchlists", f"You have {MOST_LISTS} watchlists already.")
    watchlist = Watchlist()
    watchlist.owner_id = request.user.pk or 0
    return _record(_write(watchlist, given))


@router.get("/watchlists/{list_id}", response=WatchlistRecord, summary="One of your watchlists")
def one(request: HttpRequest, list_id: ListId) -> Any:
    """A list of somebody else's is not there for you."""
    return _record(_found(request, list_id))


@router.put("/watchlists/{list_id}", response=WatchlistRecord, summary="Change a watchlist")
def change(request: HttpRequest, list_id: ListId, given: WatchlistInput) -> Any:
    """Name and symbols are those given, in the order given."""
    return _record(_write(_found(request, list_id), given))


@router.delete("/watchlists/{list_id}", response={204: None}, summary="Remove a watchlist")
def remove(request: HttpRequest, list_id: ListId) -> HttpResponse:
    """It is gone for good."""
    _found(request, list_id).delete()
    return HttpResponse(status=204)


def _own(request: HttpRequest) -> Any:
    return Watchlist.objects.filter(owner_id=request.user.pk).prefetch_related("entries__instrument").order_by("name")


def _found(request: HttpRequest, list_id: int) -> Watchlist:
    found: Watchlist | None = _own(request).filter(pk=list_id).first()
    if found is None:
        raise Problem(404, "no_such_watchlist", "You have no such watchlist.")
    return found


def _write(watchlist: Watchlist, given: WatchlistInput) -> Watchlist:
    known = {row.symbol: row for row in TradingInstrument.objects.filter(symbol__in=given.symbols)}
    for symbol in given.symbols:
        if symbol not in known:
            raise Problem(400, "unknown_symbol", f"symbols: there is no instrument {symbol[:32]!r}")
    if len(set(given.symbols)) != len(given.symbols):
        raise Problem(400, "duplicate_symbol", "symbols: a symbol stands in a list once")
    watchlist.name = given.name
    try:
        with transaction.atomic():
            watchlist.save()
            watchlist.entries.all().delete()
            WatchlistEntry.objects.bulk_create(
                WatchlistEntry(watchlist=watchlist, instrument=known[symbol], order=order)
                for order, symbol in enumerate(given.symbols)
            )
    except IntegrityError:
        raise Problem(409, "duplicate_name", f"name: you have a watchlist {given.name!r} already") from None
    return Watchlist.objects.prefetch_related("entries__instrument").get(pk=watchlist.pk)


def _record(watchlist: Watchlist) -> dict[str, Any]:
    entries = sorted(watchlist.entries.all(), key=lambda entry: entry.order)
    return {"id": watchlist.pk, "name": watchlist.name, "symbols": [entry.instrument.symbol for entry in entries]}
