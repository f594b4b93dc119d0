package authority_test

import (
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
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
	officetest.Each(t, func(w *officetest.World) {
		_, err := w.CreateMember(w.Ctx, w.Root, "acme", api.CreateMember{Email: "bob@example.com", Rights: heavy(0)})
		officetest.Must(w.T, err)
		bob := w.Person("bob@example.com")
		var n reckoned
		w.Again(w.Store, n.told)
		made := w.Create(w.Root, heavyToken(1))
		_, err = w.EditToken(w.Ctx, w.Root, "acme", made.Token.ID, api.EditToken{TokenFields: api.TokenFields{Rights: heavy(2)}})
		officetest.Must(w.T, err)
		_, err = w.RotateToken(w.Ctx, w.Root, "acme", made.Token.ID, api.RotateToken{})
		officetest.Must(w.T, err)
		own := officetest.Ask("personal", "")
		own.Rights = heavy(0)
		mine := w.Create(bob, own)
		_, err = w.RevokeToken(w.Ctx, w.With(mine), "acme", "self", api.RevokeToken{})
		officetest.Must(w.T, err)
		_, err = w.EditMember(w.Ctx, w.Root, "acme", "bob@example.com", api.EditMember{Rights: heavy(3)})
		officetest.Must(w.T, err)
		var scopes []string
		for i := range 200 {
			scopes = append(scopes, fmt.Sprintf("role%d:read", i))
		}
		_, err = w.PutRole(w.Ctx, w.Root, authority.Where{Workspace: "acme"}, "dear", api.PutRole{Scopes: scopes})
		officetest.Must(w.T, err)
		if n.locked.Load() != 0 || n.before.Load() == 0 {
			w.Errorf("worked out under the lock: %d, before: %d", n.locked.Load(), n.before.Load())
		}
		rotate := func() int64 {
			_, err := w.RotateToken(w.Ctx, w.Root, "acme", made.Token.ID, api.RotateToken{})
			officetest.Must(w.T, err)
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
	officetest.Each(t, func(w *officetest.World) {
		at := authority.Where{Workspace: "acme"}
		var scopes []string
		for i := range 200 {
			scopes = append(scopes, fmt.Sprintf("tickets:v%d", i))
		}
		put := func(scopes ...string) {
			_, err := w.PutRole(w.Ctx, w.Root, at, "maker", api.PutRole{Scopes: append(scopes, "tokens:create")})
			officetest.Must(w.T, err)
		}
		put(scopes...)
		bob := w.Member("bob@example.com", "maker")
		in := officetest.Ask("workspace", "")
		in.Scopes, in.Resources = api.Some(scopes), api.Some([]string{"*"})
		w.Create(bob, in)

		var lost atomic.Bool
		w.Again(w.Store, func(bool) {
			if !lost.Swap(true) { // it is being worked out what he asks for
				narrow := office.New(authority.Options{Store: w.Store, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader})
				_, err := narrow.PutRole(w.Ctx, w.Root, at, "maker", api.PutRole{Scopes: []string{"tickets:v0", "tokens:create"}})
				officetest.Must(w.T, err)
			}
		})
		_, err := w.CreateToken(w.Ctx, bob, "acme", in)
		if w.Refused(err, api.CodeGrantExceedsOwn); !lost.Load() {
			w.Error("nothing was worked out")
		}
	})
}

// TestRolesAndScopesAreReadOnceAChange: what did not change is not read again under
// the lock, and what did holds at once, whoever changed it.
func TestRolesAndScopesAreReadOnceAChange(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		elsewhere := w.Office // another node
		var n atomic.Int64
		w.Again(officetest.Counting{Store: w.Store, N: &n}, nil)
		w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		n.Store(0)
		w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		if n.Load() != 0 {
			w.Errorf("listed %d times though nothing changed", n.Load())
		}
		for _, at := range []authority.Where{{Workspace: "acme"}, {Instance: true}} {
			name := fmt.Sprintf("new-%v", at.Instance)
			_, err := elsewhere.PutRole(w.Ctx, w.Root, at, name, api.PutRole{Scopes: []string{"tickets:read"}})
			officetest.Must(w.T, err)
			in := officetest.Ask("workspace", "")
			in.Role, in.Resources = api.Some(name), api.Some([]string{"*"})
			w.Create(w.Root, in)
			_, err = elsewhere.DeleteRole(w.Ctx, w.Root, at, name, "Viewer")
			officetest.Must(w.T, err)
			_, err = w.CreateToken(w.Ctx, w.Root, "acme", in)
			w.Refused(err, api.CodeInvalidField)
		}
	})
}

// TestWhoamiOfATokenThatIsTooLarge says who it is, and leaves out what nobody reads.
func TestWhoamiOfATokenThatIsTooLarge(t *testing.T) {
	t.Parallel()
	officetest.Bulk(t)
	officetest.Each(t, func(w *officetest.World) {
		made := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		for _, size := range []int{1, 100} {
			rewriteGrants(w, made, overlapping(size))
			v, err := w.Whoami(w.Ctx, w.With(made))
			officetest.Must(w.T, err)
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
