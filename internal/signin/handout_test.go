package signin_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/signin"
)

// codeOf is the code in a link that was handed over; kind is what it must be for.
func (w *world) codeOf(h door.Handed, kind string) string {
	w.Helper()
	u, err := url.Parse(h.Link.Reveal())
	must(w.T, err)
	if got := u.Scheme + "://" + u.Host + u.Path; got != "https://tokens.example.com/signin/"+kind {
		w.Errorf("the link leads to %s", got)
	}
	return u.Query().Get("code")
}

func (w *world) id(email string) string { w.Helper(); return w.user(email).PublicID }

func TestAHandedLinkSetsAPasswordOnce(t *testing.T) {
	each(t, func(w *world) {
		admin, old := w.enters("ada@example.com", good, home()), w.enters("eve@example.com", hers, home())
		first, err := w.Handouts.HandOut(w.ctx, admin.Session, w.id("eve@example.com"), "link")
		must(w.T, err)
		h, err := w.Handouts.HandOut(w.ctx, admin.Session, w.id("eve@example.com"), "link")
		must(w.T, err)
		if d := h.Expires.Sub(w.clock.Now()); d > 15*time.Minute || d < 14*time.Minute || !h.Told {
			w.Errorf("it works for %v, told %v", d, h.Told)
		}
		code := w.codeOf(h, "link")
		w.addressed("", "link", w.codeOf(first, "link"))
		w.addressed("eve@example.com", "link", code)
		w.addressed("", "reset", code)
		// Whoever asks for a mail in Eve's name does not kill it.
		must(w.T, w.RequestReset(w.ctx, "eve@example.com", evils()))
		mailed := w.mailed("eve@example.com")
		_, err = w.Handouts.ChoosePassword(w.ctx, code, "too short", home())
		w.refused(err, api.CodeInvalidField)
		w.open(true, old, "before the link was used")
		fresh, err := w.Handouts.ChoosePassword(w.ctx, code, next, home())
		must(w.T, err)
		w.open(false, old, "after the link was used")
		w.open(true, fresh, "opened by the link")
		w.addressed("", "reset", mailed)
		_, err = w.Handouts.ChoosePassword(w.ctx, code, "another thirteen words", evils())
		w.refused(err, api.CodeInvalidToken)
		w.enters("eve@example.com", next, home())
		w.nowhere(code, next)

		last := w.payloads("link.handed_out")
		if !strings.Contains(last, `"link":"link"`) || !strings.Contains(strings.Join(w.audit(), "\n"), "link.handed_out ada@example.com user:"+w.id("eve@example.com")) {
			w.Errorf("audit: %s", last)
		}
		told := 0
		w.Close()
		for _, m := range w.post.take() {
			if m.To == "eve@example.com" && strings.HasPrefix(m.Subject, "An administrator made a link") {
				told++
			}
			if strings.Contains(m.Link+strings.Join(m.Lines, ""), code) {
				w.Error("the link that is handed over is mailed too")
			}
		}
		if told != 2 {
			w.Errorf("%d mails tell of two links", told)
		}
	})
}

func TestAHandedLinkLivesFifteenMinutes(t *testing.T) {
	each(t, func(w *world) {
		w.member("new@example.com", "")
		admin := w.enters("ada@example.com", good, home())
		for _, what := range []string{"link", "invitation"} {
			h, err := w.Handouts.HandOut(w.ctx, admin.Session, w.id("new@example.com"), what)
			must(w.T, err)
			code := w.codeOf(h, what)
			w.clock.Pass(15*time.Minute - time.Second)
			w.addressed("new@example.com", what, code)
			w.clock.Pass(time.Second)
			w.addressed("", what, code)
			_, err = w.Handouts.ChoosePassword(w.ctx, code, next, home())
			w.refused(err, api.CodeInvalidToken)
			must(w.T, w.Confirm(w.ctx, admin.Session, good, home()))
		}
	})
}

// TestOnlyAPersonWhoProvedWhoTheyAreHandsLinksOut: an administrator of the instance,
// a short while after a proof, in a whole session.
func TestOnlyAPersonWhoProvedWhoTheyAreHandsLinksOut(t *testing.T) {
	each(t, func(w *world) {
		ada, eve := w.enters("ada@example.com", good, home()), w.enters("eve@example.com", hers, home())
		_, err := w.Handouts.HandOut(w.ctx, eve.Session, w.id("ada@example.com"), "link")
		w.refused(err, api.CodeInsufficientScope)
		portal := ada.Session
		portal.Portal = "acme"
		_, err = w.Handouts.HandOut(w.ctx, portal, w.id("eve@example.com"), "link")
		w.refused(err, api.CodeForbidden)
		_, err = w.Handouts.HandOut(w.ctx, ada.Session, w.id("eve@example.com"), "keys")
		w.refused(err, api.CodeInvalidRequest)
		w.clock.Pass(15 * time.Minute)
		_, err = w.Handouts.HandOut(w.ctx, ada.Session, w.id("eve@example.com"), "link")
		w.refused(err, api.CodeForbidden)
		must(w.T, w.SignOut(w.ctx, ada.Cookie.Reveal()))
		_, err = w.Handouts.HandOut(w.ctx, ada.Session, w.id("eve@example.com"), "link")
		w.refused(err, api.CodeInvalidToken)
		if got := w.payloads("link.handed_out"); got != "" {
			w.Errorf("audit: %s", got)
		}
	})
}

// TestALinkThatHelpsNobodyIsNotMade, and the refusal says why.
func TestALinkThatHelpsNobodyIsNotMade(t *testing.T) {
	alone(t, func(w *world) {
		w.member("new@example.com", "")
		admin := w.enters("ada@example.com", good, home())
		says := func(email, what string, code api.Code, want string) {
			w.Helper()
			_, err := w.Handouts.HandOut(w.ctx, admin.Session, w.id(email), what)
			w.refused(err, code)
			if told := api.AsError(err).Message; !strings.Contains(told, want) {
				w.Errorf("%s for %s is refused by: %s", what, email, told)
			}
		}
		says("eve@example.com", "invitation", api.CodeForbidden, "can sign in already")
		says("new@example.com", "factors", api.CodeForbidden, "has no password")
		says("eve@example.com", "factors", api.CodeForbidden, "has no second factor")
		_, err := w.auth.DeactivateUser(w.ctx, w.root(), "eve@example.com")
		must(w.T, err)
		says("eve@example.com", "link", api.CodeInactive, "activate them first")
		h, err := w.Handouts.HandOut(w.ctx, admin.Session, w.id("new@example.com"), "link")
		must(w.T, err)
		w = w.again(func(o *signin.Options) { o.Policy.Methods = "sso" })
		says("new@example.com", "link", api.CodeForbidden, "single sign-on")
		_, err = w.Handouts.ChoosePassword(w.ctx, w.codeOf(h, "link"), next, home())
		w.refused(err, api.CodeForbidden)
	})
}

func TestAHandedLinkRemovesLostFactorsFromWhoKnowsThePassword(t *testing.T) {
	each(t, func(w *world) {
		_, old, _ := w.enrolled()
		admin := w.enters("ada@example.com", good, home())
		h, err := w.Handouts.HandOut(w.ctx, admin.Session, w.id("eve@example.com"), "factors")
		must(w.T, err)
		code := w.codeOf(h, "factors")
		w.addressed("eve@example.com", "factors", code)
		_, err = w.Handouts.ChoosePassword(w.ctx, code, next, home())
		w.refused(err, api.CodeInvalidToken)
		_, err = w.Handouts.RemoveFactors(w.ctx, code, "three wrong words in a row", evils())
		w.refused(err, api.CodeInvalidField)
		if half := w.enters("eve@example.com", hers, home()); half.SecondFactor == "" {
			w.Fatal("a wrong password removed a factor")
		}
		in, err := w.Handouts.RemoveFactors(w.ctx, code, hers, home())
		must(w.T, err)
		w.open(true, in, "opened by the link")
		w.open(false, old, "from before")
		if again := w.enters("eve@example.com", hers, home()); again.Cookie.IsZero() {
			w.Error("a second factor is still due")
		}
		_, err = w.Handouts.RemoveFactors(w.ctx, code, hers, home())
		w.refused(err, api.CodeInvalidToken)
		w.nowhere(code, hers)
	})
}

// TestPasswordsAreNotGuessedThroughALink: whoever found one tries as slowly as at the
// door.
func TestPasswordsAreNotGuessedThroughALink(t *testing.T) {
	alone(t, func(w *world) {
		w.enrolled()
		admin := w.enters("ada@example.com", good, home())
		h, err := w.Handouts.HandOut(w.ctx, admin.Session, w.id("eve@example.com"), "factors")
		must(w.T, err)
		judged := 0
		for range 20 {
			if _, err := w.Handouts.RemoveFactors(w.ctx, w.codeOf(h, "factors"), "three wrong words in a row", evils()); api.AsError(err).Code == api.CodeInvalidField {
				judged++
			}
		}
		if judged > 5 {
			w.Errorf("%d guesses were judged at once", judged)
		}
	})
}

// TestTheHostHandsOutLinks beside the database, to whomever, an Owner who has no
// password yet included.
func TestTheHostHandsOutLinks(t *testing.T) {
	each(t, func(w *world) {
		w.enrolled()
		h, err := w.Handouts.AtHost(w.ctx, "eve@example.com", false)
		must(w.T, err)
		if d := h.Expires.Sub(w.clock.Now()); h.Email != "eve@example.com" || d > time.Hour || d < 59*time.Minute {
			w.Errorf("for %s, for %v", h.Email, d)
		}
		half, err := w.Handouts.ChoosePassword(w.ctx, w.codeOf(h, "link"), next, home())
		must(w.T, err)
		if half.SecondFactor == "" || !half.Cookie.IsZero() {
			w.Errorf("a second factor is not due any more: %+v", half)
		}
		h, err = w.Handouts.AtHost(w.ctx, w.id("eve@example.com"), true)
		must(w.T, err)
		in, err := w.Handouts.ChoosePassword(w.ctx, w.codeOf(h, "link"), "forty green lamps glow", home())
		must(w.T, err)
		w.open(true, in, "opened by the link")
		_, err = w.Handouts.AtHost(w.ctx, "nobody@example.com", false)
		w.refused(err, api.CodeNotFound)
		if said := w.payloads("link.handed_out"); !strings.Contains(said, `"by":"host"`) {
			w.Errorf("audit: %s", said)
		}
	})
}
