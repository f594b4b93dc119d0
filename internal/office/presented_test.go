package office_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// turnedAway wants the caller itself to be refused, whatever it asks for: a change
// and a reading alike.
func (w *world) turnedAway(c authority.Caller, want api.Code, why string) {
	w.Helper()
	for what, err := range map[string]error{
		"a change":              second(w.CreateToken(w.ctx, c, "acme", scoped("personal", "me", "tickets:read"))),
		"a reading":             second(w.GetWorkspace(w.ctx, c, "acme")),
		"an answer of whoami":   second(w.Whoami(w.ctx, c)),
		"a change of the whole": third(w.CreateWorkspace(w.ctx, c, api.CreateWorkspace{Slug: "other"})),
	} {
		if c.User != 0 && what == "an answer of whoami" {
			continue // a person has no workspace of their own
		}
		if !errors.Is(err, want) || !errors.Is(err, authority.ErrNotAccepted) {
			w.Errorf("%s: %s answered %v, want %s", why, what, err, want)
		}
	}
}

func (w *world) letIn(c authority.Caller, why string) {
	w.Helper()
	if _, err := w.GetWorkspace(w.ctx, c, "acme"); err != nil {
		w.Errorf("%s: %v", why, err)
	}
}

// TestASecretIsJudgedWhenItsRequestHasItsTurn: a request may have been let in with
// a secret that was taken away before its turn came.
func TestASecretIsJudgedWhenItsRequestHasItsTurn(t *testing.T) {
	each(t, func(w *world) {
		i := w.create(w.root, scoped("personal", "", "*", "instance:admin"))
		first := w.with(i)
		w.letIn(first, "the current secret")
		must(w.T, second(w.RotateToken(w.ctx, w.root, "acme", i.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(time.Hour))})))
		w.letIn(first, "in its overlap")
		must(w.T, third(w.RetireSecrets(w.ctx, w.root, "acme", i.Token.ID)))
		w.turnedAway(first, api.CodeRetired, "its overlap was ended")

		next := w.with(i)
		must(w.T, second(w.ResetToken(w.ctx, w.root, "acme", i.Token.ID)))
		w.turnedAway(next, api.CodeRetired, "reset")
		must(w.T, second(w.RotateToken(w.ctx, w.with(i), "acme", "self", api.RotateToken{Overlap: api.Some(api.Duration(0))})))
		w.refused(second(w.RotateToken(w.ctx, next, "acme", "self", api.RotateToken{})), api.CodeRetired)

		timed := w.with(i)
		must(w.T, second(w.RotateToken(w.ctx, w.root, "acme", i.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(time.Hour))})))
		w.clock.pass(time.Hour)
		w.turnedAway(timed, api.CodeRetired, "its overlap ran out")

		current := w.with(i)
		must(w.T, third(w.DisableToken(w.ctx, w.root, "acme", i.Token.ID, api.DisableToken{})))
		w.turnedAway(current, api.CodeDisabled, "disabled")
		w.turnedAway(timed, api.CodeRetired, "disabled too: why the secret is nothing comes first")
	})
}

// TestARotationOfItselfIsJudgedBeforeItTakesTheSecret that asks for it.
func TestARotationOfItselfIsJudgedBeforeItTakesTheSecret(t *testing.T) {
	each(t, func(w *world) {
		for _, again := range []func(authority.Caller) (authority.Issued, error){
			func(c authority.Caller) (authority.Issued, error) { return w.ResetToken(w.ctx, c, "acme", "self") },
			func(c authority.Caller) (authority.Issued, error) {
				return w.RotateToken(w.ctx, c, "acme", "self", api.RotateToken{Overlap: api.Some(api.Duration(0))})
			},
		} {
			i := w.create(w.root, scoped("workspace", "", "tokens:self"))
			c := w.with(i)
			fresh, err := again(c)
			must(w.T, err)
			w.allow(fresh.Secret)
			w.refused(second(again(c)), api.CodeRetired)
		}
	})
}

// TestAnAddressIsJudgedWhenItsRequestHasItsTurn.
func TestAnAddressIsJudgedWhenItsRequestHasItsTurn(t *testing.T) {
	each(t, func(w *world) {
		i := w.create(w.root, scoped("personal", "", "*", "instance:admin"))
		c := w.with(i)
		c.Addr = netip.MustParseAddr("::ffff:192.0.2.7")
		w.letIn(c, "no list")
		edit := api.EditToken{}
		edit.AllowedIPs = api.Some([]string{"192.0.2.0/24"})
		must(w.T, third(w.EditToken(w.ctx, w.root, "acme", i.Token.ID, edit)))
		w.letIn(c, "in the list")
		edit.AllowedIPs = api.Some([]string{"198.51.100.0/24"})
		must(w.T, third(w.EditToken(w.ctx, w.root, "acme", i.Token.ID, edit)))
		w.turnedAway(c, api.CodeIPDenied, "the list was tightened")
		c.Addr = netip.Addr{}
		w.turnedAway(c, api.CodeIPDenied, "an address that nobody knows")
	})
}

// TestASessionIsJudgedWhenItsRequestHasItsTurn.
func TestASessionIsJudgedWhenItsRequestHasItsTurn(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada@example.com")
		w.letIn(ada, "signed in")
		end := func(id string) {
			must(w.T, w.SignIn(w.ctx, authority.Caller{}, func(tx *office.SignInTx) error { return tx.DeleteSession(id) }))
		}
		bob := w.member("bob@example.com", "Owner")
		stolen := ada
		stolen.Session = bob.Session
		w.turnedAway(stolen, api.CodeInvalidToken, "a session of somebody else")

		portal := storetest.InPortal(w.T, w.store, bob.User, "acme")
		whole := portal
		whole.Portal = ""
		w.turnedAway(whole, api.CodeInvalidToken, "a portal session that says it is a whole one")
		bob.Portal = "acme"
		w.turnedAway(bob, api.CodeInvalidToken, "a whole session that says it is of a portal")

		end(ada.Session)
		w.turnedAway(ada, api.CodeInvalidToken, "signed out everywhere")

		ada = w.person("ada@example.com")
		w.letIn(ada, "signed in anew")
		w.clock.pass(100 * 366 * day)
		w.turnedAway(ada, api.CodeInvalidToken, "a session that ran out")
	})
}

// TestNobodyIsACallerByANameAlone: a door that forgets what was presented lets
// nobody in.
func TestNobodyIsACallerByANameAlone(t *testing.T) {
	each(t, func(w *world) {
		w.turnedAway(authority.Caller{Token: w.root.Token}, api.CodeRetired, "a token without a secret")
		w.turnedAway(authority.Caller{User: w.person("ada@example.com").User}, api.CodeInvalidToken, "a person without a session")
	})
}

// TestAVoidSecretIsNotTakenForTheOneInItsPlace: a retry gives a fresh secret of the
// same number, so the number alone does not tell them apart.
func TestAVoidSecretIsNotTakenForTheOneInItsPlace(t *testing.T) {
	each(t, func(w *world) {
		c := w.root
		c.Retry = authority.Retry{Key: "k1", Route: "POST /tokens", Body: [32]byte{1}}
		in := scoped("workspace", "", "tickets:read")
		lost := w.create(c, in)
		fresh := w.create(c, in)
		w.refused(w.FirstUse(w.ctx, lost.Secret.Reveal()), api.CodeInvalidToken)
		third := w.create(c, in) // as long as it was never used
		w.deny(api.CodeUnknown, fresh.Secret)
		w.allow(third.Secret)
	})
}

// TestTheRestOfABulkCallIsLeftOnceItsCallerIsNotAccepted, whatever it does.
func TestTheRestOfABulkCallIsLeftOnceItsCallerIsNotAccepted(t *testing.T) {
	each(t, func(w *world) {
		edit := api.EditToken{}
		edit.Label = api.Some("changed")
		for _, action := range []string{api.BulkRevoke, api.BulkDisable, api.BulkRotate, api.BulkEdit} {
			caller := w.create(w.root, scoped("personal", "", "*"))
			var ids []string
			var secrets []authority.Issued
			for range 3 {
				i := w.create(w.root, scoped("workspace", "", "tickets:read"))
				ids, secrets = append(ids, i.Token.ID), append(secrets, i)
			}
			var codes []api.Code
			err := w.BulkTokens(w.ctx, w.with(caller), "acme", api.BulkTokens{Action: action, IDs: ids, Edit: &edit}, func(r api.BulkResult) error {
				if codes = append(codes, r.Code); len(codes) > 1 && r.Secret != "" {
					w.Errorf("%s: a secret was given to a caller that was reset", action)
				}
				if len(codes) == 1 {
					must(w.T, second(w.ResetToken(w.ctx, w.root, "acme", caller.Token.ID)))
				}
				return nil
			})
			if !errors.Is(err, authority.ErrNotAccepted) || len(codes) != 3 || codes[0] != api.CodeOK || codes[1] != api.CodeRetired || codes[2] != api.CodeRetired {
				w.Errorf("%s: %v, %v", action, codes, err)
			}
			for _, i := range secrets[1:] {
				v, err := w.GetToken(w.ctx, w.root, "acme", i.Token.ID)
				if must(w.T, err); v.Status != api.StatusActive || v.Label != i.Token.Label || v.RotatedAt != nil {
					w.Errorf("%s: %s was touched", action, v.ID)
				}
			}
		}
	})
}

// TestWhatASignInDoesForACallerIsJudgedInItsMutation.
func TestWhatASignInDoesForACallerIsJudgedInItsMutation(t *testing.T) {
	each(t, func(w *world) {
		w.memberOf("acme", "eve@example.com", "Viewer", "*")
		i := w.create(w.root, scoped("personal", "", "*", "instance:admin"))
		c := w.with(i)
		must(w.T, second(w.ResetToken(w.ctx, w.root, "acme", i.Token.ID)))
		for what, f := range map[string]func(*office.SignInTx) error{
			"an invitation":   func(tx *office.SignInTx) error { return second(tx.MayInvite(c, "acme", "eve@example.com")) },
			"a portal link":   func(tx *office.SignInTx) error { return second(tx.MayLinkPortal(c, "acme", "eve@example.com")) },
			"a second factor": func(tx *office.SignInTx) error { return tx.MayAdminister(c) },
		} {
			if err := w.SignIn(w.ctx, c, f); !errors.Is(err, api.CodeRetired) {
				w.Errorf("%s: %v", what, err)
			}
		}
	})
}
