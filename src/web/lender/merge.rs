//! Merging a lender into another one: a page that says what will happen, and the form that does it.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use i18n_embed_fl::fl;
use serde::Deserialize;

use super::{Found, read};
use crate::db::{AliasKind, MergeError};
use crate::state::AppState;
use crate::web::error::PageError;
use crate::web::forms::SignedForm;
use crate::web::frame::Frame;
use crate::web::page_query::PageQuery;
use crate::web::pages::{page, see_other};
use crate::web::texts::texts;
use crate::web::visitor::Visitor;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(
        web::resource("/lenders/{id}/merge")
            .get(confirm)
            .post(merge),
    );
}

#[derive(Template)]
#[template(path = "lender_merge.html")]
struct MergePage {
    p: Frame,
    /// Who goes, and who goes on.
    sides: [Side; 2],
    problem: Option<String>,
}

/// A lender that is merged.
struct Side {
    id: i64,
    name: String,
    inn: String,
    aliases: Vec<String>,
}

#[derive(Deserialize)]
struct Target {
    into: i64,
}

/// `GET /lenders/{id}/merge?into=…`
async fn confirm(
    state: Data<AppState>,
    visitor: Visitor,
    request: HttpRequest,
    id: web::Path<i64>,
) -> Result<HttpResponse, PageError> {
    let id = id.into_inner();
    let path = format!("/lenders/{id}/merge");
    let query = PageQuery::read(&request, &state, &visitor, &path, &["into"])?;
    let into = query.own("into").and_then(|into| into.parse().ok());
    let into = into.ok_or_else(|| PageError::Address("into".to_owned()))?;
    merge_page(&state, &visitor, (id, into), None).await
}

async fn merge_page(
    state: &AppState,
    visitor: &Visitor,
    (id, into): (i64, i64),
    problem: Option<String>,
) -> Result<HttpResponse, PageError> {
    visitor.changes()?;
    let scope = visitor.department(state, None)?;
    let source = read(state, scope, id).await?.ok_or(PageError::NotFound)?;
    let target = read(state, scope, into).await?.ok_or(PageError::NotFound)?;
    let mut p = Frame::plain(visitor, &format!("/lenders/{id}"), |t| {
        fl!(t, "merge-lenders")
    });
    "/lenders".clone_into(&mut p.path);
    page(&MergePage {
        p,
        sides: [Side::of(source), Side::of(target)],
        problem,
    })
}

impl Side {
    fn of(found: Found) -> Side {
        Side {
            id: found.row.id,
            name: found.row.name,
            inn: found.row.inn.unwrap_or_default(),
            aliases: found.aliases.into_iter().map(|one| one.spelling).collect(),
        }
    }
}

/// `POST /lenders/{id}/merge`
async fn merge(
    state: Data<AppState>,
    id: web::Path<i64>,
    form: SignedForm<Target>,
) -> Result<HttpResponse, PageError> {
    let (id, into, visitor) = (id.into_inner(), form.fields.into, form.visitor);
    visitor.changes()?;
    let scope = visitor.department(&state, None)?;
    let author = &visitor.account.username;
    match state
        .merge(scope, AliasKind::Lender, (id, into), author)
        .await
    {
        Ok(_) => Ok(see_other(&format!("/lenders/{into}"))),
        Err(MergeError::Missing { .. }) => Err(PageError::NotFound),
        Err(MergeError::Database(err)) => Err(err.into()),
        Err(refused @ (MergeError::Refused(_) | MergeError::Invalid { .. })) => {
            let problem = Some(match refused {
                MergeError::Invalid { .. } => fl!(texts(visitor.language), "merge-refused-inn"),
                other => other.to_string(),
            });
            let mut response = merge_page(&state, &visitor, (id, into), problem).await?;
            *response.status_mut() = StatusCode::CONFLICT;
            Ok(response)
        }
    }
}
