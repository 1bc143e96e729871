/* The protocol of mwaa_async/_guards/lease/protocol.py for three hosts. All that can happen is checked by
 *
 *     spin -a lease.pml && gcc -O2 -w -DSAFETY -o pan pan.c && ./pan -m1000000
 *
 * A step at the engine is atomic, as a script or a conditional write is. Everything else takes any time, and everybody
 * else may act meanwhile. A question may be lost, or come late, when its host has given up and said something else; an
 * answer may be lost, or be read late. A host may pause at any point, also for ever, which is how it dies.
 *
 * What is abstracted. Time has no measure but the order of ticks: TERM ticks make a lease, SETTLE a settle_time, ALIVE
 * a ticket. Of all late questions one is kept, of host 0; the hosts are alike. At most LEASES leases are granted. With
 * -DFAILOVER the engine loses its last writes to the lease once, and no question is late. There are no calls: they make
 * it quick, and nothing depends on them. Every host takes TURNS turns, each under a name of its own. The engine's clock,
 * from which a fencing number takes its floor, is whatever is above all numbers so far.
 */
#ifndef TURNS
#define TURNS 1
#endif
#ifndef LEASES
#define LEASES 4
#endif
#ifdef FAILOVER
#define LATE NOBODY /* one trouble at a time, or it takes minutes */
#else
#define LATE 0
#endif
#define HOSTS  3
#define TERM   1
#define SETTLE 2
#define ALIVE  1
#define NOBODY 255
#define PLACES (HOSTS * TURNS)

mtype:kind = { NOTHING, ASK, RENEW, RENEW_FOR_A_REQUEST, LEAVE };
mtype:word = { SILENCE, GRANTED, QUEUED, LOST };

/* The engine. */
byte owner = NOBODY, fence, term, left;
byte line[PLACES] = NOBODY, alive[PLACES], waiting;

/* Between the hosts and the engine: an answer for each, and a question that nobody waits for any more. */
mtype:word answer[HOSTS] = SILENCE;
mtype:kind late = NOTHING;
byte late_name, late_number;

/* What a host knows: its turn, its fencing number, and for how many ticks the lease is certainly its own. */
byte turn[HOSTS], number[HOSTS], valid[HOSTS];
bool open[HOSTS];

/* What only the checker knows: the greatest number so far, for how long what each host has sent may still be running,
 * and how many are before each of those in line. */
byte greatest, settling[HOSTS], before[PLACES];
bool failed_over;
byte i, j, place;

#define NAME(h) (h + HOSTS * turn[h])
#define HOST(name) (name % HOSTS)
#define MAX(a, b) (a > b -> a : b)

inline remove(at) {
    j = at;
    do
    :: j + 1 < waiting -> line[j] = line[j + 1]; alive[j] = alive[j + 1]; before[j] = before[j + 1]; j++
    :: else -> break
    od;
    waiting--; line[waiting] = NOBODY; alive[waiting] = 0; before[waiting] = 0
}

inline find(name) {
    place = 0;
    do
    :: place < waiting && line[place] != name -> place++
    :: else -> break
    od
}

inline forget_the_silent(name) {
    i = 0;
    do
    :: i < waiting && line[i] != name && alive[i] == 0 -> remove(i)
    :: i < waiting && (line[i] == name || alive[i] > 0) -> i++
    :: i >= waiting -> break
    od
}

inline grant(name) {
    /* Nobody who waits is overtaken: so many turns at most as there were before it in line. */
    find(name);
    if :: place < waiting -> remove(place) :: else fi;
    i = 0;
    do
    :: i < waiting -> assert(before[i] > 0); before[i]--; i++
    :: else -> break
    od;
    /* The settle_time of a request whose end was not seen is over. */
    i = 0;
    do
    :: i < HOSTS -> assert(failed_over || !open[i] || settling[i] == 0); settling[i] = 0; i++
    :: else -> break
    od;
    owner = name; fence = MAX(fence + 1, greatest + 1); term = TERM; left = term;
    assert(fence > greatest); greatest = fence
}

inline ask(name, word) {
    if
    :: owner == name -> left = term; word = GRANTED
    :: else ->
        forget_the_silent(name);
        if
        :: left == 0 && greatest < LEASES && (waiting == 0 || line[0] == name) -> grant(name); word = GRANTED
        :: else ->
            find(name);
            if :: place == waiting -> line[place] = name; before[place] = place; waiting++ :: else fi;
            alive[place] = ALIVE; word = QUEUED
        fi
    fi
}

inline renew(name, its_number, its_term, word) {
    if
    :: owner == name && fence == its_number -> term = MAX(term, its_term); left = term; word = GRANTED
    :: else -> word = LOST
    fi
}

inline leave(name) {
    if :: owner == name -> owner = NOBODY; left = 0; term = 0 :: else fi;
    find(name);
    if :: place < waiting -> remove(place) :: else fi;
}

inline arrive(kind, name, its_number, word) {
    if
    :: kind == ASK -> ask(name, word)
    :: kind == RENEW -> renew(name, its_number, TERM, word)
    :: kind == RENEW_FOR_A_REQUEST -> renew(name, its_number, SETTLE, word)
    :: kind == LEAVE -> leave(name); word = QUEUED
    fi;
    if :: word == GRANTED && fence == number[HOST(name)] -> settling[HOST(name)] = SETTLE :: else fi;
    i = 0; j = 0; place = 0
}

inline down(value) { if :: value > 0 -> value-- :: else fi }

/* A late question arrives, or never does. */
proctype Late() {
    mtype:word unheard;
end:
    do
    :: d_step { late != NOTHING ->
        arrive(late, late_name, late_number, unheard);
        unheard = 0; late = NOTHING; late_name = 0; late_number = 0 }
    :: d_step { late != NOTHING -> late = NOTHING; late_name = 0; late_number = 0 }
    od
}

proctype Clock() {
    byte n;
end:
    do
    :: d_step {
        down(left);
        n = 0;
        do :: n < HOSTS -> down(valid[n]); down(settling[n]); n++ :: else -> break od;
        n = 0;
        do :: n < PLACES -> down(alive[n]); n++ :: else -> break od;
        n = 0 }
    od
}

/* Ask, and have an answer that is to be read, or a question that is late or lost. The holder counts from here on. */
inline say(kind, its_term) {
    atomic {
        if
        :: d_step {
            arrive(kind, NAME(h), number[h], answer[h]);
            if :: answer[h] == GRANTED -> number[h] = fence; valid[h] = its_term :: else -> valid[h] = 0 fi }
        :: d_step { LATE == h && late == NOTHING -> late = kind; late_name = NAME(h); late_number = number[h]; valid[h] = 0 }
        :: d_step { true -> valid[h] = 0 }
        fi
    }
}

/* Read the answer, or stop to wait for it. */
inline read() { answer[h] = SILENCE }

inline forget_the_lease() { number[h] = 0; valid[h] = 0; settling[h] = 0 }

proctype Host(byte h) {
    byte other;
in_line:
    atomic {
        if
        :: say(ASK, TERM)
        :: goto leaving /* cancelled */
        fi;
        if
        :: answer[h] == GRANTED
        :: answer[h] != GRANTED -> read(); goto in_line
        :: read(); valid[h] = 0; goto in_line /* the answer is lost */
        fi
    };
    d_step { answer[h] == GRANTED -> read() };
confirming:
    atomic {
        if /* the heartbeat, whose question may come late */
        :: d_step { LATE == h && late == NOTHING -> late = RENEW; late_name = NAME(h); late_number = number[h] }
        :: true
        fi;
        say(RENEW_FOR_A_REQUEST, SETTLE);
        if
        :: answer[h] == GRANTED
        :: answer[h] == LOST -> read(); forget_the_lease(); goto in_line
        :: read(); valid[h] = 0; goto confirming
        fi
    };
    d_step { answer[h] == GRANTED -> read() };
    if
    :: d_step { valid[h] > 0 ->
        open[h] = true; other = 0;
        do
        :: other < HOSTS ->
            assert(other == h || !open[other] || valid[other] == 0 || failed_over);
            assert(other == h || number[other] != number[h]);
            other++
        :: else -> break
        od;
        assert(failed_over || owner == NAME(h));
        other = 0 }
    :: valid[h] == 0 -> goto confirming /* the answer has come too late */
    fi;
    open[h] = false; /* the web server has answered */
leaving:
    atomic {
        say(LEAVE, 0);
        d_step { read(); forget_the_lease(); turn[h]++ };
        if
        :: turn[h] < TURNS -> goto in_line
        :: else
        fi
    }
}

#ifdef FAILOVER
byte old_owner = NOBODY, old_fence, old_term, old_left;
proctype Failover() {
    d_step { old_owner = owner; old_fence = fence; old_term = term; old_left = left };
    d_step { owner = old_owner; fence = old_fence; term = old_term; left = old_left; failed_over = true }
}
#endif

init {
    atomic {
        byte n = 0;
        do :: n < HOSTS -> run Host(n); n++ :: else -> break od;
        run Clock(); run Late();
#ifdef FAILOVER
        run Failover();
#endif
    }
}
