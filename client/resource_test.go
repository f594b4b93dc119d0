package client_test

import (
	"strings"
	"testing"

	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/grant"
)

// TestTheMiddlewareAndTheServerKnowAResourceByTheSameName. The SDK spells the rule
// anew, because it links nothing of the server; where the two differed, a request
// would be refused here for a resource that the server knows, or asked about another.
func TestTheMiddlewareAndTheServerKnowAResourceByTheSameName(t *testing.T) {
	t.Parallel()
	agree := func(s string) {
		if got, want := client.ResourceName(s), grant.ValidResource(s); got != want {
			t.Errorf("%q: the middleware says %t, the server %t", s, got, want)
		}
	}
	for r := range rune(0x300) {
		c := string(r)
		for _, s := range []string{c, "a" + c, c + "a", "a" + c + "a"} {
			agree(s)
		}
	}
	for b := range 256 { // bytes that are no UTF-8
		agree("a" + string([]byte{byte(b)}))
	}
	for _, n := range []int{1, 127, 128, 129, 1000} {
		agree(strings.Repeat("a", n))
		agree(strings.Repeat("ä", n))
	}
}
