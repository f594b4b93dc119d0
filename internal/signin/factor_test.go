package signin_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

// app is an authenticator app.
type app struct {
	*world
	secret string
}

func (a app) code(shift time.Duration) string {
	a.Helper()
	code, err := totp.GenerateCode(a.secret, a.clock.Now().Add(shift))
	must(a.T, err)
	return code
}

// enrolled gives Eve an authenticator app.
func (w *world) enrolled() (app, door.Entry, []token.Secret) {
	w.Helper()
	r := w.enters("eve@example.com", hers, home())
	e, err := w.EnrollTOTP(w.ctx, r.Session)
	must(w.T, err)
	a := app{w, e.Secret.Reveal()}
	codes, err := w.ConfirmTOTP(w.ctx, r.Session, a.code(0))
	must(w.T, err)
	w.clock.Pass(time.Minute)
	return a, r, codes
}

// scannable says that a picture is a square of modules with a quiet border and
// the three eyes of a QR code, and holds nothing that a page could run.
func (w *world) scannable(svg string) {
	w.Helper()
	shape := regexp.MustCompile(`^<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 (\d+) \d+" [a-zA-Z0-9 ="-]*><path fill="#fff" d="[MHhvz0-9 -]+"/><path fill="#000" d="([Mhvz0-9 -]+)"/></svg>$`)
	m := shape.FindStringSubmatch(svg)
	if m == nil {
		w.Fatalf("no picture: %.200s", svg)
	}
	var size int
	_, err := fmt.Sscan(m[1], &size)
	must(w.T, err)
	dark := func(x, y int) bool { return strings.Contains(m[2], fmt.Sprintf("M%d %dh1v1h-1z", x, y)) }
	for _, eye := range [][2]int{{4, 4}, {size - 11, 4}, {4, size - 11}} {
		for i := range 7 {
			if !dark(eye[0]+i, eye[1]) || !dark(eye[0], eye[1]+i) || !dark(eye[0]+3, eye[1]+3) || i > 0 && i < 6 && dark(eye[0]+i, eye[1]+1) {
				w.Fatalf("the eye at %v is broken", eye)
			}
		}
	}
	if dark(3, 4) || dark(4, 3) || dark(size-4, 4) {
		w.Error("the border is not quiet")
	}
}

func TestAnAuthenticatorAppIsDueAfterThePassword(t *testing.T) {
	each(t, func(w *world) {
		r := w.enters("eve@example.com", hers, home())
		e, err := w.EnrollTOTP(w.ctx, r.Session)
		must(w.T, err)
		if !strings.HasPrefix(e.URI.Reveal(), "otpauth://totp/") {
			w.Errorf("address %s", e.URI.Reveal())
		}
		w.scannable(e.QR.Reveal())
		// Until it is confirmed it counts for nothing.
		other := w.enters("eve@example.com", hers, home())
		if other.Cookie.IsZero() {
			w.Error("an app that was not confirmed is due")
		}
		a := app{w, e.Secret.Reveal()}
		_, err = w.ConfirmTOTP(w.ctx, r.Session, "000000")
		w.refused(err, api.CodeForbidden)
		codes, err := w.ConfirmTOTP(w.ctx, r.Session, a.code(0))
		must(w.T, err)
		w.open(true, r, "that added the app")
		w.open(false, other, "opened without the app")
		if len(codes) != 10 {
			w.Errorf("%d recovery codes", len(codes))
		}
		w.clock.Pass(time.Minute)
		half := w.enters("eve@example.com", hers, home())
		if half.SecondFactor == "" || !half.Cookie.IsZero() {
			w.Fatalf("after the password: %+v", half)
		}
		_, err = w.Authenticate(w.ctx, half.SecondFactor, home())
		w.refused(err, api.CodeInvalidToken) // half a sign-in is no session
		whole, err := w.SecondFactor(w.ctx, half.SecondFactor, " "+a.code(0)[:3]+" "+a.code(0)[3:], home())
		must(w.T, err)
		w.open(true, whole, "after the second factor")
		if whole.Session.Method != "password+totp" {
			w.Errorf("method: %s", whole.Session.Method)
		}
		_, err = w.SecondFactor(w.ctx, half.SecondFactor, a.code(30*time.Second), home())
		w.refused(err, api.CodeInvalidToken)
		w.nowhere(e.Secret.Reveal(), codes[0].Reveal(), half.SecondFactor)
	})
}

func TestACodeOfTheAppCountsOnceAndForAMinute(t *testing.T) {
	each(t, func(w *world) {
		a, _, _ := w.enrolled()
		try := func(code string) error {
			half := w.enters("eve@example.com", hers, home())
			_, err := w.SecondFactor(w.ctx, half.SecondFactor, code, home())
			return err
		}
		w.refused(try(a.code(-time.Minute)), api.CodeForbidden)
		w.refused(try(a.code(time.Minute)), api.CodeForbidden)
		now := a.code(0)
		must(w.T, try(now))
		w.refused(try(now), api.CodeForbidden)
		w.refused(try(a.code(-30*time.Second)), api.CodeForbidden) // older than one that was taken
		must(w.T, try(a.code(30*time.Second)))
		w.clock.Pass(30 * time.Second)
		w.refused(try(a.code(0)), api.CodeForbidden)
	})
}

func TestTheSameCodeAtTheSameMomentOpensOneSession(t *testing.T) {
	each(t, func(w *world) {
		a, _, recovery := w.enrolled()
		for name, code := range map[string]string{"of the app": a.code(0), "for recovery": recovery[3].Reveal()} {
			var halves []door.Entry
			for range 4 {
				halves = append(halves, w.enters("eve@example.com", hers, home()))
			}
			var wg sync.WaitGroup
			in := make([]door.Entry, len(halves))
			for i, h := range halves {
				wg.Go(func() { in[i], _ = w.SecondFactor(w.ctx, h.SecondFactor, code, home()) })
			}
			wg.Wait()
			n := 0
			for _, r := range in {
				if !r.Cookie.IsZero() {
					n++
				}
			}
			if n != 1 {
				w.Errorf("a code %s opened %d sessions", name, n)
			}
		}
	})
}

func TestRecoveryCodesWorkOnce(t *testing.T) {
	each(t, func(w *world) {
		_, r, codes := w.enrolled()
		try := func(code string) error {
			half := w.enters("eve@example.com", hers, home())
			_, err := w.SecondFactor(w.ctx, half.SecondFactor, code, home())
			return err
		}
		must(w.T, try(strings.ToUpper(codes[0].Reveal())))
		w.refused(try(codes[0].Reveal()), api.CodeForbidden)
		must(w.T, try(strings.ReplaceAll(codes[1].Reveal(), "-", " ")))
		f, err := w.Account(w.ctx, r.Session.User)
		must(w.T, err)
		if !f.App || f.RecoveryCodes != 8 {
			w.Errorf("account: %+v", f)
		}
		more, err := w.RecoveryCodes(w.ctx, r.Session)
		must(w.T, err)
		w.refused(try(codes[2].Reveal()), api.CodeForbidden)
		must(w.T, try(more[2].Reveal()))
	})
}

func TestSecondFactorsAreSlowedDownLikePasswords(t *testing.T) {
	each(t, func(w *world) {
		a, _, _ := w.enrolled()
		judged := 0
		for i := range 40 {
			// Knowing the password does not give tries back.
			half, err := w.Password(w.ctx, "eve@example.com", hers, everywhere(i))
			if err != nil {
				w.refused(err, api.CodeRateLimited)
				continue
			}
			_, err = w.SecondFactor(w.ctx, half.SecondFactor, "000000", everywhere(i))
			if api.AsError(err).Code == api.CodeForbidden {
				judged++
			}
		}
		if judged != 5 {
			w.Errorf("%d codes were judged at once, want 5", judged)
		}
		half := w.enters("eve@example.com", hers, home())
		_, err := w.SecondFactor(w.ctx, half.SecondFactor, a.code(0), home())
		must(w.T, err)
	})
}

// Strangers who guess passwords do not stand between a person who was let in by their
// mailbox and the second factor, wherever that person is.
func TestStrangersDoNotKeepAPersonFromTheSecondFactor(t *testing.T) {
	each(t, func(w *world) {
		a, _, _ := w.enrolled()
		w.guesses(60, "eve@example.com", everywhere)
		abroad := at("192.0.2.1")
		w.refusedAt("eve@example.com", hers, abroad)
		must(w.T, w.RequestReset(w.ctx, "eve@example.com", abroad))
		r, err := w.FinishReset(w.ctx, w.mailed("eve@example.com"), next, abroad)
		must(w.T, err)
		r, err = w.SecondFactor(w.ctx, r.SecondFactor, a.code(0), abroad)
		must(w.T, err)
		w.guesses(60, "eve@example.com", everywhere)
		must(w.T, w.Confirm(w.ctx, r.Session, next, at("192.0.2.200"))) // signed in, and on the way
		w.refusedAt("eve@example.com", next, at("192.0.2.3"))
	})
}

func TestAResetLeavesTheSecondFactorDue(t *testing.T) {
	each(t, func(w *world) {
		a, _, _ := w.enrolled()
		must(w.T, w.RequestReset(w.ctx, "eve@example.com", home()))
		r, err := w.FinishReset(w.ctx, w.mailed("eve@example.com"), "8 chars!", home()) // enough beside a factor
		must(w.T, err)
		if r.SecondFactor == "" || !r.Cookie.IsZero() {
			w.Fatalf("a mailbox was enough: %+v", r)
		}
		r, err = w.SecondFactor(w.ctx, r.SecondFactor, a.code(0), home())
		must(w.T, err)
		// Such a password cannot stand alone.
		w.refused(w.DisableTOTP(w.ctx, r.Session, "8 chars!"), api.CodeInvalidField)
		must(w.T, w.ChangePassword(w.ctx, r.Session, "8 chars!", next))
		w.refused(w.DisableTOTP(w.ctx, r.Session, "not the password at all"), api.CodeInvalidField)
		must(w.T, w.DisableTOTP(w.ctx, r.Session, next))
		if got := w.enters("eve@example.com", next, home()); got.Cookie.IsZero() {
			w.Error("a removed factor is due")
		}
	})
}

func TestAPasswordChangedMeanwhileEndsHalfASignIn(t *testing.T) {
	alone(t, func(w *world) {
		a, r, _ := w.enrolled()
		half := w.enters("eve@example.com", hers, evils())
		must(w.T, w.ChangePassword(w.ctx, r.Session, hers, next))
		_, err := w.SecondFactor(w.ctx, half.SecondFactor, a.code(0), evils())
		w.refused(err, api.CodeInvalidToken)
	})
}

func TestAnAdministratorOfTheInstanceRemovesALostFactor(t *testing.T) {
	each(t, func(w *world) {
		w.enrolled()
		w.refused(w.ResetFactors(w.ctx, w.person("eve@example.com"), "ada@example.com"), api.CodeInsufficientScope)
		must(w.T, w.ResetFactors(w.ctx, w.root(), "eve@example.com"))
		if r := w.enters("eve@example.com", hers, home()); r.Cookie.IsZero() {
			w.Error("a removed factor is due")
		}
		got := w.audit()
		if last := got[len(got)-2]; !strings.HasPrefix(last, "factor.removed ada@example.com user:usr_") {
			w.Errorf("audit: %q", got)
		}
	})
}

// TestALostDeviceIsForgottenWhole: the app, its recovery codes and the passkeys on it, each
// told to the audit; and of who has none nothing is written or mailed.
func TestALostDeviceIsForgottenWhole(t *testing.T) {
	each(t, func(w *world) {
		_, _, codes := w.enrolled()
		errs, err := w.store.Batch(w.ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
			u, err := tx.User(ledger.UserKey{Email: "eve@example.com"})
			if err != nil {
				return err
			}
			return tx.PutFactor(ledger.Factor{ID: tx.NewID(), User: u.ID, Kind: "passkey", Name: "Laptop", Key: 1, Sealed: []byte("x"), CreatedAt: tx.Moment().Latest, ConfirmedAt: tx.Moment().Latest})
		}})
		must(w.T, errors.Join(append(errs, err)...))
		must(w.T, w.ResetFactors(w.ctx, w.root(), "eve@example.com"))
		told := w.payloads("factor.removed")
		if !strings.Contains(told, `"totp"`) || !strings.Contains(told, `"passkey"`) || len(codes) == 0 {
			w.Errorf("audit: %s", told)
		}
		before := len(w.audit())
		must(w.T, w.store.Read(w.ctx, func(r ledger.Reader) error {
			u, err := r.User(ledger.UserKey{Email: "eve@example.com"})
			must(w.T, err)
			left, err := r.FactorsOf(u.ID)
			if len(left) != 0 {
				w.Errorf("left are %+v", left)
			}
			return err
		}))
		must(w.T, w.ResetFactors(w.ctx, w.root(), "eve@example.com"))
		if after := len(w.audit()); after != before {
			w.Errorf("removing nothing wrote %d events", after-before)
		}
	})
}

// TestTheAuditNamesTheTokenThatRemovedAFactor of somebody.
func TestTheAuditNamesTheTokenThatRemovedAFactor(t *testing.T) {
	alone(t, func(w *world) {
		w.enrolled()
		in := api.CreateToken{Owner: "ada@example.com"}
		in.Label, in.Scopes = api.Some("back end"), api.Some([]string{"*", "instance:admin"})
		in.Resources = api.Some([]string{"*"})
		i, err := w.auth.CreateToken(w.ctx, w.root(), "acme", in)
		must(w.T, err)
		c := storetest.Presenting(w.T, w.store, i.Token.Locator)
		c.Addr = home().Addr
		must(w.T, w.ResetFactors(w.ctx, c, "eve@example.com"))
		if last := w.payloads("factor.removed"); !strings.Contains(last, i.Token.Locator) || !strings.Contains(last, home().Addr.String()) {
			w.Errorf("audit: %s", last)
		}
	})
}
