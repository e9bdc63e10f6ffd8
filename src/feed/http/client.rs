//! One GET: conditional, bounded in time and size, repeated where that helps.
//!
//! Redirects are followed here and not by reqwest: at most five, and to the same
//! scheme, host and port only. So credentials cannot reach another host. No message
//! shows a query or a header, as either may hold a secret.

use std::cell::Cell;
use std::fs;
use std::io::Read;
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{StatusCode, Url, redirect};

use super::super::Context;
use super::super::config::{Auth, HttpConfig, SecretRef};
use super::super::cursor::HttpCursor;
use super::super::inbox::{too_big, unpacked};
use super::retry;
use crate::fault::Fault;

const MOST_REDIRECTS: u32 = 5;

/// What an address answered.
pub(super) enum Answer {
    /// Nothing new.
    NotModified,
    /// A body.
    Page(Page),
}

/// A body with what matters of its headers.
pub(super) struct Page {
    pub body: Vec<u8>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub links: Vec<String>,
}

/// Asks one server.
pub(super) struct Fetcher<'a> {
    feed: &'a str,
    config: &'a HttpConfig,
    max_bytes: u64,
    ctx: &'a Context<'a>,
    client: Client,
    credentials: Option<(HeaderName, HeaderValue)>,
    started: Instant,
    slept: Cell<Duration>,
}

/// A failed attempt.
enum Failure {
    /// Asking again may help, perhaps after a wait that the server named.
    Again(Fault, Option<Duration>),
    /// It will not.
    Final(Fault),
}

impl<'a> Fetcher<'a> {
    pub(super) fn new(
        feed: &'a str,
        config: &'a HttpConfig,
        max_bytes: u64,
        ctx: &'a Context<'a>,
    ) -> Result<Self, Fault> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // reqwest would panic.
            return Err(Fault::new("no TLS provider is installed in this process"));
        }
        let mut builder = Client::builder()
            .user_agent(concat!("trapline/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(seconds(config.connect_timeout_seconds))
            .timeout(None);
        if config.url.starts_with("http:") {
            // No TLS will be spoken, so a machine without certificates will do.
            builder = builder.tls_certs_only([]);
        }
        if let Some(proxy) = ctx.proxy {
            let proxy = reqwest::Proxy::all(proxy).map_err(|_| Fault::new("the proxy's address cannot be read"))?;
            builder = builder.proxy(proxy);
        }
        let client = builder.build().map_err(|error| {
            Fault::new(format!("no HTTP client can be made: {}", reason(&error)))
                .hint("are root certificates installed (package ca-certificates)?")
        })?;
        let credentials = config.auth.as_ref().map(|auth| credentials(auth, ctx)).transpose()?;
        Ok(Self {
            feed,
            config,
            max_bytes,
            ctx,
            client,
            credentials,
            started: Instant::now(),
            slept: Cell::new(Duration::ZERO),
        })
    }

    /// Gets `url`; with `validators`, only if it changed.
    pub(super) fn get(&self, url: &Url, validators: Option<&HttpCursor>) -> Result<Answer, Fault> {
        let mut attempt = 0;
        loop {
            let (fault, asked) = match self.attempt(url, validators) {
                Ok(answer) => return Ok(answer),
                Err(Failure::Final(fault)) => return Err(fault.in_file(shown(url))),
                Err(Failure::Again(fault, asked)) => (fault.in_file(shown(url)), asked),
            };
            attempt += 1;
            if attempt > self.config.retries {
                let what = format!("{} (after {attempt} attempts)", fault.what);
                return Err(Fault { what, ..fault });
            }
            let wait = asked.unwrap_or_default().max(retry::backoff(self.feed, attempt, self.ctx.now));
            if wait > seconds(self.config.max_wait_seconds) {
                let what =
                    format!("{}; the server asks to wait {} s, longer than this pass does", fault.what, wait.as_secs());
                return Err(Fault { what, ..fault }.hint("the next pass asks again"));
            }
            if wait >= self.left() {
                return Err(self.out_of_time().in_file(shown(url)));
            }
            self.ctx.sleeper.sleep(wait);
            self.slept.set(self.slept.get() + wait);
        }
    }

    fn attempt(&self, url: &Url, validators: Option<&HttpCursor>) -> Result<Answer, Failure> {
        let left = self.left();
        if left.is_zero() {
            return Err(Failure::Final(self.out_of_time()));
        }
        let deadline = Instant::now() + seconds(self.config.total_timeout_seconds).min(left);
        let mut at = url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let response = self.request(&at, validators, deadline).send().map_err(|error| self.failed(&error))?;
            let status = response.status();
            if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
                at = redirected(&at, &response)?;
            } else {
                let conditional =
                    validators.is_some_and(|cursor| cursor.etag.is_some() || cursor.last_modified.is_some());
                return self.answer(response, conditional, deadline);
            }
        }
        Err(Failure::Final(Fault::new(format!("expected at most {MOST_REDIRECTS} redirects, found more"))))
    }

    /// What is left of the pass's time. Waits are added up by hand, so that a
    /// sleeper that does not sleep is counted like one that does.
    fn left(&self) -> Duration {
        let worked = self.started.elapsed().max(self.slept.get());
        seconds(self.config.pass_timeout_seconds).saturating_sub(worked)
    }

    fn out_of_time(&self) -> Fault {
        Fault::new(format!("expected the whole pass to take at most {} s", self.config.pass_timeout_seconds))
            .hint("raise source.pass_timeout_seconds, or ask for fewer days")
    }

    fn request(&self, url: &Url, validators: Option<&HttpCursor>, deadline: Instant) -> RequestBuilder {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = &self.credentials {
            headers.insert(name, value.clone());
        }
        let mut verbatim = |name: HeaderName, value: Option<&String>| {
            if let Some(value) = value.and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
                headers.insert(name, value);
            }
        };
        verbatim(header::IF_NONE_MATCH, validators.and_then(|cursor| cursor.etag.as_ref()));
        verbatim(header::IF_MODIFIED_SINCE, validators.and_then(|cursor| cursor.last_modified.as_ref()));
        // The blocking client applies this to the headers and to each read of
        // the body; the whole is held to the deadline by `body`.
        let timeout = left.min(seconds(self.config.read_timeout_seconds));
        self.client.get(url.clone()).headers(headers).timeout(timeout)
    }

    fn answer(&self, response: Response, conditional: bool, deadline: Instant) -> Result<Answer, Failure> {
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED && conditional {
            return Ok(Answer::NotModified);
        }
        let text =
            |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if status != StatusCode::OK {
            let fault = Fault::new(format!("the server answered {status}"));
            let wait = text(header::RETRY_AFTER).and_then(|value| retry::retry_after(&value, self.ctx.now));
            return Err(match status {
                _ if retry::may_pass(status) => Failure::Again(fault, wait),
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    Failure::Final(fault.hint("check source.auth and the secrets that it names"))
                }
                _ => Failure::Final(fault),
            });
        }
        let (etag, last_modified) = (text(header::ETAG), text(header::LAST_MODIFIED));
        let links = response.headers().get_all(header::LINK).iter();
        let links = links.filter_map(|value| value.to_str().ok()).map(str::to_owned).collect();
        let body = self.body(response, deadline)?;
        let body = unpacked(body, self.max_bytes).map_err(Failure::Final)?;
        Ok(Answer::Page(Page { body, etag, last_modified, links }))
    }

    /// Reads the body (decompressed as it streams) up to the cap and deadline.
    fn body(&self, mut response: Response, deadline: Instant) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        let mut chunk = vec![0; 64 * 1024];
        loop {
            match response.read(&mut chunk) {
                Ok(0) => return Ok(body),
                Ok(read) => body.extend_from_slice(&chunk[..read]),
                Err(error) if is_timeout(&error) => return Err(Failure::Final(self.too_slow())),
                Err(_) => {
                    return Err(Failure::Again(
                        Fault::new(format!("the body ends too early or is damaged, {} bytes in", body.len())),
                        None,
                    ));
                }
            }
            if body.len() as u64 > self.max_bytes {
                return Err(Failure::Final(too_big(self.max_bytes)));
            }
            if Instant::now() >= deadline {
                return Err(Failure::Final(self.too_slow()));
            }
        }
    }

    fn failed(&self, error: &reqwest::Error) -> Failure {
        if error.is_timeout() && !error.is_connect() {
            return Failure::Final(self.too_slow());
        }
        Failure::Again(Fault::new(format!("the server cannot be reached: {}", reason(error))), None)
    }

    fn too_slow(&self) -> Fault {
        Fault::new(format!(
            "the server is too slow: expected bytes every {} s and the whole answer within {} s",
            self.config.read_timeout_seconds, self.config.total_timeout_seconds
        ))
        .hint("raise source.read_timeout_seconds or source.total_timeout_seconds if this is usual")
    }
}

/// Checks that each secret is named in one way, and that a header can be one.
pub(super) fn check_auth(auth: &Auth) -> Result<(), Fault> {
    let one = |secret: &SecretRef, field: &str| match (&secret.env, &secret.file) {
        (Some(_), None) | (None, Some(_)) => Ok(()),
        _ => Err(Fault::new("expected either env or file").at_field(format!("source.auth.{field}"))),
    };
    match auth {
        Auth::Basic { username, password } => one(username, "username").and_then(|()| one(password, "password")),
        Auth::Bearer { token } => one(token, "token"),
        Auth::Header { name, value } => {
            HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| Fault::new("expected the name of a header").at_field("source.auth.name"))?;
            one(value, "value")
        }
    }
}

fn credentials(auth: &Auth, ctx: &Context<'_>) -> Result<(HeaderName, HeaderValue), Fault> {
    let (name, text) = match auth {
        Auth::Basic { username, password } => {
            use base64::Engine;
            let pair = format!("{}:{}", secret(username, ctx)?, secret(password, ctx)?);
            (header::AUTHORIZATION, format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)))
        }
        Auth::Bearer { token } => (header::AUTHORIZATION, format!("Bearer {}", secret(token, ctx)?)),
        Auth::Header { name, value } => {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| Fault::new("expected the name of a header").at_field("source.auth.name"))?;
            (name, secret(value, ctx)?)
        }
    };
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| Fault::new("a secret holds characters that no header may hold").at_field("source.auth"))?;
    value.set_sensitive(true);
    Ok((name, value))
}

fn secret(secret: &SecretRef, ctx: &Context<'_>) -> Result<String, Fault> {
    let missing = |what: String| Err(Fault::new(what).at_field("source.auth"));
    match (&secret.env, &secret.file) {
        (Some(name), _) => match ctx.secrets.env(name) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => missing(format!("expected a secret in the environment variable {name}, found none")),
        },
        (None, Some(path)) => match fs::read_to_string(ctx.base.join(path)) {
            Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
            Err(error) => missing(format!("the secret in {} cannot be read: {error}", path.display())),
        },
        (None, None) => missing("expected either env or file".to_owned()),
    }
}

/// Where a redirect leads, if it may be followed.
fn redirected(from: &Url, response: &Response) -> Result<Url, Failure> {
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    let target = location.and_then(|location| from.join(location).ok());
    let Some(target) = target else {
        return Err(Failure::Final(Fault::new(format!("the server answered {} without a place", response.status()))));
    };
    if same_origin(from, &target) {
        return Ok(target);
    }
    Err(Failure::Final(
        Fault::new(format!("the server redirects to {}, which is not followed", shown(&target)))
            .hint("if that is right, write the new address into source.url"),
    ))
}

/// Same scheme, host and port.
pub(super) fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// An address without what may be secret in it.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Both can only fail for addresses without a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

/// The innermost reason, without the address.
fn reason(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if std::ptr::eq(innermost as *const _ as *const (), error as *const _ as *const ()) {
        return "no reason given".to_owned();
    }
    innermost.to_string()
}

fn is_timeout(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::TimedOut
        || error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<reqwest::Error>())
            .is_some_and(reqwest::Error::is_timeout)
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds))
}
