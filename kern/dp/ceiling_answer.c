/* SPDX-License-Identifier: MIT */
/*
 * What the ceiling (ceiling.c) says: from a frame to the frame that answers it, by arithmetic.
 *
 * Our first sequence number is the peer's own, so on port 7, where both directions carry the same bytes, ours is
 * always the peer's. On port 80 it is what the peer acknowledges, since a client sends nothing before its answer.
 * Nothing is sent again, and no checksum is looked at: it serves well-behaved clients on a wire that loses nothing.
 */
#include <inc/string.h>

#include <kern/dp/ceiling.h>
#include <kern/dp/csum.h>

enum {
	ETH_LEN = 14,
	MSS = 1460,
	WINDOW = 0xffff,
	PORT_ECHO = 7,
	PORT_WEB = 80,
	TYPE_IP = 0x0800,
	TYPE_ARP = 0x0806,
	ARP_ETHERNET = 1,
	ARP_ASKS = 1,
	ARP_ANSWERS = 2,
	IP_TCP = 6,
	IP_UDP = 17,
	FIN = 1,
	SYN = 2,
	RST = 4,
	PSH = 8,
	ACK = 16,
};

struct eth { uint8_t to[6], from[6]; uint16_t type; } __attribute__((packed));

struct arp {
	struct eth eth;
	uint16_t hardware, protocol;
	uint8_t hardware_len, protocol_len;
	uint16_t op;
	uint8_t from_mac[6];
	uint32_t from_ip;
	uint8_t to_mac[6];
	uint32_t to_ip;
} __attribute__((packed));

/* Without IP options: a frame with some is not answered. */
struct packet {
	struct eth eth;
	uint8_t version, tos;
	uint16_t len, id, fragment;
	uint8_t ttl, protocol;
	uint16_t sum;
	uint32_t from, to;
	uint16_t from_port, to_port;
	union {
		struct {
			uint32_t seq, ack;
			uint8_t words, flags; /* words: of the header, in the upper four bits */
			uint16_t window, sum, urgent;
			uint8_t data[];
		} __attribute__((packed)) tcp;
		struct { uint16_t len, sum; } __attribute__((packed)) udp;
	};
} __attribute__((packed));

enum {
	IP_LEN = 20,
	TCP_LEN = 20,
	TCP_DATA = offsetof(struct packet, tcp.data), /* where a frame's data is, if there are no options */
};

#define BODY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
static const char page_kept[] = "HTTP/1.1 200 OK\r\nContent-Length: 64\r\nConnection: keep-alive\r\n\r\n" BODY;
static const char page_last[] = "HTTP/1.0 200 OK\r\nContent-Length: 64\r\nConnection: close\r\n\r\n" BODY;

static uint8_t own_mac[6];
static uint32_t own_ip; /* network byte order */

static uint16_t swap16(uint16_t x) { return __builtin_bswap16(x); }

static uint32_t swap32(uint32_t x) { return __builtin_bswap32(x); }

void ceiling_answer_init(uint32_t ip, const uint8_t mac[6])
{
	own_ip = swap32(ip);
	memcpy(own_mac, mac, sizeof(own_mac));
}

/* Each function below writes an answer over its question, and returns the length of the frame to send, or 0. */

static void turn_eth(struct eth *eth)
{
	memcpy(eth->to, eth->from, 6);
	memcpy(eth->from, own_mac, 6);
}

static uint32_t answer_arp(struct arp *arp, uint32_t len)
{
	if (len < sizeof(*arp) || arp->op != swap16(ARP_ASKS) || arp->to_ip != own_ip)
		return 0;
	turn_eth(&arp->eth);
	arp->op = swap16(ARP_ANSWERS);
	memcpy(arp->to_mac, arp->from_mac, 6);
	memcpy(arp->from_mac, own_mac, 6);
	arp->to_ip = arp->from_ip;
	arp->from_ip = own_ip;
	return sizeof(*arp);
}

uint32_t ceiling_announce(uint8_t *frame)
{
	struct arp *arp = (struct arp *)frame;

	*arp = (struct arp){
		.eth = { .to = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, .type = swap16(TYPE_ARP) },
		.hardware = swap16(ARP_ETHERNET),
		.protocol = swap16(TYPE_IP),
		.hardware_len = sizeof(own_mac),
		.protocol_len = sizeof(own_ip),
		.op = swap16(ARP_ASKS),
		.from_ip = own_ip,
		.to_ip = own_ip,
	};
	memcpy(arp->eth.from, own_mac, sizeof(own_mac));
	memcpy(arp->from_mac, own_mac, sizeof(own_mac));
	return sizeof(*arp);
}

static void turn_packet(struct packet *p, uint32_t ip_len)
{
	uint32_t peer = p->from;
	uint16_t port = p->from_port;

	turn_eth(&p->eth);
	p->from = p->to;
	p->to = peer;
	p->from_port = p->to_port;
	p->to_port = port;
	p->len = swap16(ip_len);
	p->sum = 0;
	p->sum = ~csum_fold(csum_add(0, &p->version, IP_LEN));
}

/* What is sent is complete: headers of 20 bytes each, and this much data. */
static uint32_t turn_tcp(struct packet *p, uint32_t seq, uint32_t ack, uint8_t flags, uint32_t data_len)
{
	p->tcp.seq = swap32(seq);
	p->tcp.ack = swap32(ack);
	p->tcp.words = TCP_LEN / 4 << 4;
	p->tcp.flags = flags;
	p->tcp.window = swap16(WINDOW);
	p->tcp.urgent = 0;
	turn_packet(p, IP_LEN + TCP_LEN + data_len);
	p->tcp.sum = csum_fold(csum_pseudo(p->from, p->to, IP_TCP, TCP_LEN + data_len)); /* the NIC adds the rest */
	return TCP_DATA + data_len;
}

/* With one option: our segment size. */
static uint32_t answer_syn(struct packet *p, uint32_t seq)
{
	uint8_t *option = p->tcp.data;

	option[0] = 2;
	option[1] = 4;
	option[2] = MSS >> 8;
	option[3] = MSS & 0xff;
	uint32_t len = turn_tcp(p, seq, seq + 1, SYN | ACK, 4);
	p->tcp.words = (TCP_LEN + 4) / 4 << 4;
	return len;
}

/* The version is at the end of the request's first line. */
static bool is_http10(const uint8_t *data, uint32_t len)
{
	for (uint32_t i = 8; i < len; i++) {
		if (data[i] == '\r')
			return data[i - 1] == '0';
	}
	return false;
}

static uint32_t answer_request(struct packet *p, const uint8_t *data, uint32_t len, uint32_t seq, uint32_t ack)
{
	bool last = is_http10(data, len);
	const char *page = last ? page_last : page_kept;
	uint32_t page_len = (last ? sizeof(page_last) : sizeof(page_kept)) - 1;

	memcpy(p->tcp.data, page, page_len);
	return turn_tcp(p, ack, seq + len, ACK | PSH | (last ? FIN : 0), page_len);
}

static uint32_t answer_echo(struct packet *p, const uint8_t *data, uint32_t len, uint32_t seq)
{
	memmove(p->tcp.data, data, len); /* over the options */
	return turn_tcp(p, seq, seq + len, ACK | PSH, len);
}

static uint32_t answer_tcp(struct packet *p, uint32_t ip_len)
{
	uint32_t seq = swap32(p->tcp.seq), ack = swap32(p->tcp.ack), header = p->tcp.words / 16 * 4;

	if (ip_len < IP_LEN + TCP_LEN || header < TCP_LEN || IP_LEN + header > ip_len || (p->tcp.flags & RST))
		return 0;
	const uint8_t *data = (uint8_t *)&p->tcp + header - 4; /* the ports count as header */
	uint32_t len = ip_len - IP_LEN - header;
	if (p->tcp.flags & SYN)
		return answer_syn(p, seq);
	if (p->tcp.flags & FIN)
		return turn_tcp(p, ack, seq + len + 1, ACK | FIN, 0);
	if (len == 0)
		return 0;
	if (p->to_port == swap16(PORT_ECHO))
		return answer_echo(p, data, len, seq);
	return answer_request(p, data, len, seq, ack);
}

/* Its own sum is left out, as UDP allows. */
static uint32_t answer_udp(struct packet *p, uint32_t ip_len)
{
	if (ip_len < IP_LEN + 8 || p->to_port != swap16(PORT_ECHO))
		return 0;
	p->udp.sum = 0;
	turn_packet(p, ip_len);
	return ETH_LEN + ip_len;
}

uint32_t ceiling_answer(uint8_t *frame, uint32_t len, bool *is_tcp)
{
	struct packet *p = (struct packet *)frame;
	uint32_t ip_len = swap16(p->len);

	*is_tcp = false;
	if (p->eth.type == swap16(TYPE_ARP))
		return answer_arp((struct arp *)frame, len);
	if (p->eth.type != swap16(TYPE_IP) || p->version != 0x45 || p->to != own_ip || ETH_LEN + ip_len > len)
		return 0;
	if (p->protocol == IP_UDP)
		return answer_udp(p, ip_len);
	*is_tcp = p->protocol == IP_TCP && (p->to_port == swap16(PORT_WEB) || p->to_port == swap16(PORT_ECHO));
	return *is_tcp ? answer_tcp(p, ip_len) : 0;
}
