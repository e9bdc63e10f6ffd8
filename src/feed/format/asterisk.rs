//! The two files that Asterisk calls `Master.csv`.
//!
//! `cdr-csv/Master.csv` (cdr_csv.c) has no header and 16 columns, then
//! `uniqueid` and `userfield` if the configuration logs them, then three more
//! with `newcdrcolumns`:
//!
//! ```text
//! "","13800000000","154000000001","from-trunk","""Wang"" <13800000000>","PJSIP/t-01",...
//! ```
//!
//! `cdr-custom/Master.csv`, as its sample configuration has it, starts with the
//! caller id instead and quotes everything:
//!
//! ```text
//! """Wang"" <13800000000>","13800000000","154000000001","from-trunk","PJSIP/t-01",...
//! ```
//!
//! Both may have 18 or 19 columns, so the count tells nothing; which of columns
//! 1 and 5 holds `<...>` does.

use super::super::fields::Fields;

const CDR_CSV: [&str; 16] = [
    "accountcode",
    "src",
    "dst",
    "dcontext",
    "clid",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
];

const CDR_CUSTOM: [&str; 19] = [
    "clid",
    "src",
    "dst",
    "dcontext",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
    "accountcode",
    "uniqueid",
    "userfield",
    "sequence",
];

/// Column names of a cdr-csv record with `width` columns.
pub(super) fn cdr_csv(width: usize) -> Option<Vec<&'static str>> {
    let more: &[&str] = match width {
        16 => &[],
        17 => &["uniqueid"],
        18 => &["uniqueid", "userfield"],
        19 => &["peeraccount", "linkedid", "sequence"],
        20 => &["uniqueid", "peeraccount", "linkedid", "sequence"],
        21 => &["uniqueid", "userfield", "peeraccount", "linkedid", "sequence"],
        _ => return None,
    };
    Some(CDR_CSV.iter().chain(more).copied().collect())
}

/// Column names of a cdr-custom record with `width` columns.
pub(super) fn cdr_custom(width: usize) -> Option<Vec<&'static str>> {
    CDR_CUSTOM.get(..width).filter(|_| width >= 18).map(<[&str]>::to_vec)
}

/// Whether the record carries its caller id where `clid` says and not at `other`
/// (columns from 0).
pub(super) fn caller_id_is_at(fields: &Fields, clid: usize, other: usize) -> bool {
    let holds = |column| {
        let text: &str = fields.get(column).unwrap_or("");
        text.ends_with('>') && text.contains('<')
    };
    holds(clid) && !holds(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_optional_columns_come_in_their_order() {
        for (width, last) in [(16, "amaflags"), (17, "uniqueid"), (18, "userfield"), (20, "sequence"), (21, "sequence")]
        {
            let names = cdr_csv(width).expect("a known width");

            assert_eq!((names.len(), names[width - 1]), (width, last));
        }
        assert_eq!(cdr_csv(15), None);
        assert_eq!(cdr_csv(22), None);
        assert_eq!(cdr_custom(18).map(|names| names.len()), Some(18));
        assert_eq!(cdr_custom(20), None);
    }
}
