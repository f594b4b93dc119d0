package signin_test

import (
	"crypto/rand"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/signin"
	"github.com/tokenry/tokenry/internal/store"
)

// newer is another node, whose keyring has one key more, which is current there.
func (w *world) newer() *world {
	w.Helper()
	keys, err := w.keys.Rotate(rand.Reader, w.clock.Now())
	must(w.T, err)
	db, _ := w.store.(*store.Store)
	must(w.T, db.CheckKeyring(w.ctx, keys))
	return w.again(func(o *signin.Options) {
		o.Keys = keys
		o.Authority = office.New(authority.Options{Store: w.store, Keys: keys, Now: w.clock.Now, Rand: rand.Reader})
	})
}

// Weakness: a node whose keyring lacks a key took what other nodes had handed out for
// wrong: people were signed out, links were dead, and a right code counted as a try
// against its person. Proved: each is unavailable here, counts as nothing, and is right
// where the key is.
func TestANodeThatLacksAKeyTakesNobodyForAStranger(t *testing.T) {
	each(t, func(w *world) {
		newer := w.newer()
		r := newer.enters("ada@example.com", good, home())
		must(w.T, w.RequestReset(w.ctx, "nobody@example.com", home()))
		must(w.T, newer.RequestReset(w.ctx, "eve@example.com", home()))
		link := newer.mailed("eve@example.com")
		portal := newer.portalLink("eve@example.com")
		device, err := newer.Devices.DeviceStart(w.ctx, api.DeviceAuthorizationRequest{DeviceName: "laptop"}, home())
		must(w.T, err)
		passkey, err := newer.PasskeyOffer()
		must(w.T, err)
		doors := map[string]func(on *world) error{
			"a session":       func(on *world) error { _, err := on.Authenticate(w.ctx, r.Cookie.Reveal(), home()); return err },
			"a reset link":    func(on *world) error { _, err := on.Addressee(w.ctx, "reset", link); return err },
			"a portal link":   func(on *world) error { _, err := on.Portals.OpenPortal(w.ctx, portal, home()); return err },
			"a device's code": func(on *world) error { _, err := on.Devices.DevicePoll(w.ctx, device.DeviceCode, home()); return err },
			"a passkey's page": func(on *world) error {
				_, err := on.PasskeySignIn(w.ctx, passkey.State, "{}", home())
				return err
			},
			"signing out": func(on *world) error { return on.SignOut(w.ctx, r.Cookie.Reveal()) },
		}
		for name, ask := range doors {
			if err := ask(w); api.AsError(err).Code != api.CodeUnavailable {
				w.Errorf("%s: %v, want %s", name, err, api.CodeUnavailable)
			}
		}
		for name, ask := range doors {
			if err := ask(newer); err != nil && api.AsError(err).Code == api.CodeUnavailable {
				w.Errorf("%s where the key is: %v", name, err)
			}
		}
	})
}

func TestACodeThatNobodyCanJudgeIsNoTry(t *testing.T) {
	each(t, func(w *world) {
		a, r, old := w.enrolled()
		newer := w.newer()
		more, err := newer.RecoveryCodes(w.ctx, r.Session)
		must(w.T, err)
		for range 30 {
			half := w.enters("eve@example.com", hers, home())
			_, err := w.SecondFactor(w.ctx, half.SecondFactor, more[0].Reveal(), home())
			w.refused(err, api.CodeUnavailable)
			w.refused(w.ConfirmCode(w.ctx, r.Session, more[0].Reveal(), home()), api.CodeUnavailable)
		}
		half := w.enters("eve@example.com", hers, home())
		_, err = w.SecondFactor(w.ctx, half.SecondFactor, a.code(0), home())
		must(w.T, err) // the app's key is here
		half = newer.enters("eve@example.com", hers, home())
		_, err = newer.SecondFactor(w.ctx, half.SecondFactor, old[0].Reveal(), home())
		w.refused(err, api.CodeForbidden)
		_, err = newer.SecondFactor(w.ctx, half.SecondFactor, more[0].Reveal(), home())
		must(w.T, err)
	})
}

// TestWhatNamesAKeyThatNeverWasIsNotAskedForAgain: a stranger may write any number
// into what the browser keeps for us.
func TestWhatNamesAKeyThatNeverWasIsNotAskedForAgain(t *testing.T) {
	alone(t, func(w *world) {
		offer, err := w.PasskeyOffer()
		must(w.T, err)
		_, err = w.PasskeySignIn(w.ctx, "77"+offer.State[1:], "{}", home())
		w.refused(err, api.CodeInvalidRequest)
	})
}
