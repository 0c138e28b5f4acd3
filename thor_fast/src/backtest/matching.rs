//! How orders meet the market: quotes with their sizes, and bars without their inside.
//!
//! On quotes a market order takes the other side up to the size that is shown there and waits for more. A resting limit
//! order fills at its own price once the other side has come to it or a trade went through it. Stops wake up at trades.
//! On bars orders meet the open first, then stops, then limits: where a bar touched both, the worse is taken to be first.

use super::account::Fill;
use super::engine::{Engine, expires};
use super::market::{Bar, Instrument, MISSING, ONE, Quote};
use super::order::{Level, Lifetime, Order, Outcome, Request};

const BID: usize = 0;
const ASK: usize = 1;

/// A price at which an order can trade, and whether it has to take what is there.
type Offer = (i64, bool);

impl Engine {
    /// Takes one quote in: everything that happens at its instant before the strategy sees it.
    pub fn apply_quote(&mut self, quote: &Quote) {
        if self.awaits() {
            self.meet_arrivals(quote.ts_us);
        }
        self.now_us = quote.ts_us;
        let number = quote.instrument;
        self.keep_hours(number, quote.ts_us);
        self.roll(number, quote.contract);
        let (Some(book), Some(instrument)) =
            (self.books.get_mut(number as usize), self.instruments.get(number as usize))
        else {
            return;
        };
        book.traded = quote.last != MISSING && quote.last != book.last;
        (book.bid, book.ask) = (quote.bid, quote.ask);
        if quote.last != MISSING {
            book.last = quote.last;
        }
        for (side, shown) in [(BID, (quote.bid, quote.bid_size)), (ASK, (quote.ask, quote.ask_size))] {
            if book.shown[side] != shown {
                book.shown[side] = shown;
                book.left[side] = i64::from(shown.1);
            }
        }
        let mark = if book.last != MISSING { book.last } else { middle(book.bid, book.ask) };
        if mark != MISSING {
            self.account.mark(instrument, number, mark);
        }
        self.close_in_time(number, quote.ts_us);
        if !self.orders.is_empty() {
            self.meet_book(number, true);
            self.meet_arrivals(quote.ts_us.saturating_add(1));
        }
        self.call_margin();
    }

    /// Lets orders that need no time to travel meet the book that the strategy saw.
    pub fn settle(&mut self) {
        if self.awaits() {
            self.meet_arrivals(self.now_us.saturating_add(1));
        }
    }

    /// Orders that arrive before an instant meet the book that stands then, each at its own time.
    fn meet_arrivals(&mut self, before_us: i64) {
        loop {
            let due = |order: &&Order| !order.arrived && order.arrives_us < before_us;
            let next = self.orders.iter().filter(due).map(|order| (order.arrives_us, order.id)).min();
            let Some((arrives_us, id)) = next else { return };
            let Some(at) = self.orders.iter().position(|order| order.id == id) else { return };
            self.now_us = self.now_us.max(arrives_us);
            self.arrive(at);
            self.meet_quote(id, false);
        }
    }

    fn meet_book(&mut self, number: u32, resting: bool) {
        let ids: Vec<u64> = self
            .orders
            .iter()
            .filter(|order| order.arrived && order.request.instrument == number)
            .map(|order| order.id)
            .collect();
        for id in ids {
            self.meet_quote(id, resting);
        }
    }

    /// One order meets the book of its instrument.
    fn meet_quote(&mut self, id: u64, resting: bool) {
        let now_us = self.now_us;
        let touch = self.rules.fills_at_touch;
        let Some(order) = self.orders.iter_mut().find(|order| order.id == id) else { return };
        let number = order.request.instrument as usize;
        let (Some(book), Some(instrument)) = (self.books.get(number), self.instruments.get(number)) else { return };
        let crossed = book.bid != MISSING && book.ask != MISSING && book.bid > book.ask;
        let open = instrument.session(now_us).is_some() && !crossed;
        let buying = order.open > 0;
        let side = if buying { ASK } else { BID };
        let other = if buying { book.ask } else { book.bid };
        if open && order.waits() {
            let seen = if book.last != MISSING { book.last } else { other };
            wake(order, seen);
        }
        if !open || order.waits() {
            return;
        }
        let through = |limit: i64| {
            let beyond = if buying { book.last < limit } else { book.last > limit };
            resting && book.traded && (beyond || (touch && book.last == limit))
        };
        let reached = |limit: i64| other != MISSING && if buying { other <= limit } else { other >= limit };
        let left = book.left[side];
        let (offer, available) = match order.request.limit {
            None if other == MISSING => (None, 0),
            None => (Some((other, true)), left),
            Some(limit) if reached(limit) => (Some((if resting { limit } else { other }, false)), left),
            Some(limit) if through(limit) => (Some((limit, false)), -1),
            Some(_) => (None, 0),
        };
        let taken = self.take(id, offer, available);
        if let Some(left) = self.books.get_mut(number).and_then(|book| book.left.get_mut(side)).filter(|it| **it >= 0) {
            *left -= taken.min(*left);
        }
        let immediate = |order: &Order| order.id == id && order.request.lifetime == Lifetime::Immediate;
        self.end_where(Outcome::NotImmediate, immediate);
    }

    /// Fills an order from an offer of that many contracts (below 0: any number), and says how many it took.
    fn take(&mut self, id: u64, offer: Option<Offer>, available: i64) -> i64 {
        let Some((price, aggressive)) = offer else { return 0 };
        let Some(at) = self.orders.iter().position(|order| order.id == id) else { return 0 };
        let Some(mut order) = self.orders.get(at).copied() else { return 0 };
        let number = order.request.instrument;
        let Some(instrument) = self.instruments.get(number as usize) else { return 0 };
        let mut quantity =
            if available < 0 { order.open } else { order.open.signum() * order.open.abs().min(available) };
        if order.request.reduces {
            let held = self.account.quantity(number);
            if held.signum() * quantity.signum() >= 0 {
                self.end(at, Outcome::LinkedFilled);
                return 0;
            }
            quantity = quantity.signum() * quantity.abs().min(held.abs());
        }
        if quantity == 0 {
            return 0;
        }
        if !self.carries(number, quantity) {
            self.end(at, Outcome::InsufficientMargin);
            return 0;
        }
        let price = if aggressive { instrument.slipped(price, quantity > 0) } else { price };
        let fill = Fill { order: id, instrument: number, ts_us: self.now_us, quantity, price, fee: 0 };
        self.account.book(instrument, fill);
        order.open -= quantity;
        order.filled += quantity;
        order.paid += i128::from(price) * i128::from(quantity);
        if let Some(kept) = self.orders.get_mut(at) {
            *kept = order;
        }
        if order.open == 0 {
            self.drop_filled(at);
        }
        self.link(&order, quantity);
        quantity.abs()
    }

    /// What a fill means for the orders that hang together with it.
    fn link(&mut self, order: &Order, quantity: i64) {
        if let Some(group) = order.request.group {
            for other in &mut self.orders {
                if other.request.group == Some(group) && other.id != order.id {
                    let less = other.open.abs() - quantity.abs();
                    other.open = if order.open == 0 { 0 } else { other.open.signum() * less.max(0) };
                }
            }
            self.end_where(Outcome::LinkedFilled, |other| other.request.group == Some(group) && other.open == 0);
        }
        if order.request.take_profit.is_none() && order.request.stop_loss.is_none() {
            return;
        }
        // The children's group is the parent's own number, with a bit that no strategy's group has.
        let group = order.id | 1 << 63;
        let mut known = false;
        for child in self.orders.iter_mut().filter(|child| child.request.group == Some(group)) {
            child.open -= quantity;
            known = true;
        }
        if !known {
            self.bear_children(order, quantity, group);
        }
    }

    fn bear_children(&mut self, parent: &Order, quantity: i64, group: u64) {
        let average = (parent.paid / i128::from(parent.filled)) as i64;
        let tick = self.instruments.get(parent.request.instrument as usize).map_or(1, |it| it.tick.max(1));
        let at = |level: Level| match level {
            Level::Price(price) => price,
            Level::Offset(offset) => (average.saturating_add(offset)).div_euclid(tick) * tick,
        };
        let child = Request {
            group: Some(group),
            lifetime: parent.request.lifetime,
            reduces: true,
            ..Request::market(parent.request.instrument, -quantity)
        };
        let profit = parent.request.take_profit.map(|level| Request { limit: Some(at(level)), ..child });
        let loss = parent.request.stop_loss.map(|level| Request { stop: Some(at(level)), ..child });
        for request in [loss, profit].into_iter().flatten() {
            let id = self.new_id();
            self.place(id, request, self.now_us);
        }
    }

    /// A session that ended takes its day orders with it.
    fn keep_hours(&mut self, number: u32, ts_us: i64) {
        let (Some(book), Some(instrument)) =
            (self.books.get_mut(number as usize), self.instruments.get(number as usize))
        else {
            return;
        };
        if book.session.is_some_and(|(opens, closes)| opens <= ts_us && ts_us < closes) {
            return;
        }
        let ended = book.session.is_some();
        book.session = instrument.session(ts_us);
        book.closing = false;
        if ended && !self.orders.is_empty() {
            let day = |order: &Order| order.request.instrument == number && expires(order);
            self.end_where(Outcome::SessionClosed, day);
        }
    }

    /// Closes positions when the close of the session is near.
    fn close_in_time(&mut self, number: u32, ts_us: i64) {
        let Some(lead) = self.rules.flat_before_close_us else { return };
        let Some(book) = self.books.get_mut(number as usize) else { return };
        let Some((_, closes)) = book.session else { return };
        if ts_us < closes.saturating_sub(lead) {
            return;
        }
        book.closing = true;
        let held = self.account.quantity(number);
        let price = if held > 0 { book.bid } else { book.ask };
        if held != 0 && price != MISSING {
            self.flatten(number, price, Outcome::SessionClosed);
        }
    }

    /// A new contract month: the old position is closed where it was last quoted, the same is opened in the new one.
    fn roll(&mut self, number: u32, contract: u32) {
        let Some(book) = self.books.get_mut(number as usize) else { return };
        let before = book.contract.replace(contract);
        if before.is_none_or(|before| before == contract) {
            return;
        }
        let held = self.account.quantity(number);
        let price = if held > 0 { book.bid } else { book.ask };
        let price = if price == MISSING { book.last } else { price };
        (book.bid, book.ask, book.last) = (MISSING, MISSING, MISSING);
        self.flatten(number, price, Outcome::Rolled);
        self.account.forget_mark(number);
        if held != 0 {
            let id = self.new_id();
            self.place(id, Request::market(number, held), self.now_us);
            self.note(id, number, Outcome::Rolled);
        }
    }
}

impl Engine {
    /// Takes one bar in: everything that happens in it before the strategy sees it.
    pub fn apply_bar(&mut self, bar: &Bar) {
        let number = bar.instrument;
        self.now_us = bar.start_us;
        self.keep_hours(number, bar.start_us);
        self.roll(number, bar.contract);
        self.show(number, bar.open, bar.volume);
        let open = self.books.get(number as usize).is_some_and(|book| book.session.is_some());
        if open && !self.orders.is_empty() {
            self.meet_bar(bar);
        }
        self.now_us = bar.end_us;
        self.show(number, bar.close, bar.volume);
        self.close_in_time(number, bar.end_us);
        self.call_margin();
    }

    /// A bar's price as a book: both sides at it.
    fn show(&mut self, number: u32, price: i64, volume: i64) {
        let share = i128::from(volume.max(0)) * i128::from(self.rules.participation) / i128::from(ONE);
        let limited = self.rules.participation > 0 && volume >= 0;
        let (Some(book), Some(instrument)) =
            (self.books.get_mut(number as usize), self.instruments.get(number as usize))
        else {
            return;
        };
        (book.bid, book.ask, book.last) = (price, price, price);
        if self.now_us == i64::MIN || !limited {
            book.left = [-1; 2];
        } else {
            book.left = [share as i64; 2];
        }
        self.account.mark(instrument, number, price);
    }

    fn meet_bar(&mut self, bar: &Bar) {
        for order in self.orders.iter_mut().filter(|order| order.request.instrument == bar.instrument) {
            if order.request.trail.is_some() && order.arrives_us <= bar.start_us && order.best.is_none() {
                order.best = Some(bar.open);
            }
        }
        let mut left = self.books.get(bar.instrument as usize).map_or(-1, |book| book.left[ASK]);
        for stage in [at_open, in_stops, in_limits] {
            let ids: Vec<u64> = self.orders.iter().filter(|order| meets(order, bar)).map(|order| order.id).collect();
            for id in ids {
                let Some(at) = self.orders.iter().position(|order| order.id == id) else { continue };
                self.arrive(at);
                let Some(order) = self.orders.get_mut(at) else { continue };
                let offer = stage(order, bar);
                let taken = self.take(id, offer, left);
                left = if left < 0 { left } else { left - taken };
            }
            self.now_us = bar.end_us;
        }
        for order in self.orders.iter_mut().filter(|order| order.request.instrument == bar.instrument) {
            if order.arrived && order.waits() {
                follow(order, if order.open > 0 { bar.low } else { bar.high });
            }
        }
        let immediate = |order: &Order| order.arrived && order.request.lifetime == Lifetime::Immediate;
        self.end_where(Outcome::NotImmediate, |order| order.request.instrument == bar.instrument && immediate(order));
    }
}

fn meets(order: &Order, bar: &Bar) -> bool {
    order.request.instrument == bar.instrument && order.arrives_us <= bar.start_us
}

/// What fills at the first price of a bar.
fn at_open(order: &mut Order, bar: &Bar) -> Option<Offer> {
    let buying = order.open > 0;
    if order.waits() {
        let trigger = order.trigger()?;
        if !(if buying { bar.open >= trigger } else { bar.open <= trigger }) {
            return None;
        }
        order.triggered = true;
    }
    match order.request.limit {
        None => Some((bar.open, true)),
        Some(limit) => (if buying { bar.open <= limit } else { bar.open >= limit }).then_some((bar.open, false)),
    }
}

/// Stops that wake up inside a bar. A stop-limit that wakes up inside it rests until the next bar.
fn in_stops(order: &mut Order, bar: &Bar) -> Option<Offer> {
    let buying = order.open > 0;
    let trigger = order.waits().then(|| order.trigger())??;
    if !(if buying { bar.high >= trigger } else { bar.low <= trigger }) {
        return None;
    }
    order.triggered = true;
    match order.request.limit {
        None => Some((trigger, true)),
        Some(limit) => {
            let fits = if buying { trigger <= limit } else { trigger >= limit };
            // It stays triggered; only the part of the bar behind the trigger could fill it, and that is unknown.
            fits.then_some((trigger, false))
        }
    }
}

/// Limits that were reached inside a bar.
fn in_limits(order: &mut Order, bar: &Bar) -> Option<Offer> {
    let limit = order.request.limit?;
    let woken_inside = order.request.stop.is_some() || order.request.trail.is_some();
    if order.waits() || woken_inside && order.filled == 0 && !rested(order, bar) {
        return None;
    }
    let reached = if order.open > 0 { bar.low <= limit } else { bar.high >= limit };
    reached.then_some((limit, false))
}

/// Whether a stop-limit was awake for the whole bar.
fn rested(order: &Order, bar: &Bar) -> bool {
    order.trigger().is_some_and(|trigger| if order.open > 0 { bar.open >= trigger } else { bar.open <= trigger })
}

/// Moves a trail and wakes a stop up when a price has reached it.
fn wake(order: &mut Order, seen: i64) {
    if seen == MISSING {
        return;
    }
    follow(order, seen);
    if let Some(trigger) = order.trigger() {
        order.triggered = if order.open > 0 { seen >= trigger } else { seen <= trigger };
    }
}

fn follow(order: &mut Order, seen: i64) {
    if order.request.trail.is_some() {
        let best = order.best.unwrap_or(seen);
        order.best = Some(if order.open > 0 { best.min(seen) } else { best.max(seen) });
    }
}

fn middle(bid: i64, ask: i64) -> i64 {
    if bid == MISSING || ask == MISSING { MISSING } else { bid + (ask - bid) / 2 }
}

impl Instrument {
    /// Whether it trades at an instant.
    #[must_use]
    pub fn is_open(&self, ts_us: i64) -> bool {
        self.session(ts_us).is_some()
    }
}
