//! Loans of an invented holding, paid off month by month as an annuity.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// The organizations: name, how their file names begin, and the two letters of their operation ids.
pub const ORGANIZATIONS: [(&str, &str, &str); 6] = [
    ("ООО «Север Торг»", "Sever Torg", "0С"),
    ("АО «Юг»", "Yug", "0Ю"),
    ("Vostok Trade LLC", "Vostok Trade", "0В"),
    ("ООО «Запад Логистик»", "Запад Логистик", "0З"),
    ("Polaris Capital JSC", "Polaris", "0П"),
    ("ООО «Центр Девелопмент»", "Центр Девелопмент", "0Ц"),
];

/// The lenders, banks first.
const LENDERS: [(&str, bool); 6] = [
    ("ПАО «Примбанк»", true),
    ("АО «Вымпел Банк»", true),
    ("Northern Star Bank JSC", true),
    ("ООО «Инвест Партнер»", false),
    ("Delta Finance Ltd", false),
    ("АО «Холдинг Капитал»", false),
];

/// A loan, as agreed.
#[derive(Clone, Debug)]
pub struct Loan {
    /// Who borrowed: the place in [`ORGANIZATIONS`].
    pub organization: usize,
    /// Who lent.
    pub lender: &'static str,
    /// Whether the lender is a bank.
    pub is_credit: bool,
    /// The number of its contract.
    pub number: String,
    /// The day of its contract.
    pub date: NaiveDate,
    /// `руб.` or `USD`.
    pub currency: &'static str,
    /// What was lent, in kopecks.
    pub principal: i64,
    /// A year's interest in hundredths of a percent.
    pub rate: i64,
    /// How many monthly payments there are.
    pub months: u32,
}

/// One monthly payment, in kopecks.
#[derive(Clone, Copy, Debug)]
pub struct Payment {
    /// The day.
    pub date: NaiveDate,
    /// What lowers the debt.
    pub principal: i64,
    /// What the debt costs.
    pub interest: i64,
}

impl Loan {
    /// A loan that began between `first` and a month before `today`.
    pub fn invented(
        random: &mut StdRng,
        organization: usize,
        serial: usize,
        first: NaiveDate,
        today: NaiveDate,
    ) -> Loan {
        let (lender, is_credit) = *LENDERS.choose(random).unwrap_or(&LENDERS[0]);
        let days = (today - first).num_days().max(32) as u64;
        let date = first + Days::new(random.random_range(0..days - 31));
        let in_dollars = serial % 17 == 16;
        let number = match random.random_range(0..3) {
            0 => format!("{:020X}", random.random_range(0..1_u128 << 80)),
            1 => format!("{:02}/{}-ДЗ{serial}", date.month(), date.year()),
            _ => format!("КЛ-{serial:05}"),
        };
        Loan {
            organization,
            lender,
            is_credit,
            number,
            date,
            currency: if in_dollars { "USD" } else { "руб." },
            principal: random.random_range(50..2000) * 10_000_000 / if in_dollars { 80 } else { 1 },
            rate: random.random_range(700..2200),
            months: *[12, 18, 24, 36, 60].choose(random).unwrap_or(&36),
        }
    }

    /// The contract, in one of the spellings that 1C uses.
    pub fn spelling(&self, style: usize) -> String {
        let date = ru(self.date);
        match style % 3 {
            0 => format!("Договор N {} от {date}", self.number),
            1 => format!("{} от {date}", self.number),
            _ if self.is_credit => format!("Кредитный договор № {} от {date}г.", self.number),
            _ => format!("Договор займа № {} от {date}г.", self.number),
        }
    }

    /// The payments due until `today`: equal instalments, the last one takes the rest.
    pub fn payments(&self, today: NaiveDate) -> Vec<Payment> {
        let monthly_rate = self.rate as f64 / 120_000.0;
        let growth = (1.0 + monthly_rate).powi(self.months as i32);
        let instalment =
            (self.principal as f64 * monthly_rate * growth / (growth - 1.0)).round() as i64;
        let mut debt = self.principal;
        let mut payments = Vec::new();
        for month in 1..=self.months {
            let date = workday(self.date + Months::new(month));
            if date > today {
                break;
            }
            let interest = (debt as f64 * monthly_rate).round() as i64;
            let principal = if month == self.months {
                debt
            } else {
                (instalment - interest).min(debt)
            };
            debt -= principal;
            payments.push(Payment {
                date,
                principal,
                interest,
            });
        }
        payments
    }
}

/// `24.09.2021`.
pub fn ru(date: NaiveDate) -> String {
    date.format("%d.%m.%Y").to_string()
}

fn workday(date: NaiveDate) -> NaiveDate {
    match date.weekday() {
        Weekday::Sat => date + Days::new(2),
        Weekday::Sun => date + Days::new(1),
        _ => date,
    }
}
