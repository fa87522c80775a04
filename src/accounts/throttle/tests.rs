//! The limits as a client meets them.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tokio::time::timeout;

use super::{
    AT_ONCE, Attempt, BURST, BY_ADDRESS, BY_KNOWN, BY_NAME, BY_NAME_AND_ADDRESS, LoginThrottle,
    RIGHT_ONES,
};
use crate::accounts::device::Devices;
use crate::config::Secret;

fn address(last: u8) -> Option<IpAddr> {
    Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)))
}

fn stranger(name: &str, last: u8) -> Attempt<'_> {
    Attempt {
        name,
        account: Some(name),
        address: address(last),
        device: None,
        is_logged_in: false,
    }
}

#[test]
fn five_tries_for_a_name_from_an_address_in_any_letter_case() {
    let throttle = LoginThrottle::default();
    for name in ["ivan", "Ivan", "IVAN", "iVan", "ivaN"] {
        throttle.admit(&stranger(name, 1)).unwrap();
    }
    let wait = throttle.admit(&stranger("ivan", 1)).unwrap_err();
    assert!((1..=300).contains(&wait.as_secs()), "{wait:?}");
    throttle.admit(&stranger("olga", 1)).unwrap();
    throttle.admit(&stranger("ivan", 2)).unwrap();
}

#[test]
fn a_name_has_a_limit_over_all_addresses_and_an_address_over_all_names() {
    let throttle = LoginThrottle::default();
    for last in 0..BY_NAME {
        throttle
            .admit(&stranger("ivan", u8::try_from(last).unwrap()))
            .unwrap();
    }
    assert!(throttle.admit(&stranger("ivan", 200)).is_err());
    for number in 0..BY_ADDRESS {
        throttle
            .admit(&stranger(&format!("user{number}"), 201))
            .unwrap();
    }
    assert!(throttle.admit(&stranger("another", 201)).is_err());
}

#[test]
fn strangers_do_not_lock_out_a_known_address_or_device() {
    let throttle = LoginThrottle::default();
    let admitted = throttle.admit(&stranger("ivan", 1)).unwrap();
    throttle.succeeded(admitted);
    let mut last = 2;
    while throttle.admit(&stranger("ivan", last)).is_ok() {
        last += 1;
    }
    throttle.admit(&stranger("ivan", 1)).unwrap();
    let key = Secret::new("key");
    let devices = Devices::new(&[&key]);
    let device = devices.verify(1, &devices.issue(1).unwrap()).unwrap();
    let own = Attempt {
        device: Some(&device),
        ..stranger("ivan", last)
    };
    for _ in 0..BY_KNOWN {
        throttle.admit(&own).unwrap();
    }
    assert!(
        throttle.admit(&own).is_err(),
        "a stolen cookie is limited, too"
    );
}

#[test]
fn strangers_over_all_are_slowed_down_but_never_stopped() {
    let throttle = LoginThrottle::default();
    let mut admitted = 0.0;
    let mut waits = Vec::new();
    for number in 0..1000_u32 {
        let name = format!("user{number}");
        match throttle.admit(&stranger(&name, u8::try_from(number % 250).unwrap())) {
            Ok(_) => admitted += 1.0,
            Err(wait) => waits.push(wait.as_secs()),
        }
    }
    assert!((BURST..900.0).contains(&admitted), "{admitted}");
    assert!(waits.iter().all(|wait| *wait == 1), "{waits:?}");
}

#[test]
fn the_two_names_of_a_user_count_together_and_no_answer_says_so() {
    let throttle = LoginThrottle::default();
    for _ in 0..BY_NAME_AND_ADDRESS {
        assert!(!throttle.admit(&stranger("ivan", 1)).unwrap().is_spent());
    }
    let by_mail = Attempt {
        name: "ivan@example.org",
        ..stranger("ivan", 1)
    };
    for _ in 0..BY_NAME_AND_ADDRESS {
        assert!(throttle.admit(&by_mail).unwrap().is_spent());
    }
    // As for a name that is nobody's.
    assert!(throttle.admit(&by_mail).is_err());
    let by_mail_elsewhere = Attempt {
        name: "olga@example.org",
        account: Some("olga"),
        ..by_mail
    };
    for _ in 0..BY_NAME_AND_ADDRESS {
        throttle.admit(&by_mail_elsewhere).unwrap();
    }
    let changes_password = Attempt {
        is_logged_in: true,
        ..stranger("olga", 1)
    };
    assert!(
        throttle.admit(&changes_password).is_err(),
        "it is no wrong password"
    );
}

#[test]
fn a_stranger_beyond_a_limit_is_refused_before_the_account_is_looked_up() {
    let throttle = LoginThrottle::default();
    for _ in 0..BY_NAME_AND_ADDRESS {
        throttle.look("Ivan", address(1)).unwrap();
        throttle.admit(&stranger("ivan", 1)).unwrap();
    }
    assert!(throttle.look("Ivan", address(1)).is_err());
    throttle.look("ivan", address(2)).unwrap();
    let admitted = throttle.admit(&stranger("ivan", 2)).unwrap();
    throttle.succeeded(admitted);
    for last in 3..BY_NAME {
        let _ = throttle.admit(&stranger("ivan", u8::try_from(last).unwrap()));
    }
    throttle.look("ivan", address(2)).unwrap();
}

#[test]
fn right_passwords_are_limited_too() {
    let throttle = LoginThrottle::default();
    for _ in 0..RIGHT_ONES {
        let admitted = throttle.admit(&stranger("ivan", 1)).unwrap();
        throttle.succeeded(admitted);
    }
    assert!(throttle.admit(&stranger("ivan", 1)).is_err());
    throttle.admit(&stranger("olga", 1)).unwrap();
}

#[tokio::test]
async fn a_user_has_two_turns_at_once() {
    let throttle = LoginThrottle::default();
    let mut turns = Vec::new();
    for _ in 0..AT_ONCE {
        turns.push(throttle.turn(&stranger("ivan", 1)).await.unwrap());
    }
    let by_mail = Attempt {
        name: "ivan@example.org",
        ..stranger("ivan", 2)
    };
    let third = throttle.turn(&by_mail);
    assert!(timeout(Duration::from_millis(50), third).await.is_err());
    turns.push(throttle.turn(&stranger("olga", 1)).await.unwrap());
    drop(turns.swap_remove(0));
    turns.push(throttle.turn(&by_mail).await.unwrap());
}
