//! HTTP feeds: one address, or a list in pages.
//!
//! A single document is asked for conditionally; pages are recognised by their
//! hashes, so that only those that changed are parsed. The cursor moves when the
//! whole list has been read: a failure on page 7 means that all are read again,
//! and identities make that harmless.

mod client;
mod pages;
mod retry;

use jiff::{SignedDuration, Timestamp};
use reqwest::Url;

use super::Context;
use super::batch::Collector;
use super::config::{FeedConfig, HttpConfig, Pagination, Preset};
use super::cursor::{Cursor, HttpCursor, digest};
use super::document::read_whole;
use super::format::Format;
use crate::fault::Fault;
use client::{Answer, Fetcher};

/// How far back `{since}` reaches before anything is known.
const FIRST_DAYS: i64 = 30;

/// Makes one pass over an address.
pub(super) fn read(
    feed: &FeedConfig,
    config: &HttpConfig,
    cursor: &HttpCursor,
    ctx: &Context<'_>,
    format: &mut Format,
    collector: &mut Collector<'_>,
) -> Result<(), Fault> {
    let fetcher = Fetcher::new(&feed.name, config, feed.max_bytes, ctx)?;
    let pagination = pagination(config, feed.format.preset);
    let first = parse_url(&config.url.replace("{since}", &since(config, cursor, ctx.now)))?;
    let before = Cursor::Http(cursor.clone()).to_text();
    let mut next = HttpCursor { newest: cursor.newest, ..HttpCursor::default() };
    let mut walk = pages::Walk::new(first, config.max_pages);
    while let Some(url) = walk.next_page()? {
        let validators = (pagination == Pagination::None).then_some(cursor);
        let page = match fetcher.get(&url, validators)? {
            Answer::NotModified => {
                collector.pass().not_modified = true;
                return Ok(());
            }
            Answer::Page(page) => page,
        };
        walk.follow(pages::next(pagination, &url, &page)?)?;
        let hash = digest(&page.body);
        if !cursor.pages.contains(&hash) {
            read_whole(&client::shown(&url), &page.body, format, collector, &|| before.clone())?;
            collector.pass().files += 1;
        }
        next.pages.push(hash);
        if pagination == Pagination::None {
            (next.etag, next.last_modified) = (page.etag, page.last_modified);
        }
    }
    let newest = collector.pass().newest.map(Timestamp::as_second);
    next.newest = next.newest.max(newest.map(|newest| newest.min(ctx.now.as_second())));
    collector.pass().not_modified = next.pages.iter().all(|hash| cursor.pages.contains(hash));
    if collector.is_waiting() || next != *cursor {
        collector.flush(Cursor::Http(next).to_text())?;
    }
    Ok(())
}

/// Checks what can be checked of an address without asking it.
pub(super) fn check(config: &HttpConfig) -> Result<(), Fault> {
    let url = parse_url(&config.url.replace("{since}", "2026-11-25"))?;
    let wrong = |what: &str, field: &str| Err(Fault::new(what).at_field(field));
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("expected no credentials in the address: use source.auth", "source.url");
    }
    if config.auth.is_some() && url.scheme() == "http" && !is_loopback(&url) {
        return wrong("expected https, as credentials are sent", "source.url");
    }
    if config.max_pages == 0 {
        return wrong("expected at least 1", "source.max_pages");
    }
    for (seconds, field) in [
        (config.connect_timeout_seconds, "source.connect_timeout_seconds"),
        (config.read_timeout_seconds, "source.read_timeout_seconds"),
        (config.total_timeout_seconds, "source.total_timeout_seconds"),
        (config.pass_timeout_seconds, "source.pass_timeout_seconds"),
    ] {
        if seconds == 0 {
            return wrong("expected at least 1", field);
        }
    }
    if config.retries > 10 {
        return wrong("expected at most 10", "source.retries");
    }
    config.auth.as_ref().map_or(Ok(()), client::check_auth)
}

fn parse_url(text: &str) -> Result<Url, Fault> {
    let wrong = |what: String| Fault::new(what).at_field("source.url");
    let url = Url::parse(text).map_err(|error| wrong(format!("expected an address: {error}")))?;
    match url.scheme() {
        "http" | "https" if url.host_str().is_some() => Ok(url),
        scheme => Err(wrong(format!("expected http or https, found {scheme:?}"))),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or("").trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn pagination(config: &HttpConfig, preset: Preset) -> Pagination {
    match (&config.pagination, preset) {
        (Some(pagination), _) => *pagination,
        (None, Preset::TwilioCalls) => Pagination::NextPageUri,
        (None, _) => Pagination::None,
    }
}

/// The date from which to ask.
fn since(config: &HttpConfig, cursor: &HttpCursor, now: Timestamp) -> String {
    let (from, days) = match cursor.newest.and_then(|newest| Timestamp::from_second(newest).ok()) {
        Some(newest) => (newest, i64::from(config.overlap_days)),
        None => (now, FIRST_DAYS),
    };
    let from = from.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(from);
    from.strftime("%Y-%m-%d").to_string()
}
