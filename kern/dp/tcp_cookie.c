/* SPDX-License-Identifier: MIT */
/* Handshakes of which nothing is kept, as long as the peer has not shown that it is there. The contract is tcp_priv.h. */
#include <inc/error.h>
#include <inc/string.h>

#include <kern/dp/syncookie.h>
#include <kern/dp/tcp_priv.h>

enum { MSS_OPTION = 0x02040000, DEFAULT_MSS = 536, SYN_HLEN = TCP_HLEN + sizeof(uint32_t) };

static void header_with_mss(struct tcp_hdr *tcp, uint16_t from, uint16_t to, uint32_t seq, uint8_t flags, uint16_t mss)
{
	memset(tcp, 0, SYN_HLEN);
	tcp->src = lwip_htons(from);
	tcp->dest = lwip_htons(to);
	tcp->seqno = lwip_htonl(seq);
	TCPH_HDRLEN_FLAGS_SET(tcp, SYN_HLEN / 4, flags);
	tcp->wnd = lwip_htons(TCP_WND);
	*(uint32_t *)(tcp + 1) = lwip_htonl(MSS_OPTION | mss);
}

/* What the peer's SYN says that it can take at once. */
static uint16_t mss_of(const struct tcp_hdr *tcp)
{
	const uint8_t *at = (const uint8_t *)(tcp + 1), *end = (const uint8_t *)tcp + TCPH_HDRLEN_BYTES(tcp);

	while (at + 4 <= end && at[0] != 0) {
		if (at[0] == 2 && at[1] == 4)
			return at[2] << 8 | at[3];
		at += at[0] == 1 || at[1] < 2 ? 1 : at[1];
	}
	return DEFAULT_MSS;
}

/* Half seconds since one was sent (plane->cookie_tick); negative: by another CPU, whose clock is ahead. */
static int32_t age(const struct dp *dp, uint32_t cookie_tick) { return dp->ticks + 1 - cookie_tick; }

/* Our half of the handshake, of which nothing is kept. If it does not get out, the peer asks again. */
void answer_with_cookie(struct dp *dp, const struct pbuf *syn, const struct segment *seg)
{
	const struct tuple *t = &seg->tuple;
	uint32_t cookie = syncookie_make(dp->plane->isn_key, t, seg->seq, mss_of(syn->payload), dp->ticks);

	stack_use_memory(dp);
	struct pbuf *p = reserve_is_dry(&dp->reserve) ? NULL : pbuf_alloc(PBUF_IP, SYN_HLEN, PBUF_RAM);
	if (!p) {
		dp->stat.drop_rx_nomem++;
		return;
	}
	struct tcp_hdr *tcp = p->payload;
	header_with_mss(tcp, t->lport, t->rport, cookie, TCP_SYN | TCP_ACK, TCP_MSS);
	tcp->ackno = lwip_htonl(seg->seq + 1);
	stack_output(dp, p, t->rip, IP_PROTO_TCP);
	pbuf_free(p);
	dp->stat.syn_cookies++;
	if (!dp->plane->cookie_tick || age(dp, dp->plane->cookie_tick) > 0)
		dp->plane->cookie_tick = dp->ticks + 1; /* the line is everybody's: seldom written */
}

static uint32_t acked(const struct pbuf *ack) { return lwip_ntohl(((const struct tcp_hdr *)ack->payload)->ackno) - 1; }

uint16_t cookie_in(struct dp *dp, const struct pbuf *ack, const struct segment *syn)
{
	uint32_t last = dp->plane->cookie_tick;

	if (age(dp, last) > SYNCOOKIE_TICKS) {
		/* unless another CPU has just sent one */
		__atomic_compare_exchange_n(&dp->plane->cookie_tick, &last, 0, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
		return 0;
	}
	return syncookie_mss(dp->plane->isn_key, &syn->tuple, syn->seq, acked(ack), dp->ticks);
}

void resume_from_cookie(struct fgroup *g, uint32_t bucket, const struct pbuf *ack, const struct segment *syn, uint16_t mss)
{
	struct dp *dp = g->owner;

	lwip_enter(g, bucket, -E_RESET);
	struct pbuf *p = pbuf_alloc(PBUF_RAW, SYN_HLEN, PBUF_RAM);
	if (p) {
		header_with_mss(p->payload, syn->tuple.rport, syn->tuple.lport, syn->seq, TCP_SYN, mss);
		dp->cookie = acked(ack);
		dp->resuming = true;
		lwip_segment(dp, p, &syn->tuple);
		dp->resuming = false;
	}
	lwip_leave(g);
}
