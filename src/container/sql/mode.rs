//! Whether strings of a dump for MySQL have backslashes that escape.
//!
//! They do, unless the dump sets the mode `NO_BACKSLASH_ESCAPES` before its rows.
//! Read the wrong way, `'a\',…` ends elsewhere, and a planted row would come to
//! stand within a text. So a dump that leaves it open is refused.
//!
//! ```text
//! /*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
//! SET SESSION sql_mode = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES";
//! ```

use crate::fault::Fault;

/// The mode's name, and the variable's.
const MODE: &str = "no_backslash_escapes";
const VARIABLE: &str = "sql_mode";

/// Tells from the head of a dump whether backslashes escape in its strings.
pub(super) fn has_backslashes(head: &[u8]) -> Result<bool, Fault> {
    let text = before_rows(head);
    let mut has = true;
    let mut rest = text.as_str();
    while let Some(at) = rest.find(VARIABLE) {
        let is_longer = rest[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        rest = &rest[at + VARIABLE.len()..];
        let value = rest.trim_start_matches([' ', '\t', '`', ':']).strip_prefix('=').filter(|_| !is_longer);
        let Some(value) = value.map(str::trim_start) else { continue };
        let literal = ['\'', '"'].into_iter().find_map(|quote| value.strip_prefix(quote)?.split_once(quote));
        match literal {
            // what stands behind it must not add to it
            Some((modes, behind)) if is_end(behind) => has = !modes.split(',').any(|mode| mode.trim() == MODE),
            _ if !has || value.split(';').next().is_some_and(|value| value.contains(MODE)) => return Err(unclear()),
            _ => {}
        }
    }
    Ok(has)
}

/// Refuses a statement between rows that changes how they are to be read.
pub(super) fn refuse_change(statement: &[u8]) -> Result<(), Fault> {
    let text = String::from_utf8_lossy(statement).to_ascii_lowercase();
    if text.contains(VARIABLE) && text.contains(MODE) { Err(unclear()) } else { Ok(()) }
}

/// The lines before the first row, in lower case and without comments of a line.
fn before_rows(head: &[u8]) -> String {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let is_row = |line: &&str| line.starts_with("insert ") || line.starts_with("replace ");
    let is_comment = |line: &&str| line.starts_with("--") || line.starts_with('#');
    let lines = text.lines().map(str::trim_start).take_while(|line| !is_row(line));
    lines.filter(|line| !is_comment(line)).collect::<Vec<_>>().join("\n")
}

fn is_end(behind: &str) -> bool {
    let behind = behind.trim_start();
    behind.is_empty() || behind.starts_with([';', ',']) || behind.starts_with("*/")
}

fn unclear() -> Fault {
    Fault::new("cannot tell whether backslashes escape in its strings: SQL_MODE is set in a way that hangs on the server")
        .hint("set it once before the rows, to a plain text: SET SQL_MODE='NO_BACKSLASH_ESCAPES'; or dump again without that mode")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_is_told_by_what_is_set_before_the_rows() {
        for (head, expected) in [
            ("CREATE TABLE t (a int);", true),
            ("/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;", true),
            ("SET SQL_MODE='NO_BACKSLASH_ESCAPES';", false),
            ("SET SESSION sql_mode = \"ANSI_QUOTES, no_backslash_escapes\";\nINSERT INTO t VALUES (1);", false),
            ("/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_BACKSLASH_ESCAPES' */;", false),
            ("SET @@sql_mode='NO_BACKSLASH_ESCAPES';\nSET SQL_MODE='';", true),
            ("-- SET SQL_MODE='NO_BACKSLASH_ESCAPES';\nSET NAMES utf8;", true),
            ("INSERT INTO t VALUES ('SET SQL_MODE=''NO_BACKSLASH_ESCAPES'';');", true),
            ("SET @x='NO_BACKSLASH_ESCAPES';", true),
        ] {
            assert_eq!(has_backslashes(head.as_bytes()), Ok(expected), "{head}");
        }
    }

    #[test]
    fn what_hangs_on_the_server_is_refused() {
        for head in [
            "SET SQL_MODE=CONCAT(@@SQL_MODE, ',NO_BACKSLASH_ESCAPES');",
            "SET SQL_MODE='NO_BACKSLASH_ESCAPES';\nSET SQL_MODE=@OLD_SQL_MODE;",
            "SET sql_mode = 'NO_BACKSLASH_ESCAPES' || @x;",
        ] {
            assert!(has_backslashes(head.as_bytes()).is_err(), "{head}");
        }
        assert!(refuse_change(b"SET SQL_MODE='NO_BACKSLASH_ESCAPES';").is_err());
        assert!(refuse_change(b"SET NAMES utf8;").is_ok());
    }
}
