//! Any number in every display, against arithmetic on wide integers, and any text as a price.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use thor_fast::classify::{MISSING_CHANGE, MISSING_SIGNAL, Signal, Thresholds, classify_by_id, classify_by_one};
use thor_fast::display::{Display, format_price, parse_price};
use thor_fast::price::{Rounding, nanos_from_number, scale, write_nanos};
use thor_fast::price_column::{MISSING_PRICE, price_lines, price_texts};

const ONE: i128 = 1_000_000_000;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    nanos: i64,
    decimals: u8,
    signed: bool,
    text: &'a str,
    rungs: [i64; 4],
    column: Vec<i64>,
}

/// A column is what each of its prices is alone.
fn column(nanos: &[i64], display: u8, signed: bool) {
    let display = match display % 12 {
        10 => Display::ThirtySeconds,
        11 => Display::Exact,
        decimals => Display::Decimals(decimals),
    };
    let text =
        |nanos: &i64| if *nanos == MISSING_PRICE { String::new() } else { format_price(*nanos, display, signed) };
    let wanted: Vec<String> = nanos.iter().map(text).collect();
    let lines: String = wanted.iter().flat_map(|text| [text, "\n"]).collect();
    assert_eq!(price_lines(nanos, display, signed), lines.as_bytes());
    let texts = price_texts(nanos, display, signed);
    assert_eq!(texts.text, wanted.concat().as_bytes());
    let lengths = texts.offsets.windows(2).map(|pair| usize::try_from(pair[1] - pair[0]).expect("rising"));
    assert!(lengths.eq(wanted.iter().map(String::len)));
}

/// The kernel says of each change what the four thresholds say.
fn classified(changes: &[i64], mut rungs: [i64; 4]) {
    rungs.sort_unstable_by(|one, other| other.cmp(one));
    let ladder = Thresholds::new(rungs[0], rungs[1], rungs[2], rungs[3]).expect("they fall");
    let wanted = changes.iter().map(|change| match (*change, ladder.classify(*change)) {
        (MISSING_CHANGE, _) => MISSING_SIGNAL,
        (_, Signal::StrongBuy) => 2,
        (_, Signal::Buy) => 1,
        (_, Signal::Hold) => 0,
        (_, Signal::Sell) => -1,
        (_, Signal::StrongSell) => -2,
    });
    let mut found = vec![9; changes.len()];
    assert!(classify_by_one(changes, &Some(ladder).into(), &mut found));
    assert!(found.iter().copied().eq(wanted));
    let mut by_id = vec![9; changes.len()];
    assert!(classify_by_id(changes, &vec![1; changes.len()], &[None.into(), Some(ladder).into()], &mut by_id));
    assert_eq!(by_id, found);
}

fuzz_target!(|input: Input<'_>| {
    shown(input.nanos, input.decimals % 10, input.signed);
    column(&input.column, input.decimals, input.signed);
    classified(&input.column, input.rungs);
    read(input.text);
});

/// The number of steps nearest to a value, ties to even.
fn nearest(nanos: i128, step_numerator: i128, step_denominator: i128) -> i128 {
    let (numerator, denominator) = (nanos * step_denominator, step_numerator);
    let floor = numerator.div_euclid(denominator);
    match (numerator.rem_euclid(denominator) * 2).cmp(&denominator) {
        std::cmp::Ordering::Less => floor,
        std::cmp::Ordering::Greater => floor + 1,
        std::cmp::Ordering::Equal => floor + floor.rem_euclid(2),
    }
}

fn with_sign(steps: i128, signed: bool, magnitude: &str) -> String {
    let sign = if steps < 0 {
        "-"
    } else if steps > 0 && signed {
        "+"
    } else {
        ""
    };
    format!("{sign}{magnitude}")
}

fn shown(nanos: i64, decimals: u8, signed: bool) {
    // The most negative integer is no price.
    let nanos = nanos.max(-i64::MAX);
    let wide = i128::from(nanos);
    let scale = 10_i128.pow(u32::from(decimals));
    let steps = nearest(wide, ONE / scale, 1);
    let magnitude = match decimals {
        0 => steps.abs().to_string(),
        _ => format!("{}.{:0width$}", steps.abs() / scale, steps.abs() % scale, width = usize::from(decimals)),
    };
    assert_eq!(format_price(nanos, Display::Decimals(decimals), signed), with_sign(steps, signed, &magnitude));

    let eighths = nearest(wide, ONE, 256);
    let digit = ["", "1", "2", "3", "5", "6", "7", "8"][usize::try_from(eighths.abs() % 8).unwrap_or(0)];
    let magnitude = format!("{}'{:02}{digit}", eighths.abs() / 256, eighths.abs() / 8 % 32);
    let text = format_price(nanos, Display::ThirtySeconds, signed);
    assert_eq!(text, with_sign(eighths, signed, &magnitude));
    if let Ok(back) = i64::try_from(eighths * ONE / 256) {
        assert_eq!(parse_price(&text), Ok(back));
    }

    assert_eq!(parse_price(&format_price(nanos, Display::Exact, signed)), Ok(nanos));
    let mut written = Vec::new();
    write_nanos(nanos, &mut written);
    assert_eq!(std::str::from_utf8(&written).ok().map(nanos_from_number), Some(Ok(nanos)));
}

fn read(text: &str) {
    if let Ok(nanos) = parse_price(text) {
        assert_ne!(nanos, i64::MIN);
        assert_eq!(parse_price(&format_price(nanos, Display::Exact, false)), Ok(nanos), "{text}");
    }
    if serde_json::from_str::<serde_json::Number>(text).is_ok() && !text.starts_with([' ', '\t', '\n', '\r']) {
        let token = text.trim_end();
        for (places, rounding) in [(9, Rounding::HalfEven), (3, Rounding::Floor), (0, Rounding::Refuse)] {
            assert_eq!(scale(token, places, rounding).ok(), slowly(token, places, rounding), "{token} {places}");
        }
    }
}

/// The number times 10^places by digits, one after the other. Nothing where it does not fit, or may not be rounded.
fn slowly(token: &str, places: u32, rounding: Rounding) -> Option<i64> {
    let negative = token.starts_with('-');
    let (mantissa, exponent) = token.split_once(['e', 'E']).unwrap_or((token, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(if exponent.starts_with('-') { i64::MIN / 4 } else { i64::MAX / 4 });
    let (whole, fraction) =
        mantissa.trim_start_matches('-').split_once('.').unwrap_or((mantissa.trim_start_matches('-'), ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|digit| digit - b'0').collect();
    let Some(significant) = digits.iter().position(|digit| *digit != 0) else { return Some(0) };
    // As many of the digits as stand before the point once it is moved.
    let kept = i64::try_from(whole.len()).ok()?.saturating_add(exponent).saturating_add(i64::from(places));
    let mut value: i128 = 0;
    if kept - i64::try_from(significant).ok()? > 25 {
        return None;
    }
    for at in 0..kept.max(0) {
        value = value * 10 + i128::from(digits.get(usize::try_from(at).ok()?).copied().unwrap_or(0));
    }
    let rest: Vec<u8> = if kept < 0 {
        std::iter::once(0).chain(digits.iter().copied()).collect()
    } else {
        digits.get(usize::try_from(kept).ok()?..).unwrap_or_default().to_vec()
    };
    let inexact = rest.iter().any(|digit| *digit != 0);
    let beyond_half = rest.first() > Some(&5) || rest.first() == Some(&5) && rest[1..].iter().any(|digit| *digit != 0);
    let half = rest.first() == Some(&5) && !beyond_half;
    match rounding {
        Rounding::Refuse if inexact => return None,
        Rounding::Refuse => {}
        Rounding::Floor => value += i128::from(negative && inexact),
        Rounding::HalfEven => value += i128::from(beyond_half || half && value % 2 == 1),
    }
    let value = i64::try_from(if negative { -value } else { value }).ok()?;
    (value != i64::MIN).then_some(value)
}
