/* SPDX-License-Identifier: MIT */
/*
 * The network devices that drivers found, in the order of the bus scan, and who owns each: the dataplane, or
 * lab 6, or nobody. One owner at a time, for frames of one must never reach another. The big lock guards it.
 */
#include <kern/dev/netdev.h>

struct netdev netdevs[NNETDEV];
int nnetdevs;

struct netdev *netdev_register(const char *name, const struct netdev_ops *ops)
{
	if (nnetdevs == NNETDEV)
		return NULL;
	struct netdev *nd = &netdevs[nnetdevs++];
	*nd = (struct netdev){ .name = name, .ops = ops };
	return nd;
}

struct netdev *netdev_claim(int n, enum netdev_owner owner)
{
	if (n < 0 || n >= nnetdevs || netdevs[n].owner != NETDEV_FREE)
		return NULL;
	if (netdevs[n].reserved != NETDEV_FREE && netdevs[n].reserved != owner)
		return NULL;
	netdevs[n].owner = owner;
	return &netdevs[n];
}

void netdev_release(struct netdev *nd)
{
	nd->ops->stop(nd);
	nd->owner = NETDEV_FREE;
}
