package phrase_test

import (
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

// TestDisuseIsSaid: of a token, of what waits, of a yes and of a preview; and nothing of others.
func TestDisuseIsSaid(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	who := "ada@example.com"
	for got, want := range map[string]string{
		phrase.Disuse(nil): "",
		phrase.Disuse(&api.Unused{Since: at, DisableAt: new(at.AddDate(0, 1, 0))}):                      "Will be disabled on 4 June 2026 if nobody uses it: unused since 4 May 2026.",
		phrase.Disuse(&api.Unused{Since: at, DisabledAt: &at}):                                          "Disabled because nobody used it since 4 May 2026; enable it, and it works again.",
		phrase.DisuseShort(&api.Unused{DisableAt: &at}):                                                 "Unused; disabled 4 May 2026",
		phrase.UnusedWaits(&api.UnusedWaiting{Count: 1, Since: at}):                                     "1 token that nobody uses waits to be disabled, since 4 May 2026. A tenth of the workspace's tokens is disabled in each day, and one at least; more with your yes.",
		phrase.UnusedYes(&api.UnusedConfirmed{At: at, By: &who, Left: 3, Until: at}):                    "ada@example.com said yes on 4 May 2026: 3 tokens of those that were shown are disabled within minutes, and until 4 May 2026 at the latest.",
		phrase.UnusedPreview(&api.UnusedPreview{After: 60 * api.Day}):                                   "With 60 days, no owner would be told now.",
		phrase.UnusedPreview(&api.UnusedPreview{After: 60 * api.Day, Warned: 2, Unused: 1, More: true}): "With 60 days, the owners of 2 tokens would be told now that it is disabled in 14 days if nobody uses it; 1 of them was not used for so long already, of the first that were looked at.",
	} {
		if got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}
