package trust_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/trust"
)

const audience = "https://tokens.example.com"

// rule is one of a system for the audience of the examples.
func rule(t *testing.T, system string, claims map[string][]string) trust.Rule {
	t.Helper()
	s, ok := trust.SystemNamed(system)
	if !ok {
		t.Fatalf("there is no system %s", system)
	}
	r := trust.Rule{System: system, Issuer: s.Issuer, Audience: audience, Claims: claims}
	if got := example(t, system, 0); got.Issuer() != r.Issuer {
		r.Issuer = got.Issuer()
	}
	if system == "circleci" {
		r.Audience = "018f0000-0000-4000-8000-000000000003"
	}
	return r
}

func example(t *testing.T, system string, n int) trust.Claims {
	t.Helper()
	s, _ := trust.SystemNamed(system)
	return claims(t, s.Examples[n].Claims)
}

func claims(t *testing.T, text string) trust.Claims {
	t.Helper()
	c, err := trust.ParseClaims([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func fits(t *testing.T, r trust.Rule, c trust.Claims) {
	t.Helper()
	if err := r.Check(); err != nil {
		t.Errorf("%v: %v", r.Claims, err)
	}
	if no := r.Mismatches(c); len(no) > 0 {
		t.Errorf("%v does not fit %v: %v", c, r.Claims, no)
	}
}

func unfit(t *testing.T, r trust.Rule, c trust.Claims, claim string) {
	t.Helper()
	if no := r.Mismatches(c); !slices.ContainsFunc(no, func(p trust.Problem) bool { return p.Claim == claim }) {
		t.Errorf("%v: %v, want a problem with %s", r.Claims, no, claim)
	}
}

func values(pairs ...string) map[string][]string {
	out := map[string][]string{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = append(out[pairs[i]], pairs[i+1])
	}
	return out
}

// TestAStarCrossesNothing: no value of another owner, branch or environment fits.
func TestAStarCrossesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, text string
		fits          bool
	}{
		{"main", "main", true}, {"main", "Main", false}, {"main", "main2", false}, {"", "", true},
		{"repo:acme/*:ref:refs/heads/main", "repo:acme/api:ref:refs/heads/main", true},
		{"repo:acme/*:ref:refs/heads/main", "repo:acme/api:environment:x:ref:refs/heads/main", false},
		{"repo:acme/*", "repo:acme/api:pull_request", false},
		{"repo:acme/*", "repo:acme/", false},
		{"refs/heads/release-*", "refs/heads/release-1", true},
		{"refs/heads/release-*", "refs/heads/release-1/evil", false},
		{"refs/heads/release-*", "refs/heads/release-", false},
		{"refs/heads/*", "refs/heads/a:b", false},
		{"*", "a", true}, {"*", "", false}, {"*", "a/b", false}, {"*/*", "a/b", true}, {"*:*", "a/b", false},
		{"a*b*c", "aXbYc", true}, {"a*b*c", "abc", false}, {"a**c", "abbc", true}, {"a**c", "abc", false},
		{"*-prod", "x-prod-y", false}, {"a*a", "aaa", true}, {"a*ab", "aabab", true},
	} {
		if got := trust.Fits(c.pattern, c.text); got != c.fits {
			t.Errorf("%q and %q: %t", c.pattern, c.text, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		pattern, text := rapid.StringOfN(rapid.RuneFrom([]rune("ab*/:")), 0, 12, -1).Draw(t, "pattern"), rapid.StringOfN(rapid.RuneFrom([]rune("ab/:")), 0, 12, -1).Draw(t, "text")
		if trust.Fits(pattern, text) != slow(pattern, text) {
			t.Errorf("%q and %q", pattern, text)
		}
	})
}

// slow is what a pattern says, by trying everything.
func slow(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	if pattern[0] != '*' {
		return text != "" && text[0] == pattern[0] && slow(pattern[1:], text[1:])
	}
	for n := 1; n <= len(text) && !strings.ContainsAny(text[:n], "/:"); n++ {
		if slow(pattern[1:], text[n:]) {
			return true
		}
	}
	return false
}

// TestTheTable: every row has what a person needs, and its examples fit a rule by ID.
func TestTheTable(t *testing.T) {
	t.Parallel()
	byID := map[string]map[string][]string{
		"github":     values("repository_id", "7001", "repository_owner_id", "501", "ref", "refs/heads/main"),
		"gitlab":     values("project_id", "31", "ref", "main", "ref_protected", "true"),
		"buildkite":  values("organization_id", "018f0000-0000-4000-8000-000000000001", "build_branch", "main"),
		"circleci":   values("oidc.circleci.com/project-id", "018f0000-0000-4000-8000-000000000004", "oidc.circleci.com/vcs-ref", "refs/heads/main", "oidc.circleci.com/vcs-origin", "github.com/acme-example/api"),
		"terraform":  values("terraform_workspace_id", "ws-EXAMPLE0000000001", "terraform_run_phase", "apply"),
		"kubernetes": values("/kubernetes.io/serviceaccount/uid", "018f0000-0000-4000-8000-000000000007"),
		"oidc":       values("sub", "machine-7"),
	}
	for _, s := range trust.Systems() {
		if s.Title == "" || s.Issuer == "" || s.Audience == "" || s.Version == "" || !strings.HasPrefix(s.Source, "https://") || len(s.Examples) == 0 {
			t.Errorf("%s: the row lacks something", s.Name)
		}
		for i := range s.Examples {
			example(t, s.Name, i)
		}
		r := rule(t, s.Name, byID[s.Name])
		fits(t, r, example(t, s.Name, 0))
		if len(s.IDs) > 0 && slices.ContainsFunc(r.Warnings(), func(w trust.Warning) bool { return w.Code == "by_name" || w.Code == "any_place" }) {
			t.Errorf("%s: a rule by ID is warned of: %v", s.Name, r.Warnings())
		}
	}
}

// TestGitHub: one rule takes both forms of a subject, and nothing that a stranger or a
// later owner of the name can cause.
func TestGitHub(t *testing.T) {
	t.Parallel()
	r := rule(t, "github", values("repository_id", "7001", "repository_owner_id", "501", "ref", "refs/heads/*"))
	fits(t, r, example(t, "github", 0))
	fits(t, r, example(t, "github", 1))
	unfit(t, r, example(t, "github", 2), "event_name")
	unfit(t, r, example(t, "github", 3), "event_name")
	// Whoever means them says so.
	r.Claims["event_name"] = []string{"pull_request_target"}
	fits(t, r, example(t, "github", 3))
	// The name was given up and taken by somebody else.
	recycled := claims(t, `{"iss":"https://token.actions.githubusercontent.com","aud":"https://tokens.example.com","sub":"repo:octo-example/api:ref:refs/heads/main",`+
		`"repository":"octo-example/api","repository_id":"9999","repository_owner":"octo-example","repository_owner_id":"998","ref":"refs/heads/main","event_name":"push"}`)
	unfit(t, rule(t, "github", values("repository_id", "7001")), recycled, "repository_id")
	byName := rule(t, "github", values("repository", "octo-example/api", "ref", "refs/heads/main"))
	fits(t, byName, recycled)
	if !warned(byName, "by_name") {
		t.Error("a rule by name alone is not warned of")
	}
	if !warned(rule(t, "github", values("sub", "repo:octo-example/api:ref:refs/heads/main")), "subject_changes") {
		t.Error("a rule by the subject is not warned of")
	}
	other := r
	other.Issuer = "https://token.actions.githubusercontent.com/acme-example"
	unfit(t, other, example(t, "github", 0), "iss")
}

func warned(r trust.Rule, code string) bool {
	return slices.ContainsFunc(r.Warnings(), func(w trust.Warning) bool { return w.Code == code })
}

// TestForks: what a fork's pipeline says does not fit a rule by the project, and one by
// where it ran is warned of.
func TestForks(t *testing.T) {
	t.Parallel()
	fork := example(t, "gitlab", 1)
	unfit(t, rule(t, "gitlab", values("project_id", "31")), fork, "project_id")
	ran := rule(t, "gitlab", values("job_project_id", "31"))
	fits(t, ran, fork)
	if !warned(ran, "forks") || warned(rule(t, "gitlab", values("job_project_id", "31", "project_id", "31")), "forks") {
		t.Error("a rule by where a job ran is warned of wrongly")
	}
	shell := claims(t, strings.Replace(trust.Systems()[3].Examples[0].Claims, `"oidc.circleci.com/ssh-rerun":false`, `"oidc.circleci.com/ssh-rerun":true`, 1))
	unfit(t, rule(t, "circleci", values("oidc.circleci.com/project-id", "018f0000-0000-4000-8000-000000000004")), shell, "oidc.circleci.com/ssh-rerun")
	unfit(t, rule(t, "buildkite", values("organization_id", "018f0000-0000-4000-8000-000000000001")), example(t, "buildkite", 1), "organization_id")
}

// TestASharedIssuerNeedsAnOwner: a rule that everybody's token fits is none.
func TestASharedIssuerNeedsAnOwner(t *testing.T) {
	t.Parallel()
	for system, all := range map[string][]map[string][]string{
		"github": {
			values("ref", "refs/heads/main"), values("sub", "repo:*/api:ref:refs/heads/main"), values("sub", "repo:acme*/api:ref:refs/heads/main"), values("repository", "*/api"),
			values("repository", "acme/api", "repository", "*/x"), values("repository_id", "70*"), values("repository_owner", "acme*"), values("event_name", "push"), nil,
		},
		"gitlab":    {values("ref", "main"), values("project_path", "*/api"), values("sub", "project_path:*/api:ref_type:branch:ref:main"), values("project_id", "*")},
		"buildkite": {values("pipeline_slug", "api"), values("sub", "organization:*:pipeline:api:ref:x:commit:y:step:z")},
		"terraform": {values("terraform_run_phase", "apply"), values("sub", "organization:acme*:project:x:workspace:y:run_phase:z")},
		"oidc":      {values("sub", "*"), values("a", "*/*", "b", "*"), nil},
	} {
		for _, c := range all {
			r := rule(t, system, c)
			if err := r.Check(); err == nil || !strings.HasPrefix(err.Error(), "claims") {
				t.Errorf("%s %v: %v", system, c, err)
			}
		}
	}
	fits(t, rule(t, "github", values("sub", "repo:octo-example/*:ref:refs/heads/main")), example(t, "github", 0))
	fits(t, rule(t, "github", values("sub", "repo:octo-example@501/*:ref:refs/heads/main")), example(t, "github", 1))
}

func TestCheck(t *testing.T) {
	t.Parallel()
	good := rule(t, "oidc", values("sub", "machine-7"))
	many := map[string][]string{}
	for i := range trust.MaxClaims + 1 {
		many[strings.Repeat("c", i+1)] = []string{"x"}
	}
	for field, change := range map[string]func(*trust.Rule){
		"issuer: is required":              func(r *trust.Rule) { r.Issuer = "" },
		"issuer: must be an address":       func(r *trust.Rule) { r.Issuer = "token.example.com" },
		"issuer: must have no user":        func(r *trust.Rule) { r.Issuer = "https://a:b@token.example.com" },
		"issuer: must have no user, query": func(r *trust.Rule) { r.Issuer = "https://token.example.com/?x=1" },
		"issuer: is compared":              func(r *trust.Rule) { r.Issuer = "https://*.example.com" },
		"issuer: must begin":               func(r *trust.Rule) { r.Issuer = "file://host/x" },
		"audience":                         func(r *trust.Rule) { r.Audience = "*" },
		"system: this issuer":              func(r *trust.Rule) { r.Issuer = "https://gitlab.com" },
		"system: must be one of":           func(r *trust.Rule) { r.System = "jenkins" },
		"claims: name 1 to":                func(r *trust.Rule) { r.Claims = many },
		"claims: exp is looked at":         func(r *trust.Rule) { r.Claims = values("exp", "1") },
		"claims: sub: a value":             func(r *trust.Rule) { r.Claims = values("sub", strings.Repeat("x", 513)) },
		"claims: sub: give 1":              func(r *trust.Rule) { r.Claims = map[string][]string{"sub": {}} },
		"claims: a claim's name":           func(r *trust.Rule) { r.Claims = values("a\nb", "x") },
	} {
		r := good
		change(&r)
		if err := r.Check(); err == nil || !strings.HasPrefix(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestTypes: what is not the same text does not fit, whatever it looks like.
func TestTypes(t *testing.T) {
	t.Parallel()
	c := claims(t, `{"iss":"https://token.example.com","aud":["x","https://tokens.example.com"],"sub":"s","n":7,"big":12345678901234567891,"f":1e3,"yes":true,"none":null,
		"list":["a",7,null,{"x":1}],"deep":{"a/b":{"c~d":"v"}},"obj":{"x":"y"},"nest":[["z"]]}`)
	for claim, want := range map[string]string{"n": "7", "big": "12345678901234567891", "f": "1e3", "yes": "true", "list": "a", "/deep/a~1b/c~0d": "v"} {
		fits(t, rule(t, "oidc", values(claim, want)), c)
	}
	for claim, want := range map[string]string{
		"f": "1000", "none": "null", "obj": "y", "list": "[a]", "nest": "z", "/deep": "v", "/deep/a~1b/none": "v", "/n/x": "7", "N": "7", "/list/0": "a", "missing": "*",
	} {
		unfit(t, rule(t, "oidc", values(claim, want)), c, claim)
	}
	for _, text := range []string{``, `null`, `[]`, `"x"`, `{"sub":"a","sub":"b"}`, `{"a":{"x":1,"x":2}} `, `{} {}`, "{\"a\":\"\xff\"}"} {
		if c, err := trust.ParseClaims([]byte(text)); err == nil {
			t.Errorf("%q is %v", text, c)
		}
	}
	nobody := claims(t, `{"iss":"https://token.example.com","aud":"https://tokens.example.com","n":7}`)
	unfit(t, rule(t, "oidc", values("n", "7")), nobody, "sub")
	unfit(t, rule(t, "oidc", values("n", "7")), claims(t, `{"iss":"https://token.example.com","aud":"https://tokens.example.com.evil.example","sub":"s","n":7}`), "aud")
}

func TestTimes(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	for text, claim := range map[string]string{
		`{"iat":1800000000,"exp":1800000300,"nbf":1799999400}`: "",
		`{"iat":1800000060,"exp":1800000300.9}`:                "",
		`{"iat":1800000061,"exp":1800000300}`:                  "iat",
		`{"iat":1799990000,"exp":1800000000}`:                  "exp",
		`{"iat":1800000000,"exp":1800086401}`:                  "exp",
		`{"iat":1800000000}`:                                   "exp",
		`{"exp":1800000300}`:                                   "iat",
		`{"iat":1800000000,"exp":"1800000300"}`:                "exp",
		`{"iat":1800000000,"exp":1e300}`:                       "exp",
		`{"iat":-1,"exp":1800000300}`:                          "iat",
		`{"iat":1800000000,"exp":1800000300,"nbf":1800000061}`: "nbf",
		`{"iat":1800000000,"exp":1800000300,"nbf":null}`:       "nbf",
	} {
		problems := claims(t, text).Untimely(now)
		if claim == "" && len(problems) > 0 || claim != "" && (len(problems) != 1 || problems[0].Claim != claim) {
			t.Errorf("%s: %v", text, problems)
		}
	}
}

// TestUsed: one token has one name, however its signature is written.
func TestUsed(t *testing.T) {
	t.Parallel()
	with, without := claims(t, `{"iss":"a","jti":"1"}`), claims(t, `{"iss":"a"}`)
	if trust.Used(with, "h.p.s") != trust.Used(with, "h.q.t") || trust.Used(without, "h.p.s") != trust.Used(without, "h.p.t") {
		t.Error("one token has two names")
	}
	if trust.Used(without, "h.p.s") == trust.Used(without, "h.q.s") || trust.Used(with, "h.p.s") == trust.Used(claims(t, `{"iss":"a","jti":"2"}`), "h.p.s") ||
		trust.Used(with, "h.p.s") == trust.Used(claims(t, `{"iss":"b","jti":"1"}`), "h.p.s") || trust.Used(claims(t, `{"iss":"a","jti":7}`), "h.p.s") == trust.Used(claims(t, `{"iss":"a","jti":7}`), "h.q.s") {
		t.Error("two tokens have one name")
	}
}

func FuzzPeek(f *testing.F) {
	f.Add("e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"a"}`)) + ".x")
	f.Add("a.b.c.d")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := trust.Peek(text); err == nil {
			_, _ = c.Issuer(), trust.Used(c, text)
			trust.Rule{System: "oidc", Claims: values("/a/b", "*")}.Mismatches(c)
			c.Untimely(time.Unix(0, 0))
		}
	})
}
