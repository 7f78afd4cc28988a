// SPDX-License-Identifier: Apache-2.0
//
// A Rust program that dies, or waits, in a chosen way.
//
//   crash [-t] DEATH     -t: die on a thread instead of on main
//   crash                list the deaths
//
// Prints "ready" once the helper threads sleep. The way down passes through
// modules, generic functions, a trait object, a closure and an iterator.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::Write;
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// Hides a value from the optimiser (std's black_box is younger than Debian 12's Rust).
fn keep<T>(value: T) -> T {
    let value = std::mem::ManuallyDrop::new(value);
    unsafe {
        let copy = std::ptr::read_volatile(&*value);
        copy
    }
}

mod shop {
    use super::*;

    #[derive(Clone, Debug)]
    pub struct Item<K> {
        pub key: K,
        pub count: i32,
    }

    pub trait Shelf {
        fn take(&mut self, count: i32) -> i32;
    }

    pub struct Rack<K, F>
    where
        F: Fn(&Item<K>) -> i32,
    {
        pub items: Vec<Item<K>>,
        pub action: F,
    }

    impl<K: Clone + Debug, F: Fn(&Item<K>) -> i32> Shelf for Rack<K, F> {
        #[inline(never)]
        fn take(&mut self, count: i32) -> i32 {
            let sum: i32 = self.items.iter().map(|item| visit(item, &self.action)).sum();
            keep(sum) + count
        }
    }

    #[inline(always)]
    fn visit<K, F: Fn(&Item<K>) -> i32>(item: &Item<K>, action: &F) -> i32 {
        let result = action(item);
        keep(result) * 2
    }

    pub mod detail {
        use super::*;

        #[inline(never)]
        pub fn touch<K: Debug>(item: &Item<K>) -> i32 {
            let nowhere: *mut i32 = keep(std::ptr::null_mut());
            // The point of this program.
            unsafe { std::ptr::write_volatile(nowhere, item.count) };
            keep(item.count)
        }
    }

    #[inline(never)]
    pub fn serve(shelf: &mut dyn Shelf) -> i32 {
        let result = shelf.take(3);
        keep(result) + 1
    }
}

use shop::{Item, Rack};

#[inline(never)]
fn on_shelf<F: Fn(&Item<String>) -> i32>(action: F) -> i32 {
    let items = vec![Item { key: "lamp".to_string(), count: 3 }];
    let mut rack = Rack { items, action };
    let result = shop::serve(&mut rack);
    keep(result)
}

fn die_segv() -> i32 {
    let extra = keep(2);
    on_shelf(move |item| shop::detail::touch(item) + extra)
}

fn die_panic() -> i32 {
    on_shelf(|item| panic!("no {} left", item.key))
}

fn die_unwrap() -> i32 {
    let prices: BTreeMap<&str, i32> = BTreeMap::new();
    on_shelf(|item| *prices.get(item.key.as_str()).unwrap())
}

fn die_expect() -> i32 {
    on_shelf(|item| item.key.parse::<i32>().expect("the key is a number"))
}

fn die_index() -> i32 {
    let numbers = keep(vec![1, 2, 3]);
    on_shelf(|item| numbers[item.count as usize + numbers.len()])
}

fn die_div0() -> i32 {
    let zero = keep(0);
    on_shelf(|item| item.count / zero)
}

fn die_abort() -> i32 {
    on_shelf(|_| std::process::abort())
}

#[inline(never)]
fn overflow(depth: u64) -> u64 {
    let here = keep([depth; 4]);
    let below = if keep(true) { overflow(depth + 1) } else { 0 };
    keep(here[1]) + below
}

fn die_overflow() -> i32 {
    overflow(0) as i32
}

fn die_double_panic() -> i32 {
    struct Thrower;
    impl Drop for Thrower {
        fn drop(&mut self) {
            panic!("panic in drop");
        }
    }
    let _thrower = Thrower;
    die_panic()
}

fn die_deadlock() -> i32 {
    let locks = Arc::new((Mutex::new(1), Mutex::new(2)));
    let (held, wait_held) = mpsc::channel();
    let theirs = Arc::clone(&locks);
    let first = locks.0.lock().unwrap();
    thread::Builder::new()
        .name("deadlocked".into())
        .spawn(move || {
            let second = theirs.1.lock().unwrap();
            held.send(()).unwrap();
            let first = theirs.0.lock().unwrap();
            keep(*first + *second);
        })
        .unwrap();
    wait_held.recv().unwrap();
    let second = locks.1.lock().unwrap();
    keep(*first + *second)
}

fn die_hang() -> i32 {
    loop {
        thread::park();
    }
}

const DEATHS: &[(&str, fn() -> i32)] = &[
    ("segv", die_segv),
    ("panic", die_panic),
    ("unwrap", die_unwrap),
    ("expect", die_expect),
    ("index", die_index),
    ("div0", die_div0),
    ("abort", die_abort),
    ("overflow", die_overflow),
    ("double-panic", die_double_panic),
    ("deadlock", die_deadlock),
    ("hang", die_hang),
];

fn asleep(tid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/self/task/{tid}/stat"))
        .ok()
        .and_then(|text| text.rfind(')').map(|end| text[end..].starts_with(") S")))
        .unwrap_or(false)
}

fn start_helper(name: &str, wait: impl FnOnce() + Send + 'static) {
    let (send, receive) = mpsc::channel();
    thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            let link = std::fs::read_link("/proc/thread-self").unwrap();
            send.send(link.file_name().unwrap().to_string_lossy().into_owned()).unwrap();
            wait()
        })
        .unwrap();
    let tid = receive.recv().unwrap();
    while !asleep(&tid) {
        thread::sleep(Duration::from_millis(1));
    }
}

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let on_thread = args.first().map_or(false, |arg| arg == "-t");
    if on_thread {
        args.remove(0);
    }
    if args.is_empty() {
        for (name, _) in DEATHS {
            println!("{name}");
        }
        return;
    }
    let die = match DEATHS.iter().find(|(name, _)| *name == args[0]) {
        Some((_, die)) => *die,
        None => std::process::exit(2),
    };
    start_helper("cond-waiter", || {
        let lock = Mutex::new(false);
        let mut held = lock.lock().unwrap();
        let never = Condvar::new();
        while !*held {
            held = never.wait(held).unwrap();
        }
    });
    let (keep_open, receive) = mpsc::channel::<i32>();
    start_helper("channel-waiter", move || {
        keep(receive.recv().ok());
    });
    start_helper("sleeper", || loop {
        thread::sleep(Duration::from_secs(86400));
    });
    std::io::stdout().write_all(b"ready\n").unwrap();
    std::io::stdout().flush().unwrap();
    if on_thread {
        let victim = thread::Builder::new().name("victim".into()).spawn(move || keep(die()));
        let _ = victim.unwrap().join();
    } else {
        keep(die());
    }
    drop(keep_open);
}
