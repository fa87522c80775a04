PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE __diesel_schema_migrations (
       version VARCHAR(50) PRIMARY KEY NOT NULL,
       run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO "__diesel_schema_migrations" VALUES('20261123000001','2026-11-25 09:14:28');
INSERT INTO "__diesel_schema_migrations" VALUES('20261123000002','2026-11-25 09:14:28');
INSERT INTO "__diesel_schema_migrations" VALUES('20261123000003','2026-11-25 09:14:28');
INSERT INTO "__diesel_schema_migrations" VALUES('20261123000004','2026-11-25 09:14:28');
INSERT INTO "__diesel_schema_migrations" VALUES('20261123000005','2026-11-25 09:14:28');
INSERT INTO "__diesel_schema_migrations" VALUES('20261123000006','2026-11-25 09:14:28');
INSERT INTO "__diesel_schema_migrations" VALUES('20261124000007','2026-11-25 09:14:28');
CREATE TABLE bank_accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    account_number TEXT NOT NULL,
    bank_name TEXT,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (department_id, account_number)
);
INSERT INTO "bank_accounts" VALUES(1,8,'40702810900000099999','ПАО «Тестбанк»',1,'2026-11-25 09:14:28.949513','2026-11-25 09:14:28.949513');
CREATE TABLE contracts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    organization_id BIGINT NOT NULL,
    contract_key TEXT NOT NULL,
    contract_number TEXT NOT NULL,
    contract_date DATE,
    contract_type TEXT,
    counterparty TEXT,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL, type_from TEXT, counterparty_from TEXT,
    UNIQUE (department_id, organization_id, contract_key),
    FOREIGN KEY (organization_id) REFERENCES organizations (id)
);
INSERT INTO "contracts" VALUES(1,8,1,'T1|2026-01-15','Кредитный договор № T1 от 15.01.2026','2026-01-15','credit','ПАО «Тестбанк»',1,'2026-11-25 09:14:28.949787','2026-11-25 09:14:28.949787','2026-01-15 Поступление на расчетный счет 0Т00-000001 от 15.01.2026 10:00:00','2026-01-15 Поступление на расчетный счет 0Т00-000001 от 15.01.2026 10:00:00');
INSERT INTO "contracts" VALUES(2,8,1,'T2-ВЫДАН|2026-02-01','Договор займа № T2-ВЫДАН от 01.02.2026','2026-02-01','loan','ООО «Заемщик»',1,'2026-11-25 09:14:28.949788','2026-11-25 09:14:28.964461','2026-02-01 Списание с расчетного счета 0Т00-000003 от 01.02.2026 10:00:00','2026-02-01 Списание с расчетного счета 0Т00-000003 от 01.02.2026 10:00:00');
INSERT INTO "contracts" VALUES(3,8,1,'T3|2026-02-10','T3 от 10.02.2026','2026-02-10','credit','ПАО «Тестбанк»',1,'2026-11-25 09:14:28.949788','2026-11-25 09:14:28.949788','2026-02-10 Поступление на расчетный счет 0Т00-000006 от 10.02.2026 10:00:00','2026-02-10 Поступление на расчетный счет 0Т00-000006 от 10.02.2026 10:00:00');
INSERT INTO "contracts" VALUES(4,8,1,'T5|2026-03-01','T5 от 01.03.2026','2026-03-01','credit','Публичное акционерное общество "Тестбанк"',1,'2026-11-25 09:14:28.949789','2026-11-25 09:14:28.949789','2026-03-01 Поступление на расчетный счет 0Т00-000009 от 01.03.2026 10:00:00','2026-03-01 Поступление на расчетный счет 0Т00-000009 от 01.03.2026 10:00:00');
INSERT INTO "contracts" VALUES(5,8,1,'T6|2026-03-01','T6 от 01.03.2026','2026-03-01','credit','ТЕСТБАНК ПАО',1,'2026-11-25 09:14:28.949790','2026-11-25 09:14:28.949790','2026-03-01 Поступление на расчетный счет 0Т00-000010 от 01.03.2026 10:00:00','2026-03-01 Поступление на расчетный счет 0Т00-000010 от 01.03.2026 10:00:00');
INSERT INTO "contracts" VALUES(6,8,1,'T7|2026-03-05','Договор займа № T7 от 05.03.2026','2026-03-05','loan','АО «Юг»',1,'2026-11-25 09:14:28.949790','2026-11-25 09:14:28.949790','2026-03-05 Поступление на расчетный счет 0Т00-000011 от 05.03.2026 10:00:00','2026-03-05 Поступление на расчетный счет 0Т00-000011 от 05.03.2026 10:00:00');
INSERT INTO "contracts" VALUES(7,8,1,'T8|2026-03-10','T8 от 10.03.2026','2026-03-10','loan','Delta Finance Ltd',1,'2026-11-25 09:14:28.949790','2026-11-25 09:14:28.949790','2026-03-10 Поступление на расчетный счет 0Т00-000013 от 10.03.2026 10:00:00','2026-03-10 Поступление на расчетный счет 0Т00-000013 от 10.03.2026 10:00:00');
INSERT INTO "contracts" VALUES(8,8,1,'T9|2026-03-10','T9 от 10.03.2026','2026-03-10','credit','ПАО «Тестбанк»',1,'2026-11-25 09:14:28.949791','2026-11-25 09:14:28.949791','2026-03-10 Поступление на расчетный счет 0Т00-000015 от 10.03.2026 10:00:00','2026-03-10 Поступление на расчетный счет 0Т00-000015 от 10.03.2026 10:00:00');
INSERT INTO "contracts" VALUES(9,8,1,'T10|2026-03-10','T10 от 10.03.2026','2026-03-10','credit','ПАО «Тестбанк»',1,'2026-11-25 09:14:28.949791','2026-11-25 09:14:28.949791','2026-03-10 Поступление на расчетный счет 0Т00-000017 от 10.03.2026 10:00:00','2026-03-10 Поступление на расчетный счет 0Т00-000017 от 10.03.2026 10:00:00');
INSERT INTO "contracts" VALUES(10,8,1,'T11|2025-03-10','T11 от 10.03.2025','2025-03-10','credit','ПАО «Тестбанк»',1,'2026-11-25 09:14:28.949791','2026-11-25 09:14:28.949791','2026-03-10 Поступление на расчетный счет 0Т00-000020 от 10.03.2026 10:00:00','2026-03-10 Поступление на расчетный счет 0Т00-000020 от 10.03.2026 10:00:00');
INSERT INTO "contracts" VALUES(11,8,1,'T11|2026-03-10','T11 от 10.03.2026','2026-03-10','credit','ПАО «Тестбанк»',1,'2026-11-25 09:14:28.949792','2026-11-25 09:14:28.949792','2026-03-10 Поступление на расчетный счет 0Т00-000021 от 10.03.2026 10:00:00','2026-03-10 Поступление на расчетный счет 0Т00-000021 от 10.03.2026 10:00:00');
INSERT INTO "contracts" VALUES(12,8,1,'T13|2026-03-10','T13 от 10.03.2026','2026-03-10',NULL,'ИП Иванов',1,'2026-11-25 09:14:28.949792','2026-11-25 09:14:28.949792',NULL,'2026-03-10 Поступление на расчетный счет 0Т00-000023 от 10.03.2026 10:00:00');
INSERT INTO "contracts" VALUES(14,8,1,'T4|2019-01-01','T4 от 01.01.2019','2019-01-01','credit','ПАО «Тестбанк»',1,'2026-11-25 09:14:28.964462','2026-11-25 09:14:28.964462','2026-02-12 Списание с расчетного счета 0Т00-000008 от 12.02.2026 10:00:00','2026-02-12 Списание с расчетного счета 0Т00-000008 от 12.02.2026 10:00:00');
INSERT INTO "contracts" VALUES(15,8,2,'T7|2026-03-05','Договор займа № T7 от 05.03.2026','2026-03-05','loan','ООО «Тест Холдинг»',1,'2026-11-25 09:14:28.964462','2026-11-25 09:14:28.964462','2026-03-05 Списание с расчетного счета 0Т00-000012 от 05.03.2026 10:00:00','2026-03-05 Списание с расчетного счета 0Т00-000012 от 05.03.2026 10:00:00');
CREATE TABLE daily_flows (
    department_id BIGINT NOT NULL REFERENCES departments (id),
    organization_id BIGINT NOT NULL,
    bank_account_id BIGINT NOT NULL,
    contract_id BIGINT NOT NULL,
    currency TEXT NOT NULL,
    period_start DATE NOT NULL,
    receipts BIGINT NOT NULL,
    expenses BIGINT NOT NULL,
    principal BIGINT NOT NULL,
    interest BIGINT NOT NULL,
    receipt_count BIGINT NOT NULL,
    expense_count BIGINT NOT NULL,
    payment_count BIGINT NOT NULL,
    last_payment DATE,
    PRIMARY KEY (department_id, period_start, organization_id, bank_account_id, contract_id, currency)
);
INSERT INTO "daily_flows" VALUES(8,1,1,1,'RUB','2026-01-15',100000000,0,0,0,1,0,0,NULL);
INSERT INTO "daily_flows" VALUES(8,1,1,1,'RUB','2026-04-15',0,29445205,25000000,3945205,0,1,1,'2026-04-15');
INSERT INTO "daily_flows" VALUES(8,1,1,2,'RUB','2026-02-01',0,300000000,0,0,0,1,1,'2026-02-01');
INSERT INTO "daily_flows" VALUES(8,1,1,3,'RUB','2026-02-10',50000000,0,0,0,1,0,0,NULL);
INSERT INTO "daily_flows" VALUES(8,1,1,3,'RUB','2026-03-10',0,50000000,50000000,0,0,1,1,'2026-03-10');
INSERT INTO "daily_flows" VALUES(8,1,1,4,'RUB','2026-03-01',40000000,0,0,0,1,0,0,NULL);
INSERT INTO "daily_flows" VALUES(8,1,1,5,'RUB','2026-03-01',40000000,0,0,0,1,0,0,NULL);
INSERT INTO "daily_flows" VALUES(8,1,1,6,'RUB','2026-03-05',200000000,0,0,0,1,0,0,NULL);
INSERT INTO "daily_flows" VALUES(8,1,1,7,'USD','2026-03-10',1000000,0,0,0,1,0,0,NULL);
INSERT INTO "daily_flows" VALUES(8,1,1,8,'RUB','2026-03-10',10000000,0,0,0,1,0,0,NULL);
INSERT INTO "daily_flows" VALUES(8,1,1,8,'RUB','2026-04-10',0,10150000,10000000,150000,0,1,1,'2026-04-10');
INSERT INTO "daily_flows" VALUES(8,1,1,9,'RUB','2026-03-10',10000000,0,0,0,1,0,0,NULL);
INSERT INTO "daily_flows" VALUES(8,1,1,9,'RUB','2026-04-10',0,12000000,12000000,0,0,1,1,'2026-04-10');
INSERT INTO "daily_flows" VALUES(8,1,1,9,'RUB','2026-04-12',2000000,0,0,0,1,0,0,NULL);
INSERT INTO "daily_flows" VALUES(8,1,1,10,'RUB','2026-03-10',11111100,0,0,0,1,0,0,NULL);
INSERT INTO "daily_flows" VALUES(8,1,1,11,'RUB','2026-03-10',22222200,0,0,0,1,0,0,NULL);
INSERT INTO "daily_flows" VALUES(8,1,1,12,'RUB','2026-03-10',5000000,0,0,0,1,0,0,NULL);
INSERT INTO "daily_flows" VALUES(8,1,1,12,'RUB','2026-04-10',0,5075000,0,0,0,1,1,'2026-04-10');
INSERT INTO "daily_flows" VALUES(8,1,1,14,'RUB','2026-02-12',0,72000000,70000000,2000000,0,1,1,'2026-02-12');
INSERT INTO "daily_flows" VALUES(8,1,1,2,'RUB','2026-06-01',315000000,0,0,0,2,0,0,NULL);
INSERT INTO "daily_flows" VALUES(8,1,1,7,'RUB','2026-06-10',0,93730000,91000000,2730000,0,1,1,'2026-06-10');
INSERT INTO "daily_flows" VALUES(8,1,1,4,'RUB','2026-12-25',0,40000000,40000000,0,0,1,1,'2026-12-25');
INSERT INTO "daily_flows" VALUES(8,2,1,15,'RUB','2026-03-05',0,200000000,0,0,0,1,1,'2026-03-05');
CREATE TABLE data_changes (
    department_id BIGINT NOT NULL REFERENCES departments (id),
    generation BIGINT NOT NULL,
    previous BIGINT NOT NULL,
    changed TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (department_id, generation)
);
INSERT INTO "data_changes" VALUES(8,1795598068957681,0,'{"everything":false,"reference_data":true,"flows":[{"organization_id":1,"bank_account_id":1,"contract_id":1,"days":[["2026-01-15","2026-01-15"]]},{"organization_id":1,"bank_account_id":1,"contract_id":2,"days":[["2026-06-01","2026-06-01"]]},{"organization_id":1,"bank_account_id":1,"contract_id":3,"days":[["2026-02-10","2026-02-10"]]},{"organization_id":1,"bank_account_id":1,"contract_id":4,"days":[["2026-03-01","2026-03-01"]]},{"organization_id":1,"bank_account_id":1,"contract_id":5,"days":[["2026-03-01","2026-03-01"]]},{"organization_id":1,"bank_account_id":1,"contract_id":6,"days":[["2026-03-05","2026-03-05"]]},{"organization_id":1,"bank_account_id":1,"contract_id":7,"days":[["2026-03-10","2026-03-10"]]},{"organization_id":1,"bank_account_id":1,"contract_id":8,"days":[["2026-03-10","2026-03-10"]]},{"organization_id":1,"bank_account_id":1,"contract_id":9,"days":[["2026-03-10","2026-03-10"],["2026-04-12","2026-04-12"]]},{"organization_id":1,"bank_account_id":1,"contract_id":10,"days":[["2026-03-10","2026-03-10"]]},{"organization_id":1,"bank_account_id":1,"contract_id":11,"days":[["2026-03-10","2026-03-10"]]},{"organization_id":1,"bank_account_id":1,"contract_id":12,"days":[["2026-03-10","2026-03-10"]]}]}','2026-11-25 09:14:28.957728');
INSERT INTO "data_changes" VALUES(8,1795598068967303,1795598068957681,'{"everything":false,"reference_data":true,"flows":[{"organization_id":1,"bank_account_id":1,"contract_id":1,"days":[["2026-04-15","2026-04-15"]]},{"organization_id":1,"bank_account_id":1,"contract_id":2,"days":[["2026-02-01","2026-02-01"]]},{"organization_id":1,"bank_account_id":1,"contract_id":3,"days":[["2026-03-10","2026-03-10"]]},{"organization_id":1,"bank_account_id":1,"contract_id":4,"days":[["2026-12-25","2026-12-25"]]},{"organization_id":1,"bank_account_id":1,"contract_id":7,"days":[["2026-06-10","2026-06-10"]]},{"organization_id":1,"bank_account_id":1,"contract_id":8,"days":[["2026-04-10","2026-04-10"]]},{"organization_id":1,"bank_account_id":1,"contract_id":9,"days":[["2026-04-10","2026-04-10"]]},{"organization_id":1,"bank_account_id":1,"contract_id":12,"days":[["2026-04-10","2026-04-10"]]},{"organization_id":1,"bank_account_id":1,"contract_id":14,"days":[["2026-02-12","2026-02-12"]]},{"organization_id":2,"bank_account_id":1,"contract_id":15,"days":[["2026-03-05","2026-03-05"]]}]}','2026-11-25 09:14:28.967339');
INSERT INTO "data_changes" VALUES(8,1795598068971453,1795598068967303,'{"everything":false,"reference_data":false,"flows":[{"organization_id":1,"bank_account_id":1,"contract_id":1,"days":[["2026-04-15","2026-04-15"]]},{"organization_id":1,"bank_account_id":1,"contract_id":3,"days":[["2026-03-10","2026-03-10"]]},{"organization_id":1,"bank_account_id":1,"contract_id":4,"days":[["2026-12-25","2026-12-25"]]},{"organization_id":1,"bank_account_id":1,"contract_id":7,"days":[["2026-06-10","2026-06-10"]]},{"organization_id":1,"bank_account_id":1,"contract_id":8,"days":[["2026-04-10","2026-04-10"]]},{"organization_id":1,"bank_account_id":1,"contract_id":9,"days":[["2026-04-10","2026-04-10"]]},{"organization_id":1,"bank_account_id":1,"contract_id":14,"days":[["2026-02-12","2026-02-12"]]}]}','2026-11-25 09:14:28.971497');
CREATE TABLE departments (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    code TEXT NOT NULL UNIQUE,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    generation BIGINT NOT NULL DEFAULT 0,
    data_as_of TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
INSERT INTO "departments" VALUES(8,'Finance','FIN',1,1795598068971453,'2026-11-25 09:14:28.971527','2026-11-25 09:14:28.869103','2026-11-25 09:14:28.869103');
CREATE TABLE expense_details (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    expense_operation_id TEXT NOT NULL,
    contract_id BIGINT,
    contract_text TEXT,
    repayment_type TEXT,
    settlement_account TEXT,
    advance_account TEXT,
    payment_type TEXT,
    amount BIGINT NOT NULL,
    settlement_rate TEXT,
    settlement_amount BIGINT,
    vat_amount BIGINT,
    expense_amount BIGINT,
    included_vat BIGINT,
    expense_item TEXT,
    fingerprint BIGINT NOT NULL,
    occurrence INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (department_id, expense_operation_id, fingerprint, occurrence),
    FOREIGN KEY (contract_id) REFERENCES contracts (id)
);
INSERT INTO "expense_details" VALUES(1,8,'Списание с расчетного счета 0Т00-000002 от 15.04.2026 10:00:00',1,'Кредитный договор № T1 от 15.01.2026','По документу','67.01',NULL,'Погашение долга',25000000,'1',25000000,NULL,NULL,NULL,NULL,-3534783258136689703,0,'2026-11-25 09:14:28.969294');
INSERT INTO "expense_details" VALUES(2,8,'Списание с расчетного счета 0Т00-000002 от 15.04.2026 10:00:00',1,'Кредитный договор № T1 от 15.01.2026','По документу','67.02',NULL,'Уплата процентов',3945205,'1',3945205,NULL,NULL,NULL,NULL,6230673710768716469,0,'2026-11-25 09:14:28.969294');
INSERT INTO "expense_details" VALUES(3,8,'Списание с расчетного счета 0Т00-000002 от 15.04.2026 10:00:00',1,'Кредитный договор № T1 от 15.01.2026','По документу','91.02',NULL,'Комиссия',500000,'1',500000,NULL,NULL,NULL,NULL,4150920235635321908,0,'2026-11-25 09:14:28.969294');
INSERT INTO "expense_details" VALUES(4,8,'Списание с расчетного счета 0Т00-000003 от 01.02.2026 10:00:00',2,'Договор займа № T2-ВЫДАН от 01.02.2026','По документу','58.03',NULL,NULL,300000000,'1',300000000,NULL,NULL,NULL,NULL,7121449085836556318,0,'2026-11-25 09:14:28.969294');
INSERT INTO "expense_details" VALUES(5,8,'Списание с расчетного счета 0Т00-000007 от 10.03.2026 10:00:00',3,'T3 от 10.02.2026','По документу','67.01',NULL,'Погашение долга',50000000,'1',50000000,NULL,NULL,NULL,NULL,2542615346123951960,0,'2026-11-25 09:14:28.969294');
INSERT INTO "expense_details" VALUES(6,8,'Списание с расчетного счета 0Т00-000008 от 12.02.2026 10:00:00',14,'T4 от 01.01.2019','По документу','67.01',NULL,'Погашение долга',70000000,'1',70000000,NULL,NULL,NULL,NULL,-8658596232883527275,0,'2026-11-25 09:14:28.969294');
INSERT INTO "expense_details" VALUES(7,8,'Списание с расчетного счета 0Т00-000008 от 12.02.2026 10:00:00',14,'T4 от 01.01.2019','По документу','67.01',NULL,'Уплата процентов',2000000,'1',2000000,NULL,NULL,NULL,NULL,5489381414051695941,0,'2026-11-25 09:14:28.969294');
INSERT INTO "expense_details" VALUES(8,8,'Списание с расчетного счета 0Т00-000012 от 05.03.2026 10:00:00',15,'Договор займа № T7 от 05.03.2026','По документу','58.03',NULL,NULL,200000000,'1',200000000,NULL,NULL,NULL,NULL,-2939583628896642791,0,'2026-11-25 09:14:28.969294');
INSERT INTO "expense_details" VALUES(9,8,'Списание с расчетного счета 0Т00-000014 от 10.06.2026 10:00:00',7,'T8 от 10.03.2026','По документу','67.01',NULL,'Погашение долга',91000000,'91',1000000,NULL,NULL,NULL,NULL,3357331469263783667,0,'2026-11-25 09:14:28.969294');
INSERT INTO "expense_details" VALUES(10,8,'Списание с расчетного счета 0Т00-000014 от 10.06.2026 10:00:00',7,'T8 от 10.03.2026','По документу','67.01',NULL,'Уплата процентов',2730000,'91',30000,NULL,NULL,NULL,NULL,-5374044280180509309,0,'2026-11-25 09:14:28.969294');
INSERT INTO "expense_details" VALUES(11,8,'Списание с расчетного счета 0Т00-000016 от 10.04.2026 10:00:00',8,'T9 от 10.03.2026','По документу','67.01',NULL,'Погашение долга',10000000,'1',10000000,NULL,NULL,NULL,NULL,7680295706830819105,0,'2026-11-25 09:14:28.969294');
INSERT INTO "expense_details" VALUES(12,8,'Списание с расчетного счета 0Т00-000016 от 10.04.2026 10:00:00',8,'T9 от 10.03.2026','По документу','67.01',NULL,'Уплата процентов',150000,'1',150000,NULL,NULL,NULL,NULL,-5275265083496672456,0,'2026-11-25 09:14:28.969294');
INSERT INTO "expense_details" VALUES(13,8,'Списание с расчетного счета 0Т00-000018 от 10.04.2026 10:00:00',9,'T10 от 10.03.2026','По документу','67.01',NULL,'Погашение долга',12000000,'1',12000000,NULL,NULL,NULL,NULL,6872368709028783862,0,'2026-11-25 09:14:28.969294');
INSERT INTO "expense_details" VALUES(14,8,'Списание с расчетного счета 0Т00-000022 от 25.12.2026 10:00:00',4,'T5 от 01.03.2026','По документу','67.01',NULL,'Погашение долга',40000000,'1',40000000,NULL,NULL,NULL,NULL,-4346647525885802511,0,'2026-11-25 09:14:28.969294');
INSERT INTO "expense_details" VALUES(15,8,'Списание с расчетного счета 0Т00-000024 от 10.04.2026 10:00:00',12,'T13 от 10.03.2026','По документу','66.03',NULL,NULL,5000000,'1',5000000,NULL,NULL,NULL,NULL,8318326597419698491,0,'2026-11-25 09:14:28.969294');
INSERT INTO "expense_details" VALUES(16,8,'Списание с расчетного счета 0Т00-000024 от 10.04.2026 10:00:00',12,'T13 от 10.03.2026','По документу','66.04',NULL,NULL,75000,'1',75000,NULL,NULL,NULL,NULL,605205320104331015,0,'2026-11-25 09:14:28.969294');
CREATE TABLE expenses (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    organization_id BIGINT NOT NULL,
    bank_account_id BIGINT,
    contract_id BIGINT,
    operation_id TEXT NOT NULL,
    document_date DATE,
    operation_type TEXT,
    account TEXT,
    document_number TEXT,
    recipient TEXT,
    recipient_account TEXT,
    debit_account TEXT,
    contract_text TEXT,
    contract_date DATE,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    expense_item TEXT,
    payment_purpose TEXT,
    responsible TEXT,
    comment TEXT,
    tax_period TEXT,
    unconfirmed_by_bank BOOLEAN,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    fingerprint BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (department_id, operation_id),
    FOREIGN KEY (organization_id) REFERENCES organizations (id),
    FOREIGN KEY (bank_account_id) REFERENCES bank_accounts (id),
    FOREIGN KEY (contract_id) REFERENCES contracts (id)
);
INSERT INTO "expenses" VALUES(1,8,1,1,1,'Списание с расчетного счета 0Т00-000002 от 15.04.2026 10:00:00','2026-04-15','Возврат кредита банку',NULL,NULL,'ПАО «Тестбанк»',NULL,'67.01','Кредитный договор № T1 от 15.01.2026','2026-01-15','RUB',29445205,NULL,NULL,NULL,NULL,NULL,0,1,-4230984296996684368,'2026-11-25 09:14:28.964715','2026-11-25 09:14:28.964715');
INSERT INTO "expenses" VALUES(2,8,1,1,2,'Списание с расчетного счета 0Т00-000003 от 01.02.2026 10:00:00','2026-02-01','Выдача займа контрагенту',NULL,NULL,'ООО «Заемщик»',NULL,'67.01','Договор займа № T2-ВЫДАН от 01.02.2026','2026-02-01','RUB',300000000,NULL,NULL,NULL,NULL,NULL,0,1,-8424296138195539962,'2026-11-25 09:14:28.964715','2026-11-25 09:14:28.964715');
INSERT INTO "expenses" VALUES(3,8,1,1,3,'Списание с расчетного счета 0Т00-000007 от 10.03.2026 10:00:00','2026-03-10','Возврат кредита банку',NULL,NULL,'ПАО «Тестбанк»',NULL,'67.01','T3 от 10.02.2026','2026-02-10','RUB',50000000,NULL,NULL,NULL,NULL,NULL,1,1,-315300195092119946,'2026-11-25 09:14:28.964715','2026-11-25 09:14:28.964715');
INSERT INTO "expenses" VALUES(4,8,1,1,14,'Списание с расчетного счета 0Т00-000008 от 12.02.2026 10:00:00','2026-02-12','Возврат кредита банку',NULL,NULL,'ПАО «Тестбанк»',NULL,'67.01','T4 от 01.01.2019','2019-01-01','RUB',72000000,NULL,NULL,NULL,NULL,NULL,0,1,9130222064946285642,'2026-11-25 09:14:28.964715','2026-11-25 09:14:28.964715');
INSERT INTO "expenses" VALUES(5,8,2,1,15,'Списание с расчетного счета 0Т00-000012 от 05.03.2026 10:00:00','2026-03-05','Выдача займа контрагенту',NULL,NULL,'ООО «Тест Холдинг»',NULL,'67.01','Договор займа № T7 от 05.03.2026','2026-03-05','RUB',200000000,NULL,NULL,NULL,NULL,NULL,0,1,-1868569090556577575,'2026-11-25 09:14:28.964715','2026-11-25 09:14:28.964715');
INSERT INTO "expenses" VALUES(6,8,1,1,7,'Списание с расчетного счета 0Т00-000014 от 10.06.2026 10:00:00','2026-06-10','Возврат займа контрагенту',NULL,NULL,'Delta Finance Ltd',NULL,'67.01','T8 от 10.03.2026','2026-03-10','RUB',93730000,NULL,NULL,NULL,NULL,NULL,0,1,1009116298384565634,'2026-11-25 09:14:28.964715','2026-11-25 09:14:28.964715');
INSERT INTO "expenses" VALUES(7,8,1,1,8,'Списание с расчетного счета 0Т00-000016 от 10.04.2026 10:00:00','2026-04-10','Возврат кредита банку',NULL,NULL,'ПАО «Тестбанк»',NULL,'67.01','T9 от 10.03.2026','2026-03-10','RUB',10150000,NULL,NULL,NULL,NULL,NULL,0,1,-7341982638017753677,'2026-11-25 09:14:28.964715','2026-11-25 09:14:28.964715');
INSERT INTO "expenses" VALUES(8,8,1,1,9,'Списание с расчетного счета 0Т00-000018 от 10.04.2026 10:00:00','2026-04-10','Возврат кредита банку',NULL,NULL,'ПАО «Тестбанк»',NULL,'67.01','T10 от 10.03.2026','2026-03-10','RUB',12000000,NULL,NULL,NULL,NULL,NULL,0,1,-4692150783010598958,'2026-11-25 09:14:28.964715','2026-11-25 09:14:28.964715');
INSERT INTO "expenses" VALUES(9,8,1,1,4,'Списание с расчетного счета 0Т00-000022 от 25.12.2026 10:00:00','2026-12-25','Возврат кредита банку',NULL,NULL,'ПАО «Тестбанк»',NULL,'67.01','T5 от 01.03.2026','2026-03-01','RUB',40000000,NULL,NULL,NULL,NULL,NULL,0,1,1450062812497074719,'2026-11-25 09:14:28.964715','2026-11-25 09:14:28.964715');
INSERT INTO "expenses" VALUES(10,8,1,1,12,'Списание с расчетного счета 0Т00-000024 от 10.04.2026 10:00:00','2026-04-10','Прочее списание',NULL,NULL,'ИП Иванов',NULL,'67.01','T13 от 10.03.2026','2026-03-10','RUB',5075000,NULL,NULL,NULL,NULL,NULL,0,1,-6125448410407633648,'2026-11-25 09:14:28.964715','2026-11-25 09:14:28.964715');
CREATE TABLE import_journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    run_id BIGINT NOT NULL,
    import_date TIMESTAMP NOT NULL,
    source_file TEXT NOT NULL,
    table_name TEXT,
    rows_inserted INTEGER NOT NULL,
    rows_updated INTEGER NOT NULL,
    rows_unchanged INTEGER NOT NULL,
    rows_deleted INTEGER NOT NULL,
    rows_failed INTEGER NOT NULL,
    status TEXT NOT NULL,
    error_message TEXT,
    processed_by TEXT NOT NULL,
    processing_time_ms BIGINT NOT NULL,
    control_total BIGINT,
    rows_total BIGINT, source TEXT, titles TEXT,
    FOREIGN KEY (run_id) REFERENCES import_runs (id)
);
INSERT INTO "import_journal" VALUES(1,8,1,'2026-11-25 09:14:28.957900','trust - Postuplenie.xlsx','receipts',14,0,0,0,0,'success',NULL,'command line',11,806333300,806333300,'exports',NULL);
INSERT INTO "import_journal" VALUES(2,8,1,'2026-11-25 09:14:28.967502','trust - Spisanie.xlsx','expenses',10,0,0,0,0,'success',NULL,'command line',8,812400205,812400205,'exports',NULL);
INSERT INTO "import_journal" VALUES(3,8,1,'2026-11-25 09:14:28.971575','trust - Spisanie(rasshifrovka).xlsx','expense_details',16,0,0,0,0,'success',NULL,'command line',3,812400205,812400205,'exports',NULL);
CREATE TABLE import_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    state TEXT NOT NULL,
    started_by TEXT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    total_files INTEGER NOT NULL DEFAULT 0,
    files_processed INTEGER NOT NULL DEFAULT 0,
    files_failed INTEGER NOT NULL DEFAULT 0,
    files_skipped INTEGER NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT ''
, scheduled_for TIMESTAMP, sources TEXT NOT NULL DEFAULT '', holder TEXT NOT NULL DEFAULT '', seen_at TIMESTAMP, is_cancelled BOOLEAN NOT NULL DEFAULT FALSE);
INSERT INTO "import_runs" VALUES(1,8,'completed','command line','2026-11-25 09:14:28.930834','2026-11-25 09:14:28.972191',3,3,0,0,'3 of 3 files imported, 0 failed, 0 skipped',NULL,'exports','c2ce9a85f4fccbf7','2026-11-25 09:14:28.971603',0);
CREATE TABLE imported_files (
    department_id BIGINT NOT NULL REFERENCES departments (id),
    source TEXT NOT NULL,
    path TEXT NOT NULL,
    size BIGINT NOT NULL,
    modified_at TIMESTAMP,
    sha256 TEXT NOT NULL,
    failures INTEGER NOT NULL,
    error_message TEXT,
    run_id BIGINT NOT NULL,
    fetched_at TIMESTAMP NOT NULL,
    PRIMARY KEY (department_id, source, path)
);
INSERT INTO "imported_files" VALUES(8,'exports','trust - Postuplenie.xlsx',6270,NULL,'b447189438ef3f142ffebe3b721b8e7da8f8198286a9333b5c09d758ada01799',0,NULL,1,'2026-11-25 09:14:28.946185');
INSERT INTO "imported_files" VALUES(8,'exports','trust - Spisanie.xlsx',6052,NULL,'e0c0f13636378649aabcc868ae30c17bc3fa97c9a1e3e653fac9f3a1f9d2abb2',0,NULL,1,'2026-11-25 09:14:28.958954');
INSERT INTO "imported_files" VALUES(8,'exports','trust - Spisanie(rasshifrovka).xlsx',5949,NULL,'ff1e1e7860435735688a54f74dc9f5ad26cec3b76bf89c00629d179dbd370715',0,NULL,1,'2026-11-25 09:14:28.968399');
CREATE TABLE monthly_flows (
    department_id BIGINT NOT NULL REFERENCES departments (id),
    organization_id BIGINT NOT NULL,
    bank_account_id BIGINT NOT NULL,
    contract_id BIGINT NOT NULL,
    currency TEXT NOT NULL,
    period_start DATE NOT NULL,
    receipts BIGINT NOT NULL,
    expenses BIGINT NOT NULL,
    principal BIGINT NOT NULL,
    interest BIGINT NOT NULL,
    receipt_count BIGINT NOT NULL,
    expense_count BIGINT NOT NULL,
    payment_count BIGINT NOT NULL,
    last_payment DATE,
    PRIMARY KEY (department_id, period_start, organization_id, bank_account_id, contract_id, currency)
);
INSERT INTO "monthly_flows" VALUES(8,1,1,1,'RUB','2026-01-01',100000000,0,0,0,1,0,0,NULL);
INSERT INTO "monthly_flows" VALUES(8,1,1,1,'RUB','2026-04-01',0,29445205,25000000,3945205,0,1,1,'2026-04-15');
INSERT INTO "monthly_flows" VALUES(8,1,1,2,'RUB','2026-02-01',0,300000000,0,0,0,1,1,'2026-02-01');
INSERT INTO "monthly_flows" VALUES(8,1,1,3,'RUB','2026-02-01',50000000,0,0,0,1,0,0,NULL);
INSERT INTO "monthly_flows" VALUES(8,1,1,3,'RUB','2026-03-01',0,50000000,50000000,0,0,1,1,'2026-03-10');
INSERT INTO "monthly_flows" VALUES(8,1,1,4,'RUB','2026-03-01',40000000,0,0,0,1,0,0,NULL);
INSERT INTO "monthly_flows" VALUES(8,1,1,5,'RUB','2026-03-01',40000000,0,0,0,1,0,0,NULL);
INSERT INTO "monthly_flows" VALUES(8,1,1,6,'RUB','2026-03-01',200000000,0,0,0,1,0,0,NULL);
INSERT INTO "monthly_flows" VALUES(8,1,1,7,'USD','2026-03-01',1000000,0,0,0,1,0,0,NULL);
INSERT INTO "monthly_flows" VALUES(8,1,1,8,'RUB','2026-03-01',10000000,0,0,0,1,0,0,NULL);
INSERT INTO "monthly_flows" VALUES(8,1,1,8,'RUB','2026-04-01',0,10150000,10000000,150000,0,1,1,'2026-04-10');
INSERT INTO "monthly_flows" VALUES(8,1,1,9,'RUB','2026-03-01',10000000,0,0,0,1,0,0,NULL);
INSERT INTO "monthly_flows" VALUES(8,1,1,9,'RUB','2026-04-01',2000000,12000000,12000000,0,1,1,1,'2026-04-10');
INSERT INTO "monthly_flows" VALUES(8,1,1,10,'RUB','2026-03-01',11111100,0,0,0,1,0,0,NULL);
INSERT INTO "monthly_flows" VALUES(8,1,1,11,'RUB','2026-03-01',22222200,0,0,0,1,0,0,NULL);
INSERT INTO "monthly_flows" VALUES(8,1,1,12,'RUB','2026-03-01',5000000,0,0,0,1,0,0,NULL);
INSERT INTO "monthly_flows" VALUES(8,1,1,12,'RUB','2026-04-01',0,5075000,0,0,0,1,1,'2026-04-10');
INSERT INTO "monthly_flows" VALUES(8,1,1,14,'RUB','2026-02-01',0,72000000,70000000,2000000,0,1,1,'2026-02-12');
INSERT INTO "monthly_flows" VALUES(8,1,1,2,'RUB','2026-06-01',315000000,0,0,0,2,0,0,NULL);
INSERT INTO "monthly_flows" VALUES(8,1,1,7,'RUB','2026-06-01',0,93730000,91000000,2730000,0,1,1,'2026-06-10');
INSERT INTO "monthly_flows" VALUES(8,1,1,4,'RUB','2026-12-01',0,40000000,40000000,0,0,1,1,'2026-12-25');
INSERT INTO "monthly_flows" VALUES(8,2,1,15,'RUB','2026-03-01',0,200000000,0,0,0,1,1,'2026-03-05');
CREATE TABLE organizations (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    name TEXT NOT NULL,
    inn TEXT,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (department_id, name)
);
INSERT INTO "organizations" VALUES(1,8,'ООО «Тест Холдинг»',NULL,1,'2026-11-25 09:14:28.949336','2026-11-25 09:14:28.949336');
INSERT INTO "organizations" VALUES(2,8,'АО «Юг»',NULL,1,'2026-11-25 09:14:28.964147','2026-11-25 09:14:28.964147');
CREATE TABLE receipts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    organization_id BIGINT NOT NULL,
    bank_account_id BIGINT,
    contract_id BIGINT,
    operation_id TEXT NOT NULL,
    document_date DATE,
    operation_type TEXT,
    account TEXT,
    document_number TEXT,
    payer TEXT,
    payer_account TEXT,
    settlement_account TEXT,
    contract_text TEXT,
    contract_date DATE,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    commission BIGINT,
    income_item TEXT,
    payment_purpose TEXT,
    responsible TEXT,
    comment TEXT,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    fingerprint BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (department_id, operation_id),
    FOREIGN KEY (organization_id) REFERENCES organizations (id),
    FOREIGN KEY (bank_account_id) REFERENCES bank_accounts (id),
    FOREIGN KEY (contract_id) REFERENCES contracts (id)
);
INSERT INTO "receipts" VALUES(1,8,1,1,1,'Поступление на расчетный счет 0Т00-000001 от 15.01.2026 10:00:00','2026-01-15','Получение кредита в банке',NULL,NULL,'ПАО «Тестбанк»',NULL,'67.01','Кредитный договор № T1 от 15.01.2026','2026-01-15','RUB',100000000,1000000,NULL,NULL,NULL,NULL,1,-3752693875692968080,'2026-11-25 09:14:28.950546','2026-11-25 09:14:28.950546');
INSERT INTO "receipts" VALUES(2,8,1,1,2,'Поступление на расчетный счет 0Т00-000004 от 01.06.2026 10:00:00','2026-06-01','Возврат займа контрагентом',NULL,NULL,'ООО «Заемщик»',NULL,'58.03','Договор займа № T2-ВЫДАН от 01.02.2026','2026-02-01','RUB',300000000,NULL,NULL,NULL,NULL,NULL,1,7995540796647719164,'2026-11-25 09:14:28.950546','2026-11-25 09:14:28.950546');
INSERT INTO "receipts" VALUES(3,8,1,1,2,'Поступление на расчетный счет 0Т00-000005 от 01.06.2026 10:00:00','2026-06-01','Прочее поступление',NULL,NULL,'ООО «Заемщик»',NULL,'76.09','Договор займа № T2-ВЫДАН от 01.02.2026','2026-02-01','RUB',15000000,NULL,NULL,NULL,NULL,NULL,1,5768274726970603931,'2026-11-25 09:14:28.950546','2026-11-25 09:14:28.950546');
INSERT INTO "receipts" VALUES(4,8,1,1,3,'Поступление на расчетный счет 0Т00-000006 от 10.02.2026 10:00:00','2026-02-10','Получение кредита в банке',NULL,NULL,'ПАО «Тестбанк»',NULL,'67.01','T3 от 10.02.2026','2026-02-10','RUB',50000000,NULL,NULL,NULL,NULL,NULL,1,-4653329554014940695,'2026-11-25 09:14:28.950546','2026-11-25 09:14:28.950546');
INSERT INTO "receipts" VALUES(5,8,1,1,4,'Поступление на расчетный счет 0Т00-000009 от 01.03.2026 10:00:00','2026-03-01','Получение кредита в банке',NULL,NULL,'Публичное акционерное общество "Тестбанк"',NULL,'67.01','T5 от 01.03.2026','2026-03-01','RUB',40000000,NULL,NULL,NULL,NULL,NULL,1,-2382841507438964700,'2026-11-25 09:14:28.950546','2026-11-25 09:14:28.950546');
INSERT INTO "receipts" VALUES(6,8,1,1,5,'Поступление на расчетный счет 0Т00-000010 от 01.03.2026 10:00:00','2026-03-01','Получение кредита в банке',NULL,NULL,'ТЕСТБАНК ПАО',NULL,'67.01','T6 от 01.03.2026','2026-03-01','RUB',40000000,NULL,NULL,NULL,NULL,NULL,1,-7068929983872160504,'2026-11-25 09:14:28.950546','2026-11-25 09:14:28.950546');
INSERT INTO "receipts" VALUES(7,8,1,1,6,'Поступление на расчетный счет 0Т00-000011 от 05.03.2026 10:00:00','2026-03-05','Получение займа от контрагента',NULL,NULL,'АО «Юг»',NULL,'67.01','Договор займа № T7 от 05.03.2026','2026-03-05','RUB',200000000,NULL,NULL,NULL,NULL,NULL,1,-7927400506189432856,'2026-11-25 09:14:28.950546','2026-11-25 09:14:28.950546');
INSERT INTO "receipts" VALUES(8,8,1,1,7,'Поступление на расчетный счет 0Т00-000013 от 10.03.2026 10:00:00','2026-03-10','Получение займа от контрагента',NULL,NULL,'Delta Finance Ltd',NULL,'67.01','T8 от 10.03.2026','2026-03-10','USD',1000000,NULL,NULL,NULL,NULL,NULL,1,2544835083203768036,'2026-11-25 09:14:28.950546','2026-11-25 09:14:28.950546');
INSERT INTO "receipts" VALUES(9,8,1,1,8,'Поступление на расчетный счет 0Т00-000015 от 10.03.2026 10:00:00','2026-03-10','Получение кредита в банке',NULL,NULL,'ПАО «Тестбанк»',NULL,'67.01','T9 от 10.03.2026','2026-03-10','RUB',10000000,NULL,NULL,NULL,NULL,NULL,1,7778200929704268628,'2026-11-25 09:14:28.950546','2026-11-25 09:14:28.950546');
INSERT INTO "receipts" VALUES(10,8,1,1,9,'Поступление на расчетный счет 0Т00-000017 от 10.03.2026 10:00:00','2026-03-10','Получение кредита в банке',NULL,NULL,'ПАО «Тестбанк»',NULL,'67.01','T10 от 10.03.2026','2026-03-10','RUB',10000000,NULL,NULL,NULL,NULL,NULL,1,-929171909595093235,'2026-11-25 09:14:28.950546','2026-11-25 09:14:28.950546');
INSERT INTO "receipts" VALUES(11,8,1,1,9,'Поступление на расчетный счет 0Т00-000019 от 12.04.2026 10:00:00','2026-04-12','Прочее поступление',NULL,NULL,'ПАО «Тестбанк»',NULL,'67.01','T10 от 10.03.2026','2026-03-10','RUB',2000000,NULL,NULL,NULL,NULL,NULL,1,-5548328707885271615,'2026-11-25 09:14:28.950546','2026-11-25 09:14:28.950546');
INSERT INTO "receipts" VALUES(12,8,1,1,10,'Поступление на расчетный счет 0Т00-000020 от 10.03.2026 10:00:00','2026-03-10','Получение кредита в банке',NULL,NULL,'ПАО «Тестбанк»',NULL,'67.01','T11 от 10.03.2025','2025-03-10','RUB',11111100,NULL,NULL,NULL,NULL,NULL,1,-1056244736470141186,'2026-11-25 09:14:28.950546','2026-11-25 09:14:28.950546');
INSERT INTO "receipts" VALUES(13,8,1,1,11,'Поступление на расчетный счет 0Т00-000021 от 10.03.2026 10:00:00','2026-03-10','Получение кредита в банке',NULL,NULL,'ПАО «Тестбанк»',NULL,'67.01','T11 от 10.03.2026','2026-03-10','RUB',22222200,NULL,NULL,NULL,NULL,NULL,1,-1182006478480345862,'2026-11-25 09:14:28.950546','2026-11-25 09:14:28.950546');
INSERT INTO "receipts" VALUES(14,8,1,1,12,'Поступление на расчетный счет 0Т00-000023 от 10.03.2026 10:00:00','2026-03-10','Прочее поступление',NULL,NULL,'ИП Иванов',NULL,'66.03','T13 от 10.03.2026','2026-03-10','RUB',5000000,NULL,NULL,NULL,NULL,NULL,1,-105888190153015979,'2026-11-25 09:14:28.950546','2026-11-25 09:14:28.950546');
CREATE TABLE rejected_rows (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    journal_id BIGINT NOT NULL,
    row_number INTEGER NOT NULL,
    column_name TEXT NOT NULL,
    value TEXT NOT NULL,
    reason TEXT NOT NULL, cells TEXT,
    FOREIGN KEY (journal_id) REFERENCES import_journal (id)
);
CREATE TABLE replicas (
    id TEXT NOT NULL PRIMARY KEY,
    seen_at TIMESTAMP NOT NULL
);
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    department_id BIGINT NOT NULL REFERENCES departments (id),
    username TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    full_name TEXT NOT NULL,
    role TEXT NOT NULL,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX rejected_rows_by_journal ON rejected_rows (department_id, journal_id);
CREATE INDEX monthly_flows_by_contract ON monthly_flows (department_id, contract_id);
CREATE INDEX receipts_by_organization ON receipts (department_id, organization_id, document_date);
CREATE INDEX expenses_by_organization ON expenses (department_id, organization_id, document_date);
CREATE INDEX receipts_newest_first ON receipts (department_id, document_date DESC, id DESC);
CREATE INDEX expenses_newest_first ON expenses (department_id, document_date DESC, id DESC);
CREATE INDEX expense_details_by_contract ON expense_details (department_id, contract_id);
CREATE UNIQUE INDEX import_runs_by_schedule ON import_runs (department_id, scheduled_for);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('departments',8);
INSERT INTO "sqlite_sequence" VALUES('import_runs',1);
INSERT INTO "sqlite_sequence" VALUES('organizations',2);
INSERT INTO "sqlite_sequence" VALUES('bank_accounts',1);
INSERT INTO "sqlite_sequence" VALUES('contracts',15);
INSERT INTO "sqlite_sequence" VALUES('receipts',14);
INSERT INTO "sqlite_sequence" VALUES('import_journal',3);
INSERT INTO "sqlite_sequence" VALUES('expenses',10);
INSERT INTO "sqlite_sequence" VALUES('expense_details',16);
COMMIT;
