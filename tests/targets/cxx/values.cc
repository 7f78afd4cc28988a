// SPDX-License-Identifier: Apache-2.0
//
// Globals and locals of every kind that C++ has beyond C, for tests of types, values and expressions.
//
//   values-cxx abort     fill them in and die in shop::Till::count()
//   values-cxx hang      the same, but print "ready" and wait there
//
// The way down is main, outer, generic<int, 3>, a lambda, shop::Till::count.

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
/* Keeps a value, and what it points to, from being removed. */
#define KEEP(value) __asm__ volatile("" : : "g"(&(value)) : "memory")

static const char *how = "abort";

NOINLINE static void stop()
{
    if (std::strcmp(how, "hang") == 0) {
        std::puts("ready");
        std::fflush(stdout);
        for (;;)
            pause();
    }
    std::abort();
}

// Classes.

struct Plain {
    int x = 1;
    double y = 2.5;
};

struct Base {
    int base_value = 10;
};
struct Middle : Base {
    int middle_value = 20;
    const char *text = "middle";
};
struct Leaf : Middle, Plain {
    int leaf_value = 30;
};
struct Hidden : private Base {
    int base_value = 11; // hides the base's

  protected:
    int guarded = 12;

  private:
    int secret = 13;

  public:
    int sum() const { return Base::base_value + base_value + guarded + secret; }
};
struct Nothing {};
struct OverNothing : Nothing {
    int value = 1;
};

struct Shape {
    int id = 1;
    virtual ~Shape() = default;
    virtual double area() const = 0;
};
struct Square : Shape {
    double side = 2.0;
    double area() const override { return side * side; }
};
struct Named {
    const char *name = "named";
    virtual ~Named() = default;
    virtual int length() const { return static_cast<int>(std::strlen(name)); }
};
struct Labelled : Named, Square {
    int label = 7;
    int length() const override { return label; }
};

struct Root {
    int root_value = 100;
    virtual ~Root() = default;
};
struct Left : virtual Root {
    int left_value = 101;
};
struct Right : virtual Root {
    int right_value = 102;
};
struct Diamond : Left, Right {
    int diamond_value = 103;
};
struct VirtualPlain : virtual Base {
    int own = 1;
};

struct Statics {
    static int counter;
    static const int limit = 64;
    static constexpr double ratio = 0.5;
    static Plain plain;
    int own = 5;
};
int Statics::counter = 17;
Plain Statics::plain;
struct OnlyStatic {
    static int alone;
};
int OnlyStatic::alone = 3;

struct SelfStatic {
    static SelfStatic instance;
    int value = 4;
};
SelfStatic SelfStatic::instance;

template <typename T, int N> struct Box {
    T items[N];
    int used = N;
    T first() const { return items[0]; }
};
template <typename A, typename B> struct Pair {
    A a;
    B b;
};

enum class Colour : unsigned char { red, green = 5, blue };
enum class Wide : long { big = 1L << 40, small = -1 };
enum Old { old_one = 1, old_two = 2, old_four = 4 };

namespace shop {
int stock = 55;
namespace {
int hidden_stock = 56;
Plain hidden_plain;
}
inline namespace v2 {
int version = 2;
}
enum Level { low, high };
Level level = high;
struct Item {
    int price;
    Level level;
    struct Tag {
        char code[4];
    } tag;
};
Item item = {99, low, {{'t', 'a', 'g', 0}}};

class Till {
    int total_ = 0;
    Item items_[2] = {{1, low, {"a"}}, {2, high, {"b"}}};
    static int tills;

  public:
    explicit Till(int start) : total_(start) { tills++; }
    NOINLINE int count(const Item &extra, int times)
    {
        int sum = total_;
        for (const Item &i : items_)
            sum += i.price * times;
        sum += extra.price + hidden_stock + hidden_plain.x;
        KEEP(sum);
        KEEP(times);
        stop();
        return sum;
    }
    int total() const { return total_; }
};
int Till::tills = 0;
Till till(1000);
}

// Objects.

Plain g_plain;
Leaf g_leaf;
Hidden g_hidden;
Nothing g_nothing;
OverNothing g_over_nothing;
Square g_square;
Labelled g_labelled;
Diamond g_diamond;
VirtualPlain g_virtual_plain;
Statics g_statics;
OnlyStatic g_only_static;
SelfStatic g_self_static;
Box<int, 3> g_box = {{1, 2, 3}, 3};
Box<const char *, 2> g_box_text = {{"x", "y"}, 2};
Pair<Pair<int, char>, Box<short, 2>> g_pair = {{1, 'c'}, {{4, 5}, 2}};
Colour g_colour = Colour::blue, g_colour_unknown = static_cast<Colour>(9);
Wide g_wide = Wide::big;
Old g_old = static_cast<Old>(old_one | old_four);
Colour g_colours[2] = {Colour::red, Colour::green};

Shape *g_shape = &g_square, *g_shape_labelled = &g_labelled, *g_shape_null = nullptr;
Named *g_named = &g_labelled;
Root *g_root = &g_diamond;
Right *g_right = &g_diamond;
Base *g_base = &g_leaf;
Plain *g_plain_base = &g_leaf;
Shape *g_shapes[2] = {&g_square, &g_labelled};
Shape &g_shape_reference = g_labelled;
void *g_object = &g_labelled;

int g_int = 5;
int &g_reference = g_int;
const int &g_const_reference = g_int;
int &&g_rvalue_reference = static_cast<int &&>(g_int);
Plain &g_plain_reference = g_plain;
const char *const &g_text_reference = g_leaf.text;
int (&g_array_reference)[3] = g_box.items;
struct WithReferences {
    int &number;
    Plain &plain;
    const char *&text;
};
const char *g_text = "referred";
WithReferences g_with_references = {g_int, g_plain, g_text};

decltype(nullptr) g_nullptr = nullptr;
bool g_true = true;
wchar_t g_wchar = L'w';
char16_t g_char16 = u'x';
char32_t g_char32 = U'y';

int Plain::*g_member = &Plain::x;
double Plain::*g_member_second = &Plain::y;
int Plain::*g_member_null = nullptr;
double (Shape::*g_virtual_method)() const = &Shape::area;
int (Hidden::*g_method)() const = &Hidden::sum;
int (Hidden::*g_method_null)() const = nullptr;

NOINLINE int overloaded(int x) { return x + 1; }
NOINLINE int overloaded(double x) { return static_cast<int>(x) + 2; }
NOINLINE int overloaded(const char *x) { return x ? 3 : 4; }
int (*g_overload)(double) = overloaded;
int (&g_function_reference)(int) = overloaded;

union Mixed {
    int i;
    Plain plain;
    Mixed() : i(8) {}
};
Mixed g_mixed;

struct Bits {
    Colour colour : 4;
    bool on : 1;
    Old old : 3;
};
Bits g_bits = {Colour::green, true, old_two};

struct WithAnonymous {
    union {
        int number;
        float real;
    };
    struct {
        char one, two;
    };
};
WithAnonymous g_anonymous = {{3}, {'1', '2'}};

template <typename T, int N> NOINLINE int generic(T value, Box<T, N> &box)
{
    T local = value + box.first();
    Shape &shape = g_labelled;
    Leaf leaf;
    auto call = [&local, leaf](int times) {
        shop::Item extra = {local, shop::low, {{'x', 0, 0, 0}}};
        return shop::till.count(extra, times) + leaf.leaf_value;
    };
    KEEP(shape);
    KEEP(leaf);
    KEEP(call);
    int got = call(N);
    KEEP(got);
    return got;
}

NOINLINE static int outer(const Leaf &leaf, Plain plain, Pair<int, bool> &&pair)
{
    static int calls = 1;
    Diamond diamond;
    Root &root = diamond;
    Plain *made = new Plain{6, 7.5};
    Colour colour = Colour::green;
    calls++;
    KEEP(leaf);
    KEEP(plain);
    KEEP(pair);
    KEEP(diamond);
    KEEP(root);
    KEEP(made);
    KEEP(colour);
    int got = generic<int, 3>(leaf.leaf_value, g_box);
    return got + calls;
}

int main(int argc, char **argv)
{
    if (argc != 2 || (std::strcmp(argv[1], "abort") != 0 && std::strcmp(argv[1], "hang") != 0)) {
        std::fprintf(stderr, "usage: values-cxx abort|hang\n");
        return 2;
    }
    how = argv[1];
    return outer(g_leaf, g_plain, {4, true}) + overloaded("x") + g_overload(1.0) + g_function_reference(1) +
           shop::till.total() + g_hidden.sum() + shop::version + g_labelled.length();
}
