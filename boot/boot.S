/* SPDX-License-Identifier: MIT */
/*
 * The boot sector's first half: from the BIOS's 16-bit world into flat 32-bit protected mode.
 *
 * The BIOS reads sector 0 of the disk to 0x7c00 and jumps here, in real mode. boot_main (main.c) then loads
 * the kernel that follows this sector, and tells where to enter it; boot_fail is called if that cannot be
 * done. Both files together fit 510 bytes, all of it in .text; linked at 0x7c00, entry `start`.
 */
#include <inc/mmu.h>

#define CODE_SEL 0x08
#define DATA_SEL 0x10

#define PORT_A20 0x92       /* system control port A: bit 1 opens address line 20, bit 0 resets the machine */
#define COM1_DATA 0x3F8

	.text
	.code16
	.globl start
start:
	cli
	cld
	inb	$PORT_A20, %al
	orb	$2, %al
	andb	$0xfe, %al
	outb	%al, $PORT_A20

	xorw	%ax, %ax
	movw	%ax, %ds
	lgdt	gdt_pointer
	movl	%cr0, %eax
	orb	$CR0_PE, %al
	movl	%eax, %cr0
	ljmp	$CODE_SEL, $flat

	.code32
flat:
	movl	$DATA_SEL, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$start, %esp            /* the stack grows down from the boot sector */
	call	boot_main
	jmp	*%eax

	.globl boot_fail
boot_fail:
	movl	$complaint, %esi
	movw	$COM1_DATA, %dx
	movl	$(complaint_end - complaint), %ecx
	rep	outsb
halt:
	hlt
	jmp	halt

complaint:
	.ascii	"no kernel\n"
complaint_end:

	.balign	4
gdt:
	SEG_NULL
	SEG(STA_X | STA_R, 0x0, 0xffffffff)
	SEG(STA_W, 0x0, 0xffffffff)
gdt_pointer:
	.word	gdt_pointer - gdt - 1
	.long	gdt

	.section .note.GNU-stack,"",@progbits
