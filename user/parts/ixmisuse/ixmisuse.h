/* SPDX-License-Identifier: MIT */
/* Parts of ixmisuse: each function misuses one thing, and prints one line for a group. */
#ifndef JOS_USER_IXMISUSE_H
#define JOS_USER_IXMISUSE_H

#include <inc/error.h>
#include <inc/ix.h>
#include <inc/lib.h>

enum { PORT = 7, COOKIE = 41, NOBODY = 0x0a00024d /* 10.0.2.77 */ };

extern struct ix_config config;
extern int failures;

void expect(const char *what, int got, int want);
void group(const char *name); /* what was expected since the last one */

/* One batched call; its result. Events that come with it are kept for await. */
int call(struct ix_call c);
int call_on(enum ix_op op, ix_handle_t h, uint32_t a, uint32_t b);
void run(uint32_t ncalls, uint32_t timeout_us);
struct ix_event await(enum ix_ev type); /* the next of that type; others are passed over */

/* syscalls.c */
void before_attach(void);
void bad_attach(void);
void after_attach(void);

/* arguments.c: of calls that need no flow, and of those on a flow, or a UDP port. */
void bad_arguments(void);
void bad_sendv(ix_handle_t h);
void bad_udp(void);

/* handles.c: each call on handles of every kind. */
void bad_handles(ix_handle_t listener);
void while_connecting(void);
void knocking_and_open(void);
void rejected(void);

#endif
