package authority

import (
	"cmp"
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/verify"
)

// Can explains whether a token may use a scope, on the resource that is named or on any,
// with the checks of Explain. It needs what reading the token needs. What to do about it is
// told to those who may explain, and of a person's own tokens: it says what an owner
// lacks.
func (a *Authority) Can(ctx context.Context, c Caller, ref, id, scope, resource string) (v api.Explanation, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		ac, sp, err := a.enter(r, c, ref)
		if err != nil {
			return err
		}
		t, err := a.readable(r, ac, sp, id)
		if err != nil {
			return err
		}
		x := &explaining{sight: a.watching(ctx, r, ac, sp)}
		if x.namesAny, err = namesAny(r, sp.ws.ID); err != nil {
			return err
		}
		if err := x.ask(api.ExplainRequest{Token: id, Scopes: []string{scope}, Resource: cmp.Or(resource, verify.AnyResource)}); err != nil {
			return err
		}
		if err := x.given(a, id); err != nil {
			return err
		}
		if !ac.owns(t) && ac.need("tokens:verify") != nil {
			x.hideRemedies()
		}
		v = x.result()
		return nil
	})
	return v, err
}

func (x *explaining) hideRemedies() {
	for i := range x.checks {
		x.checks[i].Remedy = ""
	}
}
