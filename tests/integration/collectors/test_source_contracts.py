"""Every source of ours keeps to the contract of sources."""

import json
import time
from contextlib import AsyncExitStack
from pathlib import Path

from openpyxl import Workbook

from collectors.instruments import Instruments
from collectors.settings import SchwabSettings
from collectors.sources import excel_live
from collectors.sources.base import CollectSpec, Source
from collectors.sources.excel_file import ExcelFileSource
from collectors.sources.json_file import JsonFileSource
from collectors.sources.mock import MockSource
from collectors.sources.replay import ReplaySource
from collectors.sources.schwab.access import SchwabAccess
from collectors.sources.schwab.source import SchwabSource
from collectors.sources.schwab.subscriptions import Subscriptions
from collectors.sources.schwab.tokens import FileTokenStore, Tokens
from tests.certificates import make_authority
from tests.schwab_server import APP_KEY, APP_SECRET, FUTURES, local_schwab
from tests.source_contract import SourceContract
from tests.unit.collectors.com_recordings import HEADERS, row, write_recording

GOLDEN = Path(__file__).parents[2] / "golden" / "es_open.jsonl"


class TestMock(SourceContract):
    async def make(self, folder: Path, instruments: Instruments) -> Source:
        return MockSource(instruments, seed=1, rate=500)


class TestReplay(SourceContract):
    async def make(self, folder: Path, instruments: Instruments) -> Source:
        return ReplaySource(GOLDEN, speed=None, rename="TOS")


class TestJson(SourceContract):
    async def make(self, folder: Path, instruments: Instruments) -> Source:
        path = folder / "quotes.json"
        path.write_text(json.dumps({"/ES:XCME": {"last": 6708.5}, "ZB": {"bid": 118.3125}}))
        return JsonFileSource(path, instruments)


class TestExcelFile(SourceContract):
    async def make(self, folder: Path, instruments: Instruments) -> Source:
        workbook = Workbook()
        sheet = workbook.worksheets[0]
        sheet.append(HEADERS)
        sheet.append(row(Symbol="/ES:XCME"))
        workbook.save(folder / "book.xlsx")
        workbook.close()
        return ExcelFileSource(folder / "book.xlsx", instruments)


class TestExcelLiveOverASimulatedExcel(SourceContract):
    async def make(self, folder: Path, instruments: Instruments) -> Source:
        reads = [[HEADERS, row(Symbol="/ES:XCME", Last=6700.0 + at)] for at in range(20)]
        recording = write_recording(folder / "com.jsonl", reads)
        return excel_live.create(CollectSpec("excel_live", replay_com=recording, speed=1.0), instruments)


class TestSchwabAgainstALocalServer(SourceContract):
    async def make(self, folder: Path, instruments: Instruments) -> Source:
        self._stack = AsyncExitStack()
        authority = make_authority(folder)
        schwab = await self._stack.enter_async_context(local_schwab(authority))
        await schwab.quote(FUTURES, "/ES", _3=6708.5, _10=1_764_194_400_123)
        FileTokenStore(folder / "schwab-tokens.json").save(Tokens.from_login(schwab.issue(), time.time()))
        settings = SchwabSettings(
            thor_state=folder,
            schwab_app_key=APP_KEY,
            schwab_app_secret=APP_SECRET,
            schwab_api_url=schwab.api_url,
            schwab_ca_file=authority.ca_file,
        )
        access = SchwabAccess.from_settings(settings)
        self._stack.push_async_callback(access.close)
        return SchwabSource(Subscriptions(instruments), access.rest, access.keeper, context=access.context)

    async def finish(self) -> None:
        await self._stack.aclose()
