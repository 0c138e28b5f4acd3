//! Orders: what may be asked of the market, and the stable codes of what became of it.

/// How long an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Until it is filled or cancelled.
    UntilCancelled,
    /// Until its session closes.
    Day,
    /// What cannot be filled at once is cancelled.
    Immediate,
}

/// A price that may be given relative to the fill of the parent order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A price in nanos.
    Price(i64),
    /// A distance from the parent's average fill, in nanos.
    Offset(i64),
}

/// What a strategy asks for. Without limit, stop and trail it is a market order; with stop and limit a stop-limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Which instrument, by its number.
    pub instrument: u32,
    /// Contracts: above 0 buys, below 0 sells.
    pub quantity: i64,
    /// Worst price to accept.
    pub limit: Option<i64>,
    /// Price whose trading wakes the order up.
    pub stop: Option<i64>,
    /// Distance of a stop that follows the best price, in nanos.
    pub trail: Option<i64>,
    /// How long it stands.
    pub lifetime: Lifetime,
    /// Orders with the same group cancel each other as they fill.
    pub group: Option<u64>,
    /// Limit order that takes the profit of this order once it has filled.
    pub take_profit: Option<Level>,
    /// Stop order that ends the loss of this order once it has filled.
    pub stop_loss: Option<Level>,
    /// Whether it may only make a position smaller.
    pub reduces: bool,
}

impl Request {
    /// A market order.
    #[must_use]
    pub fn market(instrument: u32, quantity: i64) -> Self {
        Self {
            instrument,
            quantity,
            limit: None,
            stop: None,
            trail: None,
            lifetime: Lifetime::UntilCancelled,
            group: None,
            take_profit: None,
            stop_loss: None,
            reduces: false,
        }
    }
}

/// An order at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its number, counted from 1 in the order of asking.
    pub id: u64,
    /// What was asked for.
    pub request: Request,
    /// When it was asked for, microseconds UTC.
    pub submitted_us: i64,
    /// When it reaches the market.
    pub arrives_us: i64,
    /// Whether it has reached the market.
    pub arrived: bool,
    /// Contracts still wanted, signed.
    pub open: i64,
    /// Contracts filled, signed.
    pub filled: i64,
    /// Sum of fill price times filled contracts, in nanos.
    pub paid: i128,
    /// Whether its stop has been traded at.
    pub triggered: bool,
    /// The price a trailing stop has followed to; meaningless before `trail` has seen one.
    pub best: Option<i64>,
}

impl Order {
    /// The stop in force: its own, or where the trail stands.
    #[must_use]
    pub fn trigger(&self) -> Option<i64> {
        match (self.request.trail, self.best) {
            (Some(trail), Some(best)) if self.request.quantity > 0 => Some(best.saturating_add(trail)),
            (Some(trail), Some(best)) => Some(best.saturating_sub(trail)),
            _ => self.request.stop,
        }
    }

    /// Whether it waits for a price before it may trade.
    #[must_use]
    pub fn waits(&self) -> bool {
        !self.triggered && (self.request.stop.is_some() || self.request.trail.is_some())
    }
}

macro_rules! outcomes {
    ($($name:ident $code:literal $meaning:literal)*) => {
        /// Why an order ended without a fill, or another thing that happened to the account.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Outcome { $(#[doc = $meaning] $name),* }

        /// Every outcome with its stable code and its meaning.
        pub const OUTCOMES: [(Outcome, &str, &str); [$($code),*].len()] = [$((Outcome::$name, $code, $meaning)),*];

        impl Outcome {
            /// The stable code.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }
        }
    };
}

outcomes! {
    Cancelled "cancelled" "The strategy cancelled the order."
    Replaced "replaced" "A newer target took the place of a market order that waited for contracts."
    LinkedFilled "linked_filled" "An order of the same group was filled."
    SessionClosed "session_closed" "A day order's session closed."
    NotImmediate "not_immediate" "An immediate order found nothing more to fill."
    Rolled "rolled" "The contract month changed under the order."
    DataEnded "data_ended" "The data ended before the order was filled."
    ZeroQuantity "zero_quantity" "An order for nothing."
    UnknownInstrument "unknown_instrument" "An order for an instrument that is not part of the run."
    BadPrice "bad_price" "A limit, stop or trail that is no price, or no multiple of the tick."
    UnknownOrder "unknown_order" "A cancellation of an order that is not at work."
    TooManyOrders "too_many_orders" "More orders at work at once than an account may have."
    InsufficientMargin "insufficient_margin" "The account's equity does not carry the position."
    SessionClosing "session_closing" "Near the close only orders that reduce the position are taken."
    MarginCall "margin_call" "The maintenance margin was not covered: the position was closed at market."
}
