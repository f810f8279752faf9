/* SPDX-License-Identifier: MIT */
/*
 * Where a program begins. Whoever made it left argc and argv on top of its stack; an environment whose stack
 * is still empty was made without arguments.
 */
#include <inc/memlayout.h>

/* What every address space shows, read-only (inc/memlayout.h). uvpd is where UVPT shows itself. */
	.globl	envs, pages, uvpt, uvpd
	.set	envs, UENVS
	.set	pages, UPAGES
	.set	uvpt, UVPT
	.set	uvpd, UVPT + (UVPT >> 12) * 4

	.text
	.globl	_start
_start:
	xorl	%ebp, %ebp		/* the outermost frame: backtraces end here */
	cmpl	$USTACKTOP, %esp
	jb	1f
	pushl	%ebp			/* argv: NULL */
	pushl	%ebp			/* argc: 0 */
1:	call	libmain
	int3				/* libmain does not return */
