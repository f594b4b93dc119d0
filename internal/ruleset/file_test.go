package ruleset_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/ruleset"
)

func parse(t *testing.T, text string) *ruleset.Set {
	t.Helper()
	s, err := ruleset.Parse("rules.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRefusesAFileAndNamesTheLine(t *testing.T) {
	t.Parallel()
	const head = "workspace: acme\nrules:\n"
	const one = "  - {match: GET /a, scopes: [a:read]}\n"
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":                    {"", "rules.yaml: the file is empty"},
		"no mapping":                 {"- a\n", "rules.yaml:1: here stands key: value"},
		"two documents":              {head + one + "---\na: b\n", "more than one document"},
		"what is no YAML":            {"workspace: acme\nrules: [\n", "did not find"},
		"an alias":                   {head + "  - match: * /a\n", "must stand in quotes"},
		"an anchor used":             {"workspace: &w acme\nrules:\n" + one + "tests:\n  - {request: GET /a, scopes: *w}\n", "rules.yaml:5: here stands a list"},
		"an unknown key":             {"workspaces: acme\n", `rules.yaml:1: unknown key "workspaces"`},
		"an unknown key of a rule":   {head + "  - match: GET /a\n    scope: [a:read]\n", `rules.yaml:4: unknown key "scope"`},
		"a repeated key":             {"workspace: a\nworkspace: b\nrules:\n" + one, "rules.yaml:2: workspace stands here twice"},
		"no workspace":               {"rules:\n" + one, "workspace is missing"},
		"no slug":                    {"workspace: Acme Corp\nrules:\n" + one, "rules.yaml:1: workspace is a slug"},
		"an empty external id":       {"workspace: 'ext:'\nrules:\n" + one, "rules.yaml:1: workspace is a slug"},
		"no rules":                   {"workspace: acme\nrules: []\n", "every request would be refused"},
		"another deny":               {"workspace: acme\ndeny: 401\nrules:\n" + one, "rules.yaml:2: deny is 403"},
		"no match":                   {head + "  - scopes: [a:read]\n", "rules.yaml:3: match is missing"},
		"no method":                  {head + "  - {match: /a, scopes: [a:read]}\n", "METHOD PATH"},
		"a small method":             {head + "  - {match: get /a, scopes: [a:read]}\n", "not in capitals"},
		"a method twice":             {head + "  - {match: 'GET,GET /a', scopes: [a:read]}\n", "GET twice"},
		"any and more":               {head + "  - {match: 'GET,ANY /a', scopes: [a:read]}\n", "ANY beside"},
		"a relative path":            {head + "  - {match: GET a, scopes: [a:read]}\n", "begin with a slash"},
		"a slash at the end":         {head + "  - {match: GET /a/, scopes: [a:read]}\n", "empty segment"},
		"two slashes":                {head + "  - {match: GET //a, scopes: [a:read]}\n", "empty segment"},
		"dots":                       {head + "  - {match: GET /a/../b, scopes: [a:read]}\n", "no request could have"},
		"an encoded character":       {head + "  - {match: GET /a%20b, scopes: [a:read]}\n", "percent sign"},
		"a query":                    {head + "  - {match: 'GET /a?b=c', scopes: [a:read]}\n", "no request could have"},
		"a placeholder in a text":    {head + "  - {match: 'GET /a{b}', scopes: [a:read]}\n", "none of"},
		"a placeholder twice":        {head + "  - {match: 'GET /{a}/{a}', scopes: [a:read]}\n", "{a} twice"},
		"** in the middle":           {head + "  - {match: 'GET /**/a', scopes: [a:read]}\n", "none of"},
		"one star":                   {head + "  - {match: 'GET /a/*', scopes: [a:read]}\n", "none of"},
		"no scopes":                  {head + "  - match: GET /a\n", "rules.yaml:3: scopes is missing"},
		"a pattern of scopes":        {head + "  - {match: GET /a, scopes: ['tickets:*']}\n", `"tickets:*" is no scope`},
		"one scope without a list":   {head + "  - match: GET /a\n    scopes: a:read\n", "rules.yaml:4: here stands a list"},
		"a built-in that is none":    {head + "  - {match: GET /a, scopes: [tokens:fly]}\n", "is no scope"},
		"a scope twice":              {head + "  - {match: GET /a, scopes: [a:read, a:read]}\n", "a:read stands here twice"},
		"public, and scopes":         {head + "  - {match: GET /a, public: true, scopes: [a:read]}\n", "looks at no token"},
		"public, and a resource":     {head + "  - {match: GET /a, public: true, resource: x}\n", "looks at no token"},
		"public: false":              {head + "  - {match: GET /a, public: false, scopes: [a:read]}\n", "here stands true"},
		"public: yes, as a text":     {head + "  - {match: GET /a, public: 'true'}\n", "here stands true"},
		"a pattern of resources":     {head + "  - {match: GET /a, scopes: [], resource: 'a*'}\n", "resource is the name"},
		"an unknown placeholder":     {head + "  - {match: 'GET /{a}', scopes: [], resource: '{b}'}\n", "no placeholder {b}"},
		"a placeholder and a text":   {head + "  - {match: 'GET /{a}', scopes: [], resource: 'x-{a}'}\n", "no placeholder x-{a}"},
		"a placeholder unquoted":     {head + "  - match: GET /{a}\n    scopes: []\n    resource: {a}\n", "must be in quotes"},
		"the same twice":             {head + one + "  - {match: GET /a, scopes: []}\n", `rules.yaml:4: "GET /a" and "GET /a" of line 3`},
		"the same by another name":   {head + "  - {match: 'GET /{a}', scopes: []}\n  - {match: 'GET /{b}', scopes: []}\n", "neither is the more specific"},
		"rules that cross":           {head + "  - {match: 'GET /{a}/b', scopes: []}\n  - {match: 'GET /a/{b}', scopes: []}\n", "neither is the more specific"},
		"a narrower path and method": {head + "  - {match: GET /**, scopes: []}\n  - {match: ANY /admin/**, scopes: []}\n", "neither is the more specific"},
		"methods that cross":         {head + "  - {match: 'GET,HEAD /a', scopes: []}\n  - {match: 'GET,POST /a', scopes: []}\n", "neither is the more specific"},
		"a test of nothing":          {head + one + "tests:\n  - request: GET /a\n", "rules.yaml:5: a test expects one of"},
		"a test of two things":       {head + one + "tests:\n  - {request: GET /a, public: true, refused: true}\n", "a test expects one of"},
		"a test without a request":   {head + one + "tests:\n  - {refused: true}\n", "request is missing"},
		"a request without a path":   {head + one + "tests:\n  - {request: GET, refused: true}\n", "request is METHOD PATH"},
		"a file that is too large":   {strings.Repeat("#", 1<<20+1), "larger than 1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := ruleset.Parse("rules.yaml", []byte(tt.text))
			var first *ruleset.Error
			if !errors.As(err, &first) || s != nil {
				t.Fatalf("%v, %v", s, err)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestEveryComplaintIsMade(t *testing.T) {
	t.Parallel()
	_, err := ruleset.Parse("r.yaml", []byte("colour: red\nrules:\n  - {match: GET a, scopes: ['*']}\n  - match: GET /b\n"))
	var got []string
	for line := range strings.Lines(err.Error()) {
		place, _, _ := strings.Cut(line, ": ")
		got = append(got, place)
	}
	if d := cmp.Diff([]string{"r.yaml:1", "r.yaml:1", "r.yaml:3", "r.yaml:3", "r.yaml:4"}, got); d != "" {
		t.Errorf("%s\n%v", d, err)
	}
}

func TestReadDir(t *testing.T) {
	t.Parallel()
	good := &fstest.MapFile{Data: []byte("workspace: acme\nrules:\n  - {match: GET /a, scopes: []}\n")}
	sets, err := ruleset.ReadDir(fstest.MapFS{"api.yaml": good, "web-2.yaml": good, "README.md": good, ".hidden.yaml": good, "sub/x.yaml": good})
	if err != nil || len(sets) != 2 || sets["api"] == nil || sets["web-2"] == nil {
		t.Errorf("%v %v", sets, err)
	}
	bad := &fstest.MapFile{Data: []byte("workspace: acme\n")}
	for name, dir := range map[string]fstest.MapFS{
		"b.yaml:1: rules is missing": {"a.yaml": good, "b.yaml": bad}, "A.yaml: rules stand in NAME.yaml": {"A.yaml": good}, "a.yml: rules stand in": {"a.yml": good},
		"-a.yaml: rules": {"-a.yaml": good},
	} {
		if sets, err := ruleset.ReadDir(dir); err == nil || sets != nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v %v", name, sets, err)
		}
	}
}

// TestADigestIsThatOfTheFilesAndTheirNames: nodes compare their rules by it.
func TestADigestIsThatOfTheFilesAndTheirNames(t *testing.T) {
	t.Parallel()
	const one, two = "workspace: acme\nrules:\n  - {match: GET /a, scopes: [a:read]}\n", "workspace: acme\nrules:\n  - {match: GET /b, scopes: [a:read]}\n"
	digest := func(files map[string]string) string {
		dir := fstest.MapFS{}
		for name, text := range files {
			dir[name] = &fstest.MapFile{Data: []byte(text)}
		}
		sets, err := ruleset.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return ruleset.Digest(sets)
	}
	all := map[string]string{}
	for name, files := range map[string]map[string]string{
		"none": {}, "one": {"a.yaml": one}, "another": {"a.yaml": two}, "another name": {"b.yaml": one},
		"both": {"a.yaml": one, "b.yaml": two}, "both, the other way": {"a.yaml": two, "b.yaml": one},
	} {
		d := digest(files)
		if was, ok := all[d]; ok || d != digest(files) || (d == "") != (name == "none") {
			t.Errorf("%s has the digest %q, as has %q", name, d, was)
		}
		all[d] = name
	}
}
