//! Credit (of a bank) or loan (of a counterparty).

/// The type of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContractType {
    /// Of a bank.
    Credit,
    /// Of another counterparty.
    Loan,
}

impl ContractType {
    /// What an operation's type tells: `Получение кредита в банке`, `Возврат кредита банку` are
    /// of a credit, `Получение займа от контрагента`, `Возврат займа контрагенту` of a loan.
    pub fn of_operation(operation_type: &str) -> Option<ContractType> {
        let text = operation_type.to_lowercase();
        if text.contains("кредит") {
            Some(ContractType::Credit)
        } else if text.contains("займ") || text.contains("заем") || text.contains("заём") {
            Some(ContractType::Loan)
        } else {
            None
        }
    }

    /// The type of that name: as it is stored, or as the front end shows it, in any letter case.
    pub fn of_name(name: &str) -> Option<ContractType> {
        match name.to_lowercase().replace('ё', "е").as_str() {
            "credit" | "кредит" => Some(ContractType::Credit),
            "loan" | "заем" => Some(ContractType::Loan),
            _ => None,
        }
    }

    /// As it is stored and answered.
    pub fn as_str(self) -> &'static str {
        match self {
            ContractType::Credit => "credit",
            ContractType::Loan => "loan",
        }
    }
}
