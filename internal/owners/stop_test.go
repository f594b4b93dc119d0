package owners_test

import (
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// instanceCaller administers the instance and is nobody in acme.
func instanceCaller(w *officetest.World) authority.Caller {
	w.Helper()
	w.Workspace("office")
	in := api.CreateMember{Email: "root@example.com"}
	in.Role, in.Resources = api.Some("Owner"), api.Some([]string{"*"})
	_, err := w.CreateMember(w.Ctx, w.Root, "office", in)
	officetest.Must(w.T, err)
	_, err = w.AddAdmin(w.Ctx, w.Root, api.AddAdmin{User: "root@example.com"})
	officetest.Must(w.T, err)
	return w.Person("root@example.com")
}

// stopping is one kind of thing that is stopped and brought back.
type stopping struct {
	stop, restart func(authority.Caller) error
	// by is who stopped it as it shows now, and whether the instance holds it.
	by func() (*string, bool)
}

func stoppings(w *officetest.World) map[string]stopping {
	w.Helper()
	w.Account("robot", "tickets:read")
	w.MemberOf("acme", "eve@example.com", "Viewer", "*")
	h, err := w.CreateWebhook(w.Ctx, w.Root, officetest.Acme(), officetest.Hook("*"))
	officetest.Must(w.T, err)
	switched := func(on bool) func(authority.Caller) error {
		return func(c authority.Caller) error {
			return officetest.Second(w.EditWebhook(w.Ctx, c, officetest.Acme(), h.Webhook.ID, api.EditWebhook{Enabled: api.Some(on)}))
		}
	}
	return map[string]stopping{
		"member": {
			stop: func(c authority.Caller) error {
				_, err := w.DeactivateMember(w.Ctx, c, "acme", "eve@example.com", false)
				return err
			},
			restart: func(c authority.Caller) error {
				return officetest.Second(w.ActivateMember(w.Ctx, c, "acme", "eve@example.com"))
			},
			by: func() (*string, bool) {
				m, err := w.GetMember(w.Ctx, w.Root, "acme", "eve@example.com")
				officetest.Must(w.T, err)
				return m.DeactivatedBy, m.HeldByInstance
			},
		},
		"service account": {
			stop: func(c authority.Caller) error {
				_, err := w.DisableServiceAccount(w.Ctx, c, "acme", "robot", false)
				return err
			},
			restart: func(c authority.Caller) error {
				return officetest.Second(w.EnableServiceAccount(w.Ctx, c, "acme", "robot"))
			},
			by: func() (*string, bool) {
				s, err := w.GetServiceAccount(w.Ctx, w.Root, "acme", "robot")
				officetest.Must(w.T, err)
				return s.DisabledBy, s.HeldByInstance
			},
		},
		"webhook": {stop: switched(false), restart: switched(true), by: func() (*string, bool) {
			v, err := w.GetWebhook(w.Ctx, w.Root, officetest.Acme(), h.Webhook.ID)
			officetest.Must(w.T, err)
			return v.DisabledBy, v.HeldByInstance
		}},
	}
}

func stoppedBy(w *officetest.World, s stopping, want string, held bool) {
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
	officetest.Each(t, func(w *officetest.World) {
		root, admin := instanceCaller(w), w.Member("admin@example.com", "Administrator")
		for name, s := range stoppings(w) {
			w.Log(name)
			officetest.Must(w.T, s.stop(admin))
			stoppedBy(w, s, "admin@example.com", false)
			officetest.Must(w.T, s.restart(admin))
			stoppedBy(w, s, "", false)
			officetest.Must(w.T, s.stop(admin))
			officetest.Must(w.T, s.stop(root))
			stoppedBy(w, s, "root@example.com", true)
			officetest.Must(w.T, s.stop(admin))
			stoppedBy(w, s, "root@example.com", true)
			w.Refused(s.restart(admin), api.CodeInsufficientScope)
			w.Refused(s.restart(officetest.As(root, "admin@example.com")), api.CodeInsufficientScope)
			stoppedBy(w, s, "root@example.com", true)
			officetest.Must(w.T, s.restart(root))
			stoppedBy(w, s, "", false)
		}
	})
}

// TestAnInstanceAdministratorIsAMemberWhereTheyAreOne: ada is an Owner of acme, and
// what she stops there with that right its other administrators bring back.
func TestAnInstanceAdministratorIsAMemberWhereTheyAreOne(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		root, admin := instanceCaller(w), w.Member("admin@example.com", "Administrator")
		all := stoppings(w)
		for _, c := range []authority.Caller{w.Person("ada@example.com"), w.Root, officetest.As(root, "admin@example.com")} {
			for name, s := range all {
				w.Log(name)
				officetest.Must(w.T, s.stop(c))
				officetest.Must(w.T, s.restart(admin))
			}
		}
	})
}

// TestASuspensionSaysByWhom, of a workspace and of a person everywhere.
func TestASuspensionSaysByWhom(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		root := instanceCaller(w)
		w.MemberOf("acme", "eve@example.com", "Viewer", "*")
		ws, err := w.SuspendWorkspace(w.Ctx, root, "acme")
		officetest.Must(w.T, err)
		again, err := w.SuspendWorkspace(w.Ctx, w.Person("ada@example.com"), "acme")
		officetest.Must(w.T, err)
		u, err := w.DeactivateUser(w.Ctx, root, "eve@example.com")
		officetest.Must(w.T, err)
		for _, by := range []*string{ws.Value.SuspendedBy, again.Value.SuspendedBy, u.Value.DeactivatedBy} {
			if deref(by) != "root@example.com" {
				w.Errorf("stopped by %q", deref(by))
			}
		}
		ws, err = w.ResumeWorkspace(w.Ctx, root, "acme")
		officetest.Must(w.T, err)
		u, err = w.ActivateUser(w.Ctx, root, "eve@example.com")
		officetest.Must(w.T, err)
		if ws.Value.SuspendedBy != nil || u.Value.DeactivatedBy != nil {
			w.Errorf("still stopped by %v and %v", ws.Value.SuspendedBy, u.Value.DeactivatedBy)
		}
	})
}

// TestALateRetryUndoesNobodysDecisionAboutAnEndpoint: a retry under a key gives no
// secret of an endpoint that somebody changed, disabled or gave a secret meanwhile.
func TestALateRetryUndoesNobodysDecisionAboutAnEndpoint(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		admin := w.Member("admin@example.com", "Administrator")
		for name, change := range map[string]func(id string) error{
			"edited": func(id string) error {
				return officetest.Second(w.EditWebhook(w.Ctx, admin, officetest.Acme(), id, api.EditWebhook{Description: api.Some("x")}))
			},
			"disabled": func(id string) error {
				return officetest.Second(w.EditWebhook(w.Ctx, admin, officetest.Acme(), id, api.EditWebhook{Enabled: api.Some(false)}))
			},
			"rekeyed": func(id string) error {
				_, err := w.RotateWebhookSecret(w.Ctx, admin, officetest.Acme(), id)
				return err
			},
		} {
			c := w.Root
			c.Retry = authority.Retry{Key: name, Route: "POST /webhooks"}
			for range 2 { // a retry of what nobody changed
				_, err := w.CreateWebhook(w.Ctx, c, officetest.Acme(), officetest.Hook("*"))
				officetest.Must(w.T, err)
			}
			i, err := w.CreateWebhook(w.Ctx, c, officetest.Acme(), officetest.Hook("*"))
			officetest.Must(w.T, err)
			officetest.Must(w.T, change(i.Webhook.ID))
			_, err = w.CreateWebhook(w.Ctx, c, officetest.Acme(), officetest.Hook("*"))
			w.Refused(err, api.CodeIdempotencyKeyUsed)
		}
	})
}
