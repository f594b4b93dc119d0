package server_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/tally/tallytest"
)

// spend asks all nodes at once until each refuses, and answers how often one let through.
func (ns *nodes) spend(secret string) int {
	ns.Helper()
	var passed atomic.Int64
	var all sync.WaitGroup
	for i := range ns.all {
		for range 2 {
			all.Go(func() {
				for {
					switch code := ns.verified(i, secret); code {
					case api.CodeOK:
						passed.Add(1)
					case api.CodeRateLimited:
						return
					default:
						ns.Errorf("node %d says %s", i, code)
						return
					}
				}
			})
		}
	}
	all.Wait()
	return int(passed.Load())
}

// settled waits until every node lets through what it may.
func (ns *nodes) settled() {
	ns.Helper()
	fresh := limited(ns.T, ns.owner, 1_000, api.Duration(time.Hour))
	for i := range ns.all {
		ns.soon(i, fresh.Secret, api.CodeOK)
	}
}

// TestNodesCountALimitTogether, to the one: where its window is long, and where it has few
// requests. What one counted alone counts when others come, and what they counted when
// they have left.
func TestNodesCountALimitTogether(t *testing.T) {
	t.Parallel()
	ns := startNodes(t, 1)
	ns.settled()
	for _, window := range []api.Duration{api.Duration(time.Minute), 365 * api.Day} {
		whole, begun, left := limited(t, ns.owner, 4, window), limited(t, ns.owner, 4, window), limited(t, ns.owner, 4, window)
		spend := func(secret string, want int, began time.Time, who string) {
			t.Helper()
			n := ns.spend(secret)
			// a slow machine sees one come free, four times a window
			if more := int(time.Since(began) / (time.Duration(window) / 4)); n < want || n > want+more {
				t.Errorf("4 in %s: %s let %d through, want %d and at most %d that came free", window, who, n, want, more)
			}
		}
		began := time.Now()
		ns.wants(0, begun.Secret, api.CodeOK)
		ns.all = append(ns.all, start(t, ns.cfg), start(t, ns.cfg))
		ns.settled()
		spend(whole.Secret, 4, time.Now(), "three nodes")
		spend(begun.Secret, 3, began, "after one that was alone, three")
		began = time.Now()
		ns.wants(1, left.Secret, api.CodeOK)
		for _, s := range ns.all[1:] {
			if err := s.stop(); err != nil {
				t.Error(err)
			}
		}
		ns.all = ns.all[:1]
		ns.settled()
		spend(left.Secret, 3, began, "after two that left, one")
	}
}

// TestNodesShareAShortLimit of many requests: together they let no more through than it
// says and comes free meanwhile.
func TestNodesShareAShortLimit(t *testing.T) {
	t.Parallel()
	ns := startNodes(t, 2)
	ns.settled()
	made := limited(t, ns.owner, 120, api.Duration(time.Minute))
	began := time.Now()
	n := ns.spend(made.Secret)
	if most := 120 + int(time.Since(began)/(500*time.Millisecond)); n > most || n == 0 {
		t.Errorf("two nodes let %d through, want %d at most", n, most)
	}
}

// TestNodesCountEveryLimitInRedis, to the one, whatever its window, and refuse or count
// alone while it does not answer.
func TestNodesCountEveryLimitInRedis(t *testing.T) {
	t.Parallel()
	for _, outage := range []string{"closed", "open"} {
		t.Run(outage, func(t *testing.T) {
			t.Parallel()
			redis := tallytest.Start(t)
			ns := startNodesOn(t, storetest.Postgres(t), 2, "--limits", redis.URL(), "--limits-outage", outage)
			for _, window := range []api.Duration{api.Day, 365 * api.Day} {
				if n := ns.spend(limited(t, ns.owner, 110, window).Secret); n != 110 {
					t.Errorf("110 in %s: two nodes let %d through", window, n)
				}
			}
			free, made := ns.token(), limited(t, ns.owner, 2, api.Day)
			redis.Freeze(t)
			ns.wants(0, free.Secret, api.CodeOK)
			if outage == "closed" {
				ns.wants(0, made.Secret, api.CodeUnavailable)
			} else {
				for i := range ns.all {
					ns.wants(i, made.Secret, api.CodeOK)
					ns.wants(i, made.Secret, api.CodeOK)
					ns.wants(i, made.Secret, api.CodeRateLimited) // by its own count
				}
			}
			clocktest.Until(t, func() bool {
				_ = ns.verified(0, limited(t, ns.owner, 2, api.Day).Secret) // an outage is some failures
				_, ready := get(t, ns.all[0].BaseURL()+"/readyz")
				return strings.Contains(ready, `"limits":"unreachable"`)
			})
			redis.Thaw(t)
			ns.soon(0, limited(t, ns.owner, 2, api.Day).Secret, api.CodeOK)
			if _, ready := get(t, ns.all[0].BaseURL()+"/readyz"); strings.Contains(ready, "unreachable") {
				t.Error("still unreachable")
			}
		})
	}
}
