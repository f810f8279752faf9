/* SPDX-License-Identifier: MIT */
/*
 * Where an application processor wakes up: real mode, CS:IP = MPENTRY_PADDR:0. boot_aps() copies the code between
 * mpentry_start and mpentry_end there, and leaves the address of a stack in mpentry_kstack. One processor at a time.
 */
#include <inc/memlayout.h>
#include <inc/mmu.h>

#define HERE(symbol) ((symbol) - mpentry_start + MPENTRY_PADDR)

	.globl mpentry_start, mpentry_end
	.text
	.code16
mpentry_start:
	cli
	xorw %ax, %ax
	movw %ax, %ds
	lgdtl HERE(flat_gdtr)
	movl $(CR0_PE | CR0_ET), %eax
	movl %eax, %cr0
	ljmpl $GD_KT, $HERE(protected)

	.code32
protected:
	movw $GD_KD, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl $CR4_PSE, %eax
	movl %eax, %cr4
	movl $(entry_pgdir - KERNBASE), %eax
	movl %eax, %cr3
	movl %cr0, %eax
	orl $(CR0_PG | CR0_WP), %eax
	movl %eax, %cr0
	xorl %ebp, %ebp
	movl mpentry_kstack, %esp
	movl $mp_main, %eax
	call *%eax
halt:	hlt
	jmp halt

	.balign 8
flat_gdt:
	SEG_NULL
	SEG(STA_X | STA_R, 0, 0xffffffff)
	SEG(STA_W, 0, 0xffffffff)
flat_gdtr:
	.word . - flat_gdt - 1
	.long HERE(flat_gdt)
mpentry_end:
