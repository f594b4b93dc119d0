package office_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// signingIn is one mutation of somebody whom nobody knows yet.
func signingIn(w *officetest.World, f func(tx *office.SignInTx) error) error {
	w.Helper()
	return w.SignIn(w.Ctx, authority.Caller{}, f)
}

// userOf finds a person in the mutation.
func userOf(tx *office.SignInTx, email string) ledger.User {
	u, err := tx.User(ledger.UserKey{Email: email})
	if err != nil {
		return ledger.User{}
	}
	return u
}

// A person whom a provider vouches for becomes a member of the one workspace, with the one
// role; who cannot be made leaves nothing behind, and whose address is known is not made
// a second time.
func TestAProviderMakesOnePersonAMemberWithOneRole(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.Workspace("gone")
	officetest.Must(t, officetest.Second(w.DeleteWorkspace(w.Ctx, w.Root, "gone")))
	provision := func(email, name, ws, role string) (u ledger.User, err error) {
		err = signingIn(w, func(tx *office.SignInTx) error {
			u, err = tx.Provision(email, name, ws, role)
			return err
		})
		return u, err
	}
	for what, c := range map[string]struct {
		email, ws, role string
		code            api.Code
	}{
		"an address that is known":     {"ada@example.com", "acme", "Viewer", api.CodeAlreadyExists},
		"what is no address":           {"eve", "acme", "Viewer", api.CodeInvalidField},
		"a role that there is not":     {"eve@example.com", "acme", "Nobody", api.CodeInvalidField},
		"a workspace that there isn't": {"eve@example.com", "nowhere", "Viewer", api.CodeNotFound},
		"a workspace that is deleted":  {"eve@example.com", "gone", "Viewer", api.CodeNotFound},
	} {
		if _, err := provision(c.email, "Eve", c.ws, c.role); api.AsError(err).Code != c.code {
			t.Errorf("%s: %v, want %s", what, err, c.code)
		}
	}
	w.Refused(officetest.Second(w.GetUser(w.Ctx, w.Root, "eve@example.com")), api.CodeNotFound)
	u, err := provision("eve@example.com", "Eve", "acme", "Viewer")
	officetest.Must(t, err)
	m, err := w.GetMember(w.Ctx, w.Root, "acme", "eve@example.com")
	if err != nil || m.ID != u.PublicID || m.Name != "Eve" || *m.Role != "Viewer" || !cmp.Equal(m.Resources, []string{"*"}) || u.InstanceAdmin {
		t.Errorf("made: %+v, %v", m, err)
	}
	if e := w.Last("acme"); e.Action != "member.created" || e.Actor != "signin" {
		t.Errorf("the audit tells %s by %s", e.Action, e.Actor)
	}
	if _, err := provision("bob@example.com", string(make([]byte, 300)), "acme", "Viewer"); err != nil {
		t.Errorf("a name that cannot be is left out: %v", err)
	}
}

// Who comes by a provider joins where they are not yet, and nobody comes back that way who
// was stopped.
func TestAPersonJoinsWhereTheyAreNotYet(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.Member("eve@example.com", "Team Member")
	w.Workspace("globex")
	join := func(ws, role string) error {
		return signingIn(w, func(tx *office.SignInTx) error { return tx.Join(userOf(tx, "eve@example.com"), ws, role) })
	}
	officetest.Must(t, officetest.Second(w.DeactivateMember(w.Ctx, w.Root, "acme", "eve@example.com", false)))
	was := w.Last("acme").Sequence
	officetest.Must(t, join("acme", "Administrator"))
	m, err := w.GetMember(w.Ctx, w.Root, "acme", "eve@example.com")
	if err != nil || m.Active || *m.Role != "Team Member" || w.Last("acme").Sequence != was {
		t.Errorf("where she was stopped: %+v, %v", m, err)
	}
	officetest.Must(t, join("globex", "Viewer"))
	if there, err := w.GetMember(w.Ctx, w.Root, "globex", "eve@example.com"); err != nil || there.ID != m.ID || *there.Role != "Viewer" || !there.Active {
		t.Errorf("where she was not: %+v, %v", there, err)
	}
	w.Refused(join("nowhere", "Viewer"), api.CodeNotFound)
}

// The role that a provider says takes the place of another one, where that was; it brings
// nobody in, nobody back, and takes it from no last Owner.
func TestAProvidersRoleTakesThePlaceOfAnother(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.MemberOf("acme", "eve@example.com", "Viewer", "shop")
	w.Member("bob@example.com", "Viewer")
	w.Member("off@example.com", "Viewer")
	officetest.Must(t, officetest.Second(w.DeactivateMember(w.Ctx, w.Root, "acme", "off@example.com", false)))
	w.Workspace("globex")
	set := func(email, ws, role string) error {
		return signingIn(w, func(tx *office.SignInTx) error { return tx.SetRole(userOf(tx, email), ws, role) })
	}
	role := func(email string) string {
		t.Helper()
		m, err := w.GetMember(w.Ctx, w.Root, "acme", email)
		officetest.Must(t, err)
		return fmt.Sprint(*m.Role, m.Resources)
	}
	for _, c := range []struct{ email, ws, role, then string }{
		{"eve@example.com", "acme", "Team Member", "Team Member[shop]"},
		{"bob@example.com", "acme", "Team Member", "Team Member[*]"},
		{"off@example.com", "acme", "Administrator", "Viewer[*]"},
		{"bob@example.com", "globex", "Owner", "Team Member[*]"},
	} {
		was := w.Last("acme").Sequence
		officetest.Must(t, set(c.email, c.ws, c.role))
		if got := role(c.email); got != c.then {
			t.Errorf("%s as %s of %s: %s", c.email, c.role, c.ws, got)
		}
		if changed := w.Last("acme").Sequence > was; changed != (c.then == c.role+"[shop]" || c.then == c.role+"[*]") {
			t.Errorf("%s: the audit was written: %t", c.email, changed)
		}
		was = w.Last("acme").Sequence
		officetest.Must(t, set(c.email, c.ws, c.role)) // at the next sign-in
		if w.Last("acme").Sequence != was {
			t.Errorf("%s: the same role again is in the audit", c.email)
		}
	}
	if list, _, err := w.ListMembers(w.Ctx, w.Root, "globex", officetest.Page(0)); err != nil || len(list) != 0 {
		t.Errorf("in globex are %+v, %v", list, err)
	}
	w.Refused(set("ada@example.com", "acme", "Viewer"), api.CodeLastOwner)
	w.Refused(set("bob@example.com", "acme", "Nobody"), api.CodeInvalidField)
	w.Refused(set("bob@example.com", "nowhere", "Viewer"), api.CodeNotFound)
}

// A token that a person gets while signing in is theirs, by their session and their rights
// at that moment.
func TestATokenOfASignInIsByItsPersonsRights(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	eve := w.Member("eve@example.com", "Viewer")
	issue := func(session string, in api.CreateToken) (out authority.Issued, err error) {
		err = signingIn(w, func(tx *office.SignInTx) error {
			out, err = tx.Issue(eve.User, session, "acme", in)
			return err
		})
		return out, err
	}
	i, err := issue(eve.Session, officetest.Inheriting(""))
	if err != nil || i.Token.Owner.Address != "eve@example.com" || i.Token.CreatedBy != "eve@example.com" || len(i.Token.Effective) == 0 {
		t.Fatalf("issued: %+v, %v", i.Token, err)
	}
	w.Allow(i.Secret, "tickets:read")
	w.Deny(api.CodeInsufficientScope, i.Secret, "tickets:write")
	w.Refused(officetest.Second(issue(eve.Session, officetest.Scoped("personal", "", "tickets:write"))), api.CodeGrantExceedsOwn)
	w.Refused(officetest.Second(issue(eve.Session, officetest.Scoped("workspace", "", "tickets:read"))), api.CodeInsufficientScope)
	if _, err := issue("ses_none", officetest.Inheriting("")); err == nil {
		t.Error("without a session a token was issued")
	}
	w.Policy(func(p *api.PatchPolicy) {
		p.RequireApproval = api.Some([]api.ApprovalRule{{Scopes: []string{"tickets:read"}}})
	})
	w.Refused(officetest.Second(issue(eve.Session, officetest.Inheriting(""))), api.CodeApprovalRequired)
	officetest.Must(t, officetest.Second(w.DeactivateMember(w.Ctx, w.Root, "acme", "eve@example.com", false)))
	w.Refused(officetest.Second(issue(eve.Session, officetest.Inheriting(""))), api.CodeOwnerInactive)
}

// Who may hand out ways in: to a member with the right to change members, and to an Owner
// none but an Owner; into somebody's own tokens the instance alone.
func TestWhoMayHandOutAWayIn(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	admin, viewer := w.Member("admin@example.com", "Administrator"), w.Member("eve@example.com", "Viewer")
	w.Member("boss@example.com", "Owner")
	w.Workspace("globex")
	w.MemberOf("globex", "gil@example.com", "Owner", "*")
	for name, c := range map[string]struct {
		by             authority.Caller
		whom           string
		invite, portal api.Code
	}{
		"an administrator to a member":      {admin, "eve@example.com", api.CodeOK, api.CodeInsufficientScope},
		"an administrator to an Owner":      {admin, "boss@example.com", api.CodeGrantExceedsOwn, api.CodeInsufficientScope},
		"an Owner to an Owner":              {w.Person("boss@example.com"), "ada@example.com", api.CodeOK, api.CodeInsufficientScope},
		"a Viewer to themselves":            {viewer, "me", api.CodeInsufficientScope, api.CodeInsufficientScope},
		"the instance to an Owner":          {w.Root, "boss@example.com", api.CodeOK, api.CodeOK},
		"the instance to who is elsewhere":  {w.Root, "gil@example.com", api.CodeNotFound, api.CodeNotFound},
		"the instance, acting for a member": {officetest.As(w.Root, "admin@example.com"), "eve@example.com", api.CodeOK, api.CodeInsufficientScope},
		"an Owner elsewhere":                {w.Person("gil@example.com"), "eve@example.com", api.CodeNotFound, api.CodeNotFound},
		"who came by a portal":              {storetest.InPortal(t, w.Store, w.Person("ada@example.com").User, "acme"), "eve@example.com", api.CodeNotFound, api.CodeInsufficientScope},
	} {
		for what, ask := range map[string]struct {
			before, then func() (office.Invitee, error)
			want         api.Code
		}{
			"invite": {func() (office.Invitee, error) { return w.MayInvite(w.Ctx, c.by, "acme", c.whom) }, func() (in office.Invitee, err error) {
				err = signingIn(w, func(tx *office.SignInTx) error { in, err = tx.MayInvite(c.by, "acme", c.whom); return err })
				return in, err
			}, c.invite},
			"portal": {func() (office.Invitee, error) { return w.MayLinkPortal(w.Ctx, c.by, "acme", c.whom) }, func() (in office.Invitee, err error) {
				err = signingIn(w, func(tx *office.SignInTx) error { in, err = tx.MayLinkPortal(c.by, "acme", c.whom); return err })
				return in, err
			}, c.portal},
		} {
			for when, f := range map[string]func() (office.Invitee, error){"asked": ask.before, "done": ask.then} {
				in, err := f()
				if got := api.AsError(err); (err == nil) != (ask.want == api.CodeOK) || err != nil && got.Code != ask.want {
					t.Errorf("%s, %s, when %s: %v, want %s", name, what, when, err, ask.want)
				}
				if err == nil && (in.User.Email != c.whom || in.Workspace.Slug != "acme") {
					t.Errorf("%s, %s: to %s of %s", name, what, in.User.Email, in.Workspace.Slug)
				}
			}
		}
	}
}

// Of refused sign-ins so many are written that an attack is seen, and no more, from
// wherever it comes; what is left out is counted.
func TestRefusedSignInsAreWrittenAndDoNotFloodTheAudit(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	eve := w.Member("eve@example.com", "Viewer")
	refuse := func(network, account, reason string, n int) (written int) {
		t.Helper()
		was := w.Last("").Sequence
		for range n {
			officetest.Must(t, w.TurnedAway(w.Ctx, authority.Caller{}, office.Stranger{Account: account, Network: network}, ledger.User{}, office.SignInRefusal{Method: "password", Reason: reason}))
		}
		return int(w.Last("").Sequence - was)
	}
	if n := refuse("192.0.2.0/24", "a", "wrong", 50); n != 1 {
		t.Errorf("fifty alike are written %d times", n)
	}
	if n := refuse("192.0.2.0/24", "a", "locked", 1) + refuse("192.0.2.0/24", "b", "wrong", 1) + refuse("198.51.100.0/24", "a", "wrong", 1); n != 3 {
		t.Errorf("three kinds are written %d times", n)
	}
	w.Clock.Pass(10*time.Minute + time.Second)
	if n := refuse("192.0.2.0/24", "a", "wrong", 1); n != 1 || string(w.Last("").After) != `{"method":"password","reason":"wrong","count":50}` {
		t.Errorf("ten minutes later it is written %d times: %s", n, w.Last("").After)
	}
	one, all := 0, 0
	for i := range 40 {
		one += refuse("203.0.113.0/24", fmt.Sprint(i), "wrong", 1)
	}
	for i := range 200 {
		all += refuse(fmt.Sprintf("10.%d.0.0/16", i), "a", "wrong", 1)
	}
	if one != 12 || all < 100 || all+one > 130 {
		t.Errorf("of one network %d are written, and %d of all others", one, all)
	}
	w.Clock.Pass(time.Hour)
	officetest.Must(t, w.TurnedAway(w.Ctx, eve, office.Stranger{Account: "x", Network: "y"}, ledger.User{ID: eve.User, PublicID: "usr_eve"}, office.SignInRefusal{Method: "passkey", Reason: "unknown"}))
	if e := w.Last(""); e.Action != "signin.failed" || e.Target != "user:usr_eve" || e.Actor != "signin" {
		t.Errorf("the audit tells %s of %s by %s", e.Action, e.Target, e.Actor)
	}
}
