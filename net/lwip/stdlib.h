/* SPDX-License-Identifier: MIT */
/* lwIP asks for <stdlib.h>, of which it uses atoi. */
#ifndef JOS_NET_LWIP_STDLIB_H
#define JOS_NET_LWIP_STDLIB_H

#include <inc/string.h>

static inline int atoi(const char *s) { return strtol(s, NULL, 10); }

#endif
