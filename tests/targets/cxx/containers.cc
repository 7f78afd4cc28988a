// SPDX-License-Identifier: Apache-2.0
//
// Containers of the C++ standard library, and what they hold by the program's own account: `containers FILE`
// writes a line "name<TAB>text" for each local variable of hold(), as a debugger should print it, then aborts.
// A container that somebody reads wrongly differs from its line.
#include <array>
#include <bitset>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#ifndef EDGE
#define EDGE 90 // elements of the large containers: a map prints 100 by default
#endif

static FILE *account;

struct point {
    int x, y;
};
struct shape {
    virtual ~shape() = default;
    int sides = 3;
};
struct square : shape {
    std::string colour = "red";
};
enum class mood { calm, wild };

// ---- what each type should print as ----

static std::string text(int v) { return std::to_string(v); }
static std::string text(long v) { return std::to_string(v); }
static std::string text(unsigned long v) { return std::to_string(v); }
static std::string text(bool v) { return v ? "true" : "false"; }
static std::string text(double v)
{
    char buf[40];
    snprintf(buf, sizeof buf, "%.17g", v);
    return buf;
}
static std::string text(const std::string &s) { return '"' + s + '"'; }
static std::string text(std::string_view s) { return '"' + std::string(s) + '"'; }
static std::string text(const point &p) { return "{x = " + text(p.x) + ", y = " + text(p.y) + "}"; }
static std::string text(mood m) { return m == mood::calm ? "mood::calm" : "mood::wild"; }

template <class A, class B> std::string text(const std::pair<A, B> &p);
template <class T, class A> std::string text(const std::vector<T, A> &v);
template <class K, class V> std::string text(const std::map<K, V> &m);
template <class T> std::string text(const std::set<T> &s);

static std::string counted(const char *name, size_t n)
{
    return std::string(name) + " with " + std::to_string(n) + (n == 1 ? " element" : " elements");
}
template <class C> std::string row(const C &c)
{
    std::string out;
    for (const auto &e : c)
        out += (out.empty() ? "" : ", ") + text(e);
    return " = {" + out + "}";
}
template <class C> std::string numbered(const C &c)
{
    std::string out;
    size_t i = 0;
    for (const auto &e : c)
        out += (i ? ", [" : "[") + std::to_string(i) + "] = " + text(e), i++;
    return " = {" + out + "}";
}
template <class C> std::string keyed(const C &c)
{
    std::string out;
    for (const auto &e : c)
        out += (out.empty() ? "[" : ", [") + text(e.first) + "] = " + text(e.second);
    return " = {" + out + "}";
}
template <class A, class B> std::string text(const std::pair<A, B> &p)
{
    return "{first = " + text(p.first) + ", second = " + text(p.second) + "}";
}
template <class T, class A> std::string text(const std::vector<T, A> &v)
{
    return "std::vector of length " + std::to_string(v.size()) + ", capacity " + std::to_string(v.capacity()) +
           (v.empty() ? "" : row(v));
}
static std::string text(const std::vector<bool> &v)
{
    std::string out;
    for (bool b : v)
        out += (out.empty() ? "" : ", ") + text(b);
    return "std::vector<bool> of length " + std::to_string(v.size()) + ", capacity " + std::to_string(v.capacity()) +
           (v.empty() ? "" : " = {" + out + "}");
}
template <class K, class V> std::string text(const std::map<K, V> &m)
{
    return counted("std::map", m.size()) + (m.empty() ? "" : keyed(m));
}
template <class K, class V> std::string text(const std::multimap<K, V> &m)
{
    return counted("std::multimap", m.size()) + (m.empty() ? "" : keyed(m));
}
template <class T> std::string text(const std::set<T> &s)
{
    return counted("std::set", s.size()) + (s.empty() ? "" : numbered(s));
}
template <class K, class V> std::string text(const std::unordered_map<K, V> &m)
{
    return counted("std::unordered_map", m.size()) + (m.empty() ? "" : keyed(m));
}
template <class T> std::string text(const std::unordered_set<T> &s)
{
    return counted("std::unordered_set", s.size()) + (s.empty() ? "" : numbered(s));
}
template <class T> std::string text(const std::deque<T> &d)
{
    return counted("std::deque", d.size()) + (d.empty() ? "" : row(d));
}

template <class T> void expect(const char *name, const T &v)
{
    fprintf(account, "%s\t%s\n", name, text(v).c_str());
}
static void expect_text(const char *name, const std::string &s)
{
    fprintf(account, "%s\t%s\n", name, s.c_str());
}

#define EXPECT(v) expect(#v, v)

static int twice(int x) { return 2 * x; }

__attribute__((noinline)) static void hold()
{
    std::string empty_string, short_string = "short", long_string;
    for (int i = 0; i < 10; i++)
        long_string += "0123456789";
    long_string += " and \"quoted\"";
    std::string_view view = "a view";
    std::wstring wide = L"wide \u20ac";
    std::u16string wide16 = u"sixteen";

    std::vector<int> no_numbers, numbers = {3, 1, 4, 1, 5};
    numbers.reserve(8);
    std::vector<std::string> words = {"one", "two", "a word that does not fit into the string itself"};
    std::vector<bool> bits = {true, false, true, true};
    std::vector<point> points = {{1, 2}, {3, 4}};
    std::vector<std::vector<int>> nested = {{1}, {}, {2, 3}};
    std::array<int, 3> fixed = {7, 8, 9};
    std::deque<int> deque;
    for (int i = 0; i < EDGE; i++)
        deque.push_back(i), deque.push_front(-i);
    deque.erase(deque.begin() + EDGE / 2, deque.end() - EDGE / 4);
    std::list<int> list = {10, 20, 30}, no_list;
    std::forward_list<int> forward = {5, 6};

    std::map<std::string, int> ages = {{"ada", 36}, {"grace", 85}}, no_ages;
    std::map<int, std::string> large_map;
    for (int i = 0; i < EDGE; i++)
        large_map[i * 37 % 1000] = "v" + std::to_string(i);
    std::multimap<int, int> multi = {{1, 2}, {1, 3}};
    std::set<int> set = {3, 1, 2};
    std::map<std::string, std::vector<int>> deep = {{"a", {1, 2}}, {"b", {}}};
    std::unordered_map<std::string, int> hash = {{"x", 1}, {"y", 2}, {"z", 3}};
    std::unordered_map<int, double> hash_int = {{1, 0.5}, {2, 0.25}};
    std::unordered_set<std::string> hash_set = {"p", "q"};
    std::pair<int, std::string> pair = {1, "second"};
    std::tuple<int, std::string, bool> tuple = {1, "t", true};

    std::optional<int> some = 42, none;
    std::optional<std::string> some_string = "in there";
    std::variant<int, std::string, double> variant = "chosen";
    std::unique_ptr<int> unique = std::make_unique<int>(17), no_unique;
    std::shared_ptr<std::string> shared = std::make_shared<std::string>("shared"), also_shared = shared, no_shared;
    std::weak_ptr<std::string> weak = shared;
    std::unique_ptr<shape> base = std::make_unique<square>();
    std::function<int(int)> function = twice, no_function;
    std::stack<int> stack;
    stack.push(1);
    std::queue<int> queue;
    queue.push(2);
    std::bitset<10> bitset(5);
    std::chrono::milliseconds duration(1500);
    std::chrono::hours hours(3);
    mood feeling = mood::wild;
    shape *polymorphic = base.get();

    EXPECT(empty_string);
    EXPECT(short_string);
    expect_text("long_string", '"' + long_string.substr(0, 100) + " and \\\"quoted\\\"\"");
    EXPECT(view);
    expect_text("wide", "L\"wide €\"");
    expect_text("wide16", "u\"sixteen\"");
    EXPECT(no_numbers);
    EXPECT(numbers);
    EXPECT(words);
    EXPECT(bits);
    EXPECT(points);
    EXPECT(nested);
    expect_text("fixed", "std::array of length 3 = {7, 8, 9}");
    EXPECT(deque);
#if defined _LIBCPP_VERSION
    expect_text("list", counted("std::list", list.size()) + numbered(list));
    expect_text("no_list", counted("std::list", no_list.size()));
#elif !_GLIBCXX_USE_CXX11_ABI
    expect_text("list", "std::list" + numbered(list));
    expect_text("no_list", "empty std::list");
#else
    expect_text("list", "std::__cxx11::list" + numbered(list));
    expect_text("no_list", "empty std::__cxx11::list");
#endif
    expect_text("forward", "std::forward_list" + numbered(forward));
    EXPECT(ages);
    EXPECT(no_ages);
    EXPECT(large_map);
    EXPECT(multi);
    EXPECT(set);
    EXPECT(deep);
    EXPECT(hash);
    EXPECT(hash_int);
    EXPECT(hash_set);
    EXPECT(pair);
    expect_text("tuple", "std::tuple containing = {[1] = 1, [2] = \"t\", [3] = true}");
    expect_text("some", "std::optional<int> = {[contained value] = 42}");
    expect_text("none", "std::optional<int> [no contained value]");
    expect_text("some_string", "std::optional<std::string> = {[contained value] = \"in there\"}");
    expect_text("variant", "std::variant<int, std::string, double> [index 1] = {\"chosen\"}");
    EXPECT(feeling);
    (void)polymorphic;
    fclose(account);
    abort();
}

int main(int argc, char **argv)
{
    account = argc > 1 ? fopen(argv[1], "w") : stdout;
    if (!account)
        return 1;
    hold();
}
