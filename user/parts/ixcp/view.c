/* SPDX-License-Identifier: MIT */
/*
 * The live view: a table on a terminal of 80 columns, each time drawn over the last one.
 *
 *   ixcp   elastic, every 20 ms; CPUs reserved: 2; changes: 1
 *
 *   net cpu thread  busy              queue    frames/s    events/s    flows  groups
 *     0   3      0  #######....  61%     12      41,210      20,604       32      64
 *     0   2      1  ######.....  55%     10      40,996      20,498       32      64
 *       net0: 2 CPUs, 1 to 4 allowed; added a CPU: busy
 *       net0: 12 frames dropped
 */
#include <inc/stdio.h>
#include <inc/string.h>

#include "ixcp.h"

enum { BAR = 11, NUMBER_MAX = 32 };
#define SILENT "no response" /* as long as a bar */
_Static_assert(sizeof(SILENT) == BAR + 1, "rows have one width");

#define HOME "\033[H"       /* ECMA-48: cursor to the upper left */
#define CLEAR "\033[2J"     /* all of the screen */
#define REST "\033[K"       /* from the cursor to the line's end */
#define BELOW "\033[J"      /* from the cursor to the screen's end */
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

void view_begin(void) { cprintf(CLEAR); }

/* With a comma at each third digit. */
static const char *number(char *text, uint64_t n)
{
	char digits[NUMBER_MAX];
	int len = snprintf(digits, sizeof(digits), "%llu", n), at = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return text;
}

static const char *bar(char *text, uint32_t permille)
{
	uint32_t full = (permille * BAR + 500) / 1000;

	for (uint32_t i = 0; i < BAR; i++)
		text[i] = i < full ? '#' : '.';
	text[BAR] = '\0';
	return text;
}

/* What was there when the table was drawn last: rates are over the time since. */
static struct {
	unsigned ms;
	struct ix_stat stat[CPUS];
} drawn;

static uint32_t per_second(uint64_t now, uint64_t before)
{
	uint32_t n = now - before, ms = MAX(sys_time_msec() - drawn.ms, 1u);

	return n < 1000000 ? n * 1000 / ms : n / ms * 1000;
}

static void draw_cpu(const struct watch *w, const struct plane_watch *p, uint32_t at)
{
	int cpu = p->cpu_of[at];
	const struct ix_stat *now = &w->cpu[cpu].now, *before = &drawn.stat[cpu];
	uint32_t busy = busy_between(now, before);
	char load[BAR + 1], frames[NUMBER_MAX], events[NUMBER_MAX], flows[NUMBER_MAX];

	cprintf("%3u %3u %6u  %s %3u%%  %5u  %10s  %10s  %7s  %6u" REST "\n", (unsigned)now->nic, cpu, (unsigned)now->thread,
		now->unresponsive ? SILENT : bar(load, busy), (busy + 5) / 10, p->view.cpu[at].queue, number(frames, per_second(now->rx_frames, before->rx_frames)),
		number(events, per_second(now->events, before->events)), number(flows, now->flows), (unsigned)now->groups);
}

/* By the CPUs that serve now, since they began; what was never meant for us apart. */
static uint64_t dropped_frames(const struct watch *w, const struct plane_watch *p)
{
	uint64_t n = 0;

	for (uint32_t at = 0; at < p->view.n; at++) {
		const struct ix_stat *s = &w->cpu[p->cpu_of[at]].now;
#define ADD(name, what) n += strncmp(#name, "drop_", 5) == 0 ? s->name : 0;
		IX_COUNTERS(ADD)
#undef ADD
		n -= s->drop_rx_type;
	}
	return n;
}

static void draw_plane(const struct watch *w, int nic)
{
	const struct plane_watch *p = &w->plane[nic];

	for (uint32_t at = 0; at < p->view.n; at++)
		draw_cpu(w, p, at);
	cprintf("    net%d: %u CPU%s, %u to %u allowed%s%s" REST "\n", nic, p->view.n, p->view.n == 1 ? "" : "s", p->least, p->most,
		p->last[0] ? "; " : "", p->last);
	char text[NUMBER_MAX];
	uint64_t dropped = dropped_frames(w, p);
	if (dropped)
		cprintf("    net%d: %s frames dropped" REST "\n", nic, number(text, dropped));
	cprintf(REST "\n");
}

static uint32_t nreserved(const struct watch *w)
{
	uint32_t n = 0;

	for (int cpu = 0; cpu < CPUS; cpu++)
		n += w->cpu[cpu].reserved;
	return n;
}

void view_draw(const struct watch *w)
{
	cprintf(HOME BOLD "ixcp" PLAIN "   %s, every %u ms; CPUs reserved: %u; changes: %u" REST "\n" REST "\n", w->policy->name,
		w->interval_ms, nreserved(w), w->changes);
	cprintf(BOLD "net cpu thread  busy              queue    frames/s    events/s    flows  groups" PLAIN REST "\n");
	for (int nic = 0; nic < NICS; nic++) {
		if (w->plane[nic].view.n)
			draw_plane(w, nic);
	}
	if (!nreserved(w))
		cprintf("    no program is on a dataplane" REST "\n");
	cprintf(BELOW);
	for (int cpu = 0; cpu < CPUS; cpu++)
		drawn.stat[cpu] = w->cpu[cpu].now;
	drawn.ms = sys_time_msec();
}
