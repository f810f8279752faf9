/* SPDX-License-Identifier: MIT */
/* Interrupt controllers: each CPU's LAPIC (SDM vol. 3 ch. 11) and the IOAPIC (82093AA), found by the MP tables. */
#ifndef JOS_KERN_DEV_LAPIC_H
#define JOS_KERN_DEV_LAPIC_H

#include <inc/types.h>

struct CpuInfo;

/* kern/dev/mpconfig.c: MultiProcessor Specification 1.4. Fills cpus[], ncpu, bootcpu, lapic_pa, ioapic_pa. */
void mp_init(void);
extern physaddr_t lapic_pa, ioapic_pa;

/* kern/dev/lapic.c */
void lapic_init(void);                              /* on every CPU, after mp_init and mem_init */
void lapic_eoi(void);
void lapic_reset_ap(uint8_t apicid);                /* it stops, and waits to be started */
void lapic_start_ap(uint8_t apicid, physaddr_t entry); /* INIT-SIPI-SIPI; entry is page-aligned, below 1 MB */
void lapic_ipi(uint8_t apicid, int vector);
void lapic_timer_oneshot(uint32_t us);              /* trap IRQ_OFFSET + IRQ_TIMER on this CPU, `us` from now; 0 stops it */

/* kern/dev/ioapic.c */
void ioapic_init(void);                             /* all pins masked */
void ioapic_enable(int irq, uint8_t apicid);        /* ISA: edge, active high; PCI INTx: see ioapic_enable_pci */
void ioapic_enable_pci(int irq, uint8_t apicid);    /* level, as the i440fx wires it */
void ioapic_disable(int irq);
void pic_disable(void);                             /* mask the 8259s */

#endif
