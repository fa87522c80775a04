//! Adjustments of a contract that are entered and removed on its page.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use i18n_embed_fl::fl;
use serde::Deserialize;

use super::adjustment_kind_name;
use crate::domain::{AdjustmentKind, Money, short_text};
use crate::state::{AdjustmentError, AppState, EnteredAdjustment};
use crate::web::error::PageError;
use crate::web::forms::{NoFields, SignedForm};
use crate::web::pages::see_other;
use crate::web::surroundings::KnownSurroundings;
use crate::web::texts::{Texts, texts};

/// An adjustment as the form has it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Entered {
    pub(super) date: String,
    kind: String,
    pub(super) amount: String,
    #[serde(default)]
    pub(super) comment: String,
}

/// What the form shows.
pub(super) struct EntryForm {
    pub(super) problem: Option<String>,
    pub(super) entered: Entered,
    /// Name, words, and whether it is chosen.
    pub(super) kinds: Vec<(&'static str, String, bool)>,
}

impl EntryForm {
    /// The form, empty or with what stood against it.
    pub(super) fn of(refused: Option<(Entered, String)>, t: &Texts) -> EntryForm {
        let (entered, problem) = match refused {
            Some((entered, problem)) => (entered, Some(problem)),
            None => (Entered::default(), None),
        };
        let kind = |kind: AdjustmentKind| {
            let name = kind.as_str();
            (name, adjustment_kind_name(name, t), name == entered.kind)
        };
        EntryForm {
            kinds: AdjustmentKind::ALL.into_iter().map(kind).collect(),
            problem,
            entered,
        }
    }
}

/// `POST /contracts/{id}/adjustments`: leads back to the contract.
pub(super) async fn enter(
    state: Data<AppState>,
    surroundings: Data<KnownSurroundings>,
    request: HttpRequest,
    id: Path<i64>,
    form: SignedForm<Entered>,
) -> Result<HttpResponse, PageError> {
    let SignedForm { visitor, fields } = form;
    visitor.changes()?;
    let t = texts(visitor.language);
    let scope = visitor.department(&state, None)?;
    let problem = match fields.read(*id, t) {
        Err(problem) => problem,
        Ok(entered) => {
            let author = &visitor.account.username;
            match state.enter_adjustment(scope, author, entered).await {
                Ok(_) => return Ok(see_other(&format!("/contracts/{id}#adjustments"))),
                Err(refused) => words(refused, t)?,
            }
        }
    };
    let refused = Some((fields, problem));
    let mut response =
        super::contract_page(&state, &surroundings, &visitor, &request, *id, refused).await?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

/// `POST /contracts/{id}/adjustments/{adjustment}/remove`: leads back to the contract.
pub(super) async fn remove(
    state: Data<AppState>,
    ids: Path<(i64, i64)>,
    form: SignedForm<NoFields>,
) -> Result<HttpResponse, PageError> {
    let (id, adjustment) = ids.into_inner();
    form.visitor.changes()?;
    let scope = form.visitor.department(&state, None)?;
    match state.remove_adjustment(scope, adjustment).await {
        // Somebody else was faster.
        Ok(()) | Err(AdjustmentError::Missing { .. }) => {
            Ok(see_other(&format!("/contracts/{id}#adjustments")))
        }
        Err(AdjustmentError::Database(err)) => Err(err.into()),
        Err(other) => Err(PageError::Internal(other.to_string())),
    }
}

impl Entered {
    /// What is entered, or what is wrong with the form.
    fn read(&self, contract_id: i64, t: &Texts) -> Result<EnteredAdjustment, String> {
        let date = NaiveDate::parse_from_str(&self.date, "%Y-%m-%d");
        let kind = AdjustmentKind::of_name(&self.kind);
        let amount = Money::parse(&without_english_groups(&self.amount)).ok();
        let comment = match self.comment.trim() {
            "" => None,
            text => Some(short_text(text).map_err(|_| fl!(t, "refused-comment"))?),
        };
        Ok(EnteredAdjustment {
            contract_id,
            date: date.map_err(|_| fl!(t, "refused-date"))?,
            kind: kind.ok_or_else(|| fl!(t, "refused-kind"))?,
            amount: amount
                .filter(|amount| *amount != Money::ZERO)
                .ok_or_else(|| fl!(t, "refused-amount"))?,
            comment,
            only_once: true,
        })
    }
}

/// `1,234,567.89`, as pages in English write it, without its commas. `1,234` stays: it may mean
/// decimals.
fn without_english_groups(text: &str) -> String {
    let Some((whole, decimals)) = text.trim().split_once('.') else {
        return text.to_owned();
    };
    let is_grouped = whole.split(',').skip(1).all(|group| group.len() == 3);
    match is_grouped {
        true => format!("{}.{decimals}", whole.replace(',', "")),
        false => text.to_owned(),
    }
}

fn words(refused: AdjustmentError, t: &Texts) -> Result<String, PageError> {
    match refused {
        AdjustmentError::Missing { .. } => Err(PageError::NotFound),
        AdjustmentError::Database(err) => Err(err.into()),
        AdjustmentError::ImpossibleDay { .. } => Ok(fl!(t, "refused-date")),
        AdjustmentError::Merged { .. } => Ok(fl!(t, "refused-merged-contract")),
        AdjustmentError::OfWorkbook(_) => Ok(fl!(t, "refused-of-workbook")),
        AdjustmentError::Equal(_) => Ok(fl!(t, "refused-equal")),
    }
}
