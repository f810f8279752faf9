/* SPDX-License-Identifier: MIT */
/*
 * lwIP's globals on the machine. Makefrag puts them in two sections of their own. What a page directory maps there lies in the
 * sections while that directory is loaded, and in its window else.
 */
#include "dp_machine_priv.h"

#include <sanitizer/asan_interface.h>

#include <kern/env.h>

extern char __start_lwip_data[], __stop_lwip_data[], __start_lwip_bss[], __stop_lwip_bss[];

static struct window {
	bool installed;
	char *data, *bss;
} windows[MACHINE_THREADS];
static char *image; /* what initialised variables begin with */
static int seen;    /* whose window is in the sections */

static size_t data_size(void) { return __stop_lwip_data - __start_lwip_data; }
static size_t bss_size(void) { return __stop_lwip_bss - __start_lwip_bss; }

static void may_touch_window(bool may)
{
	if (may) {
		ASAN_UNPOISON_MEMORY_REGION(__start_lwip_data, data_size());
		ASAN_UNPOISON_MEMORY_REGION(__start_lwip_bss, bss_size());
	} else {
		ASAN_POISON_MEMORY_REGION(__start_lwip_data, data_size());
		ASAN_POISON_MEMORY_REGION(__start_lwip_bss, bss_size());
	}
}

static void put_window_aside(void)
{
	struct window *w = &windows[seen];

	if (!w->installed)
		return;
	memcpy(w->data, __start_lwip_data, data_size());
	memcpy(w->bss, __start_lwip_bss, bss_size());
}

static void see(int thread)
{
	struct window *w = &windows[thread];

	seen = thread;
	may_touch_window(w->installed);
	if (!w->installed)
		return;
	memcpy(__start_lwip_data, w->data, data_size());
	memcpy(__start_lwip_bss, w->bss, bss_size());
}

int window_install(struct dp *dp)
{
	struct window *w = &windows[thread_of(dp->env->env_pgdir)];

	if (!w->data) {
		w->data = malloc(data_size());
		w->bss = malloc(bss_size());
	}
	memcpy(w->data, image, data_size());
	memset(w->bss, 0, bss_size());
	w->installed = true;
	if (w == &windows[seen])
		see(seen);
	return 0;
}

void window_remove(struct dp *dp)
{
	int thread = thread_of(dp->env->env_pgdir);

	windows[thread].installed = false;
	if (thread == seen)
		see(thread);
}

void window_see(int thread)
{
	if (thread == seen)
		return;
	put_window_aside();
	see(thread);
}

int window_seen(void) { return seen; }

void windows_init(void)
{
	may_touch_window(true);
	if (!image) {
		image = malloc(data_size());
		memcpy(image, __start_lwip_data, data_size());
	}
	for (int i = 0; i < MACHINE_THREADS; i++)
		windows[i].installed = false;
	see(0);
}
