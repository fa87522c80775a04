//! The columns of files: how each field of an answer is headed in both languages, and what kind of
//! cell it is.
//!
//! A field that is missing here is headed by its name; a test finds it in the OpenAPI document.

use crate::domain::Language;
use Kind::{Alias, Balance, Date, Money, Month, Percent, Plain, Time, Unsummed, Word};

/// What the cells of a column are, and whether they are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text, a number or a mark.
    Plain,
    /// A value of a closed set, which has a Russian word.
    Word,
    /// An amount; rows are added up.
    Money,
    /// An amount at one time; rows of one time are added up, months are not.
    Balance,
    /// An amount that is not added up: a running balance, or of other currencies than the row's.
    Unsummed,
    /// A percentage.
    Percent,
    /// A day.
    Date,
    /// A month, with or without its first day.
    Month,
    /// A time, UTC.
    Time,
    /// Another name of a column beside it, or rows of their own, for clients: left out of files.
    Alias,
}

/// A column.
pub(super) struct Column {
    /// The field's name in JSON.
    pub name: &'static str,
    /// What its cells are.
    pub kind: Kind,
    english: &'static str,
    russian: &'static str,
}

impl Column {
    /// The heading in a language.
    pub fn heading(&self, language: Language) -> &'static str {
        language.of(self.english, self.russian)
    }
}

impl Kind {
    /// Returns whether numbers have two decimals, always.
    pub fn has_decimals(self) -> bool {
        matches!(self, Money | Balance | Unsummed | Percent)
    }
}

/// Returns the column of a field.
pub(super) fn column_of(name: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.name == name)
}

/// Returns what the cells of a field's column are.
pub(super) fn kind_of(name: &str) -> Kind {
    column_of(name).map_or(Plain, |column| column.kind)
}

const fn column(
    name: &'static str,
    kind: Kind,
    english: &'static str,
    russian: &'static str,
) -> Column {
    Column {
        name,
        kind,
        english,
        russian,
    }
}

/// Every column, by name.
const COLUMNS: &[Column] = &[
    column("account", Plain, "Account", "Счет учета"),
    column("account_number", Plain, "Account number", "Номер счета"),
    column("accounting_account", Alias, "Account", "Счет учета"),
    column("action", Word, "Action", "Действие"),
    column(
        "active_contracts",
        Plain,
        "Active contracts",
        "Действующих договоров",
    ),
    column(
        "active_contracts_count",
        Plain,
        "Active contracts",
        "Действующих договоров",
    ),
    column("active_count", Plain, "Active", "Действующих"),
    column("actor", Plain, "Who", "Кто"),
    column("actor_id", Plain, "Who, ID", "Кто, ИД"),
    column("address", Plain, "Address", "Адрес"),
    column("adjustment", Money, "Adjustment", "Корректировка"),
    column("adjustments", Money, "Adjustments", "Корректировки"),
    column("advance_account", Plain, "Advance account", "Счет авансов"),
    column("advice", Plain, "What to do", "Что делать"),
    column(
        "aliases",
        Plain,
        "Recognized spellings",
        "Варианты написания",
    ),
    column("amount", Money, "Amount", "Сумма"),
    column(
        "arrived_at",
        Time,
        "Imported whole (UTC)",
        "Загружено целиком (UTC)",
    ),
    column("as_of", Date, "As of", "На дату"),
    column("at", Time, "When", "Когда"),
    column("at_stake", Money, "At stake", "Под вопросом"),
    column("author", Plain, "Author", "Автор"),
    column("balance", Unsummed, "Balance", "Остаток"),
    column("bank_account", Plain, "Bank account", "Банковский счет"),
    column(
        "bank_account_id",
        Plain,
        "Bank account ID",
        "ИД банковского счета",
    ),
    column("bank_name", Plain, "Bank", "Банк"),
    column("checked_at", Time, "Checked (UTC)", "Проверено (UTC)"),
    column("closed_count", Plain, "Closed", "Закрытых"),
    column("closing", Balance, "Closing balance", "Остаток на конец"),
    column("code", Plain, "Code", "Код"),
    column("column_name", Plain, "Column", "Колонка"),
    column("comment", Plain, "Comment", "Комментарий"),
    column("commission", Money, "Commission", "Комиссия"),
    column("compared", Unsummed, "Compared with", "Сравнивается с"),
    column("contract", Plain, "Contract", "Договор"),
    column("contractNumber", Plain, "Contract", "Договор"),
    column("contractType", Word, "Contract type", "Вид договора"),
    column(
        "contract_amount",
        Money,
        "Share of the contract",
        "Доля договора",
    ),
    column("contract_date", Date, "Contract date", "Дата договора"),
    column("contract_id", Plain, "Contract ID", "ИД договора"),
    column(
        "contract_number",
        Plain,
        "Contract number",
        "Номер договора",
    ),
    column(
        "contract_text",
        Plain,
        "Contract as exported",
        "Договор в выгрузке",
    ),
    column("contract_type", Word, "Contract type", "Вид договора"),
    column(
        "contract_type_label",
        Plain,
        "Contract type (label)",
        "Вид договора (название)",
    ),
    column("contracts", Plain, "Contracts", "Договоров"),
    column(
        "control_total",
        Unsummed,
        "Total in the file",
        "Итого в файле",
    ),
    column("count", Plain, "Count", "Количество"),
    column("counterparty", Plain, "Counterparty", "Контрагент"),
    column("created_at", Time, "Created (UTC)", "Создано (UTC)"),
    column("created_by", Plain, "Done by", "Кто выполнил"),
    column("cumulative", Unsummed, "Cumulative", "Накопленным итогом"),
    column("currency", Plain, "Currency", "Валюта"),
    column("date", Date, "Date", "Дата"),
    column("debit_account", Plain, "Debit account", "Счет дебета"),
    column("debt", Balance, "Debt", "Задолженность"),
    column("debtRatio", Percent, "Debt ratio, %", "Доля долга, %"),
    column(
        "debt_external",
        Balance,
        "Debt to outsiders",
        "Внешняя задолженность",
    ),
    column(
        "debt_unconfirmed",
        Balance,
        "Principal not confirmed by the bank",
        "Погашение, не подтвержденное банком",
    ),
    column("department_id", Plain, "Department ID", "ИД отдела"),
    column("description", Plain, "Description", "Описание"),
    column("detail_id", Plain, "Detail ID", "ИД расшифровки"),
    column("details", Plain, "Details", "Подробности"),
    column("direction", Word, "Direction", "Направление"),
    column("document_date", Date, "Document date", "Дата документа"),
    column(
        "document_number",
        Plain,
        "Document number",
        "Номер документа",
    ),
    column("drawn", Money, "Drawn", "Получено по договору"),
    column("efficiency", Percent, "Efficiency, %", "Эффективность, %"),
    column("email", Plain, "E-mail", "Эл. почта"),
    column("error_message", Plain, "Error", "Ошибка"),
    column("expense_amount", Money, "Expense amount", "Сумма расхода"),
    column("expense_article", Alias, "Expense item", "Статья расходов"),
    column("expense_item", Plain, "Expense item", "Статья расходов"),
    column("expense_operation_id", Plain, "Expense", "Списание"),
    column("expenses", Money, "Expenses", "Списания"),
    column("expires_at", Time, "Ends", "Действует до"),
    column(
        "failing_files",
        Plain,
        "Files that can't be imported",
        "Файлы, которые не загружаются",
    ),
    column("files_failed", Plain, "Files failed", "Файлов с ошибками"),
    column(
        "files_failing",
        Plain,
        "Files that can't be imported",
        "Не загружается файлов",
    ),
    column(
        "files_processed",
        Plain,
        "Files processed",
        "Файлов обработано",
    ),
    column("files_skipped", Plain, "Files skipped", "Файлов пропущено"),
    column("finished_at", Time, "Finished (UTC)", "Завершено (UTC)"),
    column("full_name", Plain, "Full name", "Полное имя"),
    column("given", Money, "Given", "Выдано"),
    column("group", Plain, "Group", "Группа"),
    column("group_id", Plain, "Group ID", "ИД группы"),
    column("hint", Plain, "Begins with", "Начало ключа"),
    column("id", Plain, "ID", "ИД"),
    column("import_date", Time, "Imported (UTC)", "Загружено (UTC)"),
    column(
        "included_vat",
        Money,
        "VAT in the expense",
        "НДС в составе расхода",
    ),
    column("income_item", Plain, "Income item", "Статья доходов"),
    column("inflow", Money, "Inflow", "Приток"),
    column("inn", Plain, "INN", "ИНН"),
    column("interest", Money, "Interest", "Проценты"),
    column(
        "interest_share",
        Percent,
        "Share of interest, %",
        "Доля процентов, %",
    ),
    column("is_active", Plain, "Active", "Действует"),
    column(
        "is_confirmed",
        Plain,
        "Confirmed by the bank",
        "Подтверждено банком",
    ),
    column("is_intra_group", Plain, "Intra-group", "Внутригрупповой"),
    column(
        "is_intra_group_manual",
        Plain,
        "Intra-group by hand",
        "Внутригрупповой вручную",
    ),
    column("is_verified", Plain, "Verified", "Подтвержден"),
    column("kind", Word, "Kind", "Вид"),
    column("lastPayment", Date, "Last payment", "Последний платеж"),
    column("last_login", Time, "Last sign-in", "Последний вход"),
    column("last_used_at", Time, "Last used", "Последнее использование"),
    column("lender", Plain, "Lender", "Кредитор"),
    column("lender_id", Plain, "Lender ID", "ИД кредитора"),
    column(
        "merged_into",
        Plain,
        "Merged into (ID)",
        "Объединено с (ИД)",
    ),
    column("message", Plain, "Message", "Сообщение"),
    column("month", Month, "Month", "Месяц"),
    column("name", Plain, "Name", "Наименование"),
    column("net", Money, "Net", "Сальдо"),
    column("net_balance", Money, "Net balance", "Сальдо"),
    column(
        "newest_document",
        Date,
        "Newest document",
        "Самый новый документ",
    ),
    column("opening", Balance, "Opening balance", "Остаток на начало"),
    column("operation_id", Plain, "Operation", "Операция"),
    column("operation_type", Word, "Operation type", "Вид операции"),
    column("operations", Plain, "Operations", "Операций"),
    column("operationsCount", Plain, "Operations", "Операций"),
    column("organization", Plain, "Organization", "Организация"),
    column(
        "organization_id",
        Plain,
        "Organization ID",
        "ИД организации",
    ),
    column("other", Money, "Other", "Прочее"),
    column(
        "other_currencies",
        Plain,
        "Other currencies",
        "Другие валюты",
    ),
    column("other_income", Money, "Other income", "Прочие поступления"),
    column("outflow", Money, "Outflow", "Отток"),
    column("outstanding", Balance, "Outstanding", "Остаток долга"),
    column("overpaid", Balance, "Overpaid", "Переплата"),
    column("owed_to_us", Balance, "Owed to us", "Должны нам"),
    column("paid", Money, "Paid", "Уплачено"),
    column(
        "paidGrowth",
        Percent,
        "Growth of paid, %",
        "Рост уплаченного, %",
    ),
    column("part", Word, "Part", "Раздел"),
    column("payer", Plain, "Payer", "Плательщик"),
    column(
        "payer_account",
        Plain,
        "Payer's account",
        "Счет плательщика",
    ),
    column("payment_amount", Alias, "Amount", "Сумма платежа"),
    column(
        "payment_purpose",
        Plain,
        "Purpose of payment",
        "Назначение платежа",
    ),
    column("payment_type", Word, "Payment type", "Вид платежа"),
    column("payment_type_derived", Plain, "Type derived", "Вид выведен"),
    column(
        "payment_type_text",
        Plain,
        "Payment type in the export",
        "Вид платежа в выгрузке",
    ),
    column("phone", Plain, "Phone", "Телефон"),
    column("planned", Balance, "Planned", "Запланировано"),
    column("position", Plain, "Position", "Должность"),
    column("principal", Money, "Principal", "Основной долг"),
    column("processed_by", Plain, "Imported by", "Кем загружено"),
    column(
        "processing_time_seconds",
        Plain,
        "Duration, s",
        "Длительность, с",
    ),
    column("quarter", Plain, "Quarter", "Квартал"),
    column(
        "realized_rate",
        Percent,
        "Realized rate, %",
        "Фактическая ставка, %",
    ),
    column("reason", Plain, "Reason", "Причина"),
    column("receipts", Money, "Receipts", "Поступления"),
    column("received", Money, "Received", "Поступило"),
    column(
        "receivedGrowth",
        Percent,
        "Growth of received, %",
        "Рост поступлений, %",
    ),
    column("recipient", Plain, "Recipient", "Получатель"),
    column(
        "recipient_account",
        Plain,
        "Recipient's account",
        "Счет получателя",
    ),
    column("remark_codes", Plain, "Remarks", "Замечания"),
    column("repaid", Money, "Repaid", "Погашено по договору"),
    column(
        "repayment_type",
        Plain,
        "Repayment",
        "Погашение задолженности",
    ),
    column("responsible", Plain, "Responsible", "Ответственный"),
    column("responsible_person", Alias, "Responsible", "Ответственный"),
    column("returned", Money, "Returned", "Возвращено"),
    column("revoked_at", Time, "Revoked", "Отозван"),
    column("role", Plain, "Role", "Роль"),
    column("row_number", Plain, "Row", "Строка"),
    column("rows", Alias, "Rows", "Строки"),
    column(
        "rows_deactivated",
        Plain,
        "Rows deactivated",
        "Строк отключено",
    ),
    column("rows_deleted", Plain, "Rows deleted", "Строк удалено"),
    column("rows_failed", Plain, "Rows rejected", "Строк отклонено"),
    column("rows_inserted", Plain, "Rows inserted", "Строк добавлено"),
    column(
        "rows_left_alone",
        Plain,
        "Rows left alone",
        "Строк не тронуто",
    ),
    column("rows_total", Unsummed, "Total of the rows", "Сумма строк"),
    column(
        "rows_unchanged",
        Plain,
        "Rows unchanged",
        "Строк без изменений",
    ),
    column("rows_updated", Plain, "Rows updated", "Строк изменено"),
    column("run_id", Plain, "Import run ID", "ИД загрузки"),
    column(
        "scheduled_for",
        Time,
        "Scheduled for (UTC)",
        "По расписанию (UTC)",
    ),
    column(
        "settlement_account",
        Plain,
        "Settlement account",
        "Счет расчетов",
    ),
    column(
        "settlement_amount",
        Unsummed,
        "Settlement amount",
        "Сумма расчетов",
    ),
    column("settlement_rate", Plain, "Settlement rate", "Курс расчетов"),
    column("share", Percent, "Share, %", "Доля, %"),
    column("sheet", Plain, "Sheet", "Лист"),
    column("source", Plain, "Source", "Источник"),
    column("source_file", Plain, "File", "Файл"),
    column("source_id", Plain, "Other row ID", "ИД другой записи"),
    column("sources", Plain, "Sources", "Источники"),
    column("started_at", Time, "Started (UTC)", "Начато (UTC)"),
    column("started_by", Plain, "Started by", "Кем запущено"),
    column("state", Word, "State", "Состояние"),
    column("status", Word, "Status", "Статус"),
    column("table_name", Word, "Table", "Таблица"),
    column("target", Plain, "Row", "Запись"),
    column("target_id", Plain, "Row ID", "ИД записи"),
    column("tax_period", Plain, "Tax period", "Налоговый период"),
    column("total", Money, "Total", "Всего"),
    column("totalPaid", Money, "Total paid", "Всего уплачено"),
    column("total_count", Plain, "Contracts", "Договоров"),
    column("total_expenses", Money, "Expenses", "Списания"),
    column("total_files", Plain, "Files", "Файлов"),
    column("total_interest", Money, "Interest", "Проценты"),
    column("total_paid", Money, "Total paid", "Всего уплачено"),
    column("total_principal", Money, "Principal", "Основной долг"),
    column("total_receipts", Money, "Receipts", "Поступления"),
    column(
        "unconfirmed",
        Money,
        "Unconfirmed",
        "Не подтверждено банком",
    ),
    column(
        "unconfirmed_by_bank",
        Plain,
        "Unconfirmed by the bank",
        "Не подтверждено банком",
    ),
    column("undone_at", Time, "Undone (UTC)", "Отменено (UTC)"),
    column("updated_at", Time, "Updated (UTC)", "Изменено (UTC)"),
    column("user_id", Plain, "User ID", "ИД пользователя"),
    column("username", Plain, "Login name", "Имя для входа"),
    column("value", Plain, "Value", "Значение"),
    column("vat_amount", Money, "VAT", "Сумма НДС"),
    column(
        "vat_in_expense",
        Alias,
        "VAT in the expense",
        "НДС в составе расхода",
    ),
    column("warnings", Plain, "Warnings", "Предупреждения"),
    column("year", Plain, "Year", "Год"),
];
