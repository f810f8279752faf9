/* SPDX-License-Identifier: MIT */
/* See dp_cut.h. */
#include "dp_cut.h"

#include <kern/dp/csum.h>

enum { FROM = 3000, TO = 9 };

struct whole whole;
uint8_t cut_text[65536], frame[NIC_FRAME_MAX];
static uint16_t next_id = 1;

void cut_fill(void)
{
	for (size_t i = 0; i < sizeof(cut_text); i++)
		cut_text[i] = i * 7 + (i >> 8);
}

static void begin_whole(uint32_t len)
{
	whole.len = len;
	whole.id = next_id++;
	put16(whole.bytes + IP_AT + 4, whole.id);
	fix_sums(whole.bytes, AT + len);
}

void udp_whole(uint16_t from, uint16_t to, uint32_t n)
{
	make_datagram(whole.bytes, from, to, cut_text, n);
	begin_whole(UDP_LEN + n);
}

/* The IP header's checksum only. */
void fix_header(uint8_t *f)
{
	uint16_t sum;

	put16(f + IP_AT + 10, 0);
	sum = ~csum_fold(csum_add(0, f + IP_AT, (f[IP_AT] & 15) * 4));
	memcpy(f + IP_AT + 10, &sum, sizeof(sum));
}

/* Bytes [at, at + n) behind the IP header, as a frame of its own. */
uint32_t cut(uint32_t at, uint32_t n, bool more)
{
	memcpy(frame, whole.bytes, AT);
	memcpy(frame + AT, whole.bytes + AT + at, n);
	put16(frame + IP_AT + 2, 20 + n);
	put16(frame + IP_AT + 6, (more ? 0x2000 : 0) | at / 8);
	fix_header(frame);
	return AT + n;
}

void send_cut(uint32_t at, uint32_t n, bool more) { inject(frame, cut(at, n, more)); }

/* Piece i of pieces of `size` bytes. */
void send_piece(uint32_t i, uint32_t size)
{
	uint32_t at = i * size;

	send_cut(at, MIN(size, whole.len - at), at + size < whole.len);
}

uint32_t npieces(uint32_t size) { return (whole.len + size - 1) / size; }

void icmp_whole(uint8_t type, uint32_t n)
{
	make_datagram(whole.bytes, FROM, TO, cut_text, n);
	whole.bytes[IP_AT + 9] = 1;
	memset(whole.bytes + AT, 0, UDP_LEN);
	whole.bytes[AT] = type;
	whole.bytes[AT + 7] = 5;
	begin_whole(UDP_LEN + n);
}

void segment_whole(const struct peer *p, const void *data, uint32_t n)
{
	make_segment(whole.bytes, p, PSH | ACK, p->seq, p->ack, data, n);
	begin_whole(20 + n);
}
