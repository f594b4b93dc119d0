package authority

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// A change that the gate refuses to a caller it knows leaves an event of its
// own, so that somebody who tries what they may not do is seen. It is written
// after the refusal, once a minute for a caller and call; what comes between is
// counted. Nobody can fill the audit with refusals.
const (
	actionDenied = "denied"
	refusalEvery = time.Minute
	// refusalsEach is how many such events one caller leaves a minute.
	refusalsEach = 10
	// refusalsKnown bounds how many are remembered at once.
	refusalsKnown = 10_000
)

// refuser is a caller as its refusals are counted.
type refuser struct {
	token token.Locator
	user  ledger.ID
}

// refusal is one kind of refusal of one caller.
type refusal struct {
	refuser
	// at is the workspace that was meant; 0 for none.
	at   ledger.ID
	call string
	code api.Code
}

// refusals counts what is not written of refusals of kinds K: one of a kind is
// told in a time, and of a group of kinds as many as the limit of G lets through.
type refusals[K, G comparable] struct {
	every time.Duration
	group func(K) G
	limit *verify.Limiter[G]
	// all bounds what all groups leave together; nil does not.
	all *verify.Limiter[everybody]

	mu    sync.Mutex // guards known
	known map[K]*refusalCount
}

// everybody is the one group of all groups.
type everybody struct{}

type refusalCount struct {
	toldAt time.Time
	count  int64
}

func newRefusals[K, G comparable](every time.Duration, group func(K) G, limit api.RateLimit) *refusals[K, G] {
	return &refusals[K, G]{every: every, group: group, limit: verify.NewLimiter[G](limit, refusalsKnown), known: map[K]*refusalCount{}}
}

// refusalsOfCallers are those of the gate.
func refusalsOfCallers() *refusals[refusal, refuser] {
	limit := api.RateLimit{Requests: refusalsEach, Window: api.Duration(refusalEvery)}
	return newRefusals(refusalEvery, func(x refusal) refuser { return x.refuser }, limit)
}

// due counts a refusal, and answers how many there were when they are to be told
// now; 0 is not now.
func (r *refusals[K, G]) due(x K, now time.Time) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.known[x]
	if n == nil {
		r.makeRoom(now)
		n = &refusalCount{}
		r.known[x] = n
	}
	n.count++
	if !n.toldAt.IsZero() && now.Sub(n.toldAt) < r.every {
		return 0
	}
	if _, ok := r.limit.Take(r.group(x), 1, now); !ok {
		return 0
	}
	if r.all != nil {
		if _, ok := r.all.Take(everybody{}, 1, now); !ok {
			return 0
		}
	}
	count := n.count
	n.toldAt, n.count = now, 0
	return count
}

// makeRoom forgets what was told long ago, else whatever comes first.
func (r *refusals[K, G]) makeRoom(now time.Time) {
	if len(r.known) < refusalsKnown {
		return
	}
	for x, n := range r.known {
		if now.Sub(n.toldAt) >= r.every {
			delete(r.known, x)
		}
	}
	for x := range r.known {
		if len(r.known) < refusalsKnown {
			return
		}
		delete(r.known, x)
	}
}

// refused writes a refusal of the gate down, and returns err. That it cannot be
// written changes nothing about the refusal.
func (a *Authority) refused(ctx context.Context, c Caller, at ledger.ID, err error) error {
	who := refuser{token: c.Token, user: c.User}
	if err == nil || c.Rehearse || who == (refuser{}) {
		return err
	}
	e := api.AsError(err)
	if !slices.Contains([]api.Code{api.CodeInsufficientScope, api.CodeGrantExceedsOwn, api.CodeForbidden, api.CodeOnboardingRestricted}, e.Code) {
		return err
	}
	count := a.refusals.due(refusal{who, at, c.Call, e.Code}, a.now())
	if count == 0 {
		return err
	}
	detail := refusalNote{Call: c.Call, Code: e.Code, Detail: clip(e.Message, 500), Missing: e.Missing, ActAs: c.ActAs, Count: count}
	c.ActAs, c.Retry, c.Expected = "", Retry{}, Expected{}
	_, _ = a.commitOne(ctx, neither, c, func(w *work) error { return w.recordRefusal(at, detail) }) // the caller is refused either way
	return err
}

// refusalNote is a refusal as the audit keeps it.
type refusalNote struct {
	Call    string   `json:"call,omitempty"`
	Code    api.Code `json:"code"`
	Detail  string   `json:"detail"`
	Missing []string `json:"missing,omitempty"`
	// ActAs is the member that the caller wanted to be judged as.
	ActAs string `json:"act_as,omitempty"`
	Count int64  `json:"count"`
}

// recordRefusal writes into the chain of the workspace that the caller was in,
// else into the instance's.
func (w *work) recordRefusal(at ledger.ID, detail refusalNote) error {
	e := event{action: actionDenied, target: "instance", after: detail}
	if at == 0 {
		ac, err := w.a.judgeInstance(w.Snapshot, w.caller)
		if err != nil {
			return err
		}
		return w.record(ac, ledger.Workspace{}, e)
	}
	ws, err := w.Workspace(ledger.WorkspaceKey{ID: at})
	if err != nil {
		return err
	}
	sp, err := w.a.space(w.Snapshot, ws)
	if err != nil {
		return err
	}
	ac, err := w.a.judge(w.Snapshot, w.caller, sp)
	if err != nil {
		return err
	}
	e.target = ws.Slug
	return w.record(ac, ws, e)
}
