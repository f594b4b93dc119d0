package main

import (
	"strings"
	"testing"

	"github.com/tokenry/tokenry/client/clienttest"
)

// TestFirstDay runs the example against a real server.
func TestFirstDay(t *testing.T) {
	t.Parallel()
	office := clienttest.New(t)
	env := map[string]string{
		"TOKENRY_SERVER": office.URL,
		"TOKENRY_ADMIN":  office.Issue(t, []string{"instance:admin"}),
		"TOKENRY_VERIFY": office.Issue(t, []string{"instance:verify"}),
	}
	var out strings.Builder
	if err := run(t.Context(), func(name string) string { return env[name] }, &out); err != nil {
		t.Fatal(err)
	}
	want := "ok: user user-1 of customer-4711\nok: service_account nightly-export of customer-4711\nsuspended: workspace_suspended\n"
	if out.String() != want {
		t.Errorf("the day went\n%s\nwant\n%s", out.String(), want)
	}
}
