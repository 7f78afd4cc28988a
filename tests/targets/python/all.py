# SPDX-License-Identifier: Apache-2.0
"""calls.py, with values.py and tasks.py in threads: one core has it all.

usage: all.py ENDING FILE     see oracle.py
"""

import time

import calls
import oracle
import tasks
import values

if __name__ == "__main__":
    oracle.start("values", values.numbers)
    oracle.start("tasks", tasks.run)
    while not {"tasks", "attributes"} <= set(oracle.NOTED):
        time.sleep(0.01)
    calls.main()
