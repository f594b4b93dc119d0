package signin_test

import (
	"errors"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
)

// TestASessionThatEndedDoesNothing: whatever a page was begun with, what is done
// with it is judged by the sessions of that moment.
func TestASessionThatEndedDoesNothing(t *testing.T) {
	each(t, func(w *world) {
		a, b := w.enters("eve@example.com", hers, home()), w.enters("eve@example.com", hers, home())
		d, err := w.Devices.DeviceStart(w.ctx, api.DeviceAuthorizationRequest{DeviceName: "laptop"}, home())
		must(w.T, err)
		must(w.T, w.EndOthers(w.ctx, b.Session)) // signs out everywhere else
		s := a.Session
		for what, do := range map[string]func() error{
			"ends a session":            func() error { return w.EndSession(w.ctx, s, b.Session.ID) },
			"ends the others":           func() error { return w.EndOthers(w.ctx, s) },
			"changes the password":      func() error { return w.ChangePassword(w.ctx, s, hers, good+" and more") },
			"confirms":                  func() error { return w.Confirm(w.ctx, s, hers, home()) },
			"begins with an app":        func() error { _, err := w.EnrollTOTP(w.ctx, s); return err },
			"makes recovery codes":      func() error { _, err := w.RecoveryCodes(w.ctx, s); return err },
			"removes the app":           func() error { return w.DisableTOTP(w.ctx, s, hers) },
			"removes an identity":       func() error { return w.Unlink(w.ctx, s, "https://id.example", "1") },
			"looks at a device's code":  func() error { _, err := w.Devices.DeviceLook(w.ctx, s, d.UserCode); return err },
			"lets a command line in":    func() error { return w.Devices.DeviceApprove(w.ctx, s, d.UserCode, "acme") },
			"turns a command line away": func() error { return w.Devices.DeviceDeny(w.ctx, s, d.UserCode) },
		} {
			if err := do(); !errors.Is(err, api.CodeInvalidToken) || !errors.Is(err, authority.ErrNotAccepted) {
				w.Errorf("a session that ended %s: %v", what, err)
			}
		}
		w.open(true, b, "the one that is left")
		widened := b.Session
		widened.Portal = "acme"
		w.refused(w.EndOthers(w.ctx, widened), api.CodeInvalidToken)
	})
}

// TestACommandLineThatWasLetInGetsNothingFromASessionThatEnded: who signs out
// everywhere, because somebody else was in, wants nothing of it to come.
func TestACommandLineThatWasLetInGetsNothingFromASessionThatEnded(t *testing.T) {
	each(t, func(w *world) {
		thief, eve := w.enters("eve@example.com", hers, home()), w.enters("eve@example.com", hers, home())
		begin := func(approved door.Session) string {
			d, err := w.Devices.DeviceStart(w.ctx, api.DeviceAuthorizationRequest{DeviceName: "laptop"}, home())
			must(w.T, err)
			must(w.T, w.Devices.DeviceApprove(w.ctx, approved, d.UserCode, "acme"))
			return d.DeviceCode
		}
		his, hers := begin(thief.Session), begin(eve.Session)
		must(w.T, w.EndOthers(w.ctx, eve.Session))
		_, err := w.Devices.DevicePoll(w.ctx, his, home())
		w.refused(err, api.CodeAccessDenied)
		_, err = w.Devices.DevicePoll(w.ctx, hers, home())
		must(w.T, err)
	})
}
