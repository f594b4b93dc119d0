package ruleset_test

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/ruleset"
)

const tickets = `
workspace: acme
rules:
  - match: GET,HEAD /systems/{system}/tickets/**
    scopes: [tickets:read]
    resource: "{system}"
  - match: ANY /systems/{system}/tickets/**
    scopes: [tickets:write]
    resource: "{system}"
  - match: GET /systems/{system}/tickets/export
    scopes: [tickets:read, tickets:export]
    resource: any
  - match: GET /users/me
    scopes: []
  - match: GET /users/{id}
    scopes: [users:read]
  - match: GET /users/admin
    scopes: [users:admin]
  - match: GET /health
    public: true
  - match: GET /
    public: true
  - match: POST /übung/1
    scopes: [a:b]
`

// decided writes down what was decided about a request.
func decided(s *ruleset.Set, method, path string) string {
	n := s.Match(method, path)
	switch {
	case n.Rule == nil:
		return "refused: " + n.Refused
	case n.Rule.Public:
		return "public"
	}
	return strings.TrimSpace(strings.Join(n.Rule.Scopes, " ") + " on " + n.Resource)
}

func TestTheMostSpecificRuleDecides(t *testing.T) {
	t.Parallel()
	s := parse(t, tickets)
	for request, want := range map[string]string{
		"GET /systems/a/tickets":               "tickets:read on a",
		"GET /systems/a/tickets/":              "tickets:read on a",
		"HEAD /systems/a.b-c:d/tickets/7/x":    "tickets:read on a.b-c:d",
		"POST /systems/a/tickets/7":            "tickets:write on a",
		"PROPFIND /systems/a/tickets/7":        "tickets:write on a",
		"get /systems/a/tickets/7":             "tickets:write on a",
		"GET /systems/a/tickets/export":        "tickets:read tickets:export on any",
		"HEAD /systems/a/tickets/export":       "tickets:read on a",
		"GET /systems/%61/tickets/7":           "tickets:read on a",
		"GET /systems/any/tickets/7":           "refused: the path names no resource where its rule says so",
		"GET /systems/a%20b/tickets/7":         "refused: the path names no resource where its rule says so",
		"GET /systems/*/tickets/7":             "refused: the path names no resource where its rule says so",
		"GET /users/me":                        "on",
		"GET /users/7":                         "users:read on",
		"GET /users/admin":                     "users:admin on",
		"GET /users/%61dmin/":                  "users:admin on",
		"GET /users/a%20b":                     "users:read on",
		"POST /users/7":                        "refused: no rule matches",
		"HEAD /users/7":                        "refused: no rule matches",
		"GET /users":                           "refused: no rule matches",
		"GET /users/7/8":                       "refused: no rule matches",
		"GET /health":                          "public",
		"GET /":                                "public",
		"POST /%C3%BCbung/1":                   "a:b on",
		"GET /Health":                          "refused: no rule matches",
		"GET /users/ADMIN":                     "refused: the path differs from that of another rule by case or extension alone",
		"GET /users/admin.json":                "refused: the path differs from that of another rule by case or extension alone",
		"GET /users/admin.":                    "refused: the path differs from that of another rule by case or extension alone",
		"GET /users/%20admin":                  "refused: the path differs from that of another rule by case or extension alone",
		"GET /users/administrator":             "users:read on",
		"GET /systems/a/tickets/Export":        "refused: the path differs from that of another rule by case or extension alone",
		"GET /users/a%2fb":                     "refused: the path has a segment that a back end could read as another",
		"GET /users/a%5Cb":                     "refused: the path has a segment that a back end could read as another",
		"GET /users/..":                        "refused: the path has a segment that a back end could read as another",
		"GET /users/%2e%2E/health":             "refused: the path has a segment that a back end could read as another",
		"GET /users/./7":                       "refused: the path has a segment that a back end could read as another",
		"GET /users/...":                       "refused: the path has a segment that a back end could read as another",
		"GET /users/7;x=1":                     "refused: the path has a segment that a back end could read as another",
		"GET /users/7%00":                      "refused: the path has a segment that a back end could read as another",
		"GET /users/%252e%252e":                "refused: the path has a segment that a back end could read as another",
		"GET /users/%ff":                       "refused: the path has a segment that a back end could read as another",
		"GET /users/7%3Fx":                     "refused: the path has a segment that a back end could read as another",
		"GET /users/7%23":                      "refused: the path has a segment that a back end could read as another",
		"GET //users/7":                        "refused: the path has an empty segment",
		"GET /users//7":                        "refused: the path has an empty segment",
		"GET //":                               "refused: the path has an empty segment",
		"GET /users/7//":                       "refused: the path has an empty segment",
		"GET /users/%":                         "refused: the path is not well-formed",
		"GET /users/%2":                        "refused: the path is not well-formed",
		"GET /users/%zz":                       "refused: the path is not well-formed",
		`GET /users/\`:                         "refused: the path is not well-formed",
		"GET /users/\x00":                      "refused: the path is not well-formed",
		"GET /users/a#b":                       "refused: the path is not well-formed",
		"GET /users/ü":                         "refused: the path is not well-formed",
		"GET users/7":                          "refused: the target is not a path",
		"OPTIONS *":                            "refused: the target is not a path",
		"GET http://h/users/7":                 "refused: the target is not a path",
		"GET /" + strings.Repeat("a", 2048):    "refused: the path is too long",
		"GET " + strings.Repeat("/a", 65):      "refused: the path has too many segments",
		"GET " + strings.Repeat("/a", 64) + "": "refused: no rule matches",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := decided(s, method, path); got != want {
			t.Errorf("%.80s: %s, want %s", request, got, want)
		}
	}
}

// A literal of another case is meant when it is written down.
func TestBothCasesCanBeWritten(t *testing.T) {
	t.Parallel()
	s := parse(t, "workspace: acme\nrules:\n  - {match: GET /API/**, scopes: [a:a]}\n  - {match: GET /api/**, scopes: [b:b]}\n  - {match: GET /**, scopes: [c:c]}\n")
	for path, want := range map[string]string{"/API/x": "a:a on", "/api/x": "b:b on", "/x": "c:c on", "/": "c:c on"} {
		if got := decided(s, "GET", path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if n := s.Match("GET", "/Api/x"); n.Rule != nil {
		t.Errorf("/Api/x: %+v", n)
	}
}

// readings are how back ends have been seen to read a path differently.
func readings(p string) []string {
	once, err := url.PathUnescape(p)
	if err != nil {
		once = p
	}
	twice, err := url.PathUnescape(once)
	if err != nil {
		twice = once
	}
	cut := func(s, at string) string {
		var out []string
		for part := range strings.SplitSeq(s, "/") {
			head, _, _ := strings.Cut(part, at)
			out = append(out, head)
		}
		return strings.Join(out, "/")
	}
	head, _, _ := strings.Cut(once, "\x00")
	out := []string{once, twice, head, strings.TrimRight(once, "/"), strings.TrimRight(once, ". /"), strings.ToLower(once), cut(once, ";"), cut(once, "?"), cut(once, "#"),
		strings.TrimSuffix(once, path.Ext(once)), strings.ReplaceAll(once, `\`, "/"), strings.ReplaceAll(once, "/ ", "/"), cut(strings.ToLower(twice), ";")}
	for _, r := range out {
		out = append(out, path.Clean("/"+r))
	}
	return out
}

// escapes looks for a reading of a path that another rule is about.
func escapes(s *ruleset.Set, method, p string) string {
	n := s.Match(method, p)
	if n.Rule == nil {
		return ""
	}
	for _, r := range readings(p) {
		written := (&url.URL{Path: r}).EscapedPath()
		if o := s.Match(method, written); o.Rule != nil && o.Rule != n.Rule {
			return fmt.Sprintf("%s %s is decided by %q, and read as %s by %q", method, p, n.Rule.Match, r, o.Rule.Match)
		}
	}
	return ""
}

func FuzzNoReadingOfAPathEscapesItsRule(f *testing.F) {
	s, err := ruleset.Parse("rules.yaml", []byte(tickets+"  - {match: ANY /**, scopes: [all:all]}\n"))
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range []string{"/users/admin", "/users/Admin", "/users/x/../admin", "/users/%61dmin", "/users/%2561dmin", "/users;x/admin", "/users/admin.json",
		"/users/admin%20", "/users//admin", `/users\admin`, "/x/..;/users/admin", "/users/admin/", "/USERS/admin", "/users/admin%00.png", "/systems/a/tickets/export%3f"} {
		f.Add("GET", p)
	}
	f.Fuzz(func(t *testing.T, method, p string) {
		if e := escapes(s, method, p); e != "" {
			t.Error(e)
		}
	})
}

// word is a part of a small alphabet, so that patterns and paths often meet.
func word() *rapid.Generator[string] { return rapid.SampledFrom([]string{"a", "b", "c", "A", "a.x"}) }

func drawRules(t *rapid.T) []string {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		m := rapid.SampledFrom([]string{"ANY", "GET", "GET,HEAD", "POST"}).Draw(t, "methods") + " "
		n := rapid.IntRange(0, 3).Draw(t, "segments")
		for i := range n {
			if rapid.Bool().Draw(t, "wild") {
				m += fmt.Sprintf("/{p%d}", i)
			} else {
				m += "/" + word().Draw(t, "literal")
			}
		}
		if rapid.Bool().Draw(t, "rest") {
			m += "/**"
		} else if n == 0 {
			m += "/"
		}
		return m
	}), 1, 8).Draw(t, "rules")
}

// written is the file of these rules, in this order.
func written(rules []string) []byte {
	var b strings.Builder
	b.WriteString("workspace: acme\nrules:\n")
	for _, m := range rules {
		fmt.Fprintf(&b, "  - match: %s\n    scopes: []\n", m)
	}
	return []byte(b.String())
}

// expression is a pattern as a regular expression over METHOD PATH.
func expression(match string) *regexp.Regexp {
	methods, path, _ := strings.Cut(match, " ")
	methods = strings.ReplaceAll(strings.ReplaceAll(methods, ",", "|"), "ANY", "[A-Z]+")
	path = regexp.MustCompile(`\{\w+\}`).ReplaceAllString(strings.ReplaceAll(path, ".", `\.`), "[^/]+")
	path = strings.ReplaceAll(strings.TrimSuffix(path, "/"), "/**", "(/.*)?")
	return regexp.MustCompile("^(" + methods + ") " + path + "/?$")
}

func TestTheOrderOfTheFileDoesNotCount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := drawRules(t)
		s, err := ruleset.Parse("r", written(rules))
		shuffled := rapid.Permutation(rules).Draw(t, "shuffled")
		o, otherErr := ruleset.Parse("r", written(shuffled))
		if (err == nil) != (otherErr == nil) {
			t.Fatalf("%v in one order, %v in another", err, otherErr)
		}
		if err != nil {
			return
		}
		method := rapid.SampledFrom([]string{"GET", "HEAD", "POST", "PUT"}).Draw(t, "method")
		target := "/" + strings.Join(rapid.SliceOfN(word(), 0, 4).Draw(t, "path"), "/")
		n, m := s.Match(method, target), o.Match(method, target)
		switch {
		case n.Refused != m.Refused, n.Rule != nil && n.Rule.Match != m.Rule.Match:
			t.Fatalf("%s %s: %+v in one order, %+v in another", method, target, n, m)
		case n.Rule != nil && !expression(n.Rule.Match).MatchString(method+" "+target):
			t.Fatalf("%s %s is decided by %s", method, target, n.Rule.Match)
		}
		for _, match := range rules {
			if matches := expression(match).MatchString(method + " " + target); matches && n.Rule == nil && n.Refused == "no rule matches" {
				t.Fatalf("%s %s is not decided by %s", method, target, match)
			}
		}
	})
}

func TestNoReadingEscapesDrawnRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, err := ruleset.Parse("r", written(drawRules(t)))
		if err != nil {
			return
		}
		part := rapid.OneOf(word(), rapid.SampledFrom([]string{"..", ".", "", "%2e%2e", "%61", "%2561", "a;b", "a%2fb", `a%5cb`, "a%20", "B", "b.json", "a%00"}))
		target := "/" + strings.Join(rapid.SliceOfN(part, 0, 4).Draw(t, "path"), "/")
		n := s.Match("GET", target)
		for _, r := range []string{path.Clean(target), strings.ReplaceAll(target, "//", "/"), strings.ReplaceAll(target, "%2f", "/"), strings.ReplaceAll(target, "%61", "a")} {
			if o := s.Match("GET", r); n.Rule != nil && o.Rule != nil && o.Rule != n.Rule {
				t.Fatalf("%s is decided by %s, and read as %s by %s", target, n.Rule.Match, r, o.Rule.Match)
			}
		}
	})
}

// large is a set of five hundred rules.
func large(tb testing.TB) *ruleset.Set {
	tb.Helper()
	var rules []string
	for i := range 250 {
		rules = append(rules, fmt.Sprintf("GET /things%d/{id}", i), fmt.Sprintf("ANY /things%d/**", i))
	}
	s, err := ruleset.Parse("large.yaml", written(rules))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestMatchingAllocatesNothing(t *testing.T) {
	s := large(t)
	if n := testing.AllocsPerRun(100, func() {
		if s.Match("GET", "/things249/7").Rule == nil {
			t.Error("no rule")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMatch(b *testing.B) {
	s := large(b)
	b.ReportAllocs()
	for b.Loop() {
		s.Match("GET", "/things249/7")
	}
}
