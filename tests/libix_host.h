/* SPDX-License-Identifier: MIT */
/*
 * First include of the tests of libix, which take its sources in as a whole: user code on the host, with
 * the C library's strings, and with the dataplane's windows at addresses that a sanitized program may use.
 */
#ifndef TESTS_LIBIX_HOST_H
#define TESTS_LIBIX_HOST_H

#include <tests/host.h>
#include <sys/mman.h>

#define JOS_INC_STRING_H
#define JOS_INC_STDIO_H
#undef JOS_KERNEL
#define JOS_USER
#define IXEV_NO_TIMEVAL

/* What inc/thread.h would bring: there is one thread. */
#define JOS_INC_THREAD_H
#define THREAD_LOCAL
struct mutex {
	int owner;
};

static inline int mutex_lock(struct mutex *m)
{
	assert_int_equal(m->owner, 0);
	m->owner = 1;
	return 0;
}

static inline void mutex_unlock(struct mutex *m)
{
	assert_int_equal(m->owner, 1);
	m->owner = 0;
}

#ifndef MIN
#define MIN(a, b) ({ __auto_type x_ = (a); __auto_type y_ = (b); x_ <= y_ ? x_ : y_; })
#define MAX(a, b) ({ __auto_type x_ = (a); __auto_type y_ = (b); x_ >= y_ ? x_ : y_; })
#endif
#ifndef container_of
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#endif

#include <inc/memlayout.h>
#undef IXBASE
#define IXBASE 0x58000000

#include <inc/error.h>
#include <inc/ix.h>

#endif
