/* SPDX-License-Identifier: MIT */
/*
 * Formatted text. printfmt is the engine behind all of it; its formats are described in lib/printfmt.c.
 * The kernel supplies cputchar, getchar, iscons, cprintf and vcprintf itself, and has no printf or fprintf.
 */
#ifndef JOS_INC_STDIO_H
#define JOS_INC_STDIO_H

#include <inc/stdarg.h>
#include <inc/types.h>

/* The console, one character at a time. getchar waits; a negative result is an error, -E_EOF at the end. */
void cputchar(int c);
int getchar(void);
int iscons(int fdnum);

/* To a function: called once for each character, with `putdat` handed on. */
void printfmt(void (*putch)(int, void *), void *putdat, const char *fmt, ...);
void vprintfmt(void (*putch)(int, void *), void *putdat, const char *fmt, va_list ap);

/*
 * To memory: at most size - 1 characters and a '\0'. The length it would have had; -E_INVAL if there is no
 * room at all.
 */
int snprintf(char *buf, int size, const char *fmt, ...);
int vsnprintf(char *buf, int size, const char *fmt, va_list ap);

/* To the console, whatever descriptor 1 may be. */
int cprintf(const char *fmt, ...);
int vcprintf(const char *fmt, va_list ap);

/* To a descriptor: 1, or `fdnum`. The number of bytes written, or an error. */
int printf(const char *fmt, ...);
int fprintf(int fdnum, const char *fmt, ...);
int vfprintf(int fdnum, const char *fmt, va_list ap);

/* A line of input without its end, in a buffer that the next call reuses; NULL at the end of input. */
char *readline(const char *prompt);

#endif
