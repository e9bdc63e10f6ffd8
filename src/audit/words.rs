//! What gives planted rows away, in words with the numbers that matter.

use super::adversary::Judged;
use super::auc::{self, Scored};
use super::feature::{Feature, What};
use super::outline::Outline;
use super::pool::Pool;

/// One thing that the adversary goes by.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Telling {
    /// Headers of its columns; empty for the row as a whole.
    pub columns: Vec<String>,
    /// How much AUC falls without it.
    pub drop: f64,
    /// AUC of an adversary who looks at nothing else.
    pub alone: f64,
    /// It, in words.
    pub words: String,
}

/// How much one column gives away.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ColumnTelling {
    /// Its header; `row` for what hangs on no single column.
    pub column: String,
    /// How much AUC falls without all that is measured of it.
    pub drop: f64,
}

/// A smaller drop is the luck of the shuffle.
const LEAST_DROP: f64 = 0.0005;
/// A measure that tells less by itself is not worth a line.
const LEAST_ALONE: f64 = 0.55;
/// Sequences that fewer rows have are not shown.
const SHOWN_ROWS: usize = 20;
/// Sequences shown.
const SHOWN_GRAMS: usize = 4;

/// The measures that the adversary goes by, in words, at most `most`: first
/// those that it misses when they are shuffled, then those that would do alone.
///
/// Where several measures say the same, it misses none of them.
pub fn tellings(judged: &Judged, pool: &Pool, outline: &Outline, most: usize) -> Vec<Telling> {
    let missed = judged.drops.iter().copied().filter(|(_, drop)| *drop >= LEAST_DROP);
    let mut told: Vec<(usize, f64, f64)> =
        missed.map(|(place, drop)| (place, drop, Values::of(judged, pool, place).alone())).take(most).collect();
    if told.len() < most {
        let drop_of =
            |place: usize| judged.drops.iter().find(|(other, _)| *other == place).map_or(0.0, |(_, drop)| *drop);
        let others = (0..judged.features.len()).filter(|place| !told.iter().any(|(other, ..)| other == place));
        let mut others: Vec<(usize, f64, f64)> =
            others.map(|place| (place, drop_of(place), Values::of(judged, pool, place).alone())).collect();
        others.retain(|(.., alone)| *alone >= LEAST_ALONE);
        others.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
        told.extend(others.into_iter().take(most - told.len()));
    }
    // The sum of what characters say and the most telling of them are one thing to say.
    let is_said = |place: usize| matches!(judged.features[place].what, What::Characters | What::MostTelling);
    let column = |place: usize| judged.features[place].column;
    let told: Vec<(usize, f64, f64)> = told
        .iter()
        .enumerate()
        .filter(|(nth, (place, ..))| {
            !is_said(*place)
                || !told[..*nth].iter().any(|(other, ..)| is_said(*other) && column(*other) == column(*place))
        })
        .map(|(_, told)| *told)
        .collect();
    let header = |place: u16| outline.columns[usize::from(place)].header.clone();
    told.into_iter()
        .map(|(place, drop, alone)| {
            let feature = judged.features[place];
            let values = Values::of(judged, pool, place);
            Telling {
                columns: feature.column.into_iter().chain(feature.other).map(header).collect(),
                drop,
                alone,
                words: words(&feature, &values, judged, pool, outline),
            }
        })
        .collect()
}

/// What each column gives away, most first.
pub fn columns(judged: &Judged, outline: &Outline) -> Vec<ColumnTelling> {
    let told = judged.column_drops.iter().filter(|(_, drop)| *drop >= LEAST_DROP);
    told.map(|&(column, drop)| ColumnTelling {
        column: column.map_or("row".to_owned(), |place| outline.columns[usize::from(place)].header.clone()),
        drop,
    })
    .collect()
}

/// The values of one measure, rising.
struct Values {
    rows: Vec<Scored>,
    planted: Vec<f64>,
    real: Vec<f64>,
    missing: (f64, f64),
}

impl Values {
    fn of(judged: &Judged, pool: &Pool, place: usize) -> Self {
        let column = judged.values.column(place);
        let of = |is_planted: bool| {
            let rows = pool.rows.iter().zip(column).filter(|(row, _)| row.is_planted == is_planted);
            let mut values: Vec<f64> = rows.clone().map(|(_, value)| *value).filter(|value| !value.is_nan()).collect();
            values.sort_by(f64::total_cmp);
            let all = rows.count();
            let missing = (all - values.len()) as f64 / all.max(1) as f64;
            (values, missing)
        };
        let ((planted, planted_missing), (real, real_missing)) = (of(true), of(false));
        let rows = pool.rows.iter().zip(column);
        let rows = rows.filter(|(_, value)| !value.is_nan()).map(|(row, value)| Scored {
            score: *value,
            is_planted: row.is_planted,
            group: row.group,
        });
        Self { rows: rows.collect(), planted, real, missing: (planted_missing, real_missing) }
    }

    /// AUC of this measure alone, whichever way it points.
    fn alone(&self) -> f64 {
        let auc = auc::auc(&self.rows).unwrap_or(0.5);
        auc.max(1.0 - auc)
    }

    /// The border at which the shares above it differ most, and these shares.
    fn border(&self) -> Option<(f64, f64, f64)> {
        let mut borders: Vec<f64> = self.planted.iter().chain(&self.real).copied().collect();
        borders.sort_by(f64::total_cmp);
        borders.dedup();
        let above = |values: &[f64], border: f64| {
            (values.len() - values.partition_point(|value| *value <= border)) as f64 / values.len().max(1) as f64
        };
        let shares =
            borders.into_iter().map(|border| (border, above(&self.planted, border), above(&self.real, border)));
        shares.max_by(|a, b| (a.1 - a.2).abs().total_cmp(&(b.1 - b.2).abs()))
    }
}

fn words(feature: &Feature, values: &Values, judged: &Judged, pool: &Pool, outline: &Outline) -> String {
    let sentence = feature.sentence(outline);
    if matches!(feature.what, What::Characters | What::MostTelling)
        && let Some(shown) = characters(feature, judged, pool)
    {
        return format!("{sentence}: {shown}");
    }
    let (missing_planted, missing_real) = values.missing;
    let Some((border, planted, real)) = values.border() else { return sentence };
    if (missing_planted - missing_real).abs() > (planted - real).abs() {
        return format!(
            "{sentence}: there is none in {} of planted rows and {} of real ones",
            percent(missing_planted),
            percent(missing_real)
        );
    }
    if matches!(feature.what, What::SameBefore | What::SameBehind) {
        return format!("{sentence} in {} of planted rows and {} of real ones", percent(planted), percent(real));
    }
    let shown = |value: f64| number(feature.shown(value));
    // The side is told on which planted rows are the more frequent.
    let (side, planted, real) =
        if planted >= real { ("above", planted, real) } else { ("at most", 1.0 - planted, 1.0 - real) };
    format!(
        "{sentence} is {side} {} in {} of planted rows and {} of real ones (medians {} and {})",
        shown(border),
        percent(planted),
        percent(real),
        shown(median(&values.planted)),
        shown(median(&values.real)),
    )
}

/// The sequences that say most, with their shares.
fn characters(feature: &Feature, judged: &Judged, pool: &Pool) -> Option<String> {
    let column = pool.weighed.iter().position(|&column| feature.column == Some(column as u16))?;
    let planted = pool.planted() as f64;
    let real = pool.rows.len() as f64 - planted;
    let mut told: Vec<(f64, f64, f64, &str)> = Vec::new();
    for (gram, text) in (0..).zip(&pool.grams[column]) {
        let (of_planted, of_real) = judged.evidence.shares(column, gram);
        if of_planted * planted + of_real * real < SHOWN_ROWS as f64 {
            continue;
        }
        let least = 0.5 / planted.max(real).max(1.0);
        let weight = (of_planted - of_real) * ((of_planted + least) / (of_real + least)).ln();
        told.push((weight, of_planted, of_real, text));
    }
    told.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.3.cmp(b.3)));
    let shown = told.iter().take(SHOWN_GRAMS).map(|(_, planted, real, text)| {
        let text = match (text.strip_prefix('^'), text.strip_suffix('$')) {
            (Some(start), _) if !start.is_empty() => format!("“{start}” first"),
            (_, Some(end)) if !end.is_empty() => format!("“{end}” last"),
            _ => format!("“{text}”"),
        };
        format!("{text} in {} of planted rows and {} of real ones", percent(*planted), percent(*real))
    });
    let shown: Vec<String> = shown.collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

fn median(values: &[f64]) -> f64 {
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A share as people read it.
pub fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        p if p != 0.0 && p < 0.1 => "less than 0.1 %".to_owned(),
        p if p != 100.0 && p > 99.9 => "more than 99.9 %".to_owned(),
        p if !(10.0..90.0).contains(&p) && p.fract() != 0.0 => format!("{p:.1} %"),
        p => format!("{p:.0} %"),
    }
}

/// A number to three digits.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        "none".to_owned()
    } else if size >= 1e7 {
        format!("{value:.1e}")
    } else if size >= 100.0 || (value - value.round()).abs() < 1e-4 {
        // Logarithms and back: 60 comes out as 59.99998.
        format!("{value:.0}")
    } else if size >= 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.3}")
    }
}
