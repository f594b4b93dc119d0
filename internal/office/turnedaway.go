package office

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

// A sign-in that is refused leaves an event too. Whoever likes can cause one, from any
// number of places, so one of a kind is written every ten minutes, of all kinds from
// one network so many an hour, and of all networks together so many; what comes
// between is counted.
const (
	turnedAwayEvery = 10 * time.Minute
	turnedAwayEach  = 12
	turnedAwayHour  = 120
)

// Stranger is who is refused without being known, as those are told apart.
type Stranger struct {
	// Account is what they named, in a form that says nothing of it.
	Account string
	// Network is where they are.
	Network string
}

// SignInRefusal says how and why a sign-in was refused, in words of the program
// and never in what was typed.
type SignInRefusal struct {
	// Method is password, passkey, second factor or oidc:NAME.
	Method string `json:"method"`
	Reason string `json:"reason"`
}

// turnedAway is one kind of refused sign-in.
type turnedAway struct {
	SignInRefusal
	Stranger
}

func refusalsOfSignIns() *authority.Refusals[turnedAway, string] {
	hour := api.Duration(time.Hour)
	r := authority.NewRefusals(turnedAwayEvery, func(x turnedAway) string { return x.Network }, api.RateLimit{Requests: turnedAwayEach, Window: hour})
	r.All = verify.NewLimiter[authority.Everybody](api.RateLimit{Requests: turnedAwayHour, Window: hour}, 1)
	return r
}

// TurnedAway writes a refused sign-in into the audit of the instance, unless one
// like it, of the same stranger, was written a moment ago. About is whose account it
// was; the zero User is nobody's that is known.
func (a *Office) TurnedAway(ctx context.Context, c authority.Caller, who Stranger, about ledger.User, why SignInRefusal) error {
	count := a.turnedAway.Due(turnedAway{why, who}, a.in.Now())
	if count == 0 {
		return nil
	}
	return a.SignIn(ctx, c, func(tx *SignInTx) error {
		return tx.Note("signin.failed", ledger.User{}, about, struct {
			SignInRefusal
			Count int64 `json:"count"`
		}{why, count})
	})
}
