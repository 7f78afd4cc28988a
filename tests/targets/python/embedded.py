# SPDX-License-Identifier: Apache-2.0
"""What embed.c runs: embed embedded.py ENDING FILE"""

import oracle


def request(path):
    return list(map(lambda part: handle(part), path.split("/")))


def handle(part):
    oracle.stop()
    return part


request("index")
