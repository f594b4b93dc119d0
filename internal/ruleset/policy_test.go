package ruleset_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/ruleset"
)

// requests are all of a small world: each method with each path of at most three
// segments. A pattern is the set of those that it takes, which is how the law of
// the most specific rule is asked for below without a word of how it is decided.
func requests() [][2]string {
	words := []string{"a", "b", "c"}
	paths := []string{"/"}
	for level, from := 0, 0; level < 3; level++ {
		to := len(paths)
		for _, p := range paths[from:to] {
			for _, w := range words {
				paths = append(paths, strings.TrimSuffix(p, "/")+"/"+w)
			}
		}
		from = to
	}
	var out [][2]string
	for _, m := range []string{"GET", "HEAD", "POST"} {
		for _, p := range paths {
			out = append(out, [2]string{m, p})
		}
	}
	return out
}

// takes is the set of a pattern, by the words of the guide: methods or ANY, a text
// for itself, {name} for one segment, ** for the rest.
func takes(match string) map[[2]string]bool {
	methods, path, _ := strings.Cut(match, " ")
	out := map[[2]string]bool{}
	for _, r := range requests() {
		if (methods == "ANY" || slices.Contains(strings.Split(methods, ","), r[0])) && takesPath(segments(path), segments(r[1])) {
			out[r] = true
		}
	}
	return out
}

func segments(path string) []string {
	if path == "/" {
		return nil
	}
	return strings.Split(path[1:], "/")
}

func takesPath(pattern, path []string) bool {
	switch {
	case len(pattern) == 0:
		return len(path) == 0
	case pattern[0] == "**":
		return true
	case len(path) == 0 || pattern[0] != path[0] && !strings.HasPrefix(pattern[0], "{"):
		return false
	}
	return takesPath(pattern[1:], path[1:])
}

func within(a, b map[[2]string]bool) bool {
	for r := range a {
		if !b[r] {
			return false
		}
	}
	return true
}

func meets(a, b map[[2]string]bool) bool {
	for r := range a {
		if b[r] {
			return true
		}
	}
	return false
}

// drawMatch is a pattern over the words of the small world.
func drawMatch(t *rapid.T) string {
	m := rapid.SampledFrom([]string{"ANY", "GET", "GET,HEAD", "HEAD,POST", "POST"}).Draw(t, "methods") + " "
	n := rapid.IntRange(0, 3).Draw(t, "segments")
	for i := range n {
		m += "/" + rapid.SampledFrom([]string{"a", "b", fmt.Sprintf("{p%d}", i)}).Draw(t, "segment")
	}
	if rapid.Bool().Draw(t, "rest") && n < 3 {
		return m + "/**"
	}
	if n == 0 {
		return m + "/"
	}
	return m
}

// Two rules are refused when they share requests and neither holds the other, or
// both hold the other; and else never.
func TestTwoRulesAreRefusedWhenNeitherIsTheMoreSpecific(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		one, other := drawMatch(t), drawMatch(t)
		a, b := takes(one), takes(other)
		wants := meets(a, b) && within(a, b) == within(b, a)
		_, err := ruleset.Parse("r", written([]string{one, other}))
		if (err != nil) != wants {
			t.Fatalf("%q beside %q: %v, refused is %t", one, other, err, wants)
		}
		if err != nil && !strings.Contains(err.Error(), "neither is the more specific") {
			t.Fatalf("%q beside %q: %v", one, other, err)
		}
	})
}

// Of the rules that take a request the one decides whose requests are among those of
// all others; none decides about what none takes.
func TestTheNarrowestRuleThatTakesARequestDecides(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := rapid.SliceOfNDistinct(rapid.Custom(drawMatch), 1, 5, rapid.ID).Draw(t, "rules")
		s, err := ruleset.Parse("r", written(rules))
		if err != nil {
			return
		}
		if s.Len() != len(rules) {
			t.Fatalf("%d rules of %d", s.Len(), len(rules))
		}
		sets := make([]map[[2]string]bool, len(rules))
		for i, m := range rules {
			sets[i] = takes(m)
		}
		for _, r := range requests() {
			want := -1
			for i := range rules {
				if sets[i][r] && (want < 0 || within(sets[i], sets[want])) {
					want = i
				}
			}
			n := s.Match(r[0], r[1])
			switch {
			case want < 0 && n.Rule != nil, want >= 0 && (n.Rule == nil || n.Rule.Match != rules[want]):
				t.Fatalf("%s: decided by %+v, want rule %d of %q", r, n, want, rules)
			}
		}
	})
}

// A slash at the end of a path does not count, and percent-encoding a letter does
// not either: a proxy may send either form.
func TestTheSameRequestInAnotherForm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, err := ruleset.Parse("r", written([]string{drawMatch(t)}))
		if err != nil {
			t.Fatal(err)
		}
		r := rapid.SampledFrom(requests()).Draw(t, "request")
		same := s.Match(r[0], r[1])
		for _, form := range []string{r[1] + "/", strings.NewReplacer("a", "%61", "b", "%62").Replace(r[1])} {
			if r[1] == "/" && form == "//" {
				continue
			}
			if d := cmp.Diff(same, s.Match(r[0], form), cmp.Comparer(func(a, b *ruleset.Rule) bool { return a == b })); d != "" {
				t.Fatalf("%s and %s: %s", r, form, d)
			}
		}
	})
}

// A rule keeps what its line says, as it was written.
func TestARuleIsWhatItsLineSays(t *testing.T) {
	t.Parallel()
	s := parse(t, "workspace: ext:crm-7\ndeny: 403\nrules:\n  - match: GET,HEAD /a/{b}\n    scopes: [x:y, a:b]\n    resource: \"{b}\"\n  - {match: GET /p, public: true}\n"+
		"  - {match: GET /l, scopes: [x:y], resource: ledger}\n  - {match: GET /n, scopes: []}\n")
	if s.Workspace != "ext:crm-7" || s.Deny != 403 || s.Len() != 4 || len(s.Tests) != 0 {
		t.Errorf("%+v", s)
	}
	n := s.Match("HEAD", "/a/payments")
	if n.Rule.Line != 4 || n.Rule.Match != "GET,HEAD /a/{b}" || !slices.Equal(n.Rule.Scopes, []string{"x:y", "a:b"}) || n.Resource != "payments" || n.Rule.Public {
		t.Errorf("%+v of %+v", n.Rule, n)
	}
	if n := s.Match("GET", "/p"); !n.Rule.Public || n.Resource != "" || n.Rule.Scopes != nil {
		t.Errorf("%+v", n.Rule)
	}
	if n := s.Match("GET", "/l"); n.Resource != "ledger" {
		t.Errorf("%+v", n)
	}
	if n := s.Match("GET", "/n"); n.Rule.Scopes == nil || len(n.Rule.Scopes) != 0 || n.Resource != "" {
		t.Errorf("%+v", n.Rule)
	}
	if parse(t, "workspace: a\nrules:\n  - {match: GET /a, scopes: []}\n").Deny != 0 {
		t.Error("403 is the default")
	}
}

func TestWhoseTokensPass(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"acme": true, "a": true, "acme-2": true, "'*'": true, "ext:7": true, "'ext:Any Thing/7'": true, "7": true,
		"Acme": false, "a_b": false, "a b": false, "ext": true, "'ext:'": false, "EXT:7": false, "''": false, "null": false, "[a]": false, "'**'": false, "ü": false, "a.b": false,
	} {
		_, err := ruleset.Parse("r.yaml", []byte("workspace: "+text+"\nrules:\n  - {match: GET /a, scopes: []}\n"))
		if (err == nil) != ok {
			t.Errorf("workspace: %s: %v", text, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "r.yaml:1: ") {
			t.Errorf("workspace: %s: %v names no line", text, err)
		}
	}
}

// The word any and placeholders name a resource only where they are meant to.
func TestWhatAResourceMayBe(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"payments": true, "any": true, `"{a}"`: true, "A.b_c:d-e": true, "7": true,
		`"{b}"`: false, `"{}"`: false, `"{a"`: false, `"a}"`: false, `"{a}{a}"`: false, "'*'": false, "'pay*'": false, "a/b": false, "a b": false, "''": false, "null": false,
		"-a": false, strings.Repeat("x", 129): false, "[a]": false,
	} {
		_, err := ruleset.Parse("r", []byte("workspace: a\nrules:\n  - match: GET /x/{a}\n    scopes: [t:r]\n    resource: "+text+"\n"))
		if (err == nil) != ok {
			t.Errorf("resource: %.40s: %v", text, err)
		}
	}
}

// The parts of a pattern that mean themselves may be any that a request can have,
// and no others.
func TestWhatAPatternMayHold(t *testing.T) {
	t.Parallel()
	for match, ok := range map[string]bool{
		"GET /": true, "ANY /**": true, "GET /a/**": true, "PROPFIND /a": true, "M-SEARCH /a": true, "X_Y /a": true, "GET /ü/日本": true, "GET /a.b-c~d": true, "GET /a@b:c,d=e": true,
		"GET /{a}/{b}/{c}": true, "GET /{a_1}": true, "GET /" + strings.Repeat("a/", 63) + "a": true, "GET /{" + strings.Repeat("n", 40) + "}": true,
		"GET": false, "GET  /a": false, "GET /a b": false, "/a GET": false, "GET,,POST /a": false, ",GET /a": false, "GET, POST /a": false, "GET1 /a": false, "Get /a": false,
		"GET /{A}": false, "GET /{1a}": false, "GET /{a-b}": false, "GET /{}": false, "GET /{a}b": false, "GET /{" + strings.Repeat("n", 41) + "}": false, "GET /**/**": false, "GET /a**": false,
		"GET /a;b": false, `GET /a\b`: false, "GET /a#b": false, "GET /./a": false, "GET /...": false, "GET /" + strings.Repeat("a/", 64) + "a": false, "GET http://h/a": false,
	} {
		_, err := ruleset.Parse("r", []byte("workspace: a\nrules:\n  - match: '"+match+"'\n    scopes: []\n"))
		if (err == nil) != ok {
			t.Errorf("match: %.60s: %v", match, err)
		}
	}
}

// What a file may hold is bounded, to the number that the message says.
func TestAFileIsBounded(t *testing.T) {
	t.Parallel()
	rules := func(n int) []byte {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf("GET /a%d", i))
		}
		return written(list)
	}
	if s, err := ruleset.Parse("r", rules(2000)); err != nil || s.Len() != 2000 {
		t.Errorf("2000 rules: %v", err)
	}
	if _, err := ruleset.Parse("r", rules(2001)); err == nil || !strings.Contains(err.Error(), "there are 2001 rules; at most 2000") {
		t.Errorf("2001 rules: %v", err)
	}
	scopes := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf("n%d:read", i))
		}
		return "workspace: a\nrules:\n  - match: GET /a\n    scopes: [" + strings.Join(list, ", ") + "]\n"
	}
	if _, err := ruleset.Parse("r", []byte(scopes(100))); err != nil {
		t.Errorf("100 scopes: %v", err)
	}
	if _, err := ruleset.Parse("r", []byte(scopes(101))); err == nil || !strings.Contains(err.Error(), "r:4: at most 100 scopes") {
		t.Errorf("101 scopes: %v", err)
	}
	base := scopes(1)
	if _, err := ruleset.Parse("r", []byte(base+"#"+strings.Repeat("x", 1<<20-len(base)-1))); err != nil {
		t.Errorf("a file of 1 MiB: %v", err)
	}
}

// Weakness: YAML has ways to make much of little, and to nest without an end. No
// file takes the process with it; each is refused.
func TestAHostileFileIsRefused(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for i := range 8 {
		bomb += fmt.Sprintf("%c: &%c [*%[3]c, *%[3]c, *%[3]c, *%[3]c, *%[3]c, *%[3]c, *%[3]c, *%[3]c, *%[3]c]\n", 'b'+i, 'b'+i, 'a'+i)
	}
	for name, text := range map[string]string{
		"aliases of aliases": bomb, "deep lists": strings.Repeat("[", 100_000), "deep maps": strings.Repeat("{a: ", 100_000), "deep rules": "workspace: a\nrules: " + strings.Repeat("[", 20_000),
		"a merge": "workspace: a\nrules:\n  - &r {match: GET /a, scopes: []}\n  - {<<: *r, match: GET /b}\n", "a tag": "workspace: !!binary YQ==\nrules:\n  - match: !!int 'GET /a'\n    public: !!str true\n",
		"a byte that is no text": "workspace: a\xff\n", "a control": "workspace: a\x00\n", "a list as a key": "? [a]\n: b\n",
	} {
		if s, err := ruleset.Parse("r", []byte(text)); err == nil || s != nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(tickets))
	f.Add([]byte("workspace: a\nrules:\n  - {match: 'GET /{a}/**', scopes: [t:r], resource: '{a}'}\ntests:\n  - {request: GET /x, refused: true}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ruleset.Parse("r", text)
		if (s == nil) == (err == nil) {
			t.Errorf("%v, %v", s, err)
		}
		if s != nil && (s.Len() == 0 || s.Workspace == "") {
			t.Errorf("%+v is a set", s)
		}
	})
}

func TestARequestIsAMethodAndAPath(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][3]string{
		"GET /a": {"GET", "/a", "ok"}, "GET /a?b=c?d": {"GET", "/a", "ok"}, "get /a#b": {"get", "/a#b", "ok"}, "GET /a b": {"GET", "/a b", "ok"}, "GET  /a": {"GET", " /a", "ok"},
		"": {"", "", ""}, "GET": {"GET", "", ""}, "GET ": {"GET", "", ""}, " /a": {"", "/a", ""}, "GET ?a=b": {"GET", "", ""},
	} {
		method, path, ok := ruleset.Request(text)
		got := [3]string{method, path, ""}
		if ok {
			got[2] = "ok"
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// A test of a file is met by exactly what it says.
func TestATestIsMetByWhatItSays(t *testing.T) {
	t.Parallel()
	s := parse(t, "workspace: a\nrules:\n  - {match: GET /p, public: true}\n  - {match: GET /n, scopes: []}\n  - {match: GET /s, scopes: [a:b, c:d]}\n  - {match: 'GET /r/{r}', scopes: [a:b], resource: '{r}'}\n")
	expectations := map[string]string{
		"refused": "refused: true", "public": "public: true", "none": "scopes: []", "both": "scopes: [a:b, c:d]", "both, in another order": "scopes: [c:d, a:b]",
		"one": "scopes: [a:b]", "one on x": "scopes: [a:b], resource: x", "one on y": "scopes: [a:b], resource: y",
	}
	for request, met := range map[string][]string{
		"GET /p": {"public"}, "GET /n": {"none"}, "GET /s": {"both", "both, in another order"}, "GET /r/x": {"one on x"}, "GET /r/y?z": {"one on y"}, "GET /r/any": {"refused"}, "GET /elsewhere": {"refused"},
	} {
		for name, expects := range expectations {
			file := "workspace: a\nrules:\n  - {match: GET /x, scopes: []}\ntests:\n  - {request: '" + request + "', " + expects + "}\n"
			test := parse(t, file).Tests[0]
			if test.Line != 5 {
				t.Errorf("%s: line %d", request, test.Line)
			}
			if got, want := test.Met(s.Match(test.Method, test.Path)), slices.Contains(met, name); got != want {
				t.Errorf("%s expecting %s: met %t, want %t", request, expects, got, want)
			}
		}
	}
}

// broken is a folder of which one file cannot be read.
type broken struct {
	fstest.MapFS
	name string
}

func (b broken) Open(name string) (fs.File, error) {
	if name == b.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return b.MapFS.Open(name)
}

// ReadFile is what MapFS would answer in place of Open.
func (b broken) ReadFile(name string) ([]byte, error) {
	if name == b.name {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrPermission}
	}
	return b.MapFS.ReadFile(name)
}

// A folder is read as a whole: one file that is wrong is no set that is missing.
func TestAFolderIsReadAsAWhole(t *testing.T) {
	t.Parallel()
	good := &fstest.MapFile{Data: []byte("workspace: acme\nrules:\n  - {match: GET /a, scopes: []}\n")}
	bad := &fstest.MapFile{Data: []byte("workspace: acme\nrules:\n  - {match: GET a, scopes: []}\n")}
	for name, tt := range map[string]struct {
		dir  fs.FS
		want error
	}{
		"cannot be read": {broken{fstest.MapFS{"a.yaml": good, "b.yaml": good}, "b.yaml"}, fs.ErrPermission},
		"is not there":   {os.DirFS(t.TempDir() + "/nothing"), fs.ErrNotExist},
	} {
		if sets, err := ruleset.ReadDir(tt.dir); !errors.Is(err, tt.want) || sets != nil {
			t.Errorf("%s: %v, %v", name, sets, err)
		}
	}
	_, err := ruleset.ReadDir(fstest.MapFS{"a.yaml": bad, "b.yaml": good, "c.yaml": bad, "D.yaml": good})
	for _, part := range []string{"a.yaml:3: ", "c.yaml:3: ", "D.yaml: rules stand in NAME.yaml"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not told: %v", part, err)
		}
	}
	if sets, err := ruleset.ReadDir(fstest.MapFS{"notes.txt": bad}); err != nil || len(sets) != 0 {
		t.Errorf("a folder without rules: %v, %v", sets, err)
	}
	for name, ok := range map[string]bool{
		"a": true, "0": true, "a.b_c-d": true, strings.Repeat("n", 63): true, strings.Repeat("n", 64): false, "_a": false, "aB": false, "a b": false, "ü": false,
	} {
		if _, err := ruleset.ReadDir(fstest.MapFS{name + ".yaml": good}); (err == nil) != ok {
			t.Errorf("%s.yaml: %v", name, err)
		}
	}
}

// The rules that the documentation hands out are taken, and meet their own tests.
func TestTheRulesOfTheDocumentationHold(t *testing.T) {
	t.Parallel()
	sets, err := ruleset.ReadDir(os.DirFS("../../docs/proxies/rules"))
	if err != nil || len(sets) == 0 {
		t.Fatalf("%d sets, %v", len(sets), err)
	}
	for name, s := range sets {
		if len(s.Tests) == 0 {
			t.Errorf("%s shows no test", name)
		}
		for _, test := range s.Tests {
			if n := s.Match(test.Method, test.Path); !test.Met(n) {
				t.Errorf("%s, line %d: %+v", name, test.Line, n)
			}
		}
	}
}

// Weakness: a back end that folds letters takes a look-alike for a literal that a
// rule guards, while the proxy gave it to a placeholder. Proved: what differs by
// case, by blanks around it or by what stands behind a dot is nobody's.
func TestALookAlikeOfALiteralIsNobodys(t *testing.T) {
	t.Parallel()
	s := parse(t, "workspace: a\nrules:\n  - {match: 'GET /{name}', scopes: [a:a]}\n  - {match: GET /keys, scopes: [b:b]}\n  - {match: GET /straße, scopes: [c:c]}\n")
	for path, want := range map[string]string{
		"/keys": "b:b on", "/key": "a:a on", "/keysx": "a:a on", "/xkeys": "a:a on", "/k": "a:a on", "/keys-": "a:a on",
		"/KEYS": "refused", "/Keys": "refused", "/%E2%84%AAeys": "refused", "/key%C5%BF": "refused", "/keys.": "refused", "/keys.json": "refused", "/keys.a.b": "refused", "/%20keys": "refused",
		"/keys%20": "refused", "/keys%C2%A0": "refused", "/%E3%80%80keys": "refused", "/KEYS.xml": "refused", "/stra%C3%9Fe": "c:c on", "/STRA%C3%9FE": "refused", "/strasse": "a:a on",
	} {
		if got := decided(s, "GET", path); got != want && !(want == "refused" && strings.HasPrefix(got, "refused: the path differs")) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
