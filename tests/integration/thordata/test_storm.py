"""A small storm: whatever is killed, the table is what the input makes. The whole one: `python -m tests.storm`."""

from tests.storm import Storm, rage


async def test_a_storm_leaves_every_row_and_no_other() -> None:
    report = await rage(Storm(events=20_000, kills=3, restarts=1))
    assert (report.kills, report.restarts, report.in_the_middle) == (3, 1, 4)
    assert report.poison > 100
    assert (report.stored, report.wrong) == (report.expected, 0)
    assert (report.lake_rows, report.lake_differences) == (report.expected, 0)
    assert (report.after_replay, report.wrong_after_replay) == (report.expected, 0)
