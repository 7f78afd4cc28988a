# SPDX-License-Identifier: Apache-2.0
"""Secrets in all places that Python has: each line of the file named is one."""

import sys
import threading
import time


class Account:
    def __init__(self, secrets):
        self.user, self.number = "someone", 4001
        self.password, self.wide_password, self.widest_password = next(secrets), next(secrets), next(secrets)
        self.blob = next(secrets).encode()
        self.more = {"pin": next(secrets), "other": "stays-here"}


def deep(depth, account, password):
    if depth:
        return deep(depth - 1, account, password)
    if threading.current_thread() is threading.main_thread():
        print("ready", flush=True)
    time.sleep(1000)
    return account, password


def main():
    with open(sys.argv[1], "rb") as file:
        secrets = iter([line.decode() for line in file.read().splitlines()])
    account, local = Account(secrets), next(secrets)
    for depth in range(3):
        threading.Thread(target=deep, args=(depth, account, local), daemon=True).start()
    time.sleep(0.2)
    deep(4, account, local)


main()
