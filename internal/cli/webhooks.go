package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/terminal"
)

// webhooks are the commands about endpoints that are told of events.
func (a *app) webhooks() *cobra.Command {
	var instance bool
	return instanceFlag(a.Group("webhook", "Tell endpoints what happens to tokens",
		a.webhookCreate(&instance), a.webhookList(&instance), a.webhookShow(&instance), a.webhookEdit(&instance),
		a.webhookDelete(&instance), a.webhookRotate(&instance),
		a.webhookPing(&instance), a.webhookDeliveries(&instance), a.webhookResend(&instance)), &instance)
}

// webhookCreate makes an endpoint. Its secret signs every delivery and is shown this
// once; whoever loses it rotates it.
func (a *app) webhookCreate(instance *bool) *cobra.Command {
	var in api.CreateWebhook
	var description string
	cmd := a.Command("create --url URL --event PATTERN", "Create an endpoint and print its secret, this once", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		if description != "" {
			in.Description = api.Some(description)
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		v, err := c.CreateWebhook(cmd.Context(), at(*instance), in)
		return a.webhookIssued(v, err)
	})
	fs := cmd.Flags()
	fs.StringVar(&in.URL, "url", "", "where events are posted, https://…")
	fs.StringSliceVar(&in.Events, "event", nil, "which events, like token.* or token.revoked (repeatable)")
	fs.StringVar(&description, "description", "", "what it is for")
	_ = cmd.MarkFlagRequired("url")   // it was added above
	_ = cmd.MarkFlagRequired("event") // it was added above
	return cmd
}

// webhookIssued prints an endpoint for people and its secret on standard output.
func (a *app) webhookIssued(v api.WebhookSecret, err error) error {
	if err != nil {
		return err
	}
	if a.JSON {
		return a.PrintJSON(v)
	}
	if err := command.Describe(a.Err, a.webhookRows(v.Webhook)); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.Out, v.Secret)
	return err
}

// webhookRows describe an endpoint. A former secret that still signs is told with its
// end: until then both signatures stand in every delivery.
func (a *app) webhookRows(v api.Webhook) []row {
	state := "enabled"
	if !v.Enabled {
		state = "disabled " + terminal.Optional(v.DisabledReason)
	}
	rows := []row{{"id", v.ID}, {"url", v.URL}, {"events", strings.Join(v.Events, ", ")}, {"state", state}, {"disabled", a.by(v.DisabledAt, v.DisabledBy)}, {"held", terminal.HeldByInstance(v.HeldByInstance)}}
	for i, end := range v.FormerSecretsUntil {
		rows = append(rows, row{fmt.Sprintf("former secret %d", i+1), "signs until " + a.When(&end)})
	}
	return said(rows)
}

const (
	webhookHead  = "ID,URL,EVENTS,ENABLED,FAILING SINCE"
	deliveryHead = "ID,EVENT,STATE,CREATED,NEXT ATTEMPT,DELIVERED"
)

// webhookList prints the endpoints; since when one has failed says how long until it
// is disabled.
func (a *app) webhookList(instance *bool) *cobra.Command {
	return command.List[api.Webhook](a.App, a.Command("list", "List endpoints", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		return command.Table(a.App, c.Webhooks(cmd.Context(), at(*instance)), 0, webhookHead, func(v api.Webhook) []string {
			return []string{v.ID, v.URL, strings.Join(v.Events, ","), fmt.Sprint(v.Enabled), a.When(v.FailingSince)}
		})
	}), webhookHead)
}

// webhookShow prints one endpoint. Its secret is not part of it.
func (a *app) webhookShow(instance *bool) *cobra.Command {
	return command.Answers[api.Webhook](a.App, a.webhookDo("show ID", "Show an endpoint", func(cmd *cobra.Command, c *client.Client, id string) error {
		v, err := c.GetWebhook(cmd.Context(), at(*instance), id)
		if err != nil {
			return err
		}
		return a.Show(v, a.webhookRows(v))
	}))
}

// webhookEdit merges flags into an endpoint; --enabled brings back one that was
// disabled because it failed for too long.
func (a *app) webhookEdit(instance *bool) *cobra.Command {
	var f *terminal.Fields
	var when *condition
	cmd := a.webhookDo("edit ID", "Change an endpoint, or enable one that was disabled", func(cmd *cobra.Command, c *client.Client, id string) error {
		var in api.EditWebhook
		if err := f.Into(&in); err != nil {
			return err
		}
		opts, err := when.options(cmd.Context(), func(ctx context.Context) (int64, error) {
			v, err := c.GetWebhook(ctx, at(*instance), id)
			return v.Revision, err
		})
		if err != nil {
			return err
		}
		v, err := c.EditWebhook(cmd.Context(), at(*instance), id, in, opts...)
		if err != nil {
			return err
		}
		return a.Show(v, a.webhookRows(v))
	})
	when = conditionFlag(cmd)
	f = terminal.NewFields(cmd.Flags()).Text("url", "where events are posted, https://…").Text("description", "what it is for").
		Texts("events", "event", "which events, like token.* or token.revoked").Yes("enabled", "--enabled=false stops it, --enabled starts it again")
	return command.Answers[api.Webhook](a.App, cmd)
}

// webhookDelete deletes an endpoint, and with it what waits to be sent there.
func (a *app) webhookDelete(instance *bool) *cobra.Command {
	return command.Answers[api.Webhook](a.App, a.webhookDo("delete ID", "Delete an endpoint", func(cmd *cobra.Command, c *client.Client, id string) error {
		v, err := c.DeleteWebhook(cmd.Context(), at(*instance), id)
		if err != nil {
			return err
		}
		return a.Show(v, a.webhookRows(v))
	}))
}

// webhookRotate gives an endpoint a new secret. It is not sent again by itself: a lost
// answer is a lost secret, and the next rotation brings another.
func (a *app) webhookRotate(instance *bool) *cobra.Command {
	return a.webhookDo("rotate ID", "Give an endpoint a new secret; the former one signs for 24 hours more", func(cmd *cobra.Command, c *client.Client, id string) error {
		v, err := c.RotateWebhook(cmd.Context(), at(*instance), id)
		return a.webhookIssued(v, err)
	})
}

// webhookPing sends a test event, whatever the endpoint's patterns; what became of it
// stands in its deliveries.
func (a *app) webhookPing(instance *bool) *cobra.Command {
	return a.webhookDo("ping ID", "Send an endpoint a ping", func(cmd *cobra.Command, c *client.Client, id string) error {
		v, err := c.PingWebhook(cmd.Context(), at(*instance), id)
		if err != nil {
			return err
		}
		return a.Show(v, []row{{"delivery", v.ID}, {"state", v.State}})
	})
}

// webhookDo makes a command about one endpoint.
func (a *app) webhookDo(use, short string, do func(*cobra.Command, *client.Client, string) error) *cobra.Command {
	return a.Command(use, short, cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		return do(cmd, c, args[0])
	})
}

// webhookDeliveries prints what was sent, newest first; 50 unless --limit says
// otherwise, because a busy endpoint has very many.
func (a *app) webhookDeliveries(instance *bool) *cobra.Command {
	var most int
	cmd := a.webhookDo("deliveries ID", "List what was sent to an endpoint, newest first", func(cmd *cobra.Command, c *client.Client, id string) error {
		return command.Table(a.App, c.Deliveries(cmd.Context(), at(*instance), id), most, deliveryHead, func(v api.WebhookDelivery) []string {
			return []string{v.ID, v.Type, v.State, a.When(&v.CreatedAt), a.When(v.NextAttemptAt), a.When(v.DeliveredAt)}
		})
	})
	limitFlag(cmd.Flags(), &most, 50)
	return command.List[api.WebhookDelivery](a.App, cmd, deliveryHead)
}

// webhookResend sends a delivery again under its own id, so that a receiver that had
// it already can tell.
func (a *app) webhookResend(instance *bool) *cobra.Command {
	return a.Command("resend ID DELIVERY", "Send a delivery again", cobra.ExactArgs(2), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		v, err := c.ResendDelivery(cmd.Context(), at(*instance), args[0], args[1])
		if err != nil {
			return err
		}
		return a.Show(v, []row{{"delivery", v.ID}, {"state", v.State}})
	})
}
