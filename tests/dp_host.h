/* SPDX-License-Identifier: MIT */
/* First include of the dataplane's host tests: its headers beside the C library's. */
#ifndef TESTS_DP_HOST_H
#define TESTS_DP_HOST_H

#include "host.h"

/* The C library has these. */
#define JOS_INC_STRING_H
#define JOS_INC_STDIO_H

int cprintf(const char *fmt, ...);

#define MIN(a, b) ({ __auto_type x_ = (a); __auto_type y_ = (b); x_ <= y_ ? x_ : y_; })
#define MAX(a, b) ({ __auto_type x_ = (a); __auto_type y_ = (b); x_ >= y_ ? x_ : y_; })
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#include <inc/error.h>
#include <kern/dp/dataplane.h>
#include <kern/dp/tcp.h>
#include <kern/pmap.h>

#endif
