/* SPDX-License-Identifier: MIT */
/*
 * The answer to an echo request that is too long for one frame, as it had come in fragments. All else that is sent fits one,
 * and lwIP is built without the ability (IP_FRAG), which would cost each packet a look at its length.
 */
#include <inc/string.h>

#include <kern/dp/csum.h>
#include <kern/dp/rx.h>
#include <kern/dp/tcp.h>

#include "lwip/prot/icmp.h"

enum {
	MORE_FRAGMENTS = 0x20, /* in the header's byte 6 */
	BLOCK = 8,             /* fragments begin at multiples of it */
};

/* Bytes [at, at + len) of the message. The checksum of its header is made on the way out (netif.c). */
static void send_piece(struct dp *dp, const uint8_t *ip, const uint8_t *message, uint32_t at, uint32_t len, bool more)
{
	struct pbuf *p = pbuf_alloc(PBUF_LINK, IP_MIN + len, PBUF_RAM);

	if (!p) {
		dp->stat.drop_tx_nomem++;
		return;
	}
	uint8_t *header = memcpy(p->payload, ip, IP_MIN);
	header[2] = (IP_MIN + len) >> 8;
	header[3] = IP_MIN + len;
	header[6] = (more ? MORE_FRAGMENTS : 0) | at / BLOCK >> 8;
	header[7] = at / BLOCK;
	memcpy(header + IP_MIN, message + at, len);
	neigh_output(dp, p, get_raw32(ip + 16));
	pbuf_free(p);
}

/* In place: from whom it came to, to whom it came from. The identification was its sender's, of which no two are alike. */
static void turn_round(uint8_t *ip, uint8_t *icmp, uint32_t len)
{
	uint8_t asker[4];
	memcpy(asker, ip + 12, 4);
	memcpy(ip + 12, ip + 16, 4);
	memcpy(ip + 16, asker, 4);
	ip[0] = 4 << 4 | IP_MIN / 4; /* without options */
	ip[8] = IP_DEFAULT_TTL;
	icmp[0] = ICMP_ER;
	icmp[2] = icmp[3] = 0;
	uint16_t sum = ~csum_fold(csum_add(0, icmp, len));
	memcpy(icmp + 2, &sum, sizeof(sum));
}

void echo_in_pieces(struct dp *dp, struct packet *pk)
{
	uint8_t *ip = pk->bytes + ETH_LEN, *icmp = ip + pk->ip_len;
	uint32_t len = pk->ip_total - pk->ip_len, most = (dp->netif.mtu - IP_MIN) / BLOCK * BLOCK;

	turn_round(ip, icmp, len);
	stack_use_memory(dp);
	for (uint32_t at = 0; at < len; at += most)
		send_piece(dp, ip, icmp, at, MIN(most, len - at), at + most < len);
	buf_put(pk->buf);
}
