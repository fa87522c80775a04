//! Who looks at a page: the user of a session, with language and theme.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};

use super::error::PageError;
use super::texts::language_of;
use crate::accounts::{Account, Actor, Session, identify_session};
use crate::domain::{DepartmentScope, Language, Role};
use crate::http::{client_address, session_cookie};
use crate::logging::record_user;
use crate::state::AppState;

/// The user of a session that has not ended.
#[derive(Clone)]
pub(crate) struct Visitor {
    pub(crate) account: Arc<Account>,
    pub(crate) session: Arc<Session>,
    /// What identifies the session.
    pub(crate) cookie: String,
    pub(crate) language: Language,
}

impl FromRequest for Visitor {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Visitor, PageError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let visitor = Visitor::of(&request).await?;
            request.extensions_mut().insert(visitor.clone());
            Ok(visitor)
        })
    }
}

impl Visitor {
    /// Returns the visitor of a request.
    ///
    /// # Errors
    /// [`PageError::SignIn`] when nobody is signed in.
    pub(crate) async fn of(request: &HttpRequest) -> Result<Visitor, PageError> {
        let state = request.app_data::<Data<AppState>>();
        let state =
            state.ok_or_else(|| PageError::Internal("the request has no state".to_owned()))?;
        let cookie = session_cookie(request).ok_or(PageError::SignIn)?;
        let (identity, session) =
            identify_session(&state.accounts, &state.sessions, &cookie).await?;
        record_user(identity.account.user_id);
        let chosen = session.language.as_deref().and_then(language_of);
        Ok(Visitor {
            language: chosen.unwrap_or_else(|| language_of_browser(request.headers())),
            account: identity.account,
            session,
            cookie,
        })
    }

    /// Resolves the department that is asked for to what the visitor may see.
    ///
    /// # Errors
    /// [`PageError::Forbidden`].
    pub(crate) fn department(
        &self,
        state: &AppState,
        requested: Option<i64>,
    ) -> Result<DepartmentScope, PageError> {
        Ok(self.account.scope(requested, &state.finance_departments)?)
    }

    /// Whether the visitor may change what the department shares.
    pub(crate) fn may_change(&self) -> bool {
        !matches!(self.account.role, Role::Viewer | Role::User)
    }

    /// Those who only read may not.
    ///
    /// # Errors
    /// [`PageError::Forbidden`].
    pub(crate) fn changes(&self) -> Result<(), PageError> {
        self.may_change().then_some(()).ok_or(PageError::Forbidden)
    }

    /// Whether this is an administrator.
    pub(crate) fn is_admin(&self) -> bool {
        self.account.role == Role::Admin
    }

    /// Only administrators may.
    ///
    /// # Errors
    /// [`PageError::Forbidden`].
    pub(crate) fn administers(&self) -> Result<(), PageError> {
        self.is_admin().then_some(()).ok_or(PageError::Forbidden)
    }

    /// The visitor, for the audit log.
    pub(crate) fn actor(&self, request: &HttpRequest) -> Actor {
        Actor {
            user_id: Some(self.account.user_id),
            name: self.account.username.clone(),
            address: client_address(request),
        }
    }
}

/// Returns the first language of `Accept-Language` that the pages have, by its weight; else English.
pub(crate) fn language_of_browser(headers: &HeaderMap) -> Language {
    let wanted = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut known: Vec<(i64, Language)> = wanted
        .split(',')
        .filter_map(|one| {
            let (tag, weight) = one.trim().split_once(";q=").unwrap_or((one.trim(), "1"));
            let primary = tag.split('-').next()?.to_ascii_lowercase();
            let weight: f64 = weight.trim().parse().ok()?;
            Some(((weight * 1000.0) as i64, language_of(&primary)?))
        })
        .collect();
    // The sort is stable: of equal weights the first one counts.
    known.sort_by_key(|(weight, _)| -weight);
    let first = known.first().filter(|(weight, _)| *weight > 0);
    first.map_or(Language::English, |(_, language)| *language)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap, HeaderValue};

    use super::language_of_browser;
    use crate::domain::Language;

    #[test]
    fn the_language_with_the_greatest_weight_counts() {
        for (wanted, expected) in [
            ("ru-RU,ru;q=0.9,en;q=0.8", Language::Russian),
            ("de, en;q=0.5, ru;q=0.7", Language::Russian),
            ("en-GB,en;q=0.9,ru;q=0.9", Language::English),
            ("fr, ru;q=0", Language::English),
            ("nonsense;q=x", Language::English),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(wanted));
            assert_eq!(language_of_browser(&headers), expected, "{wanted}");
        }
        assert_eq!(language_of_browser(&HeaderMap::new()), Language::English);
    }
}
