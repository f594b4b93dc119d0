package authority

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/api"
)

// A sign-in that is refused before it is known whose it would have been leaves an
// event too. Whoever likes can cause one, from any number of places, so one of a
// kind is written every ten minutes, and of all kinds together so many an hour;
// what comes between is counted.
const (
	turnedAwayEvery = 10 * time.Minute
	turnedAwayHour  = 60
)

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
	about ID
	place string
}

// everybody is the one group of all who sign in.
type everybody struct{}

func refusalsOfSignIns() *refusals[turnedAway, everybody] {
	limit := api.RateLimit{Requests: turnedAwayHour, Window: api.Duration(time.Hour)}
	return newRefusals(turnedAwayEvery, func(turnedAway) everybody { return everybody{} }, limit)
}

// TurnedAway writes a refused sign-in into the audit of the instance, unless one
// like it, at the same place, was written a moment ago. About is whose account it
// was; the zero User is nobody's that is known.
func (a *Authority) TurnedAway(ctx context.Context, c Caller, place string, about User, why SignInRefusal) error {
	count := a.turnedAway.due(turnedAway{why, about.ID, place}, a.now())
	if count == 0 {
		return nil
	}
	return a.SignIn(ctx, c, func(tx *SignInTx) error {
		return tx.Note("signin.failed", User{}, about, struct {
			SignInRefusal
			Count int64 `json:"count"`
		}{why, count})
	})
}
