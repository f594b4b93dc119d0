package office_test

import (
	"errors"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// TestACopyOfTheKeyringIsOfItsKeys: one that was made before a key was added is not whole,
// and says when it was made.
func TestACopyOfTheKeyringIsOfItsKeys(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		s, err := office.StepsOf(w.Ctx, w.Office, w.Root)
		officetest.Must(t, err)
		if !s.CopiedAt.IsZero() || s.Copied || s.Issued || s.Scoped || s.Workspace != "acme" {
			t.Errorf("of a new one: %+v", s)
		}
		officetest.Must(t, w.CopiedKeyring(w.Ctx, w.Root))
		if s, err = office.StepsOf(w.Ctx, w.Office, w.Root); err != nil || !s.Copied || !s.CopiedAt.Equal(w.Clock.Now()) {
			t.Errorf("once a copy is noted: %+v, %v", s, err)
		}
		newer, _ := w.Newer()
		if s, err = office.StepsOf(w.Ctx, newer, w.Root); err != nil || s.Copied || s.CopiedAt.IsZero() {
			t.Errorf("with another key: %+v, %v", s, err)
		}
		if err := w.CopiedKeyring(w.Ctx, w.Member("eve@example.com", "Viewer")); !errors.Is(err, api.CodeInsufficientScope) {
			t.Errorf("noted by whoever administers nothing: %v", err)
		}
	})
}
