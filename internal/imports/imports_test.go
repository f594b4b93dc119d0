package imports_test

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

func theirs(n int) token.Secret { return token.NewSecret(fmt.Sprintf("old_%028d", n)) }

func quick() api.ImportFormat {
	return api.ImportFormat{Name: "old-api", Prefix: "old_", MinLength: 32, MaxLength: 32, Alphabet: "base62", Hash: "sha256"}
}

// kept is what the other system kept of its n-th string.
func kept(n int, edit ...func(*api.ImportToken)) api.ImportToken {
	sum := sha256.Sum256([]byte(theirs(n).Reveal()))
	in := api.ImportToken{Hash: hex.EncodeToString(sum[:]), Start: "old_0000"}
	in.Label = api.Some(fmt.Sprint("number ", n))
	in.Scopes, in.Resources = api.Some([]string{"tickets:read"}), api.Some([]string{"*"})
	for _, f := range edit {
		f(&in)
	}
	return in
}

// world is an instance, and the words of an import in it.
type world struct{ *officetest.World }

func each(t *testing.T, f func(w world)) {
	t.Helper()
	officetest.Each(t, func(w *officetest.World) { f(world{w}) })
}

func (w world) bring(in ...api.ImportToken) []api.ImportResult {
	w.Helper()
	out, err := w.ImportTokens(w.Ctx, w.Root, "acme", api.ImportTokens{Format: quick(), Tokens: in})
	officetest.Must(w.T, err)
	return out.Results
}

// one is the result of bringing one, which must be this.
func (w world) one(status string, in api.ImportToken) api.ImportResult {
	w.Helper()
	r := w.bring(in)[0]
	if r.Status != status {
		w.Errorf("%+v; want %s", r, status)
	}
	return r
}

func TestAnImportedStringWorksAndEndsWithItsToken(t *testing.T) {
	each(t, func(w world) {
		w.Deny(api.CodeMalformed, theirs(1))
		r := w.one("imported", kept(1))
		w.Allow(theirs(1), "tickets:read")
		w.Deny(api.CodeInsufficientScope, theirs(1), "tickets:write")
		w.Deny(api.CodeUnknown, theirs(2))
		v, err := w.GetToken(w.Ctx, w.Root, "acme", r.TokenID)
		officetest.Must(w.T, err)
		if v.Masked != "old_0000…" || v.Imported == nil || v.Imported.Format != "old-api" || v.CreatedWith == nil {
			w.Errorf("it is shown as %q, %+v", v.Masked, v.Imported)
		}
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", r.TokenID, api.RevokeToken{})))
		w.Deny(api.CodeRevoked, theirs(1))
		w.one("exists", kept(1))
		w.Deny(api.CodeRevoked, theirs(1))
	})
}

// TestARotationTakesOverFromAnImportedString: both work during the overlap, so that nobody
// has to be quick, and the token keeps its name.
func TestARotationTakesOverFromAnImportedString(t *testing.T) {
	each(t, func(w world) {
		id := w.one("imported", kept(1)).TokenID
		out, err := w.RotateToken(w.Ctx, w.Root, "acme", id, api.RotateToken{Overlap: api.Some(api.Duration(time.Hour))})
		officetest.Must(w.T, err)
		if out.Token.ID != id || strings.HasPrefix(out.Token.Masked, "old_") || out.Token.Imported == nil {
			w.Errorf("rotated: %s, %q, %+v", out.Token.ID, out.Token.Masked, out.Token.Imported)
		}
		w.Allow(theirs(1), "tickets:read")
		w.Allow(out.Secret, "tickets:read")
		w.Clock.Pass(2 * time.Hour)
		w.Deny(api.CodeRetired, theirs(1))
		w.Allow(out.Secret, "tickets:read")
		v, err := w.GetToken(w.Ctx, w.Root, "acme", id)
		officetest.Must(w.T, err)
		if v.Imported != nil {
			w.Errorf("after the overlap it is still %+v", v.Imported)
		}
	})
}

// TestAnImportSentAgainChangesNothing, and says of each what became of it.
func TestAnImportSentAgainChangesNothing(t *testing.T) {
	each(t, func(w world) {
		in := []api.ImportToken{kept(1), kept(2), kept(3)}
		first := w.bring(in...)
		before, err := w.Revision(w.Ctx)
		officetest.Must(w.T, err)
		for i, r := range w.bring(in...) {
			if r.Status != "exists" || r.TokenID != first[i].TokenID {
				w.Errorf("%+v after %+v", r, first[i])
			}
		}
		if after, _ := w.Revision(w.Ctx); after != before {
			w.Errorf("revision %d after %d", after, before)
		}
		twice := w.bring(kept(4), kept(4))
		if twice[0].TokenID != twice[1].TokenID || twice[0].Status == twice[1].Status {
			w.Errorf("one string twice in a call: %+v", twice)
		}
		w.Workspace("globex")
		out, err := w.ImportTokens(w.Ctx, w.Root, "globex", api.ImportTokens{Format: quick(), Tokens: in[:1]})
		officetest.Must(w.T, err)
		if r := out.Results[0]; r.Code != api.CodeAlreadyExists || r.TokenID != "" {
			w.Errorf("in another workspace: %+v", r)
		}
	})
}

// TestOneRefusalLeavesTheOthers: each is judged by itself, by the rules of creating one.
func TestOneRefusalLeavesTheOthers(t *testing.T) {
	each(t, func(w world) {
		w.Account("robot", "tickets:read")
		results := w.bring(
			kept(1, func(in *api.ImportToken) { in.Owner = "robot" }),
			kept(2, func(in *api.ImportToken) { in.Hash = "x" }),
			kept(3, func(in *api.ImportToken) { in.Owner = "nobody@example.com" }),
			kept(4, func(in *api.ImportToken) { in.Label = api.Opt[string]{} }),
			kept(5, func(in *api.ImportToken) { in.CreatedAt = api.Some(w.Clock.Now().Add(time.Hour)) }),
			kept(6, func(in *api.ImportToken) {
				in.Kind, in.ExpiresAt = "workspace", api.Some(w.Clock.Now().Add(time.Hour))
				in.CreatedAt = api.Some(time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC))
			}),
		)
		for i, field := range []string{"", "hash", "owner", "label", "created_at", ""} {
			r := results[i]
			if (r.Status == "imported") != (field == "") || r.Status == "refused" && r.Field != field && r.Code != api.CodeNotFound {
				w.Errorf("number %d: %+v, want the field %q", i+1, r, field)
			}
		}
		w.Allow(theirs(1), "tickets:read")
		w.Deny(api.CodeUnknown, theirs(4))
		w.Allow(theirs(6), "tickets:read")
		w.Clock.Pass(2 * time.Hour)
		w.Deny(api.CodeExpired, theirs(6))
	})
}

func TestADryRunOfAnImportChangesNothing(t *testing.T) {
	each(t, func(w world) {
		w.bring(kept(1))
		before, err := w.Revision(w.Ctx)
		officetest.Must(w.T, err)
		other := quick()
		other.Name, other.Prefix = "another", "old"
		for _, f := range []api.ImportFormat{quick(), other} {
			out, err := w.ImportTokens(w.Ctx, w.Root, "acme", api.ImportTokens{Format: f, DryRun: true,
				Tokens: []api.ImportToken{kept(1), kept(2), kept(2), kept(3, func(in *api.ImportToken) { in.Hash = "" })}})
			officetest.Must(w.T, err)
			for i, want := range []string{"exists", "imported", "exists", "refused"} {
				if out.Results[i].Status != want {
					w.Errorf("%s, %d: %+v", f.Name, i, out.Results[i])
				}
			}
		}
		if after, _ := w.Revision(w.Ctx); after != before {
			w.Errorf("revision %d after %d", after, before)
		}
		w.Deny(api.CodeUnknown, theirs(2))
	})
}

// TestOnlyAnInstanceAdministratorImports, and nobody learns more by asking.
func TestOnlyAnInstanceAdministratorImports(t *testing.T) {
	each(t, func(w world) {
		owner := w.Member("eve@example.com", "Owner")
		in := api.ImportTokens{Format: quick(), Tokens: []api.ImportToken{kept(1)}}
		w.Refused(officetest.Second(w.ImportTokens(w.Ctx, owner, "acme", in)), api.CodeInsufficientScope)
		w.Refused(officetest.Second(w.ImportFormats(w.Ctx, owner)), api.CodeInsufficientScope)
		w.Refused(officetest.Second(w.DeleteImportFormat(w.Ctx, owner, "old-api")), api.CodeInsufficientScope)
		w.Refused(officetest.Second(w.ImportTokens(w.Ctx, w.Root, "acme", api.ImportTokens{Format: quick()})), api.CodeInvalidField)
		w.Deny(api.CodeMalformed, theirs(1))
	})
}

// TestAFormatIsWhatItsNameStandsFor, until it is deleted: then its strings are none.
func TestAFormatIsWhatItsNameStandsFor(t *testing.T) {
	each(t, func(w world) {
		f := quick()
		f.Suffix = "a secret of the other system"
		sum := sha256.Sum256([]byte(theirs(1).Reveal() + f.Suffix))
		in := kept(1, func(in *api.ImportToken) { in.Hash = base64.StdEncoding.EncodeToString(sum[:]) })
		bring := func(f api.ImportFormat) error {
			return officetest.Second(w.ImportTokens(w.Ctx, w.Root, "acme", api.ImportTokens{Format: f, Tokens: []api.ImportToken{in}}))
		}
		officetest.Must(w.T, bring(f))
		w.Allow(theirs(1), "tickets:read")
		list, err := w.ImportFormats(w.Ctx, w.Root)
		officetest.Must(w.T, err)
		if len(list) != 1 || list[0].Suffix != "" || list[0].Key != "" || list[0].Name != "old-api" || list[0].MaxLength != 32 || list[0].Slow {
			w.Errorf("%+v", list)
		}
		w.Refused(bring(quick()), api.CodeAlreadyExists)
		for i := range 15 {
			f.Name = fmt.Sprint("f", i)
			officetest.Must(w.T, bring(f))
		}
		f.Name = "one-too-many"
		w.Refused(bring(f), api.CodeInvalidField)
		for _, name := range []string{"old-api", "f0"} {
			officetest.Must(w.T, officetest.Second(w.DeleteImportFormat(w.Ctx, w.Root, name)))
		}
		w.Refused(officetest.Second(w.DeleteImportFormat(w.Ctx, w.Root, "old-api")), api.CodeNotFound)
		w.Allow(theirs(1), "tickets:read") // by one of the others, which say the same
		for i := range 14 {
			officetest.Must(w.T, officetest.Second(w.DeleteImportFormat(w.Ctx, w.Root, fmt.Sprint("f", i+1))))
		}
		w.Deny(api.CodeMalformed, theirs(1))
	})
}

// TestASlowStringIsComparedFastAfterItsFirstUse, and an import that is sent again still
// knows it.
func TestASlowStringIsComparedFastAfterItsFirstUse(t *testing.T) {
	each(t, func(w world) {
		f := api.ImportFormat{Name: "gitea", MinLength: 32, MaxLength: 32, Prefix: "old_", Alphabet: "base62", Hash: "pbkdf2-sha256", Iterations: 3, Length: 50,
			Salt: "item", Hint: &api.Part{Take: 8, FromEnd: true}}
		s := theirs(1).Reveal()
		sum, err := pbkdf2.Key(sha256.New, s, []byte("salt"), 3, 50)
		officetest.Must(w.T, err)
		in := kept(1, func(in *api.ImportToken) { in.Hash, in.Salt, in.Hint = hex.EncodeToString(sum), "salt", s[24:] })
		bring := func(want string) string {
			out, err := w.ImportTokens(w.Ctx, w.Root, "acme", api.ImportTokens{Format: f, Tokens: []api.ImportToken{in}})
			officetest.Must(w.T, err)
			if out.Results[0].Status != want {
				w.Errorf("%+v; want %s", out.Results[0], want)
			}
			return out.Results[0].TokenID
		}
		id := bring("imported")
		type used struct {
			l                 token.Locator
			presented, direct string
		}
		var told []used
		engine := verify.New(w.Office, w.Keys, verify.Config{Now: w.Clock.Now, Direct: func(l token.Locator, presented, direct string) {
			told = append(told, used{l, presented, direct})
		}})
		w.Observe(engine)
		ask := func() {
			w.Helper()
			var d verify.Decision
			officetest.Must(w.T, engine.Verify(w.Ctx, &verify.Request{Token: s, Cost: 1}, &d))
			if !d.Allowed() || authority.LocatorPart(id) != d.Locator.String() {
				w.Errorf("%+v", d)
			}
		}
		ask()
		if len(told) != 1 {
			w.Fatalf("told %d times", len(told))
		}
		officetest.Must(w.T, w.Settle(w.Ctx, told[0].l, told[0].presented, told[0].direct))
		before, err := w.Revision(w.Ctx)
		officetest.Must(w.T, err)
		officetest.Must(w.T, w.Settle(w.Ctx, told[0].l, told[0].presented, told[0].direct)) // once is enough
		if after, _ := w.Revision(w.Ctx); after != before {
			w.Errorf("revision %d after %d", after, before)
		}
		ask()
		if len(told) != 1 {
			w.Errorf("told %d times", len(told))
		}
		bring("exists")
	})
}

// TestATableWithImportsConfirmsNothing: neither the strings, nor what the other system
// kept, nor its secret stand in any row; and another keyring does not know them.
func TestATableWithImportsConfirmsNothing(t *testing.T) {
	each(t, func(w world) {
		f := quick()
		f.Suffix = "a secret of the other system"
		sum := sha256.Sum256([]byte(theirs(1).Reveal() + f.Suffix))
		in := kept(1, func(in *api.ImportToken) { in.Hash = hex.EncodeToString(sum[:]) })
		officetest.Must(w.T, officetest.Second(w.ImportTokens(w.Ctx, w.Root, "acme", api.ImportTokens{Format: f, Tokens: []api.ImportToken{in}})))
		w.Allow(theirs(1))
		var rows bytes.Buffer
		officetest.Must(w.T, w.Store.Read(w.Ctx, func(r ledger.Reader) error {
			in, err := r.Instance()
			fmt.Fprintf(&rows, "%+v %q %q", in.Formats, in.Formats[0].Suffix, in.Formats[0].Recipe)
			if err != nil {
				return err
			}
			ts, err := r.Tokens(1, ledger.TokenQuery{Limit: 100})
			for _, t := range ts {
				secrets, err := r.Secrets(t.ID)
				if err != nil {
					return err
				}
				fmt.Fprintf(&rows, "%+v", secrets)
				for _, s := range secrets {
					fmt.Fprintf(&rows, "%x %s", s.Digest, s.Digest[:])
				}
			}
			return err
		}))
		for _, hidden := range []string{theirs(1).Reveal(), f.Suffix, hex.EncodeToString(sum[:]), string(sum[:]), base64.RawStdEncoding.EncodeToString(sum[:])} {
			if strings.Contains(rows.String(), hidden) {
				w.Error("a row holds what another system kept, or the string itself")
			}
		}
		other, err := token.GenerateKeyring(rand.Reader, w.Clock.Now())
		officetest.Must(w.T, err)
		other, err = other.Rotate(rand.Reader, w.Clock.Now())
		officetest.Must(w.T, err)
		var d verify.Decision
		err = verify.New(w.Office, other, verify.Config{Now: w.Clock.Now}).Verify(w.Ctx, &verify.Request{Token: theirs(1).Reveal()}, &d)
		if d.Matched {
			w.Errorf("another keyring knows the string: %v", err)
		}
	})
}

// TestAKeyThatWasTakenOutOfUseEndsItsStrings, and no others: what has no shape any more is
// malformed, and what lacks a key that others have is not decided.
func TestAKeyThatWasTakenOutOfUseEndsItsStrings(t *testing.T) {
	each(t, func(w world) {
		w.bring(kept(1))
		ask := func(keys *token.Keyring) (api.Code, error) {
			o := office.New(authority.Options{Store: w.Store, Keys: keys, Now: w.Clock.Now, Rand: rand.Reader})
			var d verify.Decision
			err := verify.New(o, keys, verify.Config{Now: w.Clock.Now}).Verify(w.Ctx, &verify.Request{Token: theirs(1).Reveal(), Cost: 1}, &d)
			return d.Code, err
		}
		more, err := w.Keys.Rotate(rand.Reader, w.Clock.Now())
		officetest.Must(w.T, err)
		if code, err := ask(more); code != api.CodeOK || err != nil {
			w.Errorf("with a newer key: %s, %v", code, err)
		}
		if code, err := ask(withoutFirst(w.T, more)); code != api.CodeMalformed || err != nil {
			w.Errorf("without the key: %s, %v", code, err)
		}
	})
}

// withoutFirst is a keyring without its first key.
func withoutFirst(t *testing.T, keys *token.Keyring) *token.Keyring {
	t.Helper()
	var file struct {
		Current int               `json:"current"`
		Keys    []json.RawMessage `json:"keys"`
	}
	officetest.Must(t, json.Unmarshal(keys.Marshal(), &file))
	file.Keys = file.Keys[1:]
	text, err := json.Marshal(file)
	officetest.Must(t, err)
	less, err := token.ParseKeyring(text)
	officetest.Must(t, err)
	return less
}

// TestAnImportedStringIsNotExplainedAsNoToken: what has the shape is told what to ask by.
func TestAnImportedStringIsNotExplainedAsNoToken(t *testing.T) {
	each(t, func(w world) {
		w.bring(kept(1))
		w.RefusedField(officetest.Second(w.Explain(w.Ctx, w.Root, "acme", api.ExplainRequest{Token: theirs(1).Reveal()})), api.CodeInvalidField, "token")
		out, err := w.Explain(w.Ctx, w.Root, "acme", api.ExplainRequest{Token: "new_" + theirs(1).Reveal()})
		officetest.Must(w.T, err)
		if out.Code != api.CodeMalformed {
			w.Errorf("%+v", out)
		}
	})
}
