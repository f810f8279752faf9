/* SPDX-License-Identifier: MIT */
/* A window that is counted: QEMU's plugin sees where it begins and ends (bench/counter.c), and so do the server's counters. */
#ifndef JOS_USER_IXLOAD_WINDOW_H
#define JOS_USER_IXLOAD_WINDOW_H

enum { NIC = 1 }; /* ours: the server has another */

void window_begin(void);
void window_end(const char *name); /* prints what the server's dataplane has counted, if it has one */

#endif
