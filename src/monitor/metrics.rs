//! A pass in Prometheus' text format, for the node exporter's textfile folder.
//!
//! Labels are feed names and epoch labels; sources never become labels.

use std::fmt::Write as _;

use super::{EpochSummary, FeedSummary, Summary};

/// A family of gauges: name, help, and its value for one item.
type Gauge<T> = (&'static str, &'static str, fn(&T) -> u64);

/// Writes a summary as metrics.
pub fn prometheus(summary: &Summary) -> String {
    let mut text = String::new();
    family(&mut text, "trapline_pass_timestamp_seconds", "gauge", "When the newest pass ran.");
    let _ = writeln!(text, "trapline_pass_timestamp_seconds {}", summary.at.as_second());
    family(&mut text, "trapline_pass_failed", "gauge", "1 if the newest pass failed in any part.");
    let _ = writeln!(text, "trapline_pass_failed {}", u8::from(summary.failed));
    let feeds: [Gauge<FeedSummary>; 5] = [
        ("trapline_feed_records", "Records read in the newest pass.", |feed| feed.records),
        ("trapline_feed_hits", "Records that mention something of ours.", |feed| feed.hits),
        ("trapline_feed_new", "Of those, records not seen before.", |feed| feed.new),
        ("trapline_feed_quarantined", "Records that could not be read.", |feed| feed.quarantined),
        ("trapline_feed_up", "1 if the feed was read.", |feed| u64::from(feed.error.is_none())),
    ];
    for (name, help, value) in feeds {
        family(&mut text, name, "gauge", help);
        for feed in &summary.feeds {
            let _ = writeln!(text, "{name}{{feed=\"{}\"}} {}", label(&feed.name), value(feed));
        }
    }
    let epochs: [Gauge<EpochSummary>; 5] = [
        ("trapline_epoch_decided", "Hits decided in the newest pass.", |epoch| epoch.decided),
        ("trapline_epoch_confirmed", "Of those, hits that count.", |epoch| epoch.confirmed),
        ("trapline_epoch_waiting", "Hits whose storm window is open.", |epoch| epoch.waiting),
        ("trapline_epoch_named", "Sources named so far.", |epoch| epoch.named),
        ("trapline_epoch_alarm", "1 if a ghost raised the alarm.", |epoch| u64::from(epoch.alarm.is_some())),
    ];
    for (name, help, value) in epochs {
        family(&mut text, name, "gauge", help);
        for epoch in &summary.epochs {
            let _ = writeln!(text, "{name}{{epoch=\"{}\"}} {}", label(&epoch.epoch), value(epoch));
        }
    }
    family(&mut text, "trapline_outbox_waiting", "gauge", "Messages not delivered yet.");
    let _ = writeln!(text, "trapline_outbox_waiting {}", summary.outbox.waiting);
    text
}

fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_name_cannot_break_out_of_its_label() {
        let feed = FeedSummary { name: "a\"} 1\nevil".into(), records: 3, ..FeedSummary::default() };
        let summary = Summary { feeds: vec![feed], ..Summary::default() };

        let text = prometheus(&summary);

        assert!(text.contains(r#"trapline_feed_records{feed="a\"} 1\nevil"} 3"#), "{text}");
    }
}
