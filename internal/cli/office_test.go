package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/client/clienttest"
	"github.com/tokenry/tokenry/internal/reference/referencetest"
)

// shared is the one server of all tests that need no server of their own.
var shared = sync.OnceValues(func() (*clienttest.Server, error) {
	sharing.Store(true)
	s, err := clienttest.Start()
	if err == nil {
		s.URL, err = referencetest.Through(s.URL)
	}
	return s, err
})

var (
	sharing atomic.Bool
	offices atomic.Int64
)

// closing stops the shared server after the tests.
type closing struct{ *testing.M }

func (c closing) Run() int {
	code := c.M.Run()
	if sharing.Load() {
		if s, err := shared(); err == nil {
			_ = s.Close() // what was to be tested is over
		}
	}
	return code
}

// office is a workspace of its own on the shared server, and a shell in it.
type office struct {
	*testing.T
	server *clienttest.Server
	slug   string
	env    map[string]string
	// product asks about tokens; see decided.
	product *client.Client
}

// newOffice makes a workspace with the resources payments and website, and scopes.
func newOffice(t *testing.T) *office {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	o := &office{T: t, server: s, slug: fmt.Sprintf("office-%d", offices.Add(1))}
	o.env = map[string]string{"TOKENRY_SERVER": s.URL, "TOKENRY_TOKEN": s.Token, "TOKENRY_WORKSPACE": o.slug, "HOME": t.TempDir()}
	if _, err := s.Client.CreateWorkspace(t.Context(), api.CreateWorkspace{Slug: o.slug}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"payments", "website"} {
		if _, err := s.Client.CreateResource(t.Context(), o.slug, api.CreateResource{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"tickets:read", "tickets:write"} {
		if _, err := s.Client.PutScope(t.Context(), o.slug, name, api.PutScope{Description: name}); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// client is the administrator's, who looks at what the commands did.
func (o *office) client() *client.Client { return o.server.Client }

// runs runs a command line; words with blanks stand in single quotes.
func (o *office) runs(line string) ran { o.Helper(); return o.reads("", line) }

// reads runs a command with something on its standard input.
func (o *office) reads(in, line string) ran {
	o.Helper()
	return run(o.T, o.env, in, false, words(line)...)
}

// does runs a command that must succeed, and answers what it printed.
func (o *office) does(line string) string {
	o.Helper()
	r := o.runs(line)
	if r.code != 0 {
		o.Fatalf("tokenry %s: %+v", line, r)
	}
	return r.out
}

// refuses runs a command that must end with a code and say something, and print
// nothing.
func (o *office) refuses(code int, said, line string) {
	o.Helper()
	if r := o.runs(line); r.code != code || !strings.Contains(r.err, said) || r.out != "" {
		o.Errorf("tokenry %s: want %d and %q, got %+v", line, code, said, r)
	}
}

// has asks that a text matches each of these expressions.
func (o *office) has(text string, expressions ...string) {
	o.Helper()
	for _, e := range expressions {
		if !regexp.MustCompile("(?m)" + e).MatchString(text) {
			o.Errorf("nothing matches %q in:\n%s", e, text)
		}
	}
}

// lacks asks that a text matches none of them.
func (o *office) lacks(text string, expressions ...string) {
	o.Helper()
	for _, e := range expressions {
		if m := regexp.MustCompile("(?m)" + e).FindString(text); m != "" {
			o.Errorf("%q is in:\n%s", m, text)
		}
	}
}

// asked is what a command answers as JSON.
func asked[T any](o *office, line string) (v T) {
	o.Helper()
	if err := json.Unmarshal([]byte(o.does(line+" --json")), &v); err != nil {
		o.Fatal(err)
	}
	return v
}

// token makes a token and answers its id and its secret.
func (o *office) token(line string) (id, secret string) {
	o.Helper()
	v := asked[api.Issued](o, "token create "+line)
	return v.Token.ID, v.Secret
}

// decided asks about a token, as the product's API does, and answers the decision.
func (o *office) decided(secret string, want api.Code, need ...client.Need) client.Result {
	o.Helper()
	if o.product == nil {
		_, secret := o.token("--kind workspace --label product --scope tokens:verify --resource '*'")
		o.product = o.server.As(o.T, secret)
	}
	v, err := o.product.Verify(o.Context(), secret, need...)
	if err != nil || v.Code != want {
		o.Errorf("it is decided %s, %v; want %s", v.Code, err, want)
	}
	return v
}

// tells runs a command until it says something: what is written behind comes a
// moment later.
func (o *office) tells(line, expression string) string {
	o.Helper()
	e := regexp.MustCompile("(?m)" + expression)
	for range 2000 {
		if text := o.does(line); e.MatchString(text) {
			return text
		}
	}
	o.Fatalf("tokenry %s never says %q", line, expression)
	return ""
}

// words takes a command line apart as a shell does: what stands in single quotes is
// one word, or part of one.
func words(line string) []string {
	var out []string
	var b strings.Builder
	quoted, open := false, false
	for _, r := range line {
		switch {
		case r == '\'':
			quoted, open = !quoted, true
		case r == ' ' && !quoted:
			if open {
				out = append(out, b.String())
			}
			b.Reset()
			open = false
		default:
			b.WriteRune(r)
			open = true
		}
	}
	if open {
		out = append(out, b.String())
	}
	return out
}

// answering is a server that answers every request alike.
func answering(t *testing.T, status int, contentType, body string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // the program reads it or not
	}))
	t.Cleanup(s.Close)
	return s
}
