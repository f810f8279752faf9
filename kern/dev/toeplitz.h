/* SPDX-License-Identifier: MIT */
/*
 * The hash by which network controllers spread frames over their queues (RSS): software's own, equal to theirs bit
 * for bit. It is linear: the hash of a tuple is the exclusive or of its parts' hashes, each at its own place.
 */
#ifndef JOS_KERN_DEV_TOEPLITZ_H
#define JOS_KERN_DEV_TOEPLITZ_H

#include <kern/dev/netdev.h>

extern const uint8_t toeplitz_key[RSS_KEY_SIZE]; /* the one that Microsoft's test vectors use */

/* Of `len` bytes that lie at byte `at` of the input; at + len is at most RSS_KEY_SIZE - 4. */
uint32_t toeplitz(const uint8_t *key, const void *data, uint32_t at, uint32_t len);

/* Of a TCP or UDP packet over IPv4. All fields as they are in the packet: in network byte order. */
uint32_t toeplitz_ports4(const uint8_t *key, uint32_t src, uint32_t dst, uint16_t src_port, uint16_t dst_port);

bool rss_table_is_good(const uint8_t *table, int nqueues); /* does every entry name one of the queues? */

#endif
