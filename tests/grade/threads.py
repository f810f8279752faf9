# SPDX-License-Identifier: MIT
"""Threads: what they share, how they begin and end, and what happens when they do it all at once on several CPUs."""
from grade import suite
from grade.hostile import on_cpus

suite.part("threads")

on_cpus("threads", "threads share memory and not stacks, end one by one or all together, and fork", 60, (1, 2, 4))
on_cpus("threadstorm", "programs of many threads end at any moment, by whoever is first, and leave nothing", 90, (1, 2, 4))
on_cpus("dpthreads", "a thread has a dataplane, and its siblings take its pages and its life", 60, (2, 4), ports=(80,))
