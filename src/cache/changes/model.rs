//! The rule of the cache under every order of steps: an answer is explained by a commit that is
//! not older than the last one announced before the question.
//!
//! Two processes, a shared store, writers and readers are stepped in a random order, with the
//! program's own log of changes deciding on entries. Time is counted in steps. Without the check
//! of generations the same run must find wrong answers: `the_model_notices_a_missing_check`.
//! `CACHE_INTERLEAVINGS` says how many orders are tried.

use std::collections::HashMap;

use chrono::NaiveDate;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::{ChangeLog, Generations, Validity};
use crate::domain::{
    ChangedData, ChangedDays, DataChange, DataVersion, DateRange, DepartmentScope, Dependency,
};

const PROCESSES: usize = 2;
const READERS: usize = 3;
const WRITERS: usize = 2;
const QUESTIONS: usize = 3;
const STEPS: u64 = 120;
const LEASE: u64 = 12;
const DEPARTMENTS: [i64; 2] = [8, 9];
const ORGANIZATIONS: i64 = 2;
const MONTHS: u32 = 2;

/// Amounts by department, organization and month.
type Amounts = HashMap<(i64, i64, u32), i64>;
type Figure = (Option<i64>, Option<i64>, Option<u32>);

fn scope((department, ..): Figure) -> DepartmentScope {
    department.map_or(DepartmentScope::All, DepartmentScope::One)
}

fn day(month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, month, 5).unwrap()
}

fn dependency((_, organization_id, month): Figure) -> Dependency {
    let dates = month.map(|month| DateRange::new(Some(day(month)), Some(day(month))).unwrap());
    Dependency {
        dates: dates.unwrap_or_default(),
        organization_id,
        ..Dependency::default()
    }
}

fn answer_of(amounts: &Amounts, (department, organization, month): Figure) -> i64 {
    let is_of = |(d, o, m): &(i64, i64, u32)| {
        department.is_none_or(|wanted| wanted == *d)
            && organization.is_none_or(|wanted| wanted == *o)
            && month.is_none_or(|wanted| wanted == *m)
    };
    amounts
        .iter()
        .filter(|(key, _)| is_of(key))
        .map(|(_, amount)| amount)
        .sum()
}

#[derive(Clone)]
struct Entry {
    computed_at: Generations,
    answer: i64,
}

/// The database: every state it ever had, and the changes between them.
struct Database {
    states: Vec<(Amounts, Vec<(i64, DataVersion)>)>,
    changes: Vec<DataChange>,
}

impl Database {
    fn new() -> Database {
        let versions = DEPARTMENTS
            .map(|department| (department, DataVersion::default()))
            .to_vec();
        Database {
            states: vec![(Amounts::new(), versions)],
            changes: Vec::new(),
        }
    }

    fn now(&self) -> &(Amounts, Vec<(i64, DataVersion)>) {
        self.states.last().unwrap()
    }

    fn commit(&mut self, random: &mut SmallRng) -> DataChange {
        let (mut amounts, mut versions) = self.now().clone();
        let department_id = DEPARTMENTS[random.random_range(0..DEPARTMENTS.len())];
        let (organization, month) = (
            random.random_range(1..=ORGANIZATIONS),
            random.random_range(1..=MONTHS),
        );
        // Every commit makes sums that no other state has.
        *amounts
            .entry((department_id, organization, month))
            .or_default() += 1 << self.states.len().min(40);
        let mut days = ChangedDays::default();
        days.note(organization, 0, 0, day(month));
        let version = versions
            .iter_mut()
            .find(|(id, _)| *id == department_id)
            .map(|(_, version)| version)
            .unwrap();
        let previous = version.generation;
        version.generation = previous + random.random_range(1..4);
        let changed = ChangedData {
            flows: days.into_flows(),
            ..ChangedData::default()
        };
        let change = DataChange {
            department_id,
            generation: version.generation,
            previous,
            changed,
        };
        self.states.push((amounts, versions));
        self.changes.push(change.clone());
        change
    }
}

#[derive(Default)]
struct Process {
    log: ChangeLog,
    store: HashMap<Figure, Entry>,
    looked_at: Option<u64>,
}

enum Reader {
    Idle,
    Begun {
        process: usize,
        question: Figure,
        floor: usize,
    },
    /// It has read the database's versions and is about to apply them.
    Looking {
        process: usize,
        question: Figure,
        floor: usize,
        moment: u64,
        state: usize,
    },
    Fresh {
        process: usize,
        question: Figure,
        floor: usize,
    },
    MissedLocally {
        process: usize,
        question: Figure,
        floor: usize,
    },
    /// It has read a snapshot and is about to store what it computed.
    Computed {
        process: usize,
        question: Figure,
        floor: usize,
        state: usize,
    },
}

enum Writer {
    Idle,
    Committed {
        process: usize,
        change: DataChange,
        state: usize,
        at: u64,
    },
    Announced {
        state: usize,
        at: u64,
    },
}

struct World {
    random: SmallRng,
    questions: [Figure; QUESTIONS],
    is_checked: bool,
    time: u64,
    announced: usize,
    database: Database,
    processes: [Process; PROCESSES],
    shared: HashMap<Figure, Entry>,
    /// Word on its way to a process; it may be lost.
    bus: Vec<(usize, DataChange)>,
    answers: usize,
    hits: usize,
    wrong: usize,
}

impl World {
    fn new(seed: u64, is_checked: bool) -> World {
        let mut random = SmallRng::seed_from_u64(seed);
        let questions = std::array::from_fn(|_| {
            let department = DEPARTMENTS
                .get(random.random_range(0..=DEPARTMENTS.len()))
                .copied();
            let organization = random
                .random_bool(0.5)
                .then(|| random.random_range(1..=ORGANIZATIONS));
            (
                department,
                organization,
                random
                    .random_bool(0.5)
                    .then(|| random.random_range(1..=MONTHS)),
            )
        });
        World {
            random,
            questions,
            is_checked,
            time: 0,
            announced: 0,
            database: Database::new(),
            processes: Default::default(),
            shared: HashMap::new(),
            bus: Vec::new(),
            answers: 0,
            hits: 0,
            wrong: 0,
        }
    }

    fn run(mut self) -> World {
        let mut readers: Vec<Reader> = (0..READERS).map(|_| Reader::Idle).collect();
        let mut writers: Vec<Writer> = (0..WRITERS).map(|_| Writer::Idle).collect();
        while self.time < STEPS {
            self.time += 1;
            match self.random.random_range(0..READERS + WRITERS + 1) {
                at if at < READERS => {
                    let reader = std::mem::replace(&mut readers[at], Reader::Idle);
                    readers[at] = self.read(reader);
                }
                at if at < READERS + WRITERS => {
                    let writer = std::mem::replace(&mut writers[at - READERS], Writer::Idle);
                    writers[at - READERS] = self.write(writer);
                }
                _ => self.deliver(),
            }
        }
        self
    }

    fn read(&mut self, reader: Reader) -> Reader {
        match reader {
            Reader::Idle => {
                let question = self.questions[self.random.random_range(0..QUESTIONS)];
                Reader::Begun {
                    process: self.random.random_range(0..PROCESSES),
                    question,
                    floor: self.announced,
                }
            }
            Reader::Begun {
                process,
                question,
                floor,
            } => {
                let looked_at = self.processes[process].looked_at;
                if looked_at.is_some_and(|looked_at| self.time - looked_at < LEASE) {
                    return Reader::Fresh {
                        process,
                        question,
                        floor,
                    };
                }
                let state = self.database.states.len() - 1;
                Reader::Looking {
                    process,
                    question,
                    floor,
                    moment: self.time,
                    state,
                }
            }
            Reader::Looking {
                process,
                question,
                floor,
                moment,
                state,
            } => {
                let versions = &self.database.states[state].1;
                let known = |department_id: i64| {
                    let version = self.processes[process]
                        .log
                        .version(DepartmentScope::One(department_id));
                    version.map_or(0, |version| version.generation)
                };
                let changes = self.database.changes[..state].iter();
                let changes = changes
                    .filter(|change| change.generation > known(change.department_id))
                    .cloned();
                let changes = changes.collect();
                let process_ = &mut self.processes[process];
                process_.log.apply(changes, versions);
                process_.looked_at = process_.looked_at.max(Some(moment));
                Reader::Fresh {
                    process,
                    question,
                    floor,
                }
            }
            Reader::Fresh {
                process,
                question,
                floor,
            } => match self.processes[process].store.get(&question).cloned() {
                Some(entry) if self.is_valid(process, question, &entry) => {
                    self.hits += 1;
                    self.answered(question, floor, entry.answer)
                }
                _ => Reader::MissedLocally {
                    process,
                    question,
                    floor,
                },
            },
            Reader::MissedLocally {
                process,
                question,
                floor,
            } => match self.shared.get(&question).cloned() {
                Some(entry) if self.is_valid(process, question, &entry) => {
                    self.hits += 1;
                    self.processes[process]
                        .store
                        .insert(question, entry.clone());
                    self.answered(question, floor, entry.answer)
                }
                _ => {
                    let state = self.database.states.len() - 1;
                    Reader::Computed {
                        process,
                        question,
                        floor,
                        state,
                    }
                }
            },
            Reader::Computed {
                process,
                question,
                floor,
                state,
            } => {
                let (amounts, versions) = &self.database.states[state];
                let in_scope = |id: &i64| question.0.is_none_or(|wanted| wanted == *id);
                let computed_at = versions.iter().filter(|(id, _)| in_scope(id));
                let computed_at = computed_at
                    .map(|(id, version)| (*id, version.generation))
                    .collect();
                let entry = Entry {
                    computed_at,
                    answer: answer_of(amounts, question),
                };
                self.processes[process]
                    .store
                    .insert(question, entry.clone());
                self.shared.insert(question, entry.clone());
                self.answered(question, floor, entry.answer)
            }
        }
    }

    fn is_valid(&self, process: usize, question: Figure, entry: &Entry) -> bool {
        let validity = self.processes[process].log.validity(
            &entry.computed_at,
            scope(question),
            &dependency(question),
        );
        validity == Validity::Valid || !self.is_checked
    }

    fn answered(&mut self, question: Figure, floor: usize, answer: i64) -> Reader {
        self.answers += 1;
        let explains = |(amounts, _): &(Amounts, _)| answer_of(amounts, question) == answer;
        if !self.database.states[floor..].iter().any(explains) {
            self.wrong += 1;
        }
        Reader::Idle
    }

    fn write(&mut self, writer: Writer) -> Writer {
        match writer {
            Writer::Idle if self.random.random_bool(0.8) => Writer::Idle,
            Writer::Idle => {
                let change = self.database.commit(&mut self.random);
                let (process, state) = (
                    self.random.random_range(0..PROCESSES),
                    self.database.states.len() - 1,
                );
                Writer::Committed {
                    process,
                    change,
                    state,
                    at: self.time,
                }
            }
            Writer::Committed {
                process,
                change,
                state,
                at,
            } => {
                for other in (0..PROCESSES).filter(|other| *other != process) {
                    self.bus.push((other, change.clone()));
                }
                self.processes[process].log.apply_change(change);
                Writer::Announced { state, at }
            }
            Writer::Announced { state, at } if self.time - at < LEASE => {
                Writer::Announced { state, at }
            }
            Writer::Announced { state, .. } => {
                self.announced = self.announced.max(state);
                Writer::Idle
            }
        }
    }

    fn deliver(&mut self) {
        if self.bus.is_empty() {
            return;
        }
        let at = self.random.random_range(0..self.bus.len());
        let (process, change) = self.bus.swap_remove(at);
        if self.random.random_bool(0.7) {
            self.processes[process].log.apply_change(change);
        }
    }
}

#[test]
fn no_order_of_steps_gives_a_figure_from_before_an_announced_commit() {
    let (mut answers, mut hits) = (0, 0);
    let interleavings = std::env::var("CACHE_INTERLEAVINGS");
    let interleavings = interleavings.map_or(20_000, |count| count.parse().unwrap());
    for seed in 0..interleavings {
        let world = World::new(seed, true).run();
        assert_eq!(world.wrong, 0, "seed {seed}");
        answers += world.answers;
        hits += world.hits;
    }
    assert!(hits * 5 > answers, "the cache serves: {hits} of {answers}");
}

#[test]
fn the_model_notices_a_missing_check() {
    let wrong: usize = (0..200)
        .map(|seed| World::new(seed, false).run().wrong)
        .sum();
    assert!(
        wrong > 100,
        "{wrong} wrong answers without the check of generations"
    );
}
