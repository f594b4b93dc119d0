package server_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestEveryMetricIsDescribed: the table of the operators' page lists what the
// program exports, each with its kind, and nothing else.
func TestEveryMetricIsDescribed(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(tokenry_[a-z_]+)[^|]*\\| (\\w+) \\| .+ \\|$").FindAllStringSubmatch(string(page), -1) {
		described[row[1]] = row[2]
	}
	s := startNodesOn(t, storetest.Postgres(t), 1, "--audit-stream", "file:/nowhere/audit.ndjson").all[0]
	get(t, s.BaseURL()+"/healthz")
	s.CountNow(t.Context())
	var text string
	clocktest.Until(t, func() bool { // a failure of a stream is a figure too
		_, text = get(t, s.BaseURL()+"/metrics")
		return strings.Contains(text, "tokenry_audit_stream_failing")
	})
	exported := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^# TYPE (tokenry_\w+) (\w+)$`).FindAllStringSubmatch(text, -1) {
		exported[row[1]] = row[2]
	}
	if diff := cmp.Diff(exported, described); diff != "" {
		t.Errorf("exported (-) and described in docs/operations.md (+): %s", diff)
	}
}

// figuresOf are the lines of a scrape that tell of tokens, notices and what waits.
func figuresOf(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, family := range []string{"tokenry_tokens_", "tokenry_notices", "tokenry_send_"} {
			if strings.HasPrefix(name, family) {
				out[name] = value
			}
		}
	}
	return out
}

// TestMetricsTellWhatExpiresAndWaits: and a scrape counts nothing by itself.
func TestMetricsTellWhatExpiresAndWaits(t *testing.T) {
	t.Parallel()
	s := start(t, settings(t, "--data", t.TempDir()))
	c, _ := own(t, s)
	s.CountNow(t.Context())
	_, text := get(t, s.BaseURL()+"/metrics")
	before := figuresOf(text)
	for _, lifetime := range []time.Duration{12 * time.Hour, 3 * 24 * time.Hour, 20 * 24 * time.Hour, 300 * 24 * time.Hour} {
		in := api.CreateToken{TokenFields: api.TokenFields{Label: api.Some("x"), ExpiresIn: api.Some(api.Duration(lifetime))}}
		if _, err := c.CreateToken(t.Context(), "acme", in); err != nil {
			t.Fatal(err)
		}
	}
	_, text = get(t, s.BaseURL()+"/metrics")
	if diff := cmp.Diff(before, figuresOf(text)); diff != "" {
		t.Errorf("a scrape counted: %s", diff)
	}
	s.CountNow(t.Context())
	_, text = get(t, s.BaseURL()+"/metrics")
	after := figuresOf(text)
	if len(before) < 20 {
		t.Errorf("figures: %v", slices.Sorted(maps.Keys(before)))
	}
	for name, want := range map[string]string{`{within="1d"}`: "1", `{within="7d"}`: "2", `{within="30d"}`: "3"} {
		if got := after["tokenry_tokens_expiring"+name]; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if after["tokenry_tokens_expired"] != "0" {
		t.Errorf("expired: %s", after["tokenry_tokens_expired"])
	}
}
