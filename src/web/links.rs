//! Addresses of pages: a path and a query string, in which nothing is empty.
//!
//! A page of a year holds hundreds of them that differ in a date: what they share is encoded once,
//! and copied by reference.

use std::fmt;
use std::sync::Arc;

/// An address of this site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    path: Arc<str>,
    pairs: Vec<Pair>,
}

/// A value of a query string.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pair {
    name: Arc<str>,
    value: Arc<str>,
    /// Both, as they stand in the address.
    encoded: Arc<str>,
}

impl Pair {
    fn new(name: &str, value: &str) -> Pair {
        // Texts can always be encoded.
        let encoded = serde_urlencoded::to_string([(name, value)]).unwrap_or_default();
        Pair {
            name: name.into(),
            value: value.into(),
            encoded: encoded.into(),
        }
    }
}

impl Link {
    /// The address of a page without a query.
    pub(crate) fn new(path: &str) -> Link {
        Link {
            path: path.into(),
            pairs: Vec::new(),
        }
    }

    /// The same with a value; in place of one of that name. An empty one is left out.
    pub(crate) fn with(mut self, name: &str, value: impl fmt::Display) -> Link {
        let value = value.to_string();
        if value.is_empty() {
            return self.without(name);
        }
        let pair = Pair::new(name, &value);
        match self.pairs.iter_mut().find(|known| *known.name == *name) {
            Some(old) => *old = pair,
            None => self.pairs.push(pair),
        }
        self
    }

    /// The same without the value of that name.
    pub(crate) fn without(mut self, name: &str) -> Link {
        self.pairs.retain(|known| *known.name != *name);
        self
    }

    /// The same with these values alone.
    pub(crate) fn only(&self, names: &[&str]) -> Link {
        let mut link = self.clone();
        link.pairs.retain(|known| names.contains(&&*known.name));
        link
    }

    /// The page of a lender with this query: of the lender itself, whichever the query names.
    pub(crate) fn at_lender(&self, id: i64) -> Link {
        self.at(&format!("/lenders/{id}"))
            .without("lender_id")
            .without("contract_id")
            .without("bank_account_id")
    }

    /// The same query at another path.
    pub(crate) fn at(&self, path: &str) -> Link {
        Link {
            path: path.into(),
            pairs: self.pairs.clone(),
        }
    }

    /// The path.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The values, in order.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        let pairs = self.pairs.iter();
        pairs
            .map(|pair| (pair.name.to_string(), pair.value.to_string()))
            .collect()
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        for (at, pair) in self.pairs.iter().enumerate() {
            f.write_str(if at == 0 { "?" } else { "&" })?;
            f.write_str(&pair.encoded)?;
        }
        Ok(())
    }
}

/// Returns an address that was handed in if it is one of this site's pages: it must not lead
/// elsewhere (`//host`, `/\host`).
pub(crate) fn own_address(given: Option<&str>) -> Option<&str> {
    given.filter(|address| {
        address.starts_with('/')
            && !address.starts_with("//")
            && !address.contains('\\')
            && address.bytes().all(|byte| byte.is_ascii_graphic())
    })
}

#[cfg(test)]
mod tests {
    use super::{Link, own_address};

    #[test]
    fn an_address_holds_each_name_once_and_nothing_empty() {
        let link = Link::new("/operations")
            .with("measure", "debt")
            .with("date_to", "2026-03-31")
            .with("back", "/?a=b&c=д")
            .with("lender_id", "")
            .with("date_to", "2026-04-30")
            .without("measure");
        assert_eq!(
            link.to_string(),
            "/operations?date_to=2026-04-30&back=%2F%3Fa%3Db%26c%3D%D0%B4"
        );
        assert_eq!(Link::new("/").with("x", "").to_string(), "/");
    }

    #[test]
    fn only_addresses_of_this_site_are_followed() {
        for own in ["/", "/operations?measure=debt"] {
            assert_eq!(own_address(Some(own)), Some(own));
        }
        for other in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "",
            "/\n",
            "/\u{1}",
            "/a b",
        ] {
            assert_eq!(own_address(Some(other)), None, "{other:?}");
        }
    }
}
