package httpapi_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/metrics"
)

func encoded(w *world, v any) []byte {
	w.Helper()
	b, err := json.Marshal(v)
	w.must(err)
	return b
}

// TestALeakReportTellsNothing: anybody may report; a secret ends, and the answer
// is that of rubbish.
func TestALeakReportTellsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i, other := w.issue("acme", object{"label": "x"}), w.issue("acme", object{"label": "y"})
	report := func(secrets ...string) string {
		var in []object
		for _, s := range secrets {
			in = append(in, object{"token": s, "url": "https://git.example.com/x", "source": "commit"})
		}
		return string(w.send("POST", "/v1/leaks", string(encoded(w, object{"tokens": in}))).is(202).body)
	}
	w.as(i.Secret, "GET", "/v1/whoami", nil).is(200)
	body := i.Secret[:17] + other.Secret[17:49] // the locator of one, the secret of another
	if ours, none := report(i.Secret), report(body+checksum(body)); ours != none || ours != "{\"received\":1}\n" {
		t.Errorf("answered %s for a secret, %s for none", ours, none)
	}
	w.as(i.Secret, "GET", "/v1/whoami", nil).is(401).problem(api.CodeRevoked)
	w.as(other.Secret, "GET", "/v1/whoami", nil).is(200)
	w.as(i.Secret, "POST", "/v1/leaks", object{"tokens": []object{}}).is(401) // who signs must be somebody
	w.as(other.Secret, "POST", "/v1/leaks", object{"tokens": []object{{"token": other.Secret}}}).is(202)
	var events api.List[api.AuditEvent]
	w.as(w.root, "GET", ws+"/audit?action=token.leaked", nil).is(200).into(&events)
	if len(events.Items) != 2 || events.Items[0].Actor != "ada@example.com" || events.Items[1].Actor != "leak-report" || *events.Items[1].IP != "127.0.0.1" {
		t.Errorf("events %+v", events.Items)
	}
	for _, bad := range []string{``, `[]`, `{"tokens":{}}`, `{"tokens":[{"token":1}]}`, `{"tokens":[{"secret":"x"}]}`, `{"tokens":[],"tokens":[]}`} {
		if got := w.send("POST", "/v1/leaks", bad); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, got.StatusCode)
		}
	}
}

// Weakness: a report costs reads, and anybody may send one. Proved: an address
// is held to a thousand strings a minute, whatever they are.
func TestLeakReportsAreLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	many := make([]object, api.MaxLeaks)
	for i := range many {
		many[i] = object{"token": "x"}
	}
	all := string(encoded(w, object{"tokens": many}))
	w.send("POST", "/v1/leaks", all).is(202)
	r := w.send("POST", "/v1/leaks", `{"tokens":[{"token":"x"},{"token":"y"},{"token":"z"}]}`)
	r.is(429).problem(api.CodeRateLimited)
	if r.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", r.Header.Get("Retry-After"))
	}
	rec := httptest.NewRecorder()
	metrics.Handler(w.reg).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if want := `tokenry_strangers_refused_total{what="leak_report",why="too_many_tries"} 1`; !strings.Contains(rec.Body.String(), want) {
		t.Errorf("the metrics are without %s", want)
	}
	w.send("POST", "/v1/leaks", string(bytes.Repeat([]byte(" "), 1<<20))+`{}`).is(413)
}
