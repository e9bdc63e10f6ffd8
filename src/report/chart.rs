//! The timeline picture: evidence against the threshold, step by step.
//!
//! One inline SVG per named account, without script or font of its own, so that
//! a report can be mailed, printed and opened under any content policy.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::power_up;

/// One step of evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    /// When the call was made.
    pub(super) at: Timestamp,
    /// Evidence after it, as log10 of the e-value.
    pub(super) log10_e: f64,
    /// Whether the line it rang at is this source's.
    pub(super) matched: bool,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 30.0;

/// Draws the steps between `begins` and `ends`, with the threshold.
pub(super) fn timeline(steps: &[Step], ln_threshold: f64, begins: Timestamp, ends: Timestamp) -> String {
    let log10_threshold = ln_threshold / std::f64::consts::LN_10;
    let floor = steps.iter().map(|step| step.log10_e).fold(-1.0, f64::min).max(-4.0).floor();
    let ceiling = steps.iter().map(|step| step.log10_e).fold(log10_threshold + 1.0, f64::max).ceil();
    let span = (ends.as_second() - begins.as_second()).max(1) as f64;
    let x = |at: Timestamp| {
        LEFT + (WIDTH - LEFT - RIGHT) * ((at.as_second() - begins.as_second()) as f64 / span).clamp(0.0, 1.0)
    };
    let y = |value: f64| {
        let share = (value.max(floor) - floor) / (ceiling - floor);
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"evidence over time against the threshold\">\n"
    );
    axes(&mut svg, floor, ceiling, begins, ends, y);
    let line = y(log10_threshold);
    let _ = writeln!(
        svg,
        "<line class=\"threshold\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{line:.1}\" y2=\"{line:.1}\"/>\
         <text class=\"threshold\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">threshold {}</text>",
        WIDTH - RIGHT,
        WIDTH - RIGHT,
        line - 4.0,
        power_up(ln_threshold)
    );
    let mut path = format!("M{LEFT:.1} {:.1}", y(0.0));
    for step in steps {
        let _ = write!(path, " H{:.1} V{:.1}", x(step.at), y(step.log10_e));
    }
    let _ = writeln!(svg, "<path class=\"evidence\" d=\"{path}\"/>");
    for step in steps {
        let (class, radius) = if step.matched { ("own", 4.0) } else { ("other", 2.0) };
        let _ = writeln!(
            svg,
            "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius}\"><title>{} {}</title></circle>",
            x(step.at),
            y(step.log10_e),
            step.at,
            if step.matched { "this source has it" } else { "this source does not have it" }
        );
    }
    svg + "</svg>\n"
}

fn axes(svg: &mut String, floor: f64, ceiling: f64, begins: Timestamp, ends: Timestamp, y: impl Fn(f64) -> f64) {
    let step = ((ceiling - floor) / 6.0).ceil().max(1.0);
    let mut value = floor;
    while value <= ceiling {
        let at = y(value);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">10<tspan dy=\"-4\" font-size=\"8\">{value:.0}</tspan></text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 4.0
        );
        value += step;
    }
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let base = HEIGHT - 10.0;
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{base}\">{}</text>", day(begins));
    let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{base}\" text-anchor=\"end\">{}</text>", WIDTH - RIGHT, day(ends));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_above_the_threshold_is_drawn_above_it() {
        let at: Timestamp = "2026-10-10T00:00:00Z".parse().expect("a time");
        let begins: Timestamp = "2026-10-01T00:00:00Z".parse().expect("a time");
        let ends: Timestamp = "2026-10-11T00:00:00Z".parse().expect("a time");
        let steps = [Step { at, log10_e: 12.0, matched: true }];

        let svg = timeline(&steps, 9.0 * std::f64::consts::LN_10, begins, ends);

        let number = |text: &str, key: &str| -> f64 {
            let rest = text.split(key).nth(1).expect("the attribute");
            rest.split('"').next().and_then(|value| value.parse().ok()).expect("a number")
        };
        let dot = svg.split("<circle").nth(1).expect("a dot");
        let threshold = svg.split("class=\"threshold\"").nth(1).expect("a line");
        assert!(number(dot, "cy=\"") < number(threshold, "y1=\""), "{svg}");
    }
}
