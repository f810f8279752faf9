/* SPDX-License-Identifier: MIT */
/* IPv4 packets on their way in, UDP and ICMP. The contract is rx.h. */
#include <kern/dp/csum.h>
#include <kern/dp/reass.h>
#include <kern/dp/rx.h>
#include <kern/dp/tcp.h>
#include <kern/dp/udp.h>

#include "lwip/prot/icmp.h"
#include "lwip/prot/ip.h"

enum {
	UDP_LEN = 8,
	ICMP_LEN = 8,
	FRAGMENT_BITS = 0x3fff, /* offset and more-fragments, in an IP header */
};

static struct pbuf *to_pbuf(struct packet *pk) { return buf_to_pbuf(pk->buf, ETH_LEN, pk->ip_total); }

static bool ip_is_good(struct packet *pk)
{
	const uint8_t *ip = pk->bytes + ETH_LEN;

	if (pk->len < ETH_LEN + IP_MIN || ip[0] >> 4 != 4)
		return false;
	pk->ip_len = (ip[0] & 15) * 4;
	pk->ip_total = get16(ip + 2);
	if (pk->ip_len < IP_MIN || pk->ip_total < pk->ip_len || pk->ip_total > pk->len - ETH_LEN)
		return false;
	return csum_fold(csum_add(0, ip, pk->ip_len)) == 0xffff;
}

/* A sender must be somebody: nobody's, everybody's and groups' addresses are refused (RFC 1122, 3.2.1.3). */
static bool is_host(const struct dp *dp, uint32_t ip)
{
	uint32_t host = ip & ~(uint32_t)NETMASK;
	bool everybody_here = ((ip ^ dp->ip) & NETMASK) == 0 && host == ~(uint32_t)NETMASK;

	return ip != 0 && ip != 0xffffffff && (ip & 0xf0) != 0xe0 && !everybody_here;
}

static bool udp_is_good(const struct packet *pk, const uint8_t *udp, uint32_t len)
{
	const uint8_t *ip = pk->bytes + ETH_LEN;
	uint32_t said = len >= UDP_LEN ? get16(udp + 4) : 0;

	if (said < UDP_LEN || said > len)
		return false;
	if ((pk->flags & RX_CSUM_OK) || get16(udp + 6) == 0)
		return true;
	uint64_t sum = csum_pseudo(get_raw32(ip + 12), get_raw32(ip + 16), IP_PROTO_UDP, said);
	return csum_fold(csum_add(sum, udp, said)) == 0xffff;
}

/* A datagram goes to its port as it is; one for nobody goes to lwIP, which says so to the sender. */
static void udp_in(struct dp *dp, struct packet *pk)
{
	const uint8_t *udp = pk->bytes + ETH_LEN + pk->ip_len;

	if (!udp_is_good(pk, udp, pk->ip_total - pk->ip_len)) {
		packet_drop(pk, &dp->stat.drop_rx_udp);
		return;
	}
	struct udp_port *port = uport_on_port(dp, get16(udp + 2));
	if (!port) {
		dp->stat.drop_rx_proto++;
		stack_packet(dp, to_pbuf(pk));
		return;
	}
	if (buf_is_low(&dp->bufs) || !uport_has_room(port)) {
		packet_drop(pk, &dp->stat.drop_udp_full);
		return;
	}
	pk->buf->off = udp + UDP_LEN - pk->bytes;
	pk->buf->len = get16(udp + 4) - UDP_LEN;
	uport_take(dp, port, pk->buf);
}

/* An echo request is answered; all else is about something that nobody here asks for. */
static void icmp_in(struct dp *dp, struct packet *pk)
{
	const uint8_t *icmp = pk->bytes + ETH_LEN + pk->ip_len;
	uint32_t len = pk->ip_total - pk->ip_len;

	if (len < ICMP_LEN || csum_fold(csum_add(0, icmp, len)) != 0xffff)
		packet_drop(pk, &dp->stat.drop_rx_ip);
	else if (icmp[0] != ICMP_ECHO)
		packet_drop(pk, &dp->stat.drop_rx_proto);
	else if (pk->ip_total > dp->netif.mtu)
		echo_in_pieces(dp, pk);
	else
		stack_packet(dp, to_pbuf(pk));
}

void ip_in(struct dp *dp, struct packet *pk)
{
	const uint8_t *ip = pk->bytes + ETH_LEN;

	if (!ip_is_good(pk) || !is_host(dp, get_raw32(ip + 12))) {
		packet_drop(pk, &dp->stat.drop_rx_ip);
		return;
	}
	if (get_raw32(ip + 16) != dp->ip) {
		packet_drop(pk, &dp->stat.drop_rx_type);
		return;
	}
	if (get16(ip + 6) & FRAGMENT_BITS) {
		reass_in(dp, pk);
		return;
	}
	if (ip[9] == IP_PROTO_TCP) {
		tcp_in(dp, pk);
		return;
	}
	if (ip[9] == IP_PROTO_UDP) {
		udp_in(dp, pk);
		return;
	}
	if (ip[9] == IP_PROTO_ICMP) {
		icmp_in(dp, pk);
		return;
	}
	dp->stat.drop_rx_proto++; /* lwIP answers that nobody is here */
	stack_packet(dp, to_pbuf(pk));
}
