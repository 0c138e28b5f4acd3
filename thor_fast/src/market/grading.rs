//! How signals turn out, graded as honestly as a quote allows.
//!
//! A signal is entered at the first quote of what it trades after the event that made it: a buyer at the ask, a seller
//! at the bid. It is left at the other side, so every move is net of the spread. It is graded after fixed times by the
//! first quote from then on, and once by whether it first earned its target or lost as much. What is open when the
//! trade date ends is not graded by time, and neutral by target.

use crate::event::EventRef;
use crate::market::Position;
use crate::market::codec::Codec;
use crate::market::session::pass_symbol;
use crate::symbol::Symbol;

/// What a signal is graded by: a time after its entry in microseconds, or its target.
pub const MEASURES: [(&str, i64); 5] =
    [("1m", 60_000_000), ("5m", 300_000_000), ("15m", 900_000_000), ("1h", 3_600_000_000), ("target", 0)];
const TARGET: usize = MEASURES.len() - 1;
/// Signals of one symbol that wait for their grades; beyond it the oldest goes ungraded.
const MOST_OPEN: usize = 512;

/// How a signal turned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It earned.
    Worked,
    /// It lost.
    DidntWork,
    /// Neither.
    Neutral,
}

impl Outcome {
    /// The outcome's stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Worked => "WORKED",
            Self::DidntWork => "DIDNT_WORK",
            Self::Neutral => "NEUTRAL",
        }
    }

    fn of(gain: i64) -> Self {
        match gain {
            1.. => Self::Worked,
            0 => Self::Neutral,
            _ => Self::DidntWork,
        }
    }
}

/// One grade. Prices in units of 1e-9, instants in microseconds UTC.
#[derive(Clone, Copy, Debug)]
pub struct Grade {
    /// Whose signal.
    pub symbol: Symbol,
    /// The event that made it.
    pub position: Position,
    /// The number of the measure in [`MEASURES`].
    pub measure: usize,
    /// What was traded.
    pub traded: Symbol,
    /// When it was entered.
    pub entered_us: i64,
    /// At what price.
    pub entry: i64,
    /// When it was graded.
    pub graded_us: i64,
    /// The price at which one could have left.
    pub exit: i64,
    /// What was earned.
    pub gain: i64,
    /// What that is called.
    pub outcome: Outcome,
}

/// A signal that waits for grades.
#[derive(Clone, Copy, Debug, Default)]
struct Open {
    symbol: Option<Symbol>,
    position: Position,
    traded: Option<Symbol>,
    buys: bool,
    target: Option<i64>,
    ends_us: i64,
    entered: Option<i64>,
    entry: i64,
    /// The newest instant and price at which one could have left.
    last: (i64, i64),
    /// Bits of the measures that are done.
    done: i64,
}

/// The signals that wait.
#[derive(Clone, Debug, Default)]
pub struct Grader {
    open: Vec<Open>,
}

impl Grader {
    /// Takes a signal to be graded: of that symbol, made by the event of that position, trading `traded` until the trade
    /// date ends at `ends_us`. `target` is in points.
    pub fn enter(
        &mut self,
        (symbol, position): (Symbol, Position),
        traded: Symbol,
        buys: bool,
        target: Option<i64>,
        ends_us: i64,
    ) {
        let same = |open: &&Open| open.traded == Some(traded);
        if self.open.iter().filter(same).count() >= MOST_OPEN
            && let Some(oldest) = self.open.iter().position(|open| open.traded == Some(traded))
        {
            self.open.remove(oldest);
        }
        let (symbol, traded) = (Some(symbol), Some(traded));
        self.open.push(Open { symbol, position, traded, buys, target, ends_us, ..Open::default() });
    }

    /// Grades what a quote decides.
    pub fn quote(&mut self, event: &EventRef<'_>, at_us: i64, grades: &mut Vec<Grade>) {
        let (Some(bid), Some(ask)) = (event.bid, event.ask) else { return };
        if bid > ask {
            return;
        }
        for open in self.open.iter_mut().filter(|open| open.traded == Some(*event.symbol)) {
            open.quote(bid, ask, at_us, grades);
        }
        self.open.retain(|open| !open.is_done());
    }

    pub(super) fn pass(&mut self, codec: &mut impl Codec) {
        let length = codec.length(self.open.len());
        self.open.resize(length, Open::default());
        for open in &mut self.open {
            pass_symbol(codec, &mut open.symbol);
            pass_symbol(codec, &mut open.traded);
            codec.flag(&mut open.buys);
            codec.option(&mut open.target);
            codec.option(&mut open.entered);
            let Open { position, ends_us, entry, last, done, .. } = open;
            for value in [&mut position.0, &mut position.1, ends_us, entry, &mut last.0, &mut last.1, done] {
                codec.int(value);
            }
        }
    }
}

impl Open {
    fn is_done(&self) -> bool {
        self.done == (1 << MEASURES.len()) - 1
    }

    fn quote(&mut self, bid: i64, ask: i64, at_us: i64, grades: &mut Vec<Grade>) {
        let (enter, leave) = if self.buys { (ask, bid) } else { (bid, ask) };
        let Some(entered_us) = self.entered else {
            if at_us >= self.ends_us {
                self.done = (1 << MEASURES.len()) - 1;
            } else {
                (self.entered, self.entry, self.last) = (Some(at_us), enter, (at_us, leave));
            }
            return;
        };
        if at_us >= self.ends_us {
            let (last_us, exit) = self.last;
            self.grade(TARGET, entered_us, last_us, exit, Some(Outcome::Neutral), grades);
            self.done = (1 << MEASURES.len()) - 1;
            return;
        }
        self.last = (at_us, leave);
        let gain = self.gain(leave);
        match self.target {
            Some(target) if gain >= target || gain <= -target => {
                self.grade(TARGET, entered_us, at_us, leave, None, grades);
            }
            Some(_) => {}
            None => self.done |= 1 << TARGET,
        }
        for (measure, (_, after_us)) in MEASURES.iter().enumerate().take(TARGET) {
            if at_us >= entered_us.saturating_add(*after_us) {
                self.grade(measure, entered_us, at_us, leave, None, grades);
            }
        }
    }

    fn gain(&self, exit: i64) -> i64 {
        if self.buys { exit.saturating_sub(self.entry) } else { self.entry.saturating_sub(exit) }
    }

    fn grade(
        &mut self,
        measure: usize,
        entered_us: i64,
        graded_us: i64,
        exit: i64,
        outcome: Option<Outcome>,
        grades: &mut Vec<Grade>,
    ) {
        if self.done & (1 << measure) != 0 {
            return;
        }
        self.done |= 1 << measure;
        let gain = self.gain(exit);
        grades.extend(self.symbol.zip(self.traded).map(|(symbol, traded)| Grade {
            symbol,
            position: self.position,
            measure,
            traded,
            entered_us,
            entry: self.entry,
            graded_us,
            exit,
            gain,
            outcome: outcome.unwrap_or(Outcome::of(gain)),
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::QuoteEvent;
    use crate::symbol::Source;

    const MINUTE: i64 = 60_000_000;

    fn symbol(text: &str) -> Symbol {
        Symbol::new(text).unwrap()
    }

    fn quote(name: &str, bid: i64, ask: i64) -> QuoteEvent {
        QuoteEvent {
            symbol: symbol(name),
            ts_us: 0,
            source: Source::new("TOS").unwrap(),
            last: None,
            bid: Some(bid),
            ask: Some(ask),
            last_size: None,
            bid_size: None,
            ask_size: None,
            seq: None,
            condition: None,
            venue: None,
            meta: None,
        }
    }

    fn graded(buys: bool, quotes: &[(i64, i64, i64)]) -> Vec<(&'static str, i64, i64, i64, Outcome)> {
        let mut grader = Grader::default();
        grader.enter((symbol("ES"), (1, 0)), symbol("ES"), buys, Some(10), 120 * MINUTE);
        let mut grades = Vec::new();
        for (at_us, bid, ask) in quotes {
            grader.quote(&quote("NQ", 1, 2).view(), *at_us, &mut grades);
            grader.quote(&quote("ES", *bid, *ask).view(), *at_us, &mut grades);
        }
        let plain = |it: &Grade| (MEASURES[it.measure].0, it.graded_us, it.exit, it.gain, it.outcome);
        grades.iter().map(plain).collect()
    }

    #[test]
    fn buyers_pay_the_ask_and_leave_at_the_bid() {
        let quotes = [
            (0, 100, 102),
            (MINUTE - 1, 111, 112),
            (MINUTE + 5, 102, 104),
            (2 * MINUTE, 112, 113),
            (6 * MINUTE, 90, 92),
            (200 * MINUTE, 500, 501),
        ];
        assert_eq!(
            graded(true, &quotes),
            [
                ("1m", MINUTE + 5, 102, 0, Outcome::Neutral),
                ("target", 2 * MINUTE, 112, 10, Outcome::Worked),
                ("5m", 6 * MINUTE, 90, -12, Outcome::DidntWork),
            ]
        );
    }

    #[test]
    fn sellers_get_the_bid_and_leave_at_the_ask() {
        let quotes = [(0, 100, 102), (3 * MINUTE, 89, 90), (3 * MINUTE + 1, 120, 121)];
        assert_eq!(
            graded(false, &quotes),
            [("target", 3 * MINUTE, 90, 10, Outcome::Worked), ("1m", 3 * MINUTE, 90, 10, Outcome::Worked)]
        );
    }

    #[test]
    fn what_is_open_at_the_end_of_the_trade_date_is_neutral() {
        let quotes = [(0, 100, 102), (119 * MINUTE, 103, 104), (120 * MINUTE, 900, 901)];
        let grades = graded(true, &quotes);
        assert_eq!(grades.last(), Some(&("target", 119 * MINUTE, 103, 1, Outcome::Neutral)));
        assert_eq!(grades.len(), 5);
        assert_eq!(graded(true, &[(120 * MINUTE, 1, 2), (121 * MINUTE, 1, 2)]), []);
    }

    #[test]
    fn a_crossed_or_half_a_book_grades_nothing() {
        assert_eq!(graded(true, &[(0, 103, 102), (9, 100, 101), (3 * MINUTE, 300, 200)]), []);
    }
}
