package office_test

import (
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// instanceCaller administers the instance and is nobody in acme.
func (w *world) instanceCaller() authority.Caller {
	w.Helper()
	w.workspace("office")
	in := api.CreateMember{Email: "root@example.com"}
	in.Role, in.Resources = api.Some("Owner"), api.Some([]string{"*"})
	_, _, err := w.CreateMember(w.ctx, w.root, "office", in)
	must(w.T, err)
	_, _, err = w.AddAdmin(w.ctx, w.root, api.AddAdmin{User: "root@example.com"})
	must(w.T, err)
	return w.person("root@example.com")
}

func as(c authority.Caller, member string) authority.Caller {
	c.ActAs = member
	return c
}

// stopping is one kind of thing that is stopped and brought back.
type stopping struct {
	stop, restart func(authority.Caller) error
	// by is who stopped it as it shows now, and whether the instance holds it.
	by func() (*string, bool)
}

func (w *world) stoppings() map[string]stopping {
	w.Helper()
	w.account("robot", "tickets:read")
	w.memberOf("acme", "eve@example.com", "Viewer", "*")
	h, err := w.CreateWebhook(w.ctx, w.root, acme(), hook("*"))
	must(w.T, err)
	switched := func(on bool) func(authority.Caller) error {
		return func(c authority.Caller) error {
			return third(w.EditWebhook(w.ctx, c, acme(), h.Webhook.ID, api.EditWebhook{Enabled: api.Some(on)}))
		}
	}
	return map[string]stopping{
		"member": {
			stop: func(c authority.Caller) error {
				_, _, _, err := w.DeactivateMember(w.ctx, c, "acme", "eve@example.com", false)
				return err
			},
			restart: func(c authority.Caller) error { return third(w.ActivateMember(w.ctx, c, "acme", "eve@example.com")) },
			by: func() (*string, bool) {
				m, err := w.GetMember(w.ctx, w.root, "acme", "eve@example.com")
				must(w.T, err)
				return m.DeactivatedBy, m.HeldByInstance
			},
		},
		"service account": {
			stop: func(c authority.Caller) error {
				_, _, _, err := w.DisableServiceAccount(w.ctx, c, "acme", "robot", false)
				return err
			},
			restart: func(c authority.Caller) error { return third(w.EnableServiceAccount(w.ctx, c, "acme", "robot")) },
			by: func() (*string, bool) {
				s, err := w.GetServiceAccount(w.ctx, w.root, "acme", "robot")
				must(w.T, err)
				return s.DisabledBy, s.HeldByInstance
			},
		},
		"webhook": {stop: switched(false), restart: switched(true), by: func() (*string, bool) {
			v, err := w.GetWebhook(w.ctx, w.root, acme(), h.Webhook.ID)
			must(w.T, err)
			return v.DisabledBy, v.HeldByInstance
		}},
	}
}

func (w *world) stoppedBy(s stopping, want string, held bool) {
	w.Helper()
	by, instance := s.by()
	if got := deref(by); got != want || instance != held {
		w.Errorf("stopped by %q (the instance's: %t), want %q (%t)", got, instance, want, held)
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// TestAWorkspaceBringsNothingBackThatTheInstanceStopped, also not what it had
// stopped itself before; its own stops it brings back, and what it stops again stays
// the instance's.
func TestAWorkspaceBringsNothingBackThatTheInstanceStopped(t *testing.T) {
	each(t, func(w *world) {
		root, admin := w.instanceCaller(), w.member("admin@example.com", "Administrator")
		for name, s := range w.stoppings() {
			w.Log(name)
			must(w.T, s.stop(admin))
			w.stoppedBy(s, "admin@example.com", false)
			must(w.T, s.restart(admin))
			w.stoppedBy(s, "", false)
			must(w.T, s.stop(admin))
			must(w.T, s.stop(root))
			w.stoppedBy(s, "root@example.com", true)
			must(w.T, s.stop(admin))
			w.stoppedBy(s, "root@example.com", true)
			w.refused(s.restart(admin), api.CodeInsufficientScope)
			w.refused(s.restart(as(root, "admin@example.com")), api.CodeInsufficientScope)
			w.stoppedBy(s, "root@example.com", true)
			must(w.T, s.restart(root))
			w.stoppedBy(s, "", false)
		}
	})
}

// TestAnInstanceAdministratorIsAMemberWhereTheyAreOne: ada is an Owner of acme, and
// what she stops there with that right its other administrators bring back.
func TestAnInstanceAdministratorIsAMemberWhereTheyAreOne(t *testing.T) {
	each(t, func(w *world) {
		root, admin := w.instanceCaller(), w.member("admin@example.com", "Administrator")
		all := w.stoppings()
		for _, c := range []authority.Caller{w.person("ada@example.com"), w.root, as(root, "admin@example.com")} {
			for name, s := range all {
				w.Log(name)
				must(w.T, s.stop(c))
				must(w.T, s.restart(admin))
			}
		}
	})
}

// TestASuspensionSaysByWhom, of a workspace and of a person everywhere.
func TestASuspensionSaysByWhom(t *testing.T) {
	each(t, func(w *world) {
		root := w.instanceCaller()
		w.memberOf("acme", "eve@example.com", "Viewer", "*")
		ws, _, err := w.SuspendWorkspace(w.ctx, root, "acme")
		must(w.T, err)
		again, _, err := w.SuspendWorkspace(w.ctx, w.person("ada@example.com"), "acme")
		must(w.T, err)
		u, _, err := w.DeactivateUser(w.ctx, root, "eve@example.com")
		must(w.T, err)
		for _, by := range []*string{ws.SuspendedBy, again.SuspendedBy, u.DeactivatedBy} {
			if deref(by) != "root@example.com" {
				w.Errorf("stopped by %q", deref(by))
			}
		}
		ws, _, err = w.ResumeWorkspace(w.ctx, root, "acme")
		must(w.T, err)
		u, _, err = w.ActivateUser(w.ctx, root, "eve@example.com")
		must(w.T, err)
		if ws.SuspendedBy != nil || u.DeactivatedBy != nil {
			w.Errorf("still stopped by %v and %v", ws.SuspendedBy, u.DeactivatedBy)
		}
	})
}

// TestALateRetryUndoesNobodysDecisionAboutAnEndpoint: a retry under a key gives no
// secret of an endpoint that somebody changed, disabled or gave a secret meanwhile.
func TestALateRetryUndoesNobodysDecisionAboutAnEndpoint(t *testing.T) {
	each(t, func(w *world) {
		admin := w.member("admin@example.com", "Administrator")
		for name, change := range map[string]func(id string) error{
			"edited": func(id string) error {
				return third(w.EditWebhook(w.ctx, admin, acme(), id, api.EditWebhook{Description: api.Some("x")}))
			},
			"disabled": func(id string) error {
				return third(w.EditWebhook(w.ctx, admin, acme(), id, api.EditWebhook{Enabled: api.Some(false)}))
			},
			"rekeyed": func(id string) error { _, err := w.RotateWebhookSecret(w.ctx, admin, acme(), id); return err },
		} {
			c := w.root
			c.Retry = authority.Retry{Key: name, Route: "POST /webhooks"}
			for range 2 { // a retry of what nobody changed
				_, err := w.CreateWebhook(w.ctx, c, acme(), hook("*"))
				must(w.T, err)
			}
			i, err := w.CreateWebhook(w.ctx, c, acme(), hook("*"))
			must(w.T, err)
			must(w.T, change(i.Webhook.ID))
			_, err = w.CreateWebhook(w.ctx, c, acme(), hook("*"))
			w.refused(err, api.CodeIdempotencyKeyUsed)
		}
	})
}
