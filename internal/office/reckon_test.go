package office_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
)

// reckoned counts what was worked out, while everybody waited and not.
type reckoned struct{ locked, before atomic.Int64 }

func (r *reckoned) told(locked bool) {
	if locked {
		r.locked.Add(1)
	} else {
		r.before.Add(1)
	}
}

// again is the world with another authority over the same store.
func (w *world) again(s ledger.Store, told func(bool)) {
	w.Office = office.New(authority.Options{Store: s, Keys: w.keys, Now: w.clock.Now, Rand: rand.Reader, Reckoned: told})
}

// heavy is about as much as anybody may be given, different for each salt.
func heavy(salt int) api.Rights {
	var sts []api.Statement
	for i := range 80 {
		var s api.Statement
		for j := range 40 {
			s.Scopes = append(s.Scopes, fmt.Sprintf("n%d-%d:v%d", i, j, salt))
			s.Resources = append(s.Resources, fmt.Sprintf("r%d-%d", i, j))
		}
		sts = append(sts, s)
	}
	return api.Rights{Grants: api.Some(sts)}
}

func heavyToken(salt int) api.CreateToken {
	return api.CreateToken{Kind: "workspace", TokenFields: api.TokenFields{Label: api.Some("heavy"), Rights: heavy(salt)}}
}

// TestNothingDearIsWorkedOutWhileEverybodyWaits: not what is asked for, not what the
// caller holds, not what the token had.
func TestNothingDearIsWorkedOutWhileEverybodyWaits(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, _, err := w.CreateMember(w.ctx, w.root, "acme", api.CreateMember{Email: "bob@example.com", Rights: heavy(0)})
		must(w.T, err)
		bob := w.person("bob@example.com")
		var n reckoned
		w.again(w.store, n.told)
		made := w.create(w.root, heavyToken(1))
		_, _, err = w.EditToken(w.ctx, w.root, "acme", made.Token.ID, api.EditToken{TokenFields: api.TokenFields{Rights: heavy(2)}})
		must(w.T, err)
		_, err = w.RotateToken(w.ctx, w.root, "acme", made.Token.ID, api.RotateToken{})
		must(w.T, err)
		own := ask("personal", "")
		own.Rights = heavy(0)
		mine := w.create(bob, own)
		_, _, err = w.RevokeToken(w.ctx, w.with(mine), "acme", "self", api.RevokeToken{})
		must(w.T, err)
		_, _, err = w.EditMember(w.ctx, w.root, "acme", "bob@example.com", api.EditMember{Rights: heavy(3)})
		must(w.T, err)
		var scopes []string
		for i := range 200 {
			scopes = append(scopes, fmt.Sprintf("role%d:read", i))
		}
		_, _, _, err = w.PutRole(w.ctx, w.root, authority.Where{Workspace: "acme"}, "dear", api.PutRole{Scopes: scopes})
		must(w.T, err)
		if n.locked.Load() != 0 || n.before.Load() == 0 {
			w.Errorf("worked out under the lock: %d, before: %d", n.locked.Load(), n.before.Load())
		}
		rotate := func() int64 {
			_, err := w.RotateToken(w.ctx, w.root, "acme", made.Token.ID, api.RotateToken{})
			must(w.T, err)
			return n.before.Load()
		}
		if first, second := rotate(), rotate(); first != second {
			w.Errorf("%d things were worked out a second time", second-first)
		}
	})
}

// TestADecisionIsTakenOnWhatHoldsInItsTurn: a right that is lost while something is
// worked out is lost.
func TestADecisionIsTakenOnWhatHoldsInItsTurn(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		at := authority.Where{Workspace: "acme"}
		var scopes []string
		for i := range 200 {
			scopes = append(scopes, fmt.Sprintf("tickets:v%d", i))
		}
		put := func(scopes ...string) {
			_, _, _, err := w.PutRole(w.ctx, w.root, at, "maker", api.PutRole{Scopes: append(scopes, "tokens:create")})
			must(w.T, err)
		}
		put(scopes...)
		bob := w.member("bob@example.com", "maker")
		in := ask("workspace", "")
		in.Scopes, in.Resources = api.Some(scopes), api.Some([]string{"*"})
		w.create(bob, in)

		var lost atomic.Bool
		w.again(w.store, func(bool) {
			if !lost.Swap(true) { // it is being worked out what he asks for
				narrow := office.New(authority.Options{Store: w.store, Keys: w.keys, Now: w.clock.Now, Rand: rand.Reader})
				_, _, _, err := narrow.PutRole(w.ctx, w.root, at, "maker", api.PutRole{Scopes: []string{"tickets:v0", "tokens:create"}})
				must(w.T, err)
			}
		})
		_, err := w.CreateToken(w.ctx, bob, "acme", in)
		if w.refused(err, api.CodeGrantExceedsOwn); !lost.Load() {
			w.Error("nothing was worked out")
		}
	})
}

// counting counts how often roles, scopes and members are listed in a batch.
type counting struct {
	ledger.Store
	n *atomic.Int64
}

type countingRights struct {
	ledger.RightsReader
	n *atomic.Int64
}

func (c countingRights) Roles(ws ledger.ID) ([]ledger.Role, error) {
	c.n.Add(1)
	return c.RightsReader.Roles(ws)
}

func (c countingRights) Scopes(ws ledger.ID) ([]ledger.Scope, error) {
	c.n.Add(1)
	return c.RightsReader.Scopes(ws)
}

func (c counting) Batch(ctx context.Context, ms []func(ledger.Tx) error) ([]error, error) {
	var out []func(ledger.Tx) error
	for _, m := range ms {
		out = append(out, func(tx ledger.Tx) error {
			tx.RightsReader = countingRights{tx.RightsReader, c.n}
			tx.PeopleReader = countingPeople{tx.PeopleReader, c.n}
			return m(tx)
		})
	}
	return c.Store.Batch(ctx, out)
}

// TestRolesAndScopesAreReadOnceAChange: what did not change is not read again under
// the lock, and what did holds at once, whoever changed it.
func TestRolesAndScopesAreReadOnceAChange(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		elsewhere := w.Office // another node
		var n atomic.Int64
		w.again(counting{w.store, &n}, nil)
		w.create(w.root, scoped("workspace", "", "tickets:read"))
		n.Store(0)
		w.create(w.root, scoped("workspace", "", "tickets:read"))
		if n.Load() != 0 {
			w.Errorf("listed %d times though nothing changed", n.Load())
		}
		for _, at := range []authority.Where{{Workspace: "acme"}, {Instance: true}} {
			name := fmt.Sprintf("new-%v", at.Instance)
			_, _, _, err := elsewhere.PutRole(w.ctx, w.root, at, name, api.PutRole{Scopes: []string{"tickets:read"}})
			must(w.T, err)
			in := ask("workspace", "")
			in.Role, in.Resources = api.Some(name), api.Some([]string{"*"})
			w.create(w.root, in)
			_, _, err = elsewhere.DeleteRole(w.ctx, w.root, at, name, "Viewer")
			must(w.T, err)
			_, err = w.CreateToken(w.ctx, w.root, "acme", in)
			w.refused(err, api.CodeInvalidField)
		}
	})
}

// TestWhoamiOfATokenThatIsTooLarge says who it is, and leaves out what nobody reads.
func TestWhoamiOfATokenThatIsTooLarge(t *testing.T) {
	t.Parallel()
	bulk(t)
	each(t, func(w *world) {
		made := w.create(w.root, scoped("workspace", "", "tickets:read"))
		for _, size := range []int{1, 100} {
			w.rewriteGrants(made, overlapping(size))
			v, err := w.Whoami(w.ctx, w.with(made))
			must(w.T, err)
			if told := v.Effective != nil && v.Token.Effective != nil; told != (size == 1) || len(v.Scopes) < size {
				w.Errorf("%d statements: effective is told: %v, with %d scopes", size, told, len(v.Scopes))
			}
		}
	})
}

// overlapping are statements that all hold together on each of their resources.
func overlapping(n int) []grant.Statement {
	var sts []grant.Statement
	for i := range n {
		s := grant.Statement{Resources: []string{fmt.Sprintf("r%d", i)}}
		for j := range n {
			s.Scopes = append(s.Scopes, fmt.Sprintf("n%d-%d:read", i, j))
			if j < i {
				s.Resources = append(s.Resources, fmt.Sprintf("r%d", j))
			}
		}
		sts = append(sts, s)
	}
	return sts
}
