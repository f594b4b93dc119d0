package office_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// crowd are callers of acme by what they are: one of each role, who keeps to a part,
// who came by a portal link, and who administers the instance alone.
func crowd(w *officetest.World) map[string]authority.Caller {
	w.Helper()
	all := map[string]authority.Caller{}
	for role, email := range map[string]string{"Viewer": "vera@example.com", "Team Member": "tom@example.com", "Workspace Manager": "mia@example.com",
		"Administrator": "adam@example.com", "Owner": "olga@example.com"} {
		all[role] = w.Member(email, role)
	}
	w.MemberOf("acme", "pia@example.com", "Administrator", "pay")
	all["Administrator of a part"] = w.Person("pia@example.com")
	all["portal"] = storetest.InPortal(w.T, w.Store, all["Team Member"].User, "acme")
	w.Workspace("office")
	w.MemberOf("office", "root@example.com", "Owner", "*")
	_, err := w.AddAdmin(w.Ctx, w.Root, api.AddAdmin{User: "root@example.com"})
	officetest.Must(w.T, err)
	all["instance administrator"] = w.Person("root@example.com")
	return all
}

// tokensOfAllKinds are tokens of acme in all the states that matter to who may do what.
func tokensOfAllKinds(w *officetest.World, tom authority.Caller) []api.Token {
	w.Helper()
	w.Account("robot", "tickets:read")
	var out []api.Token
	add := func(c authority.Caller, in api.CreateToken) api.Token {
		w.Helper()
		out = append(out, w.Create(c, in).Token)
		return out[len(out)-1]
	}
	recoverable := officetest.Scoped("workspace", "", "tickets:read")
	recoverable.Recoverable = api.Some(true)
	dying := officetest.Scoped("service", "robot", "tickets:read")
	dying.ExpiresIn = api.Some(api.Duration(time.Minute))
	add(tom, officetest.Ask("personal", ""))
	add(w.Root, officetest.Ask("service", "robot"))
	add(w.Root, officetest.Scoped("workspace", "", "*"))
	add(w.Root, recoverable)
	add(w.Root, dying)
	add(w.Root, officetest.Ask("personal", "olga@example.com"))
	for _, stop := range []authority.Caller{tom, w.Root} {
		_, err := w.DisableToken(w.Ctx, stop, "acme", add(tom, officetest.Ask("personal", "")).ID, api.DisableToken{})
		officetest.Must(w.T, err)
	}
	_, err := w.DisableToken(w.Ctx, w.Root, "acme", add(w.Root, officetest.Scoped("workspace", "", "*")).ID, api.DisableToken{RevokeAfter: api.Some(api.Day)})
	officetest.Must(w.T, err)
	_, err = w.RevokeToken(w.Ctx, w.Root, "acme", add(w.Root, officetest.Scoped("workspace", "", "tickets:read")).ID, api.RevokeToken{})
	officetest.Must(w.T, err)
	w.Clock.Pass(time.Hour)
	return out
}

// rehearsed is what the verbs answer of a token, judged and undone.
func rehearsed(w *officetest.World, c authority.Caller, t api.Token) office.TokenAbilities {
	w.Helper()
	if t.Status == api.StatusRevoked {
		return office.TokenAbilities{}
	}
	c.Rehearse = true
	yes := func(err error) bool { return err == nil }
	_, edit := w.EditToken(w.Ctx, c, "acme", t.ID, api.EditToken{TokenFields: api.TokenFields{Label: api.Some("new")}})
	_, disable := w.DisableToken(w.Ctx, c, "acme", t.ID, api.DisableToken{})
	_, enable := w.EnableToken(w.Ctx, c, "acme", t.ID)
	_, rotate := w.RotateToken(w.Ctx, c, "acme", t.ID, api.RotateToken{Renew: true})
	_, transfer := w.TransferToken(w.Ctx, c, "acme", t.ID, api.TransferToken{Owner: "robot"})
	if api.AsError(transfer).Code == api.CodeGrantExceedsOwn { // robot has too much for some: but is there anybody?
		if _, mine := w.TransferToken(w.Ctx, c, "acme", t.ID, api.TransferToken{Owner: "me"}); yes(mine) {
			transfer = nil
		}
	}
	_, remove := w.DeleteToken(w.Ctx, c, "acme", t.ID, api.RevokeToken{})
	_, reveal := w.RevealToken(w.Ctx, c, "acme", t.ID)
	can := office.TokenAbilities{Edit: yes(edit), Disable: yes(disable), Rotate: yes(rotate), Transfer: yes(transfer), Remove: yes(remove),
		Reveal: yes(reveal), Enable: yes(enable) && t.Status == api.StatusDisabled}
	if t.Status == api.StatusExpired { // who may give it away is told first that it has to be renewed
		can.Transfer = api.AsError(transfer).Code == api.CodeTokenExpired
	}
	return can
}

// TestAbilitiesAreWhatTheVerbsAnswer, for every caller and token, in one snapshot.
func TestAbilitiesAreWhatTheVerbsAnswer(t *testing.T) {
	t.Parallel()
	officetest.Bulk(t)
	w := officetest.NewWorld(t, storetest.SQLite(t)) // the gate does not know which database it is
	patch := api.PatchPolicy{Recoverable: api.Some(true)}
	_, err := w.EditPolicy(w.Ctx, w.Root, "acme", patch)
	officetest.Must(w.T, err)
	callers := crowd(w)
	tokens := tokensOfAllKinds(w, callers["Team Member"])
	for who, c := range callers {
		for _, made := range tokens {
			now, err := w.GetToken(w.Ctx, w.Root, "acme", made.ID)
			officetest.Must(w.T, err)
			var can map[string]office.TokenAbilities
			officetest.Must(w.T, w.Sit(w.Ctx, c, "acme", func(a *office.Office) (err error) {
				can, err = a.TokenAbilities(w.Ctx, c, "acme", []api.Token{now})
				return err
			}))
			if diff := cmp.Diff(rehearsed(w, c, now), can[now.Locator]); diff != "" {
				w.Errorf("%s and %s (%s, held %v), verbs - abilities +:\n%s", who, now.ID, now.Status, now.Held, diff)
			}
		}
	}
}

// TestTheDeskSaysWhatTheGateSays of what a page offers besides tokens.
func TestTheDeskSaysWhatTheGateSays(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		callers := crowd(w)
		w.Account("robot", "tickets:read")
		for who, c := range callers {
			d, err := w.Desk(w.Ctx, c, "acme")
			officetest.Must(w.T, err)
			rehearsal := c
			rehearsal.Rehearse = true
			agree := func(what string, said bool, err error) {
				w.Helper()
				if said != (err == nil) {
					w.Errorf("%s: the desk says %v of %s, the verb %v", who, said, what, err)
				}
			}
			_, policy := w.GetPolicy(w.Ctx, c, "acme")
			agree("the policy", d.Policy != nil, policy)
			_, onboard := onboarding(w, rehearsal)
			agree("on-boarding", d.MayOnboard(), onboard)
			_, hold := w.CreateToken(w.Ctx, rehearsal, "acme", api.CreateToken{Kind: "personal", Owner: "me", TokenFields: api.TokenFields{Label: api.Some("x")}})
			agree("a personal token", d.MayHold(), hold)
			for _, role := range []string{"Viewer", "Administrator", "Owner"} {
				if !d.May("members:write") {
					continue
				}
				in := api.CreateMember{Email: "new@example.com"}
				in.Role, in.Resources = api.Some(role), api.Some(d.Reach())
				_, err := w.CreateMember(w.Ctx, rehearsal, "acme", in)
				agree("the role "+role, d.Gives(role), err)
			}
			agreeOnOwners(w, c, d, agree)
		}
	})
}

func onboarding(w *officetest.World, c authority.Caller) (api.Resource, error) {
	v, err := w.OnboardResource(w.Ctx, c, "acme", api.CreateResource{Name: "shop"})
	return v.Value, err
}

// agreeOnOwners: whom a caller may change and bring back.
func agreeOnOwners(w *officetest.World, c authority.Caller, d *office.Desk, agree func(string, bool, error)) {
	w.Helper()
	rehearsal := c
	rehearsal.Rehearse = true
	for _, email := range []string{"olga@example.com", "mia@example.com"} {
		_, err := w.DeactivateMember(w.Ctx, w.Root, "acme", email, false)
		officetest.Must(w.T, err)
		m, err := w.GetMember(w.Ctx, w.Root, "acme", email)
		officetest.Must(w.T, err)
		if who := w.Person(email); who.User != c.User {
			_, change := w.EditMember(w.Ctx, rehearsal, "acme", email, api.EditMember{Name: api.Some("New")})
			agree("changing "+email, d.OfMember(m).Change, change)
			_, restart := w.ActivateMember(w.Ctx, rehearsal, "acme", email)
			agree("activating "+email, d.OfMember(m).Restart, restart)
		}
		_, err = w.ActivateMember(w.Ctx, w.Root, "acme", email)
		officetest.Must(w.T, err)
	}
	_, err := w.DisableServiceAccount(w.Ctx, w.Root, "acme", "robot", false)
	officetest.Must(w.T, err)
	s, err := w.GetServiceAccount(w.Ctx, w.Root, "acme", "robot")
	officetest.Must(w.T, err)
	_, restart := w.EnableServiceAccount(w.Ctx, rehearsal, "acme", "robot")
	agree("enabling robot", d.OfAccount(s).Restart, restart)
	_, err = w.EnableServiceAccount(w.Ctx, w.Root, "acme", "robot")
	officetest.Must(w.T, err)
}

// TestWhoSitsSeesOneMoment: neither what others commit meanwhile nor the time moves
// what a page is drawn from.
func TestWhoSitsSeesOneMoment(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		dying := officetest.Scoped("workspace", "", "tickets:read")
		dying.ExpiresIn = api.Some(api.Duration(time.Minute))
		i := w.Create(w.Root, dying)
		ada := w.Person("ada@example.com")
		officetest.Must(w.T, w.Sit(w.Ctx, ada, "acme", func(a *office.Office) error {
			_, err := w.DisableToken(context.Background(), w.Root, "acme", i.Token.ID, api.DisableToken{})
			officetest.Must(w.T, err)
			w.Clock.Pass(time.Hour)
			seen, err := a.GetToken(w.Ctx, ada, "acme", i.Token.ID)
			officetest.Must(w.T, err)
			if seen.Status != api.StatusActive {
				w.Errorf("it is %s on a page that was begun before", seen.Status)
			}
			return nil
		}))
	})
}
