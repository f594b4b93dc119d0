package provider

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tokenry/tokenry/api"
)

// TestWhatMeansTheSameIsNoChange, and what does not is one: above all no owner is another.
func TestWhatMeansTheSameIsNoChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		same    func(a, b string) bool
		like    [][2]string
		another [][2]string
	}{
		"owner": {sameOwner, [][2]string{{"ci@acme.service", "ci"}, {"ci", "ci@acme.service"}, {"Ada@Example.com", "ada@example.com"}, {"ci", "ci"}},
			[][2]string{{"ada@example.com", "ada"}, {"ada", "ada@example.com"}, {"ci@acme.service", "ci@other.service"}, {"ci@acme.service", "cd"}, {"ci", ""}}},
		"span":    {sameSpan, [][2]string{{"90d", "2160h"}, {"2w", "14d"}}, [][2]string{{"90d", "91d"}, {"soon", "soon"}}},
		"time":    {sameTime, [][2]string{{"2026-03-14T09:00:00Z", "2026-03-14T10:00:00+01:00"}}, [][2]string{{"2026-03-14T09:00:00Z", "2026-03-14T09:00:01Z"}, {"", ""}}},
		"network": {sameNetwork, [][2]string{{"192.0.2.7", "192.0.2.7/32"}, {"192.0.2.7/24", "192.0.2.0/24"}, {"2001:DB8::1", "2001:db8::1/128"}}, [][2]string{{"192.0.2.7", "192.0.2.8"}, {"x", "x"}}},
		"json":    {sameJSON, [][2]string{{`{"a":1,"b":2}`, `{ "b": 2, "a": 1 }`}}, [][2]string{{`{"a":1}`, `{"a":2}`}, {`{`, `{`}}},
	} {
		for _, p := range c.like {
			if !c.same(p[0], p[1]) {
				t.Errorf("%s: %q and %q are two", name, p[0], p[1])
			}
		}
		for _, p := range c.another {
			if c.same(p[0], p[1]) {
				t.Errorf("%s: %q and %q are one", name, p[0], p[1])
			}
		}
	}
}

// TestASecretIsDueBeforeItsEndAndWhenNobodyUsedIt, and not without being asked for.
func TestASecretIsDueBeforeItsEndAndWhenNobodyUsedIt(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	ends := func(in time.Duration) doc { return doc{"expires_at": now.Add(in).Format(time.RFC3339)} }
	made := func(ago time.Duration, used bool) doc {
		return doc{"secret_version": milliseconds(now.Add(-ago)), "secret_used": used}
	}
	for name, c := range map[string]struct {
		state, plan doc
		want        bool
	}{
		"nothing was said":        {ends(-time.Hour), doc{}, false},
		"its end is far":          {ends(31 * 24 * time.Hour), doc{"rotate_before": "30d"}, false},
		"its end is that near":    {ends(30 * 24 * time.Hour), doc{"rotate_before": "30d"}, true},
		"it has ended":            {ends(-time.Hour), doc{"rotate_before": "1h"}, true},
		"it has no end":           {doc{}, doc{"rotate_before": "30d"}, false},
		"unused for so long":      {made(time.Hour, false), doc{"rotate_unused": "1h"}, true},
		"unused for a while":      {made(59*time.Minute, false), doc{"rotate_unused": "1h"}, false},
		"used":                    {made(48*time.Hour, true), doc{"rotate_unused": "1h"}, false},
		"what is no duration":     {made(48*time.Hour, false), doc{"rotate_unused": "soon"}, false},
		"a secret without number": {doc{"secret_used": false}, doc{"rotate_unused": "1h"}, false},
	} {
		if got := dueToken(c.state, c.plan, now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestASecretThatSomebodyElseMadeIsTold, by a number that none has; where no number is told
// the old one stays, and one that was just imported takes any.
func TestASecretThatSomebodyElseMadeIsTold(t *testing.T) {
	t.Parallel()
	version := func(n any) row { return row{"secret_version": value(tftypes.Number, n)} }
	for name, c := range map[string]struct {
		state row
		told  any
		want  any
	}{
		"the same": {version(json.Number("7")), json.Number("7"), json.Number("7")}, "another": {version(json.Number("7")), json.Number("8"), json.Number("0")},
		"untold": {version(json.Number("7")), nil, json.Number("7")}, "imported": {version(nil), json.Number("8"), json.Number("8")},
	} {
		out := doc{}
		if c.told != nil {
			out["secret_version"] = c.told
		}
		if (&thing{}).stray(c.state, out); out["secret_version"] != c.want {
			t.Errorf("%s: %v", name, out["secret_version"])
		}
	}
}

// TestARefusalRepeatsNoToken, whoever said it, and stands at the field that is wrong.
func TestARefusalRepeatsNoToken(t *testing.T) {
	t.Parallel()
	const secret = "tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7"
	e := api.FieldError("rate_limit.requests", "is "+secret)
	e.RequestID, e.Missing = "req_1", []string{"tokens:write"}
	for name, err := range map[string]error{"the server": e, "somebody between": fmt.Errorf("dial with %s", secret)} {
		var to diag.Diagnostics
		refuse(&to, "make it", []field{{name: "rate_limit"}}, err)
		text := to[0].Summary() + to[0].Detail()
		if len(to) != 1 || strings.Contains(text, secret[5:]) || !strings.HasPrefix(text, "Cannot make it") {
			t.Errorf("%s: %s", name, text)
		}
		if at, is := to[0].(diag.DiagnosticWithPath); name == "the server" &&
			(!is || at.Path().String() != "rate_limit" || !strings.Contains(text, "tokens:write") || !strings.Contains(text, "req_1")) {
			t.Errorf("%s: %+v", name, to[0])
		}
	}
}
