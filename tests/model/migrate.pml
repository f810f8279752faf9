/* SPDX-License-Identifier: MIT */
/*
 * How a flow group moves between CPUs (kern/dp/move.c), for the model checker spin: two threads of a dataplane,
 * two groups whose entries share one register of the NIC's table, a NIC, a program on each thread, and a control
 * plane that moves groups and takes a CPU away and gives it back.
 *
 * Shown for every interleaving: the program sees each group's frames once each and in order, whichever of its threads
 * it sees them on; each group has one owner, or is on its way to one; a thread that has lost its CPU owns nothing, gets
 * no frames, and nothing is on its way to it; everything ends (no frame is left, no move hangs).
 *
 * Each frame carries its number in its group. A frame that finds its ring full waits in the NIC, as in QEMU's backend.
 *
 * Planted errors, each of which must be found:
 *   planted: NO_DRAIN     the source hands over without taking what its ring held when the table was written
 *   planted: NO_PARK      the target handles early frames, though it does not have the group yet
 *   planted: UNDELIVERED  the source hands over while its program has events that it has not looked at
 *   planted: LOSES_NOTES  what was noted for the program, and not yet delivered, does not travel with the group
 *   planted: BIT_FIRST    the mailbox bit is set before the group is on the list
 *   planted: LIST_FIRST   the target takes the list, and then clears the bit
 *   planted: TABLE_RACE   two threads write entries of one register without a lock
 *   planted: HASTY        the CPU is taken away while a group is on its way to it
 *   planted: TWO_MOVES    a group is moved on before it has arrived
 */
#define NTHREADS 2
#define NGROUPS  2
#ifndef FRAMES
#define FRAMES   2 /* of each group */
#endif
#ifndef CHANGES
#define CHANGES  2 /* made by the control plane */
#endif
#define RING     2
#define NOBODY   9

chan ring0 = [RING] of { byte, byte }; /* group, number */
chan ring1 = [RING] of { byte, byte };
chan array0 = [RING] of { byte, byte };  /* events that the program may look at */
chan array1 = [RING] of { byte, byte };

byte table[NGROUPS];         /* the NIC's: group -> ring */
byte shadow[NGROUPS];        /* the driver's copy, from which the register is written as a whole */
bool table_lock;
byte owner[NGROUPS];         /* thread, or NOBODY while it is handed over */
byte going[NGROUPS];         /* where to; NOBODY: it stays. Set by the control plane */
byte moving[NGROUPS];        /* the same, from the table's change until it has arrived: for checks only */

byte listed[NTHREADS];       /* hand-over list of each thread: a set of groups, one bit each */
bool mail[NTHREADS];

byte notes_first[NGROUPS];   /* of the group: frames handled, whose events were not delivered yet */
byte notes_count[NGROUPS];
byte handled[NGROUPS];       /* frames the stack has taken */
byte seen[NGROUPS];          /* frames the program has seen */

bool has_cpu[NTHREADS];
bool leaving[NTHREADS];      /* its groups are moved away, and it gets no others */

#define is_to_leave(t, g) (owner[g] == t && going[g] != NOBODY && going[g] != t)
#ifdef UNDELIVERED
#define looked_at(array) true
#else
#define looked_at(array) (len(array) == 0)
#endif
#ifdef HASTY
#define nothing_comes(t) true
#else
#define nothing_comes(t) (moving[0] != t && moving[1] != t && going[0] != t && going[1] != t)
#endif

/* ---- NIC: looks its table up and places the frame in one step, as QEMU does ---- */

proctype nic(byte g)
{
	byte n = 0;

	do
	:: atomic { n < FRAMES && table[g] == 0 && len(ring0) < RING -> ring0!g,n; n++ }
	:: atomic { n < FRAMES && table[g] == 1 && len(ring1) < RING -> ring1!g,n; n++ }
	:: n == FRAMES -> break
	od
}

/* ---- A thread ---- */

/* The stack takes a frame: in order, and only the owner's. */
inline handle(t, g, n)
{
	d_step {
		assert(owner[g] == t);
		assert(n == handled[g]);
		handled[g]++;
		if
		:: notes_count[g] == 0 -> notes_first[g] = n
		:: else
		fi;
		notes_count[g]++
	}
}

/* From the notes to the program's array; only at the end of a cycle, and only for groups that are ours. */
inline deliver(t, g, array)
{
	array!g,notes_first[g];
	notes_first[g]++;
	notes_count[g]--;
	if
	:: notes_count[g] == 0 -> notes_first[g] = 0
	:: else
	fi
}

/* Of these steps other CPUs see nothing, nor can they change what is looked at: one step. */
inline take_frame(t, ring)
{
	atomic {
		ring?g,n;
		if
#ifndef NO_PARK
		:: owner[g] != t -> /* early: it waits until the group is here */
			assert(moving[g] == t);
			if
			:: parked[g] == 0 -> parked_first[g] = n
			:: else -> assert(n == parked_first[g] + parked[g])
			fi;
			parked[g]++
#endif
		:: else -> skip; handle(t, g, n)
		fi;
		g = 0; n = 0 /* what is not used any more is 0, here and below: fewer states */
	}
}

/* Groups that others have handed over are ours from now on: first what waited, then what comes. */
inline adopt(t)
{
	if
	:: mail[t] ->
#ifdef LIST_FIRST
		d_step { arrived = listed[t]; listed[t] = 0 };
		mail[t] = false;
#else
		mail[t] = false;
		d_step { arrived = listed[t]; listed[t] = 0 };
#endif
		g = 0;
		do
		:: g < NGROUPS && (arrived & (1 << g)) ->
			d_step { assert(owner[g] == NOBODY); owner[g] = t };
			do
			:: parked[g] > 0 ->
				early = parked_first[g];
				handle(t, g, early);
				d_step { parked_first[g]++; parked[g]--; early = 0 }
			:: else -> break
			od;
			atomic { parked_first[g] = 0; moving[g] = NOBODY; if :: going[g] == t -> going[g] = NOBODY :: else fi };
			arrived = arrived & ~(1 << g);
			g++
		:: g < NGROUPS && !(arrived & (1 << g)) -> g++
		:: g == NGROUPS -> g = 0; arrived = 0; break
		od
	:: else
	fi
}

inline write_table(g, to)
{
#ifdef TABLE_RACE
	d_step { copy0 = table[0]; copy1 = table[1] };
	d_step {
		if
		:: g == 0 -> copy0 = to
		:: else -> copy1 = to
		fi;
		table[0] = copy0;
		table[1] = copy1;
		moving[g] = to;
		copy0 = 0; copy1 = 0
	}
#else
	atomic { !table_lock -> table_lock = true };
	shadow[g] = to;
	d_step { table[0] = shadow[0]; table[1] = shadow[1]; moving[g] = to };
	table_lock = false
#endif
}

inline hand_over(t, g, to)
{
	d_step { owner[g] = NOBODY
#ifdef LOSES_NOTES
		; notes_count[g] = 0
#endif
	};
#ifdef BIT_FIRST
	mail[to] = true;
	listed[to] = listed[to] | (1 << g)
#else
	listed[to] = listed[to] | (1 << g);
	mail[to] = true
#endif
}

/* At the entry of sys_run_io: the program has looked at all its events. */
inline move_away(t, ring)
{
	m = 0;
	do
	:: m < NGROUPS ->
		if
		:: is_to_leave(t, m) ->
			to = going[m];
			write_table(m, to);
#ifndef NO_DRAIN
			held = len(ring);
			do
			:: held > 0 -> take_frame(t, ring); held--
			:: else -> break
			od;
#endif
			hand_over(t, m, to)
		:: else
		fi;
		m++
	:: else -> m = 0; to = 0; break
	od
}

/* Cycles, each of them with the program's look at its events at its beginning, or not. */
inline thread(t, ring, array)
{
	byte g, n, m, to, held, early, arrived, copy0, copy1;
	byte parked[NGROUPS], parked_first[NGROUPS];

end:
	do
	:: has_cpu[t] && mail[t] -> adopt(t)
	:: has_cpu[t] && len(ring) > 0 -> take_frame(t, ring)
	:: atomic { has_cpu[t] && owner[0] == t && notes_count[0] > 0 && len(array) < RING -> deliver(t, 0, array) }
	:: atomic { has_cpu[t] && owner[1] == t && notes_count[1] > 0 && len(array) < RING -> deliver(t, 1, array) }
	:: has_cpu[t] && (is_to_leave(t, 0) || is_to_leave(t, 1)) && looked_at(array) -> move_away(t, ring)
	:: atomic { leaving[t] && has_cpu[t] && owner[0] != t && owner[1] != t && nothing_comes(t) && len(ring) == 0 ->
		has_cpu[t] = false;
		assert(!mail[t] && !listed[t] && parked[0] + parked[1] == 0)
	}
	od
}

proctype thread0() { thread(0, ring0, array0) }
proctype thread1() { thread(1, ring1, array1) }

/* The program looks at the events of a thread in order, whenever that thread lets it run. */
proctype program(chan array)
{
	byte g, n;

end:
	do
	:: d_step { array?g,n -> assert(n == seen[g]); seen[g]++ }
	od
}

/* ---- The control plane: with the big lock, so in one step ---- */

inline start_move(g, to)
{
	d_step {
		if
#ifdef TWO_MOVES
		:: true -> going[g] = to
#else
		:: going[g] == NOBODY && moving[g] == NOBODY && owner[g] != to -> going[g] = to
		:: else /* -E_AGAIN */
#endif
		fi
	}
}

proctype control()
{
	byte left = CHANGES;

	do
	:: atomic { left > 0 -> left-- };
		if
		:: has_cpu[1] && !leaving[1] -> start_move(0, 1)
		:: has_cpu[1] && !leaving[1] -> start_move(1, 1)
		:: has_cpu[1] && !leaving[1] -> start_move(0, 0)
		:: has_cpu[1] && !leaving[1] -> /* take thread 1's CPU away */
			leaving[1] = true;
			do /* moves to it end first, and then it is asked again */
			:: !has_cpu[1] -> break
			:: has_cpu[1] && owner[0] == 1 && going[0] == NOBODY && moving[0] == NOBODY -> start_move(0, 0)
			:: has_cpu[1] && owner[1] == 1 && going[1] == NOBODY && moving[1] == NOBODY -> start_move(1, 0)
			od
		:: !has_cpu[1] -> d_step { leaving[1] = false; has_cpu[1] = true } /* and give it back */
		fi
	:: left == 0 -> break
	od
}

active proctype quiet()
{
	timeout ->
	assert(seen[0] == FRAMES && seen[1] == FRAMES);
	assert(owner[0] != NOBODY && owner[1] != NOBODY);
	assert(going[0] == NOBODY && going[1] == NOBODY && moving[0] == NOBODY && moving[1] == NOBODY);
	assert(table[0] == owner[0] && table[1] == owner[1]);
	assert(has_cpu[1] || (owner[0] == 0 && owner[1] == 0))
}

init {
	atomic {
		has_cpu[0] = true;
		has_cpu[1] = true;
		owner[1] = 1; table[1] = 1; shadow[1] = 1;
		going[0] = NOBODY; going[1] = NOBODY; moving[0] = NOBODY; moving[1] = NOBODY;
		run nic(0); run nic(1);
		run thread0(); run thread1();
		run program(array0); run program(array1);
		run control()
	}
}
