//! The checks of the imported data in words: what each looks for, what stands at stake, and what to do about it.

/// A check.
#[derive(Clone, Copy, Debug)]
pub(super) struct QualityCheck {
    pub name: &'static str,
    /// What it looks for, and what stands at stake.
    pub description: &'static str,
    /// What to do about what it found.
    pub advice: &'static str,
}

const fn check(name: &'static str, description: &'static str, advice: &'static str) -> QualityCheck {
    QualityCheck { name, description, advice }
}

/// Every check, in the order in which they are shown.
pub(super) const QUALITY_CHECKS: [QualityCheck; 23] = [
    check(
        "details_do_not_add_up",
        "dated expenses whose details do not add up to their amount; at stake: the difference",
        "Correct the document's payment details in 1C and export both files again.",
    ),
    check(
        "expenses_without_details",
        "dated expenses of which only the debit account says what they paid; at stake: their amount",
        "Export the details (rasshifrovka) of these days; what has none in 1C counts by its debit account.",
    ),
    check(
        "details_without_expense",
        "details whose expense is not there, or is inactive, and which count in no figure; at stake: their amount",
        "Export the expenses (spisanie) of the same days and organizations.",
    ),
    check(
        "control_totals_differ",
        "files whose own total (Итого) is not the sum of their rows, by their last import; at stake: the difference",
        "Look at the rejected rows of the file, or export it again whole.",
    ),
    check(
        "failing_files",
        "files that can't be imported now, those left alone included: what they hold is in no figure",
        "GET /freshness says since when, and why; correct the export.",
    ),
    check(
        "organizations_without_expenses",
        "organizations with receipts but without any expense, by currency; at stake: the receipts",
        "Export the organization's expenses, unless nothing was paid yet.",
    ),
    check(
        "organizations_without_receipts",
        "organizations with expenses but without any receipt, by currency; at stake: the expenses",
        "Export the organization's receipts; enter opening balances for loans that are older than the exports.",
    ),
    check(
        "overpaid",
        "contracts of which more was repaid than drawn, adjustments included, by today: most likely an opening balance \
         is missing; at stake: what is too much",
        "Enter the opening balance as an adjustment, or find the missing receipt.",
    ),
    check(
        "switched_off_with_balance",
        "contracts that are switched off while something is owed; at stake: the balance",
        "Switch the contract on again, or enter the adjustment that settles it.",
    ),
    check(
        "unknown_direction",
        "contracts of which neither types nor accounts say whether they are borrowed or lent; they count as borrowed; \
         at stake: the balance",
        "Set the contract's direction.",
    ),
    check(
        "receipts_of_unknown_kind",
        "receipts that count as drawings although neither account nor type says so; at stake: their amount",
        "Fill in the settlement account or the type of operation in 1C and export again.",
    ),
    check(
        "payment_type_derived",
        "details of dated expenses without a payment type, which count as their account says; at stake: their amount",
        "Nothing, if the accounts are right; else fill in the payment type in 1C and export again.",
    ),
    check(
        "payment_type_unknown",
        "details of dated expenses of which neither payment type nor account says what they pay; at stake: their amount",
        "Fill in the payment type in 1C and export again: until then they repay nothing.",
    ),
    check(
        "vat_on_principal",
        "details of dated expenses that repay principal and name VAT, which loans do not bear; at stake: the VAT",
        "Correct the payment type or the VAT in 1C and export again.",
    ),
    check(
        "amounts_in_another_currency",
        "contracts with operations in another currency than theirs, some of them without settlement amount and rate, \
         which are in no balance; at stake: all that was received and paid in that currency",
        "Export the settlement amounts, or set the contract's currency if it is another.",
    ),
    check(
        "unconfirmed_for_days",
        "expenses that the bank has not confirmed five days after their date; at stake: their amount",
        "Ask the bank whether they were paid; delete in 1C what was not.",
    ),
    check(
        "operations_without_date",
        "operations that count in no month; at stake: their amount",
        "Fill in the date in 1C and export again.",
    ),
    check(
        "operations_without_contract",
        "operations that neither themselves nor their details name a contract; at stake: their amount",
        "Fill in the contract in 1C and export again.",
    ),
    check(
        "dates_in_the_future",
        "operations dated after today, which are planned and in no balance; at stake: their amount",
        "Correct the date in 1C, unless the payment is planned.",
    ),
    check(
        "contract_with_two_lenders",
        "dated contracts whose operations name more than one lender",
        "Set the contract's lender if they are one, or correct the contract of the operations in 1C.",
    ),
    check(
        "contract_under_two_spellings",
        "contracts of one organization and date whose numbers read alike",
        "Merge the contracts if they are one.",
    ),
    check(
        "organizations_that_look_alike",
        "organizations with the same INN, or whose names differ by no more than a legal form or one letter",
        "Merge them if they are one; else enter their INNs.",
    ),
    check(
        "lenders_that_look_alike",
        "lenders with the same INN, or whose names differ by no more than a legal form or one letter",
        "Merge them if they are one; else enter their INNs.",
    ),
];
