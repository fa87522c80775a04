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
    /// The type of that name: as it is stored, or as the front end shows it, in any letter case.
    pub fn of_name(name: &str) -> Option<ContractType> {
        match name.to_lowercase().replace('ё', "е").as_str() {
            "credit" | "кредит" => Some(ContractType::Credit),
            "loan" | "заем" => Some(ContractType::Loan),
            _ => None,
        }
    }

    /// As the front end shows it.
    pub fn label(self) -> &'static str {
        match self {
            ContractType::Credit => "Кредит",
            ContractType::Loan => "Заем",
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
