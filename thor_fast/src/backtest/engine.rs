//! The engine: one clock, one account, events and orders in one defined order.
//!
//! Within one instant: the market's events in the order in which they stand; for each of them first the orders that
//! arrived before its instant meet the old book, then hours and rolls, then the new book and the orders that rest, in
//! the order of asking, then margin, and last the strategy. What the strategy asks for arrives after the latency; without
//! latency it meets the very book that the strategy saw. On bars an order meets the bars that begin at or after its
//! arrival. So a strategy sees only what was receivable, and nothing it sees can be traded at before it was seen.

use super::account::{Account, Fill};
use super::market::{Bar, Instrument, MISSING, Quote};
use super::order::{Level, Lifetime, Order, Outcome, Request};

/// The rules of the venue and of the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long an order travels, in microseconds. Bars cannot show it and want 0.
    pub latency_us: i64,
    /// How long before the close of a session positions are closed, in microseconds.
    pub flat_before_close_us: Option<i64>,
    /// Whether a resting limit order fills when its price is traded at, not only through.
    pub fills_at_touch: bool,
    /// The share of a bar's volume that orders may take, in units of 1e-9; 0 sets no limit.
    pub participation: i64,
    /// Most orders at work.
    pub most_orders: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self { latency_us: 0, flat_before_close_us: None, fills_at_touch: false, participation: 0, most_orders: 1_000 }
    }
}

/// Something that happened to an order or to the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// When, microseconds UTC.
    pub ts_us: i64,
    /// The order's number, 0 for the account.
    pub order: u64,
    /// Which instrument.
    pub instrument: u32,
    /// What.
    pub outcome: Outcome,
}

/// The newest of one instrument's market.
#[derive(Clone, Debug)]
pub(super) struct Book {
    pub(super) bid: i64,
    pub(super) ask: i64,
    pub(super) last: i64,
    /// Contracts still there at the bid and at the ask; below 0 unknown.
    pub(super) left: [i64; 2],
    pub(super) shown: [(i64, i32); 2],
    /// Whether the newest event was a trade at another price.
    pub(super) traded: bool,
    pub(super) contract: Option<u32>,
    pub(super) session: Option<(i64, i64)>,
    pub(super) closing: bool,
}

/// Plays one run.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(super) rules: Rules,
    pub(super) instruments: Vec<Instrument>,
    pub(super) books: Vec<Book>,
    pub(super) orders: Vec<Order>,
    pub(super) now_us: i64,
    next_id: u64,
    waiting: usize,
    /// Money and positions.
    pub account: Account,
    /// What happened beside fills.
    pub notes: Vec<Note>,
}

impl Engine {
    /// An engine with that much money, before any event.
    #[must_use]
    pub fn new(instruments: Vec<Instrument>, rules: Rules, cash: i128) -> Self {
        let book = Book {
            bid: MISSING,
            ask: MISSING,
            last: MISSING,
            left: [-1; 2],
            shown: [(MISSING, -1); 2],
            traded: false,
            contract: None,
            session: None,
            closing: false,
        };
        Self {
            rules,
            books: vec![book; instruments.len()],
            account: Account::new(cash, instruments.len()),
            instruments,
            orders: Vec::new(),
            now_us: i64::MIN,
            next_id: 0,
            waiting: 0,
            notes: Vec::new(),
        }
    }

    /// The instant of the newest event.
    #[must_use]
    pub fn now_us(&self) -> i64 {
        self.now_us
    }

    /// The session that an instrument is in.
    #[must_use]
    pub fn session_of(&self, instrument: u32) -> Option<(i64, i64)> {
        self.books.get(instrument as usize).and_then(|book| book.session)
    }

    /// Orders at work, in the order of asking.
    #[must_use]
    pub fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// Takes an order in and gives its number. What is wrong with it is noted and ends it at once.
    pub fn submit(&mut self, request: Request) -> u64 {
        self.next_id += 1;
        let id = self.next_id;
        if let Some(fault) = self.fault(&request) {
            self.note(id, request.instrument, fault);
            return id;
        }
        let arrives_us = self.now_us.saturating_add(self.rules.latency_us);
        self.place(id, request, arrives_us);
        id
    }

    pub(super) fn place(&mut self, id: u64, request: Request, arrives_us: i64) {
        self.waiting += 1;
        self.orders.push(Order {
            id,
            request,
            submitted_us: self.now_us,
            arrives_us,
            arrived: false,
            open: request.quantity,
            filled: 0,
            paid: 0,
            triggered: false,
            best: None,
        });
    }

    pub(super) fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn fault(&self, request: &Request) -> Option<Outcome> {
        let Some(instrument) = self.instruments.get(request.instrument as usize) else {
            return Some(Outcome::UnknownInstrument);
        };
        let off_tick = |price: i64| price == MISSING || (instrument.tick > 0 && price % instrument.tick != 0);
        let level = |level: Option<Level>| match level {
            Some(Level::Price(price) | Level::Offset(price)) => off_tick(price),
            None => false,
        };
        let prices = [request.limit, request.stop, request.trail];
        if request.quantity == 0 {
            Some(Outcome::ZeroQuantity)
        } else if prices.into_iter().flatten().any(off_tick)
            || request.trail.is_some_and(|trail| trail <= 0)
            || level(request.take_profit)
            || level(request.stop_loss)
        {
            Some(Outcome::BadPrice)
        } else if self.orders.len() >= self.rules.most_orders {
            Some(Outcome::TooManyOrders)
        } else if self.is_closing(request.instrument) && !self.reduces(request) {
            Some(Outcome::SessionClosing)
        } else {
            None
        }
    }

    fn is_closing(&self, instrument: u32) -> bool {
        self.books.get(instrument as usize).is_some_and(|book| book.closing)
    }

    fn reduces(&self, request: &Request) -> bool {
        let held = self.account.quantity(request.instrument);
        held.signum() * request.quantity.signum() < 0 && request.quantity.abs() <= held.abs()
    }

    /// Asks at market for what is missing to hold that many contracts. Market orders that wait for contracts are taken
    /// back first; those on their way cannot be, and are counted.
    pub fn target(&mut self, instrument: u32, quantity: i64) {
        let mut coming = 0;
        if !self.orders.is_empty() {
            let market = |order: &Order| {
                order.request.instrument == instrument && order.request.limit.is_none() && !order.waits()
            };
            self.end_where(Outcome::Replaced, |order| market(order) && order.arrived);
            coming = self.orders.iter().filter(|order| market(order)).map(|order| order.open).sum();
        }
        let wanted = quantity.saturating_sub(self.account.quantity(instrument)).saturating_sub(coming);
        if wanted != 0 {
            self.submit(Request::market(instrument, wanted));
        }
    }

    /// Takes an order back. One that is not at work is noted.
    pub fn cancel(&mut self, id: u64) {
        match self.orders.iter().position(|order| order.id == id) {
            Some(at) => self.end(at, Outcome::Cancelled),
            None => self.note(id, u32::MAX, Outcome::UnknownOrder),
        }
    }

    /// Takes back every order of an instrument.
    pub fn cancel_all(&mut self, instrument: u32, outcome: Outcome) {
        self.end_where(outcome, |order| order.request.instrument == instrument);
    }

    pub(super) fn end_where(&mut self, outcome: Outcome, which: impl Fn(&Order) -> bool) {
        while let Some(at) = self.orders.iter().position(&which) {
            self.end(at, outcome);
        }
    }

    pub(super) fn end(&mut self, at: usize, outcome: Outcome) {
        let order = self.orders.remove(at);
        self.waiting -= usize::from(!order.arrived);
        self.note(order.id, order.request.instrument, outcome);
    }

    pub(super) fn drop_filled(&mut self, at: usize) {
        let order = self.orders.remove(at);
        self.waiting -= usize::from(!order.arrived);
    }

    pub(super) fn arrive(&mut self, at: usize) {
        if let Some(order) = self.orders.get_mut(at).filter(|order| !order.arrived) {
            order.arrived = true;
            self.waiting -= 1;
        }
    }

    /// Whether orders are on their way.
    pub(super) fn awaits(&self) -> bool {
        self.waiting > 0
    }

    pub(super) fn note(&mut self, order: u64, instrument: u32, outcome: Outcome) {
        self.notes.push(Note { ts_us: self.now_us, order, instrument, outcome });
    }

    /// Closes what is held of an instrument at a price and forgets its orders.
    pub(super) fn flatten(&mut self, number: u32, price: i64, outcome: Outcome) {
        self.cancel_all(number, outcome);
        let held = self.account.quantity(number);
        let Some(instrument) = self.instruments.get(number as usize) else { return };
        if held != 0 && price != MISSING {
            let price = instrument.slipped(price, held < 0);
            let fill = Fill { order: 0, instrument: number, ts_us: self.now_us, quantity: -held, price, fee: 0 };
            self.account.book(instrument, fill);
        }
    }

    /// Closes every position when the maintenance margin is not covered any more.
    pub(super) fn call_margin(&mut self) {
        if self.account.maintenance == 0 || self.account.equity >= self.account.maintenance {
            return;
        }
        for number in 0..self.instruments.len() as u32 {
            let held = self.account.quantity(number);
            let Some(price) = self.books.get(number as usize).map(|book| if held > 0 { book.bid } else { book.ask })
            else {
                continue;
            };
            if held != 0 && price != MISSING {
                self.note(0, number, Outcome::MarginCall);
                self.flatten(number, price, Outcome::MarginCall);
            }
        }
    }

    /// Ends the run: what was not filled will never be.
    pub fn finish(&mut self) {
        self.end_where(Outcome::DataEnded, |_| true);
    }

    /// Whether one more position of that size can be carried.
    pub(super) fn carries(&self, number: u32, quantity: i64) -> bool {
        let held = self.account.quantity(number);
        if (held + quantity).abs() <= held.abs() {
            return true;
        }
        let needed: i128 = self
            .instruments
            .iter()
            .zip(0..)
            .map(|(instrument, at)| {
                let extra = if at == number { quantity } else { 0 };
                i128::from((self.account.quantity(at) + extra).abs()) * i128::from(instrument.initial_margin)
            })
            .sum();
        needed == 0 || self.account.equity >= needed
    }
}

/// A strategy that is played event by event.
pub trait Strategy {
    /// Sees one quote, after the market has met the orders at work.
    fn on_quote(&mut self, position: usize, quote: &Quote, engine: &mut Engine);

    /// Sees one bar, at its end.
    fn on_bar(&mut self, position: usize, bar: &Bar, engine: &mut Engine);
}

/// A strategy that is known before: contracts to hold after each event, `KEEP` for as before.
#[derive(Clone, Copy, Debug)]
pub struct Targets<'a>(pub &'a [i32]);

/// What a column of targets holds where nothing is to be changed.
pub const KEEP: i32 = i32::MIN;

impl Targets<'_> {
    fn follow(self, position: usize, instrument: u32, engine: &mut Engine) {
        if let Some(target) = self.0.get(position).filter(|target| **target != KEEP) {
            engine.target(instrument, i64::from(*target));
        }
    }
}

impl Strategy for Targets<'_> {
    fn on_quote(&mut self, position: usize, quote: &Quote, engine: &mut Engine) {
        self.follow(position, quote.instrument, engine);
    }

    fn on_bar(&mut self, position: usize, bar: &Bar, engine: &mut Engine) {
        self.follow(position, bar.instrument, engine);
    }
}

impl Engine {
    /// Plays quotes and gives the equity after each, in units of 1e-9.
    pub fn play_quotes(&mut self, quotes: &[Quote], strategy: &mut impl Strategy) -> Vec<i128> {
        let equity = self.go_on_with_quotes(quotes, strategy);
        self.finish();
        equity
    }

    /// Plays bars, in the order of their ends, and gives the equity after each.
    pub fn play_bars(&mut self, bars: &[Bar], strategy: &mut impl Strategy) -> Vec<i128> {
        let equity = self.go_on_with_bars(bars, strategy);
        self.finish();
        equity
    }

    /// Plays quotes that others will follow: orders stay at work.
    pub fn go_on_with_quotes(&mut self, quotes: &[Quote], strategy: &mut impl Strategy) -> Vec<i128> {
        let step = |(position, quote): (usize, &Quote)| {
            self.apply_quote(quote);
            strategy.on_quote(position, quote, self);
            self.settle();
            self.account.equity
        };
        quotes.iter().enumerate().map(step).collect()
    }

    /// Plays bars that others will follow: orders stay at work.
    pub fn go_on_with_bars(&mut self, bars: &[Bar], strategy: &mut impl Strategy) -> Vec<i128> {
        let step = |(position, bar): (usize, &Bar)| {
            self.apply_bar(bar);
            strategy.on_bar(position, bar, self);
            self.account.equity
        };
        bars.iter().enumerate().map(step).collect()
    }
}

pub(super) fn expires(order: &Order) -> bool {
    order.request.lifetime == Lifetime::Day
}
