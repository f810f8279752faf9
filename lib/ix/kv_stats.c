/* SPDX-License-Identifier: MIT */
/* The lines of `stats` (inc/kv_server.h). */
#include <inc/kv_server.h>

struct report {
	void (*fn)(void *arg, const char *name, const char *value);
	void *arg;
};

static void report_number(const struct report *to, const char *name, uint64_t n)
{
	char digits[24];

	digits[kv_format_u64(digits, n)] = '\0';
	to->fn(to->arg, name, digits);
}

void kv_stats(const struct kv_counters *counters, uint32_t uptime, uint32_t epoch,
	      void (*fn)(void *arg, const char *name, const char *value), void *arg)
{
	const struct kv_store_stat *store = kv_store_stat();
	const struct report to = { fn, arg };

	report_number(&to, "pid", 1);
	report_number(&to, "uptime", uptime);
	report_number(&to, "time", (uint64_t)epoch + uptime);
	fn(arg, "version", KV_VERSION);
	report_number(&to, "pointer_size", 32);
	report_number(&to, "threads", 1);
#define REPORT(name) report_number(&to, #name, counters->name);
	KV_SERVER_COUNTERS(REPORT)
#undef REPORT
#define REPORT(name) report_number(&to, #name, store->name);
	KV_STORE_COUNTERS(REPORT)
#undef REPORT
}
