package tokens_test

import (
	"errors"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/token"
)

// TestABulkCallThatWasBrokenOffGoesOn: what was told was done, the rest was not
// touched, and the same call does the rest.
func TestABulkCallThatWasBrokenOffGoesOn(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		enough := errors.New("enough")
		for _, action := range []string{api.BulkDisable, api.BulkRevoke} {
			for range 7 {
				w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
			}
			in := api.BulkTokens{Action: action, Filter: &api.TokenFilter{Kind: api.Some("workspace")}}
			told := 0
			err := w.BulkTokens(w.Ctx, w.Root, "acme", in, func(r api.BulkResult) error {
				if told++; r.Code != api.CodeOK || told == 3 {
					return enough
				}
				return nil
			})
			if !errors.Is(err, enough) || told != 3 {
				w.Fatalf("%s: %d told, %v", action, told, err)
			}
			rest := 0
			officetest.Must(w.T, w.BulkTokens(w.Ctx, w.Root, "acme", in, func(api.BulkResult) error { rest++; return nil }))
			if want := map[string]int{api.BulkDisable: 4, api.BulkRevoke: 11}[action]; rest != want {
				w.Errorf("%s: %d were left to do, want %d", action, rest, want)
			}
		}
	})
}

// TestABulkRotationThatIsSentAgainRotatesNoneTwice: with an Idempotency-Key whoever lost the
// answer gets secrets in place of the lost ones; what works is still what worked before, the
// lost secrets are void, and a token whose new secret is in use is left alone.
func TestABulkRotationThatIsSentAgainRotatesNoneTwice(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		var before []authority.Issued
		in := api.BulkTokens{Action: api.BulkRotate}
		for range 3 {
			i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
			before, in.IDs = append(before, i), append(in.IDs, i.Token.ID)
		}
		key := func(name string) authority.Caller {
			c := w.Root
			c.Retry = authority.Retry{Key: name, Route: "POST /bulk", Body: [32]byte{1}}
			return c
		}
		rotate := func(c authority.Caller) (out []api.BulkResult) {
			w.Helper()
			officetest.Must(w.T, w.BulkTokens(w.Ctx, c, "acme", in, func(r api.BulkResult) error {
				out = append(out, r)
				return nil
			}))
			return out
		}
		secret := func(r api.BulkResult) token.Secret {
			w.Helper()
			if r.Code != api.CodeOK {
				w.Fatalf("%+v", r)
			}
			return token.NewSecret(r.Secret)
		}
		lost := rotate(key("a"))
		w.Allow(secret(lost[2]))
		again := rotate(key("a"))
		if again[2].Code != api.CodeIdempotencyKeyUsed || again[2].Secret != "" {
			w.Errorf("a secret that is in use: %+v", again[2])
		}
		for i := range 2 {
			if again[i].Code != api.CodeOK || again[i].Secret == lost[i].Secret {
				w.Fatalf("sent again: %+v", again[i])
			}
			w.Allow(before[i].Secret)
			w.Allow(secret(again[i]))
			w.Deny(api.CodeUnknown, secret(lost[i]))
		}
		w.Allow(secret(lost[2]))
		w.Allow(before[2].Secret)
		in.IDs = append(in.IDs, before[0].Token.Locator, before[1].Token.ID)
		other := rotate(key("b")) // another name is another rotation, and one that is named twice is rotated once
		if len(other) != 3 {
			w.Errorf("%d rotations of 3 tokens", len(other))
		}
		for _, r := range other {
			if r.Code != api.CodeOK {
				w.Errorf("another name: %+v", r)
			}
		}
		c := key("a")
		c.Retry.Body = [32]byte{2}
		if got := rotate(c); got[0].Code != api.CodeIdempotencyKeyReused {
			w.Errorf("the name of another request: %+v", got[0])
		}
	})
}
