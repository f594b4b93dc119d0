package store

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
)

const webhookColumns = `id, workspace, public_id, url, description, events, secret, enabled,
	failing_since, disabled_at, disabled_reason, disabled_by, held, created_at, revision`

func webhookFields(w *ledger.Webhook) []any {
	return []any{
		&w.ID, &w.Workspace, &w.PublicID, &w.URL, &w.Description, column.Document(&w.Events), column.Blob(&w.Secret),
		&w.Enabled, column.Instant(&w.FailingSince), column.Instant(&w.DisabledAt), &w.DisabledReason, &w.DisabledBy, &w.Held,
		column.Instant(&w.CreatedAt), &w.Revision,
	}
}

func (r outboxRows) Webhook(workspace ledger.ID, publicID string) (ledger.Webhook, error) {
	w, err := one(r.session, webhookFields, `SELECT `+webhookColumns+` FROM webhooks
		WHERE public_id = $1 AND workspace = $2`, publicID, workspace)
	if err == nil {
		w.FormerSecrets, err = r.formerSecrets(w.ID)
	}
	return w, err
}

func (r outboxRows) WebhookByID(id ledger.ID) (ledger.Webhook, error) {
	w, err := one(r.session, webhookFields, `SELECT `+webhookColumns+` FROM webhooks WHERE id = $1`, id)
	if err == nil {
		w.FormerSecrets, err = r.formerSecrets(w.ID)
	}
	return w, err
}

func (r *reader) formerSecrets(webhook ledger.ID) ([]ledger.FormerSecret, error) {
	return list(r.session, func(f *ledger.FormerSecret) []any { return []any{column.Blob(&f.Sealed), column.Instant(&f.EndsAt)} },
		`SELECT sealed, ends_at FROM webhook_secrets WHERE webhook = $1 ORDER BY number`, webhook)
}

func (r outboxRows) Webhooks(workspace, after ledger.ID, limit int) ([]ledger.Webhook, error) {
	ws, err := list(r.session, webhookFields, `SELECT `+webhookColumns+` FROM webhooks
		WHERE workspace = $1 AND id > $2 ORDER BY id LIMIT CAST($3 AS BIGINT)`, workspace, after, column.Limit(limit))
	if err != nil {
		return nil, err
	}
	ids := make([]ledger.ID, len(ws))
	for i, w := range ws {
		ids[i] = w.ID
	}
	type former struct {
		of ledger.ID
		ledger.FormerSecret
	}
	secrets, err := eachListed(r.session, func(f *former) []any { return []any{&f.of, column.Blob(&f.Sealed), column.Instant(&f.EndsAt)} }, `
		SELECT webhook, sealed, ends_at FROM webhook_secrets WHERE webhook IN (SELECT CAST(entry AS BIGINT) FROM listed) ORDER BY webhook, number`, ids)
	for _, f := range secrets {
		i := slices.Index(ids, f.of)
		ws[i].FormerSecrets = append(ws[i].FormerSecrets, f.FormerSecret)
	}
	return ws, err
}

func (r outboxRows) Subscribed(workspace ledger.ID) ([]ledger.Webhook, error) {
	return list(r.session, webhookFields, `SELECT `+webhookColumns+` FROM webhooks
		WHERE workspace IN ($1, 0) AND enabled ORDER BY id`, workspace)
}

func (t outboxChanges) PutWebhook(w ledger.Webhook) error {
	err := t.exec(`
		INSERT INTO webhooks (`+webhookColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (id) DO UPDATE SET
			workspace = excluded.workspace, public_id = excluded.public_id, url = excluded.url,
			description = excluded.description, events = excluded.events, secret = excluded.secret,
			enabled = excluded.enabled, failing_since = excluded.failing_since, disabled_at = excluded.disabled_at,
			disabled_reason = excluded.disabled_reason, disabled_by = excluded.disabled_by, held = excluded.held, created_at = excluded.created_at,
			revision = excluded.revision`, webhookFields(&w)...)
	if err == nil {
		err = t.exec(`DELETE FROM webhook_secrets WHERE webhook = $1`, w.ID)
	}
	for i, f := range w.FormerSecrets {
		if err == nil {
			err = t.exec(`INSERT INTO webhook_secrets (webhook, number, sealed, ends_at) VALUES ($1, $2, $3, $4)`,
				w.ID, i+1, column.Blob(&f.Sealed), column.Moment(f.EndsAt))
		}
	}
	return err
}

func (t outboxChanges) DeleteWebhook(id ledger.ID) error {
	for _, query := range []string{
		`DELETE FROM deliveries WHERE webhook = $1`,
		`DELETE FROM webhook_secrets WHERE webhook = $1`,
		`DELETE FROM webhooks WHERE id = $1`,
	} {
		if err := t.exec(query, id); err != nil {
			return err
		}
	}
	return nil
}

const deliveryColumns = `id, public_id, webhook, type, payload, state, attempts, log, next_attempt_at, leased_until,
	created_at, settled_at`

func deliveryFields(d *ledger.Delivery) []any {
	return []any{
		&d.ID, &d.PublicID, &d.Webhook, &d.Type, column.Verbatim(&d.Payload), &d.State, &d.Attempts, column.Document(&d.Log),
		column.Instant(&d.NextAttemptAt), column.Instant(&d.LeasedUntil), column.Instant(&d.CreatedAt), column.Instant(&d.SettledAt),
	}
}

func (r outboxRows) Delivery(webhook ledger.ID, publicID string) (ledger.Delivery, error) {
	return one(r.session, deliveryFields, `SELECT `+deliveryColumns+` FROM deliveries
		WHERE public_id = $1 AND webhook = $2`, publicID, webhook)
}

func (r outboxRows) DeliveryByID(id ledger.ID) (ledger.Delivery, error) {
	return one(r.session, deliveryFields, `SELECT `+deliveryColumns+` FROM deliveries WHERE id = $1`, id)
}

func (r outboxRows) Deliveries(webhook, before ledger.ID, limit int) ([]ledger.Delivery, error) {
	return list(r.session, deliveryFields, `SELECT `+deliveryColumns+` FROM deliveries
		WHERE webhook = $1 AND id < $2 ORDER BY id DESC LIMIT CAST($3 AS BIGINT)`, webhook, column.Below(before), column.Limit(limit))
}

// An endpoint's due_at is when the next delivery to it may be claimed: when the
// earliest is due, and nobody is at the endpoint any more. It is written when it
// changes, so that a claim reads as many endpoints as it looks at, whatever waits.
const dueAt = `(SELECT CASE WHEN taken > earliest THEN taken ELSE earliest END FROM (SELECT
	(SELECT min(d.next_attempt_at) FROM deliveries AS d WHERE d.webhook = webhooks.id AND d.next_attempt_at IS NOT NULL) AS earliest,
	(SELECT max(d.leased_until) FROM deliveries AS d WHERE d.webhook = webhooks.id AND d.leased_until IS NOT NULL) AS taken) AS ends)`

// moveDue brings an endpoint's due_at up to date.
const moveDue = `UPDATE webhooks SET due_at = ` + dueAt + ` WHERE id = $1 AND due_at IS DISTINCT FROM ` + dueAt

// longestDue are the endpoints of a kind that are due for longest.
const (
	longestDue     = `SELECT id, workspace, due_at FROM webhooks WHERE due_at <= $1 AND `
	longestHealthy = longestDue + `failing_since IS NULL ORDER BY due_at, id LIMIT CAST($2 AS BIGINT)`
	longestFailing = longestDue + `failing_since IS NOT NULL ORDER BY due_at, id LIMIT CAST($2 AS BIGINT)`
)

// claimLooks is how many endpoints of a kind a claim looks at.
const claimLooks = 256

// underWay counts by workspace what is leased, which is bounded by what is sent at once.
const underWay = `SELECT (SELECT workspace FROM webhooks WHERE webhooks.id = deliveries.webhook) AS home, count(*)
	FROM deliveries WHERE leased_until > $1 GROUP BY 1`

const dueOfEndpoint = `SELECT ` + deliveryColumns + ` FROM deliveries
	WHERE webhook = $1 AND next_attempt_at <= $2 ORDER BY next_attempt_at, id LIMIT CAST($3 AS BIGINT)`

// dueEndpoint is one with something due, and how much is under way in its workspace.
type dueEndpoint struct {
	webhook, workspace ledger.ID
	since, busy        int64
}

// inTurn are the first n: of workspaces at whose endpoints somebody is, those with
// fewer come first. Nobody's slow endpoints keep others waiting.
func inTurn(due []dueEndpoint, n int) []dueEndpoint {
	slices.SortFunc(due, func(a, b dueEndpoint) int {
		return cmp.Or(cmp.Compare(a.busy, b.busy), cmp.Compare(a.since, b.since), cmp.Compare(a.webhook, b.webhook))
	})
	return due[:min(n, len(due))]
}

// busyHomes answers how much is under way, by workspace.
func (r *reader) busyHomes(now time.Time) (map[ledger.ID]int64, error) {
	type home struct{ workspace, busy int64 }
	rows, err := list(r.session, func(h *home) []any { return []any{&h.workspace, &h.busy} }, underWay, column.Moment(now))
	busy := map[ledger.ID]int64{}
	for _, h := range rows {
		busy[h.workspace] = h.busy
	}
	return busy, err
}

// DueDeliveries gives those that failed turns of their own.
func (r outboxRows) DueDeliveries(now time.Time, c ledger.PostClaim) ([]ledger.Delivery, error) {
	homes, err := r.busyHomes(now)
	if err != nil {
		return nil, err
	}
	busy := map[ledger.ID]int64{}
	var all []ledger.Delivery
	for query, n := range map[string]int{longestHealthy: c.Healthy, longestFailing: c.Failing} {
		due, err := list(r.session, func(e *dueEndpoint) []any { return []any{&e.webhook, &e.workspace, &e.since} }, query, column.Moment(now), claimLooks)
		if err != nil {
			return nil, err
		}
		for i, e := range due {
			due[i].busy = homes[e.workspace]
		}
		for _, e := range inTurn(due, n) {
			ds, err := list(r.session, deliveryFields, dueOfEndpoint, e.webhook, column.Moment(now), column.Limit(c.Each))
			if err != nil {
				return nil, err
			}
			busy[e.webhook] = e.busy
			all = append(all, ds...)
		}
	}
	slices.SortFunc(all, func(a, b ledger.Delivery) int {
		return cmp.Or(cmp.Compare(busy[a.Webhook], busy[b.Webhook]), a.NextAttemptAt.Compare(b.NextAttemptAt), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

func (t outboxChanges) PutDelivery(d ledger.Delivery) error {
	err := t.exec(`
		INSERT INTO deliveries (`+deliveryColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (id) DO UPDATE SET
			public_id = excluded.public_id, webhook = excluded.webhook, type = excluded.type,
			payload = excluded.payload, state = excluded.state, attempts = excluded.attempts, log = excluded.log,
			next_attempt_at = excluded.next_attempt_at, leased_until = excluded.leased_until,
			created_at = excluded.created_at, settled_at = excluded.settled_at`, deliveryFields(&d)...)
	if err != nil {
		return err
	}
	return t.exec(moveDue, d.Webhook)
}

func (t outboxChanges) DropDeliveries(webhook ledger.ID, at time.Time) error {
	err := t.exec(`UPDATE deliveries SET state = 'dropped', next_attempt_at = NULL, leased_until = NULL, settled_at = $2
		WHERE webhook = $1 AND next_attempt_at IS NOT NULL`, webhook, column.Moment(at))
	if err != nil {
		return err
	}
	return t.exec(moveDue, webhook)
}

func (t outboxChanges) DropPending(kept string, at time.Time) (deliveries, mails int, err error) {
	d, err := number(t.session, `SELECT count(*) FROM deliveries WHERE next_attempt_at IS NOT NULL`)
	if err != nil {
		return 0, 0, err
	}
	m, err := number(t.session, `SELECT count(*) FROM mails WHERE next_attempt_at IS NOT NULL AND kind <> $1`, kept)
	if err != nil {
		return 0, 0, err
	}
	return int(d), int(m), errors.Join(
		t.exec(`UPDATE deliveries SET state = 'dropped', next_attempt_at = NULL, leased_until = NULL, settled_at = $1
			WHERE next_attempt_at IS NOT NULL`, column.Moment(at)),
		t.exec(`UPDATE webhooks SET due_at = NULL WHERE due_at IS NOT NULL`),
		t.exec(`UPDATE mails SET state = 'dropped', next_attempt_at = NULL, leased_until = NULL, settled_at = $1
			WHERE next_attempt_at IS NOT NULL AND kind <> $2`, column.Moment(at), kept),
	)
}

const mailColumns = `id, public_id, workspace, kind, recipient, token, expires_at, step, facts, state, attempts, error,
	next_attempt_at, leased_until, created_at, settled_at`

func mailFields(m *ledger.Mail) []any {
	return []any{
		&m.ID, &m.PublicID, &m.Workspace, &m.Kind, &m.Recipient, column.Locator(&m.Token), column.Instant(&m.ExpiresAt), &m.Step,
		column.Document(&m.Facts), &m.State, &m.Attempts, &m.Error, column.Instant(&m.NextAttemptAt), column.Instant(&m.LeasedUntil),
		column.Instant(&m.CreatedAt), column.Instant(&m.SettledAt),
	}
}

func (r outboxRows) Mail(id ledger.ID) (ledger.Mail, error) {
	return one(r.session, mailFields, `SELECT `+mailColumns+` FROM mails WHERE id = $1`, id)
}

func (r outboxRows) DueMails(now time.Time, except string, limit int) ([]ledger.Mail, error) {
	return list(r.session, mailFields, `SELECT `+mailColumns+` FROM mails
		WHERE next_attempt_at <= $1 AND kind <> $2 ORDER BY next_attempt_at, id LIMIT CAST($3 AS BIGINT)`, column.Moment(now), except, column.Limit(limit))
}

func (r outboxRows) DueMailsTo(recipient, kind string, now time.Time, limit int) ([]ledger.Mail, error) {
	return list(r.session, mailFields, `SELECT `+mailColumns+` FROM mails
		WHERE recipient COLLATE "binary" = $1 AND kind = $2 AND next_attempt_at IS NOT NULL AND next_attempt_at <= $3
		ORDER BY id LIMIT CAST($4 AS BIGINT)`, recipient, kind, column.Moment(now), column.Limit(limit))
}

func (t outboxChanges) PutMail(m ledger.Mail) error {
	return t.exec(`
		INSERT INTO mails (`+mailColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		ON CONFLICT (id) DO UPDATE SET
			public_id = excluded.public_id, workspace = excluded.workspace, kind = excluded.kind,
			recipient = excluded.recipient, token = excluded.token, expires_at = excluded.expires_at,
			step = excluded.step, facts = excluded.facts, state = excluded.state, attempts = excluded.attempts,
			error = excluded.error, next_attempt_at = excluded.next_attempt_at, leased_until = excluded.leased_until,
			created_at = excluded.created_at, settled_at = excluded.settled_at`, mailFields(&m)...)
}

func (r outboxRows) NextDue() (time.Time, error) {
	at, err := one(r.session, func(t *time.Time) []any { return []any{column.Instant(t)} }, `
		SELECT min(at) FROM (
			SELECT min(next_attempt_at) AS at FROM deliveries WHERE next_attempt_at IS NOT NULL
			UNION ALL SELECT min(next_attempt_at) AS at FROM mails WHERE next_attempt_at IS NOT NULL) AS due`)
	if err == nil && at.IsZero() {
		err = ledger.ErrNoRow
	}
	return at, err
}
