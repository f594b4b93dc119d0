package incident

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

// Server is what an incident is gathered from and acted on: the API as its client has it.
type Server interface {
	TokenDescendants(ctx context.Context, ws, id string) (api.Descendants, error)
	Activity(ctx context.Context, ws, id string) iter.Seq2[api.Activity, error]
	RevokeToken(ctx context.Context, ws, id string, in api.RevokeToken) (api.Token, error)
	DisableToken(ctx context.Context, ws, id string, in api.DisableToken) (api.Token, error)
}

// Action is what is done to the tokens that still work; both nil is nothing.
type Action struct {
	Revoke  *api.RevokeToken
	Disable *api.DisableToken
}

// Gather tells of one token that was found, after it was stopped where it is to be. What
// it did is of before.
func Gather(ctx context.Context, s Server, f api.FoundToken, do Action, now time.Time) (e Entry, err error) {
	if e.FoundToken = f; f.Token == nil {
		return e, nil
	}
	id := f.Token.Locator
	e.Uses, err = UsesOf(s.Activity(ctx, "", id), now.Add(-Week))
	if err != nil && !errors.Is(err, api.CodeInsufficientScope) { // they may not be seen
		return e, err
	}
	t := *f.Token
	switch {
	case !e.Live():
	case do.Revoke != nil:
		t, err = s.RevokeToken(ctx, "", id, *do.Revoke)
	case do.Disable != nil:
		t, err = s.DisableToken(ctx, "", id, *do.Disable)
	}
	if err != nil {
		return e, err
	}
	e.Token = &t
	e.Done = phrase.Ended(t)
	e.Made, err = s.TokenDescendants(ctx, "", id)
	return e, err
}

// UsesOf are the uses since then by activity that comes the latest first.
func UsesOf(activity iter.Seq2[api.Activity, error], since time.Time) ([]Use, error) {
	var all []api.Activity
	for a, err := range activity {
		if err != nil {
			return nil, err
		}
		if a.LastAt.Before(since) {
			break
		}
		all = append(all, a)
	}
	return Uses(all, since), nil
}
