package signin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

const owners = "olga sings seven songs loudly"

// takes takes a person with a role into a workspace.
func (w *world) takes(ws, email, role, password string) {
	w.Helper()
	in := api.CreateMember{Email: email, Password: password}
	in.Role, in.Resources = api.Some(role), api.Some([]string{"*"})
	_, err := w.auth.CreateMember(w.ctx, w.root(), ws, in)
	must(w.T, err)
}

// invitation is the state of somebody's.
func (w *world) invitation(email string) *api.MemberInvitation {
	w.Helper()
	m, err := w.auth.GetMember(w.ctx, w.root(), "acme", email)
	must(w.T, err)
	return m.Invitation
}

// TestWhomAnOwnerMayHandAnInvitation: whoever opens such a link is that person from then on.
// So it is for somebody who has no way in and nothing elsewhere, from whoever may act as
// them here; and what it opens stays here until the person proved that the e-mail is theirs.
func TestWhomAnOwnerMayHandAnInvitation(t *testing.T) {
	each(t, func(w *world) {
		_, err := w.auth.CreateWorkspace(w.ctx, w.root(), api.CreateWorkspace{Slug: "globex"})
		must(t, err)
		w.takes("acme", "olga@example.com", "Owner", owners)
		w.takes("acme", "adam@example.com", "Administrator", owners)
		w.takes("globex", "gus@example.com", "Owner", owners)
		for _, fresh := range []string{"new@example.com", "chief@example.com", "both@example.com", "root@example.com"} {
			role := "Team Member"
			if strings.HasPrefix(fresh, "chief") {
				role = "Owner"
			}
			w.takes("acme", fresh, role, "")
		}
		w.takes("globex", "both@example.com", "Viewer", "")
		_, err = w.auth.AddAdmin(w.ctx, w.root(), api.AddAdmin{User: "root@example.com"})
		must(t, err)
		for _, c := range []struct {
			by, whom string
			want     api.Code
		}{
			{"olga@example.com", "new@example.com", ""},
			{"olga@example.com", "chief@example.com", ""},
			{"adam@example.com", "new@example.com", api.CodeInsufficientScope}, // they may not act as others
			{"adam@example.com", "chief@example.com", api.CodeGrantExceedsOwn}, // nor touch Owners
			{"eve@example.com", "new@example.com", api.CodeInsufficientScope},  // a Team Member
			{"gus@example.com", "new@example.com", api.CodeNotFound},           // an Owner of elsewhere
			{"olga@example.com", "eve@example.com", api.CodeForbidden},         // she has a password
			{"olga@example.com", "both@example.com", api.CodeForbidden},        // they are in globex too
			{"olga@example.com", "root@example.com", api.CodeForbidden},        // they administer the instance
			{"ada@example.com", "both@example.com", ""},                        // which she does too
			{"ada@example.com", "eve@example.com", api.CodeForbidden},          // a link to choose a new one is another
			{"olga@example.com", "olga@example.com", api.CodeForbidden},        // who is in already
			{"olga@example.com", "nobody@example.com", api.CodeNotFound},       // nobody
		} {
			pass := map[string]string{"ada@example.com": good, "eve@example.com": hers}[c.by]
			if pass == "" {
				pass = owners
			}
			h, err := w.Handouts.HandInvitation(w.ctx, w.enters(c.by, pass, home()).Session, "acme", c.whom)
			if c.want == "" {
				must(t, err)
				w.addressed(c.whom, "invitation", w.codeOf(h, "invitation"))
				continue
			}
			w.refused(err, c.want)
			if h.Link.Reveal() != "" {
				t.Errorf("%s was given a link for %s all the same", c.by, c.whom)
			}
		}
		stale := w.enters("olga@example.com", owners, home())
		w.clock.Pass(16 * time.Minute)
		_, err = w.Handouts.HandInvitation(w.ctx, stale.Session, "acme", "new@example.com")
		w.refused(err, api.CodeForbidden)
	})
}

// TestAnAccountThatAWorkspaceVouchesForIsWorthNothingElsewhere: an Owner opens the link
// themselves and waits for another workspace to take the person in.
func TestAnAccountThatAWorkspaceVouchesForIsWorthNothingElsewhere(t *testing.T) {
	each(t, func(w *world) {
		_, err := w.auth.CreateWorkspace(w.ctx, w.root(), api.CreateWorkspace{Slug: "globex"})
		must(t, err)
		w.takes("acme", "olga@example.com", "Owner", owners)
		opened := func(email string) ledger.User {
			w.takes("acme", email, "Team Member", "")
			h, err := w.Handouts.HandInvitation(w.ctx, w.enters("olga@example.com", owners, home()).Session, "acme", email)
			must(t, err)
			in, err := w.AcceptInvitation(w.ctx, w.codeOf(h, "invitation"), next, evils())
			must(t, err)
			w.holds(in.Session, nil)
			w.open(true, in, "opened by an Owner")
			return w.user(email)
		}
		for name, gains := range map[string]func(email string) error{
			"another workspace": func(email string) error { w.takes("globex", email, "Owner", ""); return nil },
			"the instance": func(email string) error {
				_, err := w.auth.AddAdmin(w.ctx, w.root(), api.AddAdmin{User: email})
				return err
			},
			"a mail": func(email string) error {
				must(t, w.RequestReset(w.ctx, email, home()))
				_, err := w.FinishReset(w.ctx, w.mailed(email), hers, home())
				return err
			},
			"an administrator's link": func(email string) error {
				h, err := w.Handouts.HandOut(w.ctx, w.enters("ada@example.com", good, home()).Session, w.id(email), "link")
				must(t, err)
				_, err = w.Handouts.ChoosePassword(w.ctx, w.codeOf(h, "link"), hers, home())
				return err
			},
		} {
			email := strings.ReplaceAll(strings.ReplaceAll(name, " ", "."), "'", "") + "@example.com"
			was := opened(email)
			if was.VouchedBy == 0 || was.PasswordHash == "" {
				t.Fatalf("%s: opened by an Owner: %+v", name, was)
			}
			must(t, gains(email))
			if got := w.user(email); got.VouchedBy != 0 || got.PasswordHash == was.PasswordHash {
				t.Errorf("%s: the password of whoever opened the link still stands: %+v", name, got)
			}
			must(t, w.store.Read(w.ctx, func(r ledger.Reader) error {
				sessions, err := r.SessionsOf(was.ID)
				must(t, err)
				factors, err := r.FactorsOf(was.ID)
				for _, s := range sessions {
					if s.Address == evils().Addr.String() {
						t.Errorf("%s: a session of whoever opened the link goes on", name)
					}
				}
				if len(factors) != 0 {
					t.Errorf("%s: a passkey of whoever opened the link still opens", name)
				}
				return err
			}))
		}
		// Who chose their password by a mail is taken in elsewhere as they are.
		w.takes("acme", "new@example.com", "Team Member", "")
		_, err = w.Invite(w.ctx, w.root(), "acme", "new@example.com")
		must(t, err)
		in, err := w.AcceptInvitation(w.ctx, w.mailed("new@example.com"), next, home())
		must(t, err)
		w.takes("globex", "new@example.com", "Viewer", "")
		w.open(true, in, "after another workspace took them in")
	})
}

// TestAnInvitationIsAState: nobody sent one, it is on its way, its time passed, it was taken
// back, or it was accepted.
func TestAnInvitationIsAState(t *testing.T) {
	each(t, func(w *world) {
		is := func(want string, ends time.Duration) {
			t.Helper()
			got := w.invitation("new@example.com")
			if got == nil || got.State != want || (got.ExpiresAt == nil) != (ends == 0) {
				t.Fatalf("it is %+v, want %s", got, want)
			}
			if ends != 0 && (got.ExpiresAt.Sub(*got.MadeAt) != ends || got.By == nil || *got.By != "ada@example.com") {
				t.Errorf("it is %+v, by %v", got, got.By)
			}
		}
		invite := func() string {
			_, err := w.Invite(w.ctx, w.root(), "acme", "new@example.com")
			must(t, err)
			return w.mailed("new@example.com")
		}
		w.takes("acme", "new@example.com", "Team Member", "")
		is(api.InvitationNone, 0)
		first := invite()
		is(api.InvitationPending, 72*time.Hour)
		h, err := w.Handouts.HandInvitation(w.ctx, w.enters("ada@example.com", good, home()).Session, "acme", "new@example.com")
		must(t, err)
		is(api.InvitationPending, 15*time.Minute)
		w.addressed("", "invitation", first)
		w.clock.Pass(15 * time.Minute)
		w.enters("eve@example.com", hers, home()) // which forgets what is over
		is(api.InvitationExpired, 15*time.Minute)
		w.addressed("", "invitation", w.codeOf(h, "invitation"))
		second := invite()
		if _, err := w.auth.CancelInvitation(w.ctx, w.root(), "acme", "new@example.com", true); err != nil {
			t.Fatal(err)
		}
		w.addressed("new@example.com", "invitation", second) // a rehearsal ends nothing
		must(t, officeSecond(w.auth.CancelInvitation(w.ctx, w.root(), "acme", "new@example.com", false)))
		w.addressed("", "invitation", second)
		_, err = w.auth.GetMember(w.ctx, w.root(), "acme", "new@example.com")
		w.refused(err, api.CodeNotFound)

		w.takes("acme", "new@example.com", "Team Member", "")
		_, err = w.AcceptInvitation(w.ctx, invite(), next, home())
		must(t, err)
		is(api.InvitationAccepted, 0)
		_, err = w.auth.CancelInvitation(w.ctx, w.root(), "acme", "new@example.com", false)
		w.refused(err, api.CodeAlreadyDone)
		if w.invitation("ada@example.com").State != api.InvitationAccepted {
			t.Error("who signs in was not told from who was invited")
		}
	})
}

// TestAnInvitationIsTheWorkspacesThatMadeIt: another one neither sees it nor ends it.
func TestAnInvitationIsTheWorkspacesThatMadeIt(t *testing.T) {
	each(t, func(w *world) {
		_, err := w.auth.CreateWorkspace(w.ctx, w.root(), api.CreateWorkspace{Slug: "globex"})
		must(t, err)
		w.takes("acme", "new@example.com", "Team Member", "")
		w.takes("globex", "new@example.com", "Team Member", "")
		_, err = w.Invite(w.ctx, w.root(), "globex", "new@example.com")
		must(t, err)
		if got := w.invitation("new@example.com"); got.State != api.InvitationNone || got.ExpiresAt != nil || got.By != nil {
			t.Errorf("another workspace's invitation is told: %+v", got)
		}
		must(t, officeSecond(w.auth.CancelInvitation(w.ctx, w.root(), "acme", "new@example.com", false)))
		w.addressed("new@example.com", "invitation", w.mailed("new@example.com"))
	})
}

func officeSecond[T any](_ authority.Done[T], err error) error { return err }
