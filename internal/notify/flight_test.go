package notify_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/notify"
)

// held is an endpoint that answers when it is let go. It tells of each request that
// arrives, and whether one was given up before it was let go.
type held struct {
	url     string
	arrived chan string
	letGo   chan struct{}
	gaveUp  atomic.Int64
	posts   atomic.Int64
	// refuses makes it answer 500 at once.
	refuses atomic.Bool
}

func newHeld(t *testing.T) *held {
	t.Helper()
	h := &held{arrived: make(chan string, 100), letGo: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h.posts.Add(1)
		if h.refuses.Load() {
			rw.WriteHeader(http.StatusInternalServerError)
			return
		}
		h.arrived <- r.URL.Path
		select {
		case <-h.letGo:
		case <-r.Context().Done():
			h.gaveUp.Add(1)
		}
	}))
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

// run lets the service run beside the test, told of every commit.
func (w *world) run() {
	w.Helper()
	w.Observe(w.notify)
	ctx, cancel := context.WithCancel(w.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.notify.Run(ctx)
	}()
	w.Cleanup(func() {
		cancel()
		<-done
	})
}

// Attack: a tenant's endpoints take connections and never answer. Proved: while they
// are waited for, deliveries to another endpoint of theirs, to another tenant's and to
// the instance's are made.
func TestSilentEndpointsDelayNoOther(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		silent, other := newHeld(w.T), newHeld(w.T)
		create := func(at authority.Where, url string, event string) {
			_, err := w.CreateWebhook(w.ctx, w.root, at, api.CreateWebhook{URL: url, Events: []string{event}})
			must(w.T, err)
		}
		for i := range 19 {
			create(here(), fmt.Sprintf("%s/%d", silent.url, i), "resource.*")
		}
		for i := range 6 {
			_, err := w.OnboardResource(w.ctx, w.root, "acme", api.CreateResource{Name: fmt.Sprint("r", i)})
			must(w.T, err)
		}
		w.run()
		for range 19 {
			<-silent.arrived
		}
		_, err := w.CreateWorkspace(w.ctx, authority.Caller{Machine: "test"}, api.CreateWorkspace{Slug: "globex"})
		must(w.T, err)
		create(here(), other.url+"/own", "member.created")
		create(authority.Where{Instance: true}, other.url+"/instance", "member.created")
		w.member("bob@example.com", "Viewer")
		got := map[string]bool{<-other.arrived: true, <-other.arrived: true}
		if !got["/own"] || !got["/instance"] {
			w.Errorf("posted to %v", got)
		}
		if n := silent.gaveUp.Load(); n != 0 {
			w.Errorf("%d attempts at silent endpoints were given up first", n)
		}
		close(silent.letGo)
		close(other.letGo)
	})
}

// Attack: more endpoints than are posted to at once fail and then go silent, all due
// before anybody's. Proved: they wait for each other, and a healthy one for none.
func TestACrowdOfSilentEndpointsDelaysNoHealthyOne(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		silent, healthy := newHeld(w.T), newHeld(w.T)
		silent.refuses.Store(true)
		for i := range 4 {
			slug := fmt.Sprint("tenant", i)
			_, err := w.CreateWorkspace(w.ctx, w.root, api.CreateWorkspace{Slug: slug})
			must(w.T, err)
			for range 19 {
				_, err := w.CreateWebhook(w.ctx, w.root, authority.Where{Workspace: slug}, api.CreateWebhook{URL: silent.url, Events: []string{"resource.*"}})
				must(w.T, err)
			}
			_, err = w.OnboardResource(w.ctx, w.root, slug, api.CreateResource{Name: "r"})
			must(w.T, err)
		}
		w.deliver()
		silent.refuses.Store(false)
		w.clock.Pass(day)
		w.run()
		for range 64 {
			<-silent.arrived
		}
		_, err := w.CreateWebhook(w.ctx, w.root, here(), api.CreateWebhook{URL: healthy.url, Events: []string{"member.created"}})
		must(w.T, err)
		w.member("bob@example.com", "Viewer")
		<-healthy.arrived
		if n, gaveUp := silent.posts.Load(), silent.gaveUp.Load(); n != 4*19+64 || gaveUp != 0 {
			w.Errorf("silent ones got %d posts, %d of which were given up", n, gaveUp)
		}
		close(healthy.letGo)
		close(silent.letGo)
	})
}

// Once it is answered that an endpoint is deleted, disabled, moved, or its workspace
// suspended, nothing more is sent there: neither of what is under way nor of what was
// claimed with it.
func TestNothingMoreIsSentToAnEndpointThatEnded(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, id string) error{
		"deleted": func(w *world, id string) error {
			_, err := w.DeleteWebhook(w.ctx, w.root, here(), id)
			return err
		},
		"disabled": func(w *world, id string) error {
			_, err := w.EditWebhook(w.ctx, w.root, here(), id, api.EditWebhook{Enabled: api.Some(false)})
			return err
		},
		"moved": func(w *world, id string) error {
			_, err := w.EditWebhook(w.ctx, w.root, here(), id, api.EditWebhook{URL: api.Some(w.hook.URL)})
			return err
		},
		"suspended": func(w *world, _ string) error {
			_, err := w.SuspendWorkspace(w.ctx, authority.Caller{Machine: "test"}, "acme")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(w *world) {
				h := newHeld(w.T)
				out, err := w.CreateWebhook(w.ctx, w.root, here(), api.CreateWebhook{URL: h.url, Events: []string{"resource.*"}})
				must(w.T, err)
				for i := range 5 {
					_, err := w.OnboardResource(w.ctx, w.root, "acme", api.CreateResource{Name: fmt.Sprint("r", i)})
					must(w.T, err)
				}
				w.Observe(w.notify)
				done := make(chan error, 1)
				go func() { done <- w.notify.Deliver(w.ctx) }()
				<-h.arrived
				must(w.T, end(w, out.Webhook.ID))
				if n := w.notify.UnderWay(); n != 0 {
					w.Errorf("%d attempts are under way after the answer", n)
				}
				close(h.letGo)
				must(w.T, <-done)
				if n := h.posts.Load(); n != 1 {
					w.Errorf("%d posts, want the one that was under way", n)
				}
			})
		})
	}
}

// Attack: a tenant asks which names the operator's network has, by what the log says
// of deliveries to them. Proved: of a name that leads inside, of one that does not
// resolve and of one whose look-up fails it says the same, and not how long it took.
func TestTheLogTellsNoInternalNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	w.restart(notify.Egress{AllowHTTP: true, Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
		switch host {
		case "vault.internal":
			w.clock.Pass(3 * time.Millisecond)
			return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
		case "nothing.internal":
			w.clock.Pass(7 * time.Millisecond)
			return nil, &net.DNSError{Name: host, IsNotFound: true}
		}
		w.clock.Pass(11 * time.Millisecond)
		return nil, &net.DNSError{Name: host, IsTimeout: true}
	}})
	var seen []api.WebhookAttempt
	for _, host := range []string{"vault.internal", "nothing.internal", "broken.internal"} {
		out, err := w.CreateWebhook(w.ctx, w.root, here(), api.CreateWebhook{URL: "https://" + host, Events: []string{"resource.*"}})
		must(t, err)
		_, err = w.PingWebhook(w.ctx, w.root, here(), out.Webhook.ID)
		must(t, err)
		w.deliver()
		list, _, err := w.ListDeliveries(w.ctx, w.root, here(), out.Webhook.ID, page())
		must(t, err)
		a := list[0].Attempts[0]
		a.At = time.Time{}
		seen = append(seen, a)
	}
	want := api.WebhookAttempt{Error: "leads to no public address"}
	if !cmp.Equal(seen, []api.WebhookAttempt{want, want, want}) {
		t.Errorf("the log says %+v", seen)
	}
}
