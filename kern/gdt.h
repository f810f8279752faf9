/* SPDX-License-Identifier: MIT */
/* Segments (gdt.c). */
#ifndef JOS_KERN_GDT_H
#define JOS_KERN_GDT_H

void gdt_init_percpu(int cpu); /* on that CPU, first thing: cpunum() depends on it */

void gdt_load_user_segments(void); /* fs and gs as each program finds them when it gets a CPU; they are not kept for it */

#endif
