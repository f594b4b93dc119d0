package client

import (
	"context"
	"iter"
	"net/http"

	"github.com/tokenry/tokenry/api"
)

// WebhookCalls are about endpoints that are told of events, of a workspace, or of the
// instance for [Instance], which needs instance:admin instead.
type WebhookCalls struct{ *line }

// CreateWebhook makes an endpoint that is told of events. Its answer, and that of a
// rotation, are the only ones that hold its secret.
//
// Needs webhooks:write. The client repeats it with an [IdempotencyKey] alone. Refusals
// of its own: idempotency_key_used once the endpoint was changed.
func (c WebhookCalls) CreateWebhook(ctx context.Context, ws string, in api.CreateWebhook, opts ...CallOption) (api.WebhookSecret, error) {
	return within[api.WebhookSecret](ctx, c.line, ws, with(http.MethodPost, in, opts...), "webhooks")
}

// ListWebhooks answers one page of the endpoints.
//
// Needs webhooks:read. The client repeats it. Refusals of its own: invalid_cursor.
func (c WebhookCalls) ListWebhooks(ctx context.Context, ws string, p api.Page) (api.List[api.Webhook], error) {
	return page[api.Webhook](ctx, c.line, ws, values{}.page(p), "webhooks")
}

// Webhooks walks through the endpoints.
//
// Needs webhooks:read. The client repeats it.
func (c WebhookCalls) Webhooks(ctx context.Context, ws string) iter.Seq2[api.Webhook, error] {
	return each(func(p api.Page) (api.List[api.Webhook], error) { return c.ListWebhooks(ctx, ws, p) })
}

// GetWebhook answers one endpoint.
//
// Needs webhooks:read. The client repeats it.
func (c WebhookCalls) GetWebhook(ctx context.Context, ws, id string) (api.Webhook, error) {
	return within[api.Webhook](ctx, c.line, ws, with(http.MethodGet, nil), "webhooks", id)
}

// EditWebhook merges a patch into an endpoint, or enables it again.
//
// Needs webhooks:write. The client repeats it with an [IdempotencyKey] alone.
func (c WebhookCalls) EditWebhook(ctx context.Context, ws, id string, in api.EditWebhook, opts ...CallOption) (api.Webhook, error) {
	return within[api.Webhook](ctx, c.line, ws, with(http.MethodPatch, in, opts...), "webhooks", id)
}

// DeleteWebhook deletes an endpoint; what waits for it is not sent any more.
//
// Needs webhooks:write. The client repeats it.
func (c WebhookCalls) DeleteWebhook(ctx context.Context, ws, id string) (api.Webhook, error) {
	return within[api.Webhook](ctx, c.line, ws, with(http.MethodDelete, nil), "webhooks", id)
}

// RotateWebhook gives an endpoint a new secret; for 24 hours both sign.
//
// Needs webhooks:write. The client does not repeat it.
func (c WebhookCalls) RotateWebhook(ctx context.Context, ws, id string) (api.WebhookSecret, error) {
	return within[api.WebhookSecret](ctx, c.line, ws, with(http.MethodPost, nil), "webhooks", id, "rotate")
}

// PingWebhook sends an endpoint a ping and answers the delivery, which is under way.
//
// Needs webhooks:write. The client does not repeat it. Refusals of its own: inactive.
func (c WebhookCalls) PingWebhook(ctx context.Context, ws, id string) (api.WebhookDelivery, error) {
	return within[api.WebhookDelivery](ctx, c.line, ws, with(http.MethodPost, nil), "webhooks", id, "ping")
}

// Deliveries walks through what was sent to an endpoint, newest first.
//
// Needs webhooks:read. The client repeats it.
func (c WebhookCalls) Deliveries(ctx context.Context, ws, id string) iter.Seq2[api.WebhookDelivery, error] {
	return each(func(p api.Page) (api.List[api.WebhookDelivery], error) {
		return page[api.WebhookDelivery](ctx, c.line, ws, values{}.page(p), "webhooks", id, "deliveries")
	})
}

// GetDelivery answers one delivery with its payload and attempts.
//
// Needs webhooks:read. The client repeats it.
func (c WebhookCalls) GetDelivery(ctx context.Context, ws, id, delivery string) (api.WebhookDelivery, error) {
	return within[api.WebhookDelivery](ctx, c.line, ws, with(http.MethodGet, nil), "webhooks", id, "deliveries", delivery)
}

// ResendDelivery sends a delivery again.
//
// Needs webhooks:write. The client does not repeat it. Refusals of its own:
// already_done while it is being sent, inactive.
func (c WebhookCalls) ResendDelivery(ctx context.Context, ws, id, delivery string) (api.WebhookDelivery, error) {
	return within[api.WebhookDelivery](ctx, c.line, ws, with(http.MethodPost, nil), "webhooks", id, "deliveries", delivery, "resend")
}
