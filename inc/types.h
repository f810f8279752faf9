/* SPDX-License-Identifier: MIT */
/* Basic types and arithmetic that every part of the tree shares. */
#ifndef JOS_INC_TYPES_H
#define JOS_INC_TYPES_H

#ifndef NULL
#define NULL ((void *)0)
#endif

typedef _Bool bool;
enum { false, true };

typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;

typedef signed char int8_t;
typedef signed short int16_t;
typedef signed int int32_t;
typedef signed long long int64_t;

typedef __INTPTR_TYPE__ intptr_t;   /* an address as a number: a 32-bit virtual one ... */
typedef __UINTPTR_TYPE__ uintptr_t;
typedef uint32_t physaddr_t;        /* ... or a physical one; the two never mix */

typedef __SIZE_TYPE__ size_t;
typedef int32_t ssize_t;
typedef int32_t off_t;
typedef uint32_t ppn_t;             /* a physical page number */

#define MIN(a, b) ({ __auto_type min_a_ = (a); __auto_type min_b_ = (b); min_a_ <= min_b_ ? min_a_ : min_b_; })
#define MAX(a, b) ({ __auto_type max_a_ = (a); __auto_type max_b_ = (b); max_a_ >= max_b_ ? max_a_ : max_b_; })

/* Round to a multiple of n; keeps the type of a, so that pointers may be rounded too. */
#define ROUNDDOWN(a, n) ((__typeof__(a))((uint32_t)(a) - (uint32_t)(a) % (uint32_t)(n)))
#define ROUNDUP(a, n)   ((__typeof__(a))ROUNDDOWN((uint32_t)(a) + (uint32_t)(n) - 1, (n)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#ifndef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#endif
