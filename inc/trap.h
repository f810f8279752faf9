/* SPDX-License-Identifier: MIT */
/* Trap numbers, and the frames that traps leave behind. */
#ifndef JOS_INC_TRAP_H
#define JOS_INC_TRAP_H

/* Processor exceptions (Intel SDM volume 3, table 6-1). */
#define T_DIVIDE 0
#define T_DEBUG 1
#define T_NMI 2
#define T_BRKPT 3
#define T_OFLOW 4
#define T_BOUND 5
#define T_ILLOP 6
#define T_DEVICE 7
#define T_DBLFLT 8
#define T_TSS 10
#define T_SEGNP 11
#define T_STACK 12
#define T_GPFLT 13
#define T_PGFLT 14
#define T_FPERR 16
#define T_ALIGN 17
#define T_MCHK 18
#define T_SIMDERR 19

#define T_SYSCALL 48
#define T_KICK 49 /* another CPU asks this one to look at its mailbox (kern/cpu.h) */
#define T_DEFAULT 500

#define IRQ_OFFSET 32 /* hardware interrupt n arrives as trap IRQ_OFFSET + n */
#define IRQ_TIMER 0
#define IRQ_KBD 1
#define IRQ_SERIAL 4
#define IRQ_SPURIOUS 7
#define IRQ_IDE 14
#define IRQ_ERROR 19
#define IRQ_MESSAGES 32 /* from here on: devices' messages (kern/dev/msix.h), without a pin */
#define NIRQS 96
#define NVECTORS (IRQ_OFFSET + NIRQS)

#ifndef __ASSEMBLER__

#include <inc/types.h>

/* The general registers, in the order in which pushal leaves them. */
struct PushRegs {
	uint32_t reg_edi;
	uint32_t reg_esi;
	uint32_t reg_ebp;
	uint32_t reg_oesp; /* of no use */
	uint32_t reg_ebx;
	uint32_t reg_edx;
	uint32_t reg_ecx;
	uint32_t reg_eax;
} __attribute__((packed));

/* The kernel stack after a trap, lowest address first. */
struct Trapframe {
	struct PushRegs tf_regs;
	uint16_t tf_es, tf_padding1;
	uint16_t tf_ds, tf_padding2;
	uint32_t tf_trapno;
	uint32_t tf_err; /* from here on pushed by the processor (0 where it pushes no error code) */
	uintptr_t tf_eip;
	uint16_t tf_cs, tf_padding3;
	uint32_t tf_eflags;
	uintptr_t tf_esp; /* only when the trap came from user mode */
	uint16_t tf_ss, tf_padding4;
} __attribute__((packed));

/* What the kernel pushes on the user exception stack before it calls the page-fault upcall. */
struct UTrapframe {
	uint32_t utf_fault_va;
	uint32_t utf_err;
	struct PushRegs utf_regs;
	uintptr_t utf_eip;
	uint32_t utf_eflags;
	uintptr_t utf_esp;
} __attribute__((packed));

_Static_assert(sizeof(struct Trapframe) == 68 && sizeof(struct UTrapframe) == 52, "trapentry.S and pfentry.S");

#endif
#endif
