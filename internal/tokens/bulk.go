package tokens

import (
	"context"
	"errors"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/token"
)

// maxBulk is how many tokens one bulk call names at the most; a filter may find
// any number.
const maxBulk = 10_000

// BulkTokens does one thing to many tokens and tells each outcome as it is
// known. Every token is judged, changed and audited by the verb for one, so
// that one refusal leaves the others; the caller's own token is never touched. A
// dry run judges each the same way, and leaves it as it was. What a filter finds
// is done page by page, the newest first; what is made meanwhile is not touched.
// An error of tell ends the call: what was told was done. Once the caller itself is
// refused, nothing more is tried: that is told of each of those that are known by
// then, and answered ([authority.ErrNotAccepted]).
func (a *Tokens) BulkTokens(ctx context.Context, c authority.Caller, ref string, in api.BulkTokens, tell func(api.BulkResult) error) error {
	err := a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, _, err := a.in.Enter(r, c, ref)
		return input.First(err, checkBulk(in))
	})
	if err != nil {
		return err
	}
	if err := claim(ctx, a.in, c, ref, in.DryRun); err != nil {
		return err
	}
	again := c.Retry
	c.Retry = authority.Retry{} // the name of the whole call names none of its parts
	one := c
	one.Rehearse = in.DryRun
	var gone error // why the caller is not accepted any more
	first, rotated := true, map[string]bool{}
	err = a.eachTarget(ctx, c, ref, in, func(id string) (err error) {
		result := api.BulkResult{ID: id, Code: api.CodeOK}
		if in.Action == api.BulkRotate {
			at := authority.LocatorPart(id)
			if rotated[at] {
				return nil // a second secret would be in the way of the one that was told
			}
			if rotated[at] = true; again.Key != "" && !again.Once {
				// Each rotation has the name of the call and of its token, so that the call sent
				// again answers fresh secrets in place of those that were lost, and rotates none twice.
				one.Retry = again
				one.Retry.Route += " " + at
			}
		}
		if err = gone; err == nil {
			result.Secret, err = a.bulkOne(ctx, one, ref, id, in)
		}
		if errors.Is(err, authority.ErrNotAccepted) {
			gone = err
		}
		if gone != nil && first {
			return gone
		}
		if first = false; err != nil {
			e := api.AsError(err)
			result.Code, result.Detail = e.Code, e.Message
		}
		return tell(result)
	})
	return input.First(err, gone)
}

// claim notes a call that is to be done once before its first part is, so that
// sending it again does nothing, also while it runs.
func claim(ctx context.Context, a *authority.Authority, c authority.Caller, ref string, dryRun bool) error {
	if !c.Retry.Once || dryRun {
		return nil
	}
	_, err := a.Apply(ctx, authority.Neither, c, func(w *authority.Work) error {
		_, _, err := a.Enter(w.Snapshot, c, ref)
		return input.First(err, w.SentOnce(), w.RememberObject("bulk"))
	})
	return err
}

func checkBulk(in api.BulkTokens) error {
	named, filtered := in.IDs != nil, in.Filter != nil
	if filtered {
		if err := input.CheckFilter("filter.", *in.Filter); err != nil {
			return err
		}
	}
	switch {
	case named == filtered || filtered && !input.Narrows(*in.Filter):
		return api.FieldError("filter", "give either ids, or a filter with at least one condition")
	case named && len(in.IDs) == 0:
		return input.EmptyCondition("ids")
	case slices.ContainsFunc(in.IDs, input.Blank):
		return api.FieldError("ids", "an entry is empty")
	case len(in.IDs) > maxBulk:
		return api.FieldError("ids", "at most 10000")
	case in.Action == api.BulkEdit && in.Edit == nil:
		return api.FieldError("edit", "says what to change")
	}
	return input.First(
		input.OneOf("action", api.Some(in.Action), api.BulkRevoke, api.BulkDisable, api.BulkRotate, api.BulkEdit),
		checkReason(api.RevokeToken{Reason: in.Reason, Comment: in.Comment}),
	)
}

// eachTarget goes through the tokens a bulk call is about. A listing needs what
// listing needs; named ones are judged one by one. What has ended already, as
// the action would end it, is passed over, so that a call that was broken off goes
// on where it was when it is sent again.
func (a *Tokens) eachTarget(ctx context.Context, c authority.Caller, ref string, in api.BulkTokens, do func(id string) error) error {
	own := c.Token.String()
	if in.Filter == nil {
		for _, id := range in.IDs {
			if id == "self" || !c.Token.IsZero() && authority.LocatorPart(id) == own {
				continue
			}
			if err := do(id); err != nil {
				return err
			}
		}
		return nil
	}
	for t, err := range authority.Each(func(p authority.Page) ([]api.Token, int64, error) {
		return a.list(ctx, c, ref, *in.Filter, p, false) // what ends tokens is not told by a part of a name
	}) {
		if err != nil {
			return err
		}
		ended := t.Status == api.StatusRevoked || in.Action == api.BulkDisable && t.DisabledAt != nil
		if ended || !c.Token.IsZero() && t.Locator == own {
			continue
		}
		if err := do(t.ID); err != nil {
			return err
		}
	}
	return nil
}

func (a *Tokens) bulkOne(ctx context.Context, c authority.Caller, ref, id string, in api.BulkTokens) (secret string, err error) {
	switch in.Action {
	case api.BulkRevoke:
		_, err = a.RevokeToken(ctx, c, ref, id, api.RevokeToken{Reason: in.Reason, Comment: in.Comment, Descendants: in.Descendants})
	case api.BulkDisable:
		_, err = a.DisableToken(ctx, c, ref, id, api.DisableToken{})
	case api.BulkEdit:
		_, err = a.EditToken(ctx, c, ref, id, *in.Edit)
	case api.BulkRotate:
		var rotate api.RotateToken
		if in.Rotate != nil {
			rotate = *in.Rotate
		}
		var out authority.Issued
		out, err = a.RotateToken(ctx, c, ref, id, rotate)
		if !c.Rehearse {
			secret = out.Secret.Reveal()
		}
	}
	return secret, err
}

// maxFound is how many token strings one look-up answers.
const maxFound = 1000

// LookupTokens finds token strings in a text, also within base64 and escapes, and says whose they are and in what
// state, as far as the caller may see: with tokens:read, or one's own. A string
// whose secret is not right is unknown, like one of another tenant. It counts as
// no use and changes nothing. Where the keyring cannot tell of one, it tells of none.
func (a *Tokens) LookupTokens(ctx context.Context, c authority.Caller, ref string, in api.LookupTokens) (out api.FoundTokens, err error) {
	out.Items = []api.FoundToken{}
	found := each(token.FindWrapped([]byte(in.Text)))
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref)
		if err != nil {
			return err
		}
		s := a.in.Watching(ctx, r, ac, sp)
		for _, secret := range found {
			item, err := tell(s, secret)
			if err != nil {
				return err
			}
			out.Items = append(out.Items, item)
		}
		return nil
	})
	return out, err
}

// each are the first token strings of a text, once each, in its order.
func each(found []token.Wrapped) (out []token.Wrapped) {
	seen := map[string]bool{}
	for _, w := range found {
		if text := w.Secret.Reveal(); !seen[text] && len(out) < maxFound {
			seen[text] = true
			out = append(out, w)
		}
	}
	return out
}

// tell says what a well-formed token string is to the actor.
func tell(s *authority.Sight, w token.Wrapped) (api.FoundToken, error) {
	text, p := w.Secret.Reveal(), w.Parsed
	item := api.FoundToken{Masked: p.Mask(), Derived: p.Derived, Secret: api.SecretUnknown}
	t, err := s.Snapshot.Token(p.Locator)
	if err != nil {
		return item, authority.IgnoreNoRow(err)
	}
	if may := authority.MayManage(s.Actor, t, "tokens:read"); t.Workspace != s.Space.Workspace.ID || may != nil {
		return item, nil //nolint:nilerr // what may not be seen is told like what does not exist
	}
	secrets, err := s.Snapshot.Secrets(t.ID)
	if err != nil {
		return item, err
	}
	if item.Secret, err = s.Which(t, text, secrets); item.Secret == api.SecretUnknown || err != nil {
		return item, err
	}
	v, err := s.Token(t)
	item.Token = &v
	return item, err
}
