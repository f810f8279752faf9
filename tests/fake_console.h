/* SPDX-License-Identifier: MIT */
/* What kernel code says, in tests: words go nowhere. A panic ends the program, but for one that is wanted. */
#ifndef TESTS_FAKE_CONSOLE_H
#define TESTS_FAKE_CONSOLE_H

#include "host.h"

bool console_panics(const char *words, void (*act)(void *), void *arg); /* does the kernel panic in act, saying this? */

#endif
