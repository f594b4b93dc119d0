package usage_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/usage"
	"github.com/tokenry/tokenry/token"
)

func TestAUseIsToldInAllItsAspects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Record(w.use(1))
	denied := w.use(1)
	denied.Code, denied.Addr = api.CodeInsufficientScope, netip.MustParseAddr("::ffff:198.51.100.7")
	w.Record(denied)
	w.flush()
	b := w.store.all()[0]
	if b.ID != "node-1/1" || !b.At.Equal(w.now()) {
		t.Errorf("the batch is %s of %v", b.ID, b.At)
	}
	if len(b.Last) != 1 || b.Last[0].Secret != 1 || b.Last[0].Agent != "curl/8" || b.Last[0].Addr.String() != "192.0.2.1" || !b.Last[0].At.Equal(w.now()) {
		t.Errorf("last used: %+v", b.Last)
	}
	if len(b.Scopes) != 1 || b.Scopes[0].Scope != "tickets:read" || b.Scopes[0].Count != 1 {
		t.Errorf("scopes: %+v", b.Scopes)
	}
	if len(b.Activity) != 2 || b.Activity[0].Path != "/tickets" || !b.Activity[0].Day.Equal(time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("activity: %+v", b.Activity)
	}
	if len(b.Denials) != 1 || b.Denials[0].Code != api.CodeInsufficientScope || b.Denials[0].Addr.String() != "198.51.100.7" ||
		b.Denials[0].Scopes[0] != "tickets:read" || b.Denials[0].Path != "/tickets" {
		t.Errorf("denials: %+v", b.Denials)
	}
	w.wants(map[api.Code]int64{api.CodeOK: 1, api.CodeInsufficientScope: 1})
	w.flush()
	if n := len(w.store.all()); n != 1 {
		t.Errorf("nothing happened, and %d batches were written", n)
	}
}

func TestAPeekIsNoUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.use(1)
	u.Peek = true
	w.Record(u)
	unanswered := w.use(1)
	unanswered.Code = api.CodeUnavailable
	w.Record(unanswered)
	w.flush()
	w.wants(map[api.Code]int64{})
	if n := len(w.Decisions("req_1")); n != 2 {
		t.Errorf("%d decisions are remembered, want both", n)
	}
}

func TestAStrangerMakesNoRowsByAForeignLocator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 100 {
		u := w.use(i)
		u.Matched, u.Secret, u.Code = false, 0, api.CodeUnknown
		w.Record(u)
	}
	w.flush()
	b := w.store.all()[0]
	if len(b.Last)+len(b.Scopes)+len(b.Activity) != 0 || len(b.Hours) != 1 || !b.Hours[0].Token.IsZero() {
		t.Errorf("a wrong secret left %+v", b)
	}
	if len(b.Denials) != 100 {
		t.Errorf("%d denials, want each singly", len(b.Denials))
	}
}

func TestReuseOfARetiredSecretIsCountedAndTold(t *testing.T) {
	t.Parallel()
	var told []ledger.Reuse
	w := newWorld(t, func(c *usage.Config) {
		c.Reused = func(_ context.Context, rs []ledger.Reuse) { told = append(told, rs...) }
	})
	u := w.use(1)
	u.Code = api.CodeRetired
	for range 3 {
		w.Record(u)
	}
	w.flush()
	if len(told) != 1 || told[0].Count != 3 || told[0].Secret != 1 || told[0].Addr != u.Addr {
		t.Errorf("told %+v", told)
	}
	if last := w.store.all()[0].Last; len(last) != 0 {
		t.Errorf("a refused use is the last use: %+v", last)
	}
}

// TestManyAtOnce is ten thousand decisions a second for five seconds, from many
// goroutines, while it is written.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const writers, each = 20, 2500
	var wg sync.WaitGroup
	for g := range writers {
		wg.Go(func() {
			for i := range each {
				u := w.use(i % 50)
				if (g+i)%5 == 0 {
					u.Code = api.CodeRateLimited
				}
				w.Record(u)
				if g == 0 && i%1000 == 999 {
					_ = w.Flush(context.Background()) // what fails would be counted below
				}
			}
		})
	}
	wg.Wait()
	w.flush()
	w.wants(map[api.Code]int64{api.CodeOK: writers * each * 4 / 5, api.CodeRateLimited: writers * each / 5})
	if _, n := w.store.counts(); n != writers*each {
		t.Errorf("activity of %d, want %d", n, writers*each)
	}
	rows := 0
	for _, b := range w.store.all() {
		rows += len(b.Hours) + len(b.Activity) + len(b.Last) + len(b.Scopes)
	}
	if rows > writers*each/10 {
		t.Errorf("%d uses were written as %d rows", writers*each, rows)
	}
	if s := w.Stats(); s.Recorded != writers*each || s.Dropped+s.Coalesced != 0 {
		t.Errorf("stats: %+v", s)
	}
}

func TestAStoreThatFailsLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	down := fmt.Errorf("%w: down", ledger.ErrStoreUnavailable)
	for range 10 {
		w.store.set(down, nil)
		w.Record(w.use(1))
		if err := w.Flush(t.Context()); !errors.Is(err, down) {
			t.Fatalf("a failure answered %v", err)
		}
		w.Record(w.use(2))
		// Taken, but the answer got lost: it is sent again and counts once.
		w.store.set(nil, ledger.ErrOutcomeUnknown)
		if err := w.Flush(t.Context()); err == nil {
			t.Fatal("an unknown outcome was taken for success")
		}
	}
	if s := w.Stats(); s.Behind < 0 || s.Failed != 20 {
		t.Errorf("stats: %+v", s)
	}
	w.store.set(nil, nil)
	w.flush()
	w.wants(map[api.Code]int64{api.CodeOK: 20})
	if s := w.Stats(); s.Behind != 0 {
		t.Errorf("behind by %v after all was written", s.Behind)
	}
}

func TestABatchThatIsRefusedForeverHoldsNothingUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.set(errors.New("a value does not fit"), nil)
	w.Record(w.use(1))
	for range 4 {
		if err := w.Flush(t.Context()); err == nil {
			t.Fatal("given up too early")
		}
	}
	if err := w.Flush(t.Context()); err != nil {
		t.Errorf("not given up: %v", err)
	}
	w.store.set(nil, nil)
	w.Record(w.use(2))
	w.flush()
	w.wants(map[api.Code]int64{api.CodeOK: 1})
	if s := w.Stats(); s.Dropped == 0 {
		t.Error("the drop is not counted")
	}
}

// TestHostileCardinality presents what nobody can keep apart.
func TestHostileCardinality(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.set(ledger.ErrStoreUnavailable, nil)
	const uses = 30_000
	long := strings.Repeat("é", 400)
	for i := range uses {
		u := w.use(i % 3)
		u.Agent, u.Path = fmt.Sprintf("%d %s", i, long), fmt.Sprintf("/%d/%s?q=%d", i, long, i)
		u.Scopes = []string{fmt.Sprintf("n%d:read", i)}
		u.Addr = netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		if i%2 == 0 {
			u.Code = api.CodeIPDenied
		}
		w.Record(u)
		if i%5000 == 0 {
			_ = w.Flush(t.Context()) // it fails, and collects
		}
	}
	_ = w.Flush(t.Context())
	w.store.set(nil, nil)
	w.flush()
	w.wants(map[api.Code]int64{api.CodeOK: uses / 2, api.CodeIPDenied: uses / 2})
	if _, n := w.store.counts(); n != uses {
		t.Errorf("activity of %d, want all %d", n, uses)
	}
	for _, b := range w.store.all() {
		if len(b.Activity) > 4*ledger.ActivityBound || len(b.Scopes) > 4*ledger.ScopeBound || len(b.Denials) > 16*ledger.DenialBound {
			t.Errorf("a batch has %d, %d and %d rows", len(b.Activity), len(b.Scopes), len(b.Denials))
		}
		for _, a := range b.Activity {
			if len(a.Agent) > 200 || len(a.Path) > 200 {
				t.Fatalf("texts of %d and %d bytes", len(a.Agent), len(a.Path))
			}
		}
	}
	if s := w.Stats(); s.Coalesced == 0 || s.Dropped == 0 {
		t.Errorf("what was not kept apart is not counted: %+v", s)
	}
}

// TestManyTokens has more tokens than there is room for between two writes.
func TestManyTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const tokens = 300_000
	for i := range tokens {
		w.Record(w.use(i))
	}
	w.flush()
	w.wants(map[api.Code]int64{api.CodeOK: tokens})
	b := w.store.all()[0]
	if len(b.Last) > 16*4096 || len(b.Hours) > 2*16*8192 {
		t.Errorf("%d last uses and %d hours", len(b.Last), len(b.Hours))
	}
	if s := w.Stats(); s.Dropped == 0 || s.Coalesced == 0 {
		t.Errorf("stats: %+v", s)
	}
}

func TestSecretsAreNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const secret = "tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7"
	for _, path := range []string{"/r/" + secret + "/x", "/" + strings.Repeat("a", 170) + "/" + secret, "/b\x00\xff\nc"} {
		u := w.use(1)
		u.Code, u.Path, u.Agent, u.RequestID = api.CodeExpired, path, "curl "+secret, "req "+secret
		w.Record(u)
	}
	w.flush()
	told := fmt.Sprintf("%+v", w.store.all())
	if strings.Contains(told, "KLMNOPQRST") || strings.Contains(told, "Lmnopqrst") {
		t.Errorf("a secret is kept: %s", told)
	}
	for _, want := range []string{"/r/tkyp_01234", "/b\uFFFD\uFFFD\uFFFDc"} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is missing in %s", want, told)
		}
	}
}

func TestItIsWrittenInTimeAndOnShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *usage.Config) { c.Now = time.Now })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { w.Recorder.Run(ctx); close(done) }()
		w.Record(w.use(1))
		start := time.Now()
		<-w.store.took
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("written after %v", d)
		}
		cancel()
		<-done
		w.Record(w.use(1))
		w.store.set(ledger.ErrStoreUnavailable, nil)
		time.AfterFunc(3*time.Second, func() { w.store.set(nil, nil) })
		if err := w.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		w.wants(map[api.Code]int64{api.CodeOK: 2})
		w.Record(w.use(1))
		w.store.set(ledger.ErrStoreUnavailable, nil)
		short, end := context.WithTimeout(context.Background(), time.Second)
		defer end()
		if err := w.Shutdown(short); !errors.Is(err, ledger.ErrStoreUnavailable) {
			t.Errorf("a shutdown that could not write answered %v", err)
		}
	})
}

// What ends a token by policy is not kept waiting, and cannot be made to write
// without a pause.
func TestTheUseOfARetiredSecretIsToldAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		told := 0
		w := newWorld(t, func(c *usage.Config) {
			c.Now = time.Now
			c.Interval = time.Hour
			c.Reused = func(context.Context, []ledger.Reuse) { told++ }
		})
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { w.Recorder.Run(ctx) })
		for i := range 3 {
			u := w.use(i)
			u.At, u.Code = time.Now(), api.CodeRetired
			w.Record(u)
			synctest.Wait()
		}
		if told != 1 {
			t.Errorf("told %d times within a moment, want once", told)
		}
		cancel()
		running.Wait()
	})
}

func TestAttemptsBackOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *usage.Config) { c.Now = time.Now })
		w.store.set(ledger.ErrStoreUnavailable, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		w.Record(w.use(1))
		w.Recorder.Run(ctx)
		if n := w.Stats().Failed; n < 15 || n > 40 {
			t.Errorf("%d attempts in ten minutes", n)
		}
	})
}

func TestOldUsageIsTidiedUpOnceInAnHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *usage.Config) {
			c.Now = time.Now
			c.Retention = func(context.Context) (map[int64]time.Duration, error) {
				return map[int64]time.Duration{7: 400 * 24 * time.Hour}, nil
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Minute)
		defer cancel()
		w.Recorder.Run(ctx)
		// The bubble's clock begins in the year 2000.
		want := "hours before 1999-11-27|workspace 7 before 1998-11-27"
		if got := strings.Join(w.store.tidied, "|"); got != strings.Repeat(want+"|", 2)+want {
			t.Errorf("tidied: %s", got)
		}
	})
}

func TestTheLastDecisionsAreRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *usage.Config) { c.Decisions = 10 })
	for i := range 25 {
		u := w.use(i)
		u.RequestID, u.Resource = fmt.Sprintf("req_%d", i/2), "payments"
		w.Record(u)
	}
	if d := w.Decisions("req_3"); len(d) != 0 {
		t.Errorf("an old one is there still: %+v", d)
	}
	d := w.Decisions("req_11")
	if len(d) != 2 || d[0].Token != loc(23) || d[1].Token != loc(22) {
		t.Fatalf("decisions: %+v", d)
	}
	if d[0].Scopes[0] != "tickets:read" || d[0].Resource != "payments" || d[0].Route != "verify" || d[0].Workspace != 7 || !d[0].Matched {
		t.Errorf("decision: %+v", d[0])
	}
	if len(w.Decisions("")) != 0 {
		t.Error("the empty request id names decisions")
	}
}

func TestRecordDoesNotAllocate(t *testing.T) {
	w := newWorld(t)
	u := w.use(1)
	denied := u
	denied.Code = api.CodeIPDenied
	unknown := denied
	unknown.Matched, unknown.Token, unknown.Code = false, token.Locator{}, api.CodeUnknown
	for range 2 * ledger.DenialBound { // until the ring is full
		w.Record(denied)
	}
	for name, u := range map[string]usage.Use{"ok": u, "denied": denied, "unknown": unknown} {
		w.Record(u)
		if n := testing.AllocsPerRun(1000, func() { w.Record(u) }); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
