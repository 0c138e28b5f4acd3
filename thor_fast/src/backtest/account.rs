//! The account: positions, money, fills and the trades they add up to. All amounts are exact integers of 1e-9.

use super::market::{Instrument, MISSING};

/// One execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The order's number; 0 where the account itself acted (close, roll, margin call).
    pub order: u64,
    /// Which instrument.
    pub instrument: u32,
    /// When.
    pub ts_us: i64,
    /// Contracts, signed.
    pub quantity: i64,
    /// Price in nanos.
    pub price: i64,
    /// Fee.
    pub fee: i128,
}

/// From flat to flat, or from one side to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Which instrument.
    pub instrument: u32,
    /// When it was opened, microseconds UTC.
    pub entered_us: i64,
    /// When it was closed.
    pub left_us: i64,
    /// The most contracts held, signed.
    pub quantity: i64,
    /// Sum of price times contracts of what opened it, and the contracts.
    pub entry: (i128, i64),
    /// The same of what closed it.
    pub exit: (i128, i64),
    /// Gain after fees.
    pub profit: i128,
    /// Fees.
    pub fees: i128,
    /// Worst gain while it was open, at marks, after fees so far.
    pub worst: i128,
    /// Best gain while it was open.
    pub best: i128,
}

impl Trade {
    /// Average price of a leg in nanos.
    #[must_use]
    pub fn average(leg: (i128, i64)) -> f64 {
        if leg.1 == 0 { f64::NAN } else { leg.0 as f64 / leg.1 as f64 }
    }
}

/// What is held of one instrument.
#[derive(Clone, Debug)]
pub struct Position {
    /// Contracts, signed.
    pub quantity: i64,
    /// Price the position was last valued at.
    pub mark: i64,
    trade: Option<Trade>,
}

/// Money and positions.
#[derive(Clone, Debug)]
pub struct Account {
    /// Worth of everything now.
    pub equity: i128,
    /// Fees so far.
    pub fees: i128,
    /// Value traded so far.
    pub turnover: i128,
    /// Margin the positions need to be kept.
    pub maintenance: i128,
    /// Every execution in order.
    pub fills: Vec<Fill>,
    /// Every finished trade in the order of finishing.
    pub trades: Vec<Trade>,
    positions: Vec<Position>,
}

impl Account {
    /// An account with that much money for that many instruments.
    #[must_use]
    pub fn new(cash: i128, instruments: usize) -> Self {
        let position = Position { quantity: 0, mark: MISSING, trade: None };
        Self {
            equity: cash,
            fees: 0,
            turnover: 0,
            maintenance: 0,
            fills: Vec::new(),
            trades: Vec::new(),
            positions: vec![position; instruments],
        }
    }

    /// Contracts held of an instrument, signed; 0 for one that nobody knows.
    #[inline]
    #[must_use]
    pub fn quantity(&self, instrument: u32) -> i64 {
        self.positions.get(instrument as usize).map_or(0, |position| position.quantity)
    }

    /// What is held, by the instruments' numbers.
    #[must_use]
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }

    /// Values a position at a new price.
    #[inline]
    pub fn mark(&mut self, instrument: &Instrument, number: u32, price: i64) {
        let Some(position) = self.positions.get_mut(number as usize) else { return };
        if position.quantity != 0 && position.mark != MISSING && position.mark != price {
            let gain = instrument.value(price - position.mark, position.quantity);
            self.equity += gain;
            if let Some(trade) = position.trade.as_mut() {
                trade.profit += gain;
                trade.worst = trade.worst.min(trade.profit);
                trade.best = trade.best.max(trade.profit);
            }
        }
        position.mark = price;
    }

    /// Takes the price of another contract month over without any gain: the old position was closed before.
    pub fn forget_mark(&mut self, number: u32) {
        if let Some(position) = self.positions.get_mut(number as usize) {
            position.mark = MISSING;
        }
    }

    /// Books an execution at the instrument's fees. One that goes through zero ends one trade and opens the next.
    pub fn book(&mut self, instrument: &Instrument, fill: Fill) {
        let held = self.quantity(fill.instrument);
        let closing = if held.signum() * fill.quantity.signum() < 0 {
            fill.quantity.signum() * fill.quantity.abs().min(held.abs())
        } else {
            0
        };
        let opening = fill.quantity - closing;
        let mut fee = 0;
        for part in [closing, opening] {
            if part != 0 {
                let cost = instrument.fee(fill.price, part);
                fee += cost;
                self.book_part(instrument, Fill { quantity: part, fee: cost, ..fill });
            }
        }
        self.fees += fee;
        self.turnover += instrument.value(fill.price, fill.quantity).abs();
        self.fills.push(Fill { fee, ..fill });
    }

    fn book_part(&mut self, instrument: &Instrument, part: Fill) {
        let Some(position) = self.positions.get_mut(part.instrument as usize) else { return };
        let mark = if position.mark == MISSING { part.price } else { position.mark };
        position.mark = mark;
        let gain = instrument.value(mark - part.price, part.quantity) - part.fee;
        self.equity += gain;
        let opens = position.quantity == 0 || position.quantity.signum() == part.quantity.signum();
        let before = position.quantity.abs();
        position.quantity += part.quantity;
        self.maintenance += i128::from(position.quantity.abs() - before) * i128::from(instrument.maintenance_margin);
        let trade = position.trade.get_or_insert(Trade {
            instrument: part.instrument,
            entered_us: part.ts_us,
            left_us: part.ts_us,
            quantity: 0,
            entry: (0, 0),
            exit: (0, 0),
            profit: 0,
            fees: 0,
            worst: 0,
            best: 0,
        });
        let leg = if opens { &mut trade.entry } else { &mut trade.exit };
        leg.0 += i128::from(part.price) * i128::from(part.quantity.abs());
        leg.1 += part.quantity.abs();
        if position.quantity.abs() > trade.quantity.abs() {
            trade.quantity = position.quantity;
        }
        trade.left_us = part.ts_us;
        trade.profit += gain;
        trade.fees += part.fee;
        trade.worst = trade.worst.min(trade.profit);
        trade.best = trade.best.max(trade.profit);
        if position.quantity == 0 {
            self.trades.extend(position.trade.take());
        }
    }

    /// Trades that are still open, as they stand at the marks.
    pub fn open_trades(&self) -> impl Iterator<Item = &Trade> {
        self.positions.iter().filter_map(|position| position.trade.as_ref())
    }
}
