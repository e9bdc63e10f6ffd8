//! Numbers: how they are written, and their quantiles.
//!
//! A table of quantiles shows values of single rows, so it takes none that
//! fewer than `k` rows lie beyond, and every point of it is the mean of the k
//! rows around it. A value that many rows share is an atom and keeps its own
//! share.

use super::yaml;

/// How a column writes its numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) decimals: u32,
    pub(super) trim: bool,
}

/// Most decimals that a template writes.
const MOST_DECIMALS: usize = 6;

/// Largest number of a template, in units of its last decimal.
const MOST_UNITS: f64 = 1e9;

impl Written {
    /// How these texts, with what each weighs, are written.
    pub(super) fn of<'t>(texts: impl Iterator<Item = (&'t str, u64)>) -> Self {
        let mut rows = [0u64; MOST_DECIMALS + 1];
        for (text, count) in texts {
            let decimals = text.split_once('.').map_or(0, |(_, part)| part.len());
            rows[decimals.min(MOST_DECIMALS)] += count;
        }
        let all: u64 = rows.iter().sum();
        let (mut decimals, mut beyond) = (MOST_DECIMALS, 0);
        // A few odd ones do not make a habit.
        while decimals > 0 && beyond + rows[decimals] <= all / 1000 {
            beyond += rows[decimals];
            decimals -= 1;
        }
        Self { decimals: decimals as u32, trim: rows[..decimals].iter().sum::<u64>() > 0 }
    }

    /// Reads a number in units of the last decimal.
    pub(super) fn units(self, text: &str) -> Option<i64> {
        let number = number(text)?;
        let units = (number * 10f64.powi(self.decimals as i32)).round();
        (0.0..=MOST_UNITS).contains(&units).then_some(units as i64)
    }

    /// Writes units.
    pub(super) fn write(self, units: i64) -> String {
        let scale = 10i64.pow(self.decimals);
        let mut text = (units / scale).to_string();
        if self.decimals > 0 {
            text += &format!(".{:0width$}", units % scale, width = self.decimals as usize);
            text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
        }
        text
    }

    /// The keys that say so in a template.
    pub(super) fn keys(self) -> String {
        let trim = if self.trim && self.decimals > 0 { ", trim: true" } else { "" };
        if self.decimals == 0 { String::new() } else { format!(", decimals: {}{trim}", self.decimals) }
    }
}

/// A plain number, not negative.
pub(super) fn number(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !text.starts_with('.');
    // A leading zero is a code, not a number.
    let code = text.len() > 1 && text.starts_with('0') && !text.starts_with("0.");
    text.parse().ok().filter(|_| plain && !code && !text.ends_with('.'))
}

/// Entries of a table of quantiles for sorted values, in units; `None` where
/// there are too few.
pub(super) fn quantiles(sorted: &[i64], written: Written, least: u32, points: usize) -> Option<Vec<(String, String)>> {
    let (count, least) = (sorted.len(), least as usize);
    if count < 2 * least.max(1) {
        return None;
    }
    let inner = &sorted[least - 1..=count - least];
    // No point is one row's value: each is the mean of k rows around it.
    let at = |share: f64| around(sorted, ((inner.len() - 1) as f64 * share).round() as usize + least - 1, least);
    let mut table: Vec<(f64, i64)> = (0..=points).map(|i| i as f64 / points as f64).map(|s| (s, at(s))).collect();
    // Values with more than their interval's share stand at both its ends.
    let heavy = (inner.len() / points).max(least);
    for run in inner.chunk_by(|a, b| a == b).filter(|run| run.len() >= heavy) {
        let first = inner.partition_point(|value| *value < run[0]);
        let (from, to) = (first as f64 / inner.len() as f64, (first + run.len()) as f64 / inner.len() as f64);
        table.retain(|(share, _)| *share < from || *share > to);
        table.extend([(from, run[0]), (to, run[0])]);
    }
    table.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    // A mean beside an atom must not pass it.
    let mut floor = i64::MIN;
    table.iter_mut().for_each(|(_, units)| {
        floor = floor.max(*units);
        *units = floor;
    });
    table.first_mut()?.0 = 0.0;
    table.last_mut()?.0 = 1.0;
    let mut entries: Vec<(String, String)> = Vec::new();
    for (share, units) in table {
        let key = percent(share);
        if entries.last().is_none_or(|(last, _)| *last != key) {
            entries.push((key, written.write(units)));
        }
    }
    (entries.len() >= 2 && entries.last().is_some_and(|(key, _)| key == "100")).then_some(entries)
}

/// The mean of the k values around one of sorted ones.
pub(super) fn around(sorted: &[i64], place: usize, least: usize) -> i64 {
    let least = least.clamp(1, sorted.len());
    let from = place.saturating_sub(least / 2).min(sorted.len() - least);
    let sum: i64 = sorted[from..from + least].iter().sum();
    (sum as f64 / least as f64).round() as i64
}

/// A share as a percentage with two decimals at most.
fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    yaml_number(text.trim_end_matches('0').trim_end_matches('.'))
}

fn yaml_number(text: &str) -> String {
    if text.is_empty() { yaml::word("0") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_the_columns_habit() {
        let of = |texts: &[&str]| Written::of(texts.iter().map(|text| (*text, 1)));

        assert_eq!(of(&["1.20", "0.05"]), Written { decimals: 2, trim: false });
        assert_eq!(of(&["1.2", "7", "0.05"]), Written { decimals: 2, trim: true });
        assert_eq!(of(&["12", "7"]), Written { decimals: 0, trim: false });
        assert_eq!(Written { decimals: 2, trim: false }.write(120), "1.2");
        assert_eq!(Written { decimals: 2, trim: false }.units("1.20"), Some(120));
        assert_eq!(Written { decimals: 6, trim: false }.units("1200.000001"), None, "a template has no so many steps");
        assert_eq!(number("007"), None);
        assert_eq!(number("-1"), None);
    }

    #[test]
    fn extremes_of_fewer_rows_than_k_are_left_out() {
        let mut values: Vec<i64> = (0..1000).map(|i| 100 + i / 10).collect();
        values.extend([9_999_999, 9_999_998]);
        values.sort_unstable();

        let table = quantiles(&values, Written::default(), 5, 10).expect("a table");

        assert_eq!(table.first().map(|(key, value)| (key.as_str(), value.as_str())), Some(("0", "100")));
        assert_eq!(table.last().map(|(key, value)| (key.as_str(), value.as_str())), Some(("100", "199")));
    }

    #[test]
    fn a_value_of_many_rows_keeps_its_share() {
        let mut values = vec![5i64; 400];
        values.extend(6..606);

        let table = quantiles(&values, Written::default(), 1, 10).expect("a table");

        let fives: Vec<&str> = table.iter().filter(|(_, value)| value == "5").map(|(key, _)| key.as_str()).collect();
        assert_eq!(fives, ["0", "40"]);
    }
}
