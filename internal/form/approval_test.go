package form_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
)

// TestRulesOfApprovalAreReadAsTheyAreWritten, whatever blanks somebody adds.
func TestRulesOfApprovalAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	rules := []api.ApprovalRule{
		{Kinds: []string{"service", "workspace"}, Scopes: []string{"tickets:write", "product:delete"}, Resources: []string{"prod-*"}, LongerThan: 90 * api.Day},
		{Scopes: []string{"*"}},
		{Resources: []string{"*"}},
		{LongerThan: api.Day},
	}
	const text = "kinds=service,workspace scopes=tickets:write,product:delete resources=prod-* longer_than=90d\nscopes=*\nresources=*\nlonger_than=24h"
	if got := form.RulesText(rules); got != text {
		t.Errorf("written as %q", got)
	}
	for _, typed := range []string{text, "\r\n" + strings.ReplaceAll(text, "\n", "  \r\n\r\n ") + "\n"} {
		got, err := form.ParseRules(typed)
		if diff := cmp.Diff(rules, got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", typed, err, diff)
		}
	}
	if got, err := form.ParseRules(" \n"); err != nil || got == nil || len(got) != 0 {
		t.Errorf("nothing is %v, %v", got, err)
	}
	for typed, line := range map[string]string{
		"kinds=service\nkind=x": "line 2", "scopes=": "line 1", "everything": "line 1", "scopes=a:b scopes=c:d": "line 1", "longer_than=long": "line 1", "longer_than=0": "line 1",
		"=": "line 1", "resources=,": "line 1",
	} {
		if _, err := form.ParseRules(typed); err == nil || !strings.HasPrefix(err.Error(), line) || strings.Contains(err.Error(), "everything") {
			t.Errorf("%q: %v", typed, err)
		}
	}
}
