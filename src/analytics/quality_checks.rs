//! The checks of the imported data in words: what each looks for, what stands at stake, and what to
//! do about it.
//!
//! Each text in English and in Russian. What stands at stake is summed up without netting.

/// A check. Its texts are in English and in Russian.
#[derive(Clone, Copy, Debug)]
pub(super) struct QualityCheck {
    pub name: &'static str,
    /// What it looks for, and what stands at stake.
    pub description: (&'static str, &'static str),
    /// What to do about what it found.
    pub advice: (&'static str, &'static str),
}

/// Returns a check: its description and advice in English, then in Russian.
const fn check(
    name: &'static str,
    description: &'static str,
    advice: &'static str,
    description_ru: &'static str,
    advice_ru: &'static str,
) -> QualityCheck {
    QualityCheck {
        name,
        description: (description, description_ru),
        advice: (advice, advice_ru),
    }
}

/// Every check, in the order in which they are shown.
pub(super) const QUALITY_CHECKS: [QualityCheck; 24] = [
    check(
        "details_do_not_add_up",
        "dated expenses whose details do not add up to their amount; at stake: the differences, whichever way",
        "Correct the document's payment details in 1C and export both files again.",
        "списания с датой, сумма расшифровок которых не равна сумме документа; под вопросом: разницы без учёта знака",
        "Исправьте расшифровку платежа в 1С и выгрузите оба файла заново.",
    ),
    check(
        "expenses_without_details",
        "dated expenses without details: what they paid is known from their debit account, if that says anything; \
         at stake: their amount",
        "Export the details (rasshifrovka) of these days; what has none in 1C counts by its debit account, and what \
         payment_type_unknown finds repays nothing.",
        "списания с датой без расшифровок: что ими оплачено, видно только по счёту дебета, если он об этом говорит; \
         под вопросом: их суммы",
        "Выгрузите расшифровки за эти дни; списание без расшифровки учитывается по счёту дебета, а найденное \
         проверкой payment_type_unknown ничего не погашает.",
    ),
    check(
        "details_without_expense",
        "details whose expense is not there, or is inactive, and which count in no figure; at stake: their amount, \
         in the base currency where the expense is unknown",
        "Export the expenses (spisanie) of the same days and organizations.",
        "расшифровки, списание которых отсутствует или неактивно; они не входят ни в один показатель; под вопросом: \
         их суммы, при неизвестном списании в основной валюте",
        "Выгрузите списания за те же дни и по тем же организациям.",
    ),
    check(
        "control_totals_differ",
        "files that are still offered and whose own total (Итого) is not the sum of their rows, by their last \
         import; at stake: the differences, whichever way, in the base currency",
        "Look at the rejected rows of the file, or export it again whole.",
        "файлы источника, итог которых (Итого) при последней загрузке не равен сумме строк; под вопросом: разницы \
         без учёта знака, в основной валюте",
        "Просмотрите отклонённые строки файла или выгрузите его заново целиком.",
    ),
    check(
        "rejected_rows_still_stored",
        "files that are still offered and of which the last import rejected rows whose operations, or details, are \
         stored as an earlier import read them, and still count",
        "Look at the rejected rows of the file, correct them in 1C and export it again.",
        "файлы источника, при последней загрузке которых отклонены строки операций или расшифровок, сохранённых ранее: \
         они по-прежнему входят в показатели",
        "Просмотрите отклонённые строки файла, исправьте их в 1С и выгрузите файл заново.",
    ),
    check(
        "failing_files",
        "files that can't be imported now, those left alone included: what they hold is in no figure",
        "The page of imports says since when, and why; correct the export.",
        "файлы, которые сейчас не загружаются, включая отложенные: их содержимое не входит ни в один показатель",
        "Страница импорта показывает, с какого времени и почему; исправьте выгрузку.",
    ),
    check(
        "organizations_without_expenses",
        "organizations with receipts but without any expense, by currency; at stake: the receipts",
        "Export the organization's expenses, unless nothing was paid yet.",
        "организации с поступлениями, но без единого списания, по валютам; под вопросом: поступления",
        "Выгрузите списания организации, если платежи уже были.",
    ),
    check(
        "organizations_without_receipts",
        "organizations with expenses but without any receipt, by currency; at stake: the expenses",
        "Export the organization's receipts; enter opening balances for loans that are older than the exports.",
        "организации со списаниями, но без единого поступления, по валютам; под вопросом: списания",
        "Выгрузите поступления организации; для займов старше выгрузок введите начальные остатки.",
    ),
    check(
        "overpaid",
        "contracts of which more was repaid than drawn, adjustments included, by today: most likely an opening \
         balance is missing; at stake: what is too much",
        "Enter the opening balance as an adjustment, or find the missing receipt.",
        "договоры, по которым на сегодня погашено больше, чем получено, с учётом корректировок: скорее всего, не \
         введён начальный остаток; под вопросом: излишек",
        "Введите начальный остаток корректировкой или найдите недостающее поступление.",
    ),
    check(
        "switched_off_with_balance",
        "contracts that are switched off while something is owed or overpaid; at stake: the balances, whichever way",
        "Switch the contract on again, or enter the adjustment that settles it.",
        "отключённые договоры с долгом или переплатой; под вопросом: остатки без учёта знака",
        "Включите договор снова или введите корректировку, которая закроет остаток.",
    ),
    check(
        "unknown_direction",
        "contracts with operations of which neither types nor accounts say whether they are borrowed or lent; they \
         count as borrowed; at stake: the balances, whichever way",
        "Set the contract's direction.",
        "договоры с операциями, по видам и счетам которых не видно, получен заём или выдан; считаются полученными; \
         под вопросом: остатки без учёта знака",
        "Укажите направление договора.",
    ),
    check(
        "receipts_of_unknown_kind",
        "receipts without a settlement account that count as drawings although their type does not say so; at \
         stake: their amount",
        "Fill in the settlement account or the type of operation in 1C and export again.",
        "поступления без счёта расчётов, которые считаются получением займа, хотя вид операции об этом не говорит; \
         под вопросом: их суммы",
        "Заполните в 1С счёт расчётов или вид операции и выгрузите заново.",
    ),
    check(
        "payment_type_derived",
        "details of dated expenses without a payment type, which count as their account says; at stake: their amount",
        "Nothing, if the accounts are right; else fill in the payment type in 1C and export again.",
        "расшифровки списаний с датой без вида платежа, которые учитываются по счёту; под вопросом: их суммы",
        "Ничего, если счета верны; иначе заполните вид платежа в 1С и выгрузите заново.",
    ),
    check(
        "payment_type_unknown",
        "details of dated expenses, and dated expenses without details, of which neither payment type nor account \
         says what they pay; at stake: their amount",
        "Fill in the payment type or the account in 1C and export again: until then they repay nothing.",
        "расшифровки списаний с датой и списания с датой без расшифровок, по виду платежа и счёту которых не видно, \
         что оплачено; под вопросом: их суммы",
        "Заполните вид платежа или счёт в 1С и выгрузите заново: до этого они ничего не погашают.",
    ),
    check(
        "vat_on_principal",
        "details of dated expenses that repay principal and name VAT, which loans do not bear; at stake: the VAT",
        "Correct the payment type or the VAT in 1C and export again.",
        "расшифровки списаний с датой, которые погашают основной долг и содержат НДС, хотя займы им не облагаются; \
         под вопросом: НДС",
        "Исправьте вид платежа или НДС в 1С и выгрузите заново.",
    ),
    check(
        "amounts_in_another_currency",
        "contracts with operations in another currency than theirs, some of them without settlement amount and \
         rate, which are in no balance; at stake: all that was received and paid in that currency",
        "Export the settlement amounts, or set the contract's currency if it is another.",
        "договоры с операциями в другой валюте, часть которых без суммы и курса взаиморасчётов и не входит в \
         остатки; под вопросом: всё полученное и уплаченное в этой валюте",
        "Выгрузите суммы взаиморасчётов или укажите другую валюту договора.",
    ),
    check(
        "unconfirmed_for_days",
        "expenses that the bank has not confirmed five days after their date; at stake: their amount",
        "Ask the bank whether they were paid; delete in 1C what was not.",
        "списания, не подтверждённые банком через пять дней после их даты; под вопросом: их суммы",
        "Уточните в банке, прошли ли платежи; непрошедшие удалите в 1С.",
    ),
    check(
        "operations_without_date",
        "operations that count in no month; at stake: their amount",
        "Fill in the date in 1C and export again.",
        "операции без даты, которые не входят ни в один месяц; под вопросом: их суммы",
        "Заполните дату в 1С и выгрузите заново.",
    ),
    check(
        "operations_without_contract",
        "operations that neither themselves nor in their details name a contract; at stake: their amount",
        "Fill in the contract in 1C and export again.",
        "операции, в которых ни сам документ, ни расшифровки не называют договор; под вопросом: их суммы",
        "Заполните договор в 1С и выгрузите заново.",
    ),
    check(
        "dates_in_the_future",
        "operations dated after today, which are planned and in no balance; at stake: their amount",
        "Correct the date in 1C, unless the payment is planned.",
        "операции с датой позже сегодняшней: они плановые и не входят в остатки; под вопросом: их суммы",
        "Исправьте дату в 1С, если платёж не плановый.",
    ),
    check(
        "contract_with_two_lenders",
        "dated contracts whose operations, or the expenses of whose details, name more than one lender",
        "Set the contract's lender if they are one, or correct the contract of the operations in 1C.",
        "договоры с датой, операции которых или списания расшифровок которых называют больше одного займодавца",
        "Укажите займодавца договора, если это одно лицо, или исправьте договор операций в 1С.",
    ),
    check(
        "contract_under_two_spellings",
        "contracts of one organization and date whose numbers read alike",
        "Merge the contracts if they are one.",
        "договоры одной организации и даты, номера которых читаются одинаково",
        "Объедините договоры, если это один договор.",
    ),
    check(
        "organizations_that_look_alike",
        "organizations with the same INN, or whose names differ by no more than a legal form or one letter",
        "Merge them if they are one; else enter their INNs.",
        "организации с одинаковым ИНН или с названиями, которые различаются только правовой формой или одной буквой",
        "Объедините их, если это одна организация; иначе введите их ИНН.",
    ),
    check(
        "lenders_that_look_alike",
        "lenders with the same INN, or whose names differ by no more than a legal form or one letter",
        "Merge them if they are one; else enter their INNs.",
        "займодавцы с одинаковым ИНН или с названиями, которые различаются только правовой формой или одной буквой",
        "Объедините их, если это одно лицо; иначе введите их ИНН.",
    ),
];
