package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/httpapi"
	"github.com/tokenry/tokenry/token"
)

// givesUp revokes by having the token alone.
func (w *world) givesUp(tok string, headers ...string) *reply {
	w.Helper()
	r := w.send("POST", revocation, form("token", tok, "token_type_hint", "refresh_token"), headers...)
	if r.StatusCode == http.StatusOK && (len(r.body) > 0 || r.Header.Get("Tokenry-Revision") == "") {
		w.Errorf("a body %q, Tokenry-Revision %q", r.body, r.Header.Get("Tokenry-Revision"))
	}
	return r
}

// Whoever has a token may end it, with no other credential; and only once.
func TestWhoeverHasATokenMayEndIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("acme", object{"label": "x"})
	w.checkCommon(w.givesUp(i.Secret, "User-Agent", "ci").is(200))
	if got := w.code(i.Secret); got != api.CodeRevoked {
		t.Errorf("it is %s", got)
	}
	first := w.givesUp(i.Secret).is(200).Header.Get("Tokenry-Revision")
	if again := w.as(i.Secret, "POST", revocation, form("token", i.Secret)).is(200).Header.Get("Tokenry-Revision"); first != again {
		t.Errorf("the second time made revision %s after %s", again, first)
	}
	var page api.List[api.AuditEvent]
	w.as(w.root, "GET", ws+"/audit?token="+i.Token.Locator+"&action=token.revoked", nil).is(200).into(&page)
	if len(page.Items) != 1 || page.Items[0].Actor != "ada@example.com" || page.Items[0].ActorToken == nil || *page.Items[0].ActorToken != i.Token.Locator {
		t.Errorf("audited: %+v", page.Items)
	}
	var tok api.Token
	w.as(w.root, "GET", ws+"/tokens/"+i.Token.ID, nil).is(200).into(&tok)
	if tok.RevokeReason == nil || *tok.RevokeReason != api.ReasonOther || tok.RevokeComment == nil || !strings.Contains(*tok.RevokeComment, "presented") {
		t.Errorf("%+v", tok)
	}
}

// In whatever state: what could work again does not.
func TestATokenThatRestsIsEndedToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, rest := range map[string]func(api.Issued){
		"disabled":      func(i api.Issued) { w.as(w.root, "POST", ws+"/tokens/"+i.Token.ID+"/disable", nil).is(200) },
		"in an overlap": func(i api.Issued) { w.as(w.root, "POST", ws+"/tokens/"+i.Token.ID+"/rotate", nil).is(200) },
		"elsewhere": func(i api.Issued) {
			w.as(w.root, "PATCH", ws+"/tokens/"+i.Token.ID, object{"allowed_ips": []string{"192.0.2.0/24"}}).is(200)
		},
		"expired": func(api.Issued) { w.clock.Pass(2 * time.Hour) },
	} {
		i := w.issue("acme", object{"label": name, "expires_in": "1h"})
		rest(i)
		w.givesUp(i.Secret).is(200)
		if got := w.code(i.Secret); got != api.CodeRevoked {
			t.Errorf("%s: it is %s", name, got)
		}
	}
}

// RFC 7009, section 2.2: 200 for what is no token, and nothing is changed.
func TestRevokingWhatIsNoTokenChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i, other := w.issue("acme", object{"label": "x"}), w.issue("acme", object{"label": "y"})
	before := w.state()
	for _, tok := range []string{"nonsense", i.Token.ID, i.Token.Locator, remint(i.Token.Locator, other.Secret), remint("AAAAAAAAAAAA", i.Secret), i.Secret + "x", i.Secret[:40], strings.Repeat("x", 5000)} {
		w.givesUp(tok).titled(tok).is(200)
		w.as(w.root, "POST", revocation, form("token", tok)).is(200)
	}
	if after := w.state(); after != before {
		t.Error("something changed")
	}
}

// A retired secret proves that somebody once had the token, and ends it only
// where the policy says so; that it turned up is told in any case.
func TestARetiredSecretEndsNothingUnlessThePolicySaysSo(t *testing.T) {
	t.Parallel()
	var d diary
	w := newWorld(t, d.option)
	for _, fatal := range []bool{false, true} {
		w.play([]step{{"PATCH", ws + "/policy", object{"revoke_on_reuse": fatal}, 200, nil}})
		i := w.issue("acme", object{"label": "x"})
		now := w.as(w.root, "POST", ws+"/tokens/"+i.Token.ID+"/reset", nil).is(200).issued().Secret
		d.read()
		w.givesUp(i.Secret, "User-Agent", "finder").is(200)
		want := []use{{httpapi.DoorRevoke, string(api.CodeRetired), "", "", "finder", "127.0.0.1", false}}
		if diff := cmp.Diff(want, d.read(), cmp.AllowUnexported(use{})); diff != "" {
			t.Error(diff)
		}
		if got := w.code(now) == api.CodeRevoked; got != fatal {
			t.Errorf("revoke_on_reuse %v: revoked %v", fatal, got)
		}
	}
}

// Giving a token up is no use of it.
func TestRevokingIsNoUse(t *testing.T) {
	t.Parallel()
	var d diary
	w := newWorld(t, d.option)
	i := w.issue("acme", object{"label": "x"})
	next := w.as(w.root, "POST", ws+"/tokens/"+i.Token.ID+"/rotate", object{"retire_on_first_use": true}).is(200).issued().Secret
	d.read()
	w.givesUp(next).is(200)
	if uses := d.read(); len(uses) != 1 || !uses[0].peek {
		t.Errorf("%+v", uses)
	}
	var page api.List[api.AuditEvent]
	w.as(w.root, "GET", ws+"/audit?token="+i.Token.Locator+"&action=token.first_used", nil).is(200).into(&page)
	if len(page.Items) > 0 {
		t.Errorf("audited: %+v", page.Items)
	}
}

// A caller that says who it is acts with its own rights, as at the API.
func TestAClientRevokesWhatItMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.play([]step{{"POST", "/v1/workspaces", object{"slug": "globex"}, 201, nil}})
	may, mayNot := w.account("may", "tokens:delete"), w.account("may-not", "tokens:read")
	stranger := w.accountIn("globex", "stranger", "*")
	i := w.issue("acme", object{"label": "x"})
	r := w.as(mayNot, "POST", revocation, form("token", i.Secret)).is(403)
	r.oauth("insufficient_scope")
	r.challenges(`Bearer realm="tokenry", error="insufficient_scope", scope="tokens:delete", error_description="Missing scope"`)
	w.as(stranger, "POST", revocation, form("token", i.Secret)).is(200)
	if got := w.code(i.Secret); got != api.CodeOK {
		t.Errorf("after those who may not: %s", got)
	}
	w.as(may, "POST", revocation, form("token", i.Secret)).is(200)
	if got := w.code(i.Secret); got != api.CodeRevoked {
		t.Errorf("after one that may: %s", got)
	}
	var page api.List[api.AuditEvent]
	w.as(w.root, "GET", ws+"/audit?token="+i.Token.Locator+"&action=token.revoked", nil).is(200).into(&page)
	if len(page.Items) != 1 || page.Items[0].Actor != "may@acme.service" {
		t.Errorf("audited: %+v", page.Items)
	}
	self := w.issue("acme", object{"label": "self", "scopes": []string{}})
	w.send("POST", revocation, form("token", self.Secret), "Authorization", basicAuth(self.Token.ID, self.Secret)).is(200)
	if got := w.code(self.Secret); got != api.CodeRevoked {
		t.Errorf("its own client: %s", got)
	}
}

// No cookie counts, and no other site can send a request that does anything but
// end a token that it has.
func TestRevocationLooksAtNoCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("acme", object{"label": "x"})
	r := w.send("POST", revocation, form("token", i.Token.ID), "Cookie", "session="+w.root, "Origin", "https://evil.example").is(200)
	if len(r.Header["Access-Control-Allow-Origin"]) > 0 || len(r.Cookies()) > 0 || w.code(i.Secret) != api.CodeOK {
		t.Errorf("%v", r.Header)
	}
}

// A resource server that may only verify ends a token that was presented to it where the
// policy allows that, and then as whoever has the token: by its secret alone.
func TestAVerifierRevokesWhatIsPresentedToItWhereThePolicyAllowsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.play([]step{{"POST", "/v1/workspaces", object{"slug": "globex"}, 201, nil}})
	own, everywhere, stranger := w.account("rs", "tokens:verify"), w.verifier(), w.accountIn("globex", "rs", "tokens:verify")
	mayNot := w.account("reader", "tokens:read")
	for _, allowed := range []bool{false, true} {
		w.play([]step{{"PATCH", ws + "/policy", object{"verifiers_may_revoke": allowed}, 200, nil}})
		for name, caller := range map[string]string{"of its workspace": own, "of all": everywhere} {
			i := w.issue("acme", object{"label": "x"})
			w.as(mayNot, "POST", revocation, form("token", i.Secret)).is(403)
			w.as(stranger, "POST", revocation, form("token", i.Secret)).is(200)
			if got := w.code(i.Secret); got != api.CodeOK {
				t.Errorf("%s: after those who may not it is %s", name, got)
			}
			want, code := 403, api.CodeOK
			if allowed {
				want, code = 200, api.CodeRevoked
			}
			w.as(caller, "POST", revocation, form("token", i.Secret)).is(want)
			if got := w.code(i.Secret); got != code {
				t.Errorf("%s, allowed %v: it is %s", name, allowed, got)
			}
			if !allowed {
				continue
			}
			var page api.List[api.AuditEvent]
			w.as(w.root, "GET", ws+"/audit?token="+i.Token.Locator+"&action=token.revoked", nil).is(200).into(&page)
			if len(page.Items) != 1 || page.Items[0].ActorToken == nil || *page.Items[0].ActorToken != locatorOf(t, caller) {
				t.Errorf("%s: audited %d", name, len(page.Items))
			}
		}
	}
}

func locatorOf(t *testing.T, tok string) string {
	t.Helper()
	p, err := token.Parse(tok)
	if err != nil {
		t.Fatal(err)
	}
	return p.Locator.String()
}
