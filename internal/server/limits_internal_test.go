package server

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	tokenryclient "github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/cluster"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/httpapi"
	"github.com/tokenry/tokenry/internal/signin"
	"github.com/tokenry/tokenry/internal/store"
)

// TestAnAnswerArrivesBeforeTheConnectionEnds holds the order of the limits: with
// patience as long as the write timeout, "the database did not confirm it" was an
// empty reply.
func TestAnAnswerArrivesBeforeTheConnectionEnds(t *testing.T) {
	t.Parallel()
	const toWrite = 2 * time.Second
	if config.LongestLease+config.LongestStaleness > cluster.Longest {
		t.Errorf("a lease may be longer than %s, which is what a change waits when it cannot know", cluster.Longest)
	}
	// A change waits for its turn, for its commit, and for nodes that are silent.
	change := authority.TurnTime + store.Patience + cluster.Longest + cluster.Margin(cluster.Longest)
	if longest := max(httpapi.RequestTime, readTimeout) + change + toWrite; longest > writeTimeout {
		t.Errorf("an answer takes up to %s and the connection ends after %s", longest, writeTimeout)
	}
	if authority.BatchTime >= store.Patience {
		t.Errorf("a batch may take %s before its commit, and the store has %s for both", authority.BatchTime, store.Patience)
	} // Who signs in by a provider, or is invited, waits for others besides: the one
	// for a provider before the change, the other, within the time of the request,
	// for the mail server after it.
	if longest := signin.ProviderTime + change + toWrite; longest > writeTimeout {
		t.Errorf("signing in by a provider takes up to %s and the connection ends after %s", longest, writeTimeout)
	}
	if longest := pageTime + change + toWrite; longest > writeTimeout {
		t.Errorf("a page takes up to %s and the connection ends after %s", longest, writeTimeout)
	}
	if longest := change + toWrite; longest > tokenryclient.DefaultTimeout {
		t.Errorf("the SDK gives up after %s, and an answer takes up to %s", tokenryclient.DefaultTimeout, longest)
	}
}

// TestAFormHasAnEnd: what it asks for, a mail for one, ends in time to be answered.
func TestAFormHasAnEnd(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]bool{http.MethodPost: true, http.MethodGet: false} { // an export may take long
		pages := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if _, has := r.Context().Deadline(); has != want {
				t.Errorf("a %s has an end: %v", method, has)
			}
		})
		(&Server{}).route(nil, pages, nil).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "/workspaces", nil))
	}
}
