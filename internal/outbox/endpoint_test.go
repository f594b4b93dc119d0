package outbox_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/outbox"
)

// board puts resources on board, which endpoints are told of, and hands on what is due.
func (w *world) board(names ...string) {
	w.Helper()
	for _, name := range names {
		_, err := w.OnboardResource(w.Ctx, w.Root, "acme", api.CreateResource{Name: name})
		officetest.Must(w.T, err)
	}
	w.deliver()
}

// hook is an endpoint of acme as it is now.
func (w *world) hook(id string) api.Webhook {
	w.Helper()
	v, err := w.GetWebhook(w.Ctx, w.Root, officetest.Acme(), id)
	officetest.Must(w.T, err)
	return v
}

// deliveries are the states of an endpoint's, the newest first.
func (w *world) deliveries(id string) (states []string) {
	w.Helper()
	rows, _, err := w.ListDeliveries(w.Ctx, w.Root, officetest.Acme(), id, officetest.Page(0))
	officetest.Must(w.T, err)
	for _, d := range rows {
		states = append(states, d.State)
	}
	return states
}

// An endpoint that takes nothing for a week is disabled, and not a moment before; one
// delivery that it takes begins the week anew.
func TestAnEndpointHasAWeekToTakeSomething(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		h, _ := w.listen("resource.created")
		later := func() outbox.Outcome { return outbox.Outcome{RetryAt: w.Clock.Now().Add(100 * day)} }
		fails := func(name string) api.Webhook {
			w.Helper()
			w.endpoint = later()
			w.board(name)
			return w.hook(h.ID)
		}
		if v := fails("a"); v.FailingSince == nil || !v.FailingSince.Equal(w.Clock.Now()) {
			w.Errorf("it fails since %v", v.FailingSince)
		}
		w.Clock.Pass(7*day - time.Microsecond)
		if v := fails("b"); !v.Enabled {
			w.Error("it was disabled before its week was over")
		}
		w.endpoint = outbox.Outcome{Delivered: true}
		w.board("c")
		if v := w.hook(h.ID); v.FailingSince != nil {
			w.Errorf("it took one, and fails since %v", v.FailingSince)
		}
		fails("d")
		w.Clock.Pass(7 * day)
		v := fails("e")
		if v.Enabled || v.DisabledReason == nil || *v.DisabledReason != "it failed for a week" || v.DisabledAt == nil || !v.DisabledAt.Equal(w.Clock.Now()) {
			w.Errorf("after a week: %+v", v)
		}
		if to := w.recipients(); !cmp.Equal(to, []string{"ada@example.com"}) {
			w.Errorf("told by mail: %v", to)
		}
		if got := w.deliveries(h.ID); slices.Contains(got, api.DeliveryPending) {
			w.Errorf("what waited for it is %v", got)
		}
		w.posted()
		if w.board("f"); len(w.posted()) != 0 {
			w.Error("a disabled endpoint was told")
		}
	})
}

// An endpoint that says it is gone is believed at once. Enabling it forgets why.
func TestAnEndpointThatIsGoneIsDisabledAtOnce(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.Member("ed@example.com", "Owner")
	w.Member("eve@example.com", "Administrator")
	h, _ := w.listen("resource.created")
	w.endpoint = outbox.Outcome{Gone: true, RetryAt: w.Clock.Now().Add(time.Hour)}
	w.board("a")
	v := w.hook(h.ID)
	if v.Enabled || v.DisabledReason == nil || *v.DisabledReason != "it answered 410 Gone" {
		t.Errorf("it is %+v", v)
	}
	if got := w.deliveries(h.ID); !cmp.Equal(got, []string{api.DeliveryFailed}) {
		t.Errorf("what it did not take is %v", got)
	}
	letters := w.mailed()
	for _, l := range letters {
		if l.Kind != ledger.MailWebhookDisabled || l.Facts.WebhookURL != "https://hooks.example.com" || l.Facts.WebhookID != h.ID {
			t.Errorf("told %+v, and a path may be a secret", l.Facts)
		}
	}
	if len(letters) != 2 {
		t.Errorf("%d Owners were told, want both and nobody else", len(letters))
	}
	_, err := w.EditWebhook(w.Ctx, w.Root, officetest.Acme(), h.ID, api.EditWebhook{Enabled: api.Some(true)})
	officetest.Must(t, err)
	if v := w.hook(h.ID); !v.Enabled || v.DisabledReason != nil || v.DisabledAt != nil || v.FailingSince != nil {
		t.Errorf("enabled again: %+v", v)
	}
}

// A delivery remembers its last attempts, not all of them, and its number goes on.
func TestADeliveryRemembersItsLastAttempts(t *testing.T) {
	t.Parallel()
	w := one(t)
	h, _ := w.listen("resource.created")
	for n := range 23 {
		w.endpoint = outbox.Outcome{Attempt: api.WebhookAttempt{Status: 500 + n}, RetryAt: w.Clock.Now().Add(time.Minute)}
		if n == 0 {
			w.board("a")
		}
		w.deliver()
		w.Clock.Pass(time.Minute)
	}
	rows, _, err := w.ListDeliveries(w.Ctx, w.Root, officetest.Acme(), h.ID, officetest.Page(0))
	officetest.Must(t, err)
	if log := rows[0].Attempts; len(log) != 20 || log[0].Status != 503 || log[19].Status != 522 {
		t.Errorf("it remembers %d attempts: %+v", len(log), log)
	}
	if last := w.posts[len(w.posts)-1]; len(w.posts) != 23 || last.Attempt != 23 || !last.Failing {
		t.Errorf("%d attempts, the last %+v", len(w.posts), last)
	}
}

// Whoever holds a claim may act on it while it is theirs and the endpoint is what it was.
func TestAClaimedDeliveryIsStillDueWhileNothingChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *world, id string) error
		due    bool
	}{
		"nothing": {func(*world, string) error { return nil }, true},
		"a description": {func(w *world, id string) error {
			return officetest.Second(w.EditWebhook(w.Ctx, w.Root, officetest.Acme(), id, api.EditWebhook{Description: api.Some("x")}))
		}, true},
		"another address": {func(w *world, id string) error {
			return officetest.Second(w.EditWebhook(w.Ctx, w.Root, officetest.Acme(), id, api.EditWebhook{URL: api.Some("https://elsewhere.example.com")}))
		}, false},
		"disabled": {func(w *world, id string) error {
			return officetest.Second(w.EditWebhook(w.Ctx, w.Root, officetest.Acme(), id, api.EditWebhook{Enabled: api.Some(false)}))
		}, false},
		"deleted": {func(w *world, id string) error {
			return officetest.Second(w.DeleteWebhook(w.Ctx, w.Root, officetest.Acme(), id))
		}, false},
		"a suspended workspace": {func(w *world, _ string) error {
			return officetest.Second(w.SuspendWorkspace(w.Ctx, authority.Caller{Machine: "test"}, "acme"))
		}, false},
		"somebody else's claim": {func(w *world, _ string) error {
			w.Clock.Pass(time.Minute)
			return officetest.Second(w.ClaimPosts(w.Ctx, ledger.PostClaim{Each: 1, Healthy: 1}, time.Minute))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := one(t)
			h, _ := w.listen("resource.created")
			_, err := w.OnboardResource(w.Ctx, w.Root, "acme", api.CreateResource{Name: "a"})
			officetest.Must(t, err)
			posts, err := w.ClaimPosts(w.Ctx, ledger.PostClaim{Each: 1, Healthy: 1}, time.Minute)
			officetest.Must(t, err)
			officetest.Must(t, c.change(w, h.ID))
			due, err := w.StillDue(w.Ctx, posts[0])
			officetest.Must(t, err)
			if due != c.due {
				t.Errorf("after the change it is due: %t, want %t", due, c.due)
			}
		})
	}
}

// What was sent is sent again by hand, under its own id, unless it is under way or its
// endpoint is disabled.
func TestADeliveryIsSentAgainByHand(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		h, _ := w.listen("resource.created")
		w.endpoint = outbox.Outcome{}
		w.board("a")
		id := w.posts[0].Message
		if got := w.deliveries(h.ID); !cmp.Equal(got, []string{api.DeliveryFailed}) {
			w.Fatalf("given up: %v", got)
		}
		resend := func(c authority.Caller) error {
			return officetest.Second(w.ResendDelivery(w.Ctx, c, officetest.Acme(), h.ID, id))
		}
		w.Refused(resend(w.Member("vera@example.com", "Viewer")), api.CodeInsufficientScope)
		w.Refused(officetest.Second(w.ResendDelivery(w.Ctx, w.Root, officetest.Acme(), h.ID, "msg_none")), api.CodeNotFound)
		officetest.Must(w.T, resend(w.Root))
		claimed, err := w.ClaimPosts(w.Ctx, ledger.PostClaim{Each: 1, Healthy: 1, Failing: 1}, time.Minute)
		officetest.Must(w.T, err)
		if len(claimed) != 1 || claimed[0].Message != id || claimed[0].Attempt != 1 {
			w.Fatalf("sent again: %+v", claimed)
		}
		w.Refused(resend(w.Root), api.CodeAlreadyDone)
		officetest.Must(w.T, w.SettlePost(w.Ctx, claimed[0], outbox.Outcome{Delivered: true}))
		officetest.Must(w.T, officetest.Second(w.EditWebhook(w.Ctx, w.Root, officetest.Acme(), h.ID, api.EditWebhook{Enabled: api.Some(false)})))
		w.Refused(resend(w.Root), api.CodeInactive)
	})
}

// A workspace has twenty endpoints at most; one that is deleted makes room.
func TestAWorkspaceHasTwentyEndpointsAtMost(t *testing.T) {
	t.Parallel()
	w := one(t)
	var last api.Webhook
	for range 20 {
		last, _ = w.listen("*")
	}
	one := func() error {
		return officetest.Second(w.CreateWebhook(w.Ctx, w.Root, officetest.Acme(), officetest.Hook("*")))
	}
	w.Refused(one(), api.CodeInvalidRequest)
	officetest.Must(t, officetest.Second(w.DeleteWebhook(w.Ctx, w.Root, officetest.Acme(), last.ID)))
	officetest.Must(t, one())
}

// The path of an address may be a secret of the receiver's: who may only read endpoints
// sees its host.
func TestWhoMayOnlyReadEndpointsSeesTheirHost(t *testing.T) {
	t.Parallel()
	w := one(t)
	h, _ := w.listen("*")
	for role, want := range map[string]string{"Viewer": "https://hooks.example.com/…", "Administrator": "https://hooks.example.com/x"} {
		c := w.Member(strings.ToLower(role)+"@example.com", role)
		v, err := w.GetWebhook(w.Ctx, c, officetest.Acme(), h.ID)
		officetest.Must(t, err)
		list, _, err := w.ListWebhooks(w.Ctx, c, officetest.Acme(), officetest.Page(0))
		officetest.Must(t, err)
		if v.URL != want || list[0].URL != want {
			t.Errorf("a %s sees %s and %s, want %s", role, v.URL, list[0].URL, want)
		}
	}
}
