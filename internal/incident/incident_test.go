package incident_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/incident"
)

func at(hour int) time.Time { return time.Date(2026, 3, 14, hour, 0, 0, 0, time.UTC) }

func activity(ip string, outcome api.Code, n int64, first, last int) api.Activity {
	a := api.Activity{UserAgent: "curl/8", Outcome: outcome, Count: n, FirstAt: at(first), LastAt: at(last)}
	if ip != "" {
		a.IP = &ip
	}
	return a
}

func TestUsesAreSummedUpByAddress(t *testing.T) {
	t.Parallel()
	got := incident.Uses([]api.Activity{
		activity("192.0.2.1", api.CodeOK, 3, 5, 6), activity("192.0.2.1", api.CodeIPDenied, 2, 4, 9), activity("", api.CodeOK, 1, 7, 7),
		activity("192.0.2.2", api.CodeOK, 1, 1, 2), // before the week
	}, at(3))
	want := []incident.Use{
		{Address: "192.0.2.1", Agent: "curl/8", Allowed: 3, Denied: 2, First: at(4), Last: at(9)},
		{Agent: "curl/8", Allowed: 1, First: at(7), Last: at(7)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if allowed, denied := (incident.Entry{Uses: got}).Calls(); allowed != 4 || denied != 2 {
		t.Errorf("%d and %d calls", allowed, denied)
	}
}

func report() incident.Report {
	used := at(9)
	known := api.Token{ID: "ada@example.com_0123456789AB", Label: "=cmd|'/c calc'!A1\n# [x](https://evil.example)", Kind: "personal", Status: api.StatusRevoked,
		CreatedAt: at(0), CreatedBy: "ada@example.com", LastUsedAt: &used, Owner: api.Principal{Address: "ada@example.com"}}
	return incident.Report{At: at(10), By: "ada@example.com", Workspace: "acme", Entries: []incident.Entry{
		{FoundToken: api.FoundToken{Masked: "tkyp_01234…", Secret: api.SecretCurrent, Token: &known}, Made: api.Descendants{Total: 3, Active: 1}, Done: "revoked",
			Uses: []incident.Use{{Address: "192.0.2.1", Agent: "a|b", Allowed: 3, Denied: 2, First: at(4), Last: at(9)}, {Allowed: 1, First: at(1), Last: at(1)}}},
		{FoundToken: api.FoundToken{Masked: "tkys_zzzzz…", Secret: api.SecretUnknown}},
	}}
}

func TestAReportForPeopleSaysWhatIsKnownAndMarksNothingUp(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := incident.Markdown(&b, report()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# Tokens that leaked", "## `tkyp_01234…`", "- Made with it: 3, 1 active", "- Done: revoked",
		`| 192.0.2.1 | a\|b | 3 | 2 | 2026-03-14T04:00:00Z | 2026-03-14T09:00:00Z |`, "| unknown |", "No token of this workspace, or none that may be seen"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, b.String())
		}
	}
	for _, bad := range []string{"\n# [x]", "](https"} {
		if strings.Contains(b.String(), bad) {
			t.Errorf("a label writes %q into it:\n%s", bad, b.String())
		}
	}
}

func TestAReportForSpreadsheetsHoldsNoFormula(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := incident.CSV(&b, report()); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, r := range rows[1:] {
		for i, c := range r {
			if strings.HasPrefix(c, "=") {
				t.Errorf("%s is a formula: %q", rows[0][i], c)
			}
		}
	}
	if rows[1][13] != "192.0.2.1" || rows[2][15] != "1" || rows[3][6] != api.SecretUnknown || rows[1][12] != "revoked" {
		t.Errorf("%q", rows)
	}
}
