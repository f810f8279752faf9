/* SPDX-License-Identifier: MIT */
/*
 * First include of every test and fake: the C library's types in place of inc/types.h, whose like-named
 * types differ from the host's, so that both cmocka's and the kernel's headers can follow.
 */
#ifndef TESTS_HOST_H
#define TESTS_HOST_H

#define JOS_INC_TYPES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef uint32_t physaddr_t;
typedef uint32_t ppn_t;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
