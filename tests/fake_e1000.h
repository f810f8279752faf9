/* SPDX-License-Identifier: MIT */
/*
 * An 8254x that behaves as the manual says, one step at a time: nothing is received or sent until the test
 * asks for it. It checks what drivers must never do: move a tail while the unit is off, or out of the ring.
 */
#ifndef TESTS_FAKE_E1000_H
#define TESTS_FAKE_E1000_H

#include "fake_machine.h"

struct fake_sent {
	uint32_t bytes;
	int pieces;
	uint32_t options;          /* POPTS of its first descriptor, in place */
	uint32_t context[2];       /* the checksum context in force */
};

struct fake_e1000 {
	uint32_t reg[0x20000 / 4];
	uint8_t mac[6];
	unsigned rdt_writes, tdt_writes, rctl_writes, resets;
	uint32_t tx_context[2];
	unsigned contexts;         /* context descriptors seen */
	struct fake_sent last_sent;
};
extern struct fake_e1000 fake_e1000;

void fake_e1000_init(const uint8_t mac[6]); /* a device after power-on, attached to the fake machine */
uint32_t fake_e1000_reg(uint32_t offset);   /* without the side effects of a read */

/* A frame of `len` bytes, each `fill`, into as many descriptors as it needs, or false: there are too few. */
bool fake_e1000_receive(uint8_t fill, uint32_t len, uint8_t errors);
/* The next descriptor only: a piece of a frame. */
bool fake_e1000_receive_piece(uint8_t fill, uint32_t len, uint8_t errors, bool last);
bool fake_e1000_transmit(void); /* the next frame; false when the ring is empty */

#endif
