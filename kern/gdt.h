/* SPDX-License-Identifier: MIT */
/* Segments (gdt.c). */
#ifndef JOS_KERN_GDT_H
#define JOS_KERN_GDT_H

void gdt_init_percpu(int cpu); /* on that CPU, first thing: cpunum() depends on it */

#endif
