package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

// What is told to the outside follows from a committed event: its rows are
// written in the mutation's own transaction, so nothing is told that did not
// happen and nothing that happened is forgotten. Sending is internal/notify's,
// which claims rows, sends, and settles them.

const (
	// failingBound is how long an endpoint may fail before it is disabled.
	failingBound = 7 * 24 * time.Hour
	// logBound is how many attempts a delivery remembers.
	logBound = 20
	// maxEventBytes bounds a body; Standard Webhooks ask for less than 20 kB.
	maxEventBytes = 20_000
)

// Write writes the deliveries and mails that follow from an event.
func Write(w *authority.Work, ac *authority.Actor, ws ledger.Workspace, e authority.Event) error {
	if err := Publish(w, ws, eventType(e.Action), func() api.WebhookData { return EventData(w, ac, ws, e) }); err != nil {
		return err
	}
	return input.First(mailOwner(w, ac, ws, e), mailApproval(w, ac, ws, e))
}

// eventType is the type of event that follows from an action; empty for none.
func eventType(action string) string {
	for _, t := range api.WebhookTypes() {
		if t.Type == action || slices.Contains(t.Actions, action) {
			return t.Type
		}
	}
	return ""
}

// Publish writes a delivery for each endpoint that wants the event.
func Publish(w *authority.Work, ws ledger.Workspace, typ string, data func() api.WebhookData) error {
	if typ == "" {
		return nil
	}
	hooks, err := w.Subscribed(ws.ID)
	if err != nil {
		return err
	}
	for _, h := range hooks {
		if !slices.ContainsFunc(h.Events, func(p string) bool { return matchesEvent(p, typ) }) {
			continue
		}
		d, err := newDelivery(w, h, typ, data())
		if err != nil {
			return err
		}
		if err := w.PutDelivery(d); err != nil {
			return err
		}
	}
	return nil
}

// newDelivery is an event for an endpoint, due at once.
func newDelivery(w *authority.Work, h ledger.Webhook, typ string, data api.WebhookData) (ledger.Delivery, error) {
	body, err := json.Marshal(api.WebhookEvent{Type: typ, Timestamp: w.Now, Data: data})
	if err != nil {
		return ledger.Delivery{}, err
	}
	if len(body) >= maxEventBytes { // every text in it is bounded: this is a net
		data.Token, data.Who = nil, nil
		if body, err = json.Marshal(api.WebhookEvent{Type: typ, Timestamp: w.Now, Data: data}); err != nil {
			return ledger.Delivery{}, err
		}
	}
	id, err := authority.PublicID(w.Authority.Rand(), "msg_")
	return ledger.Delivery{ID: w.NewID(), PublicID: id, Webhook: h.ID, Type: typ, Payload: body, State: api.DeliveryPending,
		NextAttemptAt: w.Now, CreatedAt: w.Now}, err
}

// EventData is what a webhook is told of an event.
func EventData(w *authority.Work, ac *authority.Actor, ws ledger.Workspace, e authority.Event) api.WebhookData {
	d := api.WebhookData{
		Workspace: ws.Slug, WorkspaceExternalID: ws.ExternalID, Revision: w.Revision(), Actor: ac.Principal.Address,
		OnBehalf: ac.OnBehalf, RequestID: ac.RequestID, Target: e.Target,
	}
	about := e.After
	if about == nil {
		about = e.Before
	}
	switch v := about.(type) {
	case api.Token:
		d.Token = eventToken(v)
	case api.Member:
		d.Who = &api.WebhookPrincipal{Type: "user", ID: v.ID, Address: v.Address, ExternalID: v.ExternalID, Active: v.Active}
	case api.ServiceAccount:
		d.Who = &api.WebhookPrincipal{Type: "service_account", ID: v.ID, Address: v.Address, Active: v.Active}
	case api.User:
		d.Who = &api.WebhookPrincipal{Type: "user", ID: v.ID, Address: v.ID, Active: v.Active}
	}
	return d
}

func eventToken(v api.Token) *api.WebhookToken {
	return &api.WebhookToken{
		ID: v.ID, Locator: v.Locator, Kind: v.Kind, Label: v.Label, Masked: v.Masked, Owner: v.Owner.Address,
		Status: v.Status, ExpiresAt: v.ExpiresAt, RevokeReason: v.RevokeReason,
	}
}

// notifier is the caller of what internal/notify asks for.
func notifier() authority.Caller { return authority.Caller{Machine: "notify", Job: true} }

// Post is a delivery that was claimed: what to send, where, and what signs it.
type Post struct {
	ID ledger.ID
	// Endpoint tells the posts of one endpoint from those of others; Home is its
	// workspace, 0 the instance.
	Endpoint, Home ledger.ID
	// Failing says that the endpoint did not take the delivery before.
	Failing bool
	// Lease names the claim: a settlement by anybody else's is ignored.
	Lease time.Time
	// Message is the header webhook-id.
	Message string
	Type    string
	URL     string
	Body    []byte
	// Sign answers the signatures at a moment.
	Sign func(at time.Time) string
	// Attempt counts from 1.
	Attempt int
}

// ClaimPosts takes deliveries that are due for one sender until the lease ends, none
// of an endpoint that somebody is at. A lease that ends unsettled is taken by the
// next claim; so a delivery is made at least once, always under the same id.
func (a *Outbox) ClaimPosts(ctx context.Context, c ledger.PostClaim, lease time.Duration) (out []Post, err error) {
	if due, err := anyDue(ctx, a.in, func(r *authority.Snapshot, now time.Time) (int, error) {
		rows, err := r.DueDeliveries(now, ledger.PostClaim{Each: 1, Healthy: min(c.Healthy, 1), Failing: min(c.Failing, 1)})
		return len(rows), err
	}); !due || err != nil {
		return nil, err
	}
	_, err = a.in.Apply(ctx, authority.Neither, notifier(), func(w *authority.Work) error {
		out = nil
		rows, err := w.DueDeliveries(w.Now, c)
		if err != nil {
			return err
		}
		for _, d := range rows {
			p, live, err := claimPost(w, d, w.Now.Add(lease))
			if err != nil {
				return err
			}
			if live {
				out = append(out, p)
			}
		}
		return nil
	})
	return out, err
}

// anyDue looks on a snapshot before a claim takes a revision.
func anyDue(ctx context.Context, a *authority.Authority, count func(*authority.Snapshot, time.Time) (int, error)) (bool, error) {
	n := 0
	err := a.Read(ctx, func(r *authority.Snapshot) error {
		var err error
		n, err = count(r, a.Now().UTC())
		return err
	})
	return n > 0, err
}

// claimPost leases one delivery; one whose endpoint may not be told any more is
// dropped.
func claimPost(w *authority.Work, d ledger.Delivery, until time.Time) (Post, bool, error) {
	h, err := w.WebhookByID(d.Webhook)
	if err != nil {
		return Post{}, false, err
	}
	live, err := mayTell(w.Snapshot, h)
	if err != nil {
		return Post{}, false, err
	}
	if !live {
		return Post{}, false, settle(w, &d, api.DeliveryDropped)
	}
	until = until.Truncate(time.Microsecond)
	sign, err := signer(w.Authority, h, d.PublicID, d.Payload)
	if ledger.LacksKey(err) { // it waits for a node that can sign it, and holds up no other
		d.NextAttemptAt = until
		return Post{}, false, w.PutDelivery(d)
	}
	if err != nil {
		return Post{}, false, err
	}
	d.Attempts++
	d.LeasedUntil, d.NextAttemptAt = until, until
	p := Post{ID: d.ID, Endpoint: h.ID, Home: h.Workspace, Failing: !h.FailingSince.IsZero(), Lease: until, Message: d.PublicID, Type: d.Type, URL: h.URL, Body: d.Payload,
		Sign: sign, Attempt: d.Attempts}
	return p, true, w.PutDelivery(d)
}

// mayTell asks again, now, whether an endpoint is to be told.
func mayTell(r *authority.Snapshot, h ledger.Webhook) (bool, error) {
	ws, err := homeOf(r, h)
	return h.Enabled && ws.SuspendedAt.IsZero() && ws.DeletedAt.IsZero(), err
}

// StillDue says whether a claimed delivery is still to be made, and to this address:
// its endpoint may have been deleted, disabled or moved since.
func (a *Outbox) StillDue(ctx context.Context, p Post) (due bool, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		d, err := r.DeliveryByID(p.ID)
		if err != nil || !d.LeasedUntil.Equal(p.Lease) {
			return authority.IgnoreNoRow(err)
		}
		h, err := r.WebhookByID(d.Webhook)
		if err != nil || h.URL != p.URL {
			return authority.IgnoreNoRow(err)
		}
		due, err = mayTell(r, h)
		return err
	})
	return due, err
}

func settle(w *authority.Work, d *ledger.Delivery, state string) error {
	d.State, d.NextAttemptAt, d.LeasedUntil, d.SettledAt = state, time.Time{}, time.Time{}, w.Now
	return w.PutDelivery(*d)
}

// Outcome is how an attempt ended.
type Outcome struct {
	Attempt api.WebhookAttempt
	// Delivered says that the endpoint answered 2xx, Gone that it answered 410.
	Delivered, Gone bool
	// RetryAt is when to try again; zero gives up.
	RetryAt time.Time
}

// SettlePost writes how a claimed delivery ended. An endpoint that is gone, or
// that failed for a week, is disabled, and its Owners are told by mail. What was not taken
// where it is no longer to be sent is sent at once where it is.
func (a *Outbox) SettlePost(ctx context.Context, p Post, o Outcome) error {
	_, err := a.in.Apply(ctx, authority.Neither, notifier(), func(w *authority.Work) error {
		d, err := w.DeliveryByID(p.ID)
		if errors.Is(err, ledger.ErrNoRow) || err == nil && !d.LeasedUntil.Equal(p.Lease) {
			return authority.ErrUnchanged // deleted, or claimed by somebody else since
		}
		if err != nil {
			return err
		}
		h, err := w.WebhookByID(d.Webhook)
		if err != nil {
			return err
		}
		d.Log = append(d.Log, ledger.Attempt(o.Attempt))
		d.Log = d.Log[max(0, len(d.Log)-logBound):]
		if h.URL != p.URL && !o.Delivered { // what the address of before answers says nothing of the one of now
			d.LeasedUntil, d.NextAttemptAt = time.Time{}, w.Now
			return w.PutDelivery(d)
		}
		return input.First(settleAttempt(w, &d, o), judgeEndpoint(w, h, o))
	})
	if errors.Is(err, authority.ErrUnchanged) {
		return nil
	}
	return err
}

func settleAttempt(w *authority.Work, d *ledger.Delivery, o Outcome) error {
	switch {
	case o.Delivered:
		return settle(w, d, api.DeliveryDelivered)
	case o.Gone || o.RetryAt.IsZero():
		return settle(w, d, api.DeliveryFailed)
	}
	d.LeasedUntil, d.NextAttemptAt = time.Time{}, o.RetryAt
	return w.PutDelivery(*d)
}

// judgeEndpoint keeps since when an endpoint fails, and disables it.
func judgeEndpoint(w *authority.Work, h ledger.Webhook, o Outcome) error {
	if o.Delivered {
		if h.FailingSince.IsZero() {
			return nil
		}
		h.FailingSince = time.Time{}
		return w.PutWebhook(h)
	}
	fresh := h.FailingSince.IsZero()
	if fresh {
		h.FailingSince = w.Now
	}
	reason := ""
	switch {
	case !h.Enabled:
	case o.Gone:
		reason = "it answered 410 Gone"
	case w.Now.Sub(h.FailingSince) >= failingBound:
		reason = "it failed for a week"
	}
	if reason != "" {
		return disableEndpoint(w, h, reason)
	}
	if fresh {
		return w.PutWebhook(h)
	}
	return nil
}

func disableEndpoint(w *authority.Work, h ledger.Webhook, reason string) error {
	ws, err := homeOf(w.Snapshot, h)
	if err != nil {
		return err
	}
	before := webhookView(w, h, ws, w.Now)
	h.Enabled, h.DisabledReason = false, reason
	authority.Stop{At: w.Now}.OfWebhook(&h)
	if _, err := putWebhook(w, authority.Machine(w.Caller), ws, h, authority.Event{Action: "webhook.disabled", Before: before}); err != nil {
		return err
	}
	return input.First(w.DropDeliveries(h.ID, w.Now), mailEndpoint(w, ws, h))
}

// NextNotification is when the next delivery or mail is due; zero when none is.
func (a *Outbox) NextNotification(ctx context.Context) (at time.Time, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		at, err = r.NextDue()
		return authority.IgnoreNoRow(err)
	})
	return at, err
}

// outboxRetention is how long settled deliveries and mails are kept.
const outboxRetention = 30 * 24 * time.Hour

// ForgetNotifications deletes what was settled long ago.
func (a *Outbox) ForgetNotifications(ctx context.Context) error {
	if _, unsettled := a.in.Unsettled(); unsettled {
		return nil // what is old is not known now
	}
	_, err := a.in.Mutate(ctx, notifier(), func(w *authority.Work) error { return w.ForgetSettled(w.Now.Add(-outboxRetention)) })
	return err
}

// isPersonal says whether a person owns a token.
func isPersonal(v api.Token) bool { return v.Owner.Type == verify.OwnerMember.String() }
