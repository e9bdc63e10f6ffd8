//! A curve in a terminal, in braille: two by four dots a character.

/// Rows of characters.
const HEIGHT: usize = 10;

/// Draws `points` (x rising, y between 0 and 1) as wide as `width` allows, with
/// percent at the left and x at the bottom.
pub(super) fn curve(points: &[(f64, f64)], width: usize) -> String {
    const MARGIN: usize = 7;
    let columns = width.saturating_sub(MARGIN).clamp(20, 100);
    let last = points.last().map_or(1.0, |point| point.0).max(1.0);
    let mut cells = vec![[0u8; HEIGHT]; columns];
    let (across, up) = (2 * columns, 4 * HEIGHT);
    let row_of = |y: f64| (y.clamp(0.0, 1.0) * (up - 1) as f64).round() as usize;
    let mut before = None;
    for dot in 0..across {
        let row = row_of(at(points, last * dot as f64 / (across - 1) as f64));
        // A steep step is drawn as a line, not as two dots apart.
        let from = before.replace(row).unwrap_or(row);
        for row in from.min(row)..=from.max(row) {
            cells[dot / 2][HEIGHT - 1 - row / 4] |= bit(dot % 2, 3 - row % 4);
        }
    }
    let mut out = String::new();
    for row in 0..HEIGHT {
        let label = match row {
            0 => "100 %",
            5 => " 50 %",
            row if row + 1 == HEIGHT => "  0 %",
            _ => "     ",
        };
        let dots: String =
            cells.iter().map(|cell| char::from_u32(0x2800 + u32::from(cell[row])).unwrap_or(' ')).collect();
        out += &format!("{label} ┤{}\n", dots.trim_end_matches('\u{2800}'));
    }
    let (middle, end) = (format!("{:.0}", last / 2.0), format!("{last:.0}"));
    let half = columns / 2 - 1;
    let rest = columns.saturating_sub(half + middle.len() + 1);
    out + &format!("      └{}\n       0{middle:>half$}{end:>rest$}\n", "─".repeat(columns))
}

/// A bar of eighths, `width` characters at 1.
pub(super) fn bar(share: f64, width: usize) -> String {
    let eighths = (share.clamp(0.0, 1.0) * 8.0 * width as f64).round() as usize;
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    "█".repeat(eighths / 8) + rest
}

/// y at `x`: that of the last point at or before it.
fn at(points: &[(f64, f64)], x: f64) -> f64 {
    let after = points.partition_point(|point| point.0 <= x);
    if after == 0 { 0.0 } else { points[after - 1].1 }
}

/// The braille bit of a dot by column and row from the top.
fn bit(column: usize, row: usize) -> u8 {
    [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]][column][row]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_starts_at_the_bottom_and_ends_at_the_top() {
        let plot = curve(&[(0.0, 0.0), (50.0, 1.0), (100.0, 1.0)], 60);

        let lines: Vec<&str> = plot.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() <= 60), "{plot}");
        let first = lines[HEIGHT - 1].chars().nth(7).expect("a dot");
        assert_eq!(first, '\u{28c0}', "both lowest dots: {plot}");
        assert_eq!(lines[0].chars().last(), Some('\u{2809}'), "both highest dots: {plot}");
    }

    #[test]
    fn bars_go_by_eighths() {
        assert_eq!((bar(0.0, 4), bar(0.5, 4), bar(1.0, 4)), (String::new(), "██".to_owned(), "████".to_owned()));
        assert_eq!(bar(9.0 / 32.0, 4), "█▏");
    }
}
