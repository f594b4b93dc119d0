package finders_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/finders"
	"github.com/tokenry/tokenry/internal/scan"
	"github.com/tokenry/tokenry/token"
)

// TestGitLabNamesOurRule: the type that may be reported is that of the rule that is printed.
func TestGitLabNamesOurRule(t *testing.T) {
	t.Parallel()
	rule, err := scan.NewRule([]token.Prefix{token.DefaultPrefix})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"gitleaks", "gitlab"} {
		write, _ := scan.RuleFormat(format)
		if !strings.Contains(write(rule), `id = "`+finders.RuleID+`"`) {
			t.Errorf("the rule for %s is called otherwise", format)
		}
	}
	if diff := cmp.Diff([]string{"gitleaks_rule_id_" + finders.RuleID}, finders.GitLabTypes().Types); diff != "" {
		t.Error(diff)
	}
}

func TestWhatGitLabSays(t *testing.T) {
	t.Parallel()
	ours := `{"type":"gitleaks_rule_id_tokenry-access-token","token":"a","location":"https://gitlab.example.com/x"}`
	for body, all := range map[string]bool{`[]`: true, `[` + ours + `]`: true, `[` + ours + `,{"type":"other","token":"b"}]`: false} {
		finds, got, err := finders.FromGitLab([]byte(body))
		if err != nil || got != all {
			t.Errorf("%s: %v, %v", body, got, err)
		}
		if len(finds) > 0 && finds[0] != (api.LeakedToken{Token: "a", URL: "https://gitlab.example.com/x", Source: "gitlab"}) {
			t.Errorf("%s: %+v", body, finds[0])
		}
		if n := strings.Count(body, "token\":"); len(finds) != n {
			t.Errorf("%s: %d finds", body, len(finds))
		}
	}
	for _, bad := range []string{``, `null`, `{}`, `[1]`, `[{"token":[]}]`} {
		_, _, err := finders.FromGitLab([]byte(bad))
		is(t, bad, err, api.CodeInvalidJSON)
	}
}

func TestWhatTruffleHogAsks(t *testing.T) {
	t.Parallel()
	got, err := finders.FromTruffleHog([]byte(`{"TokenryAccessToken":{"token":["a","b","a"],"other":["c"]}}`))
	slices.Sort(got)
	if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	many := make([]string, finders.MostStrings+1)
	for i := range many {
		many[i] = fmt.Sprintf("%q", fmt.Sprint("x", i))
	}
	for bad, want := range map[string]api.Code{
		``: api.CodeInvalidJSON, `[]`: api.CodeInvalidJSON, `{}`: api.CodeInvalidJSON, `{"a":["b"]}`: api.CodeInvalidJSON,
		`{"a":{}}`: api.CodeInvalidField, `{"a":{"b":[]}}`: api.CodeInvalidField, `{"a":{"b":[` + strings.Join(many, ",") + `]}}`: api.CodeInvalidField,
	} {
		_, err := finders.FromTruffleHog([]byte(bad))
		is(t, fmt.Sprintf("%.40s", bad), err, want)
	}
}
