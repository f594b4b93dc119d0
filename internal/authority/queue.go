package authority

import (
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

// turn says whose a change is when changes wait for the lock: they go round by
// turns, so that whoever sends many waits behind those alone.
type turn struct {
	// workspace is that of the token which was presented; user the person who is
	// signed in; machine the part of Tokenry that acts. Callers that nobody knows
	// share the zero turn.
	workspace, user ledger.ID
	machine         string
}

// turnOf is the turn that a caller's changes take.
func turnOf(c Caller) turn {
	switch {
	case c.Machine != "":
		return turn{machine: c.Machine}
	case c.Home != 0:
		return turn{workspace: c.Home}
	}
	return turn{user: c.User}
}

const (
	// maxWaiting is how many changes of one effect may wait in one turn.
	maxWaiting = 512
	// takesInARow is how many changes that take power away go before one that
	// gives, when both wait: nobody keeps others from work by resetting a token
	// of their own again and again.
	takesInARow = 4
	// idleEvery is how long the work that is in no hurry waits for the next piece
	// at the most, while others always have something to do.
	idleEvery = time.Second
)

// queue holds what waits for the lock: the mutations of each effect in a line
// for each turn, and the turns in their order. It is a plain value; its owner
// guards it.
type queue struct {
	lines [effects]lines
	// inARow counts what was taken of takes since something of gives was.
	inARow int
	// idleAt is when the last of whenIdle was taken.
	idleAt time.Time
}

// lines are the waiting mutations of one effect.
type lines struct {
	turns   []turn // those with a line, whose turn is next first
	waiting map[turn][]*mutation
}

// add lets m wait; false when its line is full.
func (q *queue) add(m *mutation) bool {
	l := &q.lines[m.effect]
	line, known := l.waiting[m.turn]
	if len(line) >= maxWaiting {
		return false
	}
	if l.waiting == nil {
		l.waiting = map[turn][]*mutation{}
	}
	if !known {
		l.turns = append(l.turns, m.turn)
	}
	l.waiting[m.turn] = append(line, m)
	return true
}

// next says which effect goes next; ok is false when nothing waits.
func (q *queue) next(now time.Time) (e Effect, ok bool) {
	waits := func(e Effect) bool { return len(q.lines[e].turns) > 0 }
	switch {
	case waits(whenIdle) && now.Sub(q.idleAt) >= idleEvery:
		return whenIdle, true
	case waits(Takes) && (q.inARow < takesInARow || !waits(Gives)):
		return Takes, true
	case waits(Gives):
		return Gives, true
	}
	return whenIdle, waits(whenIdle)
}

// first is what take would answer now, left where it is.
func (q *queue) first(now time.Time) *mutation {
	e, ok := q.next(now)
	if !ok {
		return nil
	}
	l := &q.lines[e]
	return l.waiting[l.turns[0]][0]
}

// take answers the mutation whose turn it is and sends the turn to the back; nil
// when nothing waits.
func (q *queue) take(now time.Time) *mutation {
	m := q.first(now)
	if m == nil {
		return nil
	}
	switch m.effect {
	case Takes:
		q.inARow++
	case Gives:
		q.inARow = 0
	case whenIdle:
		q.idleAt = now
	case Neither: // stands in the line of gives
	}
	l := &q.lines[m.effect]
	l.turns = l.turns[1:]
	if rest := l.waiting[m.turn][1:]; len(rest) > 0 {
		l.waiting[m.turn], l.turns = rest, append(l.turns, m.turn)
	} else {
		delete(l.waiting, m.turn)
	}
	return m
}

// leave takes m out of its line, wherever it stands; false when it does not wait
// any more.
func (q *queue) leave(m *mutation) bool {
	l := &q.lines[m.effect]
	line := l.waiting[m.turn]
	i := slices.Index(line, m)
	switch {
	case i < 0:
		return false
	case len(line) == 1:
		delete(l.waiting, m.turn)
		l.turns = slices.DeleteFunc(l.turns, func(t turn) bool { return t == m.turn })
	default:
		l.waiting[m.turn] = slices.Delete(line, i, i+1)
	}
	return true
}

// urgent says whether something waits that takes power away.
func (q *queue) urgent() bool { return len(q.lines[Takes].turns) > 0 }

// empty says whether nothing waits.
func (q *queue) empty() bool {
	return !slices.ContainsFunc(q.lines[:], func(l lines) bool { return len(l.turns) > 0 })
}
