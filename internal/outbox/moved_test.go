package outbox_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/outbox"
)

// moves gives an endpoint another address.
func (w *world) moves(id, to string) {
	w.Helper()
	officetest.Must(w.T, officetest.Second(w.EditWebhook(w.Ctx, w.Root, officetest.Acme(), id, api.EditWebhook{URL: api.Some(to)})))
}

// claims takes so many of an endpoint's deliveries.
func (w *world) claims(n int, lease time.Duration) []outbox.Post {
	w.Helper()
	posts, err := w.ClaimPosts(w.Ctx, ledger.PostClaim{Each: n, Healthy: n, Failing: n}, lease)
	officetest.Must(w.T, err)
	return posts
}

// boards puts a resource on board and sends nothing.
func (w *world) boards(names ...string) {
	w.Helper()
	for _, name := range names {
		officetest.Must(w.T, officetest.Second(w.OnboardResource(w.Ctx, w.Root, "acme", api.CreateResource{Name: name})))
	}
}

// TestAnAddressAnswersForItselfAlone: what the address of before answers, which was asked
// before it was replaced, says nothing of the one of now.
func TestAnAddressAnswersForItselfAlone(t *testing.T) {
	t.Parallel()
	for what, outcome := range map[string]outbox.Outcome{
		"410 Gone": {Gone: true},
		"failed":   {RetryAt: time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)},
	} {
		w := one(t)
		h, _ := w.listen("resource.created")
		w.boards("a")
		asked := w.claims(1, time.Minute)
		w.moves(h.ID, "https://elsewhere.example.com/y")
		officetest.Must(t, w.SettlePost(w.Ctx, asked[0], outcome))
		if v := w.hook(h.ID); !v.Enabled || v.FailingSince != nil {
			t.Errorf("the old address %s: %+v", what, v)
		}
		if again := w.claims(1, time.Minute); len(again) != 1 || again[0].URL != "https://elsewhere.example.com/y" || again[0].Message != asked[0].Message {
			t.Errorf("the old address %s, and the new one is sent %+v", what, again)
		}
	}
}

// TestANewAddressHasAWeekOfItsOwn: days in which the address of before failed are not
// counted against it.
func TestANewAddressHasAWeekOfItsOwn(t *testing.T) {
	t.Parallel()
	w := one(t)
	h, _ := w.listen("resource.created")
	fail := func(name string) api.Webhook {
		w.endpoint = outbox.Outcome{RetryAt: w.Clock.Now().Add(100 * day)}
		w.board(name)
		return w.hook(h.ID)
	}
	fail("a")
	w.Clock.Pass(6 * day)
	w.moves(h.ID, h.URL) // the same
	if v := w.hook(h.ID); v.FailingSince == nil {
		t.Error("its own address, written again, forgets its failures")
	}
	w.moves(h.ID, "https://elsewhere.example.com/y")
	if v := w.hook(h.ID); v.FailingSince != nil {
		t.Errorf("moved, and failing since %v", v.FailingSince)
	}
	w.Clock.Pass(2 * day)
	if v := fail("b"); !v.Enabled {
		t.Errorf("disabled by its first failure: %v", *v.DisabledReason)
	}
	w.Clock.Pass(7 * day)
	if v := fail("c"); v.Enabled {
		t.Error("enabled after a week of its own")
	}
}

// TestADeliveryIsClaimedByOne: of two who ask at the same time, and of one who asks while
// the other is at it; of one whose claim has run out, by the next, under the same id.
func TestADeliveryIsClaimedByOne(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.listen("resource.created")
	w.boards("a")
	var mu sync.Mutex
	var won []outbox.Post
	var both sync.WaitGroup
	for range 4 {
		both.Go(func() {
			posts, err := w.ClaimPosts(w.Ctx, ledger.PostClaim{Each: 5, Healthy: 5}, time.Minute)
			mu.Lock()
			defer mu.Unlock()
			if won = append(won, posts...); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if len(won) != 1 {
		t.Fatalf("%d claims of one delivery", len(won))
	}
	w.Clock.Pass(time.Minute - time.Microsecond)
	if got := w.claims(5, time.Minute); len(got) != 0 {
		t.Errorf("claimed while somebody is at it: %+v", got)
	}
	w.Clock.Pass(time.Microsecond)
	again := w.claims(5, time.Minute)
	if len(again) != 1 || again[0].Message != won[0].Message || again[0].Attempt != 2 {
		t.Fatalf("after its lease: %+v", again)
	}
	officetest.Must(t, w.SettlePost(w.Ctx, won[0], outbox.Outcome{Gone: true})) // too late, and not believed
	if h, err := w.GetWebhook(w.Ctx, w.Root, officetest.Acme(), w.only().ID); err != nil || !h.Enabled {
		t.Errorf("whose lease is over has settled it: %+v, %v", h, err)
	}
	officetest.Must(t, w.SettlePost(w.Ctx, again[0], outbox.Outcome{Delivered: true}))
	officetest.Must(t, w.SettlePost(w.Ctx, again[0], outbox.Outcome{Gone: true})) // a second time
	if got := w.deliveries(w.only().ID); !slices.Equal(got, []string{api.DeliveryDelivered}) {
		t.Errorf("it is %v", got)
	}
}

// only is the endpoint of acme.
func (w *world) only() api.Webhook {
	w.Helper()
	all, _, err := w.ListWebhooks(w.Ctx, w.Root, officetest.Acme(), officetest.Page(0))
	officetest.Must(w.T, err)
	if len(all) != 1 {
		w.Fatalf("%d endpoints", len(all))
	}
	return all[0]
}

// TestNoEndpointKeepsTheOthersWaiting: each gets its share, those that fail have turns of
// their own, and a revision is taken only where something is due.
func TestNoEndpointKeepsTheOthersWaiting(t *testing.T) {
	t.Parallel()
	w := one(t)
	for range 2 {
		w.listen("resource.created")
	}
	w.boards("a", "b", "c")
	count := func(c ledger.PostClaim) map[ledger.ID]int {
		posts, err := w.ClaimPosts(w.Ctx, c, time.Minute)
		officetest.Must(t, err)
		n := map[ledger.ID]int{}
		for _, p := range posts {
			n[p.Endpoint]++
			officetest.Must(t, w.SettlePost(w.Ctx, p, outbox.Outcome{Delivered: true}))
		}
		return n
	}
	for _, n := range count(ledger.PostClaim{Each: 1, Healthy: 9, Failing: 9}) {
		if n != 1 {
			t.Errorf("one each: %d", n)
		}
	}
	if n := count(ledger.PostClaim{Each: 9, Healthy: 0, Failing: 9}); len(n) != 0 {
		t.Errorf("of those that fail, where none does: %v", n)
	}
	if n := count(ledger.PostClaim{Each: 9, Healthy: 9, Failing: 9}); len(n) != 2 {
		t.Errorf("what was left: %v", n)
	}
	before := w.revision()
	if n := count(ledger.PostClaim{Each: 9, Healthy: 9, Failing: 9}); len(n) != 0 || w.revision() != before {
		t.Errorf("nothing was due: %v, and %d revisions passed", n, w.revision()-before)
	}
	if _, err := w.ClaimLetters(w.Ctx, outbox.LetterClaim{Limit: 9}, time.Minute); err != nil || w.revision() != before {
		t.Errorf("no mail was due: %v, and %d revisions passed", err, w.revision()-before)
	}
}

// revision is that of the head row.
func (w *world) revision() (n int64) {
	w.Helper()
	officetest.Must(w.T, w.Store.Read(w.Ctx, func(r ledger.Reader) error { n = r.Revision(); return nil }))
	return n
}

// TestWhatIsDueNextIsKnown: a sender sleeps until then, and not for ever.
func TestWhatIsDueNextIsKnown(t *testing.T) {
	t.Parallel()
	w := one(t)
	next := func() time.Time {
		w.Helper()
		at, err := w.NextNotification(w.Ctx)
		officetest.Must(t, err)
		return at
	}
	if at := next(); !at.IsZero() {
		t.Errorf("nothing is due, and it says %v", at)
	}
	h, _ := w.listen("resource.created")
	w.boards("a")
	if at := next(); !at.Equal(w.Clock.Now()) {
		t.Errorf("one is due, and it says %v", at)
	}
	claimed := w.claims(1, time.Minute)
	if at := next(); !at.Equal(w.Clock.Now().Add(time.Minute)) {
		t.Errorf("one is being sent, and it says %v", at)
	}
	later := w.Clock.Now().Add(time.Hour)
	officetest.Must(t, w.SettlePost(w.Ctx, claimed[0], outbox.Outcome{RetryAt: later}))
	if at := next(); !at.Equal(later) {
		t.Errorf("one is tried again in an hour, and it says %v", at)
	}
	officetest.Must(t, officetest.Second(w.DeleteWebhook(w.Ctx, w.Root, officetest.Acme(), h.ID)))
	if at := next(); !at.IsZero() {
		t.Errorf("its endpoint is gone, and it says %v", at)
	}
}
