/* SPDX-License-Identifier: MIT */
/* Fragments, put together. The contract is reass.h. */
#include <inc/string.h>

#include <kern/dp/rx.h>

enum {
	MORE_FRAGMENTS = 0x2000,
	OFFSET_BITS = 0x1fff,
	IP_SIZE_MAX = 65535,
};

enum block { BLOCK_MISSING, BLOCK_FIRST, BLOCK_INSIDE }; /* of a fragment */

struct fragment {
	const struct packet *pk;
	const uint8_t *data;
	uint32_t at, end; /* in the datagram's payload */
	bool more;
};

static struct fragment fragment_of(const struct packet *pk)
{
	const uint8_t *ip = pk->bytes + ETH_LEN;
	uint16_t bits = get16(ip + 6);
	uint32_t at = (bits & OFFSET_BITS) * REASS_BLOCK;

	return (struct fragment){ pk, ip + pk->ip_len, at, at + pk->ip_total - pk->ip_len, bits & MORE_FRAGMENTS };
}

/* No sender makes others: of nothing, of half a block and more behind it, or beyond what a length can say. */
static bool is_possible(const struct fragment *f)
{
	uint32_t len = f->end - f->at;

	return len > 0 && !(f->more && len % REASS_BLOCK) && f->end + f->pk->ip_len <= IP_SIZE_MAX;
}

/* ---- Datagrams ---- */

static struct datagram *find(struct dp *dp, const uint8_t *ip)
{
	uint32_t src = get_raw32(ip + 12);
	uint16_t id = get16(ip + 4);

	for (int i = 0; i < DATAGRAMS; i++) {
		struct datagram *d = &dp->reass.datagram[i];
		if (d->used && d->src == src && d->id == id && d->proto == ip[9])
			return d;
	}
	return NULL;
}

/* Its fragments are not delivered; *why counts them. */
static void give_up(struct datagram *d, uint64_t *why)
{
	*why += d->nfragments;
	d->nfragments = 0;
	if (d->buf)
		buf_put(d->buf);
	d->buf = NULL;
}

static void refuse(struct datagram *d, uint64_t *why)
{
	give_up(d, why);
	d->refused = why;
}

static void end(struct dp *dp, struct datagram *d)
{
	*d = (struct datagram){ 0 };
	dp->reass.nused--;
}

/* A free place, or the oldest one's. */
static struct datagram *place(struct dp *dp)
{
	struct datagram *oldest = dp->reass.datagram;

	for (int i = 0; i < DATAGRAMS; i++) {
		struct datagram *d = &dp->reass.datagram[i];
		if (!d->used)
			return d;
		if (d->since_us < oldest->since_us)
			oldest = d;
	}
	give_up(oldest, &dp->stat.drop_frag_oldest);
	end(dp, oldest);
	return oldest;
}

static struct datagram *begin(struct dp *dp, const uint8_t *ip)
{
	struct datagram *d = place(dp);

	dp->reass.nused++;
	d->used = true;
	d->since_us = dp->now_us;
	d->src = get_raw32(ip + 12);
	d->id = get16(ip + 4);
	d->proto = ip[9];
	d->buf = buf_is_low(&dp->bufs) ? NULL : buf_take(&dp->bufs);
	if (d->buf)
		buf_move(d->buf, BUF_STACK);
	else
		d->refused = &dp->stat.drop_frag_nobuf;
	return d;
}

/* ---- A fragment's place ---- */

/* What they say of where the datagram ends cannot all be true. */
static bool contradicts(const struct datagram *d, const struct fragment *f)
{
	if (f->more)
		return d->total && f->end >= d->total;
	return d->total ? f->end != d->total : f->end <= d->end;
}

static bool is_missing(const struct datagram *d, const struct fragment *f)
{
	for (uint32_t i = f->at / REASS_BLOCK; i * REASS_BLOCK < f->end; i++) {
		if (d->block[i] != BLOCK_MISSING)
			return false;
	}
	return true;
}

/* The same has come before, to the byte. */
static bool is_there(const struct datagram *d, const struct fragment *f)
{
	uint32_t first = f->at / REASS_BLOCK, i = first;

	for (; i * REASS_BLOCK < f->end; i++) {
		if (d->block[i] != (i == first ? BLOCK_FIRST : BLOCK_INSIDE))
			return false;
	}
	bool goes_on = i < REASS_BLOCKS && d->block[i] == BLOCK_INSIDE;
	return !goes_on && memcmp(buf_bytes(d->buf) + REASS_AT + f->at, f->data, f->end - f->at) == 0;
}

static void copy_in(struct datagram *d, const struct fragment *f)
{
	uint8_t *bytes = buf_bytes(d->buf);
	uint32_t first = f->at / REASS_BLOCK;

	memcpy(bytes + REASS_AT + f->at, f->data, f->end - f->at);
	for (uint32_t i = first; i * REASS_BLOCK < f->end; i++)
		d->block[i] = i == first ? BLOCK_FIRST : BLOCK_INSIDE;
	if (f->at == 0)
		memcpy(bytes, f->pk->bytes, REASS_AT);
	if (!f->more)
		d->total = f->end;
	d->held += f->end - f->at;
	d->end = MAX(d->end, f->end);
	d->nfragments++;
}

/* ---- In ---- */

static void complete(struct dp *dp, struct datagram *d)
{
	struct buf *b = d->buf;
	uint32_t len = d->total;

	end(dp, d);
	dp->stat.rx_reassembled++;
	reass_whole(dp, b, len);
}

/* Why it, and its datagram with it, cannot be; NULL: it can. */
static uint64_t *reason_against(struct dp *dp, const struct datagram *d, const struct fragment *f)
{
	if (d->refused)
		return d->refused;
	if (f->end > REASS_MAX)
		return &dp->stat.drop_frag_long;
	bool fits = !contradicts(d, f) && (is_missing(d, f) || is_there(d, f));
	return fits ? NULL : &dp->stat.drop_frag_overlap;
}

void reass_in(struct dp *dp, struct packet *pk)
{
	struct fragment f = fragment_of(pk);

	dp->stat.rx_fragments++;
	if (!is_possible(&f)) {
		packet_drop(pk, &dp->stat.drop_frag_bad);
		return;
	}
	struct datagram *d = find(dp, pk->bytes + ETH_LEN);
	if (!d)
		d = begin(dp, pk->bytes + ETH_LEN);
	uint64_t *why = reason_against(dp, d, &f);
	if (why) {
		refuse(d, why);
		packet_drop(pk, why);
	} else if (!is_missing(d, &f)) {
		packet_drop(pk, &dp->stat.drop_frag_twice);
	} else {
		copy_in(d, &f);
		buf_put(pk->buf);
		dp->stat.rx_copied_bytes += f.end - f.at;
		if (d->held == d->total)
			complete(dp, d);
	}
}

/* ---- The end ---- */

void reass_tick(struct dp *dp)
{
	for (int i = 0; dp->reass.nused && i < DATAGRAMS; i++) {
		struct datagram *d = &dp->reass.datagram[i];
		if (!d->used || dp->now_us - d->since_us < LIFETIME_US)
			continue;
		reass_tell(dp, d);
		give_up(d, &dp->stat.drop_frag_late);
		end(dp, d);
	}
}

void reass_forget(struct dp *dp)
{
	for (int i = 0; dp->reass.nused && i < DATAGRAMS; i++) {
		struct datagram *d = &dp->reass.datagram[i];
		if (!d->used)
			continue;
		give_up(d, &dp->stat.drop_frag_oldest);
		end(dp, d);
	}
}
