//! Which intervals of time a batch touches: the days that need a partition, the hours whose rows have changed.

use crate::batch::QuoteBatch;

/// The start of every interval with an event, rising, each a whole multiple of the interval; none when it is not above 0.
#[must_use]
pub fn distinct_intervals(batch: &QuoteBatch, interval_us: i64) -> Vec<i64> {
    let mut starts = Vec::new();
    if interval_us <= 0 {
        return starts;
    }
    let (mut start, mut end) = (0, 0);
    for ts_us in
        (0..batch.len()).filter_map(|position| batch.row(position)).filter_map(|row| batch.columns().ts_us().get(row))
    {
        // Neighbours are mostly in one interval: they cost two comparisons.
        if (start..end).contains(ts_us) {
            continue;
        }
        start = ts_us - ts_us.rem_euclid(interval_us);
        end = start.saturating_add(interval_us);
        starts.push(start);
    }
    starts.sort_unstable();
    starts.dedup();
    starts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse_lines;
    use crate::symbol::Sources;

    #[test]
    fn each_interval_is_named_once_also_before_1970() {
        let line = |ms: i64| {
            format!(
                r#"{{"symbol":"ES","ts":{ms},"source":"TOS","last":1,"bid":null,"ask":null,"lastSize":null,"bidSize":null,"askSize":null}}"#
            )
        };
        let lines = [5, 9, 12, -1, 3, 10].map(line).join("\n");
        let batch = parse_lines(lines.as_bytes(), &Sources::built_in()).batch;
        assert_eq!(distinct_intervals(&batch, 10_000), [-10_000, 0, 10_000]);
        assert_eq!(distinct_intervals(&batch.slice(0..2), 10_000), [0]);
        assert_eq!(distinct_intervals(&QuoteBatch::default(), 10_000), [0; 0]);
        assert_eq!(distinct_intervals(&batch, 0), [0; 0]);
    }
}
