package tokens_test

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
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// leaks is what the audit knows of a token's leaks, the latest first.
func leaks(w *officetest.World, id string) (out []api.Leak) {
	w.Helper()
	rows, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{Token: id, Action: "token.leaked"}, officetest.Page(0))
	officetest.Must(w.T, err)
	for _, row := range rows {
		var l api.Leak
		officetest.Must(w.T, json.Unmarshal(row.After, &l))
		out = append(out, l)
	}
	return out
}

func leakAction(w *officetest.World, action string) {
	w.Helper()
	_, err := w.EditPolicy(w.Ctx, w.Root, "acme", api.PatchPolicy{LeakAction: api.Some(action)})
	officetest.Must(w.T, err)
}

func TestALeakedSecretIsActedOnAsThePolicySays(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		for action, want := range map[string]struct {
			effect string
			code   api.Code
			event  string
		}{
			api.LeakRevoke:  {api.LeakRevoked, api.CodeRevoked, "token.revoked"},
			api.LeakDisable: {api.LeakDisabled, api.CodeDisabled, "token.disabled"},
			api.LeakNotify:  {api.LeakTold, api.CodeOK, ""},
		} {
			leakAction(w, action)
			i := w.Create(w.Root, officetest.Ask("personal", ""))
			w.Allow(i.Secret)
			w.TellLeaked("https://git.example.com/a/b", i.Secret)
			w.Deny(want.code, i.Secret)
			if diff := cmp.Diff([]api.Leak{{Secret: api.SecretCurrent, Effect: want.effect, URL: "https://git.example.com/a/b", Source: "commit"}}, leaks(w, i.Token.ID)); diff != "" {
				w.Errorf("%s: %s", action, diff)
			}
			rows, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{Token: i.Token.ID}, officetest.Page(0))
			officetest.Must(w.T, err)
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
	officetest.Each(t, func(w *officetest.World) {
		i, other := w.Create(w.Root, officetest.Ask("personal", "")), w.Create(w.Root, officetest.Ask("personal", ""))
		s, o := i.Secret.Reveal(), other.Secret.Reveal()
		before, err := w.Revision(w.Ctx)
		officetest.Must(w.T, err)
		forged := func(body string) string { return body + checksum(body) }
		for _, text := range []string{
			"", "x", s + " ", s[:len(s)-1], strings.ToUpper(s), i.Token.ID, i.Token.Locator,
			forged(s[:17] + o[17:49]), forged(o[:17] + s[17:49]), forged("abc" + s[3:49]), forged("tkys" + s[4:49]),
		} {
			officetest.Must(w.T, officetest.Second(w.ReportLeaks(w.Ctx, authority.Caller{}, api.ReportLeaks{Tokens: []api.LeakedToken{{Token: text}}})))
		}
		officetest.Must(w.T, officetest.Second(w.ReportLeaks(w.Ctx, authority.Caller{}, api.ReportLeaks{})))
		if after, err := w.Revision(w.Ctx); err != nil || after != before {
			w.Errorf("revision %d, was %d (%v)", after, before, err)
		}
		w.Allow(i.Secret)
		w.Allow(other.Secret)
		w.RefusedField(officetest.Second(w.ReportLeaks(w.Ctx, authority.Caller{}, api.ReportLeaks{Tokens: make([]api.LeakedToken, 1001)})), api.CodeInvalidField, "tokens")
	})
}

func TestALeakIsActedOnOnceAndFurtherPlacesAreKept(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		leakAction(w, api.LeakDisable)
		i := w.Create(w.Root, officetest.Ask("personal", ""))
		w.TellLeaked("https://a.example/1", i.Secret, i.Secret)
		_, err := w.EnableToken(w.Ctx, w.Root, "acme", i.Token.ID)
		officetest.Must(w.T, err)
		before, err := w.Revision(w.Ctx)
		officetest.Must(w.T, err)
		w.TellLeaked("https://a.example/1", i.Secret)
		if after, _ := w.Revision(w.Ctx); after != before {
			w.Errorf("the same report again took a revision")
		}
		for n := range 30 {
			w.TellLeaked(fmt.Sprint("https://a.example/x", n), i.Secret)
		}
		w.Allow(i.Secret)
		if got := leaks(w, i.Token.ID); len(got) != 10 || got[9].URL != "https://a.example/1" || got[8].URL != "https://a.example/x0" {
			w.Errorf("%d places: %+v", len(got), got)
		}
		leakAction(w, api.LeakRevoke) // which no report has done yet
		w.TellLeaked("https://a.example/1", i.Secret)
		w.Deny(api.CodeRevoked, i.Secret)
		w.TellLeaked("https://a.example/1", i.Secret)
		if got := leaks(w, i.Token.ID); len(got) != 11 || got[0].Effect != api.LeakRevoked {
			w.Errorf("%+v", got)
		}
	})
}

func TestEachSecretOfATokenLeaksForItself(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		leakAction(w, api.LeakNotify)
		i := w.Create(w.Root, officetest.Ask("personal", ""))
		second, err := w.RotateToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RotateToken{})
		officetest.Must(w.T, err)
		w.TellLeaked("", i.Secret)
		w.Clock.Pass(25 * time.Hour)
		third, err := w.RotateToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(0))})
		officetest.Must(w.T, err)
		leakAction(w, api.LeakRevoke)
		w.TellLeaked("", i.Secret) // dead by now, and known
		w.TellLeaked("", second.Secret)
		w.Allow(third.Secret)
		w.TellLeaked("", third.Secret)
		w.Deny(api.CodeRevoked, third.Secret)
		var got []string
		for _, l := range leaks(w, i.Token.ID) {
			got = append(got, l.Secret+" "+l.Effect)
		}
		if diff := cmp.Diff([]string{"current revoked", "retired dead", "overlap told"}, got); diff != "" {
			w.Error(diff)
		}
		v, err := w.GetToken(w.Ctx, w.Root, "acme", i.Token.ID)
		officetest.Must(w.T, err)
		if *v.RevokeReason != api.ReasonLeaked {
			w.Errorf("revoked for %q", *v.RevokeReason)
		}
	})
}

func TestTheDescendantsOfALeakedTokenAreFound(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		parent := w.Create(w.Root, officetest.Scoped("personal", "", "tokens:create", "tokens:read"))
		c := w.With(parent)
		child := w.Create(c, officetest.Scoped("personal", "", "tokens:read"))
		gone := w.Create(c, officetest.Scoped("personal", "", "tokens:read"))
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", gone.Token.ID, api.RevokeToken{})))
		officetest.Must(w.T, officetest.Second(w.ReportLeaks(w.Ctx, w.Root, api.ReportLeaks{Tokens: []api.LeakedToken{{Token: parent.Secret.Reveal()}}})))
		if got := leaks(w, parent.Token.ID); len(got) != 1 || got[0].Descendants != 1 {
			w.Errorf("%+v", got)
		}
		w.Allow(child.Secret)
		found, _, err := w.ListTokens(w.Ctx, w.Root, "acme", api.TokenFilter{CreatedWith: api.Some(parent.Token.ID), Status: api.Some(api.StatusActive)}, officetest.Page(0))
		officetest.Must(w.T, err)
		if len(found) != 1 || found[0].ID != child.Token.ID {
			w.Errorf("found %+v", found)
		}
		rows, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{Action: "token.leaked"}, officetest.Page(0))
		officetest.Must(w.T, err)
		if len(rows) != 1 || rows[0].Actor != "ada@example.com" || rows[0].ActorToken == nil {
			w.Errorf("reported by %+v", rows)
		}
	})
}

func TestThePlaceOfALeakIsBoundedAndClean(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		leakAction(w, api.LeakNotify)
		i := w.Create(w.Root, officetest.Ask("personal", ""))
		s := i.Secret.Reveal()
		for reported, want := range map[string]string{
			"https://user:hunter2@git.example.com/a?token=abc&x=1#L10": "https://git.example.com/a#L10",
			"https://git.example.com/raw/" + s:                         "https://git.example.com/raw/" + i.Token.Masked,
			"ci job 17\r\nBcc: x\u202e\x00":                            "ci job 17Bcc: x",
			"javascript:alert(1)":                                      "javascript:alert(1)",
			strings.Repeat("é", 400):                                   strings.Repeat("é", 250),
		} {
			officetest.Must(w.T, officetest.Second(w.ReportLeaks(w.Ctx, authority.Caller{}, api.ReportLeaks{Tokens: []api.LeakedToken{{Token: s, URL: reported, Source: "a b"}}})))
			if got := leaks(w, i.Token.ID)[0]; got.URL != want || got.Source != "" {
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
