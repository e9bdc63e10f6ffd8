//! Epochs: calendar quarters in the operator's time zone.
//!
//! Each has its own subkeys, codewords and pool. Opening one writes down the
//! [`Rules`] it will be judged by; the ordinal (first epoch opened = 1), not
//! the calendar, decides how much of alpha it may spend.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::config::Config;
use crate::fault::Fault;
use crate::registry::EpochRow;
use crate::rules::{JointRules, LAMBDAS, REGION_GATE, Rules, Shares, SlotRules, THETA_LAMBDAS};

/// A calendar quarter, printed as `2026Q4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarter {
    year: i16,
    quarter: i8,
}

impl Quarter {
    /// The quarter that `instant` falls into in `zone`.
    pub fn of(instant: Timestamp, zone: &TimeZone) -> Self {
        let date = instant.to_zoned_datetime(zone.clone()).date();
        Self { year: date.year(), quarter: (date.month() - 1) / 3 + 1 }
    }

    /// Its first instant and the first instant after it, in `zone`.
    ///
    /// # Errors
    ///
    /// When the calendar does not reach that far.
    pub fn bounds(self, zone: &TimeZone) -> Result<(Timestamp, Timestamp), Fault> {
        let first =
            Date::new(self.year, (self.quarter - 1) * 3 + 1, 1).map_err(|error| Fault::new(error.to_string()))?;
        let after = first.checked_add(3.months()).map_err(|error| Fault::new(error.to_string()))?;
        let instant = |date: Date| {
            date.to_zoned_datetime(zone.clone())
                .map(|zoned| zoned.timestamp())
                .map_err(|error| Fault::new(format!("{date} has no beginning in this time zone: {error}")))
        };
        Ok((instant(first)?, instant(after)?))
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}Q{}", self.year, self.quarter)
    }
}

impl FromStr for Quarter {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let wrong = || Fault::new(format!("expected a quarter such as 2026Q4, found {text:?}"));
        let (year, quarter) = text.split_once(['Q', 'q']).ok_or_else(wrong)?;
        let year: i16 = year.parse().map_err(|_| wrong())?;
        let quarter: i8 = quarter.parse().map_err(|_| wrong())?;
        if !(1..=4).contains(&quarter) || !(1970..=9000).contains(&year) {
            return Err(wrong());
        }
        Ok(Self { year, quarter })
    }
}

/// Writes down the rules of the `ordinal`-th epoch over `lines` trap lines, of
/// which shared slots take what the configuration sets aside for them.
///
/// # Errors
///
/// When the pool is too small for the line sets that are asked for.
pub fn rules(config: &Config, quarter: Quarter, ordinal: u32, lines: u32) -> Result<Rules, Fault> {
    let zone = config.zone()?;
    let (begins, ends) = quarter.bounds(&zone)?;
    let settings = &config.attribution;
    let slots = (settings.slot_lines > 0).then(|| {
        let per_scope = settings.slots_per_scope.unwrap_or(MOST_SLOTS).min(settings.slot_lines / 2);
        SlotRules::new(settings.slot_lines, per_scope)
    });
    let pool = lines.saturating_sub(settings.slot_lines);
    // attribution.md 15.1: N/20, at least 20, at most 100.
    let account_lines = settings.account_lines.unwrap_or((pool / 20).clamp(20, 100));
    if pool < 2 * account_lines {
        return Err(Fault::new(format!(
            "expected at least {} trap lines for accounts of {account_lines} lines each, found {pool}",
            2 * account_lines
        ))
        .hint("import more lines with `trapline lines import`, or set attribution.account_lines in trapline.yaml"));
    }
    if settings.standing_lines + settings.batch_lines > account_lines {
        return Err(Fault::new(format!(
            "{} standing and {} batch lines do not fit into an account's {account_lines} lines",
            settings.standing_lines, settings.batch_lines
        ))
        .hint("lower attribution.standing_lines or attribution.batch_lines in trapline.yaml"));
    }
    Ok(Rules {
        epoch: ordinal,
        label: quarter.to_string(),
        begins,
        ends,
        horizon_days: settings.horizon_days,
        alpha: settings.alpha,
        n_max: settings.n_max,
        shares: Shares::default(),
        rho: settings.rho,
        theta_lambdas: THETA_LAMBDAS.to_vec(),
        lambdas: LAMBDAS.to_vec(),
        region_gate: REGION_GATE,
        pool,
        account_lines,
        standing_lines: settings.standing_lines,
        batch_lines: settings.batch_lines,
        t_max: settings.t_max,
        canaries_max: settings.canaries_max,
        ghosts: settings.ghosts,
        triage: config.triage.clone(),
        joint: Some(JointRules::default()),
        slots,
    })
}

/// Shared slots of a scope unless the configuration says otherwise: enough for
/// two colluders (attribution.md 8.4) at this procedure's thresholds.
const MOST_SLOTS: u32 = 200;

/// Puts trap lines into the order in which an epoch freezes them: the pool,
/// then the lines of shared slots. Those are taken evenly from all of them, so
/// that slots are no block of neighbouring numbers.
pub fn frozen(lines: &[i64], rules: &Rules) -> Vec<i64> {
    let slots = rules.slots.as_ref().map_or(0, |slots| u64::from(slots.lines));
    let count = lines.len().max(1) as u64;
    let is_slot = |place: &usize| (*place as u64 + 1) * slots / count > *place as u64 * slots / count;
    let (behind, pool): (Vec<usize>, Vec<usize>) = (0..lines.len()).partition(is_slot);
    pool.into_iter().chain(behind).map(|place| lines[place]).collect()
}

/// Finds the epoch that `now` falls into.
pub fn current(epochs: &[EpochRow], now: Timestamp) -> Option<&EpochRow> {
    epochs.iter().find(|epoch| epoch.rules.begins <= now && now < epoch.rules.ends)
}

/// The end of an epoch's horizon: later calls are no evidence in it.
pub fn horizon(rules: &Rules) -> Timestamp {
    rules.ends.checked_add((i64::from(rules.horizon_days) * 24).hours()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shanghai() -> TimeZone {
        TimeZone::get("Asia/Shanghai").expect("the zone database is bundled")
    }

    #[test]
    fn a_quarter_begins_at_local_midnight() {
        let instant: Timestamp = "2026-09-30T16:30:00Z".parse().expect("a time");

        let quarter = Quarter::of(instant, &shanghai());

        assert_eq!(quarter.to_string(), "2026Q4");
        let (begins, ends) = quarter.bounds(&shanghai()).expect("in range");
        assert_eq!(begins.to_string(), "2026-09-30T16:00:00Z");
        assert_eq!(ends.to_string(), "2026-12-31T16:00:00Z");
    }

    #[test]
    fn a_quarter_survives_printing() {
        let quarter: Quarter = "2026Q4".parse().expect("a quarter");

        assert_eq!(quarter.to_string().parse::<Quarter>(), Ok(quarter));
        for wrong in ["2026", "2026Q5", "Q1", "2026Q", "99999Q1"] {
            assert!(wrong.parse::<Quarter>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn slot_lines_stand_behind_the_pool_and_come_from_everywhere() {
        let mut config = Config::default();
        config.attribution.slot_lines = 25;
        let quarter = "2026Q4".parse().expect("a quarter");
        let rules = rules(&config, quarter, 1, 100).expect("enough lines");
        let lines: Vec<i64> = (1..=100).collect();

        let frozen = frozen(&lines, &rules);

        assert_eq!((rules.pool, rules.frozen_lines()), (75, 100));
        assert_eq!(frozen[75..78], [4, 8, 12]);
        let mut sorted = frozen.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, lines);
    }

    #[test]
    fn a_pool_too_small_for_its_accounts_is_refused_with_a_way_out() {
        let fault = rules(&Config::default(), "2026Q4".parse().expect("a quarter"), 1, 30).expect_err("30 lines");

        assert!(fault.hint.is_some(), "{fault}");
    }
}
