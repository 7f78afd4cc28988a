/* SPDX-License-Identifier: Apache-2.0
 *
 * recurse [DEPTH]: a C++ program whose stack is DEPTH (20,000) equal frames of
 * a method template, then abort. It takes in many headers, as real programs do,
 * so its one compile unit is large and looking a line up in it costs something.
 */
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <unistd.h>

namespace tree {

template <typename Value>
class node {
public:
    node(Value value, std::unique_ptr<node> next) : value_(std::move(value)), next_(std::move(next)) {}

    // A deep list would otherwise be taken apart by recursion as well.
    ~node()
    {
        for (auto next = std::move(next_); next;)
            next = std::move(next->next_);
    }

    __attribute__((noinline)) std::size_t walk(int depth)
    {
        std::size_t below = 0;
        if (next_)
            below = next_->walk(depth + 1);
        else if (write(STDOUT_FILENO, "ready\n", 6) == 6)
            std::abort();
        return below + value_.size() + static_cast<std::size_t>(depth);
    }

private:
    Value value_;
    std::unique_ptr<node> next_;
};

} // namespace tree

int main(int argc, char **argv)
{
    const int depth = argc > 1 ? std::atoi(argv[1]) : 20000;
    std::unique_ptr<tree::node<std::string>> list;
    for (int i = 0; i < depth; i++)
        list = std::make_unique<tree::node<std::string>>("node", std::move(list));
    std::cout << list->walk(0) << std::endl;
}
