//! Protocols that others define.
//!
//! ```text
//! ckan/            the CKAN action API
//! dcat/            DCAT-AP 3 in pages, and the dump of the whole catalogue
//! oai/             OAI-PMH 2.0
//! pod.rs           /data.json, Project Open Data 1.1 (DCAT-US)
//! schema_org.rs    schema.org in the pages of datasets
//! data_package.rs  Data Package (Frictionless)
//! croissant.rs     Croissant 1.0
//! described.rs     the way to a description of one dataset
//! sitemap.rs       /sitemap.xml and /robots.txt
//! feed.rs          Atom feeds
//! whole.rs         documents about the whole catalogue, streamed
//! ```

pub(crate) mod ckan;
pub(crate) mod croissant;
pub(crate) mod data_package;
pub(crate) mod dcat;
mod described;
pub(crate) mod feed;
pub(crate) mod oai;
pub(crate) mod pod;
pub(crate) mod schema_org;
pub(crate) mod sitemap;
pub(crate) mod whole;

use crate::app::Site;

/// The e-mail address of the site: its contact, if that is one, else `webmaster` at its
/// host (RFC 2142, section 5).
pub(crate) fn site_email(site: &Site) -> String {
    let contact = site.contact.as_deref().map(str::trim).filter(|text| is_email(text));
    contact.map_or_else(|| format!("webmaster@{}", host(site)), str::to_owned)
}

/// The host of the site, without its port.
pub(crate) fn host(site: &Site) -> String {
    let address = url::Url::parse(&site.base_url).ok();
    let host = address.as_ref().and_then(url::Url::host_str);
    host.unwrap_or("localhost").to_owned()
}

/// Whether a text is one e-mail address, as far as harvesters check it.
pub(crate) fn is_email(text: &str) -> bool {
    let is_plain = |part: &str, others: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
    };
    text.split_once('@').is_some_and(|(name, host)| {
        is_plain(name, "._+-") && is_plain(host, ".-") && host.contains('.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_harvesters_accept() {
        assert!(is_email("open-data@sx.gov.cn"));
        for text in ["", "open data@sx.gov.cn", "0351-1234567", "a@b", "a@b@c.cn", "数据@sx.gov.cn"]
        {
            assert!(!is_email(text), "{text}");
        }
    }
}
