//! What a database holds, by natural keys: two databases with the same rows give the same texts.

use std::collections::{BTreeMap, HashMap};

use credit_portfolio::api::types::{Expense, ExpenseDetail, Receipt, StoredContract};
use credit_portfolio::db::{
    self, BankAccountRow, ContractFilter, Db, DbConn, DetailFilter, Details, Expenses,
    OperationFilter, OrganizationRow, Page, PagedList, Receipts, ReferenceFilter, ReferenceRow,
    list_contracts, search_contracts,
};
use credit_portfolio::domain::{DateRange, DepartmentScope};
use serde::Serialize;
use serde_json::Value;

use super::app::TestApp;

const ALL: Page = Page {
    skip: 0,
    limit: 10_000_000,
};

/// The rows of every table, in order, without ids, department and times of writing.
pub async fn contents(db: &Db, department_id: i64) -> BTreeMap<&'static str, Vec<String>> {
    let scope = DepartmentScope::One(department_id);
    let conn = &mut db.conn().await.unwrap();
    let names = Names::read(conn, scope, department_id).await;
    let operations = OperationFilter::all(scope);
    let details = DetailFilter {
        department: scope,
        dates: DateRange::ALL,
        expense_operation_id: None,
        contract_id: None,
    };
    let contracts = ContractFilter {
        department: scope,
        is_active: None,
        contract_type: None,
        lender_id: None,
        direction: None,
        search: None,
    };
    BTreeMap::from([
        (
            "receipts",
            names.texts(&all_of::<Receipt, _>(conn, &Receipts(operations.clone())).await),
        ),
        (
            "expenses",
            names.texts(&all_of::<Expense, _>(conn, &Expenses(operations)).await),
        ),
        (
            "details",
            names.texts(&all_of::<ExpenseDetail, _>(conn, &Details(details)).await),
        ),
        (
            "contracts",
            names.texts(
                &search_contracts(conn, &contracts)
                    .await
                    .unwrap()
                    .into_iter()
                    .map(StoredContract::from)
                    .collect::<Vec<_>>(),
            ),
        ),
    ])
}

async fn all_of<T: From<L::Row>, L: PagedList>(conn: &mut DbConn, list: &L) -> Vec<T> {
    let keys = list.sorted_keys(conn, None, ALL).await.unwrap();
    let mut rows = Vec::new();
    for part in keys.chunks(1000) {
        rows.extend(
            list.rows(conn, part)
                .await
                .unwrap()
                .into_iter()
                .map(T::from),
        );
    }
    rows
}

/// What stands behind ids.
struct Names(HashMap<(&'static str, i64), String>);

impl Names {
    async fn read(conn: &mut DbConn, scope: DepartmentScope, department_id: i64) -> Names {
        let mut names = HashMap::new();
        for row in OrganizationRow::list(conn, &ReferenceFilter::all(scope), ALL)
            .await
            .unwrap()
            .0
        {
            names.insert(("organization_id", row.id), row.name);
        }
        for row in BankAccountRow::list(conn, &ReferenceFilter::all(scope), ALL)
            .await
            .unwrap()
            .0
        {
            names.insert(("bank_account_id", row.id), row.account_number);
        }
        for row in list_contracts(conn, department_id).await.unwrap() {
            let organization = &names[&("organization_id", row.organization_id)];
            // The key of a contract of one counterparty ends with an id.
            let key = row.contract_key.split('@').next().unwrap_or_default();
            names.insert(("contract_id", row.id), format!("{organization} {key}"));
        }
        Names(names)
    }

    fn texts<T: Serialize>(&self, rows: &[T]) -> Vec<String> {
        let text_of = |row: &T| {
            let mut row = serde_json::to_value(row).unwrap();
            let fields = row.as_object_mut().unwrap();
            for name in [
                "id",
                "department_id",
                "lender_id",
                "created_at",
                "updated_at",
            ] {
                fields.remove(name);
            }
            for name in ["organization_id", "bank_account_id", "contract_id"] {
                if let Some(id) = fields.get(name).and_then(Value::as_i64) {
                    fields[name] = self.0[&(name, id)].clone().into();
                }
            }
            row.to_string()
        };
        let mut texts: Vec<String> = rows.iter().map(text_of).collect();
        texts.sort();
        texts
    }
}

/// Whether the rollups are those that the rows make: as computed aside, and as rebuilt.
pub async fn has_true_rollups(db: &Db) -> bool {
    let kept = db::list_rollups(&mut db.conn().await.unwrap())
        .await
        .unwrap();
    let computed = db
        .snapshot(async |conn| db::compute_rollups(conn).await)
        .await
        .unwrap();
    assert_eq!(computed, kept);
    db.write(async |conn| db::rebuild_rollups(conn).await.map(drop))
        .await
        .unwrap();
    kept == db::list_rollups(&mut db.conn().await.unwrap())
        .await
        .unwrap()
}

/// The tables that merges, splits and their undoing change.
const MERGED_TABLES: [&str; 18] = [
    "adjustments",
    "aliases",
    "bank_accounts",
    "contracts",
    "counted_contracts",
    "daily_flows",
    "daily_totals",
    "expense_details",
    "expenses",
    "file_organizations",
    "lenders",
    "monthly_debts",
    "monthly_flows",
    "monthly_totals",
    "organizations",
    "receipts",
    "yearly_flows",
    "yearly_totals",
];

/// Every row of these tables with its ids, in order, without the times of writing.
pub fn stored_rows(app: &TestApp) -> BTreeMap<&'static str, Vec<String>> {
    let rows = |table: &'static str| {
        let columns = match app.database_url.strip_prefix("sqlite://") {
            Some(_) => format!("SELECT name FROM pragma_table_info('{table}')"),
            None => format!(
                "SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"
            ),
        };
        let columns = app.read(&columns);
        let columns: Vec<&str> = columns
            .iter()
            .map(String::as_str)
            .filter(|name| !["created_at", "updated_at", "version_at"].contains(name))
            .collect();
        let fields: Vec<String> = columns
            .iter()
            .map(|name| format!("'{name}=' || COALESCE(CAST({name} AS TEXT), '')"))
            .collect();
        (
            table,
            app.read(&format!(
                "SELECT {} FROM {table} ORDER BY 1",
                fields.join(" || '; ' || ")
            )),
        )
    };
    MERGED_TABLES.into_iter().map(rows).collect()
}
