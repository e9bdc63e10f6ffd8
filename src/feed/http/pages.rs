//! From page to page, at most so many, and never in a circle.

use std::collections::BTreeSet;

use reqwest::Url;
use serde_json::Value;

use super::super::config::Pagination;
use super::client::{Page, same_origin, shown};
use crate::fault::Fault;

/// The pages still to be read.
pub(super) struct Walk {
    next: Option<Url>,
    seen: BTreeSet<String>,
    most: u32,
}

impl Walk {
    pub(super) fn new(first: Url, most: u32) -> Self {
        Self { next: Some(first), seen: BTreeSet::new(), most }
    }

    /// The page to read now.
    pub(super) fn next_page(&mut self) -> Result<Option<Url>, Fault> {
        let Some(url) = self.next.take() else { return Ok(None) };
        if self.seen.len() >= self.most as usize {
            return Err(Fault::new(format!("expected at most {} pages, found more", self.most))
                .in_file(shown(&url))
                .hint("raise source.max_pages, ask for fewer days, or for larger pages"));
        }
        self.seen.insert(url.as_str().to_owned());
        Ok(Some(url))
    }

    /// Goes on at `next`, unless it was read already.
    pub(super) fn follow(&mut self, next: Option<Url>) -> Result<(), Fault> {
        if let Some(url) = &next
            && self.seen.contains(url.as_str())
        {
            return Err(Fault::new("the pages go round in a circle").in_file(shown(url)));
        }
        self.next = next;
        Ok(())
    }
}

/// The address of the page after `page`, which must be of the same origin: it
/// gets the same credentials.
pub(super) fn next(pagination: Pagination, url: &Url, page: &Page) -> Result<Option<Url>, Fault> {
    let next = match pagination {
        Pagination::None => None,
        Pagination::LinkHeader => page.links.iter().find_map(|link| next_link(link)).map(str::to_owned),
        Pagination::NextPageUri => match serde_json::from_slice::<Value>(&page.body) {
            Ok(document) => document.get("next_page_uri").and_then(Value::as_str).map(str::to_owned),
            // The format will say what is wrong with it.
            Err(_) => None,
        },
    };
    let Some(next) = next.filter(|next| !next.is_empty()) else { return Ok(None) };
    let next = url.join(&next).map_err(|_| Fault::new("expected the address of a next page").in_file(shown(url)))?;
    if same_origin(url, &next) {
        Ok(Some(next))
    } else {
        Err(Fault::new("the next page is on another host, which is not asked").in_file(shown(&next)))
    }
}

/// The target of `<...>; rel="next"` in a `Link` header.
fn next_link(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, link)) = rest.split_once('<') {
        let (target, parameters) = link.split_once('>')?;
        let (own, _) = parameters.split_once(",<").or_else(|| parameters.split_once(", <")).unwrap_or((parameters, ""));
        let is_next = own.split(';').filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
            let value = value.trim().trim_matches([',', ' ']).trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel") && value.split(' ').any(|word| word.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(target);
        }
        rest = parameters;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_told_from_the_others() {
        let header =
            r#"<https://h/a?page=1>; rel="prev", <https://h/a?page=3>; rel="next", <https://h/a?page=9>; rel=last"#;

        assert_eq!(next_link(header), Some("https://h/a?page=3"));
        assert_eq!(next_link(r#"<https://h/a?page=1>; rel="prev""#), None);
        assert_eq!(next_link("<"), None);
    }

    #[test]
    fn a_circle_of_pages_is_noticed() {
        let url = Url::parse("http://h/a").expect("an address");
        let mut walk = Walk::new(url.clone(), 10);
        walk.next_page().expect("below the cap");

        assert!(walk.follow(Some(url)).is_err());
    }
}
