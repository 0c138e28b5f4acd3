//! What a quote's figures say together, whatever source they come from.

/// A zero is a price only where the other prices are this near: crude oil in 2020, not a quote still loading.
const NEAR_ZERO_TICKS: i64 = 100;

/// Whether a zero among last, bid and ask (in nanos) is a price. After the daily reset, and before the first values
/// have come, it says "nothing yet".
#[must_use]
pub fn believes_zero(prices: &[Option<i64>; 3], volume: Option<i64>, tick: i64) -> bool {
    let near = tick.saturating_mul(NEAR_ZERO_TICKS);
    volume.is_some_and(|volume| volume > 0)
        && prices.iter().flatten().any(|price| *price != 0)
        && prices.iter().flatten().all(|price| *price <= near)
}

/// What is odd about a book of last, bid and ask. Its parts do not change together, so a book may look impossible for a
/// moment: say so, drop nothing.
#[must_use]
pub fn book_flag(prices: &[Option<i64>; 3]) -> Option<&'static str> {
    let [last, Some(bid), Some(ask)] = prices else { return None };
    if bid > ask {
        Some("crossed")
    } else if bid == ask {
        Some("locked")
    } else if last.is_some_and(|last| last < *bid || last > *ask) {
        Some("last_outside")
    } else {
        None
    }
}
