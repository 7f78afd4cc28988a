# SPDX-License-Identifier: Apache-2.0
"""Greenlets: one that runs, two that were left in the middle, one that never began.

usage: greenlets.py ENDING FILE     see oracle.py; "greenlets" has the frames of each that is suspended
"""


import greenlet

import oracle


def ping(other):
    middle = "ping"
    list(map(lambda target: target.switch("from ping"), other))
    return middle


def pong(word):
    answer = word.upper()
    wait(answer)


def wait(answer):
    MAIN.switch(answer)


def ends():
    oracle.NOTED["greenlets"] = {"ping": oracle.frames(FIRST.gr_frame), "pong": oracle.frames(SECOND.gr_frame)}
    oracle.stop()


if __name__ == "__main__":
    MAIN = greenlet.getcurrent()
    SECOND = greenlet.greenlet(pong)
    FIRST = greenlet.greenlet(ping)
    NEVER = greenlet.greenlet(ends)
    FIRST.switch([SECOND])
    greenlet.greenlet(ends).switch()
