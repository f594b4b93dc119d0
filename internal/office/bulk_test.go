package office_test

import (
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/office"
)

// TestWhatIsDoneToManyIsDoneToThoseThatItIsSomethingTo: who may, and of a token that is
// there to be stopped or renewed.
func TestWhatIsDoneToManyIsDoneToThoseThatItIsSomethingTo(t *testing.T) {
	t.Parallel()
	all := office.TokenAbilities{Edit: true, Disable: true, Enable: true, Rotate: true, Transfer: true, Remove: true, Reveal: true}
	for _, c := range []struct {
		action, status string
		can            office.TokenAbilities
		want           bool
	}{
		{api.BulkDisable, api.StatusActive, all, true},
		{api.BulkDisable, api.StatusDisabled, all, false},
		{api.BulkDisable, api.StatusExpired, all, false},
		{api.BulkRotate, api.StatusActive, all, true},
		{api.BulkRotate, api.StatusDisabled, all, true},
		{api.BulkRotate, api.StatusExpired, all, false},
		{api.BulkRevoke, api.StatusActive, all, true},
		{api.BulkRevoke, api.StatusExpired, all, true},
		{api.BulkDisable, api.StatusActive, office.TokenAbilities{Remove: true, Rotate: true}, false},
		{api.BulkRotate, api.StatusActive, office.TokenAbilities{Remove: true, Disable: true}, false},
		{api.BulkRevoke, api.StatusActive, office.TokenAbilities{Rotate: true, Disable: true}, false},
		{"erase", api.StatusActive, all, false},
	} {
		if got := c.can.Bulk(c.action, api.Token{Status: c.status}); got != c.want {
			t.Errorf("%s of one that is %s: %v", c.action, c.status, got)
		}
	}
}
