//! Two years of a schedule under a clock that leaps from time to time, with processes that come and
//! go and a database that fails at random: every time is covered by exactly one run.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{
    DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday,
};
use chrono_tz::Tz;
use credit_portfolio::config::DatabaseSettings;
use credit_portfolio::db::Db;
use credit_portfolio::import::schedule::{
    Claim, Schedule, ScheduledSource, Timetable, claim_due_run,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::support::app::{Backend, DEPARTMENT, OTHER_DEPARTMENT, TestApp};
use crate::support::{from_environment, on_both_databases};

on_both_databases!(over_two_years_with_random_faults_every_time_is_covered_by_exactly_one_run);

/// A tenth of the statements that store a run or move a mark fail, as they do while another writes.
const SQLITE_FAULTS: &str = "
CREATE TRIGGER run_fault BEFORE INSERT ON import_runs WHEN abs(random()) % 10 = 0
BEGIN SELECT RAISE(ABORT, 'database is locked'); END;
CREATE TRIGGER mark_fault BEFORE UPDATE ON schedule_marks WHEN abs(random()) % 10 = 0
BEGIN SELECT RAISE(ABORT, 'database is locked'); END;";

/// The same, and commits fail as well.
const POSTGRES_FAULTS: &str = "
CREATE FUNCTION fail_at_random() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF random() < 0.1 THEN RAISE EXCEPTION 'injected'; END IF; RETURN NEW; END $$;
CREATE TRIGGER run_fault BEFORE INSERT ON import_runs FOR EACH ROW EXECUTE FUNCTION fail_at_random();
CREATE TRIGGER mark_fault BEFORE UPDATE ON schedule_marks FOR EACH ROW EXECUTE FUNCTION fail_at_random();
CREATE CONSTRAINT TRIGGER commit_fault AFTER INSERT ON import_runs DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION fail_at_random();";

/// Sources with the hour and minute of their daily time, and whether they rest at weekends.
const SOURCES: [(i64, &str, u32, u32, bool); 3] = [
    (DEPARTMENT, "night", 2, 30, false),
    (DEPARTMENT, "morning", 6, 0, true),
    (OTHER_DEPARTMENT, "north", 2, 0, false),
];

/// How late a run may be stored while processes live: several failed tries come one after another.
const LATEST: TimeDelta = TimeDelta::minutes(10);

fn day(text: &str) -> DateTime<Utc> {
    text.parse::<NaiveDate>()
        .unwrap()
        .and_time(NaiveTime::MIN)
        .and_utc()
}

fn schedule(cron: &str, timezone: Tz) -> Schedule {
    Schedule::new(cron.parse().unwrap(), timezone)
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

fn timetable() -> Timetable {
    Timetable::new(SOURCES.map(|(department_id, name, hour, minute, rests)| {
        let days = if rests { "1-5" } else { "*" };
        let schedule = schedule(&format!("{minute} {hour} * * {days}"), Tz::Europe__Berlin);
        ScheduledSource {
            department_id,
            name: name.to_owned(),
            schedule,
        }
    }))
}

/// The times of a source, found by watching the wall clock.
fn watched_times(
    hour: u32,
    minute: u32,
    rests: bool,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Vec<DateTime<Utc>> {
    let dates = (0..)
        .map(|days| from.date_naive() + Days::new(days))
        .take_while(|date| *date <= to.date_naive());
    let works = |date: &NaiveDate| !rests || !matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
    let times = dates
        .filter(works)
        .map(|date| first_minute_at(Tz::Europe__Berlin, date, time));
    times.filter(|time| *time > from && *time <= to).collect()
}

/// A stored run and what it covers.
struct StoredRun {
    scheduled_for: DateTime<Utc>,
    covers_after: DateTime<Utc>,
    sources: Vec<String>,
}

fn stored_runs(app: &TestApp, department_id: i64) -> Vec<StoredRun> {
    let lines = app.read(&format!(
        "SELECT CAST(scheduled_for AS TEXT) || ';' || CAST(covers_after AS TEXT) || ';' || sources FROM import_runs \
         WHERE department_id = {department_id} ORDER BY scheduled_for, id"
    ));
    let time = |text: &str| {
        NaiveDateTime::parse_from_str(text, "%F %T%.f")
            .unwrap()
            .and_utc()
    };
    let run = |line: String| {
        let fields: Vec<&str> = line.split(';').collect();
        let sources = fields[2].split(',').map(str::to_owned).collect();
        StoredRun {
            scheduled_for: time(fields[0]),
            covers_after: time(fields[1]),
            sources,
        }
    };
    lines.into_iter().map(run).collect()
}

/// The pool of the processes, whose patience may be too short for a first connection on a busy
/// machine.
async fn opened(settings: &DatabaseSettings) -> Db {
    let mut last = None;
    for _ in 0..30 {
        match Db::open(settings, false).await {
            Ok(db) => return db,
            Err(err) => last = Some(err),
        }
    }
    panic!("{last:?}");
}

async fn over_two_years_with_random_faults_every_time_is_covered_by_exactly_one_run(
    backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let settings = DatabaseSettings {
        timeout: Duration::from_millis(500),
        ..app.settings.database.clone()
    };
    let db = opened(&settings).await;
    app.execute(if backend == Backend::Sqlite {
        SQLITE_FAULTS
    } else {
        POSTGRES_FAULTS
    })
    .await;
    let mut random = StdRng::seed_from_u64(from_environment("SOAK_SEED", 19) as u64);
    let (start, end) = (
        day("2024-01-01"),
        day("2024-01-01") + Days::new(from_environment("SOAK_DAYS", 731) as u64),
    );
    let mut now = start;
    let mut replicas = [timetable(), timetable()];
    // When each run was stored, by the clock of the processes, and when no process lived.
    let mut stored_at: BTreeMap<(i64, DateTime<Utc>), DateTime<Utc>> = BTreeMap::new();
    let mut outages: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
    let (mut faults, mut has_failed, mut is_in_doubt) = (0, false, false);
    // What fails last is tried again.
    while now < end || has_failed {
        has_failed = false;
        let has_begun = !stored_at.is_empty();
        if has_begun && random.random_range(0..60) == 0 {
            // No process lives for up to five days.
            let back = now + TimeDelta::seconds(random.random_range(1..432_000));
            outages.push((now, back));
            (now, replicas) = (back, [timetable(), timetable()]);
        } else if random.random_range(0..30) == 0 {
            replicas[random.random_range(0..2)] = timetable();
        }
        let next = replicas
            .iter()
            .filter_map(Timetable::next_look)
            .min()
            .unwrap();
        now = now.max(next) + TimeDelta::milliseconds(random.random_range(0..1500));
        for replica in &mut replicas {
            for department_id in replica.departments_to_look_after(now) {
                let lock = if random.random_range(0..200) == 0 {
                    app.write_lock().await
                } else {
                    None
                };
                let sources = replica.sources_of(department_id);
                let claim = claim_due_run(&db, department_id, sources, "replica", now).await;
                drop(lock);
                // The answer to a commit may be lost.
                let is_lost = random.random_range(0..20) == 0;
                if let Ok(Claim { run: Some(run), .. }) = &claim {
                    stored_at.insert((department_id, run.scheduled_for), now);
                }
                // A commit whose answer came too late has stored a run all the same.
                if claim.is_err() || is_in_doubt {
                    for run in stored_runs(&app, department_id) {
                        stored_at
                            .entry((department_id, run.scheduled_for))
                            .or_insert(now);
                    }
                }
                is_in_doubt = claim.is_err();
                match claim {
                    Ok(claim) if !is_lost => replica.note_handled(department_id, &claim.marks, now),
                    _ => {
                        (faults, has_failed) = (faults + 1, true);
                        replica.note_failed(department_id, now);
                    }
                }
            }
        }
    }
    assert!(
        faults > 100 && outages.len() > 5,
        "{faults} faults, {} outages",
        outages.len()
    );
    let mut times_covered = 0;
    for (department_id, name, hour, minute, rests) in SOURCES {
        let mut times = watched_times(hour, minute, rests, start, now)
            .into_iter()
            .peekable();
        let runs = stored_runs(&app, department_id);
        for run in runs
            .iter()
            .filter(|run| run.sources.iter().any(|source| source == name))
        {
            let at = stored_at[&(department_id, run.scheduled_for)];
            let mut covered = 0;
            while let Some(time) = times.next_if(|time| *time <= run.scheduled_for) {
                covered += 1;
                assert!(
                    run.covers_after < time && time <= at,
                    "{name}: {time} by the run stored at {at}"
                );
                let lived = !outages
                    .iter()
                    .any(|(down, back)| *down <= time + LATEST && time <= *back + LATEST);
                assert!(
                    !lived || at - time < LATEST,
                    "{name}: {time} was covered only at {at}"
                );
            }
            assert!(
                covered > 0,
                "{name}: the run for {} covers no time of its own",
                run.scheduled_for
            );
            times_covered += covered;
        }
        let left: Vec<DateTime<Utc>> = times.filter(|time| *time + LATEST < now).collect();
        assert!(left.is_empty(), "{name}: {left:?} are covered by no run");
    }
    assert!(
        times_covered > 1_800 || end - start < TimeDelta::days(700),
        "{times_covered}"
    );
    app.stop().await;
}
