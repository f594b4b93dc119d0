package cluster

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

const (
	// mostAsks is how many questions of a node stand at once, mostAnswers how many it answers:
	// each is part of a row that is written with every renewal.
	mostAsks, mostAnswers = 4, 16
	// asksFor is how many leases a question stands, and mostAsksFor the longest: it is told
	// with a renewal and so is its answer, and each is read when the list is looked at.
	asksFor, mostAsksFor = 3, 10 * time.Second
)

// Asking lets nodes ask each other for what each remembers for itself, by what their rows
// tell. Nobody is woken, and nothing waits for it but who asks.
type Asking struct {
	by   string
	made func(requestID string) []ledger.LoggedDecision
	room chan struct{} // holds one for each question that stands

	mu      sync.Mutex // guards what follows
	asks    []*asked
	answers []ledger.Answer
}

// asked is a question that stands. What was answered is written before done is closed.
type asked struct {
	ledger.Question
	made *ledger.LoggedDecision
	done chan struct{}
}

// NewAsking asks under a name that no other process has, and answers from a log.
func NewAsking(by string, made func(requestID string) []ledger.LoggedDecision) *Asking {
	return &Asking{by: by, made: made, room: make(chan struct{}, mostAsks)}
}

// Told adds to what the node tells.
func (a *Asking) Told(told *ledger.Told) {
	a.mu.Lock()
	defer a.mu.Unlock()
	told.Answers = a.answers
	for _, x := range a.asks {
		told.Asks = append(told.Asks, x.Question)
	}
}

// Learn takes in what the rows that count tell.
func (a *Asking) Learn(leases []ledger.Lease) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers = a.answer(leases)
	a.asks = slices.DeleteFunc(a.asks, func(x *asked) bool {
		over := x.hear(leases)
		if over {
			close(x.done)
		}
		return over
	})
}

// answer says what this node remembers of what the others ask.
func (a *Asking) answer(leases []ledger.Lease) (answers []ledger.Answer) {
	for _, l := range leases {
		if l.Told == nil {
			continue
		}
		for _, q := range l.Told.Asks {
			if q.By == a.by || len(answers) == mostAnswers {
				continue
			}
			answer := ledger.Answer{Question: q}
			made := a.made(q.RequestID)
			if i := slices.IndexFunc(made, func(d ledger.LoggedDecision) bool { return d.Workspace == q.Workspace }); i >= 0 {
				answer.Made = &made[i]
			}
			answers = append(answers, answer)
		}
	}
	return answers
}

// hear is whether nobody has to be waited for any more: one has answered, or each has that
// it has nothing. Who asks knows its own row by the question in it.
func (x *asked) hear(leases []ledger.Lease) (over bool) {
	asks, open := false, false
	for _, l := range leases {
		if l.Told == nil {
			open = true
			continue
		}
		if slices.Contains(l.Told.Asks, x.Question) {
			asks = true
			continue
		}
		i := slices.IndexFunc(l.Told.Answers, func(answer ledger.Answer) bool { return answer.Question == x.Question })
		switch {
		case i < 0:
			open = true
		case l.Told.Answers[i].Made != nil && l.Told.Answers[i].Made.Workspace == x.Workspace:
			x.made = l.Told.Answers[i].Made
			return true
		}
	}
	return asks && !open
}

// Ask asks the other nodes, and waits until they have answered or ctx ends: made is what
// one of them remembers, all that every one has answered.
func (a *Asking) Ask(ctx context.Context, workspace ledger.ID, requestID string) (made *ledger.LoggedDecision, all bool) {
	select {
	case a.room <- struct{}{}:
		defer func() { <-a.room }()
	case <-ctx.Done():
		return nil, false
	}
	x := &asked{Question: ledger.Question{By: a.by, RequestID: requestID, Workspace: workspace}, done: make(chan struct{})}
	a.mu.Lock()
	a.asks = append(a.asks, x)
	a.mu.Unlock()
	select {
	case <-x.done:
		return x.made, true
	case <-ctx.Done():
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asks = slices.DeleteFunc(a.asks, func(y *asked) bool { return x == y })
	return x.made, false
}

// Patience is how long it is worth to wait for an answer where leases have a length.
func Patience(length time.Duration) time.Duration { return min(asksFor*length, mostAsksFor) }
