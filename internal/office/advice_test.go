package office_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

func (w *watched) advice(id string) map[string]api.Advice {
	w.Helper()
	list, err := w.TokenAdvice(w.ctx, w.root, "acme", id)
	must(w.T, err)
	by := map[string]api.Advice{}
	for _, a := range list {
		by[a.Code] = a
	}
	return by
}

// apply follows an advice, whatever it is.
func (w *watched) apply(a api.Advice) {
	w.Helper()
	var err error
	switch {
	case a.Change.Edit != nil:
		_, _, err = w.EditToken(w.ctx, w.root, "acme", a.Token, *a.Change.Edit)
	case a.Change.Revoke != nil:
		_, _, err = w.RevokeToken(w.ctx, w.root, "acme", a.Token, *a.Change.Revoke)
	case a.Change.Rotate != nil:
		_, err = w.RotateToken(w.ctx, w.root, "acme", a.Token, *a.Change.Rotate)
	default:
		w.Errorf("%s names no change", a.Code)
	}
	must(w.T, err)
}

func (w *watched) wantAdvice(id string, want ...string) map[string]api.Advice {
	w.Helper()
	by := w.advice(id)
	var got []string
	for code := range by {
		got = append(got, code)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.Errorf("advised %v, want %v", got, want)
	}
	return by
}

// after says that an advice that was followed is not given again.
func (w *watched) after(a api.Advice) {
	w.Helper()
	w.apply(a)
	if _, again := w.advice(a.Token)[a.Code]; again {
		w.Errorf("%s is advised again after it was followed", a.Code)
	}
}

func (w *watched) days(n int) { w.clock.pass(time.Duration(n) * 24 * time.Hour) }

func TestAdviceAboutATokenThatNobodyUses(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		i := w.create(w.root, ask("personal", ""))
		w.days(89)
		w.wantAdvice(i.Token.ID)
		w.days(2)
		w.after(w.wantAdvice(i.Token.ID, api.AdviceUnused)[api.AdviceUnused])
	})
}

func TestAdviceAboutATokenWithoutExpiry(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		_, _, err := w.EditPolicy(w.ctx, w.root, "acme", api.PatchPolicy{AllowNever: api.Some(true)})
		must(w.T, err)
		in := ask("personal", "")
		in.Never = api.Some(true)
		i := w.create(w.person("ada@example.com"), in) // the first token itself has an end
		w.after(w.wantAdvice(i.Token.ID, api.AdviceNoExpiry)[api.AdviceNoExpiry])
		if v := w.get(w.root, i.Token.ID); v.ExpiresAt == nil || v.OutsidePolicy {
			w.Errorf("it now expires at %v", v.ExpiresAt)
		}
	})
}

func TestAdviceAboutAnInactiveOwner(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		w.memberOf("acme", "bob@example.com", "Viewer", "*")
		i := w.create(w.root, ask("personal", "bob@example.com"))
		_, _, _, err := w.DeactivateMember(w.ctx, w.root, "acme", "bob@example.com", false)
		must(w.T, err)
		w.after(w.wantAdvice(i.Token.ID, api.AdviceOwnerInactive)[api.AdviceOwnerInactive])
	})
}

func TestAdviceAboutASecretInManyHands(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		few, many := w.create(w.root, ask("personal", "")), w.create(w.root, ask("personal", ""))
		for n := range 60 {
			w.uses(many.Secret, fmt.Sprintf("198.51.100.%d", n))
			if n < 12 {
				w.uses(few.Secret, fmt.Sprintf("192.0.2.%d", n))
			}
		}
		a := w.wantAdvice(few.Token.ID, api.AdviceShared)[api.AdviceShared]
		if a.Addresses != 12 || len(a.Change.Edit.AllowedIPs.Value) != 12 {
			w.Errorf("advised %+v", a)
		}
		w.after(a)
		w.uses(few.Secret, "192.0.2.5")
		if code := w.use(few.Secret, "192.0.2.99"); code != api.CodeIPDenied {
			w.Errorf("a new address is answered %s", code)
		}
		if a := w.advice(many.Token.ID)[api.AdviceShared]; a.Change.Rotate == nil {
			w.Errorf("advised %+v", a)
		}
	})
}

func TestAdviceAboutScopesThatAreNotExercised(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		w.account("ci", "tickets:read", "tickets:write", "orders:read", "tokens:self")
		for name, in := range map[string]api.CreateToken{
			"stated":    scoped("service", "ci", "tickets:read", "tickets:write", "tokens:self"),
			"inherited": ask("service", "ci"),
			"pattern":   scoped("service", "ci", "*"),
		} {
			i := w.create(w.root, in)
			w.uses(i.Secret, "192.0.2.1", "tickets:write")
			w.wantAdvice(i.Token.ID)
			w.days(31)
			w.wantAdvice(i.Token.ID) // nothing is known to be exercised of late
			w.uses(i.Secret, "192.0.2.1", "tickets:read")
			a := w.wantAdvice(i.Token.ID, api.AdviceUnusedScopes)[api.AdviceUnusedScopes]
			if a.Days != 30 || !slices.Contains(a.Unused, "tickets:write") || slices.Contains(a.Unused, "tickets:read") {
				w.Errorf("%s: advised %+v", name, a)
			}
			w.days(60)
			w.uses(i.Secret, "192.0.2.1", "tickets:read")
			if a = w.advice(i.Token.ID)[api.AdviceUnusedScopes]; a.Days != 90 {
				w.Errorf("%s: after 91 days it looks at %d", name, a.Days)
			}
			w.after(a)
			w.uses(i.Secret, "192.0.2.1", "tickets:read")
			w.uses(i.Secret, "192.0.2.1", "tokens:self")
			if code := w.use(i.Secret, "192.0.2.1", "tickets:write"); code != api.CodeInsufficientScope {
				w.Errorf("%s: what was taken away is answered %s", name, code)
			}
		}
	})
}

func TestAdviceIsForWhoMayWatch(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		w.memberOf("acme", "bob@example.com", "Viewer", "*")
		bob, vic := w.person("bob@example.com"), w.member("vic@example.com", "Viewer")
		i := w.create(w.root, ask("personal", "bob@example.com"))
		w.days(100)
		for name, c := range map[string]struct {
			caller authority.Caller
			want   api.Code
		}{
			"its owner, signed in": {bob, ""},
			"another viewer":       {vic, api.CodeInsufficientScope},
			"an owner":             {w.root, ""},
		} {
			_, err := w.TokenAdvice(w.ctx, c.caller, "acme", i.Token.ID)
			_, usageErr := w.TokenUsage(w.ctx, c.caller, "acme", i.Token.ID, time.Time{}, time.Time{}, "")
			_, _, activityErr := w.TokenActivity(w.ctx, c.caller, "acme", i.Token.ID, page(0))
			for _, err := range []error{err, usageErr, activityErr} {
				if got := codeOf(err); got != c.want {
					w.Errorf("%s: %v, want %q", name, err, c.want)
				}
			}
		}
		_, _, err := w.WorkspaceAdvice(w.ctx, vic, "acme", page(0))
		w.refused(err, api.CodeInsufficientScope)
		all, next, err := w.WorkspaceAdvice(w.ctx, w.root, "acme", authority.Page{Limit: 1})
		must(w.T, err)
		if len(all) != 1 || all[0].Token != i.Token.ID || next == 0 {
			w.Errorf("the workspace is advised %+v, next %d", all, next)
		}
	})
}

func codeOf(err error) api.Code {
	if err == nil {
		return ""
	}
	return api.AsError(err).Code
}
