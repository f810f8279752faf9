/* SPDX-License-Identifier: MIT */
/*
 * The network server and its helpers, four environments: programs talk to ns by IPC (inc/ns.h); ns_input brings it
 * frames, ns_output takes frames from it, ns_timer calls it every 250 ms. None of them polls: each waits for a message, a frame
 * or a point in time.
 */
#ifndef JOS_NET_NS_H
#define JOS_NET_NS_H

#include <inc/lib.h>
#include <inc/ns.h>

enum { NS_TICK_MS = 250 };

/* The helpers' lives: each is called in an environment of its own, forked from `ns`, and does not return. */
void input(envid_t ns);     /* one frame a page */
void input_all(envid_t ns); /* as many as there are, chained */
void output(envid_t ns);
void timer(envid_t ns, uint32_t ms); /* its first call comes after that long; each reply has the next time to wait */

envid_t helper_start(void (*life)(envid_t ns)); /* fork; panics when that fails */

#endif
