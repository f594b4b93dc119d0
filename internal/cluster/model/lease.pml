/*
 * How the nodes of one database agree, for Spin. docs/protocol.md says what each part
 * stands for. TestTheProtocolHoldsInItsModel runs it in each of its scenes, and with each
 * mutant, which must fail. By hand:
 *
 *	spin -a -DN=1 lease.pml && cc -O2 -DSAFETY -o pan pan.c
 *	FAILOVER=1 OTHER=1 MUTANT=10 ./pan -m200000; ./pan -r
 *
 * What is promised: no verification that began after a revocation was answered accepts,
 * and one that began before it does not when a lease has passed since the answer.
 *
 * Time is what is left and what has passed, never a date. Clocks run at one speed here:
 * the margin for those that do not is arithmetic. A process may stand still between any
 * two steps while time goes on: that is SIGSTOP, a slow network, the scheduler.
 */

/* How many nodes with memory (who revokes and who sweeps are processes beside them), how
   many ticks a lease is, how many numbers a node's row can have had. */
#ifndef N
#define N 2
#endif
#ifndef LEN
#define LEN 2
#endif
#ifndef MAX
#define MAX 4
#endif

/* The mutants. */
#define NO_AWAIT        1  /* the revocation is answered at once */
#define NO_BOUND        2  /* the wait does not end by time */
#define CHECK_BEFORE    3  /* the lease is looked at before the decision only */
#define STAMP_LATE      4  /* the stamp is taken after memory was read */
#define INSTALL_FIRST   5  /* the lease counts before what it brought is applied */
#define FROM_ANSWER     6  /* it counts from the answer */
#define JOIN_ONE        7  /* one statement puts the row and reads: it reads what is older than the row */
#define SWEEP_BLIND     8  /* a row is taken away whatever its number has become */
#define UNCONFIRMED     9  /* a renewal counts without the standby */
#define WALL           10  /* a row is over by the clock of the database */
#define NUMBER_ONLY    11  /* a renewal says a revision, of whatever history */
#define JOIN_SAYS      12  /* so does a join */
#define NO_HISTORY     13  /* a node does not look at digests */
#define UNSURE         14  /* the list is believed without a commit that is confirmed after it was read */
#define UNCHANGED      15  /* a revocation that finds nothing to change is answered from what it saw */
#define FILL_ANYWHERE  16  /* memory is filled with what has the number, of whatever history */
#define FEED_UNCHECKED 17  /* what is too much for a renewal is read from any server, up to its number */
#define RESTORE_SOON   18  /* a backup is started while leases run */
#define FEED_BY_NUMBER 19  /* the feed brings what follows a revision, of whatever history */

byte mutant;
bit  failover, other, sweeps, restores, before; /* what there is in a scene */

/* A history is what was committed, in its order: an unrelated change (U), the revocation (R). */
#define NIL 0
#define U   1
#define R   2
#define UR  3
#define RU  4
#define REV(h)      (((h) > 0) + ((h) > 2))            /* its revision */
#define HAS(h)      ((h) >= R)                         /* the token is revoked in it */
#define KNOWS(h, p) ((p) == NIL || (h) == (p) || ((p) == U && (h) == UR) || ((p) == R && (h) == RU))
                                                       /* p is how h began; digests tell it */
#define NEWS(h, p)  ((REV(p) == 0 && HAS(h)) || (REV(p) == 1 && (h) == UR))
                                                       /* what h has after the revision of p is R */
#define LATER(a, b) (REV(a) > REV(b))

/* Server 0 is the primary at first, 1 its standby. The old primary goes on after a
   failover, since nobody has to stop it; none of its commits is confirmed then. */
byte log[2];
byte number[2 * N];     /* a row's incarnation and renewal, as one number; 0 is no row */
byte applied[2 * N];    /* the revision that the row says */
bit  promoted;
#define AT(s, n)    ((s) * N + (n))
#define CONFIRMS(s) ((s) == promoted)
#define some(s)     if :: s = 0 :: promoted -> s = 1 fi

/* Everything up to a confirmed commit is on the standby. */
inline ship() {
	if
	:: !promoted ->
		log[1] = log[0];
		number[AT(1, 0)] = number[AT(0, 0)]; applied[AT(1, 0)] = applied[AT(0, 0)];
#if N > 1
		number[AT(1, 1)] = number[AT(0, 1)]; applied[AT(1, 1)] = applied[AT(0, 1)];
#endif
	:: else
	fi
}

/* A node: the history that it has applied, whether memory has the token as a good one,
   what is left of the lease, its row's number as it knows it, how long ago it asked. */
byte point[N], lease[N], mine[N], age[N];
bit  cached[N], joined[N];

/* What its server runs for it: where, with which snapshot, what the row will say and be.
   It holds the row's lock. What the node knows of it. */
bit  runs[N], where[N];
byte snap[N], says[N], becomes[N];
mtype = { idle, asks, good, bad };
mtype answer[N] = idle;

byte stamp[N];          /* of the verification that is under way: what is left of it */

byte wanted, waited;    /* the revision that is waited for, and how long it was */
bit  waiting, answered;
byte over;              /* how long ago the answer was */
byte stood;             /* how long a row was seen to stand still */
bit  restored, changed;
byte left[N];           /* a row's lease by the clock of the database */

inline install(n) { if :: LEN - age[n] > lease[n] -> lease[n] = LEN - age[n] :: else fi }

inline learn(n, h) {    /* what h has after the revision that is applied */
	if :: NEWS(h, point[n]) -> cached[n] = 0 :: else fi;
	if :: LATER(h, point[n]) -> point[n] = h :: else fi
}

inline forgetRequest(n) { age[n] = LEN; snap[n] = 0; says[n] = 0; becomes[n] = 0; where[n] = 0 }

proctype node(byte n)
{
	byte s, h;
	do
	/* Join: a row, and nothing is read by it. It says that nothing is applied. */
	:: atomic { !joined[n] && answer[n] == idle && !runs[n] && mine[n] + 3 <= MAX ->
		mine[n] = mine[n] + 2;
		some(s);
		if
		:: mutant == JOIN_ONE ->
			age[n] = 0; answer[n] = asks;
			where[n] = s; snap[n] = log[s]; becomes[n] = mine[n]; runs[n] = 1; s = 0;
			goto sent
		:: else ->
			number[AT(s, n)] = mine[n];
			applied[AT(s, n)] = (mutant == JOIN_SAYS -> REV(point[n]) : 0);
			if
			:: CONFIRMS(s) -> ship(); joined[n] = 1
			:: skip                             /* the answer is lost, or there is none */
			fi
		fi;
		s = 0 }

	/* The feed, without a renewal: what any server shows, confirmed or not. What follows
	   the point is asked for with its digest: another history brings nothing. */
	:: atomic { joined[n] && answer[n] == idle -> some(s); h = log[s];
		if :: KNOWS(h, point[n]) || mutant == FEED_BY_NUMBER -> learn(n, h) :: else fi;
		s = 0; h = 0 }

	/* Renew. It is asked and run in one step: a lease that was asked for earlier is over
	   earlier, with the same snapshot. */
	:: atomic { joined[n] && answer[n] == idle && !runs[n] && mine[n] < MAX ->
		some(s);
		if
		:: number[AT(s, n)] == mine[n] ->
			age[n] = 0; answer[n] = asks;
			where[n] = s; snap[n] = log[s]; becomes[n] = mine[n] + 1; runs[n] = 1;
			says[n] = (KNOWS(log[s], point[n]) || mutant == NUMBER_ONLY -> REV(point[n]) : 0)
		:: number[AT(s, n)] != mine[n] -> lease[n] = 0; answer[n] = bad
		:: answer[n] = bad                          /* it never got there */
		fi;
		s = 0 };
sent:		if
		:: atomic { answer[n] == asks && runs[n] -> /* it takes too long */
			answer[n] = idle; joined[n] = 0; age[n] = LEN }
		:: atomic { answer[n] == bad ->
			answer[n] = idle; joined[n] = 0; age[n] = LEN;
			if :: !runs[n] -> forgetRequest(n) :: else fi }
		:: atomic { answer[n] == good ->
			mine[n] = becomes[n]; joined[n] = 1;
			if
			:: mutant == FROM_ANSWER -> age[n] = 0
			:: mutant == INSTALL_FIRST -> install(n)
			:: else
			fi };
			atomic {            /* apply what it brought, or begin with an empty memory */
				if
				:: !KNOWS(snap[n], point[n]) && mutant != NO_HISTORY ->
					lease[n] = 0; cached[n] = 0; point[n] = snap[n]
				:: else ->
					h = snap[n];
					if
					:: mutant == FEED_UNCHECKED -> some(s);
						if :: !LATER(snap[n], log[s]) -> h = log[s] :: else fi
					:: else
					fi;
					learn(n, h); s = 0; h = 0
				fi
			};
			atomic { install(n); answer[n] = idle; forgetRequest(n) }
		fi
	od
}

/* How what a server runs ends. */
proctype commit(byte n)
{
	do
	/* Confirmed, whether or not somebody waits for the answer still. */
	:: d_step { runs[n] && (CONFIRMS(where[n]) || mutant == UNCONFIRMED) ->
		number[AT(where[n], n)] = becomes[n]; applied[AT(where[n], n)] = says[n];
		if :: CONFIRMS(where[n]) -> ship() :: else fi;
		if :: mutant == WALL -> left[n] = LEN :: else fi;
		runs[n] = 0;
		if :: answer[n] == asks -> answer[n] = good :: else -> forgetRequest(n) fi }
	/* Broken off: seen where it ran, and nowhere else. */
	:: d_step { runs[n] && where[n] == 0 ->
		number[AT(0, n)] = becomes[n]; applied[AT(0, n)] = says[n];
		runs[n] = 0;
		if :: answer[n] == asks -> answer[n] = bad :: else -> forgetRequest(n) fi }
	/* Undone. */
	:: d_step { runs[n] ->
		runs[n] = 0;
		if :: answer[n] == asks -> answer[n] = bad :: else -> forgetRequest(n) fi }
	od
}

/* Verifications on a node. What memory has not is read from any server, with a lease or
   without, and kept when it is of the history that is applied and not older. */
proctype verify(byte n)
{
	byte s;
	bit accepts, late;
	do
	:: atomic { !cached[n] ->
		some(s);
		if
		:: !HAS(log[s]) && (log[s] == point[n] || mutant == FILL_ANYWHERE && !LATER(point[n], log[s])) -> cached[n] = 1
		:: else
		fi;
		s = 0 }
	/* One that began before the answer sees no more than one that began with the wait. */
	:: atomic { (answered || before && waiting) && (lease[n] > 0 || mutant == STAMP_LATE && cached[n]) ->
		late = answered;
		if :: mutant == STAMP_LATE -> accepts = 1 :: else -> stamp[n] = lease[n] fi };
		d_step { if :: mutant == STAMP_LATE -> stamp[n] = lease[n] :: else -> accepts = cached[n] fi };
		d_step {
			assert(!(accepts && (stamp[n] > 0 || mutant == CHECK_BEFORE) && (late || over >= LEN)));
			accepts = 0; late = 0; stamp[n] = 0 }
	od
}

#define KNOWN(s, n) (number[AT(s, n)] == 0 || applied[AT(s, n)] >= wanted || mutant == WALL && left[n] == 0)
#if N > 1
#define ALL(s)      (KNOWN(s, 0) && KNOWN(s, 1))
#else
#define ALL(s)      KNOWN(s, 0)
#endif
#define BOUND       (waited >= LEN && mutant != NO_BOUND)

/* Somebody revokes the token, and waits. */
proctype revoke()
{
	byte s;
	do
	:: atomic { !waiting -> some(s);
		if
		:: !HAS(log[s]) -> log[s] = (log[s] == NIL -> R : UR)
		:: HAS(log[s]) -> waiting = (mutant == UNCHANGED) /* there is nothing to change */
		fi;
		if
		:: CONFIRMS(s) -> ship(); waiting = 1
		:: skip                                 /* what became of it is not known: once more */
		fi;
		wanted = (waiting -> REV(log[s]) : 0); s = 0 }
	:: waiting -> break
	od;
	do
	:: BOUND || mutant == NO_AWAIT -> break
	:: !BOUND && mutant != NO_AWAIT ->
		atomic { some(s); if :: ALL(s) -> s = s + 2 :: else fi }; /* the list says that all have it */
		atomic {                                /* and then it is confirmed */
			if
			:: s >= 2 && CONFIRMS(s - 2) -> ship()
			:: s >= 2 && !CONFIRMS(s - 2) && mutant != UNSURE -> s = 0
			:: else
			fi };
		if
		:: atomic { s >= 2 -> s = 0 }; break
		:: atomic { s < 2 -> s = 0 }
		fi
	od;
	atomic { waiting = 0; answered = 1; waited = 0; wanted = 0 }
}

/* Somebody takes away a row that stood still. */
proctype sweep()
{
	byte s, n, k;
	do
	:: atomic {
		if :: n = 0
#if N > 1
		:: n = 1
#endif
		fi;
		some(s); k = number[AT(s, n)]; s = 0;
		if :: k > 0 -> stood = 0 :: else -> n = 0 fi };
		if
		:: k == 0
		:: k > 0 ->
			stood >= LEN;
			if
			:: atomic { mutant == SWEEP_BLIND -> some(s);
				k = (number[AT(s, n)] == k -> 0 : LEN + MAX) }  /* it stood still when it was read */
			:: mutant != SWEEP_BLIND
			fi;
			atomic {
				if
				:: mutant != SWEEP_BLIND -> some(s)
				:: else -> !(runs[n] && where[n] == s)          /* the row's lock */
				fi;
				if
				:: k == 0 || number[AT(s, n)] == k && !(runs[n] && where[n] == s) ->
					number[AT(s, n)] = 0; applied[AT(s, n)] = 0;
					if :: CONFIRMS(s) -> ship() :: skip fi
				:: else
				fi;
				s = 0; n = 0; k = 0 }
		fi
	od
}

inline down(x) { if :: x > 0 -> x-- :: else fi }

inline tick(n) {
	down(lease[n]); down(stamp[n]); down(left[n]);
	if :: age[n] < LEN -> age[n]++ :: else fi
}

proctype time()
{
	do
	:: d_step {
		tick(0);
#if N > 1
		tick(1);
#endif
		if :: waiting && waited < LEN -> waited++ :: else fi;
		if :: stood < LEN -> stood++ :: else fi;
		if :: answered && over < LEN -> over++ :: else fi }
	od
}

#define OVER(n)     (lease[n] == 0 && stamp[n] == 0 && age[n] == LEN)
#if N > 1
#define QUIET       (OVER(0) && OVER(1))
#else
#define QUIET       OVER(0)
#endif

/* What happens to the database. */
proctype world()
{
	byte s;
	do
	:: d_step { failover && !promoted ->
		promoted = 1; left[0] = 0;              /* its clock may be ahead */
#if N > 1
		left[1] = 0
#endif
		}
	:: d_step { failover && !promoted -> ship() }   /* the standby has what was not confirmed, too */
	:: atomic { other && !changed -> changed = 1; some(s);
		if
		:: log[s] == NIL -> log[s] = U
		:: log[s] == R -> log[s] = RU
		:: else
		fi;
		if :: CONFIRMS(s) -> ship() :: skip fi;
		s = 0 }
	/* An old backup, started when the leases of the database that it replaces are over. A
	   revocation that was answered and is not in it was never promised more. */
	:: d_step { restores && !restored && !HAS(log[0]) && !answered && (QUIET || mutant == RESTORE_SOON) ->
		restored = 1; log[0] = NIL; changed = 0; /* there is another change after it */
		number[AT(0, 0)] = 0; applied[AT(0, 0)] = 0; runs[0] = 0;
		if :: answer[0] == asks -> answer[0] = bad :: else fi;
#if N > 1
		number[AT(0, 1)] = 0; applied[AT(0, 1)] = 0; runs[1] = 0;
		if :: answer[1] == asks -> answer[1] = bad :: else fi;
#endif
		ship() }
	od
}

/* A node that has served for a while. One that has not is about to start. */
inline served(n) {
	mine[n] = 1; joined[n] = 1; cached[n] = 1; lease[n] = LEN; left[n] = LEN;
	number[AT(0, n)] = 1; number[AT(1, n)] = 1
}

inline start(n) { age[n] = LEN; run node(n); run commit(n); run verify(n) }

c_code {
	static int said(const char *name) { const char *s = getenv(name); return s ? atoi(s) : 0; }
}

init {
	atomic {
		c_code {
			now.mutant = said("MUTANT");
			now.failover = said("FAILOVER"); now.other = said("OTHER"); now.sweeps = said("SWEEPS");
			now.restores = said("RESTORES"); now.before = said("BEFORE");
		};
		stood = LEN;
		start(0);
#if N > 1
		served(0); start(1);
#else
		if :: served(0) :: skip fi;
#endif
		run time(); run revoke();
		if :: failover || other || restores -> run world() :: else fi;
		if :: sweeps -> run sweep() :: else fi
	}
}

#ifdef LIVE
ltl ends { [] (waiting -> <> answered) }
#endif
