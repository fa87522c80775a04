//! Expense details: replaced as the complete set of their expense.
//!
//! The set is compared as a multiset: a detail that is in both is left alone, whatever its place
//! in the file. Of one expense, a new detail and a vanished one together count as an update. A set
//! that is newer than the file, or of which the file lacks rejected rows, stays as it is.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::detail_contracts::LinkedDetail;
use super::{LoadError, Loader, fingerprint};
use crate::db::{
    DbConn, ExpenseFacts, KnownDetail, NewExpenseDetail, RowVersion, delete_expense_details,
    insert_expense_details, list_details_of, list_expense_facts, move_details_to_version,
    note_orphaned_details, utc_now,
};
use crate::domain::{Money, settled_amount};
use crate::import::workbook::DetailRow;

/// Stands for a detail of an expense: its fingerprint, and how many equal ones come before it.
type DetailKey = (i64, i32);

/// What has to be done to the stored details.
#[derive(Default)]
struct DetailChanges {
    vanished: Vec<i64>,
    inserted: Vec<NewExpenseDetail>,
    /// Those of them whose expense is known and that name a contract.
    linked: Vec<LinkedDetail>,
    /// Details that a part of a workbook holds unchanged.
    confirmed: Vec<i64>,
    /// The expenses of the details that are not there, or inactive.
    orphaned: Vec<String>,
}

impl Loader {
    /// Stores complete sets of details. Those of an expense that is not known yet have no contract
    /// until it arrives.
    pub(super) async fn replace_details(
        &mut self,
        conn: &mut DbConn,
        rows: Vec<DetailRow>,
    ) -> Result<(), LoadError> {
        let department_id = self.department_id;
        let mut sets: BTreeMap<String, Vec<DetailRow>> = BTreeMap::new();
        for row in rows {
            sets.entry(row.expense_operation_id.clone())
                .or_default()
                .push(row);
        }
        let ids: Vec<&str> = sets.keys().map(String::as_str).collect();
        let expenses = list_expense_facts(conn, department_id, &ids).await?;
        let mut known: HashMap<String, Vec<KnownDetail>> = HashMap::new();
        for detail in list_details_of(conn, department_id, &ids).await? {
            known
                .entry(detail.expense_operation_id.clone())
                .or_default()
                .push(detail);
        }
        self.snapshot
            .meet(conn, known.values().flatten().map(|detail| detail.version))
            .await?;
        let mut changes = DetailChanges::default();
        for (expense_operation_id, rows) in sets {
            let stored = known.remove(&expense_operation_id).unwrap_or_default();
            let expense = expenses.get(&expense_operation_id);
            self.compare_set(expense, &expense_operation_id, &stored, rows, &mut changes)?;
        }
        let DetailChanges {
            vanished,
            mut inserted,
            linked,
            confirmed,
            orphaned,
        } = changes;
        let orphaned: Vec<&str> = orphaned.iter().map(String::as_str).collect();
        note_orphaned_details(conn, department_id, &orphaned).await?;
        self.link_new_details(conn, &mut inserted, &linked, &expenses)
            .await?;
        delete_expense_details(conn, department_id, &vanished).await?;
        insert_expense_details(conn, inserted).await?;
        Ok(
            move_details_to_version(conn, department_id, &confirmed, self.snapshot.version())
                .await?,
        )
    }

    /// Compares the details of one expense with the stored ones and adds what has to be done.
    fn compare_set(
        &mut self,
        expense: Option<&ExpenseFacts>,
        expense_operation_id: &str,
        stored: &[KnownDetail],
        rows: Vec<DetailRow>,
        changes: &mut DetailChanges,
    ) -> Result<(), LoadError> {
        self.note_detailed_expense(expense, expense_operation_id);
        let set = ComparedSet::new(stored, rows);
        if set.differs() && self.stays(expense, expense_operation_id, stored, &set)? {
            self.counts.left_alone += set.rows.len();
            return Ok(());
        }
        if expense.is_none_or(|expense| !expense.is_active) {
            changes.orphaned.push(expense_operation_id.to_owned());
        }
        self.confirm_kept(&set, changes);
        if set.differs() {
            self.replace_set(expense, expense_operation_id, set, changes);
        }
        Ok(())
    }

    /// Notes that the file holds details of an expense.
    fn note_detailed_expense(
        &mut self,
        expense: Option<&ExpenseFacts>,
        expense_operation_id: &str,
    ) {
        if let Some(expense) = expense {
            self.note_organization(expense.organization_id, expense.document_date);
            self.detail_alias_ids.extend(expense.organization_alias_id);
        }
        if self.snapshot.workbook.max_missing_percent.is_some() {
            self.detailed_expenses.take(expense_operation_id, 1);
        }
    }

    /// Counts the details that stay as they are; some get the file's version.
    fn confirm_kept(&mut self, set: &ComparedSet<'_>, changes: &mut DetailChanges) {
        let is_confirmed = |detail: &&&KnownDetail| self.snapshot.takes_over(detail.version);
        changes
            .confirmed
            .extend(set.kept.iter().filter(is_confirmed).map(|detail| detail.id));
        self.counts.unchanged += set.kept.len();
    }

    /// Adds that the details of an expense which differ are replaced. The figures of the expense
    /// and of every contract concerned change.
    fn replace_set(
        &mut self,
        expense: Option<&ExpenseFacts>,
        expense_operation_id: &str,
        set: ComparedSet<'_>,
        changes: &mut DetailChanges,
    ) {
        let gone = &set.gone;
        changes.vanished.extend(gone.iter().map(|detail| detail.id));
        self.touched_contracts
            .extend(gone.iter().filter_map(|detail| detail.contract_id));
        if let Some(expense) = expense {
            self.touched
                .touch(expense.organization_id, expense.document_date);
            self.touched_contracts.extend(expense.contract_id);
        }
        let (gone, inserted) = (gone.len(), set.into_inserted());
        let updated = gone.min(inserted.len());
        self.counts.updated += updated;
        self.counts.inserted += inserted.len() - updated;
        self.counts.deleted += gone - updated;
        for (key, row) in inserted {
            let linked = row.contract.clone().filter(|_| expense.is_some());
            changes.linked.extend(linked.map(|contract| LinkedDetail {
                place: changes.inserted.len(),
                contract,
                expense_operation_id: expense_operation_id.to_owned(),
            }));
            let version = self.snapshot.version();
            changes
                .inserted
                .push(new_detail(self.department_id, row, key, version));
        }
    }

    /// Returns whether the details that are stored of an expense, or that none are, is newer than
    /// the file, or more than it holds.
    fn stays(
        &mut self,
        expense: Option<&ExpenseFacts>,
        expense_operation_id: &str,
        stored: &[KnownDetail],
        set: &ComparedSet<'_>,
    ) -> Result<bool, LoadError> {
        let rows = set.rows.len();
        let Some(first) = stored.first() else {
            let lacked_by = expense
                .map(|expense| expense.organization_id)
                .filter(|id| self.snapshot.lacks(*id));
            lacked_by.inspect(|id| self.snapshot.leave_out(*id, rows));
            return Ok(lacked_by.is_some());
        };
        if let Some(newer) = stored
            .iter()
            .find(|detail| self.snapshot.is_older_than(detail.version))
        {
            self.snapshot.leave_alone(newer.version, rows);
            return Ok(true);
        }
        let loses_details = !set.gone.is_empty();
        if self.rejected.concern(expense_operation_id, loses_details) {
            self.incomplete_sets += 1;
            return Ok(true);
        }
        self.snapshot.overwrite(first.version);
        Ok(false)
    }
}

/// The details of an expense in the file, and what is stored of them.
struct ComparedSet<'s> {
    rows: Vec<(DetailKey, DetailRow)>,
    /// The stored details that are in both.
    kept: Vec<&'s KnownDetail>,
    /// The stored details that the file does not hold.
    gone: Vec<&'s KnownDetail>,
}

impl<'s> ComparedSet<'s> {
    fn new(stored: &'s [KnownDetail], rows: Vec<DetailRow>) -> ComparedSet<'s> {
        let rows = numbered(rows);
        let wanted: HashSet<DetailKey> = rows.iter().map(|(key, _)| *key).collect();
        let (kept, gone) = stored
            .iter()
            .partition(|detail| wanted.contains(&stored_key(detail)));
        ComparedSet { rows, kept, gone }
    }

    fn differs(&self) -> bool {
        !self.gone.is_empty() || self.kept.len() < self.rows.len()
    }

    /// Returns the details that are not stored.
    fn into_inserted(self) -> Vec<(DetailKey, DetailRow)> {
        let kept: HashSet<DetailKey> = self.kept.into_iter().map(stored_key).collect();
        let mut inserted = self.rows;
        inserted.retain(|(key, _)| !kept.contains(key));
        inserted
    }
}

fn stored_key(detail: &KnownDetail) -> DetailKey {
    (detail.fingerprint, detail.occurrence)
}

/// Returns details with what stands for each.
fn numbered(rows: Vec<DetailRow>) -> Vec<(DetailKey, DetailRow)> {
    let mut occurrences: HashMap<i64, i32> = HashMap::new();
    let mut key = |row: &DetailRow| {
        let fingerprint = fingerprint(row);
        let next = occurrences.entry(fingerprint).or_default();
        let occurrence = *next;
        *next += 1;
        (fingerprint, occurrence)
    };
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

fn new_detail(
    department_id: i64,
    row: DetailRow,
    key: DetailKey,
    version: RowVersion,
) -> NewExpenseDetail {
    NewExpenseDetail {
        department_id,
        expense_operation_id: row.expense_operation_id,
        contract_id: None,
        contract_alias_id: None,
        contract_text: row.contract.map(|contract| contract.spelling),
        repayment_type: row.repayment_type,
        settlement_account: row.settlement_account,
        advance_account: row.advance_account,
        payment_type: row.payment_type,
        amount: row.amount.kopecks(),
        settled_amount: settled_amount(
            row.amount,
            row.settlement_amount,
            row.settlement_rate.as_deref(),
        )
        .map(Money::kopecks),
        settlement_rate: row.settlement_rate,
        settlement_amount: row.settlement_amount.map(Money::kopecks),
        vat_amount: row.vat_amount.map(Money::kopecks),
        expense_amount: row.expense_amount.map(Money::kopecks),
        included_vat: row.included_vat.map(Money::kopecks),
        expense_item: row.expense_item,
        fingerprint: key.0,
        occurrence: key.1,
        snapshot_id: version.snapshot_id,
        version_at: version.version_at,
        created_at: utc_now(),
    }
}
