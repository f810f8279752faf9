/* SPDX-License-Identifier: MIT */
/* What the boot arguments nicN= and macN= say of NIC N. The contract is netdev.h. */
#include <inc/stdio.h>
#include <inc/string.h>

#include <kern/bootarg.h>
#include <kern/dev/netdev.h>

static bool parse_mac(const char *s, uint8_t mac[6])
{
	for (int i = 0; i < 6; i++) {
		char *end;
		long byte = strtol(s, &end, 16);
		if (end == s || byte < 0 || byte > 255 || *end != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = byte;
		s = end + 1;
	}
	return !(mac[0] & 1);
}

static void read_arguments(struct netdev *nd, int n)
{
	char key[8];
	uint8_t mac[6];

	snprintf(key, sizeof(key), "nic%d", n);
	const char *side = bootarg(key);
	if (side && strcmp(side, "lab6") == 0)
		nd->reserved = NETDEV_LAB6;
	else if (side && strcmp(side, "dp") == 0)
		nd->reserved = NETDEV_DP;
	else if (side)
		cprintf("%s=%s: neither lab6 nor dp\n", key, side);

	snprintf(key, sizeof(key), "mac%d", n);
	const char *text = bootarg(key);
	if (text && parse_mac(text, mac))
		memcpy(nd->mac, mac, sizeof(mac));
	else if (text)
		cprintf("%s=%s: not an address\n", key, text);
}

void netdev_read_arguments(void)
{
	for (int n = 0; n < nnetdevs; n++)
		read_arguments(&netdevs[n], n);
}
