/* SPDX-License-Identifier: MIT */
/*
 * Requests of programs. Each is carried out by a thread, since it may have to wait; a program has at most one at a time, because
 * it waits for the reply, but there are slots for more than all programs together.
 */
#ifndef JOS_NET_REQUEST_H
#define JOS_NET_REQUEST_H

#include <inc/env.h>
#include <inc/ns.h>

struct request;

void requests_init(void);

/* The slot for the next message: its page is where the message's page goes. NULL: all are taken. */
struct request *request_slot(void);
union Nsipc *request_page(struct request *r);

/* A program's message has come into that slot: have it carried out. The reply comes by reply_add. */
void request_begin(struct request *r, envid_t from, uint32_t number, int perm);

void requests_sweep(void); /* now and then: give back pages, and close sockets, of programs that are gone */

/* net/reply.c */
void reply_add(envid_t to, int32_t value, void *page); /* page: handed over with it, or NULL */
int reply_and_receive(void *dstva); /* sends all there are, then waits for a message: sys_ipc_recv's result */

/* net/sockets.c: lwIP's socket calls on a request's page; the reply's value. */
int32_t socket_call(uint32_t number, union Nsipc *page, void **reply_page);
void sockets_sweep(void (*found)(int s)); /* calls it for each socket whose descriptor nobody holds any more */

#endif
