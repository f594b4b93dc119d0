package httpapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/httpapi"
	"github.com/tokenry/tokenry/internal/metrics"
)

func TestHealthAndReadiness(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send("GET", "/healthz", "").is(200)
	w.send("GET", "/readyz", "").is(200)
	w.ready = errors.New("the database " + canary + " is down")
	w.send("GET", "/healthz", "").is(200)
	r := w.send("GET", "/readyz", "").is(503)
	r.problem(api.CodeUnavailable)
	if r.Header.Get("Retry-After") == "" || strings.Contains(string(r.body), canary) {
		t.Errorf("%v %s", r.Header, r.body)
	}
	if !strings.Contains(w.log.String(), canary) {
		t.Error("the log does not tell the cause")
	}
}

// A server that reads is ready for verifications while its database takes no
// change, and says so to whoever asks for changes.
func TestReadinessTellsReadingFromChanging(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send("GET", "/readyz?for=changes", "").is(200)
	w.stuck = errors.New("the disk " + canary + " is full")
	w.send("GET", "/readyz", "").is(200)
	r := w.send("GET", "/readyz?for=changes", "").is(503)
	r.problem(api.CodeUnavailable)
	var p api.Problem
	if r.into(&p); !slices.Equal(p.Reasons, []string{"changes_not_committed"}) || strings.Contains(string(r.body), canary) {
		t.Errorf("%s", r.body)
	}
	w.ready = errors.New("down")
	p = api.Problem{}
	if w.send("GET", "/readyz?for=changes", "").is(503).into(&p); !slices.Equal(p.Reasons, []string{"database_unreachable", "changes_not_committed"}) {
		t.Errorf("%v", p.Reasons)
	}
	for _, value := range []string{"", "reading", "Changes", "changes&for=changes"} {
		w.send("GET", "/readyz?for="+value, "").is(400)
	}
}

// Whatever breaks in the middle of a request is a problem without details, and
// the log tells where without what.
func TestAPanicIsAProblem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) {
		o.Ready = func(context.Context, bool) []httpapi.Unready { panic("secret " + canary) }
	})
	r := w.send("GET", "/readyz", "").is(500)
	r.problem(api.CodeInternal)
	log := w.log.String()
	if strings.Contains(string(r.body)+log, canary) {
		t.Error("the panic's value is told")
	}
	if !strings.Contains(log, "a handler panicked") || !strings.Contains(log, "operation_test.go") || !strings.Contains(log, "/readyz") {
		t.Errorf("the log does not tell where: %.300s", log)
	}
	w.send("GET", "/healthz", "").is(200)
}

func TestNothingIsAnsweredFromAClosedDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := w.account("ci", "tickets:read")
	unknown := w.account("other", "tickets:read")
	w.as(known, "GET", fa+"?workspace=acme", nil).is(200)
	closer, ok := w.db.(io.Closer)
	if !ok {
		t.Fatal("the store cannot be closed")
	}
	w.must(closer.Close())
	w.as(known, "GET", fa+"?workspace=acme", nil).is(200)
	r := w.as(unknown, "GET", fa+"?workspace=acme", nil).is(503)
	r.problem(api.CodeUnavailable)
	if r.Header.Get("Retry-After") == "" || r.Header.Get("Www-Authenticate") != "" {
		t.Errorf("%v", r.Header)
	}
	w.as(unknown, "GET", fa+"?workspace=acme&deny=403", nil).is(403).headers(map[string]string{"Tokenry-Status": "503"})
	w.as(known, "GET", ws+"/tokens", nil).is(503).problem(api.CodeUnavailable)
	w.as(known, "GET", "/v1/whoami", nil).is(503)
	w.send("GET", "/readyz", "").is(503)
}

func TestMetricsCountWithoutNamingAnybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tok := w.account("ci", "tickets:read")
	w.verify(w.root, api.VerifyRequest{Token: tok})
	w.verify(w.root, api.VerifyRequest{Token: "nonsense"})
	w.as(tok, "GET", fa+"?workspace=acme&scope=a:b", nil).is(403)
	w.send("BREW", "/v1/"+canary, "").is(404)
	w.send("BREW", "/v1/whoami", "").is(405)
	outcomes := map[string]float64{}
	w.eachCount("tokenry_verifications_total", func(l map[string]string, v float64) { outcomes[l["code"]] = v })
	if outcomes["ok"] != 1 || outcomes["malformed"] != 1 || outcomes["insufficient_scope"] != 1 {
		t.Errorf("%v", outcomes)
	}
	sum := 0.0
	for _, n := range outcomes {
		sum += n
	}
	if n := metrics.Verified(w.reg); float64(n) != sum || n < 3 {
		t.Errorf("%d verifications, of %v", n, outcomes)
	}
	for _, name := range []string{"tokenry_verify_duration_seconds", "tokenry_revision", "tokenry_verify_misses_total", "tokenry_verify_bytes_limit", "tokenry_verify_tokens", "tokenry_verify_fills_total",
		"tokenry_database_duration_seconds", "tokenry_build_info"} {
		n := 0.0
		w.eachCount(name, func(_ map[string]string, v float64) { n += v })
		if n == 0 {
			t.Errorf("%s counts nothing", name)
		}
	}
	rec := httptest.NewRecorder()
	metrics.Handler(w.reg).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text := rec.Body.String()
	for _, never := range []string{canary, tok, tok[5:17], w.root[5:17], "acme", "ada@", "BREW", "/v1/whoami/"} {
		if strings.Contains(text, never) {
			t.Errorf("the metrics name %q", never)
		}
	}
	for _, want := range []string{
		`tokenry_http_requests_total{method="other",route="none",status="404"} 1`,
		`tokenry_http_requests_total{method="POST",route="/v1/verify",status="200"} 2`,
		`tokenry_http_requests_total{method="GET",route="/v1/forward-auth",status="403"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

func TestEachCodeHasAPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	index := string(w.send("GET", "/errors", "").is(200).body)
	for _, i := range api.Codes() {
		r := w.send("GET", "/errors/"+string(i.Code), "").is(200)
		if got := r.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
			t.Errorf("content type %q", got)
		}
		if !strings.Contains(string(r.body), "<code>"+string(i.Code)+"</code>") || !strings.Contains(index, `/errors/`+string(i.Code)+`"`) {
			t.Errorf("%s has no page or is not in the index", i.Code)
		}
	}
	w.send("GET", "/errors/<script>", "").is(404).problem(api.CodeNotFound)
}

// The pages load nothing: their policy allows the one style sheet that stands in them, by
// its hash, and on the page of calls one script.
func TestPagesLoadNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/docs", "/errors", "/errors/expired"} {
		r := w.send("GET", path, "").is(200)
		page := string(r.body)
		_, rest, _ := strings.Cut(page, "<style>")
		style, _, found := strings.Cut(rest, "</style>")
		sum := sha256.Sum256([]byte(style))
		if want := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !found || !strings.Contains(r.Header.Get("Content-Security-Policy"), want) {
			t.Errorf("%s: the policy %q does not allow the style", path, r.Header.Get("Content-Security-Policy"))
		}
		if !strings.HasPrefix(r.Header.Get("Content-Security-Policy"), "default-src 'none';") {
			t.Errorf("%s: policy %q", path, r.Header.Get("Content-Security-Policy"))
		}
		_, rest, runs := strings.Cut(page, "<script>")
		script, rest, _ := strings.Cut(rest, "</script>")
		sum = sha256.Sum256([]byte(script))
		allowed := "script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		if runs != (path == "/docs") || runs != strings.Contains(r.Header.Get("Content-Security-Policy"), allowed) || strings.Contains(rest, "<script") {
			t.Errorf("%s: it runs a script (%t) by the policy %q", path, runs, r.Header.Get("Content-Security-Policy"))
		}
		page = strings.Replace(page, script, "", 1)
		for _, never := range []string{"<script ", "<img", "<link", "<iframe", "style=\"", "onclick", "@import", "url("} {
			if strings.Contains(page, never) {
				t.Errorf("%s has %s", path, never)
			}
		}
	}
	docs := string(w.send("GET", "/docs", "").is(200).body)
	for _, rt := range httpapi.Routes() {
		if !strings.Contains(docs, ">"+strings.ReplaceAll(rt.Path, "&", "&amp;")+"<") {
			t.Errorf("%s is not in the reference", rt.Path)
		}
	}
}

func TestTheTokenFormatIsPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var f struct {
		Prefixes  []string
		MaxLength int `json:"max_length"`
	}
	w.send("GET", "/.well-known/token-format", "").is(200).into(&f)
	if len(f.Prefixes) != 1 || f.Prefixes[0] != "tky" || f.MaxLength != 255 {
		t.Errorf("%+v", f)
	}
}

func TestTransportSecurityOnlyWithHTTPS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) { o.BaseURL = "http://localhost:8080/" })
	r := w.send("GET", "/nothing", "").is(404)
	if r.Header.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS over http")
	}
	var p api.Problem
	if r.into(&p); p.Type != "http://localhost:8080/errors/not_found" {
		t.Errorf("type %q", p.Type)
	}
	if got := w.send("GET", "/healthz", "").is(200).Header.Get("Server"); got != "" {
		t.Errorf("Server: %s", got)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := httpapi.Options{Authority: w.Office, Engine: w.engine, Keys: w.keys, BaseURL: "http://localhost", Now: w.clock.Now, Rand: strings.NewReader("")}
	if _, err := httpapi.New(good); err != nil {
		t.Errorf("without what may be left out: %v", err)
	}
	for name, spoil := range map[string]func(*httpapi.Options){
		"no authority": func(o *httpapi.Options) { o.Authority = nil },
		"no engine":    func(o *httpapi.Options) { o.Engine = nil },
		"no keys":      func(o *httpapi.Options) { o.Keys = nil },
		"no clock":     func(o *httpapi.Options) { o.Now = nil },
		"no address":   func(o *httpapi.Options) { o.BaseURL = "" },
		"another kind": func(o *httpapi.Options) { o.BaseURL = "ftp://localhost" },
		"a password":   func(o *httpapi.Options) { o.BaseURL = "http://a:b@localhost" },
		"a query":      func(o *httpapi.Options) { o.BaseURL = "http://localhost/?x" },
	} {
		o := good
		spoil(&o)
		if _, err := httpapi.New(o); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	reg := prometheus.NewRegistry()
	good.Metrics = reg
	if _, err := httpapi.New(good); err != nil {
		t.Fatal(err)
	}
	if _, err := httpapi.New(good); err == nil {
		t.Error("two doors on one registry")
	}
}

func TestARetryIsNotASecondRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := object{"label": "x"}
	path := ws + "/tokens"
	a := w.as(w.root, "POST", path, body, "Idempotency-Key", `"k-1"`).is(201).issued()
	b := w.as(w.root, "POST", path, body, "Idempotency-Key", "k-1").is(201).issued()
	if a.Token.ID != b.Token.ID || a.Secret == b.Secret {
		t.Errorf("the retry made %s after %s", b.Token.ID, a.Token.ID)
	}
	if got := w.code(a.Secret); got != api.CodeUnknown && got != api.CodeRetired {
		t.Errorf("the lost secret is %s", got)
	}
	w.as(w.root, "POST", path, object{"label": "y"}, "Idempotency-Key", "k-1").is(422).problem(api.CodeIdempotencyKeyReused)
	w.as(w.root, "POST", path, body, "Idempotency-Key", "k-2").is(201)
	// To call with the secret is to use it.
	w.as(b.Secret, "GET", "/v1/whoami", nil).is(200)
	w.as(w.root, "POST", path, body, "Idempotency-Key", "k-1").is(409).problem(api.CodeIdempotencyKeyUsed)
}

func TestActingAsAMemberDecidesWithTheirRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.play([]step{{"POST", ws + "/members", object{"email": "bob@example.com", "external_id": "u/1", "role": "Viewer", "resources": []string{"*"}}, 201, nil}})
	for _, member := range []string{"bob@example.com", "ext:u/1"} {
		w.as(w.root, "GET", ws+"/tokens", nil, "Tokenry-Act-As", member).is(200)
		w.as(w.root, "POST", ws+"/service-accounts", object{"name": "ci"}, "Tokenry-Act-As", member).is(403).problem(api.CodeInsufficientScope)
	}
	w.as(w.account("ci", "*"), "GET", ws+"/tokens", nil, "Tokenry-Act-As", "bob@example.com").is(403).problem(api.CodeInsufficientScope)
}

// The canary: a secret is in the answer that issued it, and in nothing else that
// leaves the program, whatever was done with it.
func TestNoSecretLeavesTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("acme", object{"label": "canary"})
	secret := i.Secret[17 : len(i.Secret)-6] // its secret part alone
	var answers strings.Builder
	for _, rt := range httpapi.Routes() {
		method := rt.Method
		if method == "" {
			method = "GET"
		}
		fill := strings.NewReplacer("{ws}", "acme", "{member}", i.Secret, "{id}", i.Secret, "{name}", i.Secret, "{code}", i.Secret)
		for _, path := range []string{fill.Replace(rt.Path), fill.Replace(rt.Path) + "?q=" + i.Secret, fill.Replace(rt.Path) + "?" + i.Secret + "=1"} {
			for _, body := range []string{"", `{"` + i.Secret + `":1}`, `{"token":"` + i.Secret + `"}`, `{"label":"` + i.Secret, `{"slug":"` + i.Secret + `"}`, `{"user":"` + i.Secret + `"}`} {
				r := w.as(i.Secret, method, path, body, "X-Request-Id", i.Secret, "Tokenry-Act-As", i.Secret, "Idempotency-Key", i.Secret, "User-Agent", "curl")
				answers.WriteString(headerDump(r.Header) + string(r.body))
			}
		}
	}
	rec := httptest.NewRecorder()
	metrics.Handler(w.reg).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	audit := string(w.as(w.root, "GET", ws+"/audit/export", nil).is(200).body)
	for where, text := range map[string]string{"an answer": answers.String(), "the log": w.log.String(), "the metrics": rec.Body.String(), "the audit": audit} {
		if at := strings.Index(text, secret); at >= 0 {
			t.Errorf("%s has the secret: …%.300s", where, text[max(at-200, 0):])
		}
	}
}

func TestTheLogIsSilentWithoutALogger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) { o.Logger = slog.New(slog.DiscardHandler) })
	w.send("GET", "/healthz", "").is(200)
	if got := w.log.String(); got != "" {
		t.Errorf("logged %q", got)
	}
}
