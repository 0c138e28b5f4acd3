//! One market's hours compiled into a sorted array of phase changes, and what the market does at an instant.
//!
//! Times are whole seconds of UTC, days are counted as the caller counts them. Spans are half open: a change belongs to
//! what it begins. Which hours hold on which day is decided before: nothing here knows a calendar. A change takes ten
//! bytes; a query looks one slot up and takes a few steps from there.

/// Every phase a market may be in, with whether it is open then. A phase's number is its place here.
pub const PHASES: [(&str, bool); 8] = [
    ("closed", false),
    ("pre", false),
    ("open", true),
    ("regular", true),
    ("lunch", false),
    ("halt", false),
    ("post", false),
    ("overnight", false),
];

/// Marks, among the codes of changes, the span between two sessions.
pub const GAP: u8 = 0x80;
/// Marks what rests on hours that their source does not vouch for.
pub const UNSURE: u8 = 0x40;
/// In place of a note's number: several notes lie in this span, each with a span of its own.
pub const SEVERAL: u16 = u16::MAX;
/// The time of the last change, which is never reached.
pub const FOREVER: i64 = 1 << 62;
/// The number of the first change after its beginning is kept for every so many seconds.
pub const SLOT_S: i64 = 1 << SLOT_BITS;

const SLOT_BITS: u32 = 17;
const PHASE: u8 = 0x3F;
const NEVER: u32 = u32::MAX;

/// A phase by its number in `PHASES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase(u8);

impl Phase {
    /// The phase of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let number = PHASES.iter().position(|(phase, _)| *phase == name)?;
        u8::try_from(number).ok().map(Self)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        PHASES.get(usize::from(self.0)).map_or("", |(name, _)| name)
    }

    /// Whether a market in it is open.
    #[must_use]
    pub fn is_open(self) -> bool {
        PHASES.get(usize::from(self.0)).is_some_and(|(_, is_open)| *is_open)
    }

    fn of(code: u8) -> Self {
        Self(code & PHASE)
    }
}

/// What a market does over a span of instants, from `since` to before `valid_until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The phase.
    pub phase: Phase,
    /// Since when this answer holds.
    pub since: i64,
    /// Until when it holds.
    pub valid_until: i64,
    /// The next change between open and not open, where one is known.
    pub next_transition: Option<i64>,
    /// The next change of phase and what it leads to, where one is known.
    pub next_phase: Option<(i64, Phase)>,
    /// The day of the session that is on, or else comes next.
    pub day: i64,
    /// The number of the day's note.
    pub note: Option<u16>,
    /// Whether a source vouches for this answer up to the next transition.
    pub verified: bool,
}

/// One session in seconds of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// When its first phase begins.
    pub begins: i64,
    /// When its last phase ends.
    pub ends: i64,
    /// When it first opens.
    pub opens: i64,
    /// When it closes for good.
    pub closes: i64,
}

/// The changes of a market in order, a column a fact. The last one is at `FOREVER`, the one before it closes.
#[derive(Debug, Default)]
pub struct Changes {
    /// When each begins, rising.
    pub starts: Vec<i64>,
    /// The number of each one's phase, with its marks.
    pub codes: Vec<u8>,
    /// The session day of each, counted from `day_base`, never falling.
    pub days: Vec<u16>,
    /// The number of each one's note and one more, 0 for none, `SEVERAL` where they are in `gap_notes`.
    pub notes: Vec<u16>,
}

/// A note that holds for a part of the span between two sessions.
#[derive(Debug, Clone, Copy)]
pub struct GapNote {
    /// The change that begins the span.
    pub change: u32,
    /// When the note begins to hold.
    pub start: i64,
    /// When it no longer does.
    pub end: i64,
    /// Its number.
    pub note: u16,
}

/// What a timeline answers for.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The instants that may be asked for, from the first to before the last.
    pub span: (i64, i64),
    /// Those that a source vouches for.
    pub verified: (i64, i64),
    /// What day number 0 of the changes is.
    pub day_base: i64,
}

/// The compiled hours of one market.
#[derive(Debug)]
pub struct Timeline {
    bounds: Bounds,
    base: i64,
    starts: Vec<u32>,
    codes: Vec<u8>,
    days: Vec<u16>,
    notes: Vec<u16>,
    /// For each change, how many behind the next one the market opens or closes; 255 for as many or more.
    to_flip: Vec<u8>,
    slots: Vec<u32>,
    gap_notes: Vec<GapNote>,
    /// By the number of a note, whether its source vouches for it.
    vouched: Vec<bool>,
    never_closes: bool,
}

impl Timeline {
    /// Compiles changes. `gap_notes` are in order, `vouched` tells of each note whether its source vouches for it.
    ///
    /// # Errors
    /// In one sentence, what the changes contradict.
    pub fn new(
        changes: Changes,
        gap_notes: Vec<GapNote>,
        vouched: Vec<bool>,
        bounds: Bounds,
    ) -> Result<Self, &'static str> {
        check(&changes, &gap_notes, &vouched, bounds)?;
        let base = changes.starts.first().copied().unwrap_or_default();
        let starts = changes.starts.iter().map(|start| offset(*start, base)).collect::<Option<Vec<_>>>();
        let starts = starts.ok_or("changes lie more than 136 years apart")?;
        let sessions = changes.codes.len() - 2;
        Ok(Self {
            bounds,
            base,
            slots: slots(&changes.starts, bounds.span),
            to_flip: steps_to_flip(&changes.codes),
            never_closes: sessions > 0 && changes.codes[..sessions].iter().all(|code| Phase::of(*code).is_open()),
            starts,
            codes: changes.codes,
            days: changes.days,
            notes: changes.notes,
            gap_notes,
            vouched,
        })
    }

    /// How many changes there are.
    #[must_use]
    pub fn changes_held(&self) -> usize {
        self.codes.len()
    }

    /// Bytes of the columns.
    #[must_use]
    pub fn nbytes(&self) -> usize {
        size_of_val(&*self.starts)
            + size_of_val(&*self.codes)
            + size_of_val(&*self.days)
            + size_of_val(&*self.notes)
            + size_of_val(&*self.to_flip)
            + size_of_val(&*self.slots)
            + size_of_val(&*self.gap_notes)
            + size_of_val(&*self.vouched)
    }

    /// The instants that may be asked for, from the first to before the last.
    #[must_use]
    pub fn span(&self) -> (i64, i64) {
        self.bounds.span
    }

    /// Whether the market has always been open and always will be.
    #[must_use]
    pub fn never_closes(&self) -> bool {
        self.never_closes
    }

    /// What the market does at an instant; nothing for one outside the span.
    #[must_use]
    pub fn reading(&self, at: i64) -> Option<Reading> {
        let (first, last) = self.bounds.span;
        if at < first || at >= last {
            return None;
        }
        let number = self.change_before(at);
        let phase = self.phase(number);
        let (since, until) = (self.start(number), self.start(number + 1));
        let day = self.bounds.day_base + i64::from(self.days[number]);
        let mut reading = Reading {
            phase,
            since,
            valid_until: until,
            next_transition: None,
            next_phase: None,
            day,
            note: None,
            verified: true,
        };
        if self.never_closes {
            return Some(reading);
        }
        let following = self.next_phase(number);
        let flip = self.next_flip(number);
        let transition = self.start(flip);
        if following + 1 < self.codes.len() {
            reading.next_phase = Some((self.start(following), self.phase(following)));
        }
        if transition == FOREVER {
            reading.verified = false;
            return Some(reading);
        }
        reading.next_transition = Some(transition);
        self.note(number, at, &mut reading);
        let (verified_from, verified_until) = self.bounds.verified;
        reading.verified = self.codes[number] & UNSURE == 0
            && verified_from <= at
            && transition < verified_until
            && reading.note.is_none_or(|note| self.vouched[usize::from(note)]);
        if reading.since < verified_from && verified_from < reading.valid_until {
            if at < verified_from {
                reading.valid_until = verified_from;
            } else {
                reading.since = verified_from;
            }
        }
        Some(reading)
    }

    /// The changes of phase from `start` to before `end`: each with the phase that begins.
    #[must_use]
    pub fn changes(&self, start: i64, end: i64) -> Vec<(i64, Phase)> {
        let (low, high) = (self.first_from(start), self.first_from(end));
        let mut found = Vec::with_capacity(high.saturating_sub(low));
        for number in low..high {
            // Where one session follows another at once, only the day changes.
            if number == 0 || self.phase(number) != self.phase(number - 1) {
                found.push((self.start(number), self.phase(number)));
            }
        }
        found
    }

    /// The session of a day, where it has one.
    #[must_use]
    pub fn session(&self, day: i64) -> Option<Session> {
        let sessions = self.codes.len() - 2;
        let mut number = self.first_of_day(day);
        let is_on = |number: usize| number < sessions && self.bounds.day_base + i64::from(self.days[number]) == day;
        while is_on(number) && self.codes[number] & GAP != 0 {
            number += 1;
        }
        let begins = self.start(number);
        let (mut opens, mut closes) = (None, None);
        while is_on(number) {
            if self.phase(number).is_open() {
                opens = opens.or(Some(self.start(number)));
                closes = Some(self.start(number + 1));
            }
            number += 1;
        }
        Some(Session { begins, ends: self.start(number), opens: opens?, closes: closes? })
    }

    /// When the last session before a day ends.
    #[must_use]
    pub fn ends_before(&self, day: i64) -> i64 {
        // The span before a session bears the session's own day, and begins where the one before it ended.
        self.start(self.first_of_day(day).min(self.codes.len() - 2))
    }

    fn phase(&self, number: usize) -> Phase {
        Phase::of(self.codes[number])
    }

    fn start(&self, number: usize) -> i64 {
        match self.starts[number] {
            NEVER => FOREVER,
            behind => self.base + i64::from(behind),
        }
    }

    /// The last change at or before an instant within the span.
    fn change_before(&self, at: i64) -> usize {
        let slot = usize::try_from((at - self.bounds.span.0) >> SLOT_BITS).unwrap_or(0);
        let behind = offset(at, self.base).unwrap_or(0);
        let mut following = self.slots[slot] as usize;
        while self.starts[following] <= behind {
            following += 1;
        }
        following - 1
    }

    /// The first change at or after an instant.
    fn first_from(&self, at: i64) -> usize {
        self.starts.partition_point(|behind| *behind != NEVER && self.base + i64::from(*behind) < at)
    }

    fn first_of_day(&self, day: i64) -> usize {
        self.days.partition_point(|number| self.bounds.day_base + i64::from(*number) < day)
    }

    /// The next change that leads to another phase.
    fn next_phase(&self, number: usize) -> usize {
        let mut following = number + 1;
        while self.phase(following) == self.phase(number) {
            following += 1;
        }
        following
    }

    /// The next change that opens or closes the market. The last one would open it, so there always is one.
    fn next_flip(&self, number: usize) -> usize {
        let mut flip = number + 1 + usize::from(self.to_flip[number]);
        while self.phase(flip).is_open() == self.phase(number).is_open() {
            flip += 1;
        }
        flip
    }

    /// Enters the note that holds at an instant, and the span in which it does.
    fn note(&self, number: usize, at: i64, reading: &mut Reading) {
        let note = self.notes[number];
        if note != SEVERAL {
            reading.note = note.checked_sub(1);
            return;
        }
        let first = self.gap_notes.partition_point(|other| (other.change as usize) < number);
        for part in self.gap_notes[first..].iter().take_while(|part| part.change as usize == number) {
            if at < part.start {
                reading.valid_until = reading.valid_until.min(part.start);
                return;
            }
            if at < part.end {
                reading.note = Some(part.note);
                reading.since = reading.since.max(part.start);
                reading.valid_until = reading.valid_until.min(part.end);
                return;
            }
            reading.since = reading.since.max(part.end);
        }
    }
}

fn check(changes: &Changes, gap_notes: &[GapNote], vouched: &[bool], bounds: Bounds) -> Result<(), &'static str> {
    let Changes { starts, codes, days, notes } = changes;
    let (first, last) = bounds.span;
    let wrong = [
        (starts.len() < 2, "there are at least two changes"),
        (codes.len() != starts.len(), "each change has one code"),
        (days.len() != starts.len() || notes.len() != starts.len(), "each change has one day and one note"),
        (codes.iter().any(|code| usize::from(code & PHASE) >= PHASES.len()), "there is no such phase"),
        (!starts.is_sorted_by(|one, other| one < other), "changes follow one another"),
        (!days.is_sorted(), "days follow one another"),
        (starts.last() != Some(&FOREVER), "the last change is at FOREVER"),
        (
            codes.len() > 1
                && (Phase::of(codes[codes.len() - 2]).is_open() || !Phase::of(codes[codes.len() - 1]).is_open()),
            "the last change but one closes, the last one opens",
        ),
        (starts.first().is_none_or(|start| *start > first) || first >= last, "the span begins behind the first change"),
        (
            notes.iter().any(|note| *note != SEVERAL && usize::from(*note) > vouched.len())
                || gap_notes.iter().any(|part| usize::from(part.note) >= vouched.len()),
            "there is no such note",
        ),
        (!gap_notes.is_sorted_by_key(|part| (part.change, part.start)), "notes follow one another"),
    ];
    wrong.iter().find(|(is_so, _)| *is_so).map_or(Ok(()), |(_, reason)| Err(reason))
}

/// Seconds behind the first change.
fn offset(at: i64, base: i64) -> Option<u32> {
    if at == FOREVER {
        return Some(NEVER);
    }
    u32::try_from(at.checked_sub(base)?).ok().filter(|behind| *behind != NEVER)
}

/// For each slot, the number of the first change after its beginning.
fn slots(starts: &[i64], (first, last): (i64, i64)) -> Vec<u32> {
    let mut number = 0;
    let mut begins = first;
    let mut found = Vec::new();
    while begins < last {
        while starts[number] <= begins {
            number += 1;
        }
        found.push(u32::try_from(number).unwrap_or(u32::MAX));
        begins += SLOT_S;
    }
    found
}

fn steps_to_flip(codes: &[u8]) -> Vec<u8> {
    let mut steps = vec![0; codes.len()];
    let (mut behind, mut was_open) = (0_u8, None);
    for (number, code) in codes.iter().enumerate().rev() {
        let is_open = Phase::of(*code).is_open();
        behind = if was_open == Some(is_open) { behind.saturating_add(1) } else { 0 };
        was_open = Some(is_open);
        steps[number] = behind;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    /// Two days, 10 to 12 and 13 to 15 o'clock, the second one with a note; a closed day with a note before them.
    fn two_days() -> Timeline {
        let hour = |day: i64, hour: i64| day * DAY + hour * 3_600;
        let changes = Changes {
            starts: vec![
                hour(0, 0),
                hour(2, 10),
                hour(2, 12),
                hour(2, 13),
                hour(2, 15),
                hour(3, 10),
                hour(3, 12),
                hour(3, 13),
                hour(3, 15),
                FOREVER,
            ],
            codes: vec![GAP, 2, 4, 2, GAP, 2, 4, 2, GAP, 2],
            days: vec![2, 2, 2, 2, 3, 3, 3, 3, 9, 9],
            notes: vec![SEVERAL, 0, 0, 0, 0, 2, 2, 2, 0, 0],
        };
        let gap = GapNote { change: 0, start: DAY, end: 2 * DAY, note: 0 };
        let bounds = Bounds { span: (0, 9 * DAY), verified: (3_600, 8 * DAY), day_base: 100 };
        Timeline::new(changes, vec![gap], vec![true, false], bounds).unwrap()
    }

    fn reading(at: i64) -> Reading {
        two_days().reading(at).unwrap()
    }

    #[test]
    fn a_change_belongs_to_what_it_begins() {
        let opens = 2 * DAY + 10 * 3_600;
        let before = reading(opens - 1);
        assert_eq!((before.phase.name(), before.next_transition), ("closed", Some(opens)));
        let open = reading(opens);
        assert_eq!((open.phase.name(), open.since, open.day), ("open", opens, 102));
        assert_eq!(open.next_phase.map(|(at, phase)| (at, phase.name())), Some((opens + 7_200, "lunch")));
        assert!(open.verified);
    }

    #[test]
    fn a_note_holds_for_its_part_of_the_gap() {
        assert_eq!(reading(DAY - 1).note, None);
        let noted = reading(DAY);
        assert_eq!((noted.note, noted.since, noted.valid_until), (Some(0), DAY, 2 * DAY));
        let behind = reading(2 * DAY);
        assert_eq!((behind.note, behind.since), (None, 2 * DAY));
        let doubted = reading(3 * DAY + 11 * 3_600);
        assert_eq!((doubted.note, doubted.verified), (Some(1), false));
    }

    #[test]
    fn what_nobody_vouches_for_is_not_verified() {
        let before = reading(3_599);
        assert_eq!((before.verified, before.valid_until), (false, 3_600));
        let from = reading(3_600);
        assert_eq!((from.verified, from.since), (true, 3_600));
    }

    #[test]
    fn behind_the_last_session_nothing_is_known() {
        let last = reading(4 * DAY);
        assert_eq!((last.phase.name(), last.next_transition, last.next_phase), ("closed", None, None));
        assert!(!last.verified);
        assert_eq!(two_days().reading(9 * DAY), None);
        assert_eq!(two_days().reading(-1), None);
    }

    #[test]
    fn sessions_have_their_times() {
        let (opens, closes) = (2 * DAY + 36_000, 2 * DAY + 54_000);
        let found = Session { begins: opens, ends: closes, opens, closes };
        assert_eq!(two_days().session(102), Some(found));
        assert_eq!(two_days().session(101), None);
        assert_eq!(two_days().session(109), None);
        assert_eq!(two_days().ends_before(103), closes);
        assert_eq!(two_days().ends_before(110), 3 * DAY + 54_000);
    }

    #[test]
    fn changes_are_those_of_the_span() {
        let names: Vec<_> = two_days().changes(2 * DAY, 3 * DAY).into_iter().map(|(_, phase)| phase.name()).collect();
        assert_eq!(names, ["open", "lunch", "open", "closed"]);
        assert_eq!(two_days().changes(0, 100 * DAY).len(), 9);
    }

    #[test]
    fn every_slot_finds_the_change_a_search_finds() {
        let timeline = two_days();
        for at in (0..9 * DAY).step_by(601) {
            assert_eq!(timeline.change_before(at), timeline.first_from(at + 1) - 1);
        }
    }

    #[test]
    fn contradictions_are_refused() {
        let bounds = Bounds { span: (0, DAY), verified: (0, DAY), day_base: 0 };
        let refused = |starts: Vec<i64>, codes: Vec<u8>, notes: Vec<u16>| {
            let changes = Changes { days: vec![0; starts.len()], starts, codes, notes };
            Timeline::new(changes, vec![], vec![], bounds).unwrap_err()
        };
        assert_eq!(refused(vec![], vec![], vec![]), "there are at least two changes");
        assert_eq!(refused(vec![0, FOREVER], vec![9, 2], vec![0, 0]), "there is no such phase");
        assert_eq!(refused(vec![0, 0, FOREVER], vec![2, 0, 2], vec![0; 3]), "changes follow one another");
        assert_eq!(refused(vec![0, 5], vec![0, 2], vec![0, 0]), "the last change is at FOREVER");
        assert_eq!(refused(vec![0, FOREVER], vec![0, 2], vec![0, 1]), "there is no such note");
        assert_eq!(refused(vec![9, FOREVER], vec![0, 2], vec![0, 0]), "the span begins behind the first change");
    }
}
