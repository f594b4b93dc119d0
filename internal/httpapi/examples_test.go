package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokenry/tokenry/internal/httpapi"
	"github.com/tokenry/tokenry/token"
)

// examples are the calls that the reference shows: what the stories sent, and
// what was answered.
type examples struct {
	mu    sync.Mutex // guards what follows
	calls map[string]example
	kinds map[string]token.Kind // of the locators that were seen
}

// example is one call. What is random in it is replaced by what the
// documentation uses everywhere, so that it is the same each time.
type example struct {
	Path     string          `json:"path"`
	Request  json.RawMessage `json:"request,omitempty"`
	Status   int             `json:"status"`
	Response json.RawMessage `json:"response,omitempty"`
	better   int
}

// note keeps the call that shows the most of its route: one with a body, that
// changes something.
func (e *examples) note(method, path, body string, resp *http.Response, answer []byte) {
	if e == nil || resp.StatusCode >= 300 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.learn(answer)
	rt, ok := routeOf(method, path)
	if !ok || rt.Path == "/openapi.json" || rt.Path == "/openapi-3.0.json" {
		return
	}
	one := example{Path: e.tame(path), Status: resp.StatusCode, better: 1}
	if body != "" {
		one.Request = json.RawMessage(e.tame(parameters(rt, body)))
		one.better += min(len(body), 200)
	}
	if strings.Contains(path+body, "dry_run") {
		one.better = 0
	}
	if resp.Header.Get("Content-Type") == "application/json" {
		one.Response = json.RawMessage(e.tame(string(few(answer))))
	}
	if was, ok := e.calls[rt.Pattern()]; !ok || one.better > was.better {
		e.calls[rt.Pattern()] = one
	}
}

// parameters are a form as OpenAPI shows one: as an object. Other bodies are one.
func parameters(rt httpapi.Route, body string) string {
	form, err := url.ParseQuery(body)
	if !rt.OAuth || err != nil {
		return body
	}
	object := map[string]string{}
	for name := range form {
		object[name] = form.Get(name)
	}
	b, err := json.Marshal(object)
	if err != nil {
		return body
	}
	return string(b)
}

// routeOf finds the route that a request reached.
func routeOf(method, path string) (httpapi.Route, bool) {
	path, _, _ = strings.Cut(path, "?")
	segments := strings.Split(path, "/")
	var found httpapi.Route
	exact := -1
	for _, rt := range httpapi.Routes() {
		pattern := strings.Split(rt.Path, "/")
		if rt.Method != "" && rt.Method != method || len(pattern) != len(segments) {
			continue
		}
		same := 0
		for i, p := range pattern {
			if p == segments[i] {
				same++
			} else if !strings.HasPrefix(p, "{") {
				same = -1 << 10
			}
		}
		if same >= 0 && same > exact {
			found, exact = rt, same
		}
	}
	return found, exact >= 0
}

// few leaves two items of a list.
func few(answer []byte) []byte {
	var list map[string]json.RawMessage
	var items []json.RawMessage
	if json.Unmarshal(answer, &list) != nil || json.Unmarshal(list["items"], &items) != nil || len(items) <= 2 {
		return answer
	}
	list["items"], _ = json.Marshal(items[:2])
	short, err := json.Marshal(list)
	if err != nil {
		return answer
	}
	return short
}

var (
	// drawnName is what ident draws, or a UUID. One name in four hundred has no
	// digit: behind the prefix of an id such a one is a name still, and alone a word.
	drawnName    = regexp.MustCompile(`\b([a-z]{2,4}_)?([0-9a-f]{8}-[0-9a-f-]{27}|[0-9A-Za-z]{16,26})\b`)
	locatorField = regexp.MustCompile(`"locator":"(\w{12})","kind":"(\w+)"`)
	randomParts  = []struct {
		found *regexp.Regexp
		by    string
	}{
		{regexp.MustCompile(`"revision":\d+`), `"revision":42`},
		{regexp.MustCompile(`"token_id":"([^"_]*)_\w{12}"`), `"token_id":"${1}_7hQ2aB9cXk1Z"`},
		{regexp.MustCompile(`"use":"[^"]*"`), `"use":"AAAAAWN24QX3bDY3_EnqnBoEdV18mu37n9XRhtm6iELd7RSzm4wdqEFhhv8QB797uCU22exthQY"`},
		{regexp.MustCompile(`"next_cursor":"[^"]*"`), `"next_cursor":"MTAw"`},
		{regexp.MustCompile(`"(before_)?hash":"[^"]*"`), `"${1}hash":"9f86d081884c7d65"`},
		{regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`), "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"},
		{regexp.MustCompile(`"([xy])":"[\w-]{43}"`), `"${1}":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"`},
		{regexp.MustCompile(`whsec_[A-Za-z0-9+/=]+`), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
	}
)

// vectors are the token strings of the documentation, and more locators.
var vectors = map[token.Kind][]string{
	token.Personal:  {"tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7", "0123456789AB", "7hQ2aB9cXk1Z", "BBBBBBBBBBBB"},
	token.Service:   {"tkys_000000000000zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz1Lidvn", "000000000000", "111111111111", "222222222222"},
	token.Workspace: {"acmew_AAAAAAAAAAAA000000000000000000000000000000004GS7nf", "AAAAAAAAAAAA", "CCCCCCCCCCCC", "DDDDDDDDDDDD"},
	token.Ephemeral: {"tkye_EEEEEEEEEEEE000000000000000000000000000000001xydU6", "EEEEEEEEEEEE", "FFFFFFFFFFFF", "GGGGGGGGGGGG"},
}

// learn notes the locators of an answer.
func (e *examples) learn(answer []byte) {
	for _, m := range locatorField.FindAllSubmatch(answer, -1) {
		if kind, err := token.ParseKind(string(m[2])); err == nil {
			e.kinds[string(m[1])] = kind
		}
	}
}

// tame replaces what is random in a text.
func (e *examples) tame(text string) string {
	token.Find([]byte(text), func(start, end int, p token.Parsed) bool {
		e.kinds[p.Locator.String()] = p.Kind
		text = text[:start] + strings.Repeat("\x00", end-start-1) + string(rune(p.Kind)) + text[end:]
		return true
	})
	text = regexp.MustCompile("\x00+[pswe]").ReplaceAllStringFunc(text, func(s string) string { return vectors[token.Kind(s[len(s)-1])][0] })
	used := map[token.Kind]int{}
	for _, locator := range inOrder(text, slices.Collect(maps.Keys(e.kinds))) {
		kind := e.kinds[locator]
		used[kind]++
		by := vectors[kind][min(used[kind], 3)]
		text = strings.NewReplacer(locator, by, string(rune(kind))+"_"+locator[:5]+"…", string(rune(kind))+"_"+by[:5]+"…").Replace(text)
	}
	for _, r := range randomParts {
		text = r.found.ReplaceAllString(text, r.by)
	}
	ids := map[string]string{}
	return drawnName.ReplaceAllStringFunc(text, func(id string) string {
		digits := strings.ContainsAny(id, "0123456789")
		if !digits && !strings.Contains(id, "_") || strings.Contains(id, "0123456789AB") || strings.HasPrefix(id, "whsec") || id == "9f86d081884c7d65" {
			return id
		}
		if ids[id] == "" {
			ids[id] = fmt.Sprintf("%.*s%02d", strings.Index(id, "_")+1, id, len(ids)+1)
		}
		return ids[id]
	})
}

// inOrder sorts words by where they first stand in a text, and drops others.
func inOrder(text string, words []string) []string {
	words = slices.DeleteFunc(words, func(w string) bool { return !strings.Contains(text, w) })
	slices.SortFunc(words, func(a, b string) int { return strings.Index(text, a) - strings.Index(text, b) })
	return words
}

// What the reference shows as an example was sent by the stories, and answered so.
func TestTheExamplesOfTheOpenAPIDocumentAreSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, err := token.Parse(w.root)
	if err != nil {
		t.Fatal(err)
	}
	w.sent = &examples{calls: map[string]example{}, kinds: map[string]token.Kind{root.Locator.String(): root.Kind}}
	w.stories()
	for _, rt := range httpapi.Routes() {
		if one := w.sent.calls[rt.Pattern()]; rt.Request != nil && one.Request == nil && !rt.OptionalBody {
			t.Errorf("no story sends a body to %s", rt.Pattern())
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(w.sent.calls); err != nil {
		t.Fatal(err)
	}
	golden(t, "../reference/examples.json", b.Bytes())
}
