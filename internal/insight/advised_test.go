package insight_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// codes are what is advised about a token, in order.
func (w *watched) codes(id string) (out []string) {
	w.Helper()
	for code := range w.Advice(id) {
		out = append(out, code)
	}
	slices.Sort(out)
	return out
}

// TestAdviceBeginsWhenItIsTrue: to the second, to the address.
func TestAdviceBeginsWhenItIsTrue(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	later := officetest.Ask("personal", "")
	later.NotBefore = api.Some(w.Clock.Now().Add(10 * officetest.Day))
	never, used, young := w.Create(w.Root, officetest.Ask("personal", "")), w.Create(w.Root, officetest.Ask("personal", "")), w.Create(w.Root, later)
	w.Clock.Pass(time.Second)
	w.Uses(used.Secret, "192.0.2.1")
	w.Clock.Pass(90*officetest.Day - 2*time.Second)
	for step, want := range [][]string{{}, {never.Token.ID}, {never.Token.ID, used.Token.ID}} {
		var got []string
		for _, id := range []string{never.Token.ID, used.Token.ID, young.Token.ID} {
			if slices.Contains(w.codes(id), api.AdviceUnused) {
				got = append(got, id)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d s after 90 days less one: unused are %v, want %v", step, got, want)
		}
		w.Clock.Pass(time.Second)
	}
	for id, says := range map[string]string{never.Token.ID: "It was never used.", used.Token.ID: "It was last used on 2026-03-14."} {
		a := w.Advice(id)[api.AdviceUnused]
		if a.Days != 90 || a.Change.Revoke.Reason != api.ReasonUnused || len(a.Explanation) < len(says) || a.Explanation[:len(says)] != says {
			t.Errorf("%+v", a)
		}
	}
	shared := w.Create(w.Root, officetest.Ask("personal", ""))
	for n := range 51 {
		w.Uses(shared.Secret, fmt.Sprintf("2001:db8::%x", n+1))
		a, told := w.Advice(shared.Token.ID)[api.AdviceShared]
		if n+1 < 10 && told || n+1 >= 10 && (a.Addresses != n+1 || (a.Change.Edit != nil) != (n+1 <= 50) || (a.Change.Rotate != nil) != (n+1 > 50)) {
			t.Errorf("from %d addresses: %+v", n+1, a)
		}
		if n+1 == 10 && !slices.Contains(a.Change.Edit.AllowedIPs.Value, "2001:db8::a/128") {
			t.Errorf("allowed would be %v", a.Change.Edit.AllowedIPs.Value)
		}
	}
	w.Days(31)
	if got := w.codes(shared.Token.ID); len(got) != 0 {
		t.Errorf("all of that was long ago: %v", got)
	}
}

// TestAnEndIsAdvisedThatThePolicyGives: the default of the policy, or what it lets a token
// live where that is less.
func TestAnEndIsAdvisedThatThePolicyGives(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	w.Policy(func(p *api.PatchPolicy) { p.AllowNever = api.Some(true) })
	in := officetest.Ask("personal", "")
	in.Never = api.Some(true)
	i := w.Create(w.Person("ada@example.com"), in)
	for _, c := range []struct{ most, usual, want api.Duration }{
		{0, 0, 365 * api.Day}, {0, 40 * api.Day, 40 * api.Day}, {30 * api.Day, 0, 30 * api.Day}, {60 * api.Day, 40 * api.Day, 40 * api.Day},
	} {
		w.Policy(func(p *api.PatchPolicy) {
			p.MaxLifetime, p.DefaultLifetime = api.Null[api.Duration](), api.Null[api.Duration]()
			if c.most > 0 {
				p.MaxLifetime = api.Some(c.most)
			}
			if c.usual > 0 {
				p.DefaultLifetime = api.Some(c.usual)
			}
		})
		a := w.Advice(i.Token.ID)[api.AdviceNoExpiry]
		if a.Change.Edit == nil || a.Change.Edit.ExpiresIn.Value != c.want {
			t.Errorf("at most %v, usually %v: %+v", c.most, c.usual, a)
		}
	}
}

// TestNothingIsAdvisedAboutWhatHasEnded, and all of it about what can come back.
func TestNothingIsAdvisedAboutWhatHasEnded(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	short := officetest.Ask("personal", "")
	short.ExpiresIn = api.Some(50 * api.Day)
	expired, revoked, disabled := w.Create(w.Root, short), w.Create(w.Root, officetest.Ask("personal", "")), w.Create(w.Root, officetest.Ask("personal", ""))
	officetest.Must(t, officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", revoked.Token.ID, api.RevokeToken{})))
	officetest.Must(t, officetest.Second(w.DisableToken(w.Ctx, w.Root, "acme", disabled.Token.ID, api.DisableToken{})))
	w.Days(91)
	for id, want := range map[string][]string{expired.Token.ID: nil, revoked.Token.ID: nil, disabled.Token.ID: {api.AdviceUnused}} {
		if got := w.codes(id); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", id, got, want)
		}
	}
}

// TestScopesAreTakenAwayThatWereNotExercised, named one by one where the catalogue or the
// grant names them, else by their pattern, and those of Tokenry's own never.
func TestScopesAreTakenAwayThatWereNotExercised(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	w.WriteScope(officetest.Acme(), "tickets:read", api.PutScope{})
	w.WriteScope(officetest.Acme(), "tickets:close", api.PutScope{})
	w.Account("ci", "*")
	statements := func(ss ...api.Statement) api.CreateToken {
		in := officetest.Ask("service", "ci")
		in.Grants = api.Some(ss)
		return in
	}
	on := func(resource string, scopes ...string) api.Statement {
		return api.Statement{Scopes: scopes, Resources: []string{resource}}
	}
	for what, c := range map[string]struct {
		in     api.CreateToken
		uses   string
		unused []string
		left   []api.Statement
	}{
		"by name":                    {statements(on("*", "tickets:read", "tickets:close")), "tickets:read", []string{"tickets:close"}, []api.Statement{on("*", "tickets:read")}},
		"by the catalogue's names":   {statements(on("*", "tickets:*")), "tickets:read", []string{"tickets:close"}, []api.Statement{on("*", "tickets:read")}},
		"by its pattern":             {statements(on("*", "tickets:read", "orders:*")), "tickets:read", []string{"orders:*"}, []api.Statement{on("*", "tickets:read")}},
		"a statement as a whole":     {statements(on("ledger", "tickets:read"), on("payments", "orders:read")), "tickets:read", []string{"orders:read"}, []api.Statement{on("ledger", "tickets:read")}},
		"but none of Tokenry's own":  {statements(on("*", "tickets:read", "orders:read"), on("*", "tokens:self")), "tickets:read", []string{"orders:read"}, []api.Statement{on("*", "tickets:read"), on("*", "tokens:self")}},
		"and nothing where all is":   {statements(on("*", "tickets:read", "tokens:*")), "tickets:read", nil, nil},
		"nor where nothing is known": {statements(on("*", "tickets:read", "orders:read")), "", nil, nil},
	} {
		i := w.Create(w.admin(), c.in)
		w.Days(30)
		if c.uses == "" {
			w.Uses(i.Secret, "192.0.2.1")
		} else {
			w.Uses(i.Secret, "192.0.2.1", c.uses)
		}
		a, told := w.Advice(i.Token.ID)[api.AdviceUnusedScopes]
		if told != (c.unused != nil) || !slices.Equal(a.Unused, c.unused) {
			t.Errorf("%s: %t, %v", what, told, a.Unused)
			continue
		}
		if told {
			if diff := cmp.Diff(c.left, a.Change.Edit.Grants.Value); diff != "" || a.Days != 30 {
				t.Errorf("%s, in %d days (-want +got):\n%s", what, a.Days, diff)
			}
			w.apply(a)
			w.Uses(i.Secret, "192.0.2.1", c.uses)
		}
	}
}
