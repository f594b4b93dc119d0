package tokens_test

import (
	"errors"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/office/officetest"
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
