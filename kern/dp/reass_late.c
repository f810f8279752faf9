/* SPDX-License-Identifier: MIT */
/* ICMP's word to the sender of a datagram that was not complete in time (RFC 792, Time Exceeded; RFC 1122, 3.2.2.4, 3.3.2). */
#include <inc/string.h>

#include <kern/dp/csum.h>
#include <kern/dp/rx.h>
#include <kern/dp/tcp.h>

#include "lwip/prot/icmp.h"
#include "lwip/prot/ip.h"

enum {
	HEADER = 8,            /* type, code, checksum, and 4 bytes that mean nothing */
	FOR_REASSEMBLY = 1,    /* the code */
	QUOTED = IP_MIN + 8,   /* of the datagram, so that its sender knows which it was */
};

/* Only who has sent the beginning can be told, for its bytes are quoted; and nobody is told about ICMP's own errors. */
static bool can_tell(const struct datagram *d)
{
	if (!d->buf || !d->block[0])
		return false;
	return d->proto != IP_PROTO_ICMP || buf_bytes(d->buf)[REASS_AT] == ICMP_ECHO;
}

void reass_tell(struct dp *dp, const struct datagram *d)
{
	if (!can_tell(d))
		return;
	stack_use_memory(dp);
	struct pbuf *p = pbuf_alloc(PBUF_IP, HEADER + QUOTED, PBUF_RAM);
	if (!p) {
		dp->stat.drop_tx_nomem++;
		return;
	}
	uint8_t *icmp = memset(p->payload, 0, HEADER);
	icmp[0] = ICMP_TE;
	icmp[1] = FOR_REASSEMBLY;
	memcpy(icmp + HEADER, buf_bytes(d->buf) + ETH_LEN, QUOTED);
	icmp[HEADER] = 4 << 4 | IP_MIN / 4; /* its options were left out */
	uint16_t sum = ~csum_fold(csum_add(0, icmp, HEADER + QUOTED));
	memcpy(icmp + 2, &sum, sizeof(sum));
	stack_output(dp, p, d->src, IP_PROTO_ICMP);
	pbuf_free(p);
}
