//! Static files: in the program, under names that hold their content's hash, so that browsers keep
//! them for good; compressed once.

use std::io::Write;
use std::sync::LazyLock;

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, VARY,
};
use actix_web::web::{self, Bytes, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::error::PageError;

/// So many digits of the hash stand in a name.
const HASH_DIGITS: usize = 12;

#[derive(RustEmbed)]
#[folder = "src/web/static"]
struct Files;

/// The addresses of the files that every page names.
pub(crate) struct Assets {
    pub(crate) style: String,
    pub(crate) script: String,
    pub(crate) icon: String,
}

struct Asset {
    address: String,
    kind: &'static str,
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

static ALL: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    Files::iter()
        .filter_map(|name| Some(Asset::new(&name, &Files::get(&name)?.data)))
        .collect()
});

static NAMES: LazyLock<Assets> = LazyLock::new(|| {
    let address = |kind: &str| {
        let found = ALL.iter().find(|asset| asset.kind == kind);
        found.map(|asset| asset.address.clone()).unwrap_or_default()
    };
    Assets {
        style: address(CSS),
        script: address(JS),
        icon: address(SVG),
    }
});

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/static/{name}", web::get().to(file));
}

/// Returns the addresses of the files that every page names.
pub(crate) fn assets() -> &'static Assets {
    &NAMES
}

async fn file(name: Path<String>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let address = format!("/static/{name}");
    let asset = ALL.iter().find(|asset| asset.address == address);
    let asset = asset.ok_or(PageError::NotFound)?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, asset.kind))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((VARY, "accept-encoding"));
    let (coding, body) = match (&asset.brotli, &asset.gzip) {
        (Some(brotli), _) if accepts(request.headers(), "br") => ("br", brotli),
        (_, Some(gzip)) if accepts(request.headers(), "gzip") => ("gzip", gzip),
        _ => return Ok(response.body(asset.plain.clone())),
    };
    Ok(response
        .insert_header((CONTENT_ENCODING, coding))
        .body(body.clone()))
}

fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let accepted = headers
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok());
    accepted.is_some_and(|all| {
        all.split(',')
            .filter_map(|one| one.split(';').next())
            .any(|one| one.trim() == coding)
    })
}

impl Asset {
    fn new(name: &str, content: &[u8]) -> Asset {
        let digest = Sha256::digest(content);
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        let kind = match ending {
            "css" => CSS,
            "js" => JS,
            "svg" => SVG,
            _ => "application/octet-stream",
        };
        Asset {
            address: format!("/static/{stem}.{}.{ending}", &digits[..HASH_DIGITS]),
            kind,
            plain: Bytes::copy_from_slice(content),
            brotli: brotli(content),
            gzip: gzip(content),
        }
    }
}

fn brotli(content: &[u8]) -> Option<Bytes> {
    let mut compressed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut compressed, 4096, 9, 22);
    writer.write_all(content).ok()?;
    drop(writer);
    Some(compressed.into())
}

fn gzip(content: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).ok()?;
    encoder.finish().ok().map(Bytes::from)
}
