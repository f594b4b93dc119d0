package terminal_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/terminal"
)

// TestRightsInOneLine: nobody takes a token that may nothing for one that inherits, or a
// grant on nothing for one on everything.
func TestRightsInOneLine(t *testing.T) {
	t.Parallel()
	for want, grants := range map[string][]api.Statement{
		"inherited":                           nil,
		"nothing":                             {},
		"Viewer":                              {{Role: "Viewer"}},
		"Viewer on everything":                {{Role: "Viewer", Resources: []string{"*"}}},
		"a:b c:d on x y":                      {{Scopes: []string{"a:b", "c:d"}, Resources: []string{"x", "y"}}},
		"Viewer on * x":                       {{Role: "Viewer", Resources: []string{"*", "x"}}},
		"all of the owner's on x":             {{Resources: []string{"x"}}},
		"Viewer on everything; a:b":           {{Role: "Viewer", Resources: []string{"*"}}, {Scopes: []string{"a:b"}}},
		"all of the owner's on everything; x": {{Resources: []string{"*"}}, {Role: "x"}},
	} {
		if got := terminal.Rights(grants); got != want {
			t.Errorf("%+v is %q, want %q", grants, got, want)
		}
	}
}

// TestStatusSaysWhatElseStopsAToken: once.
func TestStatusSaysWhatElseStopsAToken(t *testing.T) {
	t.Parallel()
	for want, token := range map[string]api.Token{
		"active":                  {Status: "active"},
		"active (owner_inactive)": {Status: "active", BlockedBy: new("owner_inactive")},
		"revoked":                 {Status: "revoked", BlockedBy: new("revoked")},
	} {
		if got := terminal.Status(token); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestOneWordForAFind: live is said of what works alone, and unknown of what may not be
// seen.
func TestOneWordForAFind(t *testing.T) {
	t.Parallel()
	for want, found := range map[string]api.FoundToken{
		"unknown":        {Secret: api.SecretUnknown},
		"live":           {Secret: api.SecretCurrent, Token: &api.Token{Status: "active", Usable: true}},
		"retired":        {Secret: api.SecretRetired, Token: &api.Token{Status: "active", Usable: true}},
		"owner_inactive": {Secret: api.SecretCurrent, Token: &api.Token{Status: "active", BlockedBy: new("owner_inactive")}},
		"revoked":        {Secret: api.SecretCurrent, Token: &api.Token{Status: "revoked"}},
	} {
		if got := terminal.FoundState(found); got != want {
			t.Errorf("%+v is %q, want %q", found.Token, got, want)
		}
	}
}

// TestWhatAMakerMayNotThinkIsTold: an answer's warnings in the words of flags, and texts
// of a server cannot steer the terminal.
func TestWhatAMakerMayNotThinkIsTold(t *testing.T) {
	t.Parallel()
	narrow := api.Issued{Token: api.Token{Grants: []api.Statement{{Role: "Viewer"}}}}
	wide := api.Issued{Warnings: []api.Warning{{Code: api.WarnNoResource, Detail: "in the words of the API"}, {Code: "other", Detail: "look \x1b[2J"}}}
	if got := terminal.Created(narrow); len(got) > 0 {
		t.Errorf("%q", got)
	}
	want := []string{
		"no --scope was named, so the token may do everything its owner may, now and later",
		"no --resource was named, so what needs a resource is granted on none; --resource '*' is all of them",
		`look \x1b[2J`,
	}
	if d := cmp.Diff(want, terminal.Created(wide)); d != "" {
		t.Error(d)
	}
	scopes := []api.Scope{{Name: "tokens:read", BuiltIn: true}, {Name: "tickets:read"}, {Name: "a\nb"}}
	if got := terminal.Scopes(scopes); got != "Scopes here: tickets:read a\\x0ab\n" {
		t.Errorf("%q", got)
	}
	if got := terminal.Scopes(scopes[:1]); got != "" {
		t.Errorf("where the product has none: %q", got)
	}
}

// TestAPolicyIsReadAndWrittenByItsFields: a value is JSON where it can be, else a text; a
// field that there is not is refused before it is sent.
func TestAPolicyIsReadAndWrittenByItsFields(t *testing.T) {
	t.Parallel()
	patch, err := terminal.PolicyPatch([]string{"max_lifetime=90d", `max_tokens={"per_owner":5}`, "allow_never=null", "default_lifetime=30d"})
	if err != nil || patch.MaxLifetime.Value.String() != "90d" || patch.MaxTokens.Value.PerOwner != 5 || patch.DefaultLifetime.Value.String() != "30d" || !patch.AllowNever.Null {
		t.Errorf("%+v, %v", patch, err)
	}
	for arg, want := range map[string]string{
		"max_lifetime": "want FIELD=VALUE", "max_life=1d": "no change of a policy", "max_lifetime=soon": "no change of a policy", `max_tokens={"per_cat":5}`: "no change of a policy",
	} {
		if _, err := terminal.PolicyPatch([]string{arg}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", arg, err)
		}
	}
	var p api.Policy
	p.Overridden, p.Locked = []string{"max_lifetime", "max_tokens"}, []string{"max_tokens"}
	rows, err := terminal.Policy(p)
	if err != nil {
		t.Fatal(err)
	}
	notes := map[string]string{}
	for _, row := range rows {
		if row[0] == "overridden" || row[0] == "locked" {
			t.Errorf("%s is shown as a field", row[0])
		}
		if _, note, has := strings.Cut(row[1], "  ("); has {
			notes[row[0]] = strings.TrimSuffix(note, ")")
		}
	}
	if d := cmp.Diff(map[string]string{"max_lifetime": "set here", "max_tokens": "set here, locked by the instance"}, notes); d != "" || len(rows) < 10 {
		t.Errorf("%d rows, %s", len(rows), d)
	}
}

// TestRulesOfTrustInOneLine: their claims in the order of their names.
func TestRulesOfTrustInOneLine(t *testing.T) {
	t.Parallel()
	if got := terminal.Claims(map[string][]string{"ref": {"main", "v*"}, "aud": {"x"}}); got != "aud=x ref=main|v*" {
		t.Error(got)
	}
	if got := terminal.Claims(nil); got != "" {
		t.Error(got)
	}
	if got := terminal.TrustStatus(api.TrustRule{}) + ", " + terminal.TrustStatus(api.TrustRule{BlockedBy: new("owner_inactive")}); got != "active, gives nothing: owner_inactive" {
		t.Error(got)
	}
}

// TestADashStandsForNothing: so that columns stay apart.
func TestADashStandsForNothing(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{terminal.None: terminal.Optional(nil), "x": terminal.Optional(new("x")), "y": terminal.OrNone("y")} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if terminal.OrNone("") != terminal.None || terminal.Optional(new("")) != terminal.None {
		t.Error("an empty text leaves its column empty")
	}
	if got := terminal.Active(true) + " " + terminal.Active(false) + ", " + terminal.HeldByInstance(true); got != "active inactive, by an administrator of the instance, who alone brings it back" {
		t.Error(got)
	}
}

// Whatever somebody typed, what is printed of it stays in its cell: no character of it is
// a control or turns the direction; and what has none is printed as it is.
func TestLawCleanTextStaysInItsCell(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		got := terminal.Clean(in)
		if terminal.Clean(got) != got || strings.ContainsAny(got, "\n\r\t\x00\x1b\u202e\u2028") {
			t.Fatalf("%q is printed as %q", in, got)
		}
		plain := rapid.StringOf(rapid.SampledFrom([]rune("aé東 👍\\\"'"))).Draw(t, "plain")
		if terminal.Clean(plain) != plain {
			t.Fatalf("%q is changed", plain)
		}
	})
}
