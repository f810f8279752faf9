/* SPDX-License-Identifier: MIT */
/*
 * The console: serial port and VGA text for output, serial port and PS/2 keyboard for input.
 *
 * Any CPU may print at any time, with or without the big lock: the console has a lock of its own, which
 * nests, is held for one message, and is never waited for so long that a panic could get stuck on it.
 */
#ifndef JOS_KERN_CONSOLE_H
#define JOS_KERN_CONSOLE_H

#include <inc/types.h>

void cons_init(void);
void cons_irq_init(void);  /* after ioapic_init: input by interrupt from now on; see cons_input_ready */
int cons_getc(void);       /* next input character, or 0; never waits */
int cons_pending(void);    /* input characters that wait */
void kbd_intr(void);       /* read what the devices have */
void serial_intr(void);

bool cons_wants_monitor(void);  /* was Ctrl-] typed since the last call? It asks for the kernel monitor. */
void cons_input_ready(void);    /* the scheduler's: wake envs in ENV_WAIT_CONS; called with the big lock */

/* What is written between these two comes out in one piece. Both may nest; only the outermost pair counts. */
void cons_lock(void);
void cons_unlock(void);
void cons_write(const char *s, size_t n);

#endif
