//! Rows of the ticks table out of Postgres' binary COPY format: the other direction of [`crate::copy`].
//!
//! Exact: numerics become integers of 1e-9 without a float in between, and one that does not fit is an error. Nothing
//! that the server says of lengths is believed without a look.

use crate::ticks::{Tick, Ticks};

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Microseconds from 1970 to 2000, where Postgres begins to count.
const EPOCH_2000_US: i64 = 946_684_800_000_000;
const COLUMNS: i16 = 12;
/// No message of a row is longer: a jsonb of 1 GB is no tick.
const MOST_BYTES: usize = 64 << 20;

/// Why bytes are no rows of the ticks table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyFault {
    /// The bytes are not what the format says; the text names the row from 0 and what was wrong.
    Malformed(String),
    /// The server refused or broke off: its SQLSTATE and message.
    Server(String, String),
}

impl CopyFault {
    fn at(row: usize, what: &str) -> Self {
        Self::Malformed(format!("row {row}: {what}"))
    }
}

/// Reads a stream of backend messages (a `COPY … TO STDOUT` over the wire), cut anywhere.
#[derive(Debug, Default)]
pub struct CopyReader {
    ticks: Ticks,
    carry: Vec<u8>,
    began: bool,
    ended: bool,
    ready: bool,
    server: Option<CopyFault>,
}

impl CopyReader {
    /// Takes the next bytes from the server. True once it is ready for another query.
    ///
    /// # Errors
    /// When the bytes are no such stream. What the server itself says goes wrong is told by [`Self::finish`].
    pub fn feed_wire(&mut self, bytes: &[u8]) -> Result<bool, CopyFault> {
        let mut rest = bytes;
        // A message that was cut is completed by itself; everything else is read where it lies.
        while !self.carry.is_empty() && !rest.is_empty() {
            let wanted = match message_length(&self.carry)? {
                Some(length) => length.saturating_sub(self.carry.len()),
                None => 5 - self.carry.len(),
            };
            let (head, tail) = rest.split_at(wanted.min(rest.len()));
            self.carry.extend_from_slice(head);
            rest = tail;
            if message_length(&self.carry)?.is_some_and(|length| length <= self.carry.len()) {
                let whole = std::mem::take(&mut self.carry);
                self.message(&whole)?;
            }
        }
        while let Some(length) = message_length(rest)? {
            let Some((message, tail)) = rest.split_at_checked(length) else { break };
            self.message(message)?;
            rest = tail;
        }
        self.carry.extend_from_slice(rest);
        Ok(self.ready)
    }

    /// Takes the payload of one CopyData message, as a client library hands it on.
    ///
    /// # Errors
    /// When it is none.
    pub fn feed_rows(&mut self, payload: &[u8]) -> Result<(), CopyFault> {
        let mut rest = payload;
        if !self.began {
            let header = rest.split_at_checked(SIGNATURE.len() + 8).filter(|(header, _)| header.starts_with(SIGNATURE));
            let Some((header, tail)) = header else {
                return Err(CopyFault::at(0, "the signature of COPY in binary format is missing"));
            };
            if header.get(SIGNATURE.len()..).is_none_or(|words| words.iter().any(|byte| *byte != 0)) {
                return Err(CopyFault::at(0, "flags and header extensions are not understood"));
            }
            self.began = true;
            rest = tail;
        }
        while !rest.is_empty() {
            if self.ended {
                return Err(CopyFault::at(self.ticks.len(), "something follows the end"));
            }
            rest = self.row(rest).map_err(|what| CopyFault::at(self.ticks.len(), what))?;
        }
        Ok(())
    }

    /// The rows, once everything was fed.
    ///
    /// # Errors
    /// What the server said, or that the stream broke off.
    pub fn finish(self) -> Result<Ticks, CopyFault> {
        if let Some(fault) = self.server {
            return Err(fault);
        }
        if !self.ended || !self.carry.is_empty() {
            return Err(CopyFault::at(self.ticks.len(), "the stream broke off before its end"));
        }
        Ok(self.ticks)
    }

    fn message(&mut self, message: &[u8]) -> Result<(), CopyFault> {
        let payload = message.get(5..).unwrap_or_default();
        match message.first() {
            Some(b'd') => self.feed_rows(payload)?,
            Some(b'E') => self.server = Some(server_fault(payload)),
            Some(b'Z') => self.ready = true,
            // CopyOutResponse, CopyDone, CommandComplete, notices and settings say nothing about rows.
            Some(b'H' | b'c' | b'C' | b'N' | b'S' | b'A') => {}
            _ => return Err(CopyFault::at(self.ticks.len(), "the server sent a message that has no place in a COPY")),
        }
        Ok(())
    }

    /// Reads one row and gives what follows it.
    #[inline]
    fn row<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], &'static str> {
        let mut fields = Fields(bytes);
        match fields.short()? {
            -1 => {
                self.ended = true;
                return Ok(fields.0);
            }
            COLUMNS => {}
            _ => return Err("a tick has 12 columns"),
        }
        let symbol = fields.text()?.ok_or("symbol is null")?;
        let ts = fields.long()?.ok_or("ts is null")?;
        let prices = [fields.numeric()?, fields.numeric()?, fields.numeric()?];
        let sizes = [fields.int()?, fields.int()?, fields.int()?];
        let source = fields.text()?.ok_or("source is null")?;
        let cond = fields.text()?;
        let seq = fields.long()?;
        let extra = fields.jsonb()?;
        if ts == i64::MAX || ts == i64::MIN {
            return Err("ts is infinite");
        }
        let ts_us = ts.checked_add(EPOCH_2000_US).ok_or("ts is out of range")?;
        self.ticks.push(&Tick { symbol, ts_us, prices, sizes, source, cond, seq, extra });
        Ok(fields.0)
    }
}

/// How long the message at the start of the bytes is, its type and length included; nothing while that cannot be read.
#[inline]
fn message_length(bytes: &[u8]) -> Result<Option<usize>, CopyFault> {
    let Some(length) = bytes.get(1..).and_then(|rest| rest.first_chunk::<4>()) else { return Ok(None) };
    match usize::try_from(i32::from_be_bytes(*length)) {
        Ok(length) if (4..=MOST_BYTES).contains(&length) => Ok(Some(length + 1)),
        _ => Err(CopyFault::Malformed("a message has an impossible length".to_owned())),
    }
}

/// SQLSTATE and message of an ErrorResponse.
fn server_fault(payload: &[u8]) -> CopyFault {
    let field = |wanted: u8| {
        let mut fields = payload.split(|byte| *byte == 0);
        let found = fields.find(|field| field.first() == Some(&wanted));
        String::from_utf8_lossy(found.and_then(|field| field.get(1..)).unwrap_or_default()).into_owned()
    };
    CopyFault::Server(field(b'C'), field(b'M'))
}

/// The rest of a row, read from its start.
struct Fields<'b>(&'b [u8]);

impl<'b> Fields<'b> {
    #[inline]
    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (chunk, rest) = self.0.split_first_chunk::<N>().ok_or("it ends in the middle")?;
        self.0 = rest;
        Ok(*chunk)
    }

    #[inline]
    fn short(&mut self) -> Result<i16, &'static str> {
        self.chunk().map(i16::from_be_bytes)
    }

    /// The bytes of a field; nothing for null.
    #[inline]
    fn field(&mut self) -> Result<Option<&'b [u8]>, &'static str> {
        let length = self.chunk().map(i32::from_be_bytes)?;
        if length == -1 {
            return Ok(None);
        }
        let length = usize::try_from(length).map_err(|_| "a length is negative")?;
        let (field, rest) = self.0.split_at_checked(length).ok_or("it ends in the middle of a field")?;
        self.0 = rest;
        Ok(Some(field))
    }

    #[inline]
    fn fixed<const N: usize>(&mut self) -> Result<Option<[u8; N]>, &'static str> {
        let field = self.field()?;
        field.map(|field| field.try_into().map_err(|_| "a number has the wrong length")).transpose()
    }

    fn int(&mut self) -> Result<Option<i32>, &'static str> {
        Ok(self.fixed()?.map(i32::from_be_bytes))
    }

    fn long(&mut self) -> Result<Option<i64>, &'static str> {
        Ok(self.fixed()?.map(i64::from_be_bytes))
    }

    #[inline]
    fn text(&mut self) -> Result<Option<&'b str>, &'static str> {
        self.field()?.map(|text| std::str::from_utf8(text).map_err(|_| "a text is not UTF-8")).transpose()
    }

    fn jsonb(&mut self) -> Result<Option<&'b str>, &'static str> {
        match self.text()? {
            None => Ok(None),
            Some(text) => text.strip_prefix('\u{1}').map(Some).ok_or("jsonb has another version than 1"),
        }
    }

    #[inline]
    fn numeric(&mut self) -> Result<Option<i64>, &'static str> {
        self.field()?.map(nanos).transpose()
    }
}

/// Nanos of a numeric: the number of base-10000 digits, the first one's weight, the sign, the decimals shown, the digits.
#[inline]
fn nanos(field: &[u8]) -> Result<i64, &'static str> {
    const BEYOND: &str = "a price does not fit 64 bits of 1e-9";
    /// What a digit of weight 2, 1, 0, -1, -2 counts.
    const SCALES: [i64; 5] = [100_000_000_000_000_000, 10_000_000_000_000, 1_000_000_000, 100_000, 10];
    let mut fields = Fields(field);
    let count = fields.short()?;
    let weight = fields.short()?;
    let negative = match fields.short()? {
        0 => false,
        0x4000 => true,
        _ => return Err("a price is not a finite number"),
    };
    let _decimals_shown = fields.short()?;
    if usize::try_from(count).ok().and_then(|count| count.checked_mul(2)) != Some(fields.0.len()) {
        return Err("a number has the wrong length");
    }
    let mut place = 2_i32 - i32::from(weight);
    let mut total = 0_i64;
    while !fields.0.is_empty() {
        let digit = i64::from(fields.short()?);
        if !(0..10_000).contains(&digit) {
            return Err("a number has an impossible digit");
        }
        let part = match usize::try_from(place).map(|place| SCALES.get(place)) {
            Ok(Some(scale)) => digit.checked_mul(*scale).ok_or(BEYOND)?,
            // The digit behind 1e-8 has four decimals, of which one counts.
            Ok(None) if place == 5 && digit % 1_000 == 0 => digit / 1_000,
            Ok(None) if digit == 0 => 0,
            Ok(None) => return Err("a price has more than nine decimals"),
            Err(_) if digit == 0 => 0,
            Err(_) => return Err(BEYOND),
        };
        total = total.checked_add(part).ok_or(BEYOND)?;
        place += 1;
    }
    Ok(if negative { -total } else { total })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::copy::copy_binary;
    use crate::parse::parse_lines;
    use crate::symbol::Sources;

    fn stream() -> Vec<u8> {
        let lines = [
            r#"{"symbol":"ES","ts":"2025-06-10T12:00:00.000001Z","source":"TOS","last":4799.25,"bid":-37.63,"ask":0,"lastSize":1,"bidSize":0,"askSize":null,"seq":7,"condition":"@","venue":"CME"}"#,
            r#"{"symbol":"ZB","ts":"1969-12-31T23:59:59.999999Z","source":"MOCK","last":0.000000001,"bid":9223372036.854775807,"ask":null,"lastSize":null,"bidSize":null,"askSize":5}"#,
        ];
        copy_binary(&parse_lines(lines.join("\n").as_bytes(), &Sources::built_in()).batch)
    }

    fn message(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = i32::try_from(payload.len() + 4).unwrap().to_be_bytes();
        [&[kind], &length[..], payload].concat()
    }

    fn read(bytes: &[u8]) -> Result<Ticks, CopyFault> {
        let mut reader = CopyReader::default();
        reader.feed_rows(bytes)?;
        reader.finish()
    }

    #[test]
    fn what_was_written_is_read() {
        let ticks = read(&stream()).unwrap();
        let first = ticks.get(0).unwrap();
        assert_eq!((first.symbol, first.source, first.cond), ("ES", "TOS", Some("@")));
        assert_eq!((first.ts_us, first.seq), (1_749_556_800_000_001, Some(7)));
        assert_eq!(first.prices, [Some(4_799_250_000_000), Some(-37_630_000_000), Some(0)]);
        assert_eq!(first.sizes, [Some(1), Some(0), None]);
        assert_eq!(first.extra, Some(r#"{"venue":"CME"}"#));
        let second = ticks.get(1).unwrap();
        assert_eq!((second.ts_us, second.prices), (-1, [Some(1), Some(i64::MAX), None]));
        assert_eq!((second.seq, second.cond, second.extra), (None, None, None));
    }

    #[test]
    fn a_stream_may_be_cut_anywhere() {
        let rows = stream();
        let wire = [
            message(b'H', &[1, 0, 12]),
            message(b'd', &rows[..rows.len() - 2]),
            message(b'd', &rows[rows.len() - 2..]),
            message(b'c', &[]),
            message(b'C', b"COPY 2\0"),
            message(b'Z', b"I"),
        ]
        .concat();
        let whole = read(&rows).unwrap().digest();
        for size in 1..wire.len() {
            let mut reader = CopyReader::default();
            let mut ready = false;
            for part in wire.chunks(size) {
                ready = reader.feed_wire(part).unwrap();
            }
            assert!(ready);
            assert_eq!(reader.finish().unwrap().digest(), whole);
        }
    }

    #[test]
    fn a_server_that_breaks_off_is_heard() {
        let wire = [message(b'E', b"SERROR\0C57014\0Mcanceling statement\0\0"), message(b'Z', b"I")].concat();
        let mut reader = CopyReader::default();
        assert!(reader.feed_wire(&wire).unwrap());
        let said = CopyFault::Server("57014".to_owned(), "canceling statement".to_owned());
        assert_eq!(reader.finish().unwrap_err(), said);
    }

    #[test]
    fn lies_are_refused() {
        let rows = stream();
        for length in 0..rows.len() {
            assert!(read(&rows[..length]).is_err(), "{length}");
        }
        for at in 0..rows.len() {
            for byte in [0, 0x7f, 0x80, 0xff] {
                let mut lying = rows.clone();
                lying[at] = byte;
                let _whatever_but_no_panic = read(&lying);
            }
        }
        assert!(CopyReader::default().feed_wire(&[b'd', 0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(CopyReader::default().feed_wire(&message(b'Q', &[])).is_err());
        assert!(read(&[&rows[..], &[0, 12]].concat()).is_err());
    }

    #[test]
    fn numerics_are_exact_or_refused() {
        let numeric = |weight: i16, sign: i16, digits: &[i16]| {
            let head = [i16::try_from(digits.len()).unwrap(), weight, sign, 0];
            nanos(&head.iter().chain(digits).flat_map(|short| short.to_be_bytes()).collect::<Vec<_>>())
        };
        assert_eq!(numeric(0, 0, &[]), Ok(0));
        assert_eq!(numeric(0, 0x4000, &[4799, 2500]), Ok(-4_799_250_000_000));
        assert_eq!(numeric(-3, 0, &[1000]), Ok(1));
        assert_eq!(numeric(3, 0, &[0, 1]), Ok(100_000_000_000_000_000));
        assert!(numeric(-3, 0, &[1]).is_err());
        assert!(numeric(-4, 0, &[1]).is_err());
        assert!(numeric(3, 0, &[1]).is_err());
        assert!(numeric(2, 0, &[93]).is_err());
        assert!(numeric(0, -0x4000, &[]).is_err());
        assert!(numeric(0, 0, &[10_000]).is_err());
    }
}
