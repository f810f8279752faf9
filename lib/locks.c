/* SPDX-License-Identifier: MIT */
/* The locks of libjos, in one place because fork() needs them all. */
#include <lib/private.h>

struct mutex threads_lock, fds_lock, heap_lock;

static struct mutex *const all[] = { &threads_lock, &fds_lock, &heap_lock };

static bool heap_is_broken;

bool heap_take(void)
{
	if (mutex_lock(&heap_lock) < 0)
		heap_is_broken = true;
	return !heap_is_broken;
}

void locks_take(void)
{
	mutex_lock(&threads_lock);
	mutex_lock(&fds_lock);
	heap_take();
}

void locks_release(void)
{
	for (size_t i = ARRAY_SIZE(all); i-- > 0;)
		mutex_unlock(all[i]);
}

void locks_reset(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		*all[i] = (struct mutex){ 0 };
}
