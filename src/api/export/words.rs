//! The Russian words of values from closed sets, as files with `lang=ru` show them.

use crate::domain::Language;
use crate::domain::{AdjustmentKind, ContractType};

/// Value and Russian; the values of [`AdjustmentKind`] and [`ContractType`] have theirs in the
/// domain.
const WORDS: &[(&str, &str)] = &[
    // Directions of contracts, and their status.
    ("borrowed", "Получен"),
    ("lent", "Выдан"),
    ("undrawn", "Не выбран"),
    ("open", "Открыт"),
    ("repaid", "Погашен"),
    ("overpaid", "Переплачен"),
    // States of imports and of their files.
    ("running", "Выполняется"),
    ("completed", "Завершено"),
    ("partial", "Частично"),
    ("failed", "Ошибка"),
    ("interrupted", "Прервано"),
    ("cancelled", "Отменено"),
    ("success", "Успешно"),
    ("skipped", "Пропущено"),
    // Kinds of exports.
    ("receipts", "Поступления"),
    ("expenses", "Списания"),
    ("expense_details", "Расшифровка списаний"),
    ("adjustments", "Корректировки"),
    // Parts of figures and lines of ledgers.
    ("receipt", "Поступление"),
    ("detail", "Расшифровка"),
    ("rest", "Списание вне расшифровки"),
    ("adjustment", "Корректировка"),
    ("opening", "Остаток на начало"),
    ("closing", "Остаток на конец"),
    // What a payment is for.
    ("principal", "Погашение долга"),
    ("interest", "Уплата процентов"),
    ("given", "Выдача займа"),
    ("other", "Прочее"),
    // Parts of answers.
    ("by_counterparty", "По контрагентам"),
    ("by_contract", "По договорам"),
    // What is merged or split, and what figures are grouped by.
    ("merge", "Объединение"),
    ("split", "Разделение"),
    ("organization", "Организация"),
    ("bank_account", "Банковский счет"),
    ("lender", "Кредитор"),
    ("counterparty", "Контрагент"),
    ("contract", "Договор"),
    ("month", "Месяц"),
    // Actions of the audit log.
    ("user.created", "Пользователь создан"),
    ("user.changed", "Пользователь изменен"),
    ("user.password_set", "Задан новый пароль"),
    ("user.logged_out", "Все сеансы завершены"),
    ("key.created", "Ключ создан"),
    ("key.revoked", "Ключ отозван"),
    // Filters.
    ("include", "Включать"),
    ("exclude", "Не включать"),
    ("only", "Только они"),
];

/// Returns the Russian word of a value.
pub(super) fn russian(value: &str) -> Option<&'static str> {
    if let Some((_, russian)) = WORDS.iter().find(|(known, _)| *known == value) {
        return Some(russian);
    }
    if let Some(kind) = AdjustmentKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == value)
    {
        return kind.russian().first().copied();
    }
    let mut types = [ContractType::Credit, ContractType::Loan].into_iter();
    types
        .find(|known| known.as_str() == value)
        .map(ContractType::label)
}

/// Returns the word of a value in a language; a value of no closed set is its own.
pub(super) fn word(value: &str, language: Language) -> &str {
    match language {
        Language::English => value,
        Language::Russian => russian(value).unwrap_or(value),
    }
}
