/* SPDX-License-Identifier: MIT */
/*
 * ns_input: waits for frames and hands them to the server, a page at a time. The server may look at a page until it
 * takes the next message, and a page is used again only when nobody but us has it mapped; one that is still out there is
 * left to the server, and a new one takes its place.
 */
#include <net/layout.h>
#include <net/ns.h>

static struct jif_pkt *page_at(int i) { return (struct jif_pkt *)(NS_INPUT + i * PGSIZE); }

static int make_ours(struct jif_pkt *page)
{
	return pageref(page) == 1 ? 0 : sys_page_alloc(0, page, PTE_P | PTE_U | PTE_W);
}

static int receive_one(struct jif_pkt *page)
{
	return page->jp_len = sys_net_recv(page->jp_data, NS_PACKET_MAX);
}

static int receive_all(struct jif_pkt *page)
{
	return sys_net_recv_all(page);
}

static void forward(envid_t ns, uint32_t number, int (*receive)(struct jif_pkt *page))
{
	for (int i = 0;; i = (i + 1) % NS_NINPUT) {
		struct jif_pkt *page = page_at(i);
		int r;

		if ((r = make_ours(page)) < 0 || (r = receive(page)) < 0) {
			cprintf("ns_input: no frame: %e\n", r);
			sys_sleep_until(sys_time_msec() + NS_TICK_MS);
			continue;
		}
		if (r > 0 && sys_ipc_send(ns, number, page, PTE_P | PTE_U | PTE_W) == -E_BAD_ENV)
			return;
	}
}

void input(envid_t ns)
{
	binaryname = "ns_input";
	forward(ns, NSREQ_INPUT, receive_one);
}

void input_all(envid_t ns)
{
	binaryname = "ns_input";
	forward(ns, NSREQ_INPUT_ALL, receive_all);
}
