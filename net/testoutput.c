/* SPDX-License-Identifier: MIT */
/*
 * Sends frames, `Packet 00` and so on, through an output environment, with no stack around it: as many as its argument
 * says, or else TESTOUTPUT_COUNT.
 */
#include <net/layout.h>
#include <net/ns.h>

#ifndef TESTOUTPUT_COUNT
#define TESTOUTPUT_COUNT 10
#endif

void umain(int argc, char **argv)
{
	struct jif_pkt *frame = (struct jif_pkt *)NS_OUTPUT;
	envid_t to = helper_start(output);

	int count = argc > 1 ? strtol(argv[1], NULL, 10) : TESTOUTPUT_COUNT;

	binaryname = "testoutput";
	for (int i = 0; i < count; i++) {
		int r = sys_page_alloc(0, frame, PTE_P | PTE_U | PTE_W);
		if (r < 0)
			panic("no page: %e", r);
		frame->jp_len = snprintf(frame->jp_data, PGSIZE - sizeof(*frame), "Packet %02d", i);
		cprintf("Transmitting packet %d\n", i);
		ipc_send(to, NSREQ_OUTPUT, frame, PTE_P | PTE_U | PTE_W);
		sys_page_unmap(0, frame);
	}
	sys_sleep_until(sys_time_msec() + 20); /* for the last one to leave */
}
