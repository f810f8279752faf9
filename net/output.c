/* SPDX-License-Identifier: MIT */
/* ns_output: sends the frames that the server hands to it, straight from their pages. */
#include <net/layout.h>
#include <net/ns.h>

static struct jif_pkt *const frame = (struct jif_pkt *)NS_SPARE;

/* The card takes a frame at once unless its ring is full, which passes within a millisecond. */
static void send(void)
{
	int len = frame->jp_len, r;

	if (len <= 0 || len > NS_FRAME_MAX)
		return;
	while ((r = sys_net_send(frame->jp_data, len)) == -E_AGAIN)
		sys_sleep_until(sys_time_msec() + 1);
	if (r < 0)
		cprintf("ns_output: a frame is lost: %e\n", r);
}

void output(envid_t ns)
{
	binaryname = "ns_output";
	for (;;) {
		envid_t from;
		int perm;
		int32_t number = ipc_recv(&from, frame, &perm);

		if (number == NSREQ_OUTPUT && from == ns && (perm & PTE_P))
			send();
		else
			cprintf("ns_output: message %d from %08x is not for me\n", number, from);
	}
}
