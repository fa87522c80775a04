//! What holds of the document as a whole: how a caller is recognized, and the journal's other path.

use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::CREDIT_PORTFOLIO;

/// Adds the security scheme of access tokens.
pub(super) struct AccessTokens;

impl Modify for AccessTokens {
    fn modify(&self, document: &mut OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// Adds the second path of the journal, which it has since the system that this one replaces.
pub(super) struct JournalAlias;

impl Modify for JournalAlias {
    fn modify(&self, document: &mut OpenApi) {
        let paths = &mut document.paths.paths;
        for rest in ["", "/{id}/rejects"] {
            let Some(journal) = paths.get(&format!("{CREDIT_PORTFOLIO}/import-logs{rest}")) else {
                continue;
            };
            let mut alias = journal.clone();
            if let Some(id) = alias.get.as_mut().and_then(|get| get.operation_id.as_mut()) {
                id.push_str("_alias");
            }
            paths.insert(format!("{CREDIT_PORTFOLIO}/import/logs{rest}"), alias);
        }
    }
}
