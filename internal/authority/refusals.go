package authority

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
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
	// at is the workspace that was meant, 0 for none, and of the token in it.
	at   ledger.ID
	of   token.Locator
	call string
	code api.Code
}

// Refusals counts what is not written of refusals of kinds K: one of a kind is
// told in a time, and of a group of kinds as many as the limit of G lets through.
type Refusals[K, G comparable] struct {
	every time.Duration
	group func(K) G
	limit *verify.Limiter[G]
	// All bounds what all groups leave together; nil does not.
	All *verify.Limiter[Everybody]

	mu    sync.Mutex // guards known
	known map[K]*refusalCount
}

// Everybody is the one group of all groups.
type Everybody struct{}

type refusalCount struct {
	toldAt time.Time
	count  int64
}

// NewRefusals counts refusals and lets one of a kind be told each so often, and of a
// group no more than a limit.
func NewRefusals[K, G comparable](every time.Duration, group func(K) G, limit api.RateLimit) *Refusals[K, G] {
	return &Refusals[K, G]{every: every, group: group, limit: verify.NewLimiter[G](limit, refusalsKnown), known: map[K]*refusalCount{}}
}

// refusalsOfCallers are those of the gate.
func refusalsOfCallers() *Refusals[refusal, refuser] {
	limit := api.RateLimit{Requests: refusalsEach, Window: api.Duration(refusalEvery)}
	return NewRefusals(refusalEvery, func(x refusal) refuser { return x.refuser }, limit)
}

// Due counts a refusal, and answers how many there were when they are to be told
// now; 0 is not now.
func (r *Refusals[K, G]) Due(x K, now time.Time) int64 {
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
	if r.All != nil {
		if _, ok := r.All.Take(Everybody{}, 1, now); !ok {
			return 0
		}
	}
	count := n.count
	n.toldAt, n.count = now, 0
	return count
}

// makeRoom forgets what was told long ago, else whatever comes first.
func (r *Refusals[K, G]) makeRoom(now time.Time) {
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

// Refused writes a refusal of the gate down, and returns err. That it cannot be
// written changes nothing about the refusal.
func (a *Authority) Refused(ctx context.Context, c Caller, at Met, err error) error {
	who := refuser{token: c.Token, user: c.User}
	if err == nil || c.Rehearse || who == (refuser{}) {
		return err
	}
	e := api.AsError(err)
	if !slices.Contains([]api.Code{api.CodeInsufficientScope, api.CodeGrantExceedsOwn, api.CodeForbidden, api.CodeOnboardingRestricted}, e.Code) {
		return err
	}
	count := a.refusals.Due(refusal{who, at.Workspace, at.Token.Locator, c.Call, e.Code}, a.now())
	if count == 0 {
		return err
	}
	detail := refusalNote{Call: c.Call, Code: e.Code, Detail: input.Clip(e.Message, 500), Missing: e.Missing, ActAs: c.ActAs, Count: count}
	c.ActAs, c.Retry, c.Expected = "", Retry{}, Expected{}
	_, _ = a.commitOne(ctx, Neither, c, func(w *Work) error { return w.recordRefusal(at, detail) }) // the caller is refused either way
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
// else into the instance's, and names the token that was meant.
func (w *Work) recordRefusal(at Met, detail refusalNote) error {
	e := Event{Action: actionDenied, Target: "instance", After: detail}
	if at.Workspace == 0 {
		ac, err := w.Authority.JudgeInstance(w.Snapshot, w.Caller)
		if err != nil {
			return err
		}
		return w.Record(ac, ledger.Workspace{}, e)
	}
	ws, err := w.Workspace(ledger.WorkspaceKey{ID: at.Workspace})
	if err != nil {
		return err
	}
	sp, err := w.Authority.Space(w.Snapshot, ws)
	if err != nil {
		return err
	}
	ac, err := w.Authority.judge(w.Snapshot, w.Caller, sp)
	if err != nil {
		return err
	}
	e.Target = ws.Slug
	if !at.Token.Locator.IsZero() {
		o, err := ReadOwner(w.Reader, OwnerKey(at.Token))
		if err != nil {
			return err
		}
		e.Target, e.Token = TokenID(o, at.Token.Locator), at.Token.Locator
	}
	return w.Record(ac, ws, e)
}
