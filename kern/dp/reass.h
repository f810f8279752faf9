/* SPDX-License-Identifier: MIT */
/*
 * Datagrams that come in fragments (RFC 791, 3.2). Ports are in the first fragment only, so the NIC hashes none of them, and all
 * come to queue 0. There each is copied to its place in one receive buffer of the datagram's own, with headers in front as
 * if it had come in one frame; complete, it goes the way of one, and may be handed to another CPU (move.h). This is the slow
 * path. Zero copy begins behind it: programs read the datagram where it was put together.
 *
 *   bytes   0          14           34                                                      2048
 *           | Ethernet | IP, without | payload, by its offset: blocks of 8 bytes ...          |
 *           |          | options     |   FIRST inside inside | FIRST inside | missing | FIRST |
 *
 * Strangers can send fragments, so all is bounded. DATAGRAMS are in progress at a time; for one more the oldest is given up.
 * One lives for LIFETIME from its first fragment on, then its sender is told (RFC 1122, 3.3.2). A fragment that comes a
 * second time is dropped; one that overlaps others in any other way makes the whole datagram unbelievable (RFC 5722 says why,
 * for IPv6), and so does any word on its end that contradicts another. Such a datagram, or one that is too long for a buffer,
 * is remembered without a buffer for the rest of its time, so that what still comes of it is no beginning of another one.
 */
#ifndef JOS_KERN_DP_REASS_H
#define JOS_KERN_DP_REASS_H

#include <inc/ix.h>
#include <inc/lwip_protocol.h>

struct buf;
struct dp;
struct packet;

enum {
	DATAGRAMS = 16,
	REASS_AT = 14 + 20,                     /* where the payload begins in the buffer */
	REASS_MAX = IX_BUFSIZE - REASS_AT,      /* bytes of it */
	REASS_BLOCK = 8,                        /* fragments begin at multiples of it */
	REASS_BLOCKS = (REASS_MAX + REASS_BLOCK - 1) / REASS_BLOCK,
	/*
	 * What RFC 1122 recommends at least. A long time is dear only where memory waits with it, or an identification comes
	 * around again (RFC 4963): here the oldest goes anyway when many others have begun, and checksums are looked at.
	 */
	LIFETIME_US = IP_REASS_MAXAGE * 1000000,
};

/* One in progress. Its source, protocol and identification are its name; they are 0, as all the rest, when it is free. */
struct datagram {
	uint64_t since_us;       /* when its first fragment came */
	uint32_t src;            /* network byte order */
	uint16_t id;
	uint8_t proto;
	bool used;
	uint64_t *refused;       /* the counter that says why, or NULL */
	struct buf *buf;         /* NULL: it is refused */
	uint16_t nfragments;     /* that lie in buf */
	uint16_t held;           /* bytes, of them */
	uint16_t end;            /* of the one that reaches furthest */
	uint16_t total;          /* bytes of the whole, once the last fragment has come; or 0 */
	uint8_t block[REASS_BLOCKS];
};

struct reass {
	struct datagram datagram[DATAGRAMS];
	uint32_t nused;
};

void reass_in(struct dp *dp, struct packet *pk); /* a fragment for us, by a good header; it is the callee's */
void reass_tick(struct dp *dp);                  /* from time to time: those whose time is over */
void reass_forget(struct dp *dp);                /* all */

/* reass_whole.c: `len` bytes behind the headers' room in b are complete. It goes on as a frame does. */
void reass_whole(struct dp *dp, struct buf *b, uint32_t len);
/* reass_late.c: its time is over; if its beginning has come, its sender is told. */
void reass_tell(struct dp *dp, const struct datagram *d);

#endif
