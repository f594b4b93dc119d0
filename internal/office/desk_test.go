package office_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// crowd are callers of acme by what they are: one of each role, who keeps to a part,
// who came by a portal link, and who administers the instance alone.
func (w *world) crowd() map[string]authority.Caller {
	w.Helper()
	all := map[string]authority.Caller{}
	for role, email := range map[string]string{"Viewer": "vera@example.com", "Team Member": "tom@example.com", "Workspace Manager": "mia@example.com",
		"Administrator": "adam@example.com", "Owner": "olga@example.com"} {
		all[role] = w.member(email, role)
	}
	w.memberOf("acme", "pia@example.com", "Administrator", "pay")
	all["Administrator of a part"] = w.person("pia@example.com")
	all["portal"] = storetest.InPortal(w.T, w.store, all["Team Member"].User, "acme")
	w.workspace("office")
	w.memberOf("office", "root@example.com", "Owner", "*")
	_, _, err := w.AddAdmin(w.ctx, w.root, api.AddAdmin{User: "root@example.com"})
	must(w.T, err)
	all["instance administrator"] = w.person("root@example.com")
	return all
}

// tokensOfAllKinds are tokens of acme in all the states that matter to who may do what.
func (w *world) tokensOfAllKinds(tom authority.Caller) []api.Token {
	w.Helper()
	w.account("robot", "tickets:read")
	var out []api.Token
	add := func(c authority.Caller, in api.CreateToken) api.Token {
		w.Helper()
		out = append(out, w.create(c, in).Token)
		return out[len(out)-1]
	}
	recoverable := scoped("workspace", "", "tickets:read")
	recoverable.Recoverable = api.Some(true)
	dying := scoped("service", "robot", "tickets:read")
	dying.ExpiresIn = api.Some(api.Duration(time.Minute))
	add(tom, ask("personal", ""))
	add(w.root, ask("service", "robot"))
	add(w.root, scoped("workspace", "", "*"))
	add(w.root, recoverable)
	add(w.root, dying)
	add(w.root, ask("personal", "olga@example.com"))
	for _, stop := range []authority.Caller{tom, w.root} {
		_, _, err := w.DisableToken(w.ctx, stop, "acme", add(tom, ask("personal", "")).ID, api.DisableToken{})
		must(w.T, err)
	}
	_, _, err := w.DisableToken(w.ctx, w.root, "acme", add(w.root, scoped("workspace", "", "*")).ID, api.DisableToken{RevokeAfter: api.Some(api.Day)})
	must(w.T, err)
	_, _, err = w.RevokeToken(w.ctx, w.root, "acme", add(w.root, scoped("workspace", "", "tickets:read")).ID, api.RevokeToken{})
	must(w.T, err)
	w.clock.pass(time.Hour)
	return out
}

// rehearsed is what the verbs answer of a token, judged and undone.
func (w *world) rehearsed(c authority.Caller, t api.Token) office.TokenAbilities {
	w.Helper()
	if t.Status == api.StatusRevoked {
		return office.TokenAbilities{}
	}
	c.Rehearse = true
	yes := func(err error) bool { return err == nil }
	_, _, edit := w.EditToken(w.ctx, c, "acme", t.ID, api.EditToken{TokenFields: api.TokenFields{Label: api.Some("new")}})
	_, _, disable := w.DisableToken(w.ctx, c, "acme", t.ID, api.DisableToken{})
	_, _, enable := w.EnableToken(w.ctx, c, "acme", t.ID)
	_, rotate := w.RotateToken(w.ctx, c, "acme", t.ID, api.RotateToken{Renew: true})
	_, transfer := w.TransferToken(w.ctx, c, "acme", t.ID, api.TransferToken{Owner: "robot"})
	if api.AsError(transfer).Code == api.CodeGrantExceedsOwn { // robot has too much for some: but is there anybody?
		if _, mine := w.TransferToken(w.ctx, c, "acme", t.ID, api.TransferToken{Owner: "me"}); yes(mine) {
			transfer = nil
		}
	}
	_, _, remove := w.DeleteToken(w.ctx, c, "acme", t.ID, api.RevokeToken{})
	_, reveal := w.RevealToken(w.ctx, c, "acme", t.ID)
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
	bulk(t)
	w := newWorld(t, storetest.SQLite(t)) // the gate does not know which database it is
	patch := api.PatchPolicy{Recoverable: api.Some(true)}
	_, _, err := w.EditPolicy(w.ctx, w.root, "acme", patch)
	must(w.T, err)
	callers := w.crowd()
	tokens := w.tokensOfAllKinds(callers["Team Member"])
	for who, c := range callers {
		for _, made := range tokens {
			now, err := w.GetToken(w.ctx, w.root, "acme", made.ID)
			must(w.T, err)
			var can map[string]office.TokenAbilities
			must(w.T, w.Sit(w.ctx, c, "acme", func(a *office.Office) (err error) {
				can, err = a.TokenAbilities(w.ctx, c, "acme", []api.Token{now})
				return err
			}))
			if diff := cmp.Diff(w.rehearsed(c, now), can[now.Locator]); diff != "" {
				w.Errorf("%s and %s (%s, held %v), verbs - abilities +:\n%s", who, now.ID, now.Status, now.Held, diff)
			}
		}
	}
}

// TestTheDeskSaysWhatTheGateSays of what a page offers besides tokens.
func TestTheDeskSaysWhatTheGateSays(t *testing.T) {
	each(t, func(w *world) {
		callers := w.crowd()
		w.account("robot", "tickets:read")
		for who, c := range callers {
			d, err := w.Desk(w.ctx, c, "acme")
			must(w.T, err)
			rehearsal := c
			rehearsal.Rehearse = true
			agree := func(what string, said bool, err error) {
				w.Helper()
				if said != (err == nil) {
					w.Errorf("%s: the desk says %v of %s, the verb %v", who, said, what, err)
				}
			}
			_, policy := w.GetPolicy(w.ctx, c, "acme")
			agree("the policy", d.Policy != nil, policy)
			_, onboard := onboarding(w, rehearsal)
			agree("on-boarding", d.MayOnboard(), onboard)
			_, hold := w.CreateToken(w.ctx, rehearsal, "acme", api.CreateToken{Kind: "personal", Owner: "me", TokenFields: api.TokenFields{Label: api.Some("x")}})
			agree("a personal token", d.MayHold(), hold)
			for _, role := range []string{"Viewer", "Administrator", "Owner"} {
				if !d.May("members:write") {
					continue
				}
				in := api.CreateMember{Email: "new@example.com"}
				in.Role, in.Resources = api.Some(role), api.Some(d.Reach())
				_, _, err := w.CreateMember(w.ctx, rehearsal, "acme", in)
				agree("the role "+role, d.Gives(role), err)
			}
			w.agreeOnOwners(c, d, agree)
		}
	})
}

func onboarding(w *world, c authority.Caller) (api.Resource, error) {
	v, _, err := w.OnboardResource(w.ctx, c, "acme", api.CreateResource{Name: "shop"})
	return v, err
}

// agreeOnOwners: whom a caller may change and bring back.
func (w *world) agreeOnOwners(c authority.Caller, d *office.Desk, agree func(string, bool, error)) {
	w.Helper()
	rehearsal := c
	rehearsal.Rehearse = true
	for _, email := range []string{"olga@example.com", "mia@example.com"} {
		_, _, _, err := w.DeactivateMember(w.ctx, w.root, "acme", email, false)
		must(w.T, err)
		m, err := w.GetMember(w.ctx, w.root, "acme", email)
		must(w.T, err)
		if who := w.person(email); who.User != c.User {
			_, _, change := w.EditMember(w.ctx, rehearsal, "acme", email, api.EditMember{Name: api.Some("New")})
			agree("changing "+email, d.OfMember(m).Change, change)
			_, _, restart := w.ActivateMember(w.ctx, rehearsal, "acme", email)
			agree("activating "+email, d.OfMember(m).Restart, restart)
		}
		_, _, err = w.ActivateMember(w.ctx, w.root, "acme", email)
		must(w.T, err)
	}
	_, _, _, err := w.DisableServiceAccount(w.ctx, w.root, "acme", "robot", false)
	must(w.T, err)
	s, err := w.GetServiceAccount(w.ctx, w.root, "acme", "robot")
	must(w.T, err)
	_, _, restart := w.EnableServiceAccount(w.ctx, rehearsal, "acme", "robot")
	agree("enabling robot", d.OfAccount(s).Restart, restart)
	_, _, err = w.EnableServiceAccount(w.ctx, w.root, "acme", "robot")
	must(w.T, err)
}

// TestWhoSitsSeesOneMoment: neither what others commit meanwhile nor the time moves
// what a page is drawn from.
func TestWhoSitsSeesOneMoment(t *testing.T) {
	each(t, func(w *world) {
		dying := scoped("workspace", "", "tickets:read")
		dying.ExpiresIn = api.Some(api.Duration(time.Minute))
		i := w.create(w.root, dying)
		ada := w.person("ada@example.com")
		must(w.T, w.Sit(w.ctx, ada, "acme", func(a *office.Office) error {
			_, _, err := w.DisableToken(context.Background(), w.root, "acme", i.Token.ID, api.DisableToken{})
			must(w.T, err)
			w.clock.pass(time.Hour)
			seen, err := a.GetToken(w.ctx, ada, "acme", i.Token.ID)
			must(w.T, err)
			if seen.Status != api.StatusActive {
				w.Errorf("it is %s on a page that was begun before", seen.Status)
			}
			return nil
		}))
	})
}
