package tokens_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// turnedAway wants the caller itself to be refused, whatever it asks for: a change
// and a reading alike.
func turnedAway(w *officetest.World, c authority.Caller, want api.Code, why string) {
	w.Helper()
	for what, err := range map[string]error{
		"a change":              officetest.Second(w.CreateToken(w.Ctx, c, "acme", officetest.Scoped("personal", "me", "tickets:read"))),
		"a reading":             officetest.Second(w.GetWorkspace(w.Ctx, c, "acme")),
		"an answer of whoami":   officetest.Second(w.Whoami(w.Ctx, c)),
		"a change of the whole": officetest.Second(w.CreateWorkspace(w.Ctx, c, api.CreateWorkspace{Slug: "other"})),
	} {
		if c.User != 0 && what == "an answer of whoami" {
			continue // a person has no workspace of their own
		}
		if !errors.Is(err, want) || !errors.Is(err, authority.ErrNotAccepted) {
			w.Errorf("%s: %s answered %v, want %s", why, what, err, want)
		}
	}
}

func letIn(w *officetest.World, c authority.Caller, why string) {
	w.Helper()
	if _, err := w.GetWorkspace(w.Ctx, c, "acme"); err != nil {
		w.Errorf("%s: %v", why, err)
	}
}

// TestASecretIsJudgedWhenItsRequestHasItsTurn: a request may have been let in with
// a secret that was taken away before its turn came.
func TestASecretIsJudgedWhenItsRequestHasItsTurn(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Scoped("personal", "", "*", "instance:admin"))
		first := w.With(i)
		letIn(w, first, "the current secret")
		officetest.Must(w.T, officetest.Second(w.RotateToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(time.Hour))})))
		letIn(w, first, "in its overlap")
		officetest.Must(w.T, officetest.Second(w.RetireSecrets(w.Ctx, w.Root, "acme", i.Token.ID)))
		turnedAway(w, first, api.CodeRetired, "its overlap was ended")

		next := w.With(i)
		officetest.Must(w.T, officetest.Second(w.ResetToken(w.Ctx, w.Root, "acme", i.Token.ID)))
		turnedAway(w, next, api.CodeRetired, "reset")
		officetest.Must(w.T, officetest.Second(w.RotateToken(w.Ctx, w.With(i), "acme", "self", api.RotateToken{Overlap: api.Some(api.Duration(0))})))
		w.Refused(officetest.Second(w.RotateToken(w.Ctx, next, "acme", "self", api.RotateToken{})), api.CodeRetired)

		timed := w.With(i)
		officetest.Must(w.T, officetest.Second(w.RotateToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(time.Hour))})))
		w.Clock.Pass(time.Hour)
		turnedAway(w, timed, api.CodeRetired, "its overlap ran out")

		current := w.With(i)
		officetest.Must(w.T, officetest.Second(w.DisableToken(w.Ctx, w.Root, "acme", i.Token.ID, api.DisableToken{})))
		turnedAway(w, current, api.CodeDisabled, "disabled")
		turnedAway(w, timed, api.CodeRetired, "disabled too: why the secret is nothing comes first")
	})
}

// TestARotationOfItselfIsJudgedBeforeItTakesTheSecret that asks for it.
func TestARotationOfItselfIsJudgedBeforeItTakesTheSecret(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		for _, again := range []func(authority.Caller) (authority.Issued, error){
			func(c authority.Caller) (authority.Issued, error) { return w.ResetToken(w.Ctx, c, "acme", "self") },
			func(c authority.Caller) (authority.Issued, error) {
				return w.RotateToken(w.Ctx, c, "acme", "self", api.RotateToken{Overlap: api.Some(api.Duration(0))})
			},
		} {
			i := w.Create(w.Root, officetest.Scoped("workspace", "", "tokens:self"))
			c := w.With(i)
			fresh, err := again(c)
			officetest.Must(w.T, err)
			w.Allow(fresh.Secret)
			w.Refused(officetest.Second(again(c)), api.CodeRetired)
		}
	})
}

// TestAnAddressIsJudgedWhenItsRequestHasItsTurn.
func TestAnAddressIsJudgedWhenItsRequestHasItsTurn(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Scoped("personal", "", "*", "instance:admin"))
		c := w.With(i)
		c.Addr = netip.MustParseAddr("::ffff:192.0.2.7")
		letIn(w, c, "no list")
		edit := api.EditToken{}
		edit.AllowedIPs = api.Some([]string{"192.0.2.0/24"})
		officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, w.Root, "acme", i.Token.ID, edit)))
		letIn(w, c, "in the list")
		edit.AllowedIPs = api.Some([]string{"198.51.100.0/24"})
		officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, w.Root, "acme", i.Token.ID, edit)))
		turnedAway(w, c, api.CodeIPDenied, "the list was tightened")
		c.Addr = netip.Addr{}
		turnedAway(w, c, api.CodeIPDenied, "an address that nobody knows")
	})
}

// TestASessionIsJudgedWhenItsRequestHasItsTurn.
func TestASessionIsJudgedWhenItsRequestHasItsTurn(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		ada := w.Person("ada@example.com")
		letIn(w, ada, "signed in")
		end := func(id string) {
			officetest.Must(w.T, w.SignIn(w.Ctx, authority.Caller{}, func(tx *office.SignInTx) error { return tx.DeleteSession(id) }))
		}
		bob := w.Member("bob@example.com", "Owner")
		stolen := ada
		stolen.Session = bob.Session
		turnedAway(w, stolen, api.CodeInvalidToken, "a session of somebody else")

		portal := storetest.InPortal(w.T, w.Store, bob.User, "acme")
		whole := portal
		whole.Portal = ""
		turnedAway(w, whole, api.CodeInvalidToken, "a portal session that says it is a whole one")
		bob.Portal = "acme"
		turnedAway(w, bob, api.CodeInvalidToken, "a whole session that says it is of a portal")

		end(ada.Session)
		turnedAway(w, ada, api.CodeInvalidToken, "signed out everywhere")

		ada = w.Person("ada@example.com")
		letIn(w, ada, "signed in anew")
		w.Clock.Pass(100 * 366 * officetest.Day)
		turnedAway(w, ada, api.CodeInvalidToken, "a session that ran out")
	})
}

// TestNobodyIsACallerByANameAlone: a door that forgets what was presented lets
// nobody in.
func TestNobodyIsACallerByANameAlone(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		turnedAway(w, authority.Caller{Token: w.Root.Token}, api.CodeRetired, "a token without a secret")
		turnedAway(w, authority.Caller{User: w.Person("ada@example.com").User}, api.CodeInvalidToken, "a person without a session")
	})
}

// TestAVoidSecretIsNotTakenForTheOneInItsPlace: a retry gives a fresh secret of the
// same number, so the number alone does not tell them apart.
func TestAVoidSecretIsNotTakenForTheOneInItsPlace(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		c := w.Root
		c.Retry = authority.Retry{Key: "k1", Route: "POST /tokens", Body: [32]byte{1}}
		in := officetest.Scoped("workspace", "", "tickets:read")
		lost := w.Create(c, in)
		fresh := w.Create(c, in)
		w.Refused(w.FirstUse(w.Ctx, lost.Secret.Reveal()), api.CodeInvalidToken)
		third := w.Create(c, in) // as long as it was never used
		w.Deny(api.CodeUnknown, fresh.Secret)
		w.Allow(third.Secret)
	})
}

// TestTheRestOfABulkCallIsLeftOnceItsCallerIsNotAccepted, whatever it does.
func TestTheRestOfABulkCallIsLeftOnceItsCallerIsNotAccepted(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		edit := api.EditToken{}
		edit.Label = api.Some("changed")
		for _, action := range []string{api.BulkRevoke, api.BulkDisable, api.BulkRotate, api.BulkEdit} {
			caller := w.Create(w.Root, officetest.Scoped("personal", "", "*"))
			var ids []string
			var secrets []authority.Issued
			for range 3 {
				i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
				ids, secrets = append(ids, i.Token.ID), append(secrets, i)
			}
			var codes []api.Code
			err := w.BulkTokens(w.Ctx, w.With(caller), "acme", api.BulkTokens{Action: action, IDs: ids, Edit: &edit}, func(r api.BulkResult) error {
				if codes = append(codes, r.Code); len(codes) > 1 && r.Secret != "" {
					w.Errorf("%s: a secret was given to a caller that was reset", action)
				}
				if len(codes) == 1 {
					officetest.Must(w.T, officetest.Second(w.ResetToken(w.Ctx, w.Root, "acme", caller.Token.ID)))
				}
				return nil
			})
			if !errors.Is(err, authority.ErrNotAccepted) || len(codes) != 3 || codes[0] != api.CodeOK || codes[1] != api.CodeRetired || codes[2] != api.CodeRetired {
				w.Errorf("%s: %v, %v", action, codes, err)
			}
			for _, i := range secrets[1:] {
				v, err := w.GetToken(w.Ctx, w.Root, "acme", i.Token.ID)
				if officetest.Must(w.T, err); v.Status != api.StatusActive || v.Label != i.Token.Label || v.RotatedAt != nil {
					w.Errorf("%s: %s was touched", action, v.ID)
				}
			}
		}
	})
}

// TestWhatASignInDoesForACallerIsJudgedInItsMutation.
func TestWhatASignInDoesForACallerIsJudgedInItsMutation(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.MemberOf("acme", "eve@example.com", "Viewer", "*")
		i := w.Create(w.Root, officetest.Scoped("personal", "", "*", "instance:admin"))
		c := w.With(i)
		officetest.Must(w.T, officetest.Second(w.ResetToken(w.Ctx, w.Root, "acme", i.Token.ID)))
		for what, f := range map[string]func(*office.SignInTx) error{
			"an invitation": func(tx *office.SignInTx) error { return officetest.Second(tx.MayInvite(c, "acme", "eve@example.com")) },
			"a portal link": func(tx *office.SignInTx) error {
				return officetest.Second(tx.MayLinkPortal(c, "acme", "eve@example.com"))
			},
			"a second factor": func(tx *office.SignInTx) error { return tx.MayAdminister(c) },
		} {
			if err := w.SignIn(w.Ctx, c, f); !errors.Is(err, api.CodeRetired) {
				w.Errorf("%s: %v", what, err)
			}
		}
	})
}
