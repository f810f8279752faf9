/* SPDX-License-Identifier: MIT */
/*
 * One entry point for each of the NVECTORS traps that can happen, all alike: each leaves a whole struct Trapframe on the kernel
 * stack and calls trap(frame), which returns only when the kernel was interrupted and goes on. vectors[n] is the
 * address of entry n. And one for sysenter.
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
	.rept NVECTORS
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
	addl $4, %esp
	popal
	popl %es
	popl %ds
	addl $8, %esp
	iret

/*
 * sysenter (SDM vol. 3, 5.8.7): system call number and arguments as for int $0x30, but the program names the place where
 * it wants to go on, in esi, and its stack pointer, in ebp; its flags, ecx and edx are lost. The processor has loaded
 * eip, esp, cs and ss, and cleared IF. All else is the program's: data segments, and flags that bend what the
 * kernel does (NT, TF, AC, DF). With TF set, a debug trap comes before the first instruction: trap.c lets it pass.
 */
	.globl sysenter_entry
sysenter_entry:
	pushl $(GD_UD | 3)
	pushl %ebp
	pushfl
	pushl $(GD_UT | 3)
	pushl %esi
	pushl $0
	pushl $T_SYSCALL
	pushl %ds
	pushl %es
	pushal
	pushl $2                        /* no flag at all: the lowest but one is always 1 */
	popfl
	movl $GD_KD, %eax
	movw %ax, %ds
	movw %ax, %es
	xorl %ebp, %ebp
	pushl %esp
	call trap_sysenter              /* returns if the fast way back can be taken */
	addl $4, %esp
	popal
	popl %es
	popl %ds
	movl 8(%esp), %edx              /* tf_eip */
	movl 20(%esp), %ecx             /* tf_esp */
	sti                             /* counts from the instruction after the next one on */
	sysexit
