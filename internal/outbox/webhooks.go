package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

const (
	// maxWebhooks bounds the endpoints of one workspace.
	maxWebhooks = 20
	// secretOverlap is how long a replaced signing secret signs besides the new one.
	secretOverlap = 24 * time.Hour
)

// IssuedWebhook is an endpoint and its signing secret, which is shown this once.
type IssuedWebhook struct {
	Webhook  api.Webhook
	Secret   token.Secret
	Revision int64
}

// enterWebhooks is the gate before endpoints: webhooks:read or webhooks:write in
// a workspace, instance:admin for the instance's.
func enterWebhooks(a *authority.Authority, r *authority.Snapshot, c authority.Caller, at authority.Where, scope string) (*authority.Actor, ledger.Workspace, error) {
	if at.Instance {
		ac, err := a.EnterInstance(r, c)
		return ac, ledger.Workspace{}, err
	}
	ac, sp, err := a.Enter(r, c, at.Workspace, scope)
	if err != nil {
		return nil, ledger.Workspace{}, err
	}
	return ac, sp.Workspace, nil
}

// CreateWebhook adds an endpoint and answers its signing secret, this once. It
// needs webhooks:write, or instance:admin for one of the instance. Sent again
// under its Idempotency-Key, it answers a fresh secret for the same endpoint.
func (a *Outbox) CreateWebhook(ctx context.Context, c authority.Caller, at authority.Where, in api.CreateWebhook) (out IssuedWebhook, err error) {
	out.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ac, ws, err := enterWebhooks(a.in, w.Snapshot, c, at, "webhooks:write")
		if err != nil {
			return err
		}
		was, found, err := w.Named()
		if err != nil {
			return err
		}
		if found {
			return rekeyAgain(w, ac, ws, was, &out)
		}
		h, err := newWebhook(w, ws, in)
		if err != nil {
			return err
		}
		if h.Secret, out.Secret, err = signingSecret(w, h); err != nil {
			return err
		}
		if out.Webhook, err = putWebhook(w, ac, ws, h, authority.Event{Action: "webhook.created"}); err != nil {
			return err
		}
		return w.RememberAt(h.PublicID, out.Webhook.Revision, w.Now)
	})
	return out, err
}

// rekeyAgain gives an endpoint a fresh secret in place of the one whose answer
// was lost. Who changed it since, or disabled it, or gave it another secret, has
// decided about it: a key of that time does not undo that.
func rekeyAgain(w *authority.Work, ac *authority.Actor, ws ledger.Workspace, was ledger.Idempotency, out *IssuedWebhook) error {
	h, err := w.Webhook(ws.ID, was.Object)
	if err != nil {
		return err
	}
	if h.Revision != int64(was.Secret) {
		return api.Errorf(api.CodeIdempotencyKeyUsed, "the endpoint that this key made was changed since; rotate its secret instead")
	}
	before := webhookView(w, h, ws, w.Now)
	if h.Secret, out.Secret, err = signingSecret(w, h); err != nil {
		return err
	}
	out.Webhook, err = putWebhook(w, ac, ws, h, authority.Event{Action: "webhook.secret_reissued", Before: before})
	return input.First(err, w.RememberAt(h.PublicID, out.Webhook.Revision, was.CreatedAt))
}

func newWebhook(w *authority.Work, ws ledger.Workspace, in api.CreateWebhook) (ledger.Webhook, error) {
	h := ledger.Webhook{Workspace: ws.ID, Enabled: in.Enabled.Or(true), CreatedAt: w.Now}
	if in.Events == nil {
		in.Events = []string{"*"}
	}
	err := describeWebhook(w, &h, api.EditWebhook{URL: api.Some(in.URL), Description: in.Description, Events: api.Some(in.Events)})
	if err != nil {
		return h, err
	}
	have, err := w.Webhooks(ws.ID, 0, maxWebhooks)
	if err != nil {
		return h, err
	}
	if len(have) >= maxWebhooks {
		return h, api.Errorf(api.CodeInvalidRequest, "a workspace has at most %d webhooks", maxWebhooks)
	}
	if !h.Enabled {
		h.DisabledAt = w.Now
	}
	h.ID = w.NewID()
	h.PublicID, err = authority.PublicID(w.Authority.Rand(), "whk_")
	return h, err
}

// describeWebhook writes what a request says into an endpoint.
func describeWebhook(w *authority.Work, h *ledger.Webhook, in api.EditWebhook) error {
	if in.URL.Set {
		if err := checkWebhookURL(w.Authority, in.URL.Value); err != nil {
			return err
		}
		if h.URL != in.URL.Value {
			h.URL, h.FailingSince = in.URL.Value, time.Time{}
		}
	}
	if in.Description.Set {
		if err := input.Text("description", in.Description.Value, 0, input.MaxDescription); err != nil {
			return err
		}
		h.Description = in.Description.Value
	}
	if in.Events.Set {
		if err := checkEvents(in.Events.Value); err != nil {
			return err
		}
		h.Events = slices.Clone(in.Events.Value)
	}
	return nil
}

// checkWebhookURL asks of an address what can be asked without a look-up; what
// is behind its name is judged at every connect.
func checkWebhookURL(a *authority.Authority, raw string) error {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return api.FieldError("url", "is required")
	case err != nil || len(raw) > 2000 || u.Opaque != "" || u.Host == "" || u.Hostname() == "":
		return api.FieldError("url", "must be an address like https://example.com/path")
	case strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r > '~' }):
		return api.FieldError("url", "must be ASCII without spaces; write other names as xn--…")
	case u.Scheme != "https" && u.Scheme != "http":
		return api.FieldError("url", "must begin with https://")
	case u.User != nil:
		return api.FieldError("url", "must not contain a user or password; verify the signature instead")
	case u.Fragment != "":
		return api.FieldError("url", "must not have a fragment")
	}
	if err := input.Secretless("url", raw); err != nil {
		return err
	}
	if err := a.Given().CheckWebhookURL(u); err != nil {
		return api.FieldError("url", err.Error())
	}
	return nil
}

// checkEvents refuses a pattern that no event matches.
func checkEvents(patterns []string) error {
	if len(patterns) == 0 || len(patterns) > 50 {
		return api.FieldError("events", "give 1 to 50 types of events, or patterns like token.* and *")
	}
	for _, p := range patterns {
		if !slices.ContainsFunc(api.WebhookTypes(), func(t api.WebhookType) bool { return matchesEvent(p, t.Type) }) {
			return api.FieldError("events", "there is no event like one of these")
		}
	}
	return nil
}

// matchesEvent says whether a pattern takes a type: itself, noun.* or *.
func matchesEvent(pattern, typ string) bool {
	if noun, ok := strings.CutSuffix(pattern, ".*"); ok {
		return strings.HasPrefix(typ, noun+".")
	}
	return pattern == "*" || pattern == typ
}

// putWebhook writes an endpoint, tells the audit, and shows it.
func putWebhook(w *authority.Work, ac *authority.Actor, ws ledger.Workspace, h ledger.Webhook, e authority.Event) (api.Webhook, error) {
	h.Revision = w.Revision()
	if err := w.PutWebhook(h); err != nil {
		return api.Webhook{}, err
	}
	w.TouchEndpoint(h.ID)
	v := webhookView(w, h, ws, w.Now)
	e.Target, e.After = "webhook:"+h.PublicID, v
	return v, w.Note(ac, ws, e)
}

func webhookView(r ledger.PeopleReader, h ledger.Webhook, ws ledger.Workspace, now time.Time) api.Webhook {
	v := api.Webhook{
		ID: h.PublicID, Workspace: authority.Optional(ws.Slug), URL: h.URL, Description: h.Description, Events: authority.Listed(h.Events),
		Enabled: h.Enabled, FormerSecretsUntil: []time.Time{}, FailingSince: api.When(h.FailingSince),
		DisabledAt: api.When(h.DisabledAt), DisabledReason: authority.Optional(h.DisabledReason),
		DisabledBy: authority.NameOf(r, ws, h.DisabledBy), HeldByInstance: h.Held, CreatedAt: h.CreatedAt.UTC(), Revision: h.Revision,
	}
	for _, f := range former(h, now) {
		v.FormerSecretsUntil = append(v.FormerSecretsUntil, f.EndsAt.UTC())
		v.SecretRotatedUntil = api.When(f.EndsAt)
	}
	return v
}

// webhook shows an endpoint. The path of its address may be a secret of the
// receiver's, so only whoever may change it is shown that.
func webhook(ac *authority.Actor, r ledger.PeopleReader, h ledger.Webhook, ws ledger.Workspace, now time.Time) api.Webhook {
	v := webhookView(r, h, ws, now)
	if ws.ID != 0 && ac.Need("webhooks:write") != nil {
		if u, err := url.Parse(h.URL); err == nil {
			v.URL = u.Scheme + "://" + u.Host + "/…"
		}
	}
	return v
}

// ListWebhooks lists endpoints. It needs webhooks:read.
func (a *Outbox) ListWebhooks(ctx context.Context, c authority.Caller, at authority.Where, page authority.Page) (out []api.Webhook, next int64, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, ws, err := enterWebhooks(a.in, r, c, at, "webhooks:read")
		if err != nil {
			return err
		}
		rows, err := r.Webhooks(ws.ID, page.After, page.Size()+1)
		if err != nil {
			return err
		}
		rows, next = authority.Cut(rows, page.Size(), func(h ledger.Webhook) int64 { return h.ID })
		out = authority.Views(rows, func(h ledger.Webhook) api.Webhook { return webhook(ac, r, h, ws, a.in.Now()) })
		return nil
	})
	return out, next, err
}

// GetWebhook answers one endpoint. It needs webhooks:read.
func (a *Outbox) GetWebhook(ctx context.Context, c authority.Caller, at authority.Where, id string) (v api.Webhook, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, ws, err := enterWebhooks(a.in, r, c, at, "webhooks:read")
		if err != nil {
			return err
		}
		h, err := r.Webhook(ws.ID, id)
		v = webhook(ac, r, h, ws, a.in.Now())
		return err
	})
	return v, err
}

// changeWebhook finds an endpoint, lets f change it, and writes it.
func changeWebhook(ctx context.Context, a *authority.Authority, e authority.Effect, c authority.Caller, at authority.Where, id, action string, f func(*authority.Work, *authority.Actor, *ledger.Webhook) error) (done authority.Done[api.Webhook], err error) {
	done.Revision, err = a.Apply(ctx, e, c, func(w *authority.Work) error {
		ac, ws, err := enterWebhooks(a, w.Snapshot, c, at, "webhooks:write")
		if err != nil {
			return err
		}
		h, err := w.Webhook(ws.ID, id)
		if err != nil {
			return err
		}
		if err := w.Expect(ws, "webhook:"+h.PublicID, h.Revision); err != nil {
			return err
		}
		before := webhookView(w, h, ws, w.Now)
		if err := f(w, ac, &h); err != nil {
			return err
		}
		done.Value, err = putWebhook(w, ac, ws, h, authority.Event{Action: action, Before: before})
		return err
	})
	return done, err
}

// EditWebhook merges a patch into an endpoint. It needs webhooks:write.
// Disabling it drops what is pending for it; enabling it forgets its failures, and is
// for the instance's administrators when one of them disabled it.
func (a *Outbox) EditWebhook(ctx context.Context, c authority.Caller, at authority.Where, id string, in api.EditWebhook) (done authority.Done[api.Webhook], err error) {
	if in.Enabled.Has() && !in.Enabled.Value && !in.URL.Set && !in.Events.Set {
		return editWebhook(ctx, a.in, authority.Takes, c, at, id, in)
	}
	return editWebhook(ctx, a.in, authority.Gives, c, at, id, in)
}

func editWebhook(ctx context.Context, a *authority.Authority, e authority.Effect, c authority.Caller, at authority.Where, id string, in api.EditWebhook) (done authority.Done[api.Webhook], err error) {
	return changeWebhook(ctx, a, e, c, at, id, "webhook.edited", func(w *authority.Work, ac *authority.Actor, h *ledger.Webhook) error {
		if err := describeWebhook(w, h, in); err != nil || !in.Enabled.Has() {
			return err
		}
		if in.Enabled.Value {
			if !in.URL.Set && !in.Events.Set {
				w.OnlyGives()
			}
			return enableWebhook(ac, h)
		}
		return disableWebhook(w, ac, h)
	})
}

func enableWebhook(ac *authority.Actor, h *ledger.Webhook) error {
	if h.Enabled {
		return nil
	}
	was := authority.WebhookStop(*h)
	h.Enabled, h.DisabledReason, h.FailingSince = true, "", time.Time{}
	authority.Stop{}.OfWebhook(h)
	return ac.Restart(was)
}

func disableWebhook(w *authority.Work, ac *authority.Actor, h *ledger.Webhook) error {
	if h.Enabled {
		h.DisabledReason, h.FailingSince = "", time.Time{}
	}
	h.Enabled = false
	ac.Stop(authority.WebhookStop(*h), "webhooks:write", w.Now).OfWebhook(h)
	return w.DropDeliveries(h.ID, w.Now)
}

// RotateWebhookSecret gives an endpoint a new signing secret and answers it,
// this once. Every delivery bears a signature of each former secret until that one
// had its day.
func (a *Outbox) RotateWebhookSecret(ctx context.Context, c authority.Caller, at authority.Where, id string) (out IssuedWebhook, err error) {
	done, err := changeWebhook(ctx, a.in, authority.Gives, c, at, id, "webhook.secret_rotated", func(w *authority.Work, _ *authority.Actor, h *ledger.Webhook) error {
		err := w.SentOnce()
		if err != nil {
			return err
		}
		if out.Secret, err = replaceSigning(w, h); err != nil {
			return err
		}
		return w.RememberObject(h.PublicID)
	})
	out.Webhook, out.Revision = done.Value, done.Revision
	return out, err
}

// DeleteWebhook forgets an endpoint and its deliveries. Once it is answered nothing
// more is sent there: an observer cuts off what is under way. It needs webhooks:write.
func (a *Outbox) DeleteWebhook(ctx context.Context, c authority.Caller, at authority.Where, id string) (done authority.Done[api.Webhook], err error) {
	done.Revision, err = a.in.Withdraw(ctx, c, func(w *authority.Work) error {
		ac, ws, err := enterWebhooks(a.in, w.Snapshot, c, at, "webhooks:write")
		if err != nil {
			return err
		}
		h, err := w.Webhook(ws.ID, id)
		if err != nil {
			return err
		}
		done.Value = webhookView(w, h, ws, w.Now)
		w.TouchEndpoint(h.ID)
		return input.First(w.Expect(ws, "webhook:"+h.PublicID, h.Revision), w.DeleteWebhook(h.ID),
			w.Note(ac, ws, authority.Event{Action: "webhook.deleted", Target: "webhook:" + h.PublicID, Before: done.Value}))
	})
	return done, err
}

// readWebhook runs f on an endpoint that the caller may read.
func readWebhook(ctx context.Context, a *authority.Authority, c authority.Caller, at authority.Where, id string, f func(*authority.Snapshot, ledger.Webhook) error) error {
	return a.Read(ctx, func(r *authority.Snapshot) error {
		_, ws, err := enterWebhooks(a, r, c, at, "webhooks:read")
		if err != nil {
			return err
		}
		h, err := r.Webhook(ws.ID, id)
		if err != nil {
			return err
		}
		return f(r, h)
	})
}

// ListDeliveries lists an endpoint's deliveries, newest first, without their
// payloads. It needs webhooks:read.
func (a *Outbox) ListDeliveries(ctx context.Context, c authority.Caller, at authority.Where, id string, page authority.Page) (out []api.WebhookDelivery, next int64, err error) {
	err = readWebhook(ctx, a.in, c, at, id, func(r *authority.Snapshot, h ledger.Webhook) error {
		rows, err := r.Deliveries(h.ID, page.After, page.Size()+1)
		if err != nil {
			return err
		}
		rows, next = authority.Cut(rows, page.Size(), func(d ledger.Delivery) int64 { return d.ID })
		out = authority.Views(rows, func(d ledger.Delivery) api.WebhookDelivery { return deliveryView(d, nil) })
		return nil
	})
	return out, next, err
}

// GetDelivery answers one delivery with its payload. It needs webhooks:read.
func (a *Outbox) GetDelivery(ctx context.Context, c authority.Caller, at authority.Where, id, delivery string) (v api.WebhookDelivery, err error) {
	err = readWebhook(ctx, a.in, c, at, id, func(r *authority.Snapshot, h ledger.Webhook) error {
		d, err := r.Delivery(h.ID, delivery)
		v = deliveryView(d, d.Payload)
		return err
	})
	return v, err
}

func deliveryView(d ledger.Delivery, payload json.RawMessage) api.WebhookDelivery {
	v := api.WebhookDelivery{
		ID: d.PublicID, Type: d.Type, State: d.State, CreatedAt: d.CreatedAt.UTC(), NextAttemptAt: api.When(d.NextAttemptAt),
		Attempts: authority.Views(d.Log, func(a ledger.Attempt) api.WebhookAttempt { return api.WebhookAttempt(a) }), Payload: payload,
	}
	if d.State == api.DeliveryDelivered {
		v.DeliveredAt = api.When(d.SettledAt)
	}
	return v
}

// ResendDelivery sends a delivery again, under the same id, at once. It needs
// webhooks:write and that the endpoint is enabled.
func (a *Outbox) ResendDelivery(ctx context.Context, c authority.Caller, at authority.Where, id, delivery string) (done authority.Done[api.WebhookDelivery], err error) {
	return sendNow(ctx, a.in, c, at, id, "webhook.resent", func(w *authority.Work, h ledger.Webhook) (ledger.Delivery, error) {
		d, err := w.Delivery(h.ID, delivery)
		if err == nil && d.LeasedUntil.After(w.Now) {
			err = api.Errorf(api.CodeAlreadyDone, "it is being sent now")
		}
		d.State, d.Attempts, d.NextAttemptAt, d.SettledAt = api.DeliveryPending, 0, w.Now, time.Time{}
		return d, err
	})
}

// PingWebhook sends a test event to an endpoint, whatever its patterns. It needs
// webhooks:write and that the endpoint is enabled.
func (a *Outbox) PingWebhook(ctx context.Context, c authority.Caller, at authority.Where, id string) (done authority.Done[api.WebhookDelivery], err error) {
	return sendNow(ctx, a.in, c, at, id, "webhook.pinged", func(w *authority.Work, h ledger.Webhook) (ledger.Delivery, error) {
		data := api.WebhookData{Revision: w.Revision(), Target: "webhook:" + h.PublicID}
		ws, err := homeOf(w.Snapshot, h)
		data.Workspace, data.WorkspaceExternalID = ws.Slug, ws.ExternalID
		if err != nil {
			return ledger.Delivery{}, err
		}
		return newDelivery(w, h, api.WebhookPing, data)
	})
}

// sendNow writes the delivery that f makes for an endpoint.
func sendNow(ctx context.Context, a *authority.Authority, c authority.Caller, at authority.Where, id, action string, f func(*authority.Work, ledger.Webhook) (ledger.Delivery, error)) (done authority.Done[api.WebhookDelivery], err error) {
	done.Revision, err = a.Mutate(ctx, c, func(w *authority.Work) error {
		ac, ws, err := enterWebhooks(a, w.Snapshot, c, at, "webhooks:write")
		if err != nil {
			return err
		}
		h, err := w.Webhook(ws.ID, id)
		if err != nil {
			return err
		}
		if !h.Enabled {
			return api.Errorf(api.CodeInactive, "the endpoint is disabled; enable it first")
		}
		d, err := f(w, h)
		if err != nil {
			return err
		}
		done.Value = deliveryView(d, d.Payload)
		return input.First(w.PutDelivery(d), w.Note(ac, ws, authority.Event{Action: action, Target: "webhook:" + h.PublicID,
			After: map[string]string{"delivery": d.PublicID, "type": d.Type}}))
	})
	return done, err
}

// homeOf is the workspace of an endpoint; the zero one for the instance's.
func homeOf(r *authority.Snapshot, h ledger.Webhook) (ledger.Workspace, error) {
	if h.Workspace == 0 {
		return ledger.Workspace{}, nil
	}
	ws, err := r.Workspace(ledger.WorkspaceKey{ID: h.Workspace})
	if errors.Is(err, ledger.ErrNoRow) {
		return ws, authority.NotFound()
	}
	return ws, err
}
