/* SPDX-License-Identifier: MIT */
/*
 * A memcached server over the event layer, text and binary protocol. Values are copied once, from the receive
 * buffers into the store, and are sent from there. The program attaches, starts it, listens and waits:
 * user/ixkv.c.
 */
#ifndef JOS_INC_KV_SERVER_H
#define JOS_INC_KV_SERVER_H

#include <inc/ixev.h>
#include <inc/kv_store.h>

/* What ixev_init takes. At most max_conns connections at a time (0: as memory allows); others are reset. */
struct ixev_conn_ops *kv_server(unsigned max_conns);

/* After ixev_attach: make the store (kv_store_init), and keep its clock from now on. Or an error. */
int kv_server_start(uint32_t limit, uint32_t epoch);

/* The server's own counts: X(name among the statistics). */
#define KV_SERVER_COUNTERS(X)                                                                          \
	X(curr_connections) X(total_connections) X(rejected_connections)                               \
	X(cmd_get) X(cmd_set) X(cmd_flush) X(cmd_touch)                                                \
	X(get_hits) X(get_misses) X(delete_hits) X(delete_misses) X(incr_hits) X(incr_misses)          \
	X(decr_hits) X(decr_misses) X(cas_hits) X(cas_misses) X(cas_badval)                            \
	X(touch_hits) X(touch_misses) X(bytes_read) X(bytes_written)
struct kv_counters {
#define KV_FIELD_(name) uint64_t name;
	KV_SERVER_COUNTERS(KV_FIELD_)
#undef KV_FIELD_
};

/* lib/ix/kv_stats.c: report(arg, name, value) for each line of `stats`. */
void kv_stats(const struct kv_counters *counters, uint32_t uptime, uint32_t epoch,
	      void (*report)(void *arg, const char *name, const char *value), void *arg);

#endif
