/* SPDX-License-Identifier: MIT */
/*
 * Which address each NIC's dataplane has, by boot arguments:
 *
 *   ip=A   gw=A     of net0; the NICs behind it follow it by one each, and share its gateway
 *   ipN=A  gwN=A    of netN, where it hangs on another network
 */
#include <inc/stdio.h>
#include <inc/string.h>

#include <kern/bootarg.h>
#include <kern/dp/dataplane.h>

enum {
	IP_DEFAULT = 10 << 24 | 2 << 8 | 15,      /* 10.0.2.15 */
	GATEWAY_DEFAULT = 10 << 24 | 2 << 8 | 2,  /* 10.0.2.2 */
};

static struct address addresses[NNETDEV];

/* Four numbers and three dots, in host byte order; 0 if it is anything else. */
static uint32_t parse_ip(const char *s)
{
	uint32_t ip = 0;

	for (int i = 0; i < 4; i++) {
		char *end;
		long part = strtol(s, &end, 10);
		if (end == s || part < 0 || part > 255 || *end != (i < 3 ? '.' : '\0'))
			return 0;
		ip = ip << 8 | part;
		s = end + 1;
	}
	return ip;
}

static uint32_t bootarg_ip(const char *key, uint32_t otherwise)
{
	const char *text = bootarg(key);
	uint32_t ip = text ? parse_ip(text) : otherwise;

	if (ip)
		return ip;
	cprintf("%s=%s: not an address\n", key, text);
	return otherwise;
}

static uint32_t bootarg_ip_of(const char *name, int nic, uint32_t otherwise)
{
	char key[8];

	snprintf(key, sizeof(key), "%s%d", name, nic);
	return bootarg_ip(key, otherwise);
}

void addresses_init(void)
{
	uint32_t ip = bootarg_ip("ip", IP_DEFAULT), gateway = bootarg_ip("gw", GATEWAY_DEFAULT);

	for (int n = 0; n < NNETDEV; n++) {
		addresses[n].ip = bootarg_ip_of("ip", n, ip + n);
		addresses[n].gateway = bootarg_ip_of("gw", n, gateway);
	}
}

const struct address *address_of(uint32_t nic) { return &addresses[nic]; }
