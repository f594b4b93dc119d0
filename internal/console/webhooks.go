package console

import (
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/reception"
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
	if v.At == nil {
		v.Section = "instance-webhooks"
		return hooks{authority.Where{Instance: true}, "/instance/webhooks", "/instance", "Instance", true}
	}
	v.Section = "settings"
	return hooks{v.Where(), v.WS("settings", "webhooks"), v.WS("settings"), "Settings", v.May("webhooks:write")}
}

// restarts says whether the visitor may bring an endpoint back.
func (v *visit) restarts(h api.Webhook) bool { return v.At == nil || v.At.RestartsWebhook(h) }

func (h hooks) page(parts ...string) string { return h.base + "/" + strings.Join(parts, "/") }

func (v *visit) webhooks() error { return v.webhooksWith(form.New(nil)) }

func (v *visit) webhooksWith(f form.Form) error {
	h := v.hooksOf()
	rows, next, err := v.Office.ListWebhooks(v.Ctx(), v.Caller, h.at, v.Paged())
	if err != nil {
		return err
	}
	body := webhooksPage(v, h, rows, v.After(next), f)
	if f.Err != nil {
		return v.Again("Webhooks", body)
	}
	return v.Page("Webhooks", body)
}

// doNewWebhook makes an endpoint. Its answer alone holds the signing secret.
func (v *visit) doNewWebhook() error {
	h := v.hooksOf()
	f := v.Typed()
	out, err := v.Office.CreateWebhook(v.Ctx(), v.Once(f), h.at, f.Webhook())
	if reception.SentBefore(err) {
		return v.Done(h.base, "sent")
	}
	if err != nil {
		if f, err = reception.Refused(f, err); err != nil {
			return err
		}
		return v.webhooksWith(f)
	}
	return v.Page("Webhook created", webhookSecretPage(v, h, out))
}

// webhook shows an endpoint and what was sent to it.
func (v *visit) webhook() error {
	h := v.hooksOf()
	w, err := v.Office.GetWebhook(v.Ctx(), v.Caller, h.at, v.R.PathValue("id"))
	if err != nil {
		return err
	}
	return v.webhookWith(h, w, form.OfWebhook(w))
}

// webhookWith draws an endpoint with the log of what was sent to it.
func (v *visit) webhookWith(h hooks, w api.Webhook, f form.Form) error {
	rows, next, err := v.Office.ListDeliveries(v.Ctx(), v.Caller, h.at, w.ID, v.Paged())
	if err != nil {
		return err
	}
	body := webhookPage(v, h, w, rows, v.After(next), f)
	if f.Err != nil {
		return v.Again("Webhook", body)
	}
	return v.Page("Webhook", body)
}

func (v *visit) doWebhook() error {
	h := v.hooksOf()
	id, f := v.R.PathValue("id"), v.Edited()
	w, err := v.Office.EditWebhook(v.Ctx(), v.From(f), h.at, id, f.EditWebhook())
	if err == nil {
		return v.Done(v.Onward(h.page(w.Value.ID)), "saved")
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	if w.Value, err = v.Office.GetWebhook(v.Ctx(), v.Caller, h.at, id); err != nil {
		return err
	}
	return v.webhookWith(h, w.Value, v.Renewed(f, form.OfWebhook(w.Value), h.at, "webhook:"+w.Value.ID, "event"))
}

// doWebhookVerb does what a button on an endpoint's page says.
func (v *visit) doWebhookVerb() error {
	h, id := v.hooksOf(), v.R.PathValue("id")
	var err error
	switch v.R.PathValue("verb") {
	case "ping":
		if _, err = v.Office.PingWebhook(v.Ctx(), v.Caller, h.at, id); err == nil {
			return v.Done(v.Onward(h.page(id)), "pinged")
		}
	case "enable":
		f := v.Edited()
		if _, err = v.Office.EditWebhook(v.Ctx(), v.From(f), h.at, id, api.EditWebhook{Enabled: api.Some(true)}); err == nil {
			return v.Done(v.Onward(h.page(id)), "saved")
		}
		return v.overtaken(err, f, h.at, "webhook:"+id, v.Onward(h.page(id)))
	case "disable":
		if _, err = v.Office.EditWebhook(v.Ctx(), v.Caller, h.at, id, api.EditWebhook{Enabled: api.Some(false)}); err == nil {
			return v.Done(v.Onward(h.page(id)), "saved")
		}
	case "rotate":
		out, err := v.Office.RotateWebhookSecret(v.Ctx(), v.Once(v.Typed()), h.at, id)
		if reception.SentBefore(err) {
			return v.Done(v.Onward(h.page(id)), "sent")
		}
		if err != nil {
			return err
		}
		return v.Page("New signing secret", webhookSecretPage(v, h, out))
	case "delete":
		if _, err = v.Office.DeleteWebhook(v.Ctx(), v.Caller, h.at, id); err == nil {
			return v.Done(v.hooksBack(h).Href, "deleted")
		}
	default:
		return v.Missing()
	}
	return err
}

// deleteWebhook asks before an endpoint is taken away.
func (v *visit) deleteWebhook() error {
	h := v.hooksOf()
	w, err := v.Office.GetWebhook(v.Ctx(), v.Caller, h.at, v.R.PathValue("id"))
	if err != nil {
		return err
	}
	return v.Page("Delete", confirmPage("Delete this webhook?",
		"Nothing is sent to "+w.URL+" any more, also what is on its way. Its log goes with it.",
		"Delete", v.Onward(h.page(w.ID, "delete")), v.Onward(h.page(w.ID))))
}

// delivery shows one event on its way: what was sent, and each attempt.
func (v *visit) delivery() error {
	h := v.hooksOf()
	d, err := v.Office.GetDelivery(v.Ctx(), v.Caller, h.at, v.R.PathValue("id"), v.R.PathValue("delivery"))
	if err != nil {
		return err
	}
	return v.Page("Delivery", deliveryPage(v, h, v.R.PathValue("id"), d))
}

func (v *visit) doResend() error {
	h := v.hooksOf()
	id := v.R.PathValue("id")
	if _, err := v.Office.ResendDelivery(v.Ctx(), v.Caller, h.at, id, v.R.PathValue("delivery")); err != nil {
		return err
	}
	return v.Done(v.Onward(h.page(id, "deliveries", v.R.PathValue("delivery"))), "resent")
}
