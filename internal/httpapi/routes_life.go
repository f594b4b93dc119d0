package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
)

// lifeRoutes are the calls about tokens that are shown again, looked up, or
// changed by the many.
func lifeRoutes() []Route {
	const tokens = "/v1/workspaces/{ws}/tokens"
	return group("Tokens",
		route("POST", tokens+"/{id}/reveal",
			needs("tokens:reveal").Noting("Somebody else's personal token needs tokens:impersonate too."), "Show the secret of an active token again, where the policy keeps it",
			reissue(func(c *call) (authority.Issued, error) {
				return c.s.authority.RevealToken(c.ctx, c.caller, c.path("ws"), c.path("id"))
			})),
		route("POST", tokens+"/lookup", self("Of tokens that the caller may not see it is only told that they are unknown."), "Say whose the token strings in a text are, and in what state",
			ask(func(c *call, in api.LookupTokens) (api.FoundTokens, error) {
				return c.s.authority.LookupTokens(c.ctx, c.caller, c.path("ws"), in)
			})).saying("It counts as no use. A string whose secret is not right is unknown, like one of another workspace."),
		route("POST", tokens+"/bulk",
			needs("tokens:delete", "tokens:disable", "tokens:edit").Noting("The one that the action needs for a single token."), "Revoke, disable, rotate or edit many tokens",
			bulk()).answering(door.NDJSON).keyed().
			saying("Name ids, or a filter with at least one condition; the caller's own token is never touched. "+
				"Each token is judged by itself, and the caller with it: once the caller's own secret is reset, its token ended or its address no longer allowed, "+
				"the rest are left as they are and answered with the code of that. "+
				"A rotation, and any call that accepts application/x-ndjson, answers one line of JSON for each token as soon as it is done, for any number of them; "+
				"else the answer is unfinished when there was no time for all, and says what was done. "+
				"An Idempotency-Key is about rotations: sent again, each token gets a fresh secret in place of the lost one, and none is rotated twice."),
	)
}

const (
	// bulkTime is for what is answered at once, well below what a client waits;
	// bulkAnswer is how many outcomes that holds.
	bulkTime, bulkAnswer = 20 * time.Second, 10_000
)

// errEnough ends a bulk call whose answer is due.
var errEnough = errors.New("httpapi: no time, no room or no right for more")

// bulk answers the outcomes at once, as many as there is time for; or, where they
// hold secrets or the client asks for it, each as soon as it is known, so that
// none is lost with the connection.
func bulk() endpoint {
	e := change(func(c *call, in api.BulkTokens) (done authority.Done[api.BulkResults], err error) {
		out := api.BulkResults{Action: in.Action, DryRun: in.DryRun, Results: []api.BulkResult{}}
		due := c.s.now().Add(bulkTime)
		err = c.bulkTokens(c.ctx, in, func(r api.BulkResult) error {
			out.Results = append(out.Results, r)
			if len(out.Results) >= bulkAnswer || c.s.now().After(due) {
				return errEnough
			}
			return nil
		})
		if out.Unfinished = errors.Is(err, errEnough); err != nil && !out.Unfinished {
			return done, err
		}
		out.Matched = len(out.Results)
		done.Value = out
		done.Revision, err = c.s.authority.Revision(c.ctx)
		return done, err
	})
	whole := e.run
	e.run = func(c *call) (answer, error) {
		var in api.BulkTokens
		lines := c.r.Header.Get("Accept") == door.NDJSON
		if err := json.Unmarshal(c.body.Bytes(), &in); err != nil || !lines && (in.Action != api.BulkRotate || in.DryRun) {
			return whole(c) // which decodes strictly
		}
		if err := c.decode(&in); err != nil {
			return answer{}, err
		}
		return answer{media: door.NDJSON, stream: func(w io.Writer) error { return c.eachOfMany(w, in) }}, nil
	}
	return e
}

// eachOfMany has as long as an export has: the client sees how far it is.
func (c *call) eachOfMany(w io.Writer, in api.BulkTokens) error {
	ctx, cancel := context.WithTimeout(c.r.Context(), exportTime)
	defer cancel()
	lines := json.NewEncoder(w)
	err := c.bulkTokens(ctx, in, func(r api.BulkResult) error { return lines.Encode(r) })
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// bulkTokens answers what was done also to a caller who is not accepted any more
// by the end of it: what was left undone is told like it.
func (c *call) bulkTokens(ctx context.Context, in api.BulkTokens, tell func(api.BulkResult) error) error {
	told := false
	err := c.s.authority.BulkTokens(ctx, c.caller, c.path("ws"), in, func(r api.BulkResult) error {
		told = true
		return tell(r)
	})
	if told && errors.Is(err, authority.ErrNotAccepted) {
		_ = c.turnedAway(err) // each that was left says so
		return errEnough
	}
	return err
}
