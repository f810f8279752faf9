/* SPDX-License-Identifier: MIT */
/*
 * The three devices behind kern/console.c, which alone calls these functions, with the console's lock held.
 * A device that is missing swallows its output and has no input.
 */
#ifndef JOS_KERN_DEV_CONSDEV_H
#define JOS_KERN_DEV_CONSDEV_H

#include <inc/types.h>

/* A `getc` returns the next character; CONS_NONE if no input waits; 0 for input that is no character. */
enum { CONS_NONE = -1 };

void serial_init(void);
void serial_write(const char *s, size_t n);
int serial_getc(void);
void serial_irq_enable(void); /* interrupt when a byte arrives */
void serial_drain(void);      /* wait until all that was written is out; safe without the lock */

void vga_init(void);
void vga_write(const char *s, size_t n);

void kbd_init(void);
int kbd_getc(void);

#endif
