//! What an expense detail pays: principal, interest or something else.
//!
//! The names are 1C's (column `Вид платежа по кредитам займам`).

/// The part of a loan payment that counts as one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaymentType {
    /// `Погашение долга`: lowers the debt.
    Principal,
    /// `Уплата процентов`: the cost of the debt.
    Interest,
}

impl PaymentType {
    /// 1C's name, as it is stored.
    pub(crate) const fn as_1c(self) -> &'static str {
        match self {
            PaymentType::Principal => "Погашение долга",
            PaymentType::Interest => "Уплата процентов",
        }
    }
}

/// The stored spelling of a payment type: the two that count lose their variations in letter
/// case, every other stays as it was written.
pub(crate) fn canonical_payment_type(text: String) -> String {
    let lower = text.to_lowercase();
    [PaymentType::Principal, PaymentType::Interest]
        .into_iter()
        .find(|known| known.as_1c().to_lowercase() == lower)
        .map_or(text, |known| known.as_1c().to_owned())
}
