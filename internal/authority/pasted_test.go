package authority_test

import (
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

// lowerToken is a token string that has no capital: of those there are few, and they have the
// form of names and of addresses.
func lowerToken(t *testing.T) string {
	t.Helper()
	const digits, lower = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "0123456789abcdefghijklmnopqrstuvwxyz"
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		text := []byte("tkyp_")
		for range 44 {
			text = append(text, lower[r.IntN(len(lower))])
		}
		var check [token.CheckLength]byte
		for crc, i := crc32.ChecksumIEEE(text), len(check)-1; i >= 0; i-- {
			check[i] = digits[crc%62]
			crc /= 62
		}
		if s := string(text) + string(check[:]); s == strings.ToLower(s) && token.Contains(s) {
			return s
		}
	}
	t.Fatal("no token string without a capital")
	return ""
}

// TestNoNameHoldsATokenString, also where it only comes to be one in lower case: a name
// stands in the audit, in mails and in every list.
func TestNoNameHoldsATokenString(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	pasted := lowerToken(t)
	capital := strings.ToUpper(pasted[:1]) + pasted[1:]
	must := func(f func() error) func() error { return f }
	for what, c := range map[string]struct {
		field string
		give  func() error
	}{
		"an address": {"email", must(func() error {
			return officetest.Second(w.CreateMember(w.Ctx, w.Root, "acme", api.CreateMember{Email: pasted + "@example.com", Rights: officetest.RoleOn("Viewer", "*")}))
		})},
		"an address in capitals": {"email", must(func() error {
			return officetest.Second(w.CreateMember(w.Ctx, w.Root, "acme", api.CreateMember{Email: capital + "@example.com", Rights: officetest.RoleOn("Viewer", "*")}))
		})},
		"a service account": {"name", must(func() error {
			return officetest.Second(w.CreateServiceAccount(w.Ctx, w.Root, "acme", api.CreateServiceAccount{Name: pasted, Rights: officetest.Rights("tickets:read")}))
		})},
		"a role": {"name", must(func() error {
			return officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.Acme(), pasted, api.PutRole{Scopes: []string{"tickets:read"}}))
		})},
		"a scope": {"name", must(func() error {
			return officetest.Second(w.PutScope(w.Ctx, w.Root, officetest.Acme(), pasted+":read", api.PutScope{}))
		})},
		"a resource": {"name", must(func() error {
			return officetest.Second(w.OnboardResource(w.Ctx, w.Root, "acme", api.CreateResource{Name: pasted}))
		})},
		"a label": {"label", must(func() error {
			in := officetest.Ask("personal", "")
			in.Label = api.Some("mine " + pasted)
			return officetest.Second(w.CreateToken(w.Ctx, w.Root, "acme", in))
		})},
		"a workspace": {"external_id", must(func() error {
			return officetest.Second(w.EditWorkspace(w.Ctx, w.Root, "acme", api.EditWorkspace{ExternalID: api.Some(pasted)}))
		})},
	} {
		if err := c.give(); api.AsError(err).Code != api.CodeInvalidField || api.AsError(err).Field != c.field {
			t.Errorf("%s: %v of %q", what, err, api.AsError(err).Field)
		}
		if _, err := audit.Verify(w.Ctx, w.Store, w.Keys); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestWhatACallerSaysOfItselfIsKeptWithoutTokens, and the chain stays whole.
func TestWhatACallerSaysOfItselfIsKeptWithoutTokens(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	c := w.Root
	c.Agent, c.RequestID = "curl "+w.Secret.Reveal(), w.Secret.Reveal()
	officetest.Must(t, officetest.Second(w.CreateToken(w.Ctx, c, "acme", officetest.Ask("personal", ""))))
	bob := w.Member("bob@example.com", "Viewer")
	bob.Agent, bob.Call = c.Agent, "DELETE "+w.Secret.Reveal()
	w.Refused(officetest.Second(w.DeleteToken(w.Ctx, bob, "acme", w.Secret.Reveal(), api.RevokeToken{})), api.CodeNotFound)
	w.Refused(officetest.Second(w.DeleteToken(w.Ctx, bob, "acme", "self", api.RevokeToken{Comment: w.Secret.Reveal()})), api.CodeNotFound)
	w.Whole()
	rows, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{}, authority.Page{Limit: 9})
	officetest.Must(t, err)
	for _, row := range rows {
		agent := ""
		if row.UserAgent != nil {
			agent = *row.UserAgent
		}
		if all := agent + row.RequestID + row.Target + row.Actor + string(row.Before) + string(row.After); token.Contains(all) {
			t.Errorf("%s holds a token: %s", row.Action, all)
		}
	}
}
