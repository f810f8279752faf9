/* SPDX-License-Identifier: MIT */
/* See fake_e1000.h. */
#include "fake_e1000.h"

#include <kern/dev/e1000.h>
#include <kern/dev/intel.h>
#include <kern/dev/intel.h>

enum { BUF_SIZE = 2048 };

struct fake_e1000 fake_e1000;

#define REG(offset) fake_e1000.reg[(offset) / 4]

uint32_t fake_e1000_reg(uint32_t offset)
{
	return REG(offset);
}

static uint32_t reg_read(uint32_t offset)
{
	uint32_t value = REG(offset);

	if (offset == E1000_ICR)
		REG(E1000_ICR) = 0;
	return value;
}

/* As a real one: everything is off. The MAC address stays in the EEPROM. */
static void device_reset(void)
{
	memset(fake_e1000.reg, 0, sizeof fake_e1000.reg);
	fake_e1000.resets++;
}

static void read_eeprom(uint32_t command)
{
	uint32_t word = command >> E1000_EERD_ADDR_SHIFT & 0xFF;
	const uint8_t *mac = fake_e1000.mac;

	assert_true((command & E1000_EERD_START) && word < 3);
	uint32_t data = mac[2 * word] | mac[2 * word + 1] << 8;
	REG(E1000_EERD) = data << E1000_EERD_DATA_SHIFT | E1000_EERD_DONE;
}

static void check_tail(uint32_t control, uint32_t length, uint32_t value)
{
	assert_true(REG(control) & E1000_RCTL_EN); /* TCTL's bit is the same */
	assert_true(value < REG(length) / INTEL_DESC_SIZE);
}

static void reg_write(uint32_t offset, uint32_t value)
{
	if (offset == E1000_CTRL && (value & E1000_CTRL_RST)) {
		device_reset();
		return;
	}
	if (offset == E1000_EERD) {
		read_eeprom(value);
		return;
	}
	if (offset == E1000_IMS || offset == E1000_IMC) {
		REG(E1000_IMS) = offset == E1000_IMS ? REG(E1000_IMS) | value : REG(E1000_IMS) & ~value;
		return;
	}
	if (offset == E1000_RDT && (REG(E1000_RCTL) || value)) {
		check_tail(E1000_RCTL, E1000_RDLEN, value);
		fake_e1000.rdt_writes++;
	}
	if (offset == E1000_TDT && (REG(E1000_TCTL) || value)) {
		check_tail(E1000_TCTL, E1000_TDLEN, value);
		fake_e1000.tdt_writes++;
	}
	fake_e1000.rctl_writes += offset == E1000_RCTL;
	REG(offset) = value;
}

void fake_e1000_init(const uint8_t mac[6])
{
	static const struct fake_device device = { reg_read, reg_write };

	memset(&fake_e1000, 0, sizeof fake_e1000);
	memcpy(fake_e1000.mac, mac, 6);
	fake_device_set(&device);
}

static uint32_t ring_size(uint32_t length)
{
	return REG(length) / INTEL_DESC_SIZE;
}

/* Descriptors that the device may use. */
static uint32_t rx_room(void)
{
	if (!(REG(E1000_RCTL) & E1000_RCTL_EN))
		return 0;
	return (REG(E1000_RDT) + ring_size(E1000_RDLEN) - REG(E1000_RDH)) % ring_size(E1000_RDLEN);
}

bool fake_e1000_receive_piece(uint8_t fill, uint32_t len, uint8_t errors, bool last)
{
	if (rx_room() == 0)
		return false;
	struct e1000_rx_desc *ring = KADDR(REG(E1000_RDBAL)), *d = &ring[REG(E1000_RDH)];

	memset(KADDR(d->addr), fill, len);
	d->length = len;
	d->errors = errors;
	d->status = E1000_RXD_DD | (last ? E1000_RXD_EOP : 0);
	REG(E1000_RDH) = (REG(E1000_RDH) + 1) % ring_size(E1000_RDLEN);
	REG(E1000_ICR) |= E1000_INT_RXT0;
	return true;
}

bool fake_e1000_receive(uint8_t fill, uint32_t len, uint8_t errors)
{
	if (rx_room() < (len + BUF_SIZE - 1) / BUF_SIZE)
		return false;
	for (; len > BUF_SIZE; len -= BUF_SIZE)
		fake_e1000_receive_piece(fill, BUF_SIZE, errors, false);
	return fake_e1000_receive_piece(fill, len, errors, true);
}

static void send_piece(struct fake_sent *sent, const struct intel_tx_desc *d)
{
	KADDR(d->where[0]); /* is it memory? */
	if (sent->pieces++ == 0) {
		sent->options = d->status & (INTEL_TXD_IXSM | INTEL_TXD_TXSM);
		memcpy(sent->context, fake_e1000.tx_context, sizeof sent->context);
	}
	sent->bytes += d->command & 0xFFFFF;
}

/* One descriptor; true when it ended a frame. */
static bool send_desc(struct fake_sent *sent, struct intel_tx_desc *d)
{
	assert_true(d->command & INTEL_TXD_DEXT);
	assert_false(d->status & INTEL_TXD_DD);
	if (!(d->command & E1000_TXD_DATA)) {
		memcpy(fake_e1000.tx_context, d->where, sizeof d->where);
		fake_e1000.contexts++;
		return false;
	}
	send_piece(sent, d);
	bool ends = d->command & INTEL_TXD_EOP;
	assert_int_equal(ends, !!(d->command & INTEL_TXD_RS)); /* write-backs cost: one for each frame */
	if (ends)
		d->status |= INTEL_TXD_DD;
	return ends;
}

bool fake_e1000_transmit(void)
{
	struct intel_tx_desc *ring = KADDR(REG(E1000_TDBAL));
	struct fake_sent sent = { 0 };
	bool ended = false;

	while (!ended && (REG(E1000_TCTL) & E1000_TCTL_EN) && REG(E1000_TDH) != REG(E1000_TDT)) {
		ended = send_desc(&sent, &ring[REG(E1000_TDH)]);
		REG(E1000_TDH) = (REG(E1000_TDH) + 1) % ring_size(E1000_TDLEN);
	}
	if (ended)
		fake_e1000.last_sent = sent;
	return ended;
}
