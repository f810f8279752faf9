/* SPDX-License-Identifier: MIT */
/* Where a thread begins: on an empty stack. */
	.text
	.globl	_thread_entry
_thread_entry:
	xorl	%ebp, %ebp		/* the outermost frame: backtraces end here */
	call	_thread_begin
	int3				/* it does not return */
