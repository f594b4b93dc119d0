package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/notify"
)

func TestDelivery(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, secret := w.listen("token.*")
		in := api.CreateToken{}
		in.Label, in.Metadata = api.Some(`<script>"é`), api.Some(api.Metadata{"private": "data"})
		issued, err := w.CreateToken(w.ctx, w.root, "acme", in)
		must(w.T, err)
		w.member("bob@example.com", "Viewer") // no event that was asked for
		w.deliver()
		got := w.hook.take()
		if len(got) != 1 {
			w.Fatalf("%d posts, want 1", len(got))
		}
		verifier, err := standardwebhooks.NewWebhook(secret.Reveal())
		must(w.T, err)
		if err := verifier.VerifyIgnoringTimestamp(got[0].body, got[0].header); err != nil {
			w.Errorf("the official library says: %v", err)
		}
		var e api.WebhookEvent
		must(w.T, json.Unmarshal(got[0].body, &e))
		if e.Type != "token.created" || e.Data.Token == nil || e.Data.Token.Label != `<script>"é` ||
			e.Data.Token.Locator != issued.Token.Locator || e.Data.Workspace != "acme" || e.Data.Actor != "ada@example.com" {
			w.Errorf("the event is %s", got[0].body)
		}
		lacks(w.T, string(got[0].body)+fmt.Sprint(got[0].header), issued.Secret.Reveal(), issued.Secret.Reveal()[17:49], secret.Reveal(), "private")
		w.deliver()
		if again := w.hook.take(); len(again) != 0 {
			w.Errorf("a delivery was made again")
		}
	})
}

func TestRetriesUntilGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	hook, _ := w.listen("token.created")
	w.hook.reply(func(rw http.ResponseWriter) {
		rw.WriteHeader(http.StatusInternalServerError)
		_, _ = rw.Write([]byte("\x1b[31mboom" + strings.Repeat("x", 1<<20)))
	})
	w.create("", "one", 90*day)
	var id string
	pauses := []time.Duration{0, 5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}
	for i, pause := range pauses {
		w.clock.Pass(pause - time.Second)
		w.deliver()
		if early := w.hook.take(); i > 0 && len(early) != 0 {
			t.Fatalf("attempt %d came early", i+1)
		}
		w.clock.Pass(time.Second)
		w.deliver()
		got := w.hook.take()
		if i == 0 {
			continue
		}
		if len(got) != 1 || id != "" && got[0].header.Get("Webhook-Id") != id {
			t.Fatalf("attempt %d: %d posts", i+1, len(got))
		}
		id = got[0].header.Get("Webhook-Id")
	}
	w.clock.Pass(48 * time.Hour)
	w.deliver()
	if got := w.hook.take(); len(got) != 0 {
		t.Error("it was tried after it was given up")
	}
	list, _, err := w.ListDeliveries(w.ctx, w.root, here(), hook.ID, authority.Page{})
	must(t, err)
	if len(list) != 1 || list[0].State != api.DeliveryFailed || len(list[0].Attempts) != len(pauses) || list[0].Payload != nil {
		t.Fatalf("the log is %+v", list)
	}
	first := list[0].Attempts[0]
	if first.Status != 500 || len(first.Response) > 200 || strings.ContainsRune(first.Response, 0x1b) || !strings.Contains(first.Response, "boom") {
		t.Errorf("the log keeps %+v", first)
	}
	// By hand it goes again, under its id.
	w.hook.reply(nil)
	_, err = w.ResendDelivery(w.ctx, w.root, here(), hook.ID, list[0].ID)
	must(t, err)
	w.deliver()
	if got := w.hook.take(); len(got) != 1 || got[0].header.Get("Webhook-Id") != id {
		t.Errorf("resent: %v", got)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	w.listen("token.created")
	w.hook.reply(func(rw http.ResponseWriter) {
		rw.Header().Set("Retry-After", "3600")
		rw.WriteHeader(http.StatusTooManyRequests)
	})
	w.create("", "one", 90*day)
	w.deliver()
	w.hook.take()
	w.hook.reply(nil)
	w.clock.Pass(3599 * time.Second)
	w.deliver()
	if got := w.hook.take(); len(got) != 0 {
		t.Error("it came before Retry-After")
	}
	w.clock.Pass(time.Second)
	w.deliver()
	if got := w.hook.take(); len(got) != 1 {
		t.Error("it did not come after Retry-After")
	}
}

func TestEndpointIsDisabled(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		gone, _ := w.listen("member.created")
		w.hook.reply(status(http.StatusGone))
		w.member("bob@example.com", "Viewer")
		w.deliver()
		v, err := w.GetWebhook(w.ctx, w.root, here(), gone.ID)
		must(w.T, err)
		if v.Enabled || v.DisabledReason == nil {
			w.Errorf("after 410: %+v", v)
		}
		mails := w.box.take()
		if len(mails) != 1 || mails[0].To != "ada@example.com" {
			w.Fatalf("told by mail: %+v", mails)
		}
		contains(w.T, mails[0].Text, "A webhook was disabled", "410")
		lacks(w.T, mails[0].Text+mails[0].HTML, "/hook") // a path may be a secret

		failing, _ := w.listen("token.created")
		w.hook.reply(status(http.StatusBadGateway))
		for range 9 {
			w.create("", "x", 90*day)
			w.deliver()
			w.clock.Pass(day)
		}
		v, err = w.GetWebhook(w.ctx, w.root, here(), failing.ID)
		must(w.T, err)
		if v.Enabled {
			w.Errorf("after a week: %+v", v)
		}
		if to := w.box.to(); !cmp.Equal(to, []string{"ada@example.com"}) {
			w.Errorf("told by mail: %v", to)
		}
		w.hook.take()
		w.create("", "unheard", 90*day)
		w.deliver()
		if got := w.hook.take(); len(got) != 0 {
			w.Error("a disabled endpoint was told")
		}
	})
}

func TestSecretRotationSignsTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	hook, old := w.listen("token.created")
	rotated, err := w.RotateWebhookSecret(w.ctx, w.root, here(), hook.ID)
	must(t, err)
	verify := func(secret string) error {
		verifier, err := standardwebhooks.NewWebhook(secret)
		must(t, err)
		w.create("", "x", 90*day)
		w.deliver()
		got := w.hook.take()
		return verifier.VerifyIgnoringTimestamp(got[0].body, got[0].header)
	}
	if verify(old.Reveal()) != nil || verify(rotated.Secret.Reveal()) != nil {
		t.Error("within a day both secrets verify")
	}
	w.clock.Pass(day)
	if verify(old.Reveal()) == nil || verify(rotated.Secret.Reveal()) != nil {
		t.Error("after a day only the new one does")
	}
}

// TestManySendersPostOnce: with four senders at once each delivery is made once.
func TestManySendersPostOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.listen("resource.created")
		for i := range 30 {
			_, err := w.OnboardResource(w.ctx, w.root, "acme", api.CreateResource{Name: fmt.Sprintf("r%d", i)})
			must(w.T, err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := w.notify.Deliver(w.ctx); err != nil {
					w.Error(err)
				}
			})
		}
		wg.Wait()
		w.deliver()
		seen := map[string]int{}
		for _, p := range w.hook.take() {
			seen[p.header.Get("Webhook-Id")]++
		}
		if len(seen) != 30 {
			w.Errorf("%d deliveries, want 30", len(seen))
		}
		for id, n := range seen {
			if n != 1 {
				w.Errorf("%s was posted %d times", id, n)
			}
		}
	})
}

func TestPing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	hook, _ := w.listen("token.leaked")
	sent, err := w.PingWebhook(w.ctx, w.root, here(), hook.ID)
	must(t, err)
	w.deliver()
	if got := w.hook.take(); len(got) != 1 || !strings.Contains(string(got[0].body), `"type":"ping"`) {
		t.Errorf("ping: %v", got)
	}
	d, err := w.GetDelivery(w.ctx, w.root, here(), hook.ID, sent.Value.ID)
	must(t, err)
	if d.State != api.DeliveryDelivered || d.DeliveredAt == nil || len(d.Attempts) != 1 || len(d.Payload) == 0 {
		t.Errorf("the log says %+v", d)
	}
}

// TestRun: the service sends what is committed while it runs, woken by the
// commit, and ends when it is told to.
func TestRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	w.Observe(w.notify)
	w.listen("token.created")
	arrived := make(chan struct{})
	w.hook.reply(func(http.ResponseWriter) { close(arrived) })
	run, cancel := context.WithCancel(w.ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- w.notify.Run(run) }()
	w.create("", "x", 90*day)
	<-arrived
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	must(t, w.notify.Deliver(w.ctx))
	if n := len(w.hook.take()); n != 1 {
		t.Errorf("%d posts, want 1: what was begun is settled before Run returns", n)
	}
}

var _ authority.Observer = (*notify.Service)(nil)
