/* SPDX-License-Identifier: MIT */
/*
 * A NIC of a test's own making, behind netdev.h. Frames that a test hands in are copied to the buffers that the
 * dataplane gave, the rest of which stays poisoned. What the dataplane sends waits here for the test, with the
 * checksums that the NIC was asked for. While `hold` is set, the NIC reads nothing and finishes nothing.
 *
 * With several queues it spreads TCP by its hash and table, as the real ones do.
 */
#ifndef TESTS_DP_NIC_H
#define TESTS_DP_NIC_H

#include "dp_machine.h"

enum { NIC_FRAME_MAX = 2048, NIC_SENT_MAX = 4096 };

struct nic_frame {
	uint32_t len;
	uint8_t queue;
	int npieces;
	struct tx_frag piece[TX_FRAGS_MAX]; /* where the bytes came from */
	uint8_t bytes[NIC_FRAME_MAX];
};

extern struct nic {
	bool hold;
	uint64_t hold_until_us;     /* 0: for as long as the test says; looked at when the dataplane looks */
	bool refuse_start;
	bool reads_anything;        /* the program gives back what it still sends: its own bytes suffer, and nobody else */
	bool running, may_interrupt;
	bool cause;                 /* a frame came to queue 0 since interrupts were last allowed, which forgets earlier ones */
	void (*before_interrupts)(void); /* what happens just before they are allowed; for the next time only */
	uint32_t sent_in, sent_out; /* frames that left, and that a test has taken; free-running */
	uint32_t last_rx_buf;       /* the buffer that the last frame went to */
	physaddr_t last_rx_pa;      /* where its descriptor said that it is */
	uint64_t no_buffer;         /* frames that found none */
	uint8_t table[RSS_TABLE_SIZE];
} nic;

void nic_init(int max_queues); /* netdevs[0] */
void nic_read_anything(void); /* from now on no byte of a buffer is poisoned: the program may name any, as data or as a list */
bool nic_receive(const void *frame, uint32_t len, uint16_t flags); /* false: no buffer */
int nic_queue_of(const void *frame, uint32_t len);                /* where it would go to */
uint32_t nic_waiting(int queue);                                  /* frames in its receive ring that nobody has taken */
void nic_transmit(void);                                          /* what was flushed leaves now */
void nic_transmit_some(int queue, uint32_t nframes);              /* at most so many, of one queue */
const struct nic_frame *nic_sent(void);                           /* the next that left; NULL: no more */

#endif
