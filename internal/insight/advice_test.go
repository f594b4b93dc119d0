package insight_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

func TestAdviceAboutATokenThatNobodyUses(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		i := w.Create(w.Root, officetest.Ask("personal", ""))
		w.Days(89)
		w.WantAdvice(i.Token.ID)
		w.Days(2)
		w.After(w.WantAdvice(i.Token.ID, api.AdviceUnused)[api.AdviceUnused])
	})
}

func TestAdviceAboutATokenWithoutExpiry(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		_, err := w.EditPolicy(w.Ctx, w.Root, "acme", api.PatchPolicy{AllowNever: api.Some(true)})
		officetest.Must(w.T, err)
		in := officetest.Ask("personal", "")
		in.Never = api.Some(true)
		i := w.Create(w.Person("ada@example.com"), in) // the first token itself has an end
		w.After(w.WantAdvice(i.Token.ID, api.AdviceNoExpiry)[api.AdviceNoExpiry])
		if v := w.Get(w.Root, i.Token.ID); v.ExpiresAt == nil || v.OutsidePolicy {
			w.Errorf("it now expires at %v", v.ExpiresAt)
		}
	})
}

func TestAdviceAboutAnInactiveOwner(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		w.MemberOf("acme", "bob@example.com", "Viewer", "*")
		i := w.Create(w.Root, officetest.Ask("personal", "bob@example.com"))
		_, err := w.DeactivateMember(w.Ctx, w.Root, "acme", "bob@example.com", false)
		officetest.Must(w.T, err)
		w.After(w.WantAdvice(i.Token.ID, api.AdviceOwnerInactive)[api.AdviceOwnerInactive])
	})
}

func TestAdviceAboutASecretInManyHands(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		few, many := w.Create(w.Root, officetest.Ask("personal", "")), w.Create(w.Root, officetest.Ask("personal", ""))
		for n := range 60 {
			w.Uses(many.Secret, fmt.Sprintf("198.51.100.%d", n))
			if n < 12 {
				w.Uses(few.Secret, fmt.Sprintf("192.0.2.%d", n))
			}
		}
		a := w.WantAdvice(few.Token.ID, api.AdviceShared)[api.AdviceShared]
		if a.Addresses != 12 || len(a.Change.Edit.AllowedIPs.Value) != 12 {
			w.Errorf("advised %+v", a)
		}
		w.After(a)
		w.Uses(few.Secret, "192.0.2.5")
		if code := w.Use(few.Secret, "192.0.2.99"); code != api.CodeIPDenied {
			w.Errorf("a new address is answered %s", code)
		}
		if a := w.Advice(many.Token.ID)[api.AdviceShared]; a.Change.Rotate == nil {
			w.Errorf("advised %+v", a)
		}
	})
}

func TestAdviceAboutScopesThatAreNotExercised(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		w.Account("ci", "tickets:read", "tickets:write", "orders:read", "tokens:self")
		for name, in := range map[string]api.CreateToken{
			"stated":    officetest.Scoped("service", "ci", "tickets:read", "tickets:write", "tokens:self"),
			"inherited": officetest.Ask("service", "ci"),
			"pattern":   officetest.Scoped("service", "ci", "*"),
		} {
			i := w.Create(w.Root, in)
			w.Uses(i.Secret, "192.0.2.1", "tickets:write")
			w.WantAdvice(i.Token.ID)
			w.Days(31)
			w.WantAdvice(i.Token.ID) // nothing is known to be exercised of late
			w.Uses(i.Secret, "192.0.2.1", "tickets:read")
			a := w.WantAdvice(i.Token.ID, api.AdviceUnusedScopes)[api.AdviceUnusedScopes]
			if a.Days != 30 || !slices.Contains(a.Unused, "tickets:write") || slices.Contains(a.Unused, "tickets:read") {
				w.Errorf("%s: advised %+v", name, a)
			}
			w.Days(60)
			w.Uses(i.Secret, "192.0.2.1", "tickets:read")
			if a = w.Advice(i.Token.ID)[api.AdviceUnusedScopes]; a.Days != 90 {
				w.Errorf("%s: after 91 days it looks at %d", name, a.Days)
			}
			w.After(a)
			w.Uses(i.Secret, "192.0.2.1", "tickets:read")
			w.Uses(i.Secret, "192.0.2.1", "tokens:self")
			if code := w.Use(i.Secret, "192.0.2.1", "tickets:write"); code != api.CodeInsufficientScope {
				w.Errorf("%s: what was taken away is answered %s", name, code)
			}
		}
	})
}

func TestAdviceIsForWhoMayWatch(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		w.MemberOf("acme", "bob@example.com", "Viewer", "*")
		bob, vic := w.Person("bob@example.com"), w.Member("vic@example.com", "Viewer")
		i := w.Create(w.Root, officetest.Ask("personal", "bob@example.com"))
		w.Days(100)
		for name, c := range map[string]struct {
			caller authority.Caller
			want   api.Code
		}{
			"its owner, signed in": {bob, ""},
			"another viewer":       {vic, api.CodeInsufficientScope},
			"an owner":             {w.Root, ""},
		} {
			_, err := w.TokenAdvice(w.Ctx, c.caller, "acme", i.Token.ID)
			_, usageErr := w.TokenUsage(w.Ctx, c.caller, "acme", i.Token.ID, time.Time{}, time.Time{}, "")
			_, _, activityErr := w.TokenActivity(w.Ctx, c.caller, "acme", i.Token.ID, officetest.Page(0))
			for _, err := range []error{err, usageErr, activityErr} {
				if got := codeOf(err); got != c.want {
					w.Errorf("%s: %v, want %q", name, err, c.want)
				}
			}
		}
		_, _, err := w.WorkspaceAdvice(w.Ctx, vic, "acme", officetest.Page(0))
		w.Refused(err, api.CodeInsufficientScope)
		all, next, err := w.WorkspaceAdvice(w.Ctx, w.Root, "acme", authority.Page{Limit: 1})
		officetest.Must(w.T, err)
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
