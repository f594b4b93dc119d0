package verify_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// alike is a crowd whose tokens have one owner.
type alike struct{ *crowd }

func (a alike) VerifyToken(ctx context.Context, l token.Locator) (verify.Token, int64, error) {
	t, revision, err := a.crowd.VerifyToken(ctx, l)
	t.Owner.ID, t.Workspace = 1, 1
	return t, revision, err
}

// Not parallel: it measures the heap. So many tokens are just too many for the tables of the
// index, which therefore are as empty as they ever are.
func TestATokenTakesAtMost160Bytes(t *testing.T) {
	const n = 42_500
	o := open(t, verify.Config{})
	c := newCrowd(t, o.keys, n)
	before := heap()
	e := verify.New(alike{c}, o.keys, verify.Config{CacheSize: 16 << 20})
	var d verify.Decision
	for _, s := range c.secrets {
		must(t, e.Verify(t.Context(), &verify.Request{Token: s}, &d))
	}
	took, told := float64(heap()-before)/n, float64(e.Stats().Bytes)/n
	t.Logf("a token takes %.1f bytes of the heap, and is told to take %.1f", took, told)
	if s := e.Stats(); s.Tokens != n || s.Evictions != 0 || took > 160 || told < took*0.95 || told > 160 {
		t.Errorf("%.1f bytes a token, told as %.1f, of %+v", took, told, s)
	}
	runtime.KeepAlive(c)
}

// Not parallel: it measures the heap. Each token has rights and metadata of its own, and one
// in use stays while others come, also where plain ones have taken every slot.
func TestWhatTokensShareIsWithinTheSameBound(t *testing.T) {
	const room = 1 << 20
	for _, plain := range []int{0, room / 192} {
		o := open(t, verify.Config{CacheSize: room})
		before := heap()
		for range plain {
			_, secret := o.issue(nil)
			o.expect(api.CodeOK, bearer(secret))
		}
		if s := o.Stats(); s.Tokens != plain || s.Evictions != 0 || s.Bytes > room || s.Room != room {
			t.Fatalf("of plain tokens: %+v", s)
		}
		o.fillWithOwn(1_500, room)
		o.derives.Clear()
		o.set(func() { o.source.tokens, o.source.reads = nil, nil }) // the rows count for nothing
		end, took := o.Stats(), int64(heap()-before)
		t.Logf("after %d plain ones: %d bytes of the heap for %+v", plain, took, end)
		if took > room*5/4 || end.Bytes > room+8<<10 || end.Tokens < 50 {
			t.Errorf("after %d plain ones: %d bytes of the heap for %+v", plain, took, end)
		}
		runtime.KeepAlive(o)
	}
}

// fillWithOwn verifies so many tokens that share nothing, and one in between all the time.
func (o *office) fillWithOwn(n int, room int64) {
	o.t.Helper()
	hot, used := o.issue(nil)
	for i := range n {
		l, secret := o.issue(func(t *verify.Token) {
			t.Statements = on([]string{fmt.Sprintf("a-resource-with-a-long-name-%d", i)}, "tickets:read", "tickets:write")
			t.Metadata = fmt.Appendf(nil, `{"note":"%01000d"}`, i)
		})
		o.expect(api.CodeOK, bearer(secret))
		o.expect(api.CodeOK, bearer(used))
		if s := o.Stats(); s.Bytes > room+8<<10 {
			o.t.Fatalf("after %d: %+v", i, s)
		}
		if i%100 == 0 { // what is known of it is never older than its row
			o.edit(l, func(t *verify.Token) { t.Revoked = true })
			o.expect(api.CodeRevoked, bearer(secret))
		}
	}
	if reads := o.readsOf(hot); reads != 1 {
		o.t.Errorf("a token in use was read %d times", reads)
	}
}

// TestWhoWaitsForTheDatabaseIsCounted: once for each verification, known or not, and
// nobody else.
func TestWhoWaitsForTheDatabaseIsCounted(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	_, secret := o.issue(nil)
	_, garbage := o.mint()
	for range 3 {
		o.expect(api.CodeOK, bearer(secret))
		o.expect(api.CodeUnknown, bearer(garbage))
		o.expect(api.CodeMalformed, bearer("x"))
	}
	if s := o.Stats(); s.Misses != 2 {
		t.Errorf("%+v", s)
	}
}
