package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/token"
)

// RunOutbox is the chapter of the suite about what is told to the outside. Each
// of its subtests opens a store of its own.
func RunOutbox(t *testing.T, open func(t *testing.T) ledger.Store) {
	t.Helper()
	for name, f := range outboxCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(&world{T: t, Store: open(t)})
		})
	}
}

func outboxCases() map[string]func(w *world) {
	return map[string]func(w *world){
		"every field is kept and can be emptied":   everyFieldOfOutbox,
		"endpoints are found in their workspace":   webhooksAreFound,
		"what nobody uses is found by its day":     unusedIsFound,
		"deliveries are due in their order":        deliveriesAreDue,
		"an endpoint at which somebody is waits":   leasedEndpointWaits,
		"a workspace that is served waits":         servedWorkspaceWaits,
		"endpoints that fail have their turns":     failingHaveTheirTurns,
		"a crowd of endpoints hides none":          crowdHidesNone,
		"what was forgotten takes no turn":         forgottenTakesNoTurn,
		"a settlement brings deliveries back":      settlementBringsBack,
		"an endpoint takes its deliveries with it": webhookIsDeleted,
		"mails are due in their order":             mailsAreDue,
		"what is on its way is dropped":            pendingIsDropped,
		"the next due is the earliest":             nextDue,
		"expiring tokens are those not noticed":    expiringTokens,
		"what is settled is forgotten":             settledIsForgotten,
	}
}

func fullWebhook(id, workspace ledger.ID) ledger.Webhook {
	return ledger.Webhook{
		ID: id, Workspace: workspace, PublicID: "whk_1", URL: "https://example.com", Description: "ours", Events: []string{"token.*"},
		Secret: []byte{0, 1}, FormerSecrets: []ledger.FormerSecret{{Sealed: []byte{2, 0}, EndsAt: at(1)}, {Sealed: []byte{2, 1}, EndsAt: at(2)}}, Enabled: true, FailingSince: at(2),
		DisabledAt: at(3), DisabledReason: "gone", DisabledBy: "usr_4", Held: true, CreatedAt: at(4), Revision: 12,
	}
}

func webhookRow(w *world, workspace ledger.ID, name string) ledger.Webhook {
	h := ledger.Webhook{
		ID: w.newID(), Workspace: workspace, PublicID: name, Secret: []byte{1}, Enabled: true, CreatedAt: at(0), Events: []string{"*"},
	}
	w.do(func(tx ledger.Tx) error { return tx.PutWebhook(h) })
	return h
}

// deliveryAt is due at an hour.
func deliveryAt(w *world, webhook ledger.ID, name string, hour int) ledger.Delivery {
	d := ledger.Delivery{
		ID: w.newID(), PublicID: name, Webhook: webhook, Type: "token.created", Payload: json.RawMessage(`{"a":1.0}`),
		State: api.DeliveryPending, NextAttemptAt: at(hour), CreatedAt: at(0),
	}
	w.do(func(tx ledger.Tx) error { return tx.PutDelivery(d) })
	return d
}

func everyFieldOfOutbox(w *world) {
	ws, hook, id, tok := w.newID(), w.newID(), w.newID(), w.newID()
	w.do(func(tx ledger.Tx) error { return tx.PutWorkspace(workspaceRow(ws)) },
		func(tx ledger.Tx) error { return tx.PutToken(tokenRow(tok, ws)) })
	kept(w, full(w.T, fullWebhook(hook, ws)), ledger.Tx.PutWebhook, func(r ledger.Reader) (ledger.Webhook, error) {
		return r.WebhookByID(hook)
	}, ledger.Webhook{ID: hook, Workspace: ws, PublicID: "whk_1", Secret: []byte{3}, CreatedAt: at(0)})
	delivery := full(w.T, ledger.Delivery{
		ID: id, PublicID: "msg_1", Webhook: hook, Type: "token.created", Payload: json.RawMessage(`{"b": 1.0, "a":2}`), State: api.DeliveryFailed,
		Attempts: 3, Log: []ledger.Attempt{{At: at(1), Status: 500, Error: "e", Response: "r", TookMS: 20}},
		NextAttemptAt: at(2), LeasedUntil: at(3), CreatedAt: at(4), SettledAt: at(5),
	})
	kept(w, delivery, ledger.Tx.PutDelivery, func(r ledger.Reader) (ledger.Delivery, error) { return r.DeliveryByID(id) },
		ledger.Delivery{ID: id, PublicID: "msg_1", Webhook: hook, Payload: json.RawMessage(`{}`), CreatedAt: at(0)})
	mail := full(w.T, ledger.Mail{
		ID: w.newID(), PublicID: "mail_1", Workspace: ws, Kind: ledger.MailExpiry, Recipient: "ada@example.com", Token: locatorOf(1), ExpiresAt: at(1),
		Step: 7, Facts: ledger.MailFacts{Label: "x", At: at(2), Support: &policy.KeptContact{Email: "help@example.com"}},
		State: ledger.MailSent, Attempts: 2, Error: "451", NextAttemptAt: at(3), LeasedUntil: at(4), CreatedAt: at(5), SettledAt: at(6),
	})
	kept(w, mail, ledger.Tx.PutMail, func(r ledger.Reader) (ledger.Mail, error) { return r.Mail(mail.ID) },
		ledger.Mail{ID: mail.ID, PublicID: "mail_1", CreatedAt: at(0)})
	kept(w, full(w.T, ledger.Notice{Token: tok, ExpiresAt: at(1), Step: 7, NoticedAt: at(2), SentAt: at(3)}), ledger.Tx.PutNotice,
		func(r ledger.Reader) (ledger.Notice, error) { return r.Notice(tok, 7) },
		ledger.Notice{Token: tok, ExpiresAt: at(1), Step: 7, NoticedAt: at(4)})
	kept(w, full(w.T, ledger.ReuseTold{Token: tok, Secret: 2, At: at(1), Count: 3}), ledger.Tx.PutReuseTold,
		func(r ledger.Reader) (ledger.ReuseTold, error) { return r.ReuseTold(tok, 2) },
		ledger.ReuseTold{Token: tok, Secret: 2, At: at(2)})
	kept(w, full(w.T, strangeRow(tok)), ledger.Tx.PutStrange,
		func(r ledger.Reader) (ledger.Strange, error) { return r.Strange(tok) },
		ledger.Strange{Token: tok, Workspace: 7, First: at(1), Last: at(2)})
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.Strange{{Token: tok, Workspace: 7, First: at(1), Last: at(2)}})(r.StrangeAmong([]ledger.ID{tok, tok + 1}))
		missing[ledger.Mail](w.T)(r.LatestMail("ann@example.com", ledger.MailStrange))
		missing[ledger.Mail](w.T)(r.LatestMail("ann@example.com", ledger.MailUnused))
		if _, err := r.LatestMail("ann@example.com", ledger.MailExpiry); err == nil {
			w.Error("the last mail is found of a kind that has no index for that")
		}
	})
	w.do(func(tx ledger.Tx) error { return tx.DeleteStrange(tok) })
	w.read(func(r ledger.Reader) { missing[ledger.Strange](w.T)(r.Strange(tok)) })
}

func webhooksAreFound(w *world) {
	own, other, inst := webhookRow(w, 7, "whk_a"), webhookRow(w, 8, "whk_b"), webhookRow(w, 0, "whk_c")
	off := webhookRow(w, 7, "whk_d")
	off.Enabled = false
	w.do(func(tx ledger.Tx) error { return tx.PutWebhook(off) })
	w.read(func(r ledger.Reader) {
		found(w.T, own)(r.Webhook(7, "whk_a"))
		missing[ledger.Webhook](w.T)(r.Webhook(8, "whk_a"))
		missing[ledger.Webhook](w.T)(r.Webhook(0, "whk_a"))
		missing[ledger.Webhook](w.T)(r.Webhook(7, "WHK_A"))
		missing[ledger.Webhook](w.T)(r.WebhookByID(1000))
		found(w.T, []ledger.Webhook{own, inst})(r.Subscribed(7))
		found(w.T, []ledger.Webhook{other, inst})(r.Subscribed(8))
		found(w.T, []ledger.Webhook{inst})(r.Subscribed(0))
		found(w.T, []ledger.Webhook{own, off})(r.Webhooks(7, 0, 0))
		found(w.T, []ledger.Webhook{off})(r.Webhooks(7, own.ID, 1))
	})
	again := own
	again.ID = w.newID()
	w.refuse(ledger.ErrDuplicate, func(tx ledger.Tx) error { return tx.PutWebhook(again) })
}

func names(ds []ledger.Delivery) []string {
	out := []string{}
	for _, d := range ds {
		out = append(out, d.PublicID)
	}
	return out
}

// due wants these deliveries to be due at an hour, each of one endpoint and of so many
// of either kind.
func (w *world) due(hour, each, limit int, want ...string) {
	w.Helper()
	w.read(func(r ledger.Reader) {
		ds, err := r.DueDeliveries(at(hour), ledger.PostClaim{Each: each, Healthy: limit, Failing: limit})
		if err != nil {
			w.Error(err)
		}
		same(w.T, append([]string{}, want...), names(ds))
	})
}

func deliveriesAreDue(w *world) {
	a, b := webhookRow(w, 7, "whk_a"), webhookRow(w, 7, "whk_b")
	first := deliveryAt(w, a.ID, "a2", 2)
	deliveryAt(w, a.ID, "a1", 1)
	deliveryAt(w, a.ID, "a3", 3)
	deliveryAt(w, b.ID, "b2", 2)
	w.due(0, 9, 9)
	w.due(1, 9, 9, "a1")
	w.due(2, 9, 9, "a1", "a2", "b2")
	w.due(3, 1, 9, "a1", "b2")
	w.due(3, 2, 1, "a1", "a2")
	w.due(3, 0, 9, "a1", "a2", "b2", "a3")
	w.due(3, 0, 0)
	first.State, first.NextAttemptAt, first.SettledAt = api.DeliveryDelivered, time.Time{}, at(4)
	w.do(func(tx ledger.Tx) error { return tx.PutDelivery(first) })
	w.due(9, 9, 9, "a1", "b2", "a3")
	w.read(func(r ledger.Reader) {
		found(w.T, first)(r.Delivery(a.ID, "a2"))
		missing[ledger.Delivery](w.T)(r.Delivery(b.ID, "a2"))
		ds, err := r.Deliveries(a.ID, 0, 2)
		if err != nil {
			w.Error(err)
		}
		same(w.T, []string{"a3", "a1"}, names(ds))
		ds, err = r.Deliveries(a.ID, ds[1].ID, 2)
		if err != nil {
			w.Error(err)
		}
		same(w.T, []string{"a2"}, names(ds))
	})
	w.do(func(tx ledger.Tx) error { return tx.DropDeliveries(a.ID, at(5)) })
	w.due(9, 9, 9, "b2")
	w.read(func(r ledger.Reader) { found(w.T, first)(r.Delivery(a.ID, "a2")) }) // it was settled already
}

func leasedEndpointWaits(w *world) {
	a, b := webhookRow(w, 7, "whk_a"), webhookRow(w, 7, "whk_b")
	leased := deliveryAt(w, a.ID, "a1", 1)
	deliveryAt(w, a.ID, "a2", 1)
	deliveryAt(w, b.ID, "b1", 1)
	leased.LeasedUntil, leased.NextAttemptAt = at(5), at(5)
	w.do(func(tx ledger.Tx) error { return tx.PutDelivery(leased) })
	w.due(4, 9, 9, "b1")
	w.due(5, 9, 9, "a2", "b1", "a1") // the lease has ended
}

// servedWorkspaceWaits: whoever has many slow endpoints does not take every turn.
func servedWorkspaceWaits(w *world) {
	a, b, c := webhookRow(w, 7, "whk_a"), webhookRow(w, 7, "whk_b"), webhookRow(w, 8, "whk_c")
	leased := deliveryAt(w, a.ID, "a1", 1)
	deliveryAt(w, b.ID, "b1", 1)
	deliveryAt(w, c.ID, "c2", 2)
	deliveryAt(w, c.ID, "c3", 3)
	w.due(4, 9, 9, "a1", "b1", "c2", "c3")
	leased.LeasedUntil, leased.NextAttemptAt = at(5), at(5)
	w.do(func(tx ledger.Tx) error { return tx.PutDelivery(leased) })
	w.due(4, 9, 9, "c2", "c3", "b1")
	w.due(4, 1, 1, "c2")
}

// failingHaveTheirTurns: those that fail take no turn of the others.
func failingHaveTheirTurns(w *world) {
	a, b, c := webhookRow(w, 7, "whk_a"), webhookRow(w, 8, "whk_b"), webhookRow(w, 9, "whk_c")
	deliveryAt(w, a.ID, "a1", 1)
	deliveryAt(w, b.ID, "b2", 2)
	deliveryAt(w, c.ID, "c3", 3)
	a.FailingSince, b.FailingSince = at(0), at(0)
	w.do(func(tx ledger.Tx) error { return tx.PutWebhook(a) }, func(tx ledger.Tx) error { return tx.PutWebhook(b) })
	for want, claim := range map[string]ledger.PostClaim{
		"a1 b2 c3": {Each: 9, Healthy: 9, Failing: 9}, "a1 c3": {Each: 9, Healthy: 9, Failing: 1}, "c3": {Each: 9, Healthy: 1}, "a1 b2": {Each: 9, Failing: 2},
	} {
		w.read(func(r ledger.Reader) {
			ds, err := r.DueDeliveries(at(4), claim)
			if got := strings.Join(names(ds), " "); err != nil || got != want {
				w.Errorf("%+v: %s (%v), want %s", claim, got, err, want)
			}
		})
	}
}

// crowdHidesNone: more endpoints than a claim looks at come in the order in which they
// were due, and of those that fail there may be any number.
func crowdHidesNone(w *world) {
	w.do(func(tx ledger.Tx) error {
		var errs []error
		for i := range 600 {
			h := fullWebhook(tx.NewID(), 7)
			h.PublicID = fmt.Sprintf("whk_%d", i)
			if h.FailingSince = at(0); i%2 == 0 {
				h.FailingSince = time.Time{}
			}
			errs = append(errs, tx.PutWebhook(h), tx.PutDelivery(ledger.Delivery{ID: tx.NewID(), PublicID: fmt.Sprint("d", i), Webhook: h.ID, Payload: json.RawMessage("{}"),
				State: api.DeliveryPending, NextAttemptAt: at(1).Add(time.Duration(600-i) * time.Second), CreatedAt: at(0)}))
		}
		return errors.Join(errs...)
	})
	late := webhookRow(w, 8, "whk_late")
	deliveryAt(w, late.ID, "late", 1)
	w.due(4, 9, 2, "late", "d599", "d598", "d597")
	w.due(4, 0, 1, "late", "d599")
}

// forgottenTakesNoTurn: a delivery that was erased with somebody is waited for by nobody.
func forgottenTakesNoTurn(w *world) {
	a, b := webhookRow(w, 7, "whk_a"), webhookRow(w, 8, "whk_b")
	first := deliveryAt(w, a.ID, "a1", 1)
	deliveryAt(w, b.ID, "b2", 2)
	w.due(4, 9, 1, "a1")
	w.do(func(tx ledger.Tx) error { return tx.DeleteDelivery(first.ID) }, func(tx ledger.Tx) error { return tx.DeleteDelivery(first.ID) })
	w.due(4, 9, 1, "b2")
}

// settlementBringsBack: what a clock that was ahead put off is due by the one of now,
// also where somebody was at the endpoint.
func settlementBringsBack(w *world) {
	a, b := webhookRow(w, 7, "whk_a"), webhookRow(w, 8, "whk_b")
	deliveryAt(w, a.ID, "a", 90*24)
	leased := deliveryAt(w, b.ID, "b", 1)
	leased.LeasedUntil, leased.NextAttemptAt = at(91*24), at(91*24)
	w.do(func(tx ledger.Tx) error { return tx.PutDelivery(leased) })
	w.do(func(tx ledger.Tx) error {
		tx.Happen(at(90 * 24))
		return putUser(tx)
	})
	w.due(4, 9, 9)
	w.do(func(tx ledger.Tx) error { return errors.Join(tx.Settle(at(3)), putUser(tx)) })
	w.due(4, 9, 9, "a", "b")
}

func webhookIsDeleted(w *world) {
	a, b := webhookRow(w, 7, "whk_a"), webhookRow(w, 7, "whk_b")
	deliveryAt(w, a.ID, "a1", 1)
	deliveryAt(w, b.ID, "b1", 1)
	w.do(func(tx ledger.Tx) error { return tx.DeleteWebhook(a.ID) })
	w.due(9, 9, 9, "b1")
	w.read(func(r ledger.Reader) {
		missing[ledger.Webhook](w.T)(r.WebhookByID(a.ID))
		missing[ledger.Delivery](w.T)(r.Delivery(a.ID, "a1"))
	})
}

func mailAt(w *world, name string, hour int) ledger.Mail {
	m := ledger.Mail{ID: w.newID(), PublicID: name, Recipient: "ada@example.com", State: ledger.MailPending, NextAttemptAt: at(hour), CreatedAt: at(0)}
	w.do(func(tx ledger.Tx) error { return tx.PutMail(m) })
	return m
}

func mailsAreDue(w *world) {
	late, early := mailAt(w, "late", 2), mailAt(w, "early", 1)
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.Mail(nil))(r.DueMails(at(0), "another", 0))
		found(w.T, []ledger.Mail{early})(r.DueMails(at(1), "another", 0))
		found(w.T, []ledger.Mail{early, late})(r.DueMails(at(2), "another", 0))
		found(w.T, []ledger.Mail{early})(r.DueMails(at(2), "another", 1))
		found(w.T, []ledger.Mail(nil))(r.DueMails(at(2), early.Kind, 0))
		found(w.T, []ledger.Mail{early})(r.DueMailsTo(early.Recipient, early.Kind, at(1), 9))
		found(w.T, []ledger.Mail(nil))(r.DueMailsTo("bob@example.com", early.Kind, at(2), 9))
		missing[ledger.Mail](w.T)(r.Mail(1000))
	})
}

// pendingIsDropped: of everybody, but for one kind of mail; what was settled before
// stays as it was.
func pendingIsDropped(w *world) {
	hook := webhookRow(w, 7, "whk_a")
	first, settled := deliveryAt(w, hook.ID, "a1", 1), deliveryAt(w, hook.ID, "a2", 2)
	settled.State, settled.NextAttemptAt, settled.SettledAt = api.DeliveryDelivered, time.Time{}, at(2)
	kept, leased := mailAt(w, "kept", 1), mailAt(w, "leased", 2)
	kept.Kind, leased.Kind, leased.LeasedUntil = ledger.MailExpiry, ledger.MailIssued, at(2)
	w.do(func(tx ledger.Tx) error { return tx.PutDelivery(settled) },
		func(tx ledger.Tx) error { return tx.PutMail(kept) }, func(tx ledger.Tx) error { return tx.PutMail(leased) })
	for _, want := range [][2]int{{1, 1}, {0, 0}} {
		w.do(func(tx ledger.Tx) error {
			deliveries, mails, err := tx.DropPending(ledger.MailExpiry, at(5))
			if got := [2]int{deliveries, mails}; got != want {
				w.Errorf("%v were dropped, want %v", got, want)
			}
			return err
		})
	}
	first.State, first.NextAttemptAt, first.SettledAt = api.DeliveryDropped, time.Time{}, at(5)
	leased.State, leased.NextAttemptAt, leased.LeasedUntil, leased.SettledAt = ledger.MailDropped, time.Time{}, time.Time{}, at(5)
	w.read(func(r ledger.Reader) {
		found(w.T, first)(r.DeliveryByID(first.ID))
		found(w.T, settled)(r.DeliveryByID(settled.ID))
		found(w.T, kept)(r.Mail(kept.ID))
		found(w.T, leased)(r.Mail(leased.ID))
	})
}

func nextDue(w *world) {
	want := func(hour int) {
		w.Helper()
		w.read(func(r ledger.Reader) { found(w.T, at(hour))(r.NextDue()) })
	}
	w.read(func(r ledger.Reader) { missing[time.Time](w.T)(r.NextDue()) })
	mailAt(w, "m", 5)
	want(5)
	deliveryAt(w, webhookRow(w, 7, "whk_a").ID, "d", 3)
	want(3)
	mailAt(w, "n", 1)
	want(1)
}

func expiringTokens(w *world) {
	ws := w.newID()
	w.do(func(tx ledger.Tx) error { return tx.PutWorkspace(workspaceRow(ws)) })
	put := func(f func(t *ledger.Token)) ledger.Token {
		t := tokenRow(w.newID(), ws)
		t.ExpiresAt = at(10)
		f(&t)
		w.do(func(tx ledger.Tx) error { return tx.PutToken(t) })
		return t
	}
	a := put(func(*ledger.Token) {})
	b := put(func(t *ledger.Token) { t.ExpiresAt = at(12) })
	put(func(t *ledger.Token) { t.ExpiresAt = time.Time{} })
	put(func(t *ledger.Token) { t.RevokedAt = at(1) })
	put(func(t *ledger.Token) { t.DeletedAt = at(1) })
	put(func(t *ledger.Token) { t.DisabledAt = at(1) })
	put(func(t *ledger.Token) { t.Kind = token.Ephemeral })
	want := func(win ledger.ExpiryWindow, tokens ...ledger.Token) {
		w.Helper()
		w.read(func(r ledger.Reader) { found(w.T, tokens)(r.Expiring(win)) })
	}
	want(ledger.ExpiryWindow{After: at(9), Until: at(12), Step: 7}, a, b)
	want(ledger.ExpiryWindow{After: at(9), Until: at(12), Step: 7, Limit: 1}, a)
	want(ledger.ExpiryWindow{After: at(9), Until: at(12), Step: 7, From: a.ID}, b)
	want(ledger.ExpiryWindow{After: at(9), Until: at(11), Step: 7}, a)
	want(ledger.ExpiryWindow{After: at(10), Until: at(12), Step: 7}, b)
	want(ledger.ExpiryWindow{After: at(12), Until: at(99), Step: 7})
	w.do(func(tx ledger.Tx) error {
		return tx.PutNotice(ledger.Notice{Token: a.ID, ExpiresAt: a.ExpiresAt, Step: 7, NoticedAt: at(1)})
	})
	want(ledger.ExpiryWindow{After: at(9), Until: at(12), Step: 7, Told: 9 * time.Hour}, b)
	want(ledger.ExpiryWindow{After: at(9), Until: at(12), Step: 3, Told: 9 * time.Hour}, a, b)
	a.ExpiresAt = at(11) // a notice counts for an expiry that is near enough
	w.do(func(tx ledger.Tx) error { return tx.PutToken(a) })
	want(ledger.ExpiryWindow{After: at(9), Until: at(12), Step: 7, Told: 10 * time.Hour}, b)
	want(ledger.ExpiryWindow{After: at(9), Until: at(12), Step: 7, Told: 9 * time.Hour}, a, b)
	a.Lifetime, b.Lifetime = 3*time.Hour, 2*time.Hour
	a.RotatedAt, b.RotatedAt = at(9), at(10)
	w.do(func(tx ledger.Tx) error { return tx.PutToken(a) }, func(tx ledger.Tx) error { return tx.PutToken(b) })
	want(ledger.ExpiryWindow{After: at(9), Until: at(12), Step: 3, Life: 3 * time.Hour}, a)
}

func settledIsForgotten(w *world) {
	hook := webhookRow(w, 7, "whk_a")
	old, fresh := deliveryAt(w, hook.ID, "old", 1), deliveryAt(w, hook.ID, "fresh", 1)
	mail := mailAt(w, "mail", 1)
	old.SettledAt, fresh.SettledAt, mail.SettledAt = at(1), at(3), at(1)
	pending := deliveryAt(w, hook.ID, "pending", 1)
	w.do(
		func(tx ledger.Tx) error { return tx.PutDelivery(old) },
		func(tx ledger.Tx) error { return tx.PutDelivery(fresh) },
		func(tx ledger.Tx) error { return tx.PutMail(mail) },
		func(tx ledger.Tx) error { return tx.ForgetSettled(at(2)) },
	)
	w.read(func(r ledger.Reader) {
		missing[ledger.Delivery](w.T)(r.DeliveryByID(old.ID))
		found(w.T, fresh)(r.DeliveryByID(fresh.ID))
		found(w.T, pending)(r.DeliveryByID(pending.ID))
		missing[ledger.Mail](w.T)(r.Mail(mail.ID))
	})
}
