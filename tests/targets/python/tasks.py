# SPDX-License-Identifier: Apache-2.0
"""Tasks of asyncio that wait for each other, for locks, queues, sleeps and sockets.

usage: tasks.py ENDING FILE     see oracle.py; "tasks" has each task: name, coroutine, frames of its coroutines
                                (outermost first: file, line, function), what it awaits, whether it is done
"""

import asyncio
import time

import oracle

THERE = {}


async def leaf(n):
    await asyncio.sleep(1000 + n)


async def branch(n):
    here = "branch %d" % n
    await leaf(n)
    return here


async def waits_for(other):
    return await other


async def gathers(*others):
    return await asyncio.gather(*others)


async def waits_for_any(*others):
    return await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)


async def limited(other):
    return await asyncio.wait_for(other, 5000)


async def grouped():
    """Waits for what it starts: from 3.11 on."""
    async with asyncio.TaskGroup() as group:
        for name in ("first of group", "second of group"):
            THERE[name] = group.create_task(branch(9), name=name)


async def shielded(other):
    await asyncio.shield(other)


async def holds(lock):
    async with lock:
        await leaf(5)


async def wants(lock):
    async with lock:
        pass


async def reads(queue):
    return await queue.get()


async def counts():
    for n in range(3):
        yield n
        await leaf(n)


async def loops():
    async for _ in counts():
        pass


class Manager:
    async def __aenter__(self):
        await leaf(7)

    async def __aexit__(self, *unused):
        pass


async def manages():
    async with Manager():
        pass


class Awaitable:
    def __await__(self):
        got = yield from leaf(8).__await__()
        return got


async def awaits_object():
    await Awaitable()


async def finished():
    return 5


async def failed():
    raise ValueError("failed")


async def forever(event):
    await event.wait()


def chain(coroutine):
    """The coroutines of a task, outermost first."""
    found = []
    while coroutine is not None:
        for kind in ("cr", "gi", "ag"):
            frame = getattr(coroutine, kind + "_frame", None)
            if frame is not None:
                found.append([frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name])
                coroutine = getattr(coroutine, kind + "_await" if kind != "gi" else "gi_yieldfrom")
                break
        else:
            break
    return found


def describe(name, task):
    coroutine = task.get_coro() if hasattr(task, "get_coro") else getattr(task, "_coro", None)
    waiter = getattr(task, "_fut_waiter", None)
    return {"name": task.get_name() if hasattr(task, "get_name") else None, "key": name,
            "coroutine": coroutine.__qualname__, "done": task.done(), "address": id(task),
            "frames": chain(coroutine), "waiter": id(waiter) if waiter is not None else None,
            "awaits": [key for key, other in THERE.items() if other is waiter]}


def add(name, coroutine):
    task = asyncio.ensure_future(coroutine)
    if hasattr(task, "set_name"):
        task.set_name(name)
    THERE[name] = task
    return task


async def ends():
    await asyncio.sleep(0.1)
    oracle.NOTED["tasks"] = [describe(name, task) for name, task in THERE.items()]
    oracle.stop()


async def main():
    event, queue = asyncio.Event(), asyncio.Queue()
    lock = asyncio.Lock()
    one, two = add("one", branch(1)), add("two", branch(2))
    add("waits", waits_for(one))
    add("also waits", waits_for(one))
    add("chain", waits_for(THERE["waits"]))
    add("gathers", gathers(one, two))
    add("any", waits_for_any(two))
    add("shields", shielded(two))
    add("limits", limited(two))
    if hasattr(asyncio, "TaskGroup"):
        add("groups", grouped())
    add("holds", holds(lock))
    add("wants", wants(lock))
    add("reads", reads(queue))
    add("loops", loops())
    add("manages", manages())
    add("object", awaits_object())
    add("finished", finished())
    add("failed", failed())
    add("\u20ac name", forever(event))
    THERE["main"] = next(task for task in all_tasks() if task not in THERE.values())
    last = add("ends", ends())
    await last


def all_tasks():
    return (getattr(asyncio, "all_tasks", None) or asyncio.Task.all_tasks)()


def other_loop():
    async def alone():
        await asyncio.sleep(1000)
    asyncio.set_event_loop(asyncio.new_event_loop())
    loop = asyncio.get_event_loop()
    THERE["elsewhere"] = loop.create_task(alone())
    loop.run_forever()


def run():
    oracle.start("other loop", other_loop)
    while "elsewhere" not in THERE:
        time.sleep(0.01)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(main())


if __name__ == "__main__":
    run()
