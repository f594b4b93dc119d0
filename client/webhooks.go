package client

import (
	"context"
	"iter"
	"net/http"

	"github.com/tokenry/tokenry/api"
)

// CreateWebhook makes an endpoint that is told of events. Its answer, and that
// of a rotation, are the only ones that hold its secret.
func (c *Client) CreateWebhook(ctx context.Context, ws string, in api.CreateWebhook, opts ...CallOption) (api.WebhookSecret, error) {
	return within[api.WebhookSecret](ctx, c, ws, with(http.MethodPost, in, opts...), "webhooks")
}

// ListWebhooks answers one page of the endpoints.
func (c *Client) ListWebhooks(ctx context.Context, ws string, p api.Page) (api.List[api.Webhook], error) {
	return page[api.Webhook](ctx, c, ws, values{}.page(p), "webhooks")
}

// Webhooks walks through the endpoints.
func (c *Client) Webhooks(ctx context.Context, ws string) iter.Seq2[api.Webhook, error] {
	return each(func(p api.Page) (api.List[api.Webhook], error) { return c.ListWebhooks(ctx, ws, p) })
}

// GetWebhook answers one endpoint.
func (c *Client) GetWebhook(ctx context.Context, ws, id string) (api.Webhook, error) {
	return within[api.Webhook](ctx, c, ws, with(http.MethodGet, nil), "webhooks", id)
}

// EditWebhook merges a patch into an endpoint, or enables it again.
func (c *Client) EditWebhook(ctx context.Context, ws, id string, in api.EditWebhook, opts ...CallOption) (api.Webhook, error) {
	return within[api.Webhook](ctx, c, ws, with(http.MethodPatch, in, opts...), "webhooks", id)
}

// DeleteWebhook deletes an endpoint.
func (c *Client) DeleteWebhook(ctx context.Context, ws, id string) (api.Webhook, error) {
	return within[api.Webhook](ctx, c, ws, with(http.MethodDelete, nil), "webhooks", id)
}

// RotateWebhook gives an endpoint a new secret; for 24 hours both sign.
func (c *Client) RotateWebhook(ctx context.Context, ws, id string) (api.WebhookSecret, error) {
	return within[api.WebhookSecret](ctx, c, ws, with(http.MethodPost, nil), "webhooks", id, "rotate")
}

// PingWebhook sends an endpoint a ping and answers the delivery, which is under way.
func (c *Client) PingWebhook(ctx context.Context, ws, id string) (api.WebhookDelivery, error) {
	return within[api.WebhookDelivery](ctx, c, ws, with(http.MethodPost, nil), "webhooks", id, "ping")
}

// Deliveries walks through what was sent to an endpoint, newest first.
func (c *Client) Deliveries(ctx context.Context, ws, id string) iter.Seq2[api.WebhookDelivery, error] {
	return each(func(p api.Page) (api.List[api.WebhookDelivery], error) {
		return page[api.WebhookDelivery](ctx, c, ws, values{}.page(p), "webhooks", id, "deliveries")
	})
}

// GetDelivery answers one delivery with its payload and attempts.
func (c *Client) GetDelivery(ctx context.Context, ws, id, delivery string) (api.WebhookDelivery, error) {
	return within[api.WebhookDelivery](ctx, c, ws, with(http.MethodGet, nil), "webhooks", id, "deliveries", delivery)
}

// ResendDelivery sends a delivery again.
func (c *Client) ResendDelivery(ctx context.Context, ws, id, delivery string) (api.WebhookDelivery, error) {
	return within[api.WebhookDelivery](ctx, c, ws, with(http.MethodPost, nil), "webhooks", id, "deliveries", delivery, "resend")
}
