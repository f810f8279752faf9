/* SPDX-License-Identifier: MIT */
/* What tcp.c, tcp_time.c, tcp_new.c, tcp_cookie.c, tcp_note.c and tcp_call.c share: together they are the one module around lwIP. */
#ifndef JOS_KERN_DP_TCP_PRIV_H
#define JOS_KERN_DP_TCP_PRIV_H

#include <kern/dp/tcp.h>

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

enum { DEFAULT_TTL = 64 };
enum { EXT_ID = 0 }; /* of our extra argument to PCBs: their flow; in a listener's: the door */

/*
 * tcp.c: lwIP may be called between these two. `abort_reason`: what it means if it gives up a flow
 * meanwhile.
 */
void lwip_enter(struct fgroup *g, uint32_t bucket, int abort_reason);
void lwip_leave(struct fgroup *g);
void lwip_segment(struct dp *dp, struct pbuf *p, const struct tuple *t); /* consumes p, which begins with TCP's header */
enum { BUCKET_NONE = 0 }; /* of dp->own: for listeners, ARP and ICMP, which need no flow */
struct tcp_pcb *pcb_find(struct tcp_pcb *list, const struct tuple *t);

/* tcp_new.c: may this segment go on to lwIP? */
bool segment_is_welcome(struct fgroup *g, uint32_t bucket, const struct pbuf *p, const struct segment *seg);

/*
 * tcp_cookie.c: SYN cookies (RFC 4987, section 3.6). A SYN for which the backlog has no place is answered with a sequence
 * number that stands for the connection, and then forgotten. An ACK of that number is proof: the SYN is made up once more,
 * and lwIP, given that number, takes the handshake from there.
 */
void answer_with_cookie(struct dp *dp, const struct pbuf *syn, const struct segment *seg);
uint16_t cookie_in(struct dp *dp, const struct pbuf *ack, const struct segment *syn); /* the MSS in it; 0: it is none */
/* lwIP's answer to that SYN is not sent, as netif.c sees by dp->resuming: the peer has one. */
void resume_from_cookie(struct fgroup *g, uint32_t bucket, const struct pbuf *ack, const struct segment *syn, uint16_t mss);

/*
 * lwIP counts those that nobody has accepted in 8 bits, which is enough for one CPU's. When flows of several come together
 * there may be more: those beyond are not counted.
 */
static inline bool door_can_count(const struct tcp_pcb_listen *lpcb) { return lpcb && lpcb->accepts_pending < 0xff; }

/* tcp_note.c */
extern const struct tcp_ext_arg_callbacks pcb_callbacks, door_callbacks;
void flow_adopt(struct flow *f, struct tcp_pcb *pcb); /* they belong together */
void flow_end(struct flow *f);                        /* TCP is done with it */
void pcb_set_callbacks(struct tcp_pcb *pcb);
err_t on_knock(void *arg, struct tcp_pcb *pcb, err_t err);
err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err);

#endif
