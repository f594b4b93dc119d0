package insight

import (
	"cmp"
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/verify"
)

// Can explains whether a token may use a scope, on the resource that is named or on any,
// with the checks of Explain. It needs what reading the token needs. What to do about it is
// told to those who may explain, and of a person's own tokens: it says what an owner
// lacks.
func (a *Insight) Can(ctx context.Context, c authority.Caller, ref, id, scope, resource string) (v api.Explanation, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref)
		if err != nil {
			return err
		}
		t, err := a.in.Readable(r, ac, sp, id)
		if err != nil {
			return err
		}
		x := &explaining{Sight: a.in.Watching(ctx, r, ac, sp)}
		if x.namesAny, err = authority.NamesAny(r, sp.Workspace.ID); err != nil {
			return err
		}
		if err := x.ask(api.ExplainRequest{Token: id, Scopes: []string{scope}, Resource: cmp.Or(resource, verify.AnyResource)}); err != nil {
			return err
		}
		if err := x.given(a.in, id); err != nil {
			return err
		}
		if !ac.Owns(t) && ac.Need("tokens:verify") != nil {
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
