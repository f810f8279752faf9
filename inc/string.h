/* SPDX-License-Identifier: MIT */
/* Strings and memory (lib/string.c, for the kernel and for programs). */
#ifndef JOS_INC_STRING_H
#define JOS_INC_STRING_H

#include <inc/types.h>

int strlen(const char *s);
int strnlen(const char *s, size_t size);
char *strcpy(char *dst, const char *src);
char *strncpy(char *dst, const char *src, size_t size);
char *strcat(char *dst, const char *src);
size_t strlcpy(char *dst, const char *src, size_t size); /* ends with '\0' if size > 0; characters copied */
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
char *strchr(const char *s, char c);  /* NULL if absent */
char *strfind(const char *s, char c); /* the string's end if absent */

void *memset(void *dst, int c, size_t len);
void *memcpy(void *dst, const void *src, size_t len);
void *memmove(void *dst, const void *src, size_t len);
int memcmp(const void *a, const void *b, size_t len);
void *memfind(const void *s, int c, size_t len); /* the end of the range if absent */

long strtol(const char *s, char **endptr, int base); /* base 0: by prefix, 0x or 0 */

#endif
