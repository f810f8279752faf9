/* SPDX-License-Identifier: MIT */
/* Neighbours. The contract is neigh.h. */
#include <inc/string.h>
#include <inc/x86.h>

#include <kern/dp/tcp.h>

#include "lwip/prot/etharp.h"

enum {
	ARP_LEN = 28,
	TICK_US = 1000000,
	FRESH_US = 240 * TICK_US,     /* then the writer asks anew */
	OLD_US = 300 * TICK_US,       /* then it is forgotten */
	TRIES = 4,
	OP_REQUEST = 1,
	OP_REPLY = 2,
};

static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, nobody[6];

static uint8_t host_of(uint32_t ip) { return ip >> 24; } /* the last byte, in network byte order */
static uint32_t ip_of(const struct dp *dp, uint8_t host) { return (dp->ip & NETMASK) | (uint32_t)host << 24; }
static bool is_near(const struct dp *dp, uint32_t ip) { return ((ip ^ dp->ip) & NETMASK) == 0; }

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

/* ---- The table ---- */

static bool find(const struct neighbour *n, uint8_t mac[6])
{
	uint32_t seq;
	bool known;

	do {
		seq = n->seq;
		compiler_barrier();
		known = n->known;
		__builtin_memcpy(mac, n->mac, 6); /* in place, without a call: each frame comes by here */
		compiler_barrier();
	} while ((seq & 1) || n->seq != seq);
	return known;
}

static void write(struct neighbour *n, bool known, const uint8_t mac[6])
{
	n->seq++;
	compiler_barrier();
	n->known = known;
	memcpy(n->mac, mac, 6);
	compiler_barrier();
	n->seq++;
}

static void tell_all(struct dp *dp)
{
	for (int i = 0; i < IX_NTHREADS; i++) {
		struct dp *member = dp->plane->members[i];
		if (member && member != dp)
			plane_ask(member);
	}
	neigh_flush(dp);
}

static void learn(struct dp *dp, uint8_t host, const uint8_t mac[6])
{
	struct neighbour *n = &dp->plane->neighbours.of[host];
	bool is_new = !n->known;

	n->since_us = dp->now_us;
	if (is_new || memcmp(n->mac, mac, 6) != 0)
		write(n, true, mac);
	if (is_new)
		tell_all(dp);
}

/* ---- Packets ---- */

static void put_address(uint8_t *p, const uint8_t mac[6], uint32_t ip)
{
	memcpy(p, mac, 6);
	memcpy(p + 6, &ip, 4);
}

/* From us to `mac`, about `ip`. When memory is out, nothing is sent. */
static void send(struct dp *dp, uint16_t op, const uint8_t mac[6], const uint8_t to[6], uint32_t ip)
{
	static const uint8_t kind[6] = { 0, 1, 8, 0, 6, 4 }; /* Ethernet, IPv4, and the sizes of their addresses */
	struct slab *before = lwip_slab;

	stack_use_memory(dp);
	struct pbuf *p = pbuf_alloc(PBUF_LINK, ARP_LEN, PBUF_RAM);
	if (p) {
		uint8_t *arp = p->payload;
		memcpy(arp, kind, sizeof(kind));
		arp[6] = 0;
		arp[7] = op;
		put_address(arp + 8, dp->nd->mac, dp->ip);
		put_address(arp + 18, mac, ip);
		frame_output(dp, p, to, ETHTYPE_ARP);
		pbuf_free(p);
	} else {
		dp->stat.drop_tx_nomem++;
	}
	lwip_slab = before;
}

static void ask(struct dp *dp, uint8_t host) { send(dp, OP_REQUEST, nobody, everybody, ip_of(dp, host)); }

void neigh_announce(struct dp *dp) { send(dp, OP_REQUEST, nobody, everybody, dp->ip); }

/* Who talks to us is worth knowing; of others only what they say about themselves, if we knew them before. */
bool neigh_input(struct dp *dp, const uint8_t *arp)
{
	static const uint8_t kind[6] = { 0, 1, 8, 0, 6, 4 };
	const uint8_t *mac = arp + 8;
	uint32_t from = get32(arp + 14), about = get32(arp + 24);

	if (memcmp(arp, kind, sizeof(kind)) != 0 || arp[6] != 0 || (mac[0] & 1))
		return false;
	uint8_t host = host_of(from);
	bool has_name = is_near(dp, from) && host != 0 && host != 255 && from != dp->ip;
	if (has_name && (about == dp->ip || dp->plane->neighbours.of[host].known))
		learn(dp, host, mac);
	if (arp[7] == OP_REQUEST && about == dp->ip) {
		dp->stat.arp_requests++;
		send(dp, OP_REPLY, mac, mac, from);
	}
	return arp[7] == OP_REQUEST || arp[7] == OP_REPLY;
}

/* ---- Waiting for an address ---- */

static bool is_awaited(const struct neigh_wait *w, uint8_t host)
{
	for (uint32_t i = 0; i < w->nkept; i++) {
		if (w->kept[i].host == host)
			return true;
	}
	return false;
}

/* A copy, for the packet's memory may leave with its flow. */
static int keep(struct dp *dp, struct pbuf *p, uint8_t host)
{
	struct neigh_wait *w = &dp->neigh;
	struct slab *before = lwip_slab;
	bool asked = is_awaited(w, host);

	if (w->nkept == NEIGH_KEPT) {
		dp->stat.drop_tx_neigh++;
		return ERR_MEM;
	}
	stack_use_memory(dp);
	struct pbuf *copy = pbuf_clone(PBUF_LINK, PBUF_RAM, p);
	lwip_slab = before;
	if (!copy) {
		dp->stat.drop_tx_nomem++;
		return ERR_MEM;
	}
	w->kept[w->nkept].frame = copy;
	w->kept[w->nkept].host = host;
	w->kept[w->nkept++].tries = 1;
	if (asked)
		return ERR_OK;
	w->tick_us = MIN(w->tick_us, dp->now_us + TICK_US);
	ask(dp, host);
	return ERR_OK;
}

int neigh_output(struct dp *dp, struct pbuf *p, uint32_t to)
{
	uint32_t hop = is_near(dp, to) ? to : dp->plane->gateway;
	uint8_t mac[6];

	if (to == 0xffffffff || to == ip_of(dp, 255))
		return frame_output(dp, p, everybody, ETHTYPE_IP);
	if (!is_near(dp, hop)) {
		dp->stat.drop_tx_neigh++;
		return ERR_RTE;
	}
	if (find(&dp->plane->neighbours.of[host_of(hop)], mac))
		return frame_output(dp, p, mac, ETHTYPE_IP);
	return keep(dp, p, host_of(hop));
}

/* Go through what is kept, oldest first. `is_done` says of each, by its place, whether it goes. */
static void sift(struct dp *dp, bool (*is_done)(struct dp *dp, int i))
{
	struct neigh_wait *w = &dp->neigh;
	uint32_t n = w->nkept, left = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (is_done(dp, i))
			pbuf_free(w->kept[i].frame);
		else
			w->kept[left++] = w->kept[i];
	}
	w->nkept = left;
}

static bool is_sent(struct dp *dp, int i)
{
	uint8_t mac[6];

	if (!find(&dp->plane->neighbours.of[dp->neigh.kept[i].host], mac))
		return false;
	frame_output(dp, dp->neigh.kept[i].frame, mac, ETHTYPE_IP);
	return true;
}

void neigh_flush(struct dp *dp) { sift(dp, is_sent); }

static bool is_given_up(struct dp *dp, int i)
{
	(void)i;
	dp->stat.drop_tx_neigh++;
	return true;
}

void neigh_forget(struct dp *dp) { sift(dp, is_given_up); }

/* ---- Time ---- */

static bool is_too_old(struct dp *dp, int i)
{
	uint8_t host = dp->neigh.kept[i].host;

	if (dp->neigh.kept[i].tries++ < TRIES) {
		if (i == 0 || dp->neigh.kept[i - 1].host != host)
			ask(dp, host);
		return false;
	}
	dp->stat.drop_tx_neigh++;
	return true;
}

static void age(struct dp *dp)
{
	for (int host = 0; host < NEIGH_HOSTS; host++) {
		struct neighbour *n = &dp->plane->neighbours.of[host];
		uint64_t us = n->known ? dp->now_us - n->since_us : 0;
		if (us >= OLD_US)
			write(n, false, nobody);
		else if (us >= FRESH_US)
			ask(dp, host);
	}
}

void neigh_tick(struct dp *dp)
{
	if (dp->now_us < dp->neigh.tick_us)
		return;
	dp->neigh.tick_us = dp->now_us + TICK_US;
	neigh_flush(dp);
	sift(dp, is_too_old);
	if (dp->thread == 0)
		age(dp);
}
