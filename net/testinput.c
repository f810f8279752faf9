/* SPDX-License-Identifier: MIT */
/*
 * Prints every frame that comes. First of all it asks by ARP for the gateway's address, so that those who want to send us
 * something learn ours; the answer is the first frame printed.
 */
#include <net/layout.h>
#include <net/ns.h>

static const uint8_t our_ip[4] = { 10, 0, 2, 15 }, gateway_ip[4] = { 10, 0, 2, 2 };

/* An Ethernet header and a question by ARP (RFC 826); numbers in network byte order. */
struct question {
	uint8_t to[6], from[6], type[2];
	uint8_t hardware[2], protocol[2], hardware_len, protocol_len, operation[2];
	uint8_t sender[6], sender_ip[4], target[6], target_ip[4];
};

static void ask(envid_t to)
{
	struct jif_pkt *frame = (struct jif_pkt *)NS_OUTPUT;
	struct question *q = (struct question *)frame->jp_data;
	int r;

	if ((r = sys_page_alloc(0, frame, PTE_P | PTE_U | PTE_W)) < 0)
		panic("no page: %e", r);
	*q = (struct question){ .type = { 8, 6 }, .hardware = { 0, 1 }, .protocol = { 8, 0 }, .hardware_len = 6,
				.protocol_len = 4, .operation = { 0, 1 } };
	memset(q->to, 0xff, sizeof(q->to));
	if ((r = sys_net_mac(q->from)) < 0)
		panic("no network card: %e", r);
	memcpy(q->sender, q->from, sizeof(q->sender));
	memcpy(q->sender_ip, our_ip, sizeof(our_ip));
	memcpy(q->target_ip, gateway_ip, sizeof(gateway_ip));
	frame->jp_len = sizeof(*q);
	ipc_send(to, NSREQ_OUTPUT, frame, PTE_P | PTE_U | PTE_W);
	sys_page_unmap(0, frame);
}

/* A line for each 16 bytes:  input: 0010   0102 0304 0506 0708  090a 0b0c 0d0e 0f10 */
static void dump(const uint8_t *bytes, int len)
{
	char line[64];

	for (int at = 0; at < len; at += 16) {
		char *p = line;

		for (int i = 0; i < 16 && at + i < len; i++) {
			const char *gap = i == 0 || i % 2 ? "" : i == 8 ? "  " : " ";
			p += snprintf(p, line + sizeof(line) - p, "%s%02x", gap, bytes[at + i]);
		}
		cprintf("input: %04x   %s\n", at, line);
	}
}

void umain(int argc, char **argv)
{
	struct jif_pkt *frame = (struct jif_pkt *)NS_SPARE;
	envid_t out = helper_start(output), in = helper_start(input), from;
	bool first = true;

	(void)argc, (void)argv;
	binaryname = "testinput";
	cprintf("Sending ARP announcement...\n");
	ask(out);
	for (;;) {
		int32_t number = ipc_recv(&from, frame, NULL);
		if (number != NSREQ_INPUT || from != in)
			panic("message %d from %08x", number, from);
		dump((uint8_t *)frame->jp_data, frame->jp_len);
		cprintf("\n");
		if (first)
			cprintf("Waiting for packets...\n");
		first = false;
	}
}
