/* SPDX-License-Identifier: MIT */
/* lwIP's types and formats on this machine, for both of its builds: kern/dp/lwip and net/lwip. */
#ifndef JOS_INC_LWIP_TYPES_H
#define JOS_INC_LWIP_TYPES_H

#include <inc/types.h>

#define LWIP_NO_STDDEF_H 1
#define LWIP_NO_STDINT_H 1
#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_LIMITS_H 1
#define LWIP_NO_UNISTD_H 1
#define LWIP_NO_CTYPE_H 1

typedef uint8_t u8_t;
typedef int8_t s8_t;
typedef uint16_t u16_t;
typedef int16_t s16_t;
typedef uint32_t u32_t;
typedef int32_t s32_t;
typedef uintptr_t mem_ptr_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;

#define INT_MAX 0x7fffffff
#define SSIZE_MAX INT_MAX

#define X8_F "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "u"

#define BYTE_ORDER LITTLE_ENDIAN

#define lwip_htons(x) ((u16_t)__builtin_bswap16(x))
#define lwip_htonl(x) ((u32_t)__builtin_bswap32(x))

#endif
