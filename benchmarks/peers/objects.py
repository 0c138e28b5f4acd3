"""Peers that read one event into one object. Each factory gives a function of the event's bytes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal, NotRequired

from benchmarks.peers.checks import SYMBOL, checked

__all__ = ["msgspec_event", "msgspec_reader", "names_and_values", "orjson_reader", "pydantic_reader", "simdjson_reader"]

NAMES: Final = (
    "symbol", "ts", "source", "last", "bid", "ask", "lastSize", "bidSize", "askSize", "seq", "condition", "venue",
    "meta",
)  # fmt: skip
Reader = Callable[[bytes], Any]


def names_and_values(events: Sequence[Any]) -> list[Mapping[str, Any]]:
    """What a reader gave, as mappings by the contract's names."""
    return [
        event
        if isinstance(event, dict)
        else dict(zip(NAMES, event, strict=True))
        if isinstance(event, tuple)
        else {name: getattr(event, name) for name in NAMES}
        for event in events
    ]


def msgspec_event() -> Any:
    """A Struct with the contract's constraints. `meta` stays raw, which is msgspec's fastest, and prices are floats."""
    import msgspec

    size = Annotated[int, msgspec.Meta(ge=0, le=2_147_483_647)] | None
    text = Annotated[str, msgspec.Meta(max_length=64)] | None
    price = float | None
    return msgspec.defstruct(
        "Event",
        [
            ("symbol", Annotated[str, msgspec.Meta(pattern=f"^{SYMBOL}$")]),
            ("ts", Annotated[datetime, msgspec.Meta(tz=True)]),
            ("source", Literal["TOS", "SCHWAB", "MOCK"]),
            ("last", price),
            ("bid", price),
            ("ask", price),
            ("lastSize", size),
            ("bidSize", size),
            ("askSize", size),
            ("v", Literal[1], 1),
            ("seq", Annotated[int, msgspec.Meta(ge=0)] | None, None),
            ("condition", text, None),
            ("venue", text, None),
            ("meta", msgspec.Raw, msgspec.Raw(b"null")),
        ],
        gc=False,
    )


def msgspec_reader() -> Reader:
    """One decoder, made once."""
    import msgspec

    reader: Reader = msgspec.json.Decoder(msgspec_event(), strict=True).decode
    return reader


def orjson_reader() -> Reader:
    """orjson and checks by hand."""
    import orjson

    loads = orjson.loads
    return lambda data: checked(loads(data))


def simdjson_reader() -> Reader:
    """pysimdjson and checks by hand; the parser is used again, and the object made in one go, which is its fastest."""
    import simdjson

    parse: Callable[[bytes], Any] = simdjson.Parser().parse
    return lambda data: checked(parse(data).as_dict())


def pydantic_reader() -> Reader:
    """A TypedDict, which pydantic's documents recommend over a model where speed counts, read straight from JSON."""
    from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter
    from typing_extensions import TypedDict

    size = Annotated[int, Field(ge=0, le=2_147_483_647)] | None
    text = Annotated[str, Field(max_length=64)] | None

    class Event(TypedDict):
        __pydantic_config__ = ConfigDict(strict=True)  # type: ignore[misc]
        v: NotRequired[Literal[1]]
        symbol: Annotated[str, Field(pattern=f"^{SYMBOL}$")]
        ts: AwareDatetime
        source: Literal["TOS", "SCHWAB", "MOCK"]
        last: float | None
        bid: float | None
        ask: float | None
        lastSize: size
        bidSize: size
        askSize: size
        seq: NotRequired[Annotated[int, Field(ge=0)] | None]
        condition: NotRequired[text]
        venue: NotRequired[text]
        meta: NotRequired[dict[str, Any] | None]

    reader: Reader = TypeAdapter(Event).validate_json
    return reader
