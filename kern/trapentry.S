/* SPDX-License-Identifier: MIT */
/*
 * One entry point for each of the 64 traps that can happen, all alike: each leaves a whole struct Trapframe on the kernel
 * stack and calls trap(frame), which does not return. vectors[n] is the address of entry n.
 *
 * The processor pushes an error code for some exceptions only (SDM vol. 3, 6.13): entries of the others push 0.
 */
#include <inc/memlayout.h>
#include <inc/trap.h>

#define HAS_ERROR_CODE(n) ((n) == T_DBLFLT || ((n) >= T_TSS && (n) <= T_PGFLT) || (n) == T_ALIGN)

	.data
	.balign 4
	.globl vectors
vectors:

	.text
	.set n, 0
	.rept 64
	.data
	.long 9f
	.text
9:
	.if !HAS_ERROR_CODE(n)
	pushl $0
	.endif
	pushl $n
	jmp alltraps
	.set n, n + 1
	.endr

alltraps:
	pushl %ds
	pushl %es
	pushal
	cld
	movl $GD_KD, %eax
	movw %ax, %ds
	movw %ax, %es
	xorl %ebp, %ebp                 /* the kernel's backtrace starts here ... */
	cmpw $GD_KT, 52(%esp)           /* ... unless the kernel itself was interrupted (tf_cs) */
	jne 1f
	movl 8(%esp), %ebp
1:	pushl %esp
	call trap
2:	hlt
	jmp 2b
