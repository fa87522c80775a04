//! Adjustments of a workbook: the rows of a file replace those that the same file brought before.

use std::collections::{HashMap, HashSet};

use super::{LoadError, Loader, fingerprint};
use crate::db::{
    DbConn, NewAdjustment, delete_adjustments, insert_adjustments, list_adjustments_of_source,
    list_sources_of_equal_adjustments, utc_now,
};
use crate::domain::Month;
use crate::import::directory::PartyNames;
use crate::import::workbook::AdjustmentRow;

/// Who entered what a workbook holds.
const AUTHOR: &str = "import";

impl Loader {
    /// Stores the adjustments of the whole file. Those that it no longer holds are removed, unless rows of
    /// it were rejected: one of them may be theirs. A file that holds new ones as well is refused then,
    /// because a new one may replace a stored one, and both would count.
    pub(super) async fn replace_adjustments(
        &mut self,
        conn: &mut DbConn,
        rows: Vec<AdjustmentRow>,
        has_rejects: bool,
    ) -> Result<(), LoadError> {
        let known = list_adjustments_of_source(conn, self.department_id, &self.file).await?;
        let stored: HashSet<(i64, i32)> = known.iter().map(|row| (row.fingerprint, row.occurrence)).collect();
        let names: Vec<PartyNames<'_>> = rows.iter().map(PartyNames::from).collect();
        let parties = self.directory.parties(conn, &names).await?;
        let (mut occurrences, mut wanted, mut fresh) = (HashMap::new(), HashSet::new(), Vec::new());
        let now = utc_now();
        for (row, parties) in rows.into_iter().zip(parties) {
            self.note_organization(parties.organization.target_id, Some(row.effective_date));
            let fingerprint = fingerprint(&row);
            let next: &mut i32 = occurrences.entry(fingerprint).or_default();
            let occurrence = *next;
            *next += 1;
            wanted.insert((fingerprint, occurrence));
            if stored.contains(&(fingerprint, occurrence)) {
                self.counts.unchanged += 1;
                continue;
            }
            self.touched.touch(parties.organization.target_id, Some(row.effective_date));
            self.touched_contracts.insert(parties.contract.target_id);
            fresh.push(NewAdjustment {
                department_id: self.department_id,
                contract_id: parties.contract.target_id,
                contract_alias_id: Some(parties.contract.id),
                effective_date: row.effective_date,
                kind: row.kind.to_owned(),
                amount: row.amount.kopecks(),
                comment: row.comment,
                author: AUTHOR.to_owned(),
                source: self.file.clone(),
                fingerprint,
                occurrence,
                created_at: now,
                updated_at: now,
            });
        }
        let is_gone = |fingerprint: i64, occurrence: i32| !wanted.contains(&(fingerprint, occurrence));
        let mut gone: Vec<_> = known.into_iter().filter(|row| is_gone(row.fingerprint, row.occurrence)).collect();
        if has_rejects && !gone.is_empty() {
            if !fresh.is_empty() {
                return Err(LoadError::Refused(format!(
                    "nothing was taken, because rows were rejected and {} others are new: which of the {} stored \
                     adjustments that are not among them they replace can't be decided; correct the rejected rows",
                    fresh.len(),
                    gone.len()
                )));
            }
            gone.clear();
        }
        for row in &gone {
            self.touched.touch(row.organization_id, Some(Month::of(row.effective_date).first_day()));
        }
        let updated = gone.len().min(fresh.len());
        self.counts.updated += updated;
        self.counts.inserted += fresh.len() - updated;
        self.counts.deleted += gone.len() - updated;
        let ids: Vec<i64> = gone.iter().map(|row| row.id).collect();
        delete_adjustments(conn, self.department_id, &ids).await?;
        insert_adjustments(conn, fresh).await?;
        let sources = list_sources_of_equal_adjustments(conn, self.department_id, &self.file).await?;
        self.remarks.extend(sources.into_iter().map(|source| {
            format!(
                "adjustments of it are equal to some of {source:?} and count twice: remove them from one of the two"
            )
        }));
        Ok(())
    }
}

impl<'r> From<&'r AdjustmentRow> for PartyNames<'r> {
    fn from(row: &'r AdjustmentRow) -> PartyNames<'r> {
        PartyNames {
            organization: &row.organization,
            bank_account: None,
            lender: row.counterparty.as_deref(),
            contract: Some(&row.contract),
        }
    }
}
