package httpapi

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// lifeRoutes are the calls about tokens that are shown again, looked up, or
// changed by the many.
func lifeRoutes() []Route {
	const tokens = "/v1/workspaces/{ws}/tokens"
	return group("Tokens",
		route("POST", tokens+"/{id}/reveal",
			needs("tokens:reveal").noting("Somebody else's personal token needs tokens:impersonate too."), "Show the secret of an active token again, where the policy keeps it",
			reissue(func(c *call) (authority.Issued, error) {
				return c.s.authority.RevealToken(c.ctx, c.caller, c.path("ws"), c.path("id"))
			})),
		route("POST", tokens+"/lookup", self("Of tokens that the caller may not see it is only told that they are unknown."), "Say whose the token strings in a text are, and in what state",
			ask(func(c *call, in api.LookupTokens) (api.FoundTokens, error) {
				return c.s.authority.LookupTokens(c.ctx, c.caller, c.path("ws"), in)
			})).saying("It counts as no use. A string whose secret is not right is unknown, like one of another workspace."),
		route("POST", tokens+"/bulk",
			needs("tokens:delete", "tokens:disable", "tokens:edit").noting("The one that the action needs for a single token."), "Revoke, disable, rotate or edit many tokens",
			bulk()).answering(mediaNDJSON).
			saying("Name ids, or a filter with at least one condition; the caller's own token is never touched. "+
				"Each token is judged by itself, and the caller with it: once the caller's own secret is reset, its token ended or its address no longer allowed, "+
				"the rest are left as they are and answered with the code of that. "+
				"A rotation answers one line of JSON for each token, with its new secret."),
	)
}

// ask takes a body and changes nothing.
func ask[In, Out any](f func(*call, In) (Out, error)) endpoint {
	e := change(func(c *call, in In) (Out, int64, error) {
		v, err := f(c, in)
		return v, 0, err
	})
	answered := e.run
	e.changes = false
	e.run = func(c *call) (answer, error) {
		a, err := answered(c)
		a.changed = false
		return a, err
	}
	return e
}

// bulk answers all outcomes at once, or, where they hold secrets, each as soon as
// it is known, so that none is lost with the connection.
func bulk() endpoint {
	e := change(func(c *call, in api.BulkTokens) (api.BulkResults, int64, error) {
		out := api.BulkResults{Action: in.Action, DryRun: in.DryRun, Results: []api.BulkResult{}}
		err := c.bulkTokens(in, func(r api.BulkResult) error {
			out.Results = append(out.Results, r)
			return nil
		})
		if err != nil {
			return out, 0, err
		}
		out.Matched = len(out.Results)
		revision, err := c.s.authority.Revision(c.ctx)
		return out, revision, err
	})
	whole := e.run
	e.run = func(c *call) (answer, error) {
		var in api.BulkTokens
		if err := json.Unmarshal(c.body.Bytes(), &in); err != nil || in.Action != api.BulkRotate || in.DryRun {
			return whole(c) // which decodes strictly
		}
		if err := c.decode(&in); err != nil {
			return answer{}, err
		}
		return answer{media: mediaNDJSON, stream: func(w io.Writer) error { return c.rotateMany(w, in) }}, nil
	}
	return e
}

func (c *call) rotateMany(w io.Writer, in api.BulkTokens) error {
	lines := json.NewEncoder(w)
	return c.bulkTokens(in, func(r api.BulkResult) error { return lines.Encode(r) })
}

// bulkTokens answers what was done also to a caller who is not accepted any more
// by the end of it: what was left undone is told like it.
func (c *call) bulkTokens(in api.BulkTokens, tell func(api.BulkResult) error) error {
	told := false
	err := c.s.authority.BulkTokens(c.ctx, c.caller, c.path("ws"), in, func(r api.BulkResult) error {
		told = true
		return tell(r)
	})
	if told && errors.Is(err, authority.ErrNotAccepted) {
		_ = c.turnedAway(err) // each that was left says so
		return nil
	}
	return err
}
