//! The second sheet of a file: how new its data is, its filters by name, its currency, what is left
//! out.

use chrono::{NaiveDate, NaiveDateTime};

use super::columns::column_of;
use super::words::word;
use crate::analytics::freshness;
use crate::db::{DbConn, DbError, find_name};
use crate::domain::Language;
use crate::domain::{Currency, DataVersion, DepartmentScope};

/// Paging and the choice of the file, which do not change what is in it.
const WITHOUT_EFFECT: [&str; 7] = ["format", "lang", "skip", "limit", "after", "page", "sort"];

/// Names of filters that are no columns: parameter, English, Russian.
const FILTERS: &[(&str, &str, &str)] = &[
    ("amount_from", "Amount from", "Сумма от"),
    ("amount_to", "Amount to", "Сумма до"),
    ("confirmed", "Confirmed by the bank", "Подтверждено банком"),
    ("currency", "Currency", "Валюта"),
    ("date_from", "Date from", "Дата с"),
    ("date_to", "Date to", "Дата по"),
    ("group_by", "Grouped by", "Группировка"),
    ("has_debt", "With debt", "С задолженностью"),
    ("intra_group", "Intra-group", "Внутригрупповые"),
    ("measure", "Figure", "Показатель"),
    ("search", "Search", "Поиск"),
];

/// Filters whose values are of a closed set.
const CLOSED_FILTERS: [&str; 9] = [
    "confirmed",
    "contract_type",
    "direction",
    "group_by",
    "has_debt",
    "intra_group",
    "is_active",
    "kind",
    "status",
];

/// The lines of a file's second sheet: name and value.
#[derive(Clone, Debug, Default)]
pub struct About(Vec<(String, String)>);

/// Returns whether a parameter does not change what is in a file.
pub(super) fn is_without_effect(parameter: &str) -> bool {
    WITHOUT_EFFECT.contains(&parameter)
}

/// Returns the name of a filter in a language: of an id, what it identifies.
pub(super) fn filter_name(parameter: &str, language: Language) -> Option<&'static str> {
    if let Some((_, english, russian)) = FILTERS.iter().find(|(name, ..)| *name == parameter) {
        return Some(language.of(english, russian));
    }
    let what = parameter.strip_suffix("_id").unwrap_or(parameter);
    match (what, column_of(what).or_else(|| column_of(parameter))) {
        ("department", _) => Some(language.of("Department", "Отдел")),
        (_, column) => column.map(|column| column.heading(language)),
    }
}

fn time(language: Language, time: NaiveDateTime) -> String {
    time.format(language.of("%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S"))
        .to_string()
}

fn day(language: Language, day: NaiveDate) -> String {
    day.format(language.of("%Y-%m-%d", "%d.%m.%Y")).to_string()
}

/// Names a kind of export.
fn kind_name(kind: &str, language: Language) -> String {
    word(kind, language).replace('_', " ").to_lowercase()
}

/// Returns the value of a filter as a language has it: texts that people wrote stay as they are.
fn filter_value<'v>(parameter: &str, value: &'v str, language: Language) -> &'v str {
    if parameter == "lender_id" && value == "0" {
        return language.of("not known", "не указан");
    }
    match (parameter, value.parse()) {
        ("measure", _) => column_of(value).map_or(value, |column| column.heading(language)),
        (closed, Ok(mark)) if CLOSED_FILTERS.contains(&closed) => language.mark(mark),
        (closed, _) if CLOSED_FILTERS.contains(&closed) => word(value, language),
        _ => value,
    }
}

impl About {
    /// Begins with how new the data is, and the filters by name.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn of_filters(
        conn: &mut DbConn,
        language: Language,
        scope: DepartmentScope,
        version: DataVersion,
        filters: &[(String, String)],
    ) -> Result<About, DbError> {
        let mut about = About::default();
        about.push(
            language.of("Data as of (UTC)", "Данные на (UTC)"),
            version
                .as_of
                .map(|as_of| time(language, as_of))
                .unwrap_or_default(),
        );
        about.push(
            language.of("Newest document", "Самый новый документ"),
            version
                .through
                .map(|through| day(language, through))
                .unwrap_or_default(),
        );
        let is_listed = |name: &str| !is_without_effect(name) && name != "currency";
        for (parameter, value) in filters
            .iter()
            .filter(|(name, value)| is_listed(name) && !value.is_empty())
        {
            let name = match value.parse() {
                Ok(id) => find_name(conn, scope, parameter, id).await?,
                Err(_) => None,
            };
            let label = filter_name(parameter, language).unwrap_or(parameter);
            let value = name.map_or_else(
                || filter_value(parameter, value, language).to_owned(),
                |name| format!("{name} ({value})"),
            );
            about.push(label, value);
        }
        Ok(about)
    }

    /// Adds the currency of the figures, and those whose amounts are left out.
    pub fn push_currency(&mut self, language: Language, currency: &Currency, left_out: &[String]) {
        self.push(language.of("Currency", "Валюта"), currency.to_string());
        let none = language.of("nothing", "ничего");
        let left_out = if left_out.is_empty() {
            none.to_owned()
        } else {
            left_out.join(", ")
        };
        self.push(
            language.of("Left out: amounts in", "Не включено: суммы в"),
            left_out,
        );
    }

    /// Adds how new the exports of each organization are, and the files that can't be imported now.
    ///
    /// # Errors
    /// [`DbError`] when the database can't answer.
    pub async fn push_freshness(
        &mut self,
        conn: &mut DbConn,
        language: Language,
        scope: DepartmentScope,
        today: NaiveDate,
    ) -> Result<(), DbError> {
        let freshness = freshness(conn, scope, today).await?;
        for file in &freshness.failing_files {
            let label = language.of("Can't be imported since (UTC)", "Не загружается с (UTC)");
            self.push(
                &format!("{label} {}", time(language, file.since)),
                format!("{}: {}", file.path, file.reason),
            );
        }
        for export in &freshness.exports {
            let arrived = match export.arrived_at {
                Some(at) => {
                    format!(
                        "{} {} UTC",
                        language.of("imported whole", "загружено целиком"),
                        time(language, at)
                    )
                }
                None => language
                    .of("never imported whole", "целиком не загружалось")
                    .to_owned(),
            };
            let checked = time(language, export.checked_at);
            let newest = export
                .newest_document
                .map(|newest| day(language, newest))
                .unwrap_or_default();
            let value = match language {
                Language::English => {
                    format!("{arrived}, last checked {checked} UTC, newest document {newest}")
                }
                Language::Russian => {
                    format!("{arrived}, проверено {checked} UTC, самый новый документ {newest}")
                }
            };
            self.push(
                &format!(
                    "{}: {}",
                    export.organization,
                    kind_name(&export.kind, language)
                ),
                value,
            );
        }
        Ok(())
    }

    /// Adds a line.
    pub fn push(&mut self, name: &str, value: String) {
        self.0.push((name.to_owned(), value));
    }

    /// The lines, in order.
    pub fn lines(&self) -> &[(String, String)] {
        &self.0
    }
}
