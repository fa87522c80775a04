//! The colours of the style sheet: text and fills stand out from what is behind them, in both
//! themes (WCAG 2.2, 1.4.3 and 1.4.11).

use std::collections::BTreeMap;
use std::path::Path;

/// What text, frames and the mark of the focus stand on.
const BACKGROUNDS: [&str; 4] = ["paper", "panel", "raised", "hover"];
/// What charts stand on.
const PANELS: [&str; 2] = ["panel", "raised"];
const TEXTS: [&str; 8] = [
    "ink",
    "soft",
    "link",
    "good",
    "warn",
    "bad",
    "principal-ink",
    "interest-ink",
];
const FRAMES: [&str; 2] = ["edge", "focus"];
const SERIES: [&str; 5] = ["inflow", "outflow", "principal", "interest", "debt"];

/// The tokens with their colours in the light and the dark theme.
fn tokens() -> BTreeMap<String, [[f64; 3]; 2]> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/static/app.css");
    let style = std::fs::read_to_string(path).unwrap();
    let lines = style.lines().filter_map(|line| {
        let (name, value) = line
            .trim()
            .strip_prefix("--")?
            .split_once(": light-dark(")?;
        let (light, dark) = value.strip_suffix(");")?.split_once(", ")?;
        Some((name.to_owned(), [colour(light), colour(dark)]))
    });
    lines.collect()
}

fn colour(hex: &str) -> [f64; 3] {
    let digits = hex.strip_prefix('#').unwrap();
    assert_eq!(digits.len(), 6, "{hex}");
    [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&digits[at..at + 2], 16).unwrap()) / 255.0)
}

/// The relative luminance of WCAG.
fn luminance(colour: [f64; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        if part <= 0.04045 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn the_formula_is_that_of_the_standard() {
    assert!((contrast(colour("#000000"), colour("#ffffff")) - 21.0).abs() < 1e-9);
    assert!((contrast(colour("#777777"), colour("#ffffff")) - 4.478).abs() < 0.001);
}

#[test]
fn texts_and_fills_stand_out_in_both_themes() {
    let tokens = tokens();
    assert!(tokens.len() > 20, "{tokens:?}");
    let mut faults = Vec::new();
    for (names, backgrounds, least) in [
        (&TEXTS[..], &BACKGROUNDS[..], 4.5),
        (&FRAMES[..], &BACKGROUNDS[..], 3.0),
        (&SERIES[..], &PANELS[..], 3.0),
    ] {
        for name in names {
            for background in backgrounds {
                for (theme, at) in [("light", 0), ("dark", 1)] {
                    let found = contrast(tokens[*name][at], tokens[*background][at]);
                    if found < least {
                        faults.push(format!("{theme}: {name} on {background}: {found:.2}"));
                    }
                }
            }
        }
    }
    for (text, background) in [("warn", "warn-bg"), ("bad", "bad-bg"), ("ink", "warn-bg")] {
        for at in [0, 1] {
            let found = contrast(tokens[text][at], tokens[background][at]);
            if found < 4.5 {
                faults.push(format!("{text} on {background}: {found:.2}"));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}
