//! Recognizes lenders: by name, and where two of one name have two INNs, by both. The INN is learnt
//! from the rows of a lender that has none, unless another one of that name has it.

use super::PartyResolver;
use crate::db::{
    AliasKind, DbConn, DbError, KnownAlias, LenderChange, LenderRow, ReferenceRow, insert_lender,
};

/// What stands between the name and the INN of a lender that is recognized by both.
const INN_MARK: &str = " ИНН ";

impl PartyResolver {
    /// Returns the lender of a name. One of another INN than the known one of that name is another:
    /// it is recognized by name and INN.
    pub(super) async fn lender(
        &mut self,
        conn: &mut DbConn,
        name: &str,
        inn: Option<&str>,
    ) -> Result<KnownAlias, DbError> {
        let mut key = self.folded(name);
        let mut spelling = name.to_owned();
        let mut known = self.lenders.get(&key).copied();
        if let (Some(plain), Some(inn)) = (known, inn) {
            let key_with_inn = format!("{key}{INN_MARK}{inn}");
            known = self.lenders.get(&key_with_inn).copied();
            if known.is_none() {
                let same = self.namesake(&key, plain, inn);
                if same == Some(plain.target_id) {
                    return Ok(plain);
                }
                if same.is_none() && !self.lender_inns.contains_key(&plain.target_id) {
                    self.fill_inn(conn, plain.target_id, inn).await?;
                    return Ok(plain);
                }
                (key, spelling) = (key_with_inn, format!("{name},{INN_MARK}{inn}"));
                if let Some(id) = same {
                    return self.new_lender_alias(conn, key, &spelling, id).await;
                }
            }
        }
        if let Some(known) = known {
            return Ok(known);
        }
        let id = insert_lender(conn, self.department_id, name, inn).await?;
        self.has_new_parties = true;
        self.lender_inns.extend(inn.map(|inn| (id, inn.to_owned())));
        self.new_lender_alias(conn, key, &spelling, id).await
    }

    /// Returns the lender of an INN among those of a name, first the one that is recognized by the
    /// name alone.
    fn namesake(&self, key: &str, plain: KnownAlias, inn: &str) -> Option<i64> {
        let has_inn = |id: &i64| self.lender_inns.get(id).is_some_and(|known| known == inn);
        let is_of_name = |other: &str| {
            other
                .strip_prefix(key)
                .is_some_and(|rest| rest.starts_with(INN_MARK))
        };
        let others = self
            .lenders
            .iter()
            .filter(|(other, _)| is_of_name(other))
            .map(|(_, alias)| alias.target_id);
        Some(plain.target_id)
            .filter(has_inn)
            .or_else(|| others.filter(has_inn).min())
    }

    async fn new_lender_alias(
        &mut self,
        conn: &mut DbConn,
        key: String,
        spelling: &str,
        lender_id: i64,
    ) -> Result<KnownAlias, DbError> {
        let alias = self
            .new_alias(conn, AliasKind::Lender, key.clone(), spelling, lender_id)
            .await?;
        self.lenders.insert(key, alias);
        self.lender_ids.insert(alias.id, lender_id);
        self.lender_aliases
            .entry(lender_id)
            .or_default()
            .insert(alias.id);
        Ok(alias)
    }

    async fn fill_inn(
        &mut self,
        conn: &mut DbConn,
        lender_id: i64,
        inn: &str,
    ) -> Result<(), DbError> {
        let change = LenderChange {
            inn: Some(Some(inn.to_owned())),
            ..LenderChange::default()
        };
        LenderRow::update(conn, lender_id, &change).await?;
        self.lender_inns.insert(lender_id, inn.to_owned());
        (self.has_changed, self.has_new_parties) = (true, true);
        Ok(())
    }
}
