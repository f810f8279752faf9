/* SPDX-License-Identifier: MIT */
/* Datagrams that the program sends: headers of ours, and its bytes where they lie. The contract is udp.h. */
#include <inc/error.h>

#include <kern/dp/sg.h>
#include <kern/dp/tcp.h>

#include "lwip/prot/ip.h"
#include "lwip/prot/udp.h"

/* The pieces' bytes where they lie. PBUF_REF: lwIP copies them should the packet have to wait for an address. */
static int gather(struct dp *dp, const struct ix_sg *sg, struct pbuf *header, struct loans *loans)
{
	for (uint32_t done = 0; done < sg->len;) {
		struct stretch st = sg_stretch(dp, sg->base + done, sg->len - done);
		if (!st.base)
			return -E_FAULT;
		struct pbuf *p = pbuf_alloc(PBUF_RAW, st.len, PBUF_REF);
		if (!p)
			return -E_NO_MEM;
		p->payload = (void *)(uintptr_t)st.base;
		pbuf_cat(header, p);
		if (st.page) {
			struct loan *l = loan_make(&dp->own, st.page);
			if (!l)
				return -E_NO_MEM;
			loan_add(loans, l, 0);
		}
		done += st.len;
	}
	return 0;
}

static int build(struct dp *dp, const struct ix_sg *sg, uint32_t n, struct pbuf *header, struct loans *loans)
{
	int r = 0;

	for (uint32_t i = 0; i < n && r == 0; i++)
		r = gather(dp, &sg[i], header, loans);
	return r;
}

static void fill_header(struct pbuf *p, uint16_t from, uint16_t to)
{
	*(struct udp_hdr *)p->payload = (struct udp_hdr){
		.src = __builtin_bswap16(from),
		.dest = __builtin_bswap16(to),
		.len = __builtin_bswap16(p->tot_len),
	};
}

/* What was lent for this datagram lasts until the NIC has read it. */
static void note_sent(struct dp *dp, struct udp_port *u, uint32_t bytes, struct loans *loans)
{
	u->tx_written += bytes;
	while (loans->first) {
		struct loan *l = loans->first;
		loans->first = l->next;
		l->next = NULL;
		loan_add(&u->loans, l, u->tx_written);
	}
	if (u->tx_wait) {
		u->tx_next += bytes;
		u->stamp_next = dp->q->tx_tail;
	} else {
		u->tx_wait = bytes;
		u->stamp_wait = dp->q->tx_tail;
	}
	dp->stat.udp_sent++;
	uport_pend(dp, u);
}

int uport_send(struct dp *dp, struct udp_port *u, const struct ix_sg *sg, uint32_t n, const struct udp_peer *to)
{
	struct loans loans = { NULL, NULL };

	stack_use_memory(dp);
	struct pbuf *p = pbuf_alloc(PBUF_IP, UDP_HLEN, PBUF_RAM);
	if (!p)
		return -E_NO_MEM;
	int r = build(dp, sg, n, p, &loans);
	uint32_t bytes = p->tot_len - UDP_HLEN;
	if (r == 0) {
		fill_header(p, u->port, to->port);
		r = stack_output(dp, p, to->ip, IP_PROTO_UDP) ? (int)bytes : -E_AGAIN;
	}
	pbuf_free(p);
	if (r < 0)
		loans_end_all(&dp->own, &loans);
	else
		note_sent(dp, u, bytes, &loans);
	return r;
}
