package signin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/signin"
)

func (w *world) role(email string) string {
	w.Helper()
	v, err := w.auth.GetMember(w.ctx, w.root(), "acme", email)
	must(w.T, err)
	if v.Role == nil {
		return ""
	}
	return *v.Role
}

func TestAProviderSignsNewcomersInWithTheDefaultRole(t *testing.T) {
	each(t, func(w *world) {
		w, p := w.sso(nil)
		r, err := w.through(p)
		must(w.T, err)
		if s := r.Session; s.Email != "new@example.com" || s.Name != "New Comer" || s.Method != "oidc:corp" || s.InstanceAdmin {
			w.Errorf("session: %+v", s)
		}
		w.open(true, r, "through a provider")
		if got := w.role("new@example.com"); got != "Viewer" {
			w.Errorf("role: %s", got)
		}
		// From now on the identity counts, whatever the e-mail says.
		p.says(map[string]any{"email": "ada@example.com", "email_verified": false, "name": "Somebody"})
		again, err := w.through(p)
		must(w.T, err)
		if again.Session.User != r.Session.User || again.Cookie.Equal(r.Cookie) {
			w.Error("the same subject is somebody else, or has the same cookie")
		}
		// The same e-mail with another subject is not that person.
		p.says(map[string]any{"sub": "u-2"})
		_, err = w.through(p)
		w.refused(err, api.CodeForbidden)
		_, err = w.Password(w.ctx, "new@example.com", "", home())
		w.refused(err, api.CodeForbidden)
	})
}

func TestAnAccountWithOtherMeansIsNotLinkedByItsEmail(t *testing.T) {
	each(t, func(w *world) {
		w, p := w.sso(nil)
		p.says(map[string]any{"email": "Eve@Example.com"})
		_, err := w.through(p)
		w.refused(err, api.CodeForbidden)

		// Confirmed while signed in, it is.
		r := w.enters("eve@example.com", hers, home())
		address, cookie, err := w.OIDCLink(w.ctx, r.Session, "corp", "/settings/security")
		must(w.T, err)
		linked, _, err := w.OIDCFinish(w.ctx, "corp", cookie, p.authorize(w.T, address), home())
		must(w.T, err)
		w.open(false, r, "replaced by the one that linking opened")
		if linked.Session.User != r.Session.User {
			w.Error("linked to somebody else")
		}
		through, err := w.through(p)
		must(w.T, err)
		if through.Session.User != r.Session.User {
			w.Error("the linked identity is somebody else")
		}
		ada := w.enters("ada@example.com", good, home())
		address, cookie, err = w.OIDCLink(w.ctx, ada.Session, "corp", "/")
		must(w.T, err)
		_, _, err = w.OIDCFinish(w.ctx, "corp", cookie, p.authorize(w.T, address), home())
		w.refused(err, api.CodeAlreadyExists)
		w.open(true, ada, "after a link that was refused")

		account, err := w.Account(w.ctx, r.Session.User)
		must(w.T, err)
		ids := account.Identities
		if len(ids) != 1 || ids[0].Provider != "Corp" || ids[0].Subject != "u-1" {
			w.Fatalf("identities: %+v", ids)
		}
		must(w.T, w.Unlink(w.ctx, through.Session, ids[0].Issuer, ids[0].Subject))
		_, err = w.through(p)
		w.refused(err, api.CodeForbidden)
	})
}

func TestALinkNeedsTheSessionThatBeganIt(t *testing.T) {
	alone(t, func(w *world) {
		w, p := w.sso(nil)
		r := w.enters("eve@example.com", hers, home())
		address, cookie, err := w.OIDCLink(w.ctx, r.Session, "corp", "/")
		must(w.T, err)
		must(w.T, w.SignOut(w.ctx, r.Cookie.Reveal()))
		_, _, err = w.OIDCFinish(w.ctx, "corp", cookie, p.authorize(w.T, address), home())
		w.refused(err, api.CodeInvalidToken)
		w.clock.Pass(time.Minute)
		r = w.enters("eve@example.com", hers, home())
		w.clock.Pass(20 * time.Minute)
		_, _, err = w.OIDCLink(w.ctx, r.Session, "corp", "/")
		w.refused(err, api.CodeForbidden) // an old session is not enough
	})
}

func TestAnInvitedMemberIsLinkedByAVerifiedEmailOfAnAllowedDomain(t *testing.T) {
	alone(t, func(w *world) {
		w, p := w.sso(nil)
		w.member("new@example.com", "")
		_, err := w.Invite(w.ctx, w.root(), "acme", "new@example.com")
		must(w.T, err)
		code := w.mailed("new@example.com")
		for name, says := range map[string]map[string]any{
			"not verified":         {"email_verified": false},
			"verified not said":    {"email_verified": nil},
			"verified otherwise":   {"email_verified": "yes"},
			"another domain":       {"email": "new@example.org"},
			"a longer domain":      {"email": "new@example.com.evil.org"},
			"a sub-domain":         {"email": "new@sub.example.com"},
			"two domains":          {"email": "new@evil.org@example.org"},
			"no e-mail":            {"email": nil},
			"the e-mail in a list": {"email": []string{"new@example.com"}},
		} {
			p.says(says)
			if _, err := w.through(p); !errors.Is(err, api.CodeForbidden) {
				w.Errorf("%s: %v", name, err)
			}
		}
		p.says(map[string]any{"email": "New@EXAMPLE.com"})
		r, err := w.through(p)
		must(w.T, err)
		if r.Session.User != w.user("new@example.com").ID {
			w.Error("somebody else was signed in")
		}
		if got := w.role("new@example.com"); got != "Team Member" {
			w.Errorf("the role of the invitation became %s", got)
		}
		_, err = w.AcceptInvitation(w.ctx, code, next, evils())
		w.refused(err, api.CodeInvalidToken) // the link ended with the way in that was found
	})
}

func TestADeactivatedPersonStaysOut(t *testing.T) {
	each(t, func(w *world) {
		w, p := w.sso(nil)
		r, err := w.through(p)
		must(w.T, err)
		_, err = w.auth.DeactivateUser(w.ctx, w.root(), "new@example.com")
		must(w.T, err)
		w.open(false, r, "deactivated")
		_, err = w.through(p)
		w.refused(err, api.CodeForbidden)
		w.member("later@example.com", "")
		_, err = w.auth.DeactivateUser(w.ctx, w.root(), "later@example.com")
		must(w.T, err)
		p.says(map[string]any{"sub": "u-3", "email": "later@example.com"})
		_, err = w.through(p)
		w.refused(err, api.CodeForbidden)
	})
}

func TestClaimsGiveRoles(t *testing.T) {
	each(t, func(w *world) {
		rules := func(every bool) func(c *signin.OIDCConfig) {
			return func(c *signin.OIDCConfig) {
				c.RoleClaim, c.EverySignIn, c.DefaultRole = "groups", every, ""
				c.Roles = []signin.RoleRule{{"admins", "Administrator"}, {"devs", "Team Member"}}
			}
		}
		once, p := w.sso(rules(false))
		_, err := once.through(p)
		w.refused(err, api.CodeForbidden) // no rule, no default: nobody
		p.says(map[string]any{"groups": []string{"staff", "devs", "admins"}})
		_, err = once.through(p)
		must(w.T, err)
		if got := w.role("new@example.com"); got != "Administrator" {
			w.Errorf("role: %s", got)
		}
		p.says(map[string]any{"groups": "devs"})
		_, err = once.through(p)
		must(w.T, err)
		if got := w.role("new@example.com"); got != "Administrator" {
			w.Errorf("the role changed to %s without being asked to", got)
		}

		every, p := w.sso(rules(true))
		p.says(map[string]any{"groups": []string{"admins"}, "sub": "u-9", "email": "other@example.com"})
		_, err = every.through(p)
		must(w.T, err)
		p.says(map[string]any{"groups": "devs", "sub": "u-9"})
		_, err = every.through(p)
		must(w.T, err)
		if got := w.role("other@example.com"); got != "Team Member" {
			w.Errorf("role after the group changed: %s", got)
		}
		p.says(map[string]any{"groups": []string{}, "sub": "u-9"})
		_, err = every.through(p)
		w.refused(err, api.CodeForbidden)
	})
}

func TestTheLastOwnerKeepsTheirRole(t *testing.T) {
	alone(t, func(w *world) {
		w, p := w.sso(func(c *signin.OIDCConfig) { c.EverySignIn = true })
		r := w.enters("ada@example.com", good, home())
		address, cookie, err := w.OIDCLink(w.ctx, r.Session, "corp", "/")
		must(w.T, err)
		_, _, err = w.OIDCFinish(w.ctx, "corp", cookie, p.authorize(w.T, address), home())
		must(w.T, err)
		_, err = w.through(p)
		must(w.T, err)
		if got := w.role("ada@example.com"); got != "Owner" {
			w.Errorf("role: %s", got)
		}
	})
}

func TestTokensOfProvidersThatAreNotRightAreRefused(t *testing.T) {
	alone(t, func(w *world) {
		w, p := w.sso(nil)
		var kept string
		attack := func(name string, says map[string]any, sign func(c map[string]any) string) {
			w.Helper()
			p.says(says)
			p.sign = sign
			if _, err := w.through(p); !errors.Is(err, api.CodeForbidden) {
				w.Errorf("%s: %v", name, err)
			}
			p.sign = nil
		}
		attack("another audience", map[string]any{"aud": "somebody-else"}, nil)
		attack("no audience", map[string]any{"aud": nil}, nil)
		attack("two audiences and no party", map[string]any{"aud": []string{"tokenry", "somebody-else"}}, nil)
		attack("another party", map[string]any{"azp": "somebody-else"}, nil)
		attack("an issuer with a slash", map[string]any{"iss": p.URL + "/"}, nil)
		attack("an issuer in capitals", map[string]any{"iss": "HTTP" + p.URL[4:]}, nil)
		attack("expired", map[string]any{"exp": w.clock.Now().Add(-time.Second).Unix()}, nil)
		attack("no expiry", map[string]any{"exp": nil}, nil)
		attack("not yet valid", map[string]any{"nbf": w.clock.Now().Add(time.Hour).Unix()}, nil)
		attack("another nonce", map[string]any{"nonce": "AAAA"}, nil)
		attack("no nonce", map[string]any{"nonce": nil}, nil)
		attack("another access token", map[string]any{"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, nil)
		attack("no subject", map[string]any{"sub": nil}, nil)
		attack("no token", nil, func(map[string]any) string { return "" })
		attack("algorithm none", nil, func(c map[string]any) string {
			b, _ := json.Marshal(c)
			enc := base64.RawURLEncoding.EncodeToString
			return enc([]byte(`{"alg":"none"}`)) + "." + enc(b) + "."
		})
		attack("HS256 with the public key", nil, func(c map[string]any) string {
			der, err := x509.MarshalPKIXPublicKey(&p.key.PublicKey)
			must(w.T, err)
			return signWith(w.T, jose.SigningKey{Algorithm: jose.HS256, Key: der}, c)
		})
		attack("HS256 with the client secret", nil, func(c map[string]any) string {
			return signWith(w.T, jose.SigningKey{Algorithm: jose.HS256, Key: []byte("s3crets3crets3crets3crets3crets3")}, c)
		})
		attack("a key that the token brings along", nil, func(c map[string]any) string {
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			must(w.T, err)
			s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, &jose.SignerOptions{EmbedJWK: true})
			must(w.T, err)
			b, _ := json.Marshal(c)
			jws, err := s.Sign(b)
			must(w.T, err)
			raw, err := jws.CompactSerialize()
			must(w.T, err)
			return raw
		})
		p.says(nil)
		p.sign = func(c map[string]any) string { kept = p.signed(c); return kept }
		_, err := w.through(p)
		must(w.T, err)
		attack("the token of an earlier visit", nil, func(map[string]any) string { return kept })
		w.nowhere("s3cret", kept)
	})
}

func TestAnswersThatAreNotToThisVisitAreRefused(t *testing.T) {
	each(t, func(w *world) {
		w, p := w.sso(nil)
		begin := func() (string, string) {
			address, cookie, err := w.OIDCStart(w.ctx, "corp", "/")
			must(w.T, err)
			return address, cookie
		}
		a, cookieA := begin()
		b, cookieB := begin()
		for name, try := range map[string]func() error{
			"no cookie":        func() error { return w.finish("", p.authorize(w.T, a)) },
			"a cookie made up": func() error { return w.finish("1.AAAA", p.authorize(w.T, a)) },
			"another's cookie": func() error { return w.finish(cookieB, p.authorize(w.T, a)) },
			"a cookie bent":    func() error { return w.finish(cookieA[:len(cookieA)-4]+"AAAA", p.authorize(w.T, a)) },
			"another state":    func() error { q := p.authorize(w.T, a); q.Set("state", "x"); return w.finish(cookieA, q) },
			"no state":         func() error { q := p.authorize(w.T, a); q.Del("state"); return w.finish(cookieA, q) },
			"a repeated state": func() error { q := p.authorize(w.T, a); q.Add("state", "x"); return w.finish(cookieA, q) },
			"another issuer": func() error {
				q := p.authorize(w.T, a)
				q.Set("iss", "https://evil.example")
				return w.finish(cookieA, q)
			},
		} {
			if err := try(); !errors.Is(err, api.CodeInvalidRequest) {
				w.Errorf("%s: %v", name, err)
			}
		}
		q := p.authorize(w.T, a)
		q.Set("code", p.authorize(w.T, b).Get("code")) // injected: PKCE refuses it
		w.refused(w.finish(cookieA, q), api.CodeForbidden)
		q = p.authorize(w.T, a)
		q.Del("code")
		q.Set("error", "access_denied")
		w.refused(w.finish(cookieA, q), api.CodeForbidden)

		must(w.T, w.finish(cookieA, p.authorize(w.T, a)))
		w.refused(w.finish(cookieA, p.authorize(w.T, a)), api.CodeInvalidRequest) // a visit is finished once
		w.clock.Pass(10 * time.Minute)
		w.refused(w.finish(cookieB, p.authorize(w.T, b)), api.CodeInvalidRequest)
	})
}

func (w *world) finish(cookie string, q map[string][]string) error {
	w.Helper()
	_, _, err := w.OIDCFinish(w.ctx, "corp", cookie, q, home())
	return err
}

func TestOneVisitAtTheSameMomentOpensOneSession(t *testing.T) {
	each(t, func(w *world) {
		w, p := w.sso(nil)
		address, cookie, err := w.OIDCStart(w.ctx, "corp", "/")
		must(w.T, err)
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			q := p.authorize(w.T, address)
			wg.Go(func() { _, _, errs[i] = w.OIDCFinish(w.ctx, "corp", cookie, q, home()) })
		}
		wg.Wait()
		in := 0
		for _, err := range errs {
			if err == nil {
				in++
			}
		}
		if in != 1 {
			w.Errorf("%d of 8 got in: %v", in, errs)
		}
	})
}

func TestKeysAreReadAnewAtMostOnceAMinute(t *testing.T) {
	alone(t, func(w *world) {
		w, p := w.sso(nil)
		_, err := w.through(p)
		must(w.T, err)
		p.newKey("k2") // rotated
		_, err = w.through(p)
		w.refused(err, api.CodeForbidden)
		for range 20 {
			_, _ = w.through(p)
		}
		if n := p.fetched.Load(); n != 1 {
			w.Errorf("the keys were read %d times", n)
		}
		w.clock.Pass(time.Minute)
		_, err = w.through(p)
		must(w.T, err)
		if n := p.fetched.Load(); n != 2 {
			w.Errorf("the keys were read %d times", n)
		}
	})
}

func TestAProviderThatSaysAnotherIssuerIsNotUsed(t *testing.T) {
	alone(t, func(w *world) {
		w, p := w.sso(nil)
		p.issuer = p.URL + "/"
		for range 2 {
			_, _, err := w.OIDCStart(w.ctx, "corp", "/")
			w.refused(err, api.CodeUnavailable)
		}
		p.issuer = ""
		_, _, err := w.OIDCStart(w.ctx, "corp", "/")
		w.refused(err, api.CodeUnavailable) // asked again only after a while
		w.clock.Pass(10 * time.Second)
		_, err = w.through(p)
		must(w.T, err)
		_, _, err = w.OIDCStart(w.ctx, "nobody", "/")
		w.refused(err, api.CodeNotFound)
	})
}

func TestReturningIsToThisServerAlone(t *testing.T) {
	alone(t, func(w *world) {
		w, p := w.sso(nil)
		for to, want := range map[string]string{
			"/workspaces": "/workspaces", "https://evil.example/": "/", "//evil.example": "/", `/\evil.example`: "/", "": "/",
			"/\tx": "/", "javascript:alert(1)": "/", "/a?b=//c": "/a?b=//c", "/\n/evil.example": "/",
		} {
			address, cookie, err := w.OIDCStart(w.ctx, "corp", to)
			must(w.T, err)
			_, got, err := w.OIDCFinish(w.ctx, "corp", cookie, p.authorize(w.T, address), home())
			must(w.T, err)
			if got != want {
				w.Errorf("%q returned to %q, want %q", to, got, want)
			}
		}
	})
}

func TestThePolicySaysWhichWaysAreOpen(t *testing.T) {
	alone(t, func(w *world) {
		w, p := w.sso(nil)
		options := func(methods string) *world {
			return w.again(func(o *signin.Options) {
				o.Policy.Methods, o.HTTP = methods, p.Client()
				o.OIDC = []signin.OIDCConfig{{ID: "corp", Name: "Corp", Issuer: p.URL, ClientID: "tokenry"}}
			})
		}
		sso, password := options("sso"), options("password")
		_, err := sso.Password(w.ctx, "eve@example.com", hers, home())
		w.refused(err, api.CodeForbidden)
		must(w.T, sso.RequestReset(w.ctx, "eve@example.com", home()))
		sso.Close()
		if code := w.mailed("eve@example.com"); code != "" {
			w.Error("a reset was mailed where nobody has a password")
		}
		_, _, err = password.OIDCStart(w.ctx, "corp", "/")
		w.refused(err, api.CodeNotFound)
		if got := password.OIDCProviders(); len(got) != 0 {
			w.Errorf("providers: %v", got)
		}
		if got := sso.OIDCProviders(); len(got) != 1 || got[0].Name != "Corp" {
			w.Errorf("providers: %v", got)
		}
	})
}
