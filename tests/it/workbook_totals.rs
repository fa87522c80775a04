//! What the totals of a workbook are checked against.

use credit_portfolio::import::RemarkCode;

use crate::support::packages::{a_row, cell, number, receipts_of, text};
use crate::support::sheets::{count, read, rows, summed, total};

#[test]
fn totals_that_differ_do_not_offset_each_other() {
    let sheets = [
        receipts_of("Один", summed(1..3, "150")),
        receipts_of("Два", summed(3..6, "350")),
    ];
    let totals = read(&sheets).unwrap().totals;
    assert!(totals.differs());
    assert_eq!(totals.remarks.len(), 2, "{:?}", totals.remarks);
    assert!(
        totals.remarks[0].text.starts_with("sheet «Один»: "),
        "{:?}",
        totals.remarks
    );
    assert_ne!(totals.control_total, Some(totals.rows_total));
}

#[test]
fn totals_are_checked_and_never_taken_for_rows() {
    let with = |labels: &[(&str, &str, usize)]| {
        let mut all = Vec::new();
        let mut next = 1;
        for (label, amount, count) in labels {
            all.extend(rows(next..next + *count as u32));
            next += *count as u32;
            all.push(total(label, number(amount)));
        }
        read(&[receipts_of("Лист_1", all)]).unwrap()
    };
    for labels in [
        &[("Итого", "200", 2)][..],
        &[("ИТОГО:", "200", 2)],
        &[("Всего", "200", 2)],
        &[
            ("Итого по ООО «Север»", "200", 2),
            ("Итого по ООО «Юг»", "100", 1),
            ("Всего", "300", 0),
        ],
        &[("Итого", "200", 2), ("Итого", "100", 1)],
        &[("Итого", "0", 0)],
    ] {
        let content = with(labels);
        assert_eq!(
            (count(&content), content.rejects.len()),
            (labels.iter().map(|(_, _, rows)| rows).sum(), 0)
        );
        assert_eq!(content.totals.remarks, [], "{labels:?}");
        assert_eq!(
            content.totals.control_total,
            Some(content.totals.rows_total),
            "{labels:?}"
        );
    }
    for labels in [
        &[("Итого", "300", 2)][..],
        &[("Итого по Северу", "200", 2), ("Итого по Югу", "150", 1)],
        &[("Итого по Северу", "200", 2), ("Всего", "400", 1)],
        &[("Итого", "200", 2), ("Всего", "0", 0)],
    ] {
        assert_eq!(with(labels).totals.remarks.len(), 1, "{labels:?}");
    }
    // A row below the last total is checked by none.
    let mut below = summed(1..3, "200");
    below.extend(rows(3..4));
    let content = read(&[receipts_of("Лист_1", below)]).unwrap();
    assert!(
        content.totals.differs() && content.totals.remarks.len() == 1,
        "{:?}",
        content.totals.remarks
    );
    // The word may stand in any column before the amount, if no operation is named.
    let mut all = rows(1..3);
    all.push(vec![
        cell("", ""),
        text("Всего по организации"),
        number("200"),
    ]);
    let content = read(&[receipts_of("Лист_1", all)]).unwrap();
    assert_eq!(
        (
            count(&content),
            content.rejects.len(),
            content.totals.remarks.len()
        ),
        (2, 0, 0)
    );
    let mut named = a_row(1, number("5"));
    named[1] = text("Всего");
    assert_eq!(
        count(&read(&[receipts_of("Лист_1", vec![named])]).unwrap()),
        1,
        "an organization of that name"
    );
}

#[test]
fn a_total_that_cannot_be_read_is_remarked_on() {
    for (label, amount, shown) in [
        ("Итого", text("999 999,99 руб."), "999 999,99 руб."),
        ("Итого", cell("", "<f>SUM(C2:C3)</f>"), "Итого"),
        ("Итого: 999 999,99", cell("", ""), "Итого: 999 999,99"),
        ("Итого", cell("t=\"e\"", "<v>#REF!</v>"), "#REF!"),
    ] {
        let mut all = rows(1..3);
        all.push(total(label, amount));
        let content = read(&[receipts_of("Лист_1", all)]).unwrap();
        let [remark] = content.totals.remarks.as_slice() else {
            panic!("{:?}", content.totals.remarks)
        };
        assert_eq!(remark.code, RemarkCode::UnreadableTotal);
        assert!(
            remark.text.contains("row 4") && remark.text.contains(shown),
            "{remark:?}"
        );
        assert_eq!((count(&content), content.totals.control_total), (2, None));
    }
}
