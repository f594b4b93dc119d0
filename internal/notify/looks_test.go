package notify_test

import (
	"context"
	"crypto/rand"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/notify"
	"github.com/tokenry/tokenry/internal/outbox"
)

// nothing is an authority that has nothing to send, which counts how often it was asked.
type nothing struct {
	notify.Authority
	posts atomic.Int64
}

func (q *nothing) ClaimPosts(context.Context, ledger.PostClaim, time.Duration) ([]outbox.Post, error) {
	q.posts.Add(1)
	return nil, nil
}

func (q *nothing) NextNotification(context.Context) (time.Time, error)    { return time.Time{}, nil }
func (q *nothing) NoticeExpiring(context.Context, time.Time) (int, error) { return 0, nil }
func (q *nothing) ForgetNotifications(context.Context) error              { return nil }

// TestManyChangesAreLookedAtTogether: one that comes alone at once, a thousand within a second
// no oftener than four times, and the last of them is not overlooked.
func TestManyChangesAreLookedAtTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &nothing{}
		s, err := notify.New(notify.Options{Authority: q, Now: time.Now, Rand: rand.Reader, BaseURL: "https://tokens.example"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go func() { _ = s.Run(ctx) }()
		pass := func(d time.Duration) {
			<-time.After(d)
			synctest.Wait()
		}
		pass(10 * time.Second)
		before := q.posts.Load()
		s.Wake()
		if synctest.Wait(); q.posts.Load() != before+1 {
			t.Errorf("one change was looked at %d times", q.posts.Load()-before)
		}
		pass(10 * time.Second)
		before = q.posts.Load()
		for range 1000 {
			s.Wake()
			pass(time.Millisecond)
		}
		if n := q.posts.Load() - before; n < 3 || n > 5 {
			t.Errorf("a thousand changes within a second were looked at %d times", n)
		}
		pass(time.Second)
		before = q.posts.Load()
		s.Wake()
		s.Wake()
		pass(time.Second)
		if n := q.posts.Load() - before; n != 1 && n != 2 {
			t.Errorf("two changes were looked at %d times", n)
		}
	})
}
