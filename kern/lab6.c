/* SPDX-License-Identifier: MIT */
/*
 * Lab 6's side of the NIC. Frames arrive in buffers of the kernel's and are copied to whoever receives; they leave
 * from the program's own pages. The NIC interrupts only while somebody waits: the first frame is handed over by
 * the interrupt itself, and as long as frames are there the receiver finds them without one.
 *
 * Here: who uses which NIC. lab6_rx.c receives, lab6_tx.c sends.
 */
#include <inc/error.h>
#include <inc/stdio.h>

#include <kern/cpu.h>
#include <kern/dev/lapic.h>
#include <kern/dp/dp.h>
#include <kern/lab6_priv.h>
#include <kern/monitor.h>
#include <kern/syscall.h>
#include <kern/trap.h>

struct lab6 lab6;

static void free_pages(void)
{
	for (int i = 0; i < NPAGES && lab6.page[i]; i++) {
		page_free(lab6.page[i]);
		lab6.page[i] = NULL;
	}
}

static int alloc_pages(void)
{
	for (int i = 0; i < NPAGES; i++) {
		lab6.page[i] = page_alloc(0);
		if (!lab6.page[i]) {
			free_pages();
			return -E_NO_MEM;
		}
	}
	return 0;
}

/* The one kept for lab 6, or the first that is free. */
static struct netdev *claim(void)
{
	for (int n = 0; n < nnetdevs; n++)
		if (netdevs[n].reserved == NETDEV_LAB6)
			return netdev_claim(n, NETDEV_LAB6);
	for (int n = 0; n < nnetdevs; n++)
		if (netdev_claim(n, NETDEV_LAB6))
			return &netdevs[n];
	return NULL;
}

static void start(struct netdev *nd)
{
	lab6.nd = nd;
	lab6.q = &nd->q[0];
	for (uint32_t buf = 0; buf < NBUFS - 1; buf++)
		nd->ops->rx_provide(lab6.q, buf, PADDR(lab6_buf(buf)));
	nd->ops->rx_flush(lab6.q);
	irq_register(nd->irq, lab6_interrupt, NULL);
	ioapic_enable_pci(nd->irq, cpus[0].cpu_apicid);
	dp_pin_taken();
}

static int open(void)
{
	struct netdev *nd = claim();
	int r;

	if (!nd)
		return -E_NO_QUEUE;
	if ((r = alloc_pages()) == 0) {
		r = nd->ops->start(nd, 1, RX_RING, TX_RING);
		if (r == 0)
			start(nd);
		else
			free_pages();
	}
	if (r < 0)
		netdev_release(nd);
	return r;
}

/* Without device or interrupts from here on; what was still to be sent is lost. */
static void close(void)
{
	lab6.nd->ops->irq_enable(lab6.q, false);
	ioapic_disable(lab6.nd->irq);
	irq_register(lab6.nd->irq, NULL, NULL);
	netdev_release(lab6.nd);
	while (lab6.pins_head != lab6.pins_tail)
		lab6_unpin();
	free_pages();
	lab6.nd = NULL;
	lab6.receiver = NULL;
}

int lab6_use(struct Env *e)
{
	if (e->env_uses_net)
		return 0;
	int r = lab6.nd ? 0 : open();
	if (r < 0)
		return r;
	e->env_uses_net = true;
	lab6.nusers++;
	return 0;
}

void lab6_env_free(struct Env *e)
{
	if (!e->env_uses_net)
		return;
	if (lab6.receiver == e)
		lab6.receiver = NULL;
	if (--lab6.nusers == 0)
		close();
}

const uint8_t *lab6_mac(void) { return lab6.nd->mac; }

char *lab6_page(struct Env *e, uint32_t va, pte_t perm, struct PageInfo **store)
{
	const pte_t must = PTE_P | PTE_U | perm;
	pte_t *pte;

	*store = check_user_page(va) == 0 ? page_lookup(e->env_pgdir, (void *)va, &pte) : NULL;
	return *store && (*pte & must) == must ? page2kva(*store) : NULL;
}

MONITOR_CMD(lab6_command, "lab6", "lab 6's NIC: its users, and what it counted");
static int lab6_command(int argc, char **argv, struct Trapframe *tf)
{
	(void)argc, (void)argv, (void)tf;
	if (!lab6.nd)
		cprintf("no NIC is in use\n");
	else
		cprintf("net%d: %d users, %s\n", (int)(lab6.nd - netdevs), lab6.nusers,
			lab6_somebody_waits() ? "one waits" : "nobody waits");
	cprintf("frames received %u, dropped %u, sent %u; ring full %u; interrupts %u\n", lab6.rx_frames,
		lab6.rx_dropped, lab6.tx_frames, lab6.tx_full, lab6.interrupts);
	return 0;
}
