/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share: one dataplane for the whole run, brought back to rest after each input, and then
 * checked for leaks; and the input as a stream of small numbers, all 0 behind its end.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <tests/dp_peer.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *fuzz_at, *fuzz_end;

static inline bool fuzz_more(void) { return fuzz_at < fuzz_end; }
static inline uint8_t fuzz8(void) { return fuzz_more() ? *fuzz_at++ : 0; }
static inline uint16_t fuzz16(void)
{
	uint16_t high = fuzz8();

	return high << 8 | fuzz8();
}
static inline uint32_t fuzz32(void)
{
	uint32_t high = fuzz16();

	return high << 16 | fuzz16();
}

/* At most `most` bytes of the input. */
static inline uint32_t fuzz_bytes(uint8_t *to, uint32_t most)
{
	uint32_t n = MIN(most, (uint32_t)(fuzz_end - fuzz_at));

	memcpy(to, fuzz_at, n);
	fuzz_at += n;
	return n;
}

static inline void fuzz_forget(void)
{
	while (nic_sent())
		;
	while (have_event())
		next_event();
}

static inline void fuzz_begin(const uint8_t *data, size_t size)
{
	if (!world)
		world_open();
	peer_announces();
	cycle();
	fuzz_forget();
	fuzz_at = data;
	fuzz_end = data + size;
}

/* Close all ports, reset all flows, let the time of TIME_WAIT pass: nothing may be left. */
static inline void fuzz_end_input(void)
{
	nic.hold = false;
	nic_transmit();
	fuzz_forget();
	reass_forget(world);
	world_unlisten();
	stack_abort_all(world);
	for (int i = 0; i < NUDP; i++) {
		if (world->udp.port[i].state == UDP_BOUND)
			uport_close(world, &world->udp.port[i]);
	}
	for (int i = 0; i < 4; i++) {
		cycle();
		fuzz_forget();
	}
	for (uint32_t id = 0; id < IX_NTIMERS; id++)
		timer_clear(world, id);
	for (int s = 0; s < 8 && (world_group->slab.bytes || world->own.slab.bytes); s++) {
		machine_us += 1000000; /* what waits for an answer to ARP is given up */
		cycle();
		fuzz_forget();
	}
	world_quiet();
}

#endif
