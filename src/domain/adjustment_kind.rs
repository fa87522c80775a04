//! Why the balance of a contract is adjusted: what exports do not hold.

/// The kind of an adjustment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AdjustmentKind {
    /// The part of what was owed at the start that the exports lack.
    OpeningBalance,
    /// Mutual claims that were set off without a payment.
    SetOff,
    /// A claim or debt that was assigned.
    Assignment,
    /// Interest that was added to the principal.
    CapitalizedInterest,
    /// A fee that the lender kept back at drawing.
    FeeWithheld,
    /// Anything else.
    Correction,
}

impl AdjustmentKind {
    /// All kinds.
    pub const ALL: [AdjustmentKind; 6] = [
        AdjustmentKind::OpeningBalance,
        AdjustmentKind::SetOff,
        AdjustmentKind::Assignment,
        AdjustmentKind::CapitalizedInterest,
        AdjustmentKind::FeeWithheld,
        AdjustmentKind::Correction,
    ];

    /// As it is stored and answered.
    pub const fn as_str(self) -> &'static str {
        match self {
            AdjustmentKind::OpeningBalance => "opening_balance",
            AdjustmentKind::SetOff => "set_off",
            AdjustmentKind::Assignment => "assignment",
            AdjustmentKind::CapitalizedInterest => "capitalized_interest",
            AdjustmentKind::FeeWithheld => "fee_withheld",
            AdjustmentKind::Correction => "correction",
        }
    }

    /// Its Russian names in workbooks; the first one stands in the template.
    pub const fn russian(self) -> &'static [&'static str] {
        match self {
            AdjustmentKind::OpeningBalance => &["Начальный остаток", "Входящий остаток"],
            AdjustmentKind::SetOff => &["Взаимозачет", "Зачет"],
            AdjustmentKind::Assignment => &["Уступка", "Цессия"],
            AdjustmentKind::CapitalizedInterest => &["Капитализация процентов"],
            AdjustmentKind::FeeWithheld => &["Удержанная комиссия"],
            AdjustmentKind::Correction => &["Корректировка", "Исправление"],
        }
    }

    /// The kind of that name, English or Russian, in any letter case.
    pub fn of_name(name: &str) -> Option<AdjustmentKind> {
        let fold = |text: &str| text.trim().to_lowercase().replace('ё', "е");
        let name = fold(name);
        AdjustmentKind::ALL.into_iter().find(|kind| {
            kind.as_str() == name || kind.russian().iter().any(|russian| fold(russian) == name)
        })
    }
}
