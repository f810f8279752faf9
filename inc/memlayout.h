/* SPDX-License-Identifier: MIT */
/* The map of every address space: which addresses mean what, to the kernel and to programs. */
#ifndef JOS_INC_MEMLAYOUT_H
#define JOS_INC_MEMLAYOUT_H

#ifndef __ASSEMBLER__
#include <inc/types.h>
#include <inc/mmu.h>
#endif

/*
 *                                                               kernel / user
 *   4 GiB  ------------->  +------------------------------+
 *                          |  physical memory, from 0     |  RW / --
 *   KERNBASE, KSTACKTOP -> +------------------------------+  0xf0000000
 *                          |  CPU 0's kernel stack        |  RW / --   KSTKSIZE
 *                          |  (gap: a fault, not a leak)  |  -- / --   KSTKGAP
 *                          |  CPU 1's kernel stack ...    |  RW / --
 *   KSTACKLOW ---------->  +------------------------------+  0xeff80000
 *                          |  lwIP window: the globals of |  RW / --   differs from CPU to CPU;
 *                          |  this CPU's network stack    |            absent in kern_pgdir
 *   DPWINDOW, MMIOLIM -->  +------------------------------+  0xefc00000
 *                          |  device registers            |  RW / --   PTSIZE
 *   ULIM, MMIOBASE ----->  +------------------------------+  0xef800000
 *                          |  this env's page tables      |  R- / R-   PTSIZE
 *   UVPT --------------->  +------------------------------+  0xef400000
 *                          |  struct PageInfo pages[]     |  R- / R-   PTSIZE
 *   UPAGES ------------->  +------------------------------+  0xef000000
 *                          |  struct Env envs[]           |  R- / R-   PTSIZE
 *   UTOP, UENVS, UXSTACKTOP+------------------------------+  0xeec00000
 *                          |  user exception stack        |  RW / RW   PGSIZE
 *                          |  (unmapped)                  |
 *   USTACKTOP ---------->  +------------------------------+  0xeebfe000
 *                          |  user stack, growing down    |  RW / RW
 *                          ~                              ~
 *                          |  variables of each thread    |  RW / RW   (inc/thread.h)
 *   UTHREAD ------------>  +------------------------------+  0xee800000: from here on each thread has pages of its own,
 *                          ~                              ~              below here all threads of a program have the same
 *   IXLIM -------------->  +------------------------------+  0xee000000
 *                          |  dataplane windows (ix.h):   |  only the dataplane maps pages here
 *                          |  events, calls, buffers, heap|
 *   IXBASE ------------->  +------------------------------+  0xe0000000
 *                          ~                              ~
 *                          |  file descriptors' pages     |  0xd0000000
 *                          ~                              ~
 *                          |  program text, data, heap    |
 *   UTEXT -------------->  +------------------------------+  0x00800000
 *   PFTEMP ------------->  |  (scratch page for faults)   |  0x007ff000
 *   UTEMP -------------->  +------------------------------+  0x00400000
 *                          |  nothing: null pointers fault|
 *   0 ------------------>  +------------------------------+
 */

#define IOPHYSMEM  0x0A0000 /* physical: device memory and BIOS, up to ... */
#define EXTPHYSMEM 0x100000 /* ... extended memory, where the kernel is loaded */

#define KERNBASE  0xF0000000
#define KSTACKTOP KERNBASE
#define KSTKSIZE  (8 * PGSIZE)
#define KSTKGAP   (8 * PGSIZE)
#define KSTACKLOW 0xEFF80000

#define DPWINDOW 0xEFC00000 /* lwIP's globals, up to KSTACKLOW */
#define MMIOLIM  0xEFC00000
#define MMIOBASE 0xEF800000

#define ULIM 0xEF800000 /* programs see nothing from here on */
#define UVPT 0xEF400000
#define UPAGES 0xEF000000
#define UENVS 0xEEC00000

#define UTOP 0xEEC00000 /* programs map nothing from here on */
#define UXSTACKTOP UTOP
#define USTACKTOP 0xEEBFE000
#define UTHREAD (UTOP - PTSIZE) /* up to UTOP: a thread's own 4 MB */

#define IXBASE 0xE0000000 /* JOS page, IPC and exofork calls refuse this range */
#define IXLIM  0xEE000000

#define UTEXT 0x00800000
#define UTEMP ((void *)0x00400000) /* pointers, as programs written for JOS expect */
#define PFTEMP (UTEMP + PTSIZE - PGSIZE)

/* Segment selectors; the TSS of CPU n is GD_TSS0 + 8 n. */
#define GD_KT 0x08
#define GD_KD 0x10
#define GD_UT 0x18
#define GD_UD 0x20
#define GD_TSS0 0x28

#define MPENTRY_PADDR 0x7000 /* where an application processor starts, in real mode */

#ifndef __ASSEMBLER__

typedef uint32_t pte_t;
typedef uint32_t pde_t;

#if defined(JOS_USER)
/*
 * The page tables of the running environment: uvpt[n] is the entry of virtual page n, uvpd[n] the n-th
 * page directory entry. Look at uvpd first, for PTE_P (uvpt[] faults without it) and for PTE_PS (a 4 MB
 * page has no page table, so uvpt[] would read the page's own bytes).
 */
extern volatile pte_t uvpt[];
extern volatile pde_t uvpd[];
#endif

enum { PP_FREE = 1, PP_RESERVED = 2, PP_LENT = 4 }; /* on a free list; never to be given out; freed, but still lent */

/* One for each physical page. Programs read the array at UPAGES. */
struct PageInfo {
	struct PageInfo *pp_link; /* next free page; NULL while in use, but see kern/space.c */
	uint16_t pp_ref;          /* mappings by page tables; dataplane loans are counted elsewhere */
	uint16_t pp_flags;        /* PP_x */
};

#endif
#endif
