package signin_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
)

func TestAPasswordOpensASessionUntilItsEnd(t *testing.T) {
	each(t, func(w *world) {
		r := w.enters("ada@example.com", good, home())
		got, err := w.Authenticate(w.ctx, r.Cookie.Reveal(), home())
		must(w.T, err)
		if got.Email != "ada@example.com" || !got.InstanceAdmin || got.Address != "203.0.113.7" || got.Agent != "Firefox/140" || got.Method != "password" {
			w.Errorf("session: %+v", got)
		}
		must(w.T, w.SignOut(w.ctx, r.Cookie.Reveal()))
		w.open(false, r, "after signing out")
		must(w.T, w.SignOut(w.ctx, r.Cookie.Reveal()))

		r = w.enters("ada@example.com", good, home())
		w.clock.Pass(time.Hour - time.Second)
		w.open(true, r, "within the idle limit")
		w.clock.Pass(time.Hour - time.Second)
		w.open(true, r, "within the idle limit again")
		w.clock.Pass(time.Hour)
		w.open(false, r, "after an idle hour")

		r = w.enters("ada@example.com", good, home())
		for range 47 {
			w.clock.Pass(30 * time.Minute)
			w.open(true, r, "in use")
		}
		w.clock.Pass(30 * time.Minute)
		w.open(false, r, "after a day")
		w.nowhere(r.Cookie.Reveal(), good)
	})
}

func TestEachSignInHasASecretOfItsOwnAndOldOnesStayWhatTheyWere(t *testing.T) {
	alone(t, func(w *world) {
		a, b := w.enters("ada@example.com", good, home()), w.enters("ada@example.com", good, home())
		if a.Cookie.Equal(b.Cookie) || a.Session.ID == b.Session.ID || len(a.Cookie.Reveal()) != 60 {
			w.Error("two sign-ins share a secret, or it has another length")
		}
		w.open(true, a, "beside another")
		// A cookie of somebody's choice never becomes a session.
		for _, planted := range []string{
			"", ".", strings.Repeat("a", 60), a.Session.ID, a.Session.ID + "." + strings.Repeat("A", 43),
			a.Session.ID + strings.TrimPrefix(b.Cookie.Reveal(), b.Session.ID), " " + a.Cookie.Reveal(),
			strings.ToUpper(a.Cookie.Reveal()), "tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7",
		} {
			_, err := w.Authenticate(w.ctx, planted, home())
			w.refused(err, api.CodeInvalidToken)
		}
	})
}

func TestASecretOpensOnlyWhatItIsFor(t *testing.T) {
	alone(t, func(w *world) {
		r := w.enters("eve@example.com", hers, home())
		code := w.portalLink("eve@example.com")
		_, err := w.Authenticate(w.ctx, code, home())
		w.refused(err, api.CodeInvalidToken)
		_, err = w.FinishReset(w.ctx, code, "four quiet words please", home())
		w.refused(err, api.CodeInvalidToken)
		_, err = w.Portals.OpenPortal(w.ctx, r.Cookie.Reveal(), home())
		w.refused(err, api.CodeInvalidToken)
		_, err = w.Portals.OpenPortal(w.ctx, code[:17]+strings.Repeat("A", 43), home()) // its name and another secret
		w.refused(err, api.CodeInvalidToken)
		_, err = w.Portals.OpenPortal(w.ctx, code, home())
		must(w.T, err)
	})
}

func TestSessionsAreListedAndEndedByTheirPerson(t *testing.T) {
	each(t, func(w *world) {
		a := w.enters("eve@example.com", hers, home())
		w.clock.Pass(time.Second)
		b := w.enters("eve@example.com", hers, at("2001:db8::1"))
		ada := w.enters("ada@example.com", good, home())
		list, err := w.Sessions(w.ctx, a.Session.User)
		must(w.T, err)
		if len(list) != 2 || list[0].ID != b.Session.ID || list[1].ID != a.Session.ID {
			w.Fatalf("sessions: %+v", list)
		}
		w.refused(w.EndSession(w.ctx, a.Session, ada.Session.ID), api.CodeNotFound)
		must(w.T, w.EndSession(w.ctx, a.Session, b.Session.ID))
		w.open(false, b, "after it was ended")
		if told := w.payloads("session.ended"); !strings.Contains(told, home().Addr.String()) {
			w.Errorf("the audit does not say from where: %s", told)
		}
		w.open(true, a, "after another was ended")
		c := w.enters("eve@example.com", hers, home())
		must(w.T, w.EndOthers(w.ctx, c.Session))
		w.open(false, a, "after all others were ended")
		w.open(true, c, "being the one to keep")
		w.refused(w.EndOthers(w.ctx, a.Session), api.CodeInvalidToken)
		w.open(true, c, "though one that had ended asked for its end")
		w.open(true, ada, "of somebody else")
	})
}

func TestSessionsStopWhileTheirPersonIsDeactivated(t *testing.T) {
	each(t, func(w *world) {
		r := w.enters("eve@example.com", hers, home())
		_, err := w.auth.DeactivateUser(w.ctx, w.root(), "eve@example.com")
		must(w.T, err)
		w.open(false, r, "deactivated")
		_, err = w.Password(w.ctx, "eve@example.com", hers, home())
		w.refused(err, api.CodeForbidden)
		_, err = w.auth.ActivateUser(w.ctx, w.root(), "eve@example.com")
		must(w.T, err)
		w.open(true, r, "active again")
	})
}

func TestLastSeenIsWrittenOnceAMinute(t *testing.T) {
	alone(t, func(w *world) {
		r := w.enters("eve@example.com", hers, home())
		revision := func() int64 {
			n, err := w.auth.Revision(w.ctx)
			must(w.T, err)
			return n
		}
		before := revision()
		w.clock.Pass(59 * time.Second)
		w.open(true, r, "in use")
		if revision() != before {
			w.Error("a use within the minute was written down")
		}
		w.clock.Pass(time.Second)
		for range 3 {
			s, err := w.Authenticate(w.ctx, r.Cookie.Reveal(), at("203.0.113.9"))
			must(w.T, err)
			if !s.LastSeenAt.Equal(w.clock.Now()) || s.Address != "203.0.113.9" {
				w.Errorf("session: %+v", s)
			}
		}
		if revision() != before+1 {
			w.Errorf("%d revisions for one minute", revision()-before)
		}
	})
}

func TestAPersonHasAtMostFiftySessions(t *testing.T) {
	alone(t, func(w *world) {
		u := w.user("eve@example.com")
		var firstOne, last door.Entry
		for i := range 55 {
			w.clock.Pass(time.Second)
			var err error
			last, err = w.Portals.OpenPortal(w.ctx, w.portalLink("eve@example.com"), home())
			must(w.T, err)
			if i == 0 {
				firstOne = last
			}
		}
		list, err := w.Sessions(w.ctx, u.ID)
		must(w.T, err)
		if len(list) != 50 || w.opens(firstOne) || !w.opens(last) {
			w.Errorf("%d sessions; the first opens: %v", len(list), w.opens(firstOne))
		}
	})
}

func TestAnAgentOfAnyBytesIsKeptAsText(t *testing.T) {
	alone(t, func(w *world) {
		from := home()
		from.Agent = "a\x00b\xffc\x1b[31m" + strings.Repeat("é", 400)
		r, err := w.Password(w.ctx, "eve@example.com", hers, from)
		must(w.T, err)
		if a := r.Session.Agent; !strings.HasPrefix(a, "abc[31mé") || len(a) > 300 {
			w.Errorf("agent: %q", a)
		}
	})
}

func TestSetupMakesTheFirstOwnerOnce(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(w *world) {
		code, until, err := w.auth.SetupCode(w.ctx)
		must(w.T, err)
		if until.IsZero() {
			w.Fatal("no setup code on an empty database")
		}
		_, err = w.Setup(w.ctx, "setup-nonsense", "ada@example.com", good, "acme", home())
		w.refused(err, api.CodeInvalidToken)
		_, err = w.Setup(w.ctx, code, "ada@example.com", "short", "acme", home())
		w.refused(err, api.CodeInvalidField)
		r, err := w.Setup(w.ctx, code, " Ada@example.com ", good, "acme", home())
		must(w.T, err)
		w.open(true, r, "after setup")
		if !r.Session.InstanceAdmin || r.Session.Email != "ada@example.com" {
			w.Errorf("session: %+v", r.Session)
		}
		tokens, _, err := w.auth.ListTokens(w.ctx, authority.Caller{User: r.Session.User, Session: r.Session.ID}, "acme", api.TokenFilter{}, authority.Page{})
		must(w.T, err)
		if len(tokens) != 0 {
			w.Errorf("setup left %d tokens that nobody holds", len(tokens))
		}
		_, err = w.Setup(w.ctx, code, "eve@example.com", hers, "evil", evils())
		w.refused(err, api.CodeInvalidToken)
		w.enters("ada@example.com", good, home())
		w.nowhere(code, good)
	})
}

func TestSetupLinksDieAfterAnHour(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(w *world) {
		code, _, err := w.auth.SetupCode(w.ctx)
		must(w.T, err)
		w.clock.Pass(time.Hour)
		_, err = w.Setup(w.ctx, code, "ada@example.com", good, "acme", home())
		w.refused(err, api.CodeInvalidToken)
	})
}

// TestEveryNodePrintsTheSameSetupLink: whichever log somebody looks into. A start that comes
// when little is left of it makes another.
func TestEveryNodePrintsTheSameSetupLink(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(w *world) {
		first, until, err := w.auth.SetupCode(w.ctx)
		must(w.T, err)
		w.clock.Pass(20 * time.Minute)
		second, same, err := w.auth.SetupCode(w.ctx)
		must(w.T, err)
		if first != second || !same.Equal(until) {
			w.Errorf("%s until %v, then %s until %v", first, until, second, same)
		}
		w.clock.Pass(20 * time.Minute)
		third, later, err := w.auth.SetupCode(w.ctx)
		must(w.T, err)
		if third == first || !later.After(until) {
			w.Errorf("with 20 minutes left: %s until %v", third, later)
		}
		for code, want := range map[string]bool{first: false, third: true, "": false} {
			if opens, err := w.auth.CheckSetupCode(w.ctx, code); err != nil || opens != want {
				w.Errorf("%q opens: %v, %v", code, opens, err)
			}
		}
	})
}

func TestEverythingIsAuditedWithItsPerson(t *testing.T) {
	alone(t, func(w *world) {
		r := w.enters("eve@example.com", hers, home())
		w.misses("eve@example.com", evils())
		w.misses("nobody@example.com", evils())
		must(w.T, w.SignOut(w.ctx, r.Cookie.Reveal()))
		got, eve := w.audit(), "user:"+w.user("eve@example.com").PublicID
		want := []string{
			"signin.succeeded eve@example.com " + eve, "signin.failed signin " + eve, "signin.failed signin unknown",
			"signin.signed_out eve@example.com " + eve,
		}
		if !slices.Equal(got[len(got)-len(want):], want) {
			w.Errorf("audit: %q\nwant its end: %q", got, want)
		}
		w.nowhere("nobody@example.com", "three wrong words", hers)
	})
}
