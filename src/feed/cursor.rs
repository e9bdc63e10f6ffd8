//! Where a feed goes on: small JSON that only its own source reads.
//!
//! The shapes are told apart by their single key. A cursor of another kind of
//! source (the configuration was changed) counts as none, so everything is read
//! again; identities make that harmless. A cursor that does not parse is a
//! fault: starting over in silence would hide a damaged registry.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::fault::Fault;

/// A cursor of any source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Cursor {
    /// Before the first pass.
    Start,
    /// In a growing file.
    File(FileCursor),
    /// Files of an inbox that were read.
    Inbox(InboxCursor),
    /// Validators of an HTTP address.
    Http(HttpCursor),
}

/// A place in a growing file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileCursor {
    /// Inode: tells files apart while nothing of them has been read.
    pub inode: u64,
    /// Bytes that `head` covers; they lie before `offset`, where a log no
    /// longer changes.
    pub head_bytes: u64,
    /// Hash of the file's first `head_bytes` bytes.
    pub head: String,
    /// Where the next record begins.
    pub place: Place,
    /// The last records' digests and occurrence numbers, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<(String, u32)>,
}

/// Where a record begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Byte, from 0.
    pub byte: u64,
    /// Records before it.
    pub records: u64,
    /// Lines before it.
    pub lines: u64,
    /// Up to this byte a quote does not join lines (see `frame`).
    #[serde(default)]
    pub lines_until: u64,
}

/// Files that were read, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InboxCursor {
    /// Name to what was read.
    pub done: BTreeMap<String, DoneFile>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DoneFile {
    /// Length in bytes.
    pub bytes: u64,
    /// Hash of the content.
    pub hash: String,
    /// Inode and time of change: while they stay, the content is not read
    /// again to be hashed.
    pub stamp: (u64, i64, i64),
}

/// What the last whole pass over an address saw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HttpCursor {
    /// `ETag`, verbatim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified`, verbatim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// Hashes of the pages: an unchanged page is not parsed again.
    #[serde(default)]
    pub pages: Vec<String>,
    /// Newest time in a record, in seconds: where `{since}` comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<i64>,
}

impl Cursor {
    /// Reads a stored cursor; empty is the start.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        if text.is_empty() {
            return Ok(Self::Start);
        }
        serde_json::from_str(text).map_err(|error| {
            Fault::new(format!("the stored cursor cannot be read: {error}"))
                .hint("the registry may be damaged, or written by a newer version")
        })
    }

    pub(super) fn file(self) -> FileCursor {
        if let Self::File(cursor) = self { cursor } else { FileCursor::default() }
    }

    pub(super) fn inbox(self) -> InboxCursor {
        if let Self::Inbox(cursor) = self { cursor } else { InboxCursor::default() }
    }

    pub(super) fn http(self) -> HttpCursor {
        if let Self::Http(cursor) = self { cursor } else { HttpCursor::default() }
    }

    /// The text to store.
    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a cursor is plain data")
    }
}

/// Sixteen bytes of SHA-256, in hex: enough to recognise content by.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
