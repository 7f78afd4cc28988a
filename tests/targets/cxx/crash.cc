/* SPDX-License-Identifier: Apache-2.0
 *
 * A C++ program that dies, or waits, in a chosen way.
 *
 *   crash [-t] DEATH     -t: die on a thread instead of on main
 *   crash                list the deaths
 *
 * Prints "ready" once the helper threads sleep. The way down passes through
 * namespaces (a nested and an unnamed one), a class template, an inlined
 * method, a virtual call, std::sort or std::function, and a lambda.
 */
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
#define INLINE inline __attribute__((always_inline))

template <typename T>
static INLINE void keep(const T &value)
{
    __asm__ volatile("" : : "r"(&value) : "memory");
}

static int *volatile no_int;

namespace shop {

struct out_of_stock : std::runtime_error {
    explicit out_of_stock(const std::string &what) : std::runtime_error("out of stock: " + what) {}
};

namespace detail {

struct item {
    std::string name;
    int count;
};

NOINLINE static int touch(const item &what)
{
    *no_int = what.count;
    return what.count;
}

NOINLINE static int refuse(const item &what)
{
    throw out_of_stock(what.name);
}

} // namespace detail

namespace {

struct ticket {
    std::string owner;
    explicit ticket(std::string name) : owner(std::move(name)) {}
    // A destructor that throws while another exception is in flight.
    ~ticket() noexcept(false)
    {
        if (owner == "thrower")
            throw std::logic_error("thrown by a destructor");
    }
};

} // namespace

class shelf {
public:
    virtual ~shelf() = default;
    virtual int take(const detail::item &what) = 0;
};

class counter : public shelf {
public:
    counter() { early(); }
    int take(const detail::item &what) override = 0;

private:
    // Calls a pure virtual function when the object is half built.
    NOINLINE void early()
    {
        if (call_early) {
            detail::item what{"nothing", 0};
            shelf *volatile self = this;
            keep(self->take(what));
        }
    }

public:
    static std::atomic<bool> call_early;
};

std::atomic<bool> counter::call_early{false};

template <typename Key, std::size_t Slots>
class rack : public counter {
public:
    using action = std::function<int(const detail::item &)>;

    explicit rack(action what) : act_(std::move(what)) {}

    NOINLINE int take(const detail::item &what) override
    {
        slots_[Key{}] = static_cast<int>(Slots);
        const int result = inlined(what);
        keep(result);
        return result + 1;
    }

    int operator()(int a, int b) const { return a + b; }

private:
    INLINE int inlined(const detail::item &what)
    {
        const int result = act_(what);
        keep(result);
        return result * 2;
    }

    action act_;
    std::map<Key, int> slots_;
};

template <typename Shelf>
NOINLINE static int serve(Shelf &shelf, detail::item what)
{
    const int result = shelf.take(what);
    keep(result);
    return result;
}

} // namespace shop

using shop::detail::item;

static int on_shelf(shop::rack<std::string, 4>::action action)
{
    auto rack = std::make_unique<shop::rack<std::string, 4>>(std::move(action));
    return shop::serve<shop::shelf>(*rack, item{"lamp", 3});
}

// Deaths.

static int die_segv()
{
    int extra = 2;
    return on_shelf([&extra](const item &what) {
        const int result = shop::detail::touch(what) + extra;
        keep(result);
        return result;
    });
}

static int die_terminate()
{
    return on_shelf([](const item &what) { return shop::detail::refuse(what); });
}

static int die_noexcept()
{
    return on_shelf([](const item &what) noexcept { return shop::detail::refuse(what); });
}

static int die_destructor()
{
    return on_shelf([](const item &what) {
        shop::ticket first("thrower");
        return shop::detail::refuse(what);
    });
}

// An exception is being handled, and carries on in another, when the end comes.
static int die_in_catch()
{
    try {
        try {
            return die_terminate();
        } catch (const shop::out_of_stock &) {
            std::throw_with_nested(std::invalid_argument("no lamp for you"));
        }
    } catch (const std::exception &caught) {
        item what{caught.what(), 1};
        const int result = shop::detail::touch(what);
        keep(result);
        return result;
    }
}

static int die_rethrow()
{
    std::exception_ptr kept;
    std::thread worker([&kept] {
        try {
            die_terminate();
        } catch (...) {
            kept = std::current_exception();
        }
    });
    worker.join();
    std::rethrow_exception(kept);
}

static int die_sort()
{
    std::vector<item> items;
    for (int i = 0; i < 40; i++)
        items.push_back({"item " + std::to_string(i), (i * 7919) % 41});
    std::sort(items.begin(), items.end(), [](const item &a, const item &b) {
        if (a.count == 13)
            keep(shop::detail::touch(a));
        return a.count < b.count;
    });
    return items.front().count;
}

static int die_pure_virtual()
{
    shop::counter::call_early = true;
    return die_segv();
}

static int die_abort()
{
    return on_shelf([](const item &) -> int { std::abort(); });
}

static int die_out_of_range()
{
    std::vector<int> numbers{1, 2, 3};
    return numbers.at(numbers.size() + 4);
}

static int die_bad_alloc()
{
    std::vector<std::string> big;
    volatile std::size_t huge = big.max_size();
    big.reserve(huge);
    return static_cast<int>(big.capacity());
}

static std::mutex first_lock, second_lock;

static int die_deadlock()
{
    std::promise<void> held, go;
    std::thread other([&] {
        pthread_setname_np(pthread_self(), "deadlocked");
        std::lock_guard<std::mutex> second(second_lock);
        held.set_value();
        go.get_future().wait();
        std::lock_guard<std::mutex> first(first_lock);
    });
    std::lock_guard<std::mutex> first(first_lock);
    held.get_future().wait();
    go.set_value();
    std::lock_guard<std::mutex> second(second_lock);
    other.join();
    return 0;
}

static int die_hang()
{
    for (;;)
        pause();
}

static const struct {
    const char *name;
    int (*die)();
} deaths[] = {
    {"segv", die_segv},
    {"terminate", die_terminate},
    {"noexcept", die_noexcept},
    {"destructor", die_destructor},
    {"in-catch", die_in_catch},
    {"rethrow", die_rethrow},
    {"sort", die_sort},
    {"pure-virtual", die_pure_virtual},
    {"abort", die_abort},
    {"out-of-range", die_out_of_range},
    {"bad-alloc", die_bad_alloc},
    {"deadlock", die_deadlock},
    {"hang", die_hang},
};

// Helper threads.

static std::mutex helper_lock;
static std::condition_variable helper_never;
static std::promise<int> no_promise;

static bool asleep(long tid)
{
    std::ifstream stat("/proc/self/task/" + std::to_string(tid) + "/stat");
    std::string text;
    std::getline(stat, text);
    const auto end = text.rfind(')');
    return end != std::string::npos && text.compare(end, 3, ") S") == 0;
}

static void start_helper(const char *name, std::function<void()> wait)
{
    std::promise<long> tid;
    std::thread([name, wait = std::move(wait), &tid] {
        pthread_setname_np(pthread_self(), name);
        tid.set_value(syscall(SYS_gettid));
        wait();
    }).detach();
    const long number = tid.get_future().get();
    while (!asleep(number))
        usleep(1000);
}

int main(int argc, char **argv)
{
    const bool on_thread = argc > 1 && !std::strcmp(argv[1], "-t");
    const char *wanted = argc > 1 + on_thread ? argv[1 + on_thread] : nullptr;
    if (!wanted) {
        for (const auto &death : deaths)
            std::puts(death.name);
        return 0;
    }
    for (const auto &death : deaths) {
        if (std::strcmp(death.name, wanted))
            continue;
        start_helper("cond-waiter", [] {
            std::unique_lock<std::mutex> held(helper_lock);
            helper_never.wait(held, [] { return false; });
        });
        start_helper("future-waiter", [] { keep(no_promise.get_future().get()); });
        start_helper("sleeper", [] {
            for (;;)
                std::this_thread::sleep_for(std::chrono::hours(24));
        });
        if (write(STDOUT_FILENO, "ready\n", 6) != 6)
            return 1;
        if (on_thread) {
            std::thread victim([&death] {
                pthread_setname_np(pthread_self(), "victim");
                keep(death.die());
            });
            victim.join();
            return 0;
        }
        return death.die();
    }
    return 2;
}
