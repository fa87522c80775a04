//! The times of a schedule, over every change of the clocks: each named time comes once.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::Schedule;

fn schedule(cron: &str, timezone: Tz) -> Schedule {
    Schedule::new(cron.parse().unwrap(), timezone)
}

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn times_between(schedule: &Schedule, from: &str, to: &str) -> Vec<String> {
    let mut times = Vec::new();
    let mut time = moment(from);
    while let Some(next) = schedule.next_after(time).filter(|next| *next <= moment(to)) {
        times.push(next.format("%d %H:%M").to_string());
        time = next;
    }
    times
}

/// The first minute at which a wall clock shows a time or has leapt over it, by trying every
/// minute.
fn first_minute_at(timezone: Tz, date: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    let wall = date.and_time(time);
    let start = wall.and_utc() - TimeDelta::hours(39);
    let mut minutes = (0..).map(|minutes| start + TimeDelta::minutes(minutes));
    minutes
        .find(|minute| minute.with_timezone(&timezone).naive_local() >= wall)
        .unwrap()
}

#[test]
fn a_time_that_daylight_saving_skips_comes_once_at_the_end_of_the_gap() {
    // At 01:00 UTC the clock leaps from 02:00 to 03:00.
    let (from, to) = ("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z");
    let berlin = |cron| times_between(&schedule(cron, Tz::Europe__Berlin), from, to);
    assert_eq!(berlin("30 2 * * *"), ["29 01:00", "30 00:30"]);
    assert_eq!(berlin("*/30 2 * * *"), ["29 01:00", "30 00:00", "30 00:30"]);
    assert_eq!(
        berlin("15 2,14 * * *"),
        ["28 13:15", "29 01:00", "29 12:15", "30 00:15"]
    );
    assert_eq!(
        berlin("0 2-3 * * *"),
        ["29 01:00", "30 00:00", "30 01:00"],
        "both at one moment"
    );
}

#[test]
fn a_time_that_daylight_saving_repeats_comes_once_at_its_first_occurrence() {
    // At 01:00 UTC the clock is set back from 03:00 to 02:00.
    let (from, to) = ("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z");
    let berlin = |cron| times_between(&schedule(cron, Tz::Europe__Berlin), from, to);
    assert_eq!(berlin("30 2 * * *"), ["25 00:30", "26 01:30"]);
    assert_eq!(
        berlin("*/30 2 * * *"),
        ["25 00:00", "25 00:30", "26 01:00", "26 01:30"]
    );
    assert_eq!(
        berlin("15 2,14 * * *"),
        ["24 12:15", "25 00:15", "25 13:15", "26 01:15"]
    );
}

#[test]
fn a_schedule_of_every_hour_follows_elapsed_time() {
    for (from, to) in [
        ("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"),
        ("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"),
    ] {
        let every_quarter = schedule("*/15 * * * *", Tz::Europe__Berlin);
        let mut time = moment(from);
        while time < moment(to) {
            let next = every_quarter.next_after(time).unwrap();
            assert_eq!(next - time, TimeDelta::minutes(15), "after {time}");
            assert_eq!(
                every_quarter.last_until(next - TimeDelta::seconds(1)),
                Some(time)
            );
            time = next;
        }
    }
}

/// On Lord Howe Island clocks go back from 02:00 to 01:30: it is 01:30 twice, half an hour apart.
#[test]
fn a_schedule_of_every_hour_leaves_no_time_out_where_half_an_hour_is_repeated() {
    let half_past = schedule("30 * * * *", Tz::Australia__Lord_Howe);
    let mut times = vec![moment("2026-04-04T13:30:00Z")];
    while times.len() < 5 {
        times.push(half_past.next_after(times[times.len() - 1]).unwrap());
    }
    let expected = [
        "2026-04-04T13:30:00Z",
        "2026-04-04T14:30:00Z",
        "2026-04-04T15:00:00Z",
        "2026-04-04T16:00:00Z",
        "2026-04-04T17:00:00Z",
    ];
    assert_eq!(times, expected.map(moment));
    for pair in times.windows(2) {
        let just_before = pair[1] - TimeDelta::milliseconds(1);
        assert_eq!(half_past.last_until(just_before), Some(pair[0]));
    }
}

#[test]
fn a_schedule_that_never_comes_has_no_times() {
    let never = schedule("0 6 30 2 *", Tz::Europe__Moscow);
    assert_eq!(never.next_after(moment("2026-01-01T00:00:00Z")), None);
    assert_eq!(never.last_until(moment("2026-01-01T00:00:00Z")), None);
}

/// Zones that leap by an hour, by half an hour and by a whole day, and one that gave daylight
/// saving up.
const ZONES: [Tz; 4] = [
    Tz::Europe__Berlin,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Apia,
    Tz::Europe__Moscow,
];

/// Days around the changes of their clocks.
const CHANGES: [&str; 6] = [
    "2026-03-29",
    "2026-10-25",
    "2026-04-05",
    "2026-10-04",
    "2011-12-30",
    "2014-10-26",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn daily_times_are_those_of_a_watched_wall_clock(
        zone in 0..ZONES.len(), change in 0..CHANGES.len(), hour in 0..24_u32, minute in 0..60_u32,
        offset in 0..5_u64, seconds in 0..86_400_i64,
    ) {
        let change: NaiveDate = CHANGES[change].parse().unwrap();
        let day = change - Days::new(2) + Days::new(offset);
        let now = day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::seconds(seconds);
        let daily = schedule(&format!("{minute} {hour} * * *"), ZONES[zone]);
        let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
        let mut watched: Vec<DateTime<Utc>> = (0..8)
            .map(|days| first_minute_at(ZONES[zone], day - Days::new(3) + Days::new(days), time))
            .collect();
        watched.dedup();
        prop_assert_eq!(daily.next_after(now), watched.iter().copied().find(|time| *time > now));
        prop_assert_eq!(daily.last_until(now), watched.iter().copied().rfind(|time| *time <= now));
    }

    /// What is due is found from behind, when to look from the front: both must see the same times.
    #[test]
    fn the_last_time_and_the_next_one_leave_none_between(
        zone in 0..ZONES.len(), change in 0..CHANGES.len(),
        cron in proptest::sample::select(vec![
            "* * * * *", "*/7 * * * *", "30 * * * *", "*/20 1-3 * * *", "5,35 0,2,23 * * 1-5", "* 2 * * *",
            "*/10 * 2 * * *", "0 0 1 * *", "59 23 * * 0", "* * * * * *",
        ]),
        seconds in 0..(4 * 86_400_i64), millis in 0..1000_i64,
    ) {
        let change: NaiveDate = CHANGES[change].parse().unwrap();
        let start = (change - Days::new(2)).and_time(NaiveTime::MIN).and_utc();
        let now = start + TimeDelta::seconds(seconds) + TimeDelta::milliseconds(millis);
        let schedule = schedule(cron, ZONES[zone]);
        let (last, next) = (schedule.last_until(now).unwrap(), schedule.next_after(now).unwrap());
        prop_assert!(last <= now && now < next);
        prop_assert_eq!(schedule.next_after(last), Some(next));
        prop_assert_eq!(schedule.last_until(next), Some(next));
        prop_assert_eq!(schedule.last_until(next - TimeDelta::milliseconds(1)), Some(last));
    }
}
