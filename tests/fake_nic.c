/* SPDX-License-Identifier: MIT */
/* See fake_nic.h. */
#include "fake_nic.h"

#include <kern/dev/e1000.h>
#include <kern/dev/igb.h>

struct fake_nic fake_nic;

#define REG(offset) fake_nic.reg[(offset) / 4]

uint32_t fake_nic_reg(uint32_t offset) { return REG(offset); }

static uint32_t reg_read(uint32_t offset)
{
	uint32_t value = REG(offset);

	if (offset == E1000_ICR || offset == IGB_ICR)
		REG(offset) = 0;
	return value;
}

/* Everything is off, and the address is read from the device's memory. */
static void device_reset(void)
{
	const uint8_t *mac = fake_nic.mac;

	memset(fake_nic.reg, 0, sizeof fake_nic.reg);
	REG(E1000_RAL) = mac[0] | mac[1] << 8 | mac[2] << 16 | (uint32_t)mac[3] << 24;
	REG(E1000_RAH) = mac[4] | mac[5] << 8 | E1000_RAH_AV;
	fake_nic.resets++;
}

/* One register sets bits of a mask, another clears them; a cause is cleared by writing it. */
static bool write_bits(uint32_t offset, uint32_t value)
{
	static const struct { uint32_t at, set; } clear[] = {
		{ E1000_IMC, E1000_IMS }, { IGB_IMC, IGB_IMS }, { IGB_EIMC, IGB_EIMS },
		{ E1000_ICR, E1000_ICR }, { IGB_ICR, IGB_ICR }, { IGB_EICR, IGB_EICR },
	};

	for (size_t i = 0; i < ARRAY_SIZE(clear); i++) {
		if (clear[i].at == offset) {
			REG(clear[i].set) &= ~value;
			return true;
		}
	}
	if (offset != E1000_IMS && offset != IGB_IMS && offset != IGB_EIMS)
		return false;
	REG(offset) |= value;
	return true;
}

static void reg_write(uint32_t offset, uint32_t value)
{
	fake_nic.last_write = offset;
	if (offset == E1000_CTRL && (value & E1000_CTRL_RST))
		device_reset();
	else if (!write_bits(offset, value))
		REG(offset) = value | (offset == IGB_MDIC ? (uint32_t)IGB_MDIC_READY : 0);
}

void fake_nic_init(const uint8_t mac[6])
{
	static const struct fake_device device = { reg_read, reg_write };

	memset(&fake_nic, 0, sizeof fake_nic);
	memcpy(fake_nic.mac, mac, 6);
	fake_device_set(&device);
	fake_conf[1] = 1 << 20;                             /* there is a list of capabilities, */
	fake_conf[0x34 / 4] = 0x50;
	fake_conf[0x50 / 4] = 0x05 | FAKE_MSIX_AT << 8;     /* with some other one before ours */
	fake_conf[FAKE_MSIX_AT / 4] = 0x11 | (FAKE_MESSAGES - 1) << 16;
	fake_conf[FAKE_MSIX_AT / 4 + 1] = 3;                /* at the start of base address 3 */
}
