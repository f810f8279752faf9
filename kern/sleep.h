/* SPDX-License-Identifier: MIT */
/* Environments that wait for a point in time (ENV_WAIT_TIME). With the big lock. */
#ifndef JOS_KERN_SLEEP_H
#define JOS_KERN_SLEEP_H

#include <inc/types.h>

void sleep_until(uint32_t ms) __attribute__((noreturn)); /* the current env goes on when clock_ms() has got there */
void sleep_wake(void);         /* make those ready whose time has come; the scheduler calls it at each turn */
void sleep_watch(void);        /* a CPU was reserved, or somebody sleeps who has one: see that another one wakes the sleepers */
uint32_t sleep_us_left(void);  /* until the next one's time comes; 0 if nobody sleeps */

#endif
