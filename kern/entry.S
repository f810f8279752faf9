/* SPDX-License-Identifier: MIT */
/*
 * The kernel's first instructions. The boot loader jumps here in flat 32-bit mode without paging, at the
 * physical address of `_start`. The entry page directory maps the first 4 MB where they are (for the instructions
 * up to the jump, and for CPUs that start later) and all physical memory that can exist at KERNBASE, by 4 MB pages:
 * so the kernel image may have any size.
 */
#include <inc/memlayout.h>
#include <inc/mmu.h>

	.globl _start, entry, entry_pgdir
	.set _start, entry - KERNBASE

	.text
entry:
	movl %cr4, %eax
	orl $CR4_PSE, %eax
	movl %eax, %cr4
	movl $(entry_pgdir - KERNBASE), %eax
	movl %eax, %cr3
	movl %cr0, %eax
	orl $(CR0_PE | CR0_PG | CR0_WP), %eax
	movl %eax, %cr0
	movl $high, %eax
	jmp *%eax

high:
	xorl %ebp, %ebp                 /* backtraces end here */
	movl $bootstacktop, %esp
	call i386_init
stop:	hlt
	jmp stop

	.data
	.globl bootstack, bootstacktop
	.balign PGSIZE
bootstack:
	.space 8 * PGSIZE
bootstacktop:

	.balign PGSIZE
entry_pgdir:
	.long PTE_PS | PTE_W | PTE_P
	.space 4 * ((KERNBASE >> PDXSHIFT) - 1)
	.set frame, 0
	.rept NPDENTRIES - (KERNBASE >> PDXSHIFT)
	.long frame | PTE_PS | PTE_W | PTE_P
	.set frame, frame + PTSIZE
	.endr
