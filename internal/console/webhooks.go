package console

import (
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
)

// hooks is where endpoints are kept: those of a workspace, or of the instance.
type hooks struct {
	at authority.Where
	// base is the address of their list, back the page it belongs to.
	base, back, backName string
	// write says whether the visitor may change them.
	write bool
}

// hooksOf tells the visitor's endpoints by the address of the page.
func (v *visit) hooksOf() hooks {
	if v.at == nil {
		v.section = "instance-webhooks"
		return hooks{authority.Where{Instance: true}, "/instance/webhooks", "/instance", "Instance", true}
	}
	v.section = "settings"
	return hooks{v.where(), v.ws("settings", "webhooks"), v.ws("settings"), "Settings", v.may("webhooks:write")}
}

// restarts says whether the visitor may bring an endpoint back.
func (v *visit) restarts(h api.Webhook) bool { return v.at == nil || v.at.RestartsWebhook(h) }

func (h hooks) page(parts ...string) string { return h.base + "/" + strings.Join(parts, "/") }

func (v *visit) webhooks() error { return v.webhooksWith(form.New(nil)) }

func (v *visit) webhooksWith(f form.Form) error {
	h := v.hooksOf()
	rows, next, err := v.auth.ListWebhooks(v.ctx(), v.caller, h.at, v.paged())
	if err != nil {
		return err
	}
	body := webhooksPage(v, h, rows, v.after(next), f)
	if f.Err != nil {
		return v.again("Webhooks", body)
	}
	return v.page("Webhooks", body)
}

// doNewWebhook makes an endpoint. Its answer alone holds the signing secret.
func (v *visit) doNewWebhook() error {
	h := v.hooksOf()
	f := v.typed()
	out, err := v.auth.CreateWebhook(v.ctx(), v.once(f), h.at, f.Webhook())
	if sentBefore(err) {
		return v.done(h.base, "sent")
	}
	if err != nil {
		if f, err = refused(f, err); err != nil {
			return err
		}
		return v.webhooksWith(f)
	}
	return v.page("Webhook created", webhookSecretPage(h, out))
}

// webhook shows an endpoint and what was sent to it.
func (v *visit) webhook() error {
	h := v.hooksOf()
	w, err := v.auth.GetWebhook(v.ctx(), v.caller, h.at, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.webhookWith(h, w, form.OfWebhook(w))
}

// webhookWith draws an endpoint with the log of what was sent to it.
func (v *visit) webhookWith(h hooks, w api.Webhook, f form.Form) error {
	rows, next, err := v.auth.ListDeliveries(v.ctx(), v.caller, h.at, w.ID, v.paged())
	if err != nil {
		return err
	}
	body := webhookPage(v, h, w, rows, v.after(next), f)
	if f.Err != nil {
		return v.again("Webhook", body)
	}
	return v.page("Webhook", body)
}

func (v *visit) doWebhook() error {
	h := v.hooksOf()
	id, f := v.r.PathValue("id"), v.edited()
	w, err := v.auth.EditWebhook(v.ctx(), v.from(f), h.at, id, f.EditWebhook())
	if err == nil {
		return v.done(h.page(w.Value.ID), "saved")
	}
	if f, err = refused(f, err); err != nil {
		return err
	}
	if w.Value, err = v.auth.GetWebhook(v.ctx(), v.caller, h.at, id); err != nil {
		return err
	}
	return v.webhookWith(h, w.Value, v.renewed(f, form.OfWebhook(w.Value), h.at, "webhook:"+w.Value.ID, "event"))
}

// doWebhookVerb does what a button on an endpoint's page says.
func (v *visit) doWebhookVerb() error {
	h, id := v.hooksOf(), v.r.PathValue("id")
	var err error
	switch v.r.PathValue("verb") {
	case "ping":
		if _, err = v.auth.PingWebhook(v.ctx(), v.caller, h.at, id); err == nil {
			return v.done(h.page(id), "pinged")
		}
	case "enable":
		f := v.edited()
		if _, err = v.auth.EditWebhook(v.ctx(), v.from(f), h.at, id, api.EditWebhook{Enabled: api.Some(true)}); err == nil {
			return v.done(h.page(id), "saved")
		}
		return v.overtaken(err, f, h.at, "webhook:"+id, h.page(id))
	case "disable":
		if _, err = v.auth.EditWebhook(v.ctx(), v.caller, h.at, id, api.EditWebhook{Enabled: api.Some(false)}); err == nil {
			return v.done(h.page(id), "saved")
		}
	case "rotate":
		out, err := v.auth.RotateWebhookSecret(v.ctx(), v.once(v.typed()), h.at, id)
		if sentBefore(err) {
			return v.done(h.page(id), "sent")
		}
		if err != nil {
			return err
		}
		return v.page("New signing secret", webhookSecretPage(h, out))
	case "delete":
		if _, err = v.auth.DeleteWebhook(v.ctx(), v.caller, h.at, id); err == nil {
			return v.done(h.base, "deleted")
		}
	default:
		return v.missing()
	}
	return err
}

// deleteWebhook asks before an endpoint is taken away.
func (v *visit) deleteWebhook() error {
	h := v.hooksOf()
	w, err := v.auth.GetWebhook(v.ctx(), v.caller, h.at, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.page("Delete", confirmPage("Delete this webhook?",
		"Nothing is sent to "+w.URL+" any more, also what is on its way. Its log goes with it.",
		"Delete", h.page(w.ID, "delete"), h.page(w.ID)))
}

// delivery shows one event on its way: what was sent, and each attempt.
func (v *visit) delivery() error {
	h := v.hooksOf()
	d, err := v.auth.GetDelivery(v.ctx(), v.caller, h.at, v.r.PathValue("id"), v.r.PathValue("delivery"))
	if err != nil {
		return err
	}
	return v.page("Delivery", deliveryPage(v, h, v.r.PathValue("id"), d))
}

func (v *visit) doResend() error {
	h := v.hooksOf()
	id := v.r.PathValue("id")
	if _, err := v.auth.ResendDelivery(v.ctx(), v.caller, h.at, id, v.r.PathValue("delivery")); err != nil {
		return err
	}
	return v.done(h.page(id, "deliveries", v.r.PathValue("delivery")), "resent")
}
