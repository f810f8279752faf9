/* SPDX-License-Identifier: MIT */
/* Checks. The kernel and libjos each supply the two functions. */
#ifndef JOS_INC_ASSERT_H
#define JOS_INC_ASSERT_H

#include <inc/stdio.h>

void _warn(const char *file, int line, const char *fmt, ...);
void _panic(const char *file, int line, const char *fmt, ...) __attribute__((noreturn));

#define warn(...) _warn(__FILE__, __LINE__, __VA_ARGS__)
#define panic(...) _panic(__FILE__, __LINE__, __VA_ARGS__)
#define assert(x) ((x) ? (void)0 : panic("assertion failed: %s", #x))
#define static_assert(x) _Static_assert((x), #x)

#endif
