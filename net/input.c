/* SPDX-License-Identifier: MIT */
/*
 * ns_input: waits for frames and hands them to the server, a page for each. The server may look at a page until it
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

void input(envid_t ns)
{
	binaryname = "ns_input";
	for (int i = 0;; i = (i + 1) % NS_NINPUT) {
		struct jif_pkt *page = page_at(i);
		int r;

		if ((r = make_ours(page)) < 0 || (r = sys_net_recv(page->jp_data, NS_FRAME_MAX)) < 0) {
			cprintf("ns_input: no frame: %e\n", r);
			sys_sleep_until(sys_time_msec() + NS_TICK_MS);
			continue;
		}
		page->jp_len = r;
		if (r > 0 && sys_ipc_send(ns, NSREQ_INPUT, page, PTE_P | PTE_U | PTE_W) == -E_BAD_ENV)
			return;
	}
}
