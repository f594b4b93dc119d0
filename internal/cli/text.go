package cli

import (
	"time"

	"github.com/tokenry/tokenry/internal/terminal"
)

// when prints a moment absolutely and relative to now.
func (a *app) when(t *time.Time) string {
	if t == nil {
		return terminal.None
	}
	return t.UTC().Format("2006-01-02 15:04Z") + " (" + terminal.Relative(t.Sub(a.Now())) + ")"
}
