/* SPDX-License-Identifier: MIT */
/* ns_output: sends the frames that the server hands to it, straight from their pages. */
#include <net/layout.h>
#include <net/ns.h>

static struct jif_pkt *const page = (struct jif_pkt *)NS_SPARE;

/* The card takes what it is given at once unless its ring is full, which passes within a millisecond. */
static void send(int32_t number)
{
	int r;

	do {
		r = number == NSREQ_OUTPUT ? sys_net_send(page->jp_data, page->jp_len) : sys_net_send_all(page);
		if (r == -E_AGAIN)
			sys_sleep_until(sys_time_msec() + 1);
	} while (r == -E_AGAIN);
	if (r < 0)
		cprintf("ns_output: frames are lost: %e\n", r);
}

void output(envid_t ns)
{
	binaryname = "ns_output";
	for (;;) {
		envid_t from;
		int perm;
		int32_t number = ipc_recv(&from, page, &perm);

		if ((number == NSREQ_OUTPUT || number == NSREQ_OUTPUT_ALL) && from == ns && (perm & PTE_P))
			send(number);
		else
			cprintf("ns_output: message %d from %08x is not for me\n", number, from);
	}
}
