package httpapi

import (
	"reflect"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/internal/reference"
)

// webhookRoutes are the endpoints of workspaces, then those of the instance.
func webhookRoutes() []Route {
	read, write := needs("webhooks:read"), needs("webhooks:write")
	here := func(c *call) authority.Where { return authority.Where{Workspace: c.path("ws")} }
	everywhere := func(*call) authority.Where { return authority.Where{Instance: true} }
	return group("Webhooks", append(
		webhooksAt("/v1/workspaces/{ws}/webhooks", read, write, here),
		webhooksAt("/v1/instance/webhooks", instance(), instance(), everywhere)...)...)
}

// where says whose endpoints a call is about.
type where func(*call) authority.Where

func webhooksAt(path string, read, write reference.Access, at where) []Route {
	one := path + "/{webhook}"
	return append([]Route{
		route("GET", path, read, "List endpoints that are told of events",
			list(func(c *call, p authority.Page) ([]api.Webhook, int64, error) {
				return c.s.authority.ListWebhooks(c.ctx, c.caller, at(c), p)
			})),
		route("POST", path, write, "Create an endpoint; its secret is in this answer alone",
			webhookSecret(func(c *call, in api.CreateWebhook) (outbox.IssuedWebhook, error) {
				return c.s.authority.CreateWebhook(c.ctx, c.caller, at(c), in)
			})).creating(),
		route("GET", one, read, "Show an endpoint",
			get(func(c *call) (api.Webhook, error) {
				return c.s.authority.GetWebhook(c.ctx, c.caller, at(c), c.path("webhook"))
			})),
		route("PATCH", one, write, "Edit an endpoint, or enable it again",
			change(func(c *call, in api.EditWebhook) (authority.Done[api.Webhook], error) {
				return c.s.authority.EditWebhook(c.ctx, c.caller, at(c), c.path("webhook"), in)
			})),
		route("DELETE", one, write, "Delete an endpoint",
			act(func(c *call) (authority.Done[api.Webhook], error) {
				return c.s.authority.DeleteWebhook(c.ctx, c.caller, at(c), c.path("webhook"))
			})),
	}, deliveriesAt(one, read, write, at)...)
}

func deliveriesAt(one string, read, write reference.Access, at where) []Route {
	return []Route{
		route("POST", one+"/rotate", write, "Give an endpoint a new secret; for 24 hours both sign",
			webhookReissue(func(c *call) (outbox.IssuedWebhook, error) {
				return c.s.authority.RotateWebhookSecret(c.ctx, c.caller, at(c), c.path("webhook"))
			})),
		route("POST", one+"/ping", write, "Send an endpoint a ping",
			act(func(c *call) (authority.Done[api.WebhookDelivery], error) {
				return c.s.authority.PingWebhook(c.ctx, c.caller, at(c), c.path("webhook"))
			})),
		route("GET", one+"/deliveries", read, "List what was sent to an endpoint, newest first",
			list(func(c *call, p authority.Page) ([]api.WebhookDelivery, int64, error) {
				return c.s.authority.ListDeliveries(c.ctx, c.caller, at(c), c.path("webhook"), p)
			})),
		route("GET", one+"/deliveries/{delivery}", read, "Show one delivery with its payload and attempts",
			get(func(c *call) (api.WebhookDelivery, error) {
				return c.s.authority.GetDelivery(c.ctx, c.caller, at(c), c.path("webhook"), c.path("delivery"))
			})),
		route("POST", one+"/deliveries/{delivery}/resend", write, "Send a delivery again",
			act(func(c *call) (authority.Done[api.WebhookDelivery], error) {
				return c.s.authority.ResendDelivery(c.ctx, c.caller, at(c), c.path("webhook"), c.path("delivery"))
			})),
	}
}

// webhookSecret hands over an endpoint's secret, in the one answer that does.
func webhookSecret[In any](f func(*call, In) (outbox.IssuedWebhook, error)) endpoint {
	return taking[In](webhookReissue(decoded(f)))
}

// webhookReissue is webhookSecret for calls that take no body.
func webhookReissue(f func(*call) (outbox.IssuedWebhook, error)) endpoint {
	return endpoint{out: reflect.TypeFor[api.WebhookSecret](), changes: true, run: func(c *call) (answer, error) {
		v, err := f(c)
		return answer{body: api.WebhookSecret{Webhook: v.Webhook, Secret: v.Secret.Reveal()}, changed: true, revision: v.Revision}, err
	}}
}
