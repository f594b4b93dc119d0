package office_test

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/token"
)

// leaked reports secrets as found at a place.
func (w *world) leaked(url string, secrets ...token.Secret) {
	w.Helper()
	var in api.ReportLeaks
	for _, s := range secrets {
		in.Tokens = append(in.Tokens, api.LeakedToken{Token: s.Reveal(), URL: url, Source: "commit"})
	}
	must(w.T, w.ReportLeaks(w.ctx, authority.Caller{RequestID: "req-9"}, in))
}

// leaks is what the audit knows of a token's leaks, the latest first.
func (w *world) leaks(id string) (out []api.Leak) {
	w.Helper()
	rows, _, err := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{Token: id, Action: "token.leaked"}, page(0))
	must(w.T, err)
	for _, row := range rows {
		var l api.Leak
		must(w.T, json.Unmarshal(row.After, &l))
		out = append(out, l)
	}
	return out
}

func (w *world) leakAction(action string) {
	w.Helper()
	_, _, err := w.EditPolicy(w.ctx, w.root, "acme", api.PatchPolicy{LeakAction: api.Some(action)})
	must(w.T, err)
}

func TestALeakedSecretIsActedOnAsThePolicySays(t *testing.T) {
	each(t, func(w *world) {
		for action, want := range map[string]struct {
			effect string
			code   api.Code
			event  string
		}{
			api.LeakRevoke:  {api.LeakRevoked, api.CodeRevoked, "token.revoked"},
			api.LeakDisable: {api.LeakDisabled, api.CodeDisabled, "token.disabled"},
			api.LeakNotify:  {api.LeakTold, api.CodeOK, ""},
		} {
			w.leakAction(action)
			i := w.create(w.root, ask("personal", ""))
			w.allow(i.Secret)
			w.leaked("https://git.example.com/a/b", i.Secret)
			w.deny(want.code, i.Secret)
			if diff := cmp.Diff([]api.Leak{{Secret: api.SecretCurrent, Effect: want.effect, URL: "https://git.example.com/a/b", Source: "commit"}}, w.leaks(i.Token.ID)); diff != "" {
				w.Errorf("%s: %s", action, diff)
			}
			rows, _, err := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{Token: i.Token.ID}, page(0))
			must(w.T, err)
			if rows[0].Action != "token.leaked" || rows[0].Actor != "leak-report" || rows[0].RequestID != "req-9" || want.event != "" && rows[1].Action != want.event {
				w.Errorf("%s: %+v", action, rows)
			}
		}
	})
}

// Weakness: whoever knows the public part of a token could end it. Attack: the
// right locator with another secret, other tokens' secrets, other prefixes, and
// what is no token. Proved: nothing changes, and no revision is taken.
func TestOnlyTheSecretItselfIsProofOfALeak(t *testing.T) {
	each(t, func(w *world) {
		i, other := w.create(w.root, ask("personal", "")), w.create(w.root, ask("personal", ""))
		s, o := i.Secret.Reveal(), other.Secret.Reveal()
		before, err := w.Revision(w.ctx)
		must(w.T, err)
		forged := func(body string) string { return body + checksum(body) }
		for _, text := range []string{
			"", "x", s + " ", s[:len(s)-1], strings.ToUpper(s), i.Token.ID, i.Token.Locator,
			forged(s[:17] + o[17:49]), forged(o[:17] + s[17:49]), forged("abc" + s[3:49]), forged("tkys" + s[4:49]),
		} {
			must(w.T, w.ReportLeaks(w.ctx, authority.Caller{}, api.ReportLeaks{Tokens: []api.LeakedToken{{Token: text}}}))
		}
		must(w.T, w.ReportLeaks(w.ctx, authority.Caller{}, api.ReportLeaks{}))
		if after, err := w.Revision(w.ctx); err != nil || after != before {
			w.Errorf("revision %d, was %d (%v)", after, before, err)
		}
		w.allow(i.Secret)
		w.allow(other.Secret)
		w.refusedField(w.ReportLeaks(w.ctx, authority.Caller{}, api.ReportLeaks{Tokens: make([]api.LeakedToken, 1001)}), api.CodeInvalidField, "tokens")
	})
}

func TestALeakIsActedOnOnceAndFurtherPlacesAreKept(t *testing.T) {
	each(t, func(w *world) {
		w.leakAction(api.LeakDisable)
		i := w.create(w.root, ask("personal", ""))
		w.leaked("https://a.example/1", i.Secret, i.Secret)
		_, _, err := w.EnableToken(w.ctx, w.root, "acme", i.Token.ID)
		must(w.T, err)
		before, err := w.Revision(w.ctx)
		must(w.T, err)
		w.leaked("https://a.example/1", i.Secret)
		if after, _ := w.Revision(w.ctx); after != before {
			w.Errorf("the same report again took a revision")
		}
		for n := range 30 {
			w.leaked(fmt.Sprint("https://a.example/x", n), i.Secret)
		}
		w.allow(i.Secret)
		if got := w.leaks(i.Token.ID); len(got) != 10 || got[9].URL != "https://a.example/1" || got[8].URL != "https://a.example/x0" {
			w.Errorf("%d places: %+v", len(got), got)
		}
		w.leakAction(api.LeakRevoke) // which no report has done yet
		w.leaked("https://a.example/1", i.Secret)
		w.deny(api.CodeRevoked, i.Secret)
		w.leaked("https://a.example/1", i.Secret)
		if got := w.leaks(i.Token.ID); len(got) != 11 || got[0].Effect != api.LeakRevoked {
			w.Errorf("%+v", got)
		}
	})
}

func TestEachSecretOfATokenLeaksForItself(t *testing.T) {
	each(t, func(w *world) {
		w.leakAction(api.LeakNotify)
		i := w.create(w.root, ask("personal", ""))
		second, err := w.RotateToken(w.ctx, w.root, "acme", i.Token.ID, api.RotateToken{})
		must(w.T, err)
		w.leaked("", i.Secret)
		w.clock.pass(25 * time.Hour)
		third, err := w.RotateToken(w.ctx, w.root, "acme", i.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(0))})
		must(w.T, err)
		w.leakAction(api.LeakRevoke)
		w.leaked("", i.Secret) // dead by now, and known
		w.leaked("", second.Secret)
		w.allow(third.Secret)
		w.leaked("", third.Secret)
		w.deny(api.CodeRevoked, third.Secret)
		var got []string
		for _, l := range w.leaks(i.Token.ID) {
			got = append(got, l.Secret+" "+l.Effect)
		}
		if diff := cmp.Diff([]string{"current revoked", "retired dead", "overlap told"}, got); diff != "" {
			w.Error(diff)
		}
		v, err := w.GetToken(w.ctx, w.root, "acme", i.Token.ID)
		must(w.T, err)
		if *v.RevokeReason != api.ReasonLeaked {
			w.Errorf("revoked for %q", *v.RevokeReason)
		}
	})
}

func TestTheDescendantsOfALeakedTokenAreFound(t *testing.T) {
	each(t, func(w *world) {
		parent := w.create(w.root, scoped("personal", "", "tokens:create", "tokens:read"))
		c := w.with(parent)
		child := w.create(c, scoped("personal", "", "tokens:read"))
		gone := w.create(c, scoped("personal", "", "tokens:read"))
		must(w.T, third(w.RevokeToken(w.ctx, w.root, "acme", gone.Token.ID, api.RevokeToken{})))
		must(w.T, w.ReportLeaks(w.ctx, w.root, api.ReportLeaks{Tokens: []api.LeakedToken{{Token: parent.Secret.Reveal()}}}))
		if got := w.leaks(parent.Token.ID); len(got) != 1 || got[0].Descendants != 1 {
			w.Errorf("%+v", got)
		}
		w.allow(child.Secret)
		found, _, err := w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{CreatedWith: api.Some(parent.Token.ID), Status: api.Some(api.StatusActive)}, page(0))
		must(w.T, err)
		if len(found) != 1 || found[0].ID != child.Token.ID {
			w.Errorf("found %+v", found)
		}
		rows, _, err := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{Action: "token.leaked"}, page(0))
		must(w.T, err)
		if len(rows) != 1 || rows[0].Actor != "ada@example.com" || rows[0].ActorToken == nil {
			w.Errorf("reported by %+v", rows)
		}
	})
}

func TestThePlaceOfALeakIsBoundedAndClean(t *testing.T) {
	each(t, func(w *world) {
		w.leakAction(api.LeakNotify)
		i := w.create(w.root, ask("personal", ""))
		s := i.Secret.Reveal()
		for reported, want := range map[string]string{
			"https://user:hunter2@git.example.com/a?token=abc&x=1#L10": "https://git.example.com/a#L10",
			"https://git.example.com/raw/" + s:                         "https://git.example.com/raw/" + i.Token.Masked,
			"ci job 17\r\nBcc: x\u202e\x00":                            "ci job 17Bcc: x",
			"javascript:alert(1)":                                      "javascript:alert(1)",
			strings.Repeat("é", 400):                                   strings.Repeat("é", 250),
		} {
			must(w.T, w.ReportLeaks(w.ctx, authority.Caller{}, api.ReportLeaks{Tokens: []api.LeakedToken{{Token: s, URL: reported, Source: "a b"}}}))
			if got := w.leaks(i.Token.ID)[0]; got.URL != want || got.Source != "" {
				w.Errorf("%q is kept as %q of %q", reported, got.URL, got.Source)
			}
		}
	})
}

// checksum is the check of a token string, worked out here once more.
func checksum(body string) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	n := crc32.ChecksumIEEE([]byte(body))
	var out [6]byte
	for i := len(out) - 1; i >= 0; i-- {
		out[i], n = digits[n%62], n/62
	}
	return string(out[:])
}
