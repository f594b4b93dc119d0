package trust_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/trust"
)

// TestEverythingThatIsWrongIsToldAtOnce: whoever writes a rule mends it in one go.
func TestEverythingThatIsWrongIsToldAtOnce(t *testing.T) {
	t.Parallel()
	r := rule(t, "github", values("repository_id", "7001", "ref", "refs/heads/main", "environment", "prod"))
	no := r.Mismatches(claims(t, `{"iss":"https://evil.example","aud":"x","ref":"refs/heads/dev","repository_id":7001,"event_name":"pull_request"}`))
	var told []string
	for _, p := range no {
		told = append(told, p.Claim)
	}
	if got := strings.Join(told, " "); got != "iss aud sub environment ref event_name" {
		t.Errorf("%s: %v", got, no)
	}
	missing := rule(t, "buildkite", values("organization_id", "018f0000-0000-4000-8000-000000000001")).Mismatches(example(t, "buildkite", 1))
	if len(missing) != 1 || !strings.Contains(missing[0].Why, "the job has to ask for it: --claim organization_id") {
		t.Errorf("%v", missing)
	}
}

// TestPeekReadsWhatIsNoMoreThanAToken: three parts, of a bounded length, of which the
// second is one object; and what it says of others repeats nothing of them.
func TestPeekReadsWhatIsNoMoreThanAToken(t *testing.T) {
	t.Parallel()
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	body := part(`{"iss":"https://token.example.com","sub":"machine-7"}`)
	c, err := trust.Peek("h." + body + ".s")
	if err != nil || c.Issuer() != "https://token.example.com" || c.Text("sub") != "machine-7" || c.Text("none") != "" {
		t.Errorf("%v, %v", c, err)
	}
	room := trust.MaxToken - len("h."+body+".")
	if _, err := trust.Peek("h." + body + "." + strings.Repeat("s", room)); err != nil {
		t.Errorf("the longest: %v", err)
	}
	for what, text := range map[string]string{
		"longer": "h." + body + "." + strings.Repeat("s", room+1), "two parts": "h." + body, "four parts": "h." + body + ".s.s", "no signature": "h." + body + ".", "no head": "." + body + ".s",
		"padded": "h." + base64.URLEncoding.EncodeToString([]byte(`{"iss":"machine-7"}`)) + ".s", "a list": "h." + part(`["machine-7"]`) + ".s", "no JSON": "h." + part("machine-7") + ".s",
		"twice": "h." + part(`{"iss":"machine-7","iss":"machine-8"}`) + ".s", "nothing": "", "odd bits": "h." + body[:len(body)-1] + "_.s",
	} {
		if c, err := trust.Peek(text); !errors.Is(err, trust.ErrNoIDToken) || c != nil || strings.Contains(err.Error(), "machine-") {
			t.Errorf("%s: %v, %v", what, c, err)
		}
	}
}

// TestAListIsLookedAtUpToABound: and is none beyond, because nobody makes such tokens.
func TestAListIsLookedAtUpToABound(t *testing.T) {
	t.Parallel()
	r := rule(t, "oidc", values("groups", "wanted"))
	with := func(n int) trust.Claims {
		return claims(t, `{"iss":"https://token.example.com","aud":"https://tokens.example.com","sub":"s","groups":[`+strings.Repeat(`"x",`, n-1)+`"wanted"]}`)
	}
	fits(t, r, with(1))
	fits(t, r, with(100))
	unfit(t, r, with(101), "groups")
}

// TestWhoseIssuerItIs: each of a system's own is known, and what only looks like one is
// any other.
func TestWhoseIssuerItIs(t *testing.T) {
	t.Parallel()
	for issuer, want := range map[string]string{
		"https://token.actions.githubusercontent.com":              "github",
		"https://token.actions.githubusercontent.com/acme-example": "github",
		"https://token.actions.acme-example.ghe.com":               "github",
		"https://github.example.com/_services/token":               "github",
		"https://token.actions.githubusercontent.com/a/b":          "oidc",
		"https://token.actions.githubusercontent.com.evil.example": "oidc",
		"https://token.actions.evil.example/x.ghe.com":             "oidc",
		"https://gitlab.com":                                       "gitlab",
		"https://gitlab.com/":                                      "oidc",
		"https://gitlab.example.com":                               "oidc",
		"https://agent.buildkite.com":                              "buildkite",
		"https://oidc.circleci.com/org/018f":                       "circleci",
		"https://oidc.circleci.com/org/018f/x":                     "oidc",
		"https://app.terraform.io":                                 "terraform",
		"https://oidc.eks.eu-west-1.amazonaws.com/id/ABC":          "kubernetes",
		"https://container.googleapis.com/v1/projects/p/locations": "kubernetes",
		"http://gitlab.com":                                        "oidc",
		"":                                                         "oidc",
	} {
		if got := trust.SystemOf(issuer); got != want {
			t.Errorf("%s is of %s, want %s", issuer, got, want)
		}
	}
	for _, name := range trust.SystemNames() {
		if _, ok := trust.SystemNamed(name); !ok {
			t.Errorf("%s is in no row", name)
		}
	}
	if s, ok := trust.SystemNamed("jenkins"); ok {
		t.Errorf("jenkins is %v", s)
	}
}

// TestAnIssuerOfOnesOwnNeedsNoOwner: nobody else has tokens of it.
func TestAnIssuerOfOnesOwnNeedsNoOwner(t *testing.T) {
	t.Parallel()
	r := rule(t, "github", values("ref", "refs/heads/main"))
	if err := r.Check(); err == nil {
		t.Error("everybody's main branch is trusted")
	}
	for _, issuer := range []string{"https://token.actions.githubusercontent.com/acme-example", "https://github.example.com/_services/token"} {
		if r.Issuer = issuer; r.Check() != nil {
			t.Errorf("%s: %v", issuer, r.Check())
		}
	}
}

// TestAnyOfItsNamesSaysWhoseATokenIs: in every system, each claim that is said to name an
// owner or an ID does, written out.
func TestAnyOfItsNamesSaysWhoseATokenIs(t *testing.T) {
	t.Parallel()
	written := map[string]string{
		"repository": "acme/api", "sub github": "repo:acme/api:ref:x", "job_workflow_ref": "acme/api/.github/workflows/x.yml@y", "workflow_ref": "acme/api/x",
		"project_path": "acme/api", "job_project_path": "acme/api", "sub gitlab": "project_path:acme/api:ref:x", "sub buildkite": "organization:acme:pipeline:x", "sub terraform": "organization:acme:project:x",
	}
	for _, s := range trust.Systems() {
		if s.Shared == nil {
			continue
		}
		tried := slices.Clone(s.IDs)
		for _, n := range s.Names {
			tried = append(tried, n.Claim)
		}
		for _, claim := range tried {
			value := written[claim]
			if value == "" {
				value = written[claim+" "+s.Name]
			}
			if value == "" {
				value = "acme"
			}
			named, open := rule(t, s.Name, values(claim, value)), rule(t, s.Name, values(claim, "*"+value))
			if s.Name == "oidc" {
				named.Issuer, open.Issuer = "https://accounts.google.com", "https://accounts.google.com"
			}
			if err := named.Check(); err != nil {
				t.Errorf("%s by %s=%s: %v", s.Name, claim, value, err)
			}
			if err := open.Check(); err == nil {
				t.Errorf("%s by %s=*%s is anybody's", s.Name, claim, value)
			}
		}
	}
}

// TestWhatIsWarnedOf: each code once where it is meant, and nothing of a rule that is tight.
func TestWhatIsWarnedOf(t *testing.T) {
	t.Parallel()
	of := func(system, audience string, keys bool, pairs ...string) string {
		r := rule(t, system, values(pairs...))
		if audience != "" {
			r.Audience = audience
		}
		r.Keys = keys
		var codes []string
		for _, w := range r.Warnings() {
			if w.Text == "" {
				t.Errorf("%s has no words", w.Code)
			}
			codes = append(codes, w.Code)
		}
		return strings.Join(codes, " ")
	}
	id := "018f0000-0000-4000-8000-000000000001"
	for i, c := range [][2]string{
		{of("github", "", false, "repository_id", "7001", "environment", "prod"), ""},
		{of("github", "", false, "repository_id", "70*", "ref", "refs/heads/main"), "by_name"},
		{of("github", "", false, "repository_id", "7001"), "any_place"},
		{of("github", "https://github.com/acme", false, "repository_id", "7001", "ref", "x"), "shared_audience"},
		{of("github", "", true, "sub", "repo:acme/api:ref:x"), "by_name subject_changes uploaded_keys"},
		{of("gitlab", "https://gitlab.com", false, "project_id", "31", "ref", "main"), "shared_audience"},
		{of("gitlab", "", false, "job_project_id", "31", "ref", "main"), "forks"},
		{of("buildkite", "https://buildkite.com/acme", false, "pipeline_id", id, "organization_id", id, "step_key", "x"), "shared_audience asked_for asked_for"},
		{of("buildkite", "", false, "organization_slug", "acme", "step_key", "x"), "by_name"},
		{of("circleci", "", false, "oidc.circleci.com/project-id", id, "oidc.circleci.com/vcs-ref", "x"), "forks shared_audience"},
		{of("circleci", "https://tokens.example.com", false, "oidc.circleci.com/project-id", id, "oidc.circleci.com/vcs-ref", "x", "oidc.circleci.com/vcs-origin", "y"), ""},
		{of("oidc", "https://token.example.com", false, "sub", "x"), "shared_audience"},
		{of("oidc", "", false, "sub", "x"), ""},
	} {
		if c[0] != c[1] {
			t.Errorf("rule %d is warned of %q, want %q", i, c[0], c[1])
		}
	}
}

// TestTheBoundsOfARule: what a bound names is still taken, and one more is not.
func TestTheBoundsOfARule(t *testing.T) {
	t.Parallel()
	many := func(n int) (out map[string][]string) {
		out = map[string][]string{}
		for i := range n {
			out[fmt.Sprintf("c%d", i)] = []string{"x"}
		}
		return out
	}
	for what, r := range map[string]func(over int) trust.Rule{
		"claims": func(over int) trust.Rule { return trust.Rule{Claims: many(trust.MaxClaims + over)} },
		"values": func(over int) trust.Rule {
			return trust.Rule{Claims: map[string][]string{"sub": slices.Repeat([]string{"x"}, trust.MaxValues+over)}}
		},
		"a value":      func(over int) trust.Rule { return trust.Rule{Claims: values("sub", strings.Repeat("x", 512+over))} },
		"a name":       func(over int) trust.Rule { return trust.Rule{Claims: values(strings.Repeat("c", 128+over), "x")} },
		"the audience": func(over int) trust.Rule { return trust.Rule{Audience: strings.Repeat("a", 500+over)} },
		"the issuer": func(over int) trust.Rule {
			return trust.Rule{Issuer: "https://" + strings.Repeat("a", 500+over-len("https://"))}
		},
		"blanks at the ends": func(over int) trust.Rule { return trust.Rule{Claims: values("sub", strings.Repeat(" ", over)+"x")} },
		"what nobody sees": func(over int) trust.Rule {
			return trust.Rule{Claims: values("sub", "x"+strings.Repeat("\u200b", over)+"y")}
		},
		"what is no UTF-8": func(over int) trust.Rule { return trust.Rule{Claims: values("sub", "x"+strings.Repeat("\xff", over))} },
	} {
		for over := range 2 {
			full := r(over)
			if full.System = "oidc"; full.Issuer == "" {
				full.Issuer = "https://token.example.com"
			}
			if full.Audience == "" {
				full.Audience = audience
			}
			if full.Claims == nil {
				full.Claims = values("sub", "x")
			}
			if err := full.Check(); (err == nil) != (over == 0) {
				t.Errorf("%s, %d more than there may be: %v", what, over, err)
			}
		}
	}
}

// TestWhenATokenEnds: as it says, to the second; and not at all where that is no time.
func TestWhenATokenEnds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		`{"exp":1800000000}`: time.Unix(1_800_000_000, 0).UTC(), `{"exp":1800000000.9}`: time.Unix(1_800_000_000, 0).UTC(), `{"exp":0}`: time.Unix(0, 0).UTC(),
		`{}`: {}, `{"exp":"1800000000"}`: {}, `{"exp":null}`: {}, `{"exp":253402300800}`: {}, `{"exp":-1}`: {},
	} {
		if got := claims(t, text).Ends(); !got.Equal(want) {
			t.Errorf("%s ends %v, want %v", text, got, want)
		}
	}
}

// What fits a pattern has its separators, in their order: nothing of another owner, path
// or branch depth ever does. Without a star only the same text fits.
func TestLawSeparatorsAreFittedByThemselves(t *testing.T) {
	t.Parallel()
	separators := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r == '/' || r == ':' {
				return r
			}
			return -1
		}, s)
	}
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringOfN(rapid.RuneFrom([]rune("a*/:")), 0, 10, -1).Draw(t, "pattern")
		text := rapid.StringOfN(rapid.RuneFrom([]rune("a/:")), 0, 10, -1).Draw(t, "text")
		fit := trust.Fits(pattern, text)
		if fit && separators(pattern) != separators(text) || !strings.Contains(pattern, "*") && fit != (pattern == text) {
			t.Fatalf("%q fits %q: %t", text, pattern, fit)
		}
		if !trust.Fits(text, text) || !trust.Fits(strings.ReplaceAll(text, "a", "*"), text) {
			t.Fatalf("%q does not fit itself", text)
		}
	})
}
