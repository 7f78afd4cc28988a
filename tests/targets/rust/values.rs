// SPDX-License-Identifier: Apache-2.0
//
// Locals and statics of every kind that Rust has, for tests of types, values and expressions.
//
//   values-rust abort     fill them in and die in shop::inner()
//   values-rust hang      the same, but print "ready" and wait there
//
// The way down is main, numbers_and_text, records, shop::inner, stop.

#![allow(dead_code)]

use std::io::Write;

/// Keeps a value, and what it points to, from being removed.
fn keep<T>(value: &T) {
    unsafe { std::ptr::read_volatile(&(value as *const T)) };
}

#[derive(Clone, Copy)]
pub struct Point {
    x: i32,
    y: i32,
}
pub struct Unit;
pub struct Pair(i32, f64);
pub struct Wrapper(u64);
pub struct Generic<T> {
    value: T,
    count: usize,
}
pub struct Borrowed<'a> {
    text: &'a str,
    numbers: &'a [u16],
    point: &'a Point,
}
#[derive(Clone, Copy)]
pub enum Simple {
    First,
    Second = 10,
    Third = -4,
}
pub enum Shape {
    Nothing,
    Circle(f64),
    Rect { width: u32, height: u32 },
    Named(&'static str, u8),
}
pub enum One {
    Only(i32),
}
#[repr(u16)]
pub enum Wide {
    Small(u8),
    Large(u64),
}
pub union Number {
    int: u32,
    float: f32,
}
pub trait Speak {
    fn speak(&self) -> i32;
}
impl Speak for Point {
    fn speak(&self) -> i32 {
        self.x
    }
}

static COUNTER: i32 = 17;
static GREETING: &str = "a static text";
static TABLE: [i16; 4] = [4, 3, 2, 1];
static ORIGIN: Point = Point { x: 7, y: 8 };
static mut CHANGED: u64 = 1;
const LIMIT: u8 = 9;

fn add(a: i32, b: i32) -> i32 {
    a + b
}

fn stop(how: &str) {
    if how == "hang" {
        println!("ready");
        std::io::stdout().flush().unwrap();
        loop {
            std::thread::park();
        }
    }
    std::process::abort();
}

mod shop {
    use super::*;

    pub static STOCK: u32 = 55;

    pub struct Item {
        pub price: u32,
        pub tag: [u8; 3],
    }

    #[inline(never)]
    pub fn inner(item: &Item, times: u8, pair: (i32, &str), how: &str) -> u32 {
        let total = item.price * times as u32 + STOCK;
        let shadow = 1u8;
        let shadow = shadow as u16 + 2;
        keep(&total);
        keep(&shadow);
        keep(&pair);
        stop(how);
        total
    }
}

#[inline(never)]
fn numbers_and_text(how: &str) -> u32 {
    let a_bool = true;
    let a_char = 'x';
    let a_wide_char = '\u{4e2d}';
    let a_quote_char = '\'';
    let an_i8: i8 = -5;
    let an_i16: i16 = -500;
    let an_i32: i32 = i32::MIN;
    let an_i64: i64 = -5_000_000_000;
    let an_i128: i128 = -(1 << 100);
    let an_isize: isize = -1;
    let a_u8: u8 = 65;
    let a_u16: u16 = 65535;
    let a_u32: u32 = 4_000_000_000;
    let a_u64: u64 = u64::MAX;
    let a_u128: u128 = 1 << 100;
    let a_usize: usize = 12;
    let an_f32: f32 = 1.5;
    let an_f64: f64 = 0.1;
    let a_whole_f64: f64 = 3.0;
    let a_unit = ();
    let a_str = "plain text";
    let an_escaped_str = "tab\t quote\" newline\n accent \u{e9} wide \u{4e2d}";
    let an_empty_str = "";
    let a_byte_text = b"bytes";
    let a_string = String::from("a String");
    keep(&a_bool);
    keep(&a_char);
    keep(&a_wide_char);
    keep(&a_quote_char);
    keep(&an_i8);
    keep(&an_i16);
    keep(&an_i32);
    keep(&an_i64);
    keep(&an_i128);
    keep(&an_isize);
    keep(&a_u8);
    keep(&a_u16);
    keep(&a_u32);
    keep(&a_u64);
    keep(&a_u128);
    keep(&a_usize);
    keep(&an_f32);
    keep(&an_f64);
    keep(&a_whole_f64);
    keep(&a_unit);
    keep(&a_str);
    keep(&an_escaped_str);
    keep(&an_empty_str);
    keep(&a_byte_text);
    keep(&a_string);
    records(how)
}

#[inline(never)]
fn records(how: &str) -> u32 {
    let point = Point { x: 3, y: -4 };
    let unit = Unit;
    let pair = Pair(1, 2.5);
    let wrapper = Wrapper(99);
    let generic = Generic { value: Point { x: 1, y: 2 }, count: 3 };
    let generic_text = Generic { value: "inside", count: 4 };
    let numbers = [10u16, 20, 30];
    let borrowed = Borrowed { text: "lent", numbers: &numbers[1..], point: &point };
    let tuple = (1i32, "two", 3.5f64);
    let nested_tuple = ((1u8, 2u8), [true, false]);
    let simple = Simple::Second;
    let simple_negative = Simple::Third;
    let shape_nothing = Shape::Nothing;
    let shape_circle = Shape::Circle(1.25);
    let shape_rect = Shape::Rect { width: 3, height: 4 };
    let shape_named = Shape::Named("square", 4);
    let one = One::Only(5);
    let wide_small = Wide::Small(1);
    let wide_large = Wide::Large(2);
    let number = Number { float: 1.0 };
    let some: Option<i32> = Some(5);
    let none: Option<i32> = None;
    let some_reference: Option<&Point> = Some(&point);
    let no_reference: Option<&Point> = None;
    let some_str: Option<&str> = Some("optional");
    let no_str: Option<&str> = None;
    let ok: Result<u8, &str> = Ok(1);
    let error: Result<u8, &str> = Err("failed");
    let array = [1i32, 2, 3, 4, 5];
    let repeated = [7u8; 40];
    let grid = [[1i8, 2], [3, 4]];
    let points = [Point { x: 1, y: 2 }, Point { x: 3, y: 4 }];
    let slice = &array[1..4];
    let reference = &point;
    let mutable = &mut Point { x: 9, y: 9 };
    let raw: *const i32 = &array[2];
    let null: *const i32 = std::ptr::null();
    let function: fn(i32, i32) -> i32 = add;
    let boxed = Box::new(Point { x: 5, y: 6 });
    let object: &dyn Speak = &point;
    let closure = |z: i32| z + point.x;
    let vector = vec![1u32, 2, 3];
    keep(&unit);
    keep(&pair);
    keep(&wrapper);
    keep(&generic);
    keep(&generic_text);
    keep(&borrowed);
    keep(&tuple);
    keep(&nested_tuple);
    keep(&simple);
    keep(&simple_negative);
    keep(&shape_nothing);
    keep(&shape_circle);
    keep(&shape_rect);
    keep(&shape_named);
    keep(&one);
    keep(&wide_small);
    keep(&wide_large);
    keep(&number);
    keep(&some);
    keep(&none);
    keep(&some_reference);
    keep(&no_reference);
    keep(&some_str);
    keep(&no_str);
    keep(&ok);
    keep(&error);
    keep(&repeated);
    keep(&grid);
    keep(&points);
    keep(&slice);
    keep(&reference);
    keep(&mutable);
    keep(&raw);
    keep(&null);
    keep(&function);
    keep(&boxed);
    keep(&object);
    keep(&closure);
    keep(&vector);
    let item = shop::Item { price: 20, tag: *b"abc" };
    keep(&item);
    shop::inner(&item, 3, (-1, GREETING), how) + object.speak() as u32 + closure(1) as u32 + function(1, 2) as u32
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.len() != 2 || (args[1] != "abort" && args[1] != "hang") {
        eprintln!("usage: values-rust abort|hang");
        std::process::exit(2);
    }
    unsafe { CHANGED += LIMIT as u64 };
    keep(&COUNTER);
    keep(&TABLE);
    keep(&ORIGIN);
    let code = numbers_and_text(&args[1]);
    std::process::exit(code as i32 & 1);
}
