/* SPDX-License-Identifier: MIT */
/* UDP: what is sent from a receive buffer goes back when the NIC has read it. */
#include "ixremote.h"

static struct {
	uint32_t addr, end;
} lent[1024];
static uint32_t lent_first, lent_last, udp_given, udp_done;

void on_udp_recv(const struct ix_event *ev)
{
	const char *text = (const char *)(uintptr_t)ev->udp_recv.addr;
	uint32_t len = ev->udp_recv.len;

	if (len && text[0] == 'p') {
		char *line = a_line();
		len = MIN(len, (uint32_t)LINE);
		memcpy(line, text, len);
		ix_udp_sendv(ev->handle, sg_of(line, len), 1, ev->udp_recv.ip, ev->udp_recv.port, NULL);
		ix_udp_recv_done(ev->handle, ev->udp_recv.addr, NULL);
		udp_given += len;
		return;
	}
	if (len > IX_UDP_MAX) { /* it came in fragments */
		text += len - IX_UDP_MAX;
		len = IX_UDP_MAX;
	}
	ix_udp_sendv(ev->handle, sg_of(text, len), 1, ev->udp_recv.ip, ev->udp_recv.port, NULL);
	udp_given += len;
	if (len == 0) { /* nothing of it is sent */
		ix_udp_recv_done(ev->handle, ev->udp_recv.addr, NULL);
		return;
	}
	lent[lent_last % 1024].addr = ev->udp_recv.addr;
	lent[lent_last++ % 1024].end = udp_given;
}

void on_udp_sent(const struct ix_event *ev)
{
	udp_done += ev->udp_sent.bytes;
	while (lent_first != lent_last && (int32_t)(udp_done - lent[lent_first % 1024].end) >= 0)
		ix_udp_recv_done(ev->handle, lent[lent_first++ % 1024].addr, NULL);
}
