/* SPDX-License-Identifier: MIT */
/* The server's network interface, as lwIP sees it. */
#ifndef JOS_NET_JIF_H
#define JOS_NET_JIF_H

#include <inc/env.h>
#include <inc/ns.h>

/* Bring the interface up, with the card's address and the IP addresses that boot arguments name. 0, or an error. */
int jif_start(envid_t output);
void jif_input(const union Nsipc *page); /* a chain of frames has come; they are copied, and the page may go */
void jif_flush(void);                    /* what lwIP has sent so far goes to the output environment */

#endif
