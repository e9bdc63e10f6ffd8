//! Reports: one plain value, written as text, JSON or HTML.
