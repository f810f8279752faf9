/* SPDX-License-Identifier: MIT */
/*
 * lwIP's interface to the NIC, on the way out. A frame is a chain: one buffer with all headers, which is
 * the kernel's, then pieces of the program's own memory, which stay where they are. The NIC sums up TCP's
 * checksum. The chain is kept until the NIC is done with it.
 */
#include <inc/error.h>
#include <inc/string.h>

#include <kern/dp/csum.h>
#include <kern/dp/dataplane.h>
#include <kern/pmap.h>

#include "lwip/ip4.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"
#include "lwip/prot/udp.h"

enum { REAP_MAX = 64 };

void tx_reap(struct dp *dp)
{
	void *done[REAP_MAX];
	int n;

	do {
		n = dp->nd->ops->tx_reap(dp->q, done, REAP_MAX);
		for (int i = 0; i < n; i++)
			pbuf_free(done[i]);
		dp->busy |= n > 0;
	} while (n == REAP_MAX);
}

void tx_kick(struct dp *dp)
{
	if (dp->q->tx_flushed != dp->q->tx_tail)
		dp->nd->ops->tx_flush(dp->q);
}

/*
 * If the frame is TCP or UDP: have the NIC do its checksum and IP's, and seed TCP's with the pseudo-header's. NICs take
 * IP's alone in ways of their own: that of other packets, which are rare, is made here.
 */
static struct tx_offload offload_of(struct pbuf *p)
{
	const struct eth_hdr *eth = p->payload;
	struct ip_hdr *ip = (struct ip_hdr *)(eth + 1);
	struct tx_offload off = { .l2_len = SIZEOF_ETH_HDR };

	if (eth->type != PP_HTONS(ETHTYPE_IP))
		return off;
	uint8_t proto = IPH_PROTO(ip);
	IPH_CHKSUM_SET(ip, 0);
	if (proto != IP_PROTO_TCP && proto != IP_PROTO_UDP) {
		IPH_CHKSUM_SET(ip, ~csum_fold(csum_add(0, ip, IPH_HL_BYTES(ip))));
		return off;
	}
	off.flags = TX_CSUM_IP | (proto == IP_PROTO_TCP ? TX_CSUM_TCP : TX_CSUM_UDP);
	off.l3_len = IPH_HL_BYTES(ip);
	uint16_t len = p->tot_len - off.l2_len - off.l3_len;
	uint16_t sum = csum_fold(csum_pseudo(ip->src.addr, ip->dest.addr, proto, len));
	void *header = (char *)ip + off.l3_len;
	if (proto == IP_PROTO_TCP)
		((struct tcp_hdr *)header)->chksum = sum;
	else
		((struct udp_hdr *)header)->chksum = sum;
	return off;
}

/* The chain's pieces, or 0 when there are more than a frame may have. */
static int fragments_of(const struct pbuf *p, struct tx_frag *frags)
{
	int n = 0;

	for (; p; p = p->next) {
		if (p->len == 0)
			continue;
		if (n == TX_FRAGS_MAX)
			return 0;
		frags[n++] = (struct tx_frag){ PADDR(p->payload), p->len };
	}
	return n;
}

/* A full ring gets one chance to empty. */
static int put(struct dp *dp, const struct tx_frag *frags, int n, struct pbuf *p)
{
	struct tx_offload off = offload_of(p);
	int r = dp->nd->ops->tx_put(dp->q, frags, n, &off, p);

	if (r != -E_AGAIN)
		return r;
	tx_kick(dp);
	tx_reap(dp);
	return dp->nd->ops->tx_put(dp->q, frags, n, &off, p);
}

static err_t send_chain(struct dp *dp, const struct tx_frag *frags, int n, struct pbuf *p)
{
	OWN_CPU(dp);
	int r = put(dp, frags, n, p);

	if (r < 0) {
		dp->stat.drop_tx_full++;
		return ERR_MEM;
	}
	pbuf_ref(p);
	dp->stat.tx_frames++;
	dp->stat.tx_bytes += p->tot_len;
	return ERR_OK;
}

/* Too many small pieces for one frame: they are copied together. */
static err_t send_copy(struct dp *dp, struct pbuf *p)
{
	struct tx_frag frags[TX_FRAGS_MAX];
	struct pbuf *copy = pbuf_clone(PBUF_RAW, PBUF_RAM, p);

	if (!copy) {
		dp->stat.drop_tx_nomem++;
		return ERR_MEM;
	}
	dp->stat.tx_copied_bytes += p->tot_len - p->len;
	err_t err = send_chain(dp, frags, fragments_of(copy, frags), copy);
	pbuf_free(copy);
	return err;
}

/* The header's room is there: lwIP leaves it, and so does who makes packets here. */
int frame_output(struct dp *dp, struct pbuf *p, const uint8_t *to, uint16_t type)
{
	struct tx_frag frags[TX_FRAGS_MAX];

	if (pbuf_add_header(p, SIZEOF_ETH_HDR))
		return ERR_BUF;
	struct eth_hdr *eth = p->payload;
	__builtin_memcpy(&eth->dest, to, ETH_HWADDR_LEN);
	__builtin_memcpy(&eth->src, dp->nd->mac, ETH_HWADDR_LEN);
	eth->type = __builtin_bswap16(type);
	int n = fragments_of(p, frags);
	return n ? send_chain(dp, frags, n, p) : send_copy(dp, p);
}

static err_t output(struct netif *netif, struct pbuf *p, const ip4_addr_t *to)
{
	struct dp *dp = netif->state;

	if (dp->resuming)
		return ERR_OK; /* the peer has our half of this handshake: it has just acknowledged it */
	return neigh_output(dp, p, to->addr);
}

/* Frames are checked before they get to lwIP; it makes those checksums that the NIC does not. */
static err_t set_up(struct netif *netif)
{
	struct dp *dp = netif->state;

	netif->output = output;
	netif->mtu = 1500;
	netif->hwaddr_len = ETH_HWADDR_LEN;
	memcpy(netif->hwaddr, dp->nd->mac, ETH_HWADDR_LEN);
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_LINK_UP;
	netif->chksum_flags = NETIF_CHECKSUM_GEN_UDP | NETIF_CHECKSUM_GEN_ICMP;
	return ERR_OK;
}

void netif_attach(struct dp *dp)
{
	ip4_addr_t ip = { dp->ip }, mask = { NETMASK }, gateway = { dp->plane->gateway };

	netif_add(&dp->netif, &ip, &mask, &gateway, dp, set_up, ip4_input);
	netif_set_default(&dp->netif);
	netif_set_up(&dp->netif);
}
