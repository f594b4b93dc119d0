package client_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
)

// chapters are the parts of a client, by name.
func chapters(c *client.Client) map[string]reflect.Value {
	out := map[string]reflect.Value{}
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.Anonymous && f.IsExported() {
			out[f.Name] = v.Field(i)
		}
	}
	return out
}

// Two chapters with a method of one name would take it from the client, without
// a word of the compiler.
func TestAClientHasEveryMethodOfEveryChapter(t *testing.T) {
	t.Parallel()
	c := dial(t, "http://127.0.0.1:1")
	whole, owner := reflect.TypeOf(c), map[string]string{}
	for name, chapter := range chapters(c) {
		typ := chapter.Type()
		if n := typ.NumMethod(); n == 0 || n > 40 {
			t.Errorf("%s has %d methods", name, n)
		}
		for m := range typ.Methods() {
			if other, twice := owner[m.Name]; twice {
				t.Errorf("%s is a method of %s and of %s", m.Name, name, other)
			}
			owner[m.Name] = name
			if _, ok := whole.MethodByName(m.Name); !ok {
				t.Errorf("a client lacks %s of %s", m.Name, name)
			}
		}
	}
	if len(owner) < 100 {
		t.Errorf("only %d methods in all chapters", len(owner))
	}
}

// Whoever is given one chapter asks through the same line as the client: the same
// server, token, workspace and person.
func TestAChapterSpeaksAsItsClientDoes(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []string
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, strings.Join([]string{r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("Tokenry-Act-As")}, " "))
		answer(w, map[string]any{})
	})
	c := dial(t, s.URL, client.WithWorkspace("acme"))
	show := func(tokens client.TokenCalls) {
		if _, err := tokens.GetToken(t.Context(), "", "x"); err != nil {
			t.Error(err)
		}
	}
	show(c.TokenCalls)
	show(c.ActAs("ada@example.com").TokenCalls)
	show(c.TokenCalls) // which ActAs left as it was
	const plain = "/v1/workspaces/acme/tokens/x Bearer " + ours + " "
	if want := []string{plain, plain + "ada@example.com", plain}; !slices.Equal(seen, want) {
		t.Errorf("sent %q, want %q", seen, want)
	}
}

// A chapter may be logged like its client.
func TestAPrintedChapterHoldsNoToken(t *testing.T) {
	t.Parallel()
	for name, chapter := range chapters(dial(t, "https://tokens.example.com")) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
			if text := fmt.Sprintf(verb, chapter.Interface()); strings.Contains(text, ours) || strings.Contains(text, fmt.Sprintf("%x", ours[5:])) {
				t.Errorf("%s as %s: %s", name, verb, text)
			}
		}
		if b, err := json.Marshal(chapter.Interface()); err == nil && strings.Contains(string(b), ours[5:]) {
			t.Errorf("%s as JSON: %s", name, b)
		}
	}
}

// oneAction are methods that do one thing of a call that does several, and the
// scope that this one needs.
var oneAction = map[string]string{"TokenCalls.RotateTokens": "tokens:edit"}

func join(scopes []string) string { return strings.Join(scopes, " ") }

// closed answers every call with the same refusal and notes what was asked.
type closed struct {
	mu   sync.Mutex
	sent []*http.Request
}

func (o *closed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = append(o.sent, r)
	refuse(w, api.Problem{Status: http.StatusServiceUnavailable, Code: api.CodeUnavailable})
}

// asked does something and answers what was sent meanwhile.
func (o *closed) asked(do func()) []*http.Request {
	o.sent = nil
	do()
	return o.sent
}

// What a method's documentation says of its scope, its repetition and its refusals
// is held against the API's document, against what is sent, and against the codes.
func TestEveryCallSaysWhatItNeedsAndWhetherItIsRepeated(t *testing.T) {
	t.Parallel()
	o := &closed{}
	s := fake(t, o.ServeHTTP)
	c := dial(t, s.URL, client.WithWorkspace("acme"), client.WithAttempts(3),
		client.WithSleep(func(context.Context, time.Duration) error { return nil }))
	docs, scopes := methodDocs(t), requiredScopes(t)
	for name, chapter := range chapters(c) {
		for m := range chapter.Type().Methods() {
			if m.Type.NumIn() < 2 || m.Type.In(1) != reflect.TypeFor[context.Context]() {
				continue
			}
			call := func(opts ...client.CallOption) []*http.Request {
				return o.asked(func() { callOne(t, chapter.MethodByName(m.Name), opts) })
			}
			said := promise{t, name + "." + m.Name, docs[name+"."+m.Name]}
			plain := call()
			if len(plain) == 0 {
				t.Errorf("%s sent nothing", said.name)
				continue
			}
			said.needs(cmp.Or(oneAction[said.name], join(scopes(plain[0]))))
			said.repeats(len(plain) > 1, m.Type.IsVariadic() && len(call(client.IdempotencyKey("k"))) > 1)
			said.refuses()
		}
	}
}

// callOne calls a method with texts of x, and walks into what it answers.
func callOne(t *testing.T, method reflect.Value, opts []client.CallOption) {
	t.Helper()
	typ, args := method.Type(), []reflect.Value{reflect.ValueOf(t.Context())}
	for n := 1; n < typ.NumIn() && !(typ.IsVariadic() && n == typ.NumIn()-1); n++ {
		arg := reflect.New(typ.In(n)).Elem()
		if arg.Kind() == reflect.String {
			arg.SetString("x")
		}
		args = append(args, arg)
	}
	if typ.IsVariadic() && typ.In(typ.NumIn()-1) == reflect.TypeFor[[]client.CallOption]() {
		for _, o := range opts {
			args = append(args, reflect.ValueOf(o))
		}
	}
	for _, out := range method.Call(args) {
		finish(out)
	}
}

// promise is what the documentation of a method says.
type promise struct {
	*testing.T
	name, text string
}

func (p promise) needs(anyOf string) {
	p.Helper()
	scopes := strings.Fields(anyOf)
	for _, s := range scopes {
		if !strings.Contains(p.text, s) {
			p.Errorf("%s needs %s and does not say so:\n%s", p.name, s, p.text)
		}
	}
	if free := strings.Contains(p.text, "ny valid token") || strings.Contains(p.text, "No right is needed"); free != (len(scopes) == 0) {
		p.Errorf("%s needs %q, and says that it needs nothing: %v", p.name, scopes, free)
	}
}

func (p promise) repeats(plain, keyed bool) {
	p.Helper()
	want := "The client does not repeat it"
	switch {
	case plain:
		want = "The client repeats it."
	case keyed:
		want = "The client repeats it with an [IdempotencyKey] alone."
	}
	if !strings.Contains(p.text, want) {
		p.Errorf("%s: it must say %q, and says\n%s", p.name, want, p.text)
	}
}

var ownRefusals = regexp.MustCompile(`Refusals of its own: ([^.]*)\.`)

func (p promise) refuses() {
	p.Helper()
	m := ownRefusals.FindStringSubmatch(p.text)
	if m == nil {
		return
	}
	for one := range strings.SplitSeq(m[1], ",") {
		code, _, _ := strings.Cut(strings.TrimSpace(one), " ")
		if !slices.ContainsFunc(api.Codes(), func(i api.CodeInfo) bool { return string(i.Code) == code }) {
			p.Errorf("%s names %q, which is no code", p.name, code)
		}
	}
}

// methodDocs are the documentations of all methods, each on one line, by receiver
// and name.
func methodDocs(t *testing.T) map[string]string {
	t.Helper()
	files, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	out, set := map[string]string{}, token.NewFileSet()
	for _, name := range files {
		f, err := parser.ParseFile(set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil {
				if on, ok := fn.Recv.List[0].Type.(*ast.Ident); ok {
					out[on.Name+"."+fn.Name.Name] = strings.Join(strings.Fields(fn.Doc.Text()), " ")
				}
			}
		}
	}
	return out
}

// requiredScopes answers by the API's document which scopes a request needs one of.
func requiredScopes(t *testing.T) func(*http.Request) []string {
	t.Helper()
	raw, err := os.ReadFile("../api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Scopes []string `json:"x-required-scope"`
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	return func(r *http.Request) []string {
		for path, methods := range doc.Paths {
			if op, ok := methods[strings.ToLower(r.Method)]; ok && like(r.URL.Path, path) {
				return op.Scopes
			}
		}
		t.Errorf("%s %s is no call of the API", r.Method, r.URL.Path)
		return nil
	}
}
