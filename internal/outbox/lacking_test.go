package outbox_test

import (
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// Weakness: one endpoint whose signing secret is under a key that is not here ended
// every claim, so that nobody's events were delivered. Proved: its deliveries wait for a
// node that can sign them, and the others are made.
func TestAnEndpointThatCannotBeSignedForHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		newer, _ := w.Newer()
		theirs, err := newer.CreateWebhook(w.Ctx, w.Root, officetest.Acme(), officetest.Hook("token.*"))
		officetest.Must(w.T, err)
		ours, err := w.CreateWebhook(w.Ctx, w.Root, officetest.Acme(), officetest.Hook("token.*"))
		officetest.Must(w.T, err)
		w.Create(w.Root, officetest.Ask("personal", ""))
		claim := ledger.PostClaim{Each: 5, Healthy: 5}
		posts, err := w.ClaimPosts(w.Ctx, claim, time.Minute)
		officetest.Must(w.T, err)
		if len(posts) != 1 {
			w.Fatalf("%d deliveries were claimed, want that of the endpoint %s alone", len(posts), ours.Webhook.ID)
		}
		w.Clock.Pass(2 * time.Minute)
		posts, err = newer.ClaimPosts(w.Ctx, claim, time.Minute)
		officetest.Must(w.T, err)
		for _, p := range posts {
			if p.Attempt == 1 {
				return
			}
		}
		w.Errorf("the delivery of %s was not claimed, as a first attempt, where it can be signed: %+v", theirs.Webhook.ID, posts)
	})
}
