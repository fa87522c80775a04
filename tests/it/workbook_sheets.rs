//! Which sheets and columns of a workbook are read.

use credit_portfolio::import::RemarkCode;
use credit_portfolio::import::workbook::{Kind, Rows, WorkbookError};

use crate::support::packages::{
    HEADINGS, a_row, a_sheet, book, book_of, book_with, number, operation_id, receipts_of, text,
    texts,
};
use crate::support::readings::{Content, read_bytes};
use crate::support::sheets::{count, read, rows, summed};

#[test]
fn each_visible_sheet_whose_header_fits_is_read_with_its_own_total() {
    let cover = a_sheet("Титул", vec![texts(&["Выгрузка из 1С"])]);
    let sheets = [
        cover,
        receipts_of("Один", summed(1..3, "200")),
        receipts_of("Два", summed(3..6, "300")),
    ];
    for kind in [None, Some(Kind::Receipts)] {
        let content = read_bytes(&book(&sheets), kind).unwrap();
        assert_eq!((content.kind, count(&content)), (Kind::Receipts, 5));
        assert_eq!(
            content
                .totals
                .control_total
                .map(|total| total.to_string())
                .as_deref(),
            Some("500.00")
        );
        assert_eq!(content.totals.rows_total.to_string(), "500.00");
        assert_eq!(
            (&content.totals.remarks, &content.totals.notes),
            (&vec![], &vec![])
        );
        assert!(!content.totals.differs());
    }
}

#[test]
fn an_operation_on_two_sheets_is_taken_once() {
    let content = read(&[
        receipts_of("Один", rows(1..4)),
        receipts_of("Два", rows(3..6)),
    ])
    .unwrap();
    assert_eq!(count(&content), 5);
    let [reject] = content.rejects.as_slice() else {
        panic!("{:?}", content.rejects)
    };
    assert_eq!(
        (reject.sheet.as_deref(), reject.row_number),
        (Some("Два"), 2)
    );
    assert_eq!(reject.reason, "stands in row 4 of the sheet «Один» already");
}

#[test]
fn a_hidden_sheet_is_read_only_if_no_other_one_fits() {
    let content = read(&[
        receipts_of("Старое", rows(1..4)).hidden(),
        receipts_of("Лист_1", rows(4..6)),
    ])
    .unwrap();
    assert_eq!(count(&content), 2);
    assert_eq!(
        content.totals.notes,
        ["the sheet «Старое» is hidden and was not read, though it holds receipts"]
    );
    let content = read(&[
        a_sheet("Титул", vec![texts(&["x"])]),
        receipts_of("Старое", rows(1..4)).hidden(),
    ])
    .unwrap();
    assert_eq!(count(&content), 3);
    assert!(
        content.totals.notes[0].contains("«Старое» is hidden; it was read"),
        "{:?}",
        content.totals.notes
    );
    let hidden = [
        receipts_of("Один", rows(1..2)).hidden(),
        receipts_of("Два", rows(2..3)).hidden(),
    ];
    let err = read(&hidden).unwrap_err().to_string();
    assert!(err.contains("«Один», «Два»"), "{err}");
}

#[test]
fn operations_below_no_header_refuse_the_file() {
    let err = read(&[
        receipts_of("Один", rows(1..3)),
        a_sheet("Продолжение", rows(3..5)),
    ])
    .unwrap_err()
    .to_string();
    assert!(
        err.starts_with("the sheet «Продолжение» holds operations below no header row (row 1)"),
        "{err}"
    );
    let dateless = |text_of: &str| a_sheet("Продолжение", vec![texts(&[text_of, "О", "100"])]);
    let err = read(&[
        receipts_of("Один", rows(1..3)),
        dateless("Поступление на расчетный счет 7 от 05.03.2024"),
    ]);
    assert!(
        matches!(err, Err(WorkbookError::NoHeaderOnSheet { row: 1, .. })),
        "{err:?}"
    );
    // A sheet of something else is passed over.
    let other = dateless("Договор займа № 7 от 05.03.2024");
    assert_eq!(
        count(&read(&[receipts_of("Один", rows(1..3)), other]).unwrap()),
        2
    );
    let other = a_sheet(
        "Курсы",
        vec![texts(&["Дата", "Курс"]), texts(&["05.03.2024", "92,5"])],
    );
    assert_eq!(
        count(&read(&[receipts_of("Один", rows(1..3)), other]).unwrap()),
        2
    );
}

#[test]
fn a_sheet_of_another_kind_is_remarked_on() {
    let expenses = a_sheet(
        "Списания",
        vec![texts(&[
            "Списание с расчетного счета",
            "Организация",
            "Сумма",
        ])],
    );
    for kind in [None, Some(Kind::Receipts)] {
        let sheets = [receipts_of("Один", rows(1..3)), expenses.clone()];
        let content = read_bytes(&book(&sheets), kind).unwrap();
        assert_eq!(count(&content), 2);
        let [remark] = content.totals.remarks.as_slice() else {
            panic!("{:?}", content.totals.remarks)
        };
        assert_eq!(remark.code, RemarkCode::SheetNotRead);
        assert!(
            remark
                .text
                .starts_with("the sheet «Списания» holds expenses and was not read"),
            "{remark:?}"
        );
    }
}

#[test]
fn rejects_of_sheets_in_another_order_stand_below_the_first_header() {
    let turned = |number_of_row: u32| {
        let mut row = a_row(number_of_row, text("abc"));
        row.reverse();
        row
    };
    let mut headings = texts(&HEADINGS);
    headings.reverse();
    let second = a_sheet("Два", vec![headings, turned(2)]);
    let content = read(&[receipts_of("Один", rows(1..2)), second]).unwrap();
    let cells = &content.rejects[0].cells;
    assert_eq!(
        (cells[0].as_str(), cells[2].as_str()),
        (Some(operation_id(2).as_str()), Some("abc")),
        "{cells:?}"
    );
}

#[test]
fn a_heading_that_stands_twice_must_leave_no_doubt() {
    let sheet = |doubled: &str, values: &[(&str, &str)]| {
        let mut all = vec![texts(&[
            "Поступление на расчетный счет",
            "Организация",
            doubled,
            "Сумма",
            doubled,
        ])];
        for (at, (first, second)) in (1..).zip(values) {
            let mut row = texts(&[&operation_id(at), "О", first]);
            row.push(number("100"));
            row.extend(texts(&[second]));
            all.push(row);
        }
        read(&[a_sheet("Лист_1", all)])
    };
    let contracts = |content: &Content| -> Vec<Option<String>> {
        let Some(Rows::Receipts(rows)) = content.rows.first() else {
            panic!("{content:?}")
        };
        rows.iter()
            .map(|row| {
                row.contract
                    .as_ref()
                    .map(|contract| contract.spelling.clone())
            })
            .collect()
    };
    let one = || Some("№ 1".to_owned());
    for values in [
        &[("", "№ 1"), ("", "№ 1")][..],
        &[("№ 1", ""), ("№ 1", "")],
        &[("№ 1", "№ 1"), ("№ 1", "№  1")],
    ] {
        assert_eq!(
            contracts(&sheet("Договор", values).unwrap()),
            [one(), one()],
            "{values:?}"
        );
    }
    for (values, row) in [(&[("№ 1", "№ 2")][..], 2), (&[("№ 1", ""), ("", "№ 2")], 3)] {
        match sheet("Договор", values).unwrap_err() {
            WorkbookError::AmbiguousColumn {
                heading,
                row: found,
            } => {
                assert_eq!((heading.as_str(), found), ("Договор", row))
            }
            other => panic!("{other}"),
        }
    }
    // Two names of one column are the same column.
    let headings = texts(&[
        "Поступление на расчетный счет",
        "Организация",
        "Сумма",
        "Вх. дата",
        "Дата входящего документа",
    ]);
    let dated = |first: &str, second: &str| {
        let mut row = texts(&["№ 1", "О"]);
        row.push(number("100"));
        row.extend(texts(&[first, second]));
        read(&[a_sheet("Лист_1", vec![headings.clone(), row])])
    };
    for (first, second) in [
        ("05.03.2024", ""),
        ("", "05.03.2024"),
        ("05.03.2024", "05.03.2024"),
    ] {
        let content = dated(first, second).unwrap();
        let Some(Rows::Receipts(rows)) = content.rows.first() else {
            panic!("{content:?}")
        };
        assert_eq!(
            rows[0]
                .document_date
                .map(|date| date.to_string())
                .as_deref(),
            Some("2024-03-05")
        );
    }
    assert!(matches!(
        dated("05.03.2024", "06.03.2024"),
        Err(WorkbookError::AmbiguousColumn { .. })
    ));
    // The same for amounts, which are not believed either.
    let err = sheet("сумма ", &[("92500", "1000")])
        .unwrap_err()
        .to_string();
    assert!(err.contains("«Сумма» stands there twice"), "{err}");
    // A text for people is the first that is filled; a column that nothing reads may stand there
    // ten times.
    let content = sheet("Комментарий", &[("", "б"), ("а", "б")]).unwrap();
    let Some(Rows::Receipts(rows)) = content.rows.first() else {
        panic!("{content:?}")
    };
    let comments: Vec<_> = rows.iter().map(|row| row.comment.as_deref()).collect();
    assert_eq!(comments, [Some("б"), Some("а")]);
    assert!(sheet("Лишнее", &[("1", "2")]).is_ok());
}

#[test]
fn two_sheets_of_one_part_are_refused() {
    let sheets = [
        receipts_of("Один", rows(1..3)),
        receipts_of("Два", rows(3..5)),
    ];
    let relations = "<Relationships><Relationship Id=\"rId1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
                     <Relationship Id=\"rId2\" Type=\"x/worksheet\" Target=\"/xl/worksheets/sheet1.xml\"/></Relationships>";
    let err = read_bytes(&book_of(&sheets, relations), Some(Kind::Receipts))
        .unwrap_err()
        .to_string();
    assert!(
        err.contains("«Один» and «Два» are one and the same part"),
        "{err}"
    );
}

#[test]
fn more_rows_than_a_sheet_may_have_are_refused_over_all_sheets() {
    let blank = || a_sheet("Пусто", vec![Vec::new(); 600_000]);
    let err = read(&[receipts_of("Один", rows(1..3)), blank(), blank()])
        .unwrap_err()
        .to_string();
    assert!(err.contains("more than 1048576 rows together"), "{err}");
}

#[test]
fn parts_that_nothing_reads_may_be_large_and_odd() {
    let sheets = [receipts_of("Лист_1", rows(1..3))];
    let picture = vec![7; 40 << 20];
    let others: [(&str, &[u8]); 3] = [
        ("xl/media/image1.png", &picture),
        ("xl/pivotCache/pivotCacheRecords1.xml", b"<not <xml"),
        ("xl/drawings/vmlDrawing1.vml", b"<br>"),
    ];
    assert_eq!(
        count(&read_bytes(&book_with(&sheets, &others), Some(Kind::Receipts)).unwrap()),
        2
    );
}

#[test]
fn comments_cdata_and_instructions_count_towards_the_limits() {
    let sheet = |inserted: &str| {
        let whole = book(&[receipts_of("Лист_1", rows(1..3))]);
        crate::support::workbooks::with_part_of(&whole, "xl/worksheets/sheet1.xml", |was, part| {
            let was = std::str::from_utf8(was).unwrap();
            let (before, behind) = was.split_at(was.find("<row>").unwrap());
            part.write_all(format!("{before}{inserted}{behind}").as_bytes())
                .unwrap();
        })
    };
    for small in [
        "<!-- > <row><c><v>1</v></c></row> -->",
        "<?x > <row/> ?>",
        "<![CDATA[ > <row> ]]>",
        "<!---->",
        "<!----->-->",
    ] {
        assert_eq!(
            count(&read_bytes(&sheet(small), Some(Kind::Receipts)).unwrap()),
            2,
            "{small}"
        );
    }
    let long = "> ".repeat(1 << 20);
    let many = "<!-- > -->".repeat(200_000);
    for large in [
        format!("<!--{long}-->"),
        format!("<?x {long}?>"),
        format!("<![CDATA[{long}]]>"),
        many,
    ] {
        let err = read_bytes(&sheet(&large), Some(Kind::Receipts))
            .unwrap_err()
            .to_string();
        assert!(err.contains("more than 1 MB"), "{err}");
    }
}
