/* SPDX-License-Identifier: MIT */
/* Where the network server and its helpers keep their pages: between the program and the descriptors. */
#ifndef JOS_NET_LAYOUT_H
#define JOS_NET_LAYOUT_H

#include <inc/env.h>

#define NS_REQUESTS 0x10000000      /* a page for each request slot */
#define NS_NREQUESTS (2 * NENV)
#define NS_SOCKETS 0x11000000       /* a page for each socket: the descriptor's, shared with whoever has it */
#define NS_NSOCKETS 1024
#define NS_OUTPUT 0x12000000        /* frames on their way to the output environment */
#define NS_NOUTPUT 64
#define NS_INPUT 0x13000000         /* in the input environment: frames on their way to the server */
#define NS_NINPUT 16
#define NS_STACKS 0x20000000        /* of threads */
#define NS_STACKS_SIZE 0x04000000
#define NS_HEAP 0x30000000
#define NS_HEAP_SIZE 0x06000000     /* 96 MB; less if memory is out before */

#define NS_SPARE 0x14000000         /* one page for whoever needs one */

#endif
