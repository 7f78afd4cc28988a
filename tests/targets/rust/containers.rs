// SPDX-License-Identifier: Apache-2.0
//
// Containers of Rust's standard library, and what they hold by the program's own account: `containers FILE`
// writes a line "name<TAB>text" for each local variable of hold(), as a debugger should print it, then aborts.
// A container that somebody reads wrongly differs from its line.
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

/// Keeps the value in memory (std::hint::black_box is newer than Debian 12's compiler).
fn keep<T>(value: T) {
    unsafe { std::ptr::read_volatile(&&value as *const &T) };
}

#[derive(Clone)]
struct Point {
    x: i32,
    y: i32,
}

#[allow(dead_code)]
enum Shape {
    Empty,
    Circle(f64),
    Rect { w: u32, h: u32 },
    Named(String),
}

// ---- what each type should print as ----

trait Account {
    fn text(&self) -> String;
}

macro_rules! plain {
    ($($t:ty),*) => { $(impl Account for $t { fn text(&self) -> String { format!("{}", self) } })* };
}
plain!(i32, i64, u32, u64, usize, bool);

impl Account for str {
    fn text(&self) -> String {
        format!("\"{}\"", self)
    }
}
impl Account for String {
    fn text(&self) -> String {
        self.as_str().text()
    }
}
impl<T: Account + ?Sized> Account for &T {
    fn text(&self) -> String {
        (*self).text()
    }
}
impl Account for Point {
    fn text(&self) -> String {
        format!("containers::Point {{x: {}, y: {}}}", self.x, self.y)
    }
}

fn row<'a, T: Account + 'a>(items: impl Iterator<Item = &'a T>) -> String {
    let all: Vec<String> = items.map(|e| e.text()).collect();
    format!(" = {{{}}}", all.join(", "))
}
fn keyed<'a, K: Account + 'a, V: Account + 'a>(items: impl Iterator<Item = (&'a K, &'a V)>) -> String {
    let all: Vec<String> = items.map(|(k, v)| format!("[{}] = {}", k.text(), v.text())).collect();
    format!(" = {{{}}}", all.join(", "))
}
fn sized(name: &str, n: usize, content: String) -> String {
    format!("{}(size={}){}", name, n, if n == 0 { String::new() } else { content })
}

impl<T: Account> Account for Vec<T> {
    fn text(&self) -> String {
        sized("Vec", self.len(), row(self.iter()))
    }
}
impl<T: Account> Account for VecDeque<T> {
    fn text(&self) -> String {
        sized("VecDeque", self.len(), row(self.iter()))
    }
}
impl<K: Account, V: Account> Account for HashMap<K, V> {
    fn text(&self) -> String {
        sized("HashMap", self.len(), keyed(self.iter()))
    }
}
impl<T: Account> Account for HashSet<T> {
    fn text(&self) -> String {
        sized("HashSet", self.len(), row(self.iter()))
    }
}
impl<K: Account, V: Account> Account for BTreeMap<K, V> {
    fn text(&self) -> String {
        sized("BTreeMap", self.len(), keyed(self.iter()))
    }
}
impl<T: Account> Account for BTreeSet<T> {
    fn text(&self) -> String {
        sized("BTreeSet", self.len(), row(self.iter()))
    }
}

#[inline(never)]
fn hold(mut account: Box<dyn Write>) -> ! {
    let empty_string = String::new();
    let string = String::from("a string");
    let str_slice: &str = "a slice of text";
    let unicode = String::from("grüße");
    let os_string = OsString::from("an os string");
    let path = PathBuf::from("/a/path");

    let no_numbers: Vec<i32> = Vec::new();
    let numbers = vec![3, 1, 4, 1, 5];
    let words = vec![String::from("one"), String::from("two")];
    let points = vec![Point { x: 1, y: 2 }, Point { x: 3, y: 4 }];
    let nested = vec![vec![1], vec![], vec![2, 3]];
    let array = [7, 8, 9];
    let slice: &[i32] = &numbers[1..4];
    let mut deque: VecDeque<i32> = (0..6).collect();
    deque.rotate_left(2);
    deque.pop_front();
    deque.push_back(60);
    deque.push_back(61);

    let mut ages: HashMap<String, i32> = HashMap::new();
    for i in 0..20 {
        ages.insert(format!("name{}", i), i);
    }
    let no_ages: HashMap<String, i32> = HashMap::new();
    let numbers_set: HashSet<u64> = (100..110).collect();
    let mut tree: BTreeMap<i32, String> = BTreeMap::new();
    for i in 0..90 {
        tree.insert(i * 37 % 1000, format!("v{}", i));
    }
    let no_tree: BTreeMap<i32, i32> = BTreeMap::new();
    let tree_set: BTreeSet<i32> = (0..30).collect();

    let some: Option<i32> = Some(42);
    let none: Option<i32> = None;
    let some_string: Option<String> = Some(String::from("in there"));
    let no_string: Option<String> = None;
    let good: Result<i32, String> = Ok(1);
    let bad: Result<i32, String> = Err(String::from("why"));
    let boxed = Box::new(17);
    let boxed_point = Box::new(Point { x: 5, y: 6 });
    let dynamic: Box<dyn Fn(i32) -> i32> = Box::new(|x| x + 1);
    let rc = Rc::new(String::from("counted"));
    let also_rc = Rc::clone(&rc);
    let arc = Arc::new(Point { x: 7, y: 8 });
    let cell = Cell::new(9);
    let ref_cell = RefCell::new(vec![1, 2]);
    let mutex = Mutex::new(10);
    let shapes = [Shape::Empty, Shape::Circle(1.5), Shape::Rect { w: 2, h: 3 }, Shape::Named(String::from("n"))];
    let tuple = (1, "two", true);

    let mut expect = |name: &str, text: String| writeln!(account, "{}\t{}", name, text).unwrap();
    macro_rules! expect { ($($v:ident),*) => { $(expect(stringify!($v), $v.text());)* }; }
    expect!(empty_string, string, str_slice, unicode);
    expect("os_string", "\"an os string\"".to_string());
    expect!(no_numbers, numbers, words, points, nested);
    expect!(deque, ages, no_ages, numbers_set, tree, no_tree, tree_set);
    drop(account);
    keep((&os_string, &path, &array, &slice, &some, &none, &some_string, &no_string, &good, &bad));
    keep((&boxed, &boxed_point, &dynamic, &rc, &also_rc, &arc, &cell, &ref_cell, &mutex, &shapes, &tuple));
    std::process::abort();
}

fn main() {
    let account: Box<dyn Write> = match std::env::args().nth(1) {
        Some(path) => Box::new(File::create(path).unwrap()),
        None => Box::new(std::io::stdout()),
    };
    hold(account);
}
