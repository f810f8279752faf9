/* SPDX-License-Identifier: MIT */
/*
 * Flow groups on the move between CPUs. The control side says where a group shall be (plane->want); the CPU that has it
 * hands it over by itself, when its program has seen all that there was to tell of the group's flows:
 *
 *      source's CPU                                         target's CPU
 *   1. hold back events of the group's flows
 *   2. write the NIC's table: new frames go there  ------>  frames for a group that is not here yet are parked
 *   3. run what the own ring holds; nothing else comes
 *   4. wait until the NIC has read all that was sent
 *   5. give the group away: plane->groups[].owner = NULL
 *      push it on the target's list, ask the target  ---->  6. adopt it: owner = target, flows pend to tell `moved`
 *                                                           7. run the parked frames, in order
 *                         buffers in return  <------------  8. as many free buffers as came with the flows
 *
 * No TCP state is copied, nothing is lost, and nothing changes its order. doc/CPUS.md draws it, tests/model/ checks it.
 */
#ifndef JOS_KERN_DP_MOVE_H
#define JOS_KERN_DP_MOVE_H

#include <kern/dp/dataplane.h>

/* On the group's CPU. `safe`: the program waits, and has seen the results of its calls. */
void groups_leave(struct dp *dp, bool safe);     /* those that are wanted elsewhere, if they can; else dp->asked stays */
void groups_leave_at_once(struct dp *dp);        /* all, whatever the program is at; with the big lock */
void groups_adopt(struct dp *dp);                /* those that came */
void group_adopt(struct dp *dp, struct fgroup *g); /* one that nobody has */

/*
 * exchange.c. A frame for a group that is not here is parked, if that is on its way to us. Of one who leaves at once, parked
 * frames are handed on: with the lock of the table, to those whom it names now. frames_take puts what was handed to us before
 * what is parked; false: nothing was. frames_run is for when groups have come, or frames.
 * frame_hand is for a frame of which the NIC did not know whose it is: it was put together from fragments (reass.h). It goes to whom
 * the table names; false: that is us, and it stays here.
 */
void frame_park(struct dp *dp, struct fgroup *g, struct buf *b, uint32_t len, uint16_t flags);
void frames_run(struct dp *dp);
void frames_hand_on(struct dp *dp);
bool frame_hand(struct dp *dp, struct fgroup *g, struct buf *b, uint32_t len, uint16_t flags);
bool frames_take(struct dp *dp);
void frames_forget(struct dp *dp);               /* drop what is parked */
void frame_unpark(struct dp *dp, struct buf *b); /* rx.c: run it */
struct fgroup *frame_group(struct dp *dp, const struct buf *b); /* rx_tcp.c: whose it is */

/* Buffers from one thread's pool to another's; as many free ones come back, if there are so many to spare. How many did. */
void buf_leave(struct dp *dp, struct buf *b);
void buf_arrive(struct dp *dp, struct buf *b);
uint32_t bufs_return(struct dp *dp, struct dp *to, uint32_t n);
void bufs_take_returned(struct dp *dp);

#endif
