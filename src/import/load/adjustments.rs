//! Adjustments of a workbook: the rows of a file replace those that the same file brought before.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;

use super::{LoadError, Loader, fingerprint};
use crate::db::{
    DbConn, DbError, KnownAdjustment, NewAdjustment, delete_adjustments, has_operations_until,
    insert_adjustments, list_sources_of_equal_adjustments, list_workbook_adjustments, utc_now,
};
use crate::domain::{AdjustmentKind, Month};
use crate::import::load::dated_name::undated_name;
use crate::import::load::parties::PartyNames;
use crate::import::remark::{Remark, RemarkCode};
use crate::import::workbook::AdjustmentRow;

/// Who entered what a workbook holds.
const AUTHOR: &str = "import";

impl Loader {
    /// Stores the adjustments of the whole file. Those that it no longer holds are removed, unless
    /// rows of it were rejected: one of them may be theirs. A file that holds new ones as well is
    /// refused then, because a new one may replace a stored one, and both would count. Of a
    /// workbook of the same name from elsewhere only the adjustments of organizations that this one
    /// names are replaced. Nothing that a newer version brought is replaced by an older one.
    pub(super) async fn replace_adjustments(
        &mut self,
        conn: &mut DbConn,
        rows: Vec<AdjustmentRow>,
    ) -> Result<(), LoadError> {
        self.check_names(&rows)?;
        let stored = list_workbook_adjustments(conn, self.department_id).await?;
        let known: Vec<KnownAdjustment> =
            stored.into_iter().filter(|row| self.brought(row)).collect();
        if self.is_superseded() {
            self.leave_alone(rows.len());
            return Ok(());
        }
        if rows.is_empty() && !self.rejected.any && self.snapshot.workbook.is_whole {
            let own = |row: &&KnownAdjustment| {
                row.import_source.as_ref() == Some(&self.snapshot.workbook.source)
            };
            self.keep_all(known.iter().filter(own).count());
            return Ok(());
        }
        let of_newer = self.organizations_of_newer(conn, &known).await?;
        let (left, rows): (Vec<AdjustmentRow>, Vec<AdjustmentRow>) =
            rows.into_iter().partition(|row| self.is_of(row, &of_newer));
        self.leave_alone(left.len());
        let known: Vec<KnownAdjustment> = known
            .into_iter()
            .filter(|row| !of_newer.contains(&row.organization_id))
            .collect();
        let unchanged: HashSet<(i64, i32)> = known
            .iter()
            .map(|row| (row.fingerprint, row.occurrence))
            .collect();
        let (wanted, fresh) = self.new_adjustments(conn, rows, &unchanged).await?;
        let mut gone = self.gone_adjustments(known, &wanted);
        if self.rejected.any && !gone.is_empty() {
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
            self.touched.touch(
                row.organization_id,
                Some(Month::of(row.effective_date).first_day()),
            );
            self.touched_contracts.insert(row.contract_id);
        }
        let updated = gone.len().min(fresh.len());
        self.counts.updated += updated;
        self.counts.inserted += fresh.len() - updated;
        self.counts.deleted += gone.len() - updated;
        let ids: Vec<i64> = gone.iter().map(|row| row.id).collect();
        delete_adjustments(conn, self.department_id, &ids).await?;
        let openings: BTreeSet<(i64, NaiveDate)> = fresh
            .iter()
            .filter(|row| row.kind == AdjustmentKind::OpeningBalance.as_str())
            .map(|row| (row.contract_id, row.effective_date))
            .collect();
        insert_adjustments(conn, fresh).await?;
        self.remark_on_doubles(conn, openings).await?;
        self.note_made_contracts();
        Ok(())
    }

    /// Returns whether a stored adjustment is of a version of the workbook.
    fn brought(&self, stored: &KnownAdjustment) -> bool {
        undated_name(&stored.source).0 == self.snapshot.workbook.series
    }

    /// Returns whether the source itself has given a newer version of the workbook.
    fn is_superseded(&self) -> bool {
        let own = &self.snapshot.workbook;
        own.is_whole && self.snapshot.is_older_than_source(&own.source)
    }

    /// Returns the organizations that a newer version from elsewhere names, or brought the stored
    /// adjustments of.
    async fn organizations_of_newer(
        &self,
        conn: &mut DbConn,
        known: &[KnownAdjustment],
    ) -> Result<HashSet<i64>, DbError> {
        let is_newer = |source: &String| self.snapshot.is_older_than_source(source);
        let brought = known
            .iter()
            .filter(|row| row.import_source.as_ref().is_some_and(is_newer));
        let named = self.snapshot.organizations_of_newer(conn).await?;
        Ok(brought
            .map(|row| row.organization_id)
            .chain(named)
            .collect())
    }

    fn is_of(&self, row: &AdjustmentRow, organization_ids: &HashSet<i64>) -> bool {
        self.directory
            .organization_id(&row.organization)
            .is_some_and(|id| organization_ids.contains(&id))
    }

    /// Says that an empty workbook removes nothing.
    fn keep_all(&mut self, stored: usize) {
        if stored > 0 {
            let text = format!(
                "the workbook holds no adjustments; its {stored} stored ones were kept: to remove the last ones, leave \
                 them in it with the amount 0"
            );
            self.remarks
                .push(Remark::new(RemarkCode::MissingNotRemoved, text));
        }
    }

    /// Counts rows that a newer version supersedes.
    fn leave_alone(&mut self, rows: usize) {
        if rows > 0 {
            self.counts.left_alone += rows;
            let text = format!(
                "{rows} of its rows were left alone, because a newer version of the workbook was imported before"
            );
            match self.snapshot.is_age_in_doubt() {
                true => self.remarks.push(Remark::new(RemarkCode::NewerFile, text)),
                false => self.notes.push(text),
            }
        }
    }

    /// Says which contracts it made, where only operations should.
    fn note_made_contracts(&mut self) {
        let made = self.directory.take_made_contracts();
        if !made.is_empty() {
            let made = made.join("\", \"");
            self.notes
                .push(format!("no operation names the contract \"{made}\": it was created; check how it is written"));
        }
    }

    /// Refuses names that would make organizations or contracts which no export knows of.
    fn check_names(&self, rows: &[AdjustmentRow]) -> Result<(), LoadError> {
        let unknown: BTreeSet<&str> = rows
            .iter()
            .map(|row| row.organization.as_str())
            .filter(|name| self.directory.organization_id(name).is_none())
            .collect();
        if !unknown.is_empty() {
            let names: Vec<&str> = unknown.into_iter().collect();
            return Err(LoadError::Refused(format!(
                "nothing was taken, because no import has brought the organization {:?} yet: correct its name, or \
                 import its exports first",
                names.join("\", \"")
            )));
        }
        match rows
            .iter()
            .find(|row| row.counterparty.is_none() && row.contract.is_per_counterparty())
        {
            Some(row) => Err(LoadError::Refused(format!(
                "nothing was taken, because the contract {:?} has neither number nor date, so that each counterparty \
                 has one of its own: fill in «Контрагент»",
                row.contract.spelling
            ))),
            None => Ok(()),
        }
    }

    /// Returns the fingerprints and occurrences of all rows, and those of the rows that are not
    /// stored yet.
    async fn new_adjustments(
        &mut self,
        conn: &mut DbConn,
        rows: Vec<AdjustmentRow>,
        unchanged: &HashSet<(i64, i32)>,
    ) -> Result<(HashSet<(i64, i32)>, Vec<NewAdjustment>), DbError> {
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
            if unchanged.contains(&(fingerprint, occurrence)) {
                self.counts.unchanged += 1;
                continue;
            }
            self.touched
                .touch(parties.organization.target_id, Some(row.effective_date));
            self.touched_contracts.insert(parties.contract.target_id);
            fresh.push(NewAdjustment {
                department_id: self.department_id,
                contract_id: parties.contract.target_id,
                contract_alias_id: Some(parties.contract.id),
                lender_alias_id: parties.lender.map(|alias| alias.id),
                effective_date: row.effective_date,
                kind: row.kind.to_owned(),
                amount: row.amount.kopecks(),
                comment: row.comment,
                author: AUTHOR.to_owned(),
                source: self.snapshot.workbook.series.clone(),
                import_source: Some(self.snapshot.workbook.source.clone()),
                fingerprint,
                occurrence,
                created_at: now,
                updated_at: now,
            });
        }
        Ok((wanted, fresh))
    }

    /// Returns the stored adjustments that the file no longer holds.
    fn gone_adjustments(
        &self,
        known: Vec<KnownAdjustment>,
        wanted: &HashSet<(i64, i32)>,
    ) -> Vec<KnownAdjustment> {
        let is_own = |row: &KnownAdjustment| {
            self.snapshot.workbook.is_whole
                && row.import_source.as_ref() == Some(&self.snapshot.workbook.source)
                || self.organizations.contains_key(&row.organization_id)
        };
        let is_gone = |row: &KnownAdjustment| !wanted.contains(&(row.fingerprint, row.occurrence));
        known
            .into_iter()
            .filter(|row| is_gone(row) && is_own(row))
            .collect()
    }

    /// Says which adjustments may count what is counted elsewhere.
    async fn remark_on_doubles(
        &mut self,
        conn: &mut DbConn,
        openings: BTreeSet<(i64, NaiveDate)>,
    ) -> Result<(), DbError> {
        let mut preceded = 0;
        for (contract_id, day) in openings {
            preceded += usize::from(
                has_operations_until(conn, self.department_id, contract_id, day).await?,
            );
        }
        if preceded > 0 {
            let text = format!(
                "operations precede {preceded} of its opening balances: they are added to what those make of it"
            );
            self.remarks
                .push(Remark::new(RemarkCode::LateOpeningBalance, text));
        }
        let sources = list_sources_of_equal_adjustments(
            conn,
            self.department_id,
            &self.snapshot.workbook.series,
        )
        .await?;
        self.remarks.extend(sources.into_iter().map(|source| {
            let text = format!(
                "adjustments of it are equal to some of {source:?} and count twice: remove them from one of the two"
            );
            Remark::new(RemarkCode::EqualAdjustments, text)
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
            lender_inn: None,
            contract: Some(&row.contract),
        }
    }
}
