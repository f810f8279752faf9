/* SPDX-License-Identifier: MIT */
/*
 * The dataplane's whole interface to programs (doc/ABI.md; after Belay et al., "IX", OSDI 2014).
 *
 * A program attaches to a reserved CPU (sys_dp_attach), then lives in one loop: it writes calls into
 * its call array, enters the kernel once with sys_run_io, and finds results in the same slots and news
 * in its event array. Numbers are in host byte order, addresses and ports included.
 */
#ifndef JOS_INC_IX_H
#define JOS_INC_IX_H

#include <inc/types.h>
#include <inc/memlayout.h>

/*
 * The reserved range. Only sys_dp_attach maps pages here; the JOS page, IPC and exofork calls refuse it.
 * It lies above 0xcafebffe and 0xdeadbeef, where programs of lab 4 map pages.
 *
 *   IXLIM     0xee000000  +------------------------------------+
 *                         |  heap: bytes to send               |  user RW, granted in units of 4 MB, pinned
 *   IX_HEAP   0xe6000000  +------------------------------------+
 *                         |  receive buffers, IX_BUFSIZE each  |  user R-, frame bytes only
 *   IX_RXBUFS 0xe2000000  +------------------------------------+
 *                         |  thread 7's events and calls       |
 *                         ~                                    ~
 *                         |  thread 0's call array             |  user RW   IX_NCALLS * 32 bytes
 *             0xe0040000  +------------------------------------+
 *                         |  thread 0's event array            |  user R-   IX_NEVENTS * 32 bytes
 *   IXBASE    0xe0000000  +------------------------------------+
 */
#define IX_NTHREADS 8
#define IX_THREAD_SPAN 0x80000
#define IX_NEVENTS 1024
#define IX_NCALLS 1024
#define IX_EVENTS(thread) ((struct ix_event *)(uintptr_t)(IXBASE + (thread)*IX_THREAD_SPAN))
#define IX_CALLS(thread) ((struct ix_call *)(uintptr_t)(IXBASE + (thread)*IX_THREAD_SPAN + IX_THREAD_SPAN / 2))
#define IX_RXBUFS (IXBASE + 0x2000000)
#define IX_BUFSIZE 2048
#define IX_HEAP (IXBASE + 0x6000000)
#define IX_HEAP_UNIT PTSIZE

#define IX_SG_MAX 16      /* pieces in one sendv */
#define IX_SEND_LOOK 0x10000 /* bytes of a piece outside heap and buffers that sendv looks at: more than it takes */
#define IX_UDP_MAX 1472   /* bytes of a datagram to send: a frame's worth, for it is not cut into fragments */
#define IX_UDP_RECV_MAX (IX_BUFSIZE - 42) /* bytes of one that comes, in one frame or in fragments: a buffer's worth */
#define IX_BACKLOG_MAX 255
#define IX_NICS 8         /* at most: numbers of NICs are below it */
#define IX_NTIMERS 256    /* timer ids are below it */

/*
 * A handle of a flow, a listener, or a UDP port:
 *                             63          32 31     24 23            0
 *                            +--------------+---------+---------------+
 *                            |  generation  |  group  |     index     |
 *                            +--------------+---------+---------------+
 * Generations start at 1 and change at each reuse, so a stale handle is refused; 0 is never a handle.
 */
typedef uint64_t ix_handle_t;
#define IX_HANDLE(gen, group, index) ((ix_handle_t)(gen) << 32 | (uint32_t)(group) << 24 | (uint32_t)(index))
#define IX_HANDLE_GEN(h) ((uint32_t)((h) >> 32))
#define IX_HANDLE_GROUP(h) ((uint32_t)(h) >> 24)
#define IX_HANDLE_INDEX(h) ((uint32_t)(h)&0xffffff)

/* One piece of memory to send. */
struct ix_sg {
	uint32_t base;
	uint32_t len;
};

/*
 * Batched calls. The kernel reads a slot once, checks it, acts, and writes `result`: 0 or a count,
 * or a negated error. One bad slot never spoils its neighbours.
 */
enum ix_op {
	IX_CALL_NONE = 0,      /* does nothing; result 0 */
	IX_CALL_LISTEN,        /* port, backlog, cookie -> handle */
	IX_CALL_UNLISTEN,      /* handle */
	IX_CALL_CONNECT,       /* cookie, ip, port -> handle; the outcome comes as IX_EV_CONNECTED */
	IX_CALL_ACCEPT,        /* handle, cookie */
	IX_CALL_REJECT,        /* handle: RST to the peer */
	IX_CALL_SENDV,         /* handle, sg array, n, flags (IX_SEND_x) -> bytes accepted, may be short */
	IX_CALL_RECV_DONE,     /* handle, bytes: credit accumulates over partial buffers */
	IX_CALL_SHUTDOWN,      /* handle: FIN after queued data; the other direction goes on */
	IX_CALL_CLOSE,         /* handle: graceful; queued data is still delivered */
	IX_CALL_ABORT,         /* handle: RST */
	IX_CALL_UDP_BIND,      /* port, cookie -> handle; IX_CALL_CLOSE ends it, with all that is lent, without an event */
	IX_CALL_UDP_SENDV,     /* handle, sg array, n, ip, port -> bytes: the whole datagram, or an error */
	IX_CALL_UDP_RECV_DONE, /* handle, address of any byte of it: one buffer goes back */
	IX_CALL_TIMER_SET,     /* id, microseconds, cookie */
	IX_CALL_TIMER_CLEAR,   /* id */
	IX_NOPS
};

struct ix_call {
	uint32_t op;        /* program to kernel */
	int32_t result;     /* kernel to program */
	ix_handle_t handle; /* program to kernel; kernel to program where the call makes one */
	union {
		uint32_t arg[4];
		struct { uint32_t port, backlog, cookie; } listen;
		struct { uint32_t cookie, ip, port; } connect;
		struct { uint32_t cookie; } accept;
		struct { uint32_t sg, n, flags; } sendv;
		struct { uint32_t bytes; } recv_done;
		struct { uint32_t port, cookie; } udp_bind;
		struct { uint32_t sg, n, ip, port; } udp_sendv;
		struct { uint32_t addr; } udp_recv_done;
		struct { uint32_t id, us, cookie; } timer;
	};
};

#define IX_SEND_CLOSE 1 /* to sendv: if all bytes are accepted, close as IX_CALL_CLOSE does, with the FIN behind the last */

/* Events, in the order in which they happened to each flow. They hold until the next sys_run_io. */
enum ix_ev {
	IX_EV_NONE = 0,
	IX_EV_KNOCK,     /* a handshake completed: accept or reject it */
	IX_EV_CONNECTED, /* an active open ended well (outcome 0) or not (a negated error; no dead event follows) */
	IX_EV_RECV,      /* in-order payload in place in the receive buffers, and perhaps the peer's FIN */
	IX_EV_SENT,      /* bytes acknowledged that no descriptor can still read; the window now open */
	IX_EV_DEAD,      /* the flow's last event: nothing reads its bytes any more, the handle is gone */
	IX_EV_MOVED,     /* the flow's group now lives on another thread's CPU */
	IX_EV_UDP_RECV,
	IX_EV_UDP_SENT,
	IX_EV_TIMER,
	IX_NEVS
};

#define IX_RECV_FIN 1 /* no more data will come; len may be 0 */

struct ix_event {
	uint32_t type;
	uint32_t cookie;    /* the flow's, from accept or connect; for a knock the listener's */
	ix_handle_t handle;
	union {
		uint32_t arg[4];
		struct { uint32_t ip; uint16_t port, local_port; } knock; /* the peer, and the port it came to */
		struct { int32_t outcome; uint32_t window; } connected;
		struct { uint32_t addr, len, flags; } recv;
		struct { uint32_t bytes, window; } sent;
		struct { int32_t reason; } dead; /* 0 closed in order, or -E_RESET, -E_TIMED_OUT, -E_ABORTED */
		struct { uint32_t addr, len, ip; uint16_t port, local_port; } udp_recv;
		struct { uint32_t bytes; } udp_sent;
		struct { uint32_t id; } timer;
	};
};

_Static_assert(sizeof(struct ix_call) == 32 && sizeof(struct ix_event) == 32, "slots are drawn in doc/ABI.md");
_Static_assert(IX_NEVENTS * 32 <= IX_THREAD_SPAN / 2 && IX_NCALLS * 32 <= IX_THREAD_SPAN / 2, "a thread's span");

/* What a program asks for when it attaches, and what it got. 0 in a field asks for the default. */
struct ix_config {
	uint32_t nic;       /* in: number of the NIC, in the order of the bus: 0 is net0 */
	uint32_t heap_size; /* in: bytes of send heap; out: rounded up to units of 4 MB */
	uint32_t nbufs;     /* in: receive buffers; out: as granted */
	uint32_t batch;     /* in: most packets a cycle (B); out: as set */
	uint32_t ip;        /* out: own address */
	uint8_t mac[6];     /* out */
	uint16_t cpu;       /* out: the CPU reserved */
	uint32_t mss;       /* out: payload bytes of a full segment */
	uint32_t window;    /* out: most bytes that one flow may have queued to send */
	uint32_t idle;      /* in: what the CPU does without work, IX_IDLE_x; out: as set */
	uint32_t thread;    /* out: which of the dataplane's threads this is; 0 made it */
};

/* Without work, the CPU looks again at once, or halts until an interrupt, or does one and after a while the other. */
enum ix_idle { IX_IDLE_DEFAULT, IX_IDLE_POLL, IX_IDLE_HALT, IX_IDLE_ADAPTIVE, IX_NIDLES };

/*
 * sys_dp_ctl(op, nic, a, b): the control plane's levers on the dataplane that has this NIC; IX_OWN is the caller's own. One env
 * at a time holds the right to use them, from IX_CTL_HOLD to its end or IX_CTL_RELEASE; others get -E_PERM. As long as nobody
 * holds it, a program and its parent may set how its own dataplane works (the first three); and a program may always ask for
 * more heap, up to its quota. While it is held, a program's further threads get CPUs from the holder only: attaching with one
 * gives them -E_NO_CPU. -E_INVAL: no such op, NIC, dataplane or value. CPUs change hands while traffic goes on: 0 says that it
 * has begun, and ix_stat of the CPUs shows what has become of it.
 */
enum ix_ctl {
	IX_CTL_BATCH = 1,  /* a: most packets a cycle */
	IX_CTL_IDLE,       /* a: IX_IDLE_x */
	IX_CTL_WATCHDOG,   /* a: microseconds without sys_run_io after which the stack runs without the program,
	                      0 for never, else 1000 or more; b: after which it is ended, 0 for never */
	IX_CTL_HOLD,       /* take the right; -E_PERM: another has it */
	IX_CTL_RELEASE,    /* give it back; all limits end with it */
	IX_CTL_RESERVE,    /* a to b CPUs are for this NIC's dataplane, now or when there is one; -E_NO_CPU: so many are
	                      not left */
	IX_CTL_ADD_CPU,    /* a: CPU or IX_ANY_CPU, for a parked thread, with its share of flow groups -> thread;
	                      -E_NO_CPU: none is free, or reserved for it; -E_AGAIN: no thread is parked */
	IX_CTL_REMOVE_CPU, /* a: CPU; its groups go to the others, its thread parks. -E_INVAL: not one of this dataplane, its
	                      first, or reserved */
	IX_CTL_GRANT,      /* a: units of 4 MB that the send heap grows by -> its units; -E_NO_MEM: quota, window or memory
	                      is used up */
	IX_CTL_QUOTA,      /* a: most units of send heap */
	IX_CTL_MOVE_GROUP, /* a: flow group, b: thread that is to have it; -E_AGAIN: that thread is parked */
};

#define IX_OWN (-1)           /* as NIC: the caller's */
#define IX_ANY_CPU (-1)
#define IX_PARKED (-2)        /* a further thread of a dataplane that is to have no CPU yet */
#define IX_FOREVER 0xffffffff /* as timeout: return only when there is news */

/*
 * Counters of one dataplane, free-running. Every frame that is not delivered is in exactly one drop_x,
 * or counted by TCP's own rules in tcp_x. IX_COUNTERS is the one list: its order is the layout.
 */
#define IX_COUNTERS(X)                                                            \
	X(cycles, "passes through the dataplane's loop")                          \
	X(busy_cycles, "passes that found work")                                  \
	X(user_returns, "times the app was given the CPU")                        \
	X(run_ios, "sys_run_io system calls")                                     \
	X(calls, "batched calls done")                                            \
	X(call_errors, "batched calls refused")                                   \
	X(events, "events delivered")                                             \
	X(rx_frames, "frames received")                                           \
	X(rx_bytes, "bytes received, headers included")                           \
	X(rx_batches, "polls that found at least one frame")                      \
	X(rx_doorbells, "writes of the receive tail register")                    \
	X(tx_frames, "frames sent")                                               \
	X(tx_bytes, "bytes sent, headers included")                               \
	X(tx_descriptors, "transmit descriptors used")                            \
	X(tx_doorbells, "writes of the transmit tail register")                   \
	X(tx_copied_bytes, "payload bytes that were copied to be sent")           \
	X(rx_copied_bytes, "payload bytes that were copied when received")        \
	X(flows_opened, "flows made")                                             \
	X(flows_closed, "flows freed")                                            \
	X(arp_requests, "ARP requests answered")                                  \
	X(drop_rx_error, "frames with a device error")                            \
	X(drop_rx_length, "frames too short or too long")                         \
	X(drop_rx_type, "frames that are neither IPv4 nor ARP, or not for us")    \
	X(drop_rx_ip, "IPv4 and ICMP packets with a bad header, checksum or sender")               \
	X(drop_rx_proto, "packets of a protocol or port that nobody serves")      \
	X(drop_rx_tcp, "TCP segments refused by the stack")                       \
	X(drop_rx_nobuf, "segments trimmed or dropped because buffers ran low")   \
	X(drop_rx_nomem, "segments dropped because memory ran out")               \
	X(drop_flows, "connections refused because flows ran out")                \
	X(drop_backlog, "handshakes put off because the backlog was full")        \
	X(drop_tx_full, "segments put off because the transmit ring was full")    \
	X(drop_tx_nomem, "segments put off because memory ran out")               \
	X(drop_tx_neigh, "packets to a neighbour whose address was not known in time") \
	X(syn_cookies, "SYNs answered with a cookie because the backlog was nearly full") \
	X(syn_resumed, "handshakes that began with a cookie, and were finished")  \
	X(tcp_rexmits, "segments sent again")                                     \
	X(timewait_reused, "TIME_WAIT flows freed for a new SYN")                 \
	X(timewait_reclaimed, "TIME_WAIT flows freed for want of memory")         \
	X(halts, "times the CPU was halted for want of work")                     \
	X(wakeups_nic, "halts that the NIC's interrupt ended")                    \
	X(wakeups_timer, "halts that the timer ended")                            \
	X(watchdog_strikes, "times the app was found not to respond")             \
	X(watchdog_ticks, "timer ticks at which it still did not")                \
	X(udp_received, "datagrams received")                                     \
	X(udp_sent, "datagrams sent")                                             \
	X(drop_rx_udp, "datagrams with a bad length or checksum")                 \
	X(drop_udp_full, "datagrams dropped because app or buffers did not keep up") \
	X(drop_rx_queue, "segments that came to the queue of another CPU")        \
	X(rx_parked, "segments that came before their flow group did")            \
	X(rx_fragments, "fragments that came")                                    \
	X(rx_reassembled, "datagrams put together from fragments")                \
	X(rx_handed, "datagrams of these that were handed to another CPU")        \
	X(drop_frag_bad, "fragments that no sender makes, by their length or place") \
	X(drop_frag_overlap, "fragments of datagrams whose fragments contradict each other") \
	X(drop_frag_twice, "fragments that had come before")                      \
	X(drop_frag_long, "fragments of datagrams longer than a receive buffer")  \
	X(drop_frag_late, "fragments whose datagram was not complete in time")    \
	X(drop_frag_oldest, "fragments of datagrams given up for newer ones, or at the end") \
	X(drop_frag_nobuf, "fragments dropped because buffers ran low")           \
	X(groups_in, "flow groups taken over from other CPUs")                    \
	X(groups_out, "flow groups handed over to other CPUs")                    \
	X(busy_us, "microseconds from the start of a pass that found work to the next") \
	X(idle_us, "microseconds after passes that found none")

#define IX_GAUGES(X)                                           \
	X(flows, "flows open, TIME_WAIT apart")                \
	X(timewait, "flows in TIME_WAIT")                      \
	X(listeners, "listeners open")                         \
	X(bufs_total, "receive buffers")                       \
	X(bufs_free, "receive buffers free")                   \
	X(bufs_ring, "receive buffers in the NIC's ring")      \
	X(bufs_app, "receive buffers lent to the app")         \
	X(bufs_stack, "receive buffers held by the stack")     \
	X(slab_bytes, "bytes of flow memory in use")           \
	X(slab_pages, "pages of flow memory")                  \
	X(batch, "most frames in a cycle")                     \
	X(idle, "idle policy: 1 poll, 2 halt, 3 adaptive")     \
	X(unresponsive, "1: the app does not respond")         \
	X(udp_ports, "UDP ports bound")                        \
	X(loans, "pages of the app lent to be sent")           \
	X(nic, "the dataplane: its NIC's place among all")     \
	X(thread, "the thread, and the NIC's queue")           \
	X(groups, "flow groups owned")                         \
	X(datagrams, "datagrams that wait for more of their fragments") \
	X(queue_depth, "frames that waited in the ring when last looked at") \
	X(queue_max, "most frames taken in one pass since then")

struct ix_stat {
#define IX_FIELD_(name, text) uint64_t name;
	IX_COUNTERS(IX_FIELD_)
	IX_GAUGES(IX_FIELD_)
#undef IX_FIELD_
};

#ifdef JOS_USER
/*
 * System calls. They return 0 or a count, or a negated error.
 *
 * sys_dp_attach: reserve `cpu` (or IX_ANY_CPU) for the caller, give it the NIC's queue, map the windows.
 *   -E_NO_CPU: none is free (CPU 0 never is); -E_NO_QUEUE: no such NIC, or it is taken;
 *   -E_INVAL: bad config, or already attached; -E_NO_MEM; -E_FAULT. The caller runs on that CPU from then on.
 * sys_dp_detach: give all that back; open flows are reset. -E_INVAL: not attached; -E_AGAIN: the program's first thread is
 *   the last to go, and others of its threads are still attached.
 * sys_run_io: do the first `ncalls` calls of this thread's array, run one or more cycles, and return the
 *   number of events: when there is at least one event, or results to look at, or `timeout_us` has passed.
 *   -E_INVAL: not attached, or ncalls above IX_NCALLS.
 * sys_dp_stat: copy the counters of the dataplane on `cpu`. -E_INVAL: none there; -E_FAULT.
 */
int sys_dp_attach(int cpu, struct ix_config *config);
int sys_dp_detach(void);
int sys_run_io(unsigned ncalls, uint32_t timeout_us);
int sys_dp_stat(int cpu, struct ix_stat *stat);
int sys_dp_ctl(int op, int nic, uint32_t a, uint32_t b);
#endif

#endif
