//! The tables, as Diesel sees them: one schema for both databases.
//!
//! Only types that PostgreSQL and SQLite share: money is `BigInt` kopecks, times are UTC
//! `Timestamp`s. In PostgreSQL the primary keys are (department_id, id); Diesel knows `id`
//! alone, which is unique in both databases. A test compares this file with both migrated schemas.

diesel::table! {
    departments (id) {
        id -> BigInt,
        name -> Text,
        code -> Text,
        is_active -> Bool,
        generation -> BigInt,
        data_as_of -> Nullable<Timestamp>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        checked_at -> Nullable<Timestamp>,
        has_findings -> Bool,
        totals_generation -> BigInt,
        debts_generation -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        department_id -> BigInt,
        username -> Text,
        email -> Text,
        password_hash -> Text,
        full_name -> Text,
        role -> Text,
        is_active -> Bool,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        is_verified -> Bool,
        position -> Nullable<Text>,
        phone -> Nullable<Text>,
        last_login -> Nullable<Timestamp>,
        version -> BigInt,
        language -> Nullable<Text>,
        theme -> Nullable<Text>,
    }
}

diesel::table! {
    sessions (cookie_hash) {
        cookie_hash -> Text,
        user_id -> BigInt,
        version -> BigInt,
        created_at -> Timestamp,
        last_seen_at -> Timestamp,
        ends_at -> Timestamp,
    }
}

diesel::table! {
    account_changes (id) {
        id -> BigInt,
        generation -> BigInt,
    }
}

diesel::table! {
    api_keys (id) {
        id -> BigInt,
        user_id -> BigInt,
        name -> Text,
        key_hash -> Text,
        hint -> Text,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
        last_used_at -> Nullable<Timestamp>,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    audit_log (id) {
        id -> BigInt,
        at -> Timestamp,
        actor_id -> Nullable<BigInt>,
        actor -> Text,
        address -> Nullable<Text>,
        action -> Text,
        user_id -> Nullable<BigInt>,
        username -> Text,
        details -> Nullable<Text>,
    }
}

diesel::table! {
    organizations (id) {
        id -> BigInt,
        department_id -> BigInt,
        name -> Text,
        inn -> Nullable<Text>,
        is_active -> Bool,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        merged_into -> Nullable<BigInt>,
    }
}

diesel::table! {
    bank_accounts (id) {
        id -> BigInt,
        department_id -> BigInt,
        account_number -> Text,
        bank_name -> Nullable<Text>,
        is_active -> Bool,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        merged_into -> Nullable<BigInt>,
    }
}

diesel::table! {
    contracts (id) {
        id -> BigInt,
        department_id -> BigInt,
        organization_id -> BigInt,
        contract_key -> Text,
        contract_number -> Text,
        contract_date -> Nullable<Date>,
        contract_type -> Nullable<Text>,
        counterparty -> Nullable<Text>,
        is_active -> Bool,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        lender_id -> Nullable<BigInt>,
        direction -> Nullable<Text>,
        currency -> Nullable<Text>,
        is_type_manual -> Bool,
        is_lender_manual -> Bool,
        is_direction_manual -> Bool,
        is_currency_manual -> Bool,
        merged_into -> Nullable<BigInt>,
    }
}

diesel::table! {
    lenders (id) {
        id -> BigInt,
        department_id -> BigInt,
        name -> Text,
        inn -> Nullable<Text>,
        group_name -> Nullable<Text>,
        is_intra_group -> Bool,
        is_intra_group_manual -> Bool,
        is_active -> Bool,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        merged_into -> Nullable<BigInt>,
    }
}

diesel::table! {
    aliases (id) {
        id -> BigInt,
        department_id -> BigInt,
        kind -> Text,
        organization_alias_id -> BigInt,
        lender_alias_id -> BigInt,
        key -> Text,
        spelling -> Text,
        target_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    merges (id) {
        id -> BigInt,
        department_id -> BigInt,
        kind -> Text,
        action -> Text,
        target_id -> BigInt,
        record -> Text,
        created_by -> Text,
        created_at -> Timestamp,
        undone_at -> Nullable<Timestamp>,
        source_id -> BigInt,
    }
}

diesel::table! {
    adjustments (id) {
        id -> BigInt,
        department_id -> BigInt,
        contract_id -> BigInt,
        contract_alias_id -> Nullable<BigInt>,
        lender_alias_id -> Nullable<BigInt>,
        effective_date -> Date,
        kind -> Text,
        amount -> BigInt,
        comment -> Nullable<Text>,
        author -> Text,
        source -> Text,
        import_source -> Nullable<Text>,
        fingerprint -> BigInt,
        occurrence -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    receipts (id) {
        id -> BigInt,
        department_id -> BigInt,
        organization_id -> BigInt,
        bank_account_id -> Nullable<BigInt>,
        contract_id -> Nullable<BigInt>,
        operation_id -> Text,
        document_date -> Nullable<Date>,
        operation_type -> Nullable<Text>,
        account -> Nullable<Text>,
        document_number -> Nullable<Text>,
        payer -> Nullable<Text>,
        payer_account -> Nullable<Text>,
        settlement_account -> Nullable<Text>,
        contract_text -> Nullable<Text>,
        contract_date -> Nullable<Date>,
        currency -> Text,
        amount -> BigInt,
        commission -> Nullable<BigInt>,
        income_item -> Nullable<Text>,
        payment_purpose -> Nullable<Text>,
        responsible -> Nullable<Text>,
        comment -> Nullable<Text>,
        is_active -> Bool,
        fingerprint -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        organization_alias_id -> Nullable<BigInt>,
        bank_account_alias_id -> Nullable<BigInt>,
        contract_alias_id -> Nullable<BigInt>,
        lender_alias_id -> Nullable<BigInt>,
        settlement_rate -> Nullable<Text>,
        settlement_amount -> Nullable<BigInt>,
        settled_amount -> Nullable<BigInt>,
        snapshot_id -> Nullable<BigInt>,
        version_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    expenses (id) {
        id -> BigInt,
        department_id -> BigInt,
        organization_id -> BigInt,
        bank_account_id -> Nullable<BigInt>,
        contract_id -> Nullable<BigInt>,
        operation_id -> Text,
        document_date -> Nullable<Date>,
        operation_type -> Nullable<Text>,
        account -> Nullable<Text>,
        document_number -> Nullable<Text>,
        recipient -> Nullable<Text>,
        recipient_account -> Nullable<Text>,
        debit_account -> Nullable<Text>,
        contract_text -> Nullable<Text>,
        contract_date -> Nullable<Date>,
        currency -> Text,
        amount -> BigInt,
        expense_item -> Nullable<Text>,
        payment_purpose -> Nullable<Text>,
        responsible -> Nullable<Text>,
        comment -> Nullable<Text>,
        tax_period -> Nullable<Text>,
        unconfirmed_by_bank -> Nullable<Bool>,
        is_active -> Bool,
        fingerprint -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        organization_alias_id -> Nullable<BigInt>,
        bank_account_alias_id -> Nullable<BigInt>,
        contract_alias_id -> Nullable<BigInt>,
        lender_alias_id -> Nullable<BigInt>,
        snapshot_id -> Nullable<BigInt>,
        version_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    expense_details (id) {
        id -> BigInt,
        department_id -> BigInt,
        expense_operation_id -> Text,
        contract_id -> Nullable<BigInt>,
        contract_text -> Nullable<Text>,
        repayment_type -> Nullable<Text>,
        settlement_account -> Nullable<Text>,
        advance_account -> Nullable<Text>,
        payment_type -> Nullable<Text>,
        amount -> BigInt,
        settlement_rate -> Nullable<Text>,
        settlement_amount -> Nullable<BigInt>,
        vat_amount -> Nullable<BigInt>,
        expense_amount -> Nullable<BigInt>,
        included_vat -> Nullable<BigInt>,
        expense_item -> Nullable<Text>,
        fingerprint -> BigInt,
        occurrence -> Integer,
        created_at -> Timestamp,
        contract_alias_id -> Nullable<BigInt>,
        settled_amount -> Nullable<BigInt>,
        snapshot_id -> Nullable<BigInt>,
        version_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    import_runs (id) {
        id -> BigInt,
        department_id -> BigInt,
        state -> Text,
        started_by -> Text,
        started_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
        total_files -> Integer,
        files_processed -> Integer,
        files_failed -> Integer,
        files_skipped -> Integer,
        message -> Text,
        scheduled_for -> Nullable<Timestamp>,
        sources -> Text,
        holder -> Text,
        seen_at -> Nullable<Timestamp>,
        is_cancelled -> Bool,
        files_failing -> Integer,
        covers_after -> Nullable<Timestamp>,
    }
}

diesel::table! {
    import_journal (id) {
        id -> BigInt,
        department_id -> BigInt,
        run_id -> BigInt,
        import_date -> Timestamp,
        source_file -> Text,
        table_name -> Nullable<Text>,
        rows_inserted -> Integer,
        rows_updated -> Integer,
        rows_unchanged -> Integer,
        rows_deleted -> Integer,
        rows_failed -> Integer,
        status -> Text,
        error_message -> Nullable<Text>,
        processed_by -> Text,
        processing_time_ms -> BigInt,
        control_total -> Nullable<BigInt>,
        rows_total -> Nullable<BigInt>,
        source -> Nullable<Text>,
        titles -> Nullable<Text>,
        rows_deactivated -> Integer,
        rows_left_alone -> Integer,
        rejected_still_stored -> Integer,
        remark_codes -> Nullable<Text>,
    }
}

diesel::table! {
    rejected_rows (id) {
        id -> BigInt,
        department_id -> BigInt,
        journal_id -> BigInt,
        row_number -> Integer,
        column_name -> Text,
        value -> Text,
        reason -> Text,
        cells -> Nullable<Text>,
        code -> Nullable<Text>,
        sheet -> Nullable<Text>,
    }
}

diesel::table! {
    imported_files (department_id, source, path) {
        department_id -> BigInt,
        source -> Text,
        path -> Text,
        size -> BigInt,
        modified_at -> Nullable<Timestamp>,
        sha256 -> Text,
        failures -> Integer,
        error_message -> Nullable<Text>,
        run_id -> BigInt,
        fetched_at -> Timestamp,
        is_offered -> Bool,
        reader_version -> Integer,
    }
}

diesel::table! {
    snapshots (id) {
        id -> BigInt,
        department_id -> BigInt,
        source -> Text,
        kind -> Text,
        name -> Text,
        series -> Text,
        name_date -> Nullable<Date>,
        version_at -> Timestamp,
        confirmed_at -> Timestamp,
        whole_at -> Nullable<Timestamp>,
        run_id -> BigInt,
    }
}

diesel::table! {
    failing_files (department_id, source, path) {
        department_id -> BigInt,
        source -> Text,
        path -> Text,
        kind -> Nullable<Text>,
        reason -> Text,
        code -> Nullable<Text>,
        since -> Timestamp,
        tried_at -> Timestamp,
    }
}

diesel::table! {
    file_organizations (department_id, source, path, organization_id) {
        department_id -> BigInt,
        source -> Text,
        path -> Text,
        organization_id -> BigInt,
        kind -> Text,
        is_named -> Bool,
        arrived_at -> Nullable<Timestamp>,
        checked_at -> Timestamp,
        newest_document -> Nullable<Date>,
    }
}

diesel::table! {
    import_sources (department_id, source) {
        department_id -> BigInt,
        source -> Text,
        checked_at -> Timestamp,
        completed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    monthly_flows (department_id, period_start, organization_id, bank_account_id, contract_id, currency, is_confirmed) {
        department_id -> BigInt,
        organization_id -> BigInt,
        bank_account_id -> BigInt,
        contract_id -> BigInt,
        currency -> Text,
        is_confirmed -> Bool,
        period_start -> Date,
        receipts -> BigInt,
        commission -> BigInt,
        drawn -> BigInt,
        drawn_settled -> BigInt,
        returned -> BigInt,
        returned_settled -> BigInt,
        expenses -> BigInt,
        expenses_settled -> BigInt,
        principal -> BigInt,
        principal_settled -> BigInt,
        interest -> BigInt,
        interest_settled -> BigInt,
        given -> BigInt,
        given_settled -> BigInt,
        adjustments -> BigInt,
        receipt_count -> BigInt,
        expense_count -> BigInt,
        payment_count -> BigInt,
        last_payment -> Nullable<Date>,
    }
}

diesel::table! {
    yearly_flows (department_id, period_start, organization_id, bank_account_id, contract_id, currency, is_confirmed) {
        department_id -> BigInt,
        organization_id -> BigInt,
        bank_account_id -> BigInt,
        contract_id -> BigInt,
        currency -> Text,
        is_confirmed -> Bool,
        period_start -> Date,
        receipts -> BigInt,
        commission -> BigInt,
        drawn -> BigInt,
        drawn_settled -> BigInt,
        returned -> BigInt,
        returned_settled -> BigInt,
        expenses -> BigInt,
        expenses_settled -> BigInt,
        principal -> BigInt,
        principal_settled -> BigInt,
        interest -> BigInt,
        interest_settled -> BigInt,
        given -> BigInt,
        given_settled -> BigInt,
        adjustments -> BigInt,
        receipt_count -> BigInt,
        expense_count -> BigInt,
        payment_count -> BigInt,
        last_payment -> Nullable<Date>,
    }
}

diesel::table! {
    daily_flows (department_id, period_start, organization_id, bank_account_id, contract_id, currency, is_confirmed) {
        department_id -> BigInt,
        organization_id -> BigInt,
        bank_account_id -> BigInt,
        contract_id -> BigInt,
        currency -> Text,
        is_confirmed -> Bool,
        period_start -> Date,
        receipts -> BigInt,
        commission -> BigInt,
        drawn -> BigInt,
        drawn_settled -> BigInt,
        returned -> BigInt,
        returned_settled -> BigInt,
        expenses -> BigInt,
        expenses_settled -> BigInt,
        principal -> BigInt,
        principal_settled -> BigInt,
        interest -> BigInt,
        interest_settled -> BigInt,
        given -> BigInt,
        given_settled -> BigInt,
        adjustments -> BigInt,
        receipt_count -> BigInt,
        expense_count -> BigInt,
        payment_count -> BigInt,
        last_payment -> Nullable<Date>,
    }
}

diesel::table! {
    daily_totals (department_id, period_start, organization_id, bank_account_id, currency, is_confirmed) {
        department_id -> BigInt,
        organization_id -> BigInt,
        bank_account_id -> BigInt,
        currency -> Text,
        is_confirmed -> Bool,
        period_start -> Date,
        receipts -> BigInt,
        commission -> BigInt,
        returned -> BigInt,
        expenses -> BigInt,
        principal -> BigInt,
        interest -> BigInt,
        given -> BigInt,
        receipt_count -> BigInt,
        expense_count -> BigInt,
        payment_count -> BigInt,
        last_payment -> Nullable<Date>,
    }
}

diesel::table! {
    monthly_debts (department_id, organization_id, direction, currency, period_start) {
        department_id -> BigInt,
        organization_id -> BigInt,
        direction -> Text,
        currency -> Text,
        period_start -> Date,
        drawn -> BigInt,
        repaid -> BigInt,
        adjustments -> BigInt,
        debt -> BigInt,
        overpaid -> BigInt,
    }
}

diesel::table! {
    counted_contracts (department_id, organization_id) {
        department_id -> BigInt,
        organization_id -> BigInt,
        digest -> Text,
    }
}

diesel::table! {
    monthly_totals (department_id, period_start, organization_id, bank_account_id, currency, is_confirmed) {
        department_id -> BigInt,
        organization_id -> BigInt,
        bank_account_id -> BigInt,
        currency -> Text,
        is_confirmed -> Bool,
        period_start -> Date,
        receipts -> BigInt,
        commission -> BigInt,
        returned -> BigInt,
        expenses -> BigInt,
        principal -> BigInt,
        interest -> BigInt,
        given -> BigInt,
        receipt_count -> BigInt,
        expense_count -> BigInt,
        payment_count -> BigInt,
        last_payment -> Nullable<Date>,
    }
}

diesel::table! {
    yearly_totals (department_id, period_start, organization_id, bank_account_id, currency, is_confirmed) {
        department_id -> BigInt,
        organization_id -> BigInt,
        bank_account_id -> BigInt,
        currency -> Text,
        is_confirmed -> Bool,
        period_start -> Date,
        receipts -> BigInt,
        commission -> BigInt,
        returned -> BigInt,
        expenses -> BigInt,
        principal -> BigInt,
        interest -> BigInt,
        given -> BigInt,
        receipt_count -> BigInt,
        expense_count -> BigInt,
        payment_count -> BigInt,
        last_payment -> Nullable<Date>,
    }
}

diesel::table! {
    data_changes (department_id, generation) {
        department_id -> BigInt,
        generation -> BigInt,
        previous -> BigInt,
        changed -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    database_identity (id) {
        id -> Text,
        server -> Text,
        place -> Text,
        written_by -> BigInt,
    }
}

diesel::table! {
    replicas (id) {
        id -> Text,
        seen_at -> Timestamp,
    }
}

diesel::table! {
    schedule_marks (department_id, source) {
        department_id -> BigInt,
        source -> Text,
        handled_until -> Timestamp,
    }
}

diesel::table! {
    daily_findings (department_id, organization_id, period_start, check_name, currency) {
        department_id -> BigInt,
        organization_id -> BigInt,
        period_start -> Date,
        check_name -> Text,
        currency -> Text,
        row_count -> BigInt,
        at_stake -> BigInt,
        largest -> BigInt,
    }
}

diesel::table! {
    orphaned_details (department_id, expense_operation_id) {
        department_id -> BigInt,
        expense_operation_id -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    api_keys,
    daily_findings,
    orphaned_details,
    adjustments,
    failing_files,
    file_organizations,
    schedule_marks,
    import_sources,
    aliases,
    lenders,
    merges,
    data_changes,
    daily_totals,
    monthly_totals,
    yearly_totals,
    replicas,
    monthly_flows,
    yearly_flows,
    daily_flows,
    departments,
    users,
    organizations,
    bank_accounts,
    contracts,
    receipts,
    expenses,
    expense_details,
    import_runs,
    import_journal,
    imported_files,
    rejected_rows,
    sessions,
    snapshots,
);
