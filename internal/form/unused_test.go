package form_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
)

// TestWhatNobodyUsesIsTyped: a time span that a policy may have, and a yes to what was shown.
func TestWhatNobodyUsesIsTyped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]api.Duration{"": 0, "90d": 90 * api.Day, "29d": 0, "soon": 0, "3651d": 0} {
		got, problem := form.UnusedAfter(text)
		if got != want || (problem == "") != (want > 0 || text == "") {
			t.Errorf("%q: %v, %q", text, got, problem)
		}
	}
	at := time.Date(2026, 5, 4, 12, 0, 0, 123000, time.UTC)
	if in := form.ConfirmUnused(form.Typed(url.Values{"count": {"12"}, "up_to": {at.Format(time.RFC3339Nano)}})); in.Count != 12 || !in.UpTo.Equal(at) {
		t.Errorf("%+v", in)
	}
	if in := form.ConfirmUnused(form.Typed(url.Values{"count": {"all"}})); in != (api.ConfirmUnused{}) {
		t.Errorf("%+v", in)
	}
}
