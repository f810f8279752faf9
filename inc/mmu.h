/* SPDX-License-Identifier: MIT */
/* What the i386 MMU and its segment hardware define (Intel SDM volume 3, chapters 2 to 4 and 7). */
#ifndef JOS_INC_MMU_H
#define JOS_INC_MMU_H

/*
 * A linear address:   31        22 21        12 11         0
 *                    +------------+------------+------------+
 *                    |  directory |    table   |   offset   |
 *                    +------------+------------+------------+
 *                      PDX(la)      PTX(la)      PGOFF(la)
 *                      '---- PGNUM(la) ----'
 */
#define PGSHIFT 12
#define PTSHIFT 22
#define PTXSHIFT PGSHIFT
#define PDXSHIFT PTSHIFT
#define PGSIZE (1 << PGSHIFT)  /* bytes of a page */
#define PTSIZE (1 << PTSHIFT)  /* bytes that a page directory entry covers: 4 MB */
#define NPDENTRIES 1024
#define NPTENTRIES 1024

#define PGNUM(la) (((uintptr_t)(la)) >> PGSHIFT)
#define PDX(la) (((uintptr_t)(la)) >> PTSHIFT)
#define PTX(la) (PGNUM(la) & (NPTENTRIES - 1))
#define PGOFF(la) (((uintptr_t)(la)) & (PGSIZE - 1))
#define PGADDR(d, t, o) ((void *)((d) << PTSHIFT | (t) << PGSHIFT | (o)))

#define PTE_P 0x001
#define PTE_W 0x002
#define PTE_U 0x004
#define PTE_PWT 0x008
#define PTE_PCD 0x010
#define PTE_A 0x020
#define PTE_D 0x040
#define PTE_PS 0x080
#define PTE_G 0x100
#define PTE_AVAIL 0xE00 /* software's: PTE_SHARE and PTE_COW (inc/lib.h) live here */

#define PTE_SYSCALL (PTE_AVAIL | PTE_P | PTE_W | PTE_U) /* what programs may ask for */
#define PTE_ADDR(pte) ((physaddr_t)(pte) & ~0xFFF)
#define PTE_FLAGS(pte) ((pte)&0xFFF)

#define CR0_PE 0x00000001
#define CR0_MP 0x00000002
#define CR0_EM 0x00000004
#define CR0_TS 0x00000008
#define CR0_ET 0x00000010
#define CR0_NE 0x00000020
#define CR0_WP 0x00010000
#define CR0_AM 0x00040000
#define CR0_NW 0x20000000
#define CR0_CD 0x40000000
#define CR0_PG 0x80000000

#define CR4_TSD 0x00000004
#define CR4_DE 0x00000008
#define CR4_PSE 0x00000010
#define CR4_PGE 0x00000080
#define CR4_PCE 0x00000100

#define FL_CF 0x00000001
#define FL_PF 0x00000004
#define FL_AF 0x00000010
#define FL_ZF 0x00000040
#define FL_SF 0x00000080
#define FL_TF 0x00000100
#define FL_IF 0x00000200
#define FL_DF 0x00000400
#define FL_OF 0x00000800
#define FL_IOPL_MASK 0x00003000
#define FL_IOPL_0 0x00000000
#define FL_IOPL_3 0x00003000
#define FL_NT 0x00004000
#define FL_RF 0x00010000
#define FL_VM 0x00020000
#define FL_AC 0x00040000
#define FL_ID 0x00200000

#define FEC_PR 0x1 /* page fault error: the page was there, its protection forbade it */
#define FEC_WR 0x2 /* a write */
#define FEC_U 0x4  /* from user mode */

/* Application segment types and system descriptor types. */
#define STA_X 0x8
#define STA_E 0x4
#define STA_W 0x2
#define STA_R 0x2
#define STA_A 0x1
#define STS_T32A 0x9
#define STS_IG32 0xE
#define STS_TG32 0xF

#ifdef __ASSEMBLER__

/* A flat 4 GiB segment descriptor and the null one, for tables built by the assembler. */
#define SEG_NULL .quad 0
#define SEG(type, base, lim)                                            \
	.word(((lim) >> 12) & 0xffff), ((base)&0xffff);                 \
	.byte(((base) >> 16) & 0xff), (0x90 | (type)), (0xC0 | (((lim) >> 28) & 0xf)), (((base) >> 24) & 0xff)

#else

#include <inc/types.h>

/* A segment descriptor, as the hardware lays it out (SDM vol. 3, figure 3-8). */
struct Segdesc {
	uint16_t sd_lim_15_0, sd_base_15_0;
	uint8_t sd_base_23_16;
	uint8_t sd_type : 4, sd_s : 1 /* 0 system, 1 application */, sd_dpl : 2, sd_p : 1;
	uint8_t sd_lim_19_16 : 4, sd_avl : 1, sd_rsv1 : 1, sd_db : 1 /* 32-bit */, sd_g : 1 /* limit in pages */;
	uint8_t sd_base_31_24;
};

/* The task state segment: only ts_esp0, ts_ss0 and ts_iomb matter here. */
struct Taskstate {
	uint32_t ts_link;
	uint32_t ts_esp0;
	uint32_t ts_ss0;
	uint32_t ts_other[22];
	uint16_t ts_t;
	uint16_t ts_iomb;
};

/* An interrupt or trap gate (SDM vol. 3, figure 6-2). */
struct Gatedesc {
	uint16_t gd_off_15_0, gd_sel;
	uint8_t gd_zero;
	uint8_t gd_type : 4, gd_s : 1, gd_dpl : 2, gd_p : 1;
	uint16_t gd_off_31_16;
};

/* What lgdt and lidt read. */
struct Pseudodesc {
	uint16_t pd_lim;
	uint32_t pd_base;
} __attribute__((packed));

_Static_assert(sizeof(struct Segdesc) == 8 && sizeof(struct Gatedesc) == 8, "descriptors are 8 bytes");
_Static_assert(sizeof(struct Taskstate) == 104 && sizeof(struct Pseudodesc) == 6, "fixed by hardware");

#endif
#endif
