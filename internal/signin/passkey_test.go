package signin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/signin"
)

// holds gives a person a passkey on a new device.
func (w *world) holds(s door.Session, change func(*device)) *device {
	w.Helper()
	d := newDevice(w.T)
	if change != nil {
		change(d)
	}
	c, err := w.PasskeyNew(w.ctx, s)
	must(w.T, err)
	must(w.T, w.PasskeyAdd(w.ctx, s, c.State, d.creates(c), "Laptop"))
	return d
}

// opensWith signs in with a passkey.
func (w *world) opensWith(d *device) (door.Entry, error) {
	w.Helper()
	c, err := w.PasskeyOffer()
	must(w.T, err)
	return w.PasskeySignIn(w.ctx, c.State, d.asserts(c), home())
}

func TestAPasskeySignsInAloneAndNamesItsPersonItself(t *testing.T) {
	each(t, func(w *world) {
		r := w.enters("eve@example.com", hers, home())
		d := w.holds(r.Session, func(d *device) { d.flags |= eligible | backedUp })
		offer, err := w.PasskeyOffer()
		must(w.T, err)
		o := d.read(offer).PublicKey
		if len(o.AllowCredentials) != 0 || o.RPID != "tokens.example.com" || o.UserVerification != "required" {
			w.Errorf("offered: %s", offer.Options)
		}
		for _, secret := range []string{"eve@example.com", w.user("eve@example.com").PublicID} {
			if strings.Contains(offer.Options+offer.State, secret) {
				w.Errorf("the offer to nobody names %s", secret)
			}
		}
		in, err := w.opensWith(d)
		must(w.T, err)
		if in.Session.User != r.Session.User || in.Session.Method != "passkey" || in.SecondFactor != "" {
			w.Errorf("signed in: %+v", in)
		}
		w.open(true, in, "by a passkey")
		a, err := w.Account(w.ctx, r.Session.User)
		must(w.T, err)
		if len(a.Passkeys) != 1 || a.Passkeys[0].Name != "Laptop" || a.Passkeys[0].LastUsedAt.IsZero() || !a.Password || a.App {
			w.Fatalf("account: %+v", a)
		}
		must(w.T, w.PasskeyRemove(w.ctx, in.Session, a.Passkeys[0].ID))
		_, err = w.opensWith(d)
		w.refused(err, api.CodeForbidden)
		if told := w.mailed("eve@example.com"); told != "" {
			w.Errorf("a mail about a passkey holds the link %s", told)
		}
	})
}

func TestAPasskeyNeedsNoCodeOfTheAppBesides(t *testing.T) {
	alone(t, func(w *world) {
		_, r, _ := w.enrolled()
		d := w.holds(r.Session, nil)
		in, err := w.opensWith(d)
		must(w.T, err)
		if in.SecondFactor != "" || in.Cookie.IsZero() {
			w.Errorf("a passkey with its person verified asks for more: %+v", in)
		}
	})
}

// Weakness: an assertion is taken that was made elsewhere, for something else, by
// nobody in particular, or before. Attack: each of these, with the right key.
func TestAnAssertionIsForThisServerThisVisitAndThisPerson(t *testing.T) {
	alone(t, func(w *world) {
		eve := w.enters("eve@example.com", hers, home())
		ada := w.enters("ada@example.com", good, home())
		d, adas := w.holds(eve.Session, nil), w.holds(ada.Session, nil)
		for name, bend := range map[string]func(*device){
			"another site":               func(d *device) { d.origin = "https://tokens.example.com.evil.org" },
			"another scheme":             func(d *device) { d.origin = "http://tokens.example.com" },
			"another relying party":      func(d *device) { d.host = "example.com" },
			"nobody verified":            func(d *device) { d.flags = present },
			"nobody present":             func(d *device) { d.flags = verified },
			"another challenge":          func(d *device) { d.challenge = b64(make([]byte, 32)) },
			"a damaged signature":        func(d *device) { d.spoil = true },
			"somebody else's name":       func(d *device) { d.handle = adas.handle },
			"nobody's name":              func(d *device) { d.handle = []byte("usr_nobody") },
			"no name":                    func(d *device) { d.handle = nil },
			"another key":                func(d *device) { d.key = adas.key },
			"another credential":         func(d *device) { d.id = adas.id },
			"a device that was copied":   func(d *device) { d.count = 0 },
			"a key that may leave now":   func(d *device) { d.flags |= eligible },
			"an empty signature counter": func(d *device) { d.count = 1<<32 - 1 },
		} {
			bent := *d
			bent.count += 10
			good := bent
			if _, err := w.opensWith(&good); err != nil {
				w.Fatalf("before %s the device does not open: %v", name, err)
			}
			d.count = good.count
			bent.count = good.count
			bend(&bent)
			r, err := w.opensWith(&bent)
			if api.AsError(err).Code != api.CodeForbidden || !r.Cookie.IsZero() {
				w.Errorf("%s: %v", name, err)
			}
			if api.AsError(err).Message != "this passkey was not accepted; try again, or sign in another way" {
				w.Errorf("%s is told apart: %v", name, err)
			}
		}
	})
}

func TestAVisitWithAPasskeyCountsOnceForWhatItIs(t *testing.T) {
	each(t, func(w *world) {
		eve, ada := w.enters("eve@example.com", hers, home()), w.enters("ada@example.com", good, home())
		d := w.holds(eve.Session, nil)
		c, err := w.PasskeyOffer()
		must(w.T, err)
		answer := d.asserts(c)
		_, err = w.PasskeySignIn(w.ctx, c.State, answer, home())
		must(w.T, err)
		_, err = w.PasskeySignIn(w.ctx, c.State, answer, home())
		w.refused(err, api.CodeInvalidRequest)

		confirm, err := w.PasskeyConfirmOffer()
		must(w.T, err)
		_, err = w.PasskeySignIn(w.ctx, confirm.State, d.asserts(confirm), home())
		w.refused(err, api.CodeInvalidRequest)
		w.refused(w.PasskeyConfirm(w.ctx, ada.Session, confirm.State, d.asserts(confirm), home()), api.CodeForbidden)

		made, err := w.PasskeyNew(w.ctx, eve.Session)
		must(w.T, err)
		w.refused(w.PasskeyAdd(w.ctx, ada.Session, made.State, newDevice(w.T).creates(made), ""), api.CodeForbidden)
		if len(d.read(made).PublicKey.ExcludeCredentials) != 1 || d.read(made).PublicKey.AuthenticatorSelection.ResidentKey != "required" {
			w.Errorf("options: %s", made.Options)
		}
		late, err := w.PasskeyOffer()
		must(w.T, err)
		w.clock.Pass(10 * time.Minute)
		_, err = w.PasskeySignIn(w.ctx, late.State, d.asserts(late), home())
		w.refused(err, api.CodeInvalidRequest)
		for _, state := range []string{"", "1", "1.", "x.y", late.State + "A", "2" + late.State} {
			_, err = w.PasskeySignIn(w.ctx, state, d.asserts(late), home())
			w.refused(err, api.CodeInvalidRequest)
		}
	})
}

func TestAPasskeyConfirmsWhoIsSignedIn(t *testing.T) {
	alone(t, func(w *world) {
		r := w.enters("eve@example.com", hers, home())
		d := w.holds(r.Session, nil)
		w.clock.Pass(20 * time.Minute)
		_, err := w.PasskeyNew(w.ctx, r.Session)
		w.refused(err, api.CodeForbidden)
		c, err := w.PasskeyConfirmOffer()
		must(w.T, err)
		must(w.T, w.PasskeyConfirm(w.ctx, r.Session, c.State, d.asserts(c), home()))
		fresh, err := w.Fresh(w.ctx, r.Session)
		must(w.T, err)
		if !fresh {
			w.Error("not fresh after a passkey")
		}
	})
}

func TestPasskeysAreWhereBrowsersMakeThemAndThePolicyTakesThem(t *testing.T) {
	alone(t, func(w *world) {
		for base, want := range map[string]bool{
			"https://tokens.example.com": true, "http://localhost:8080": true, "http://127.0.0.1:8080": false, "https://192.0.2.7": false,
			"http://tokens.example.com": false, "https://[2001:db8::1]": false,
		} {
			if got := w.again(func(o *signin.Options) { o.BaseURL = base }).Passkeys(); got != want {
				w.Errorf("at %s: %v", base, got)
			}
		}
		eve := w.enters("eve@example.com", hers, home())
		d := w.holds(eve.Session, nil)
		elsewhere, _ := w.sso(nil)
		only := elsewhere.again(func(o *signin.Options) { o.Policy.Methods = "sso"; o.OIDC = elsewhere.options.OIDC })
		_, err := only.PasskeyOffer()
		w.refused(err, api.CodeForbidden)
		c, err := w.PasskeyOffer()
		must(w.T, err)
		_, err = only.PasskeySignIn(w.ctx, c.State, d.asserts(c), home())
		w.refused(err, api.CodeForbidden)
		_, err = w.auth.DeactivateUser(w.ctx, w.root(), "eve@example.com")
		must(w.T, err)
		_, err = w.opensWith(d)
		w.refused(err, api.CodeForbidden)
	})
}

func TestGuessingPasskeysIsSlowedDownForOnePlaceAlone(t *testing.T) {
	alone(t, func(w *world) {
		r := w.enters("eve@example.com", hers, home())
		d := w.holds(r.Session, nil)
		judged := 0
		for range 30 {
			c, err := w.PasskeyOffer()
			must(w.T, err)
			if _, err := w.PasskeySignIn(w.ctx, c.State, "{}", evils()); api.AsError(err).Code == api.CodeForbidden {
				judged++
			}
		}
		if judged > 5 {
			w.Errorf("%d were judged at once", judged)
		}
		_, err := w.opensWith(d)
		must(w.T, err)
	})
}

func TestTheOnlyWayInIsNotTakenAway(t *testing.T) {
	alone(t, func(w *world) {
		w, p := w.sso(nil)
		p.says(map[string]any{"email": "new@example.com"})
		r, err := w.through(p)
		must(w.T, err)
		account, err := w.Account(w.ctx, r.Session.User)
		must(w.T, err)
		ids := account.Identities
		w.refused(w.Unlink(w.ctx, r.Session, ids[0].Issuer, ids[0].Subject), api.CodeForbidden)
		w.holds(r.Session, nil)
		must(w.T, w.Unlink(w.ctx, r.Session, ids[0].Issuer, ids[0].Subject))
		a, err := w.Account(w.ctx, r.Session.User)
		must(w.T, err)
		w.refused(w.PasskeyRemove(w.ctx, r.Session, a.Passkeys[0].ID), api.CodeForbidden)
		_, err = w.through(p) // and it is not linked again by the e-mail
		w.refused(err, api.CodeForbidden)
	})
}
