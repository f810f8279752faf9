# SPDX-License-Identifier: MIT
#
# What may be chosen from outside. Set any of these on the command line (`make V=1 CPUS=4 qemu-nox`), in the
# environment, or here. What stands behind a # is found by conf/tools.mk or conf/qemu.mk unless it is set.

# --- Building ---
# 1: print whole commands.
V ?=
# 1: a warning in our own sources is an error.
WERROR ?=
# 1: the dataplane with its lwIP, and lab 6's network server with its own, are each compiled as one.
UNITE ?= 1
OBJDIR ?= obj
PYTHON ?= python3
# Compiles what runs on this machine: obj/fs/fsformat.
HOSTCC ?= cc
# i686-linux-gnu- or another toolchain's prefix; empty for plain gcc -m32.
#GCCPREFIX ?=
# A lwIP source tree of your own, instead of the one that conf/lwip fetches.
#LWIP ?=
# More flags for kern/init.c and for net/*.c.
INIT_CFLAGS ?=
NET_CFLAGS ?=

# --- The machine ---
#QEMU ?=
# More options for QEMU.
QEMUEXTRA ?=
CPUS ?= 2
# In MB.
MEM ?= 256
# e1000, e1000e or igb, as far as QEMU has it; several words: of one NIC each.
NIC ?= e1000
# How many, up to 8. Each has a network of its own, and ports of this host: PORT80_1 for net1, and so on.
NICS ?= 1
# tcg or kvm.
ACCEL ?= tcg
# user, or tap with TAP=an existing tap device, or one for each NIC.
NET ?= user
TAP ?=
# What lab 6's driver prints: tx, rx, rxfilter, with commas.
E1000_DEBUG ?=
# on: lab 6's network server runs; programs that use sockets have it anyway.
NS ?=
# More boot arguments, such as ARGS='exit=1'.
ARGS ?=
# Ports of this host for the guest's ports 7, 80 and 11211, and for gdb: free ones, if not set.
#PORT7 ?=
#PORT80 ?=
#PORT11211 ?=
#GDBPORT ?=

# --- Measuring ---
# 1: short runs, or additional sweeps.
QUICK ?=
FULL ?=
# How often every system is measured: 5, or 2 with QUICK=1.
ROUNDS ?=
# Systems beside lab6 and ix: linux, ceiling, with commas. SYSTEMS replaces all of them.
PEERS ?=
SYSTEMS ?=
# tap or user; tap, if that is possible.
BENCH_NET ?=
# Where the report goes, if not to bench/out.
BENCH_OUT ?=
# 1: bench-count records what it counts.
RECORD ?=

# --- Grading ---
# See ./grade-lab-ix --help.
GRADEFLAGS ?=
