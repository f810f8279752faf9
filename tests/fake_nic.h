/* SPDX-License-Identifier: MIT */
/*
 * The registers of an 82574L or 82576, as far as drivers read back what they wrote. It moves no frames: tests play
 * the device's part in the rings' memory. Its messages are fake_msix, four words each; fake_conf announces them.
 */
#ifndef TESTS_FAKE_NIC_H
#define TESTS_FAKE_NIC_H

#include "fake_machine.h"

enum { FAKE_MSIX_AT = 0x70, FAKE_MESSAGES = 5 };

struct fake_nic {
	uint32_t reg[0x20000 / 4];
	uint8_t mac[6];
	unsigned resets;
	uint32_t last_write;       /* the register's offset */
};
extern struct fake_nic fake_nic;

void fake_nic_init(const uint8_t mac[6]); /* a device after power-on, attached to the fake machine */
uint32_t fake_nic_reg(uint32_t offset);   /* without the side effects of a read */

#endif
