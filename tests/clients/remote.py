#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The other side of user/ixremote.c: one scenario for each name, run where the guest can be reached.

usage: remote.py SCENARIO [HOST [PORT]]
Ends with status 1, and says why, when the guest does not do what it must.
"""
import sys

import remote_bytes
import remote_conn
import remote_ends
import remote_fragments
import remote_load


def main(words):
    name = "scenario_" + words[0].replace("-", "_") if words else ""
    play = next((vars(m)[name] for m in (remote_bytes, remote_ends, remote_fragments, remote_load) if name in vars(m)), None)
    if not play:
        sys.exit(__doc__)
    remote_conn.set_server(*words[1:3])
    try:
        play()
    except (remote_conn.Wrong, OSError) as e:
        sys.exit("%s: %s" % (words[0], e or type(e).__name__))


if __name__ == "__main__":
    main(sys.argv[1:])
