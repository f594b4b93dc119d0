package insight_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/token"
)

// TestExplainKnowsTheTermsOfAStringAndNotOfARequest: of a request that is past, what was
// presented is not kept, and that is said.
func TestExplainKnowsTheTermsOfAStringAndNotOfARequest(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		s, err := token.Derive(i.Secret, token.Terms{Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
		officetest.Must(w.T, err)
		if got := w.Use(s, "198.51.100.7", "tickets:read"); got != api.CodeIPDenied {
			w.Errorf("verified as %s", got)
		}
		v := w.Explained(api.ExplainRequest{Token: s.Reveal(), Scopes: []string{"tickets:read"}, Resource: "any", Client: &api.Client{IP: "198.51.100.7"}})
		if v.Code != api.CodeIPDenied || !strings.HasPrefix(remedyOf(v), "Derive another one") || !strings.HasPrefix(v.Masked, "tkyw_") {
			w.Errorf("the string: %s, %s, %s", v.Code, remedyOf(v), v.Masked)
		}
		v = w.Explained(api.ExplainRequest{Token: s.Reveal(), Scopes: []string{"tickets:read"}, Resource: "any", Client: &api.Client{IP: "192.0.2.7"}})
		if !v.Allowed {
			w.Errorf("from an address of the terms: %s", v.Code)
		}
		v = w.Explained(api.ExplainRequest{RequestID: w.Request})
		if !v.Allowed || v.Decision == nil || v.Decision.Code != api.CodeIPDenied || !strings.Contains(v.Checks[1].Detail, "explain the string itself") {
			w.Errorf("the request: %s, %+v, %+v", v.Code, v.Decision, v.Checks[1])
		}
		w.Request = "req_whole"
		if got := w.Use(i.Secret, "198.51.100.7", "tickets:read"); got != api.CodeOK {
			w.Errorf("the token is verified as %s", got)
		}
		if v := w.Explained(api.ExplainRequest{RequestID: w.Request}); v.Checks[1].Detail != "The secret was right." {
			w.Errorf("the token itself: %+v", v.Checks[1])
		}
	})
}
