/* SPDX-License-Identifier: MIT */
/*
 * The network as lab 6 knows it: programs send and receive frames by system calls. One NIC, claimed when the first
 * program asks, given back when the last that used it is gone. With the big lock.
 */
#ifndef JOS_KERN_LAB6_H
#define JOS_KERN_LAB6_H

#include <inc/types.h>

struct Env;

int lab6_use(struct Env *e);          /* before any of those below: 0, -E_NO_QUEUE, -E_NO_MEM */
void lab6_env_free(struct Env *e);

const uint8_t *lab6_mac(void);

/*
 * Send straight from the program's pages, which are held until the NIC has read them. lab6_send_all: the chain of
 * packets (inc/ns.h) on the page at va, with one doorbell. 0, -E_AGAIN when the ring has no room for all, -E_FAULT, -E_INVAL.
 */
int lab6_send(struct Env *e, uint32_t va, uint32_t len);
int lab6_send_all(struct Env *e, uint32_t va);

/*
 * The next frame, its length; or, on the page at va, a chain of as many as there are and fit: their number. -E_FAULT,
 * -E_INVAL. -E_AGAIN when there is none: then `e` is noted as the one who waits, and the interrupt gives it the next
 * frames, and eax. -E_IN_USE: another one waits.
 */
int lab6_receive(struct Env *e, uint32_t va, uint32_t size);
int lab6_receive_all(struct Env *e, uint32_t va);

#endif
