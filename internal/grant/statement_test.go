package grant_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/grant"
)

func TestValidateAccepts(t *testing.T) {
	t.Parallel()
	for _, s := range []grant.Statement{
		{Role: "Viewer"},
		{Role: "Viewer", Resources: []string{"*"}},
		{Scopes: []string{"tickets:read", "*", "admin", "product:*"}, Resources: []string{"acme", "acme*", "*"}},
		{Resources: []string{"acme"}},
		{Scopes: []string{}, Resources: []string{"acme"}},
		{Scopes: many(1000, "n%d:*"), Resources: many(1000, "r%d")},
	} {
		if err := s.Validate(); err != nil {
			t.Errorf("%.80v: %v", s, err)
		}
	}
}

func TestValidateNamesTheFieldAndNotTheValue(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	tests := []struct {
		name, field string
		s           grant.Statement
	}{
		{"nothing", "scopes", grant.Statement{}},
		{"no resource left", "scopes", grant.Statement{Resources: []string{}}},
		{"both", "scopes", grant.Statement{Role: secret, Scopes: []string{"a:b"}}},
		{"role and empty scopes", "scopes", grant.Statement{Role: secret, Scopes: []string{}}},
		{"malformed scope", "scopes", grant.Statement{Scopes: []string{"a:b", secret}}},
		{"scope twice", "scopes", grant.Statement{Scopes: []string{secret + ":b", secret + ":b"}}},
		{"too many scopes", "scopes", grant.Statement{Scopes: many(1001, secret+"%d:b")}},
		{"malformed resource", "resources", grant.Statement{Role: "r", Resources: []string{secret + "/"}}},
		{"resource twice", "resources", grant.Statement{Role: "r", Resources: []string{secret, secret}}},
		{"too many resources", "resources", grant.Statement{Role: "r", Resources: many(1001, secret+"%d")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var fe *grant.FieldError
			if err := tt.s.Validate(); !errors.As(err, &fe) || fe.Field != tt.field || fe.Problem == "" {
				t.Fatalf("got %v, want a problem with %s", err, tt.field)
			}
			if strings.Contains(fe.Error(), secret) {
				t.Errorf("the error echoes the value: %v", fe)
			}
		})
	}
}

// A deleted scope leaves an empty list behind. If that were stored as an absent list, the statement would turn from "nothing" into "everything".
func TestJSONKeepsEmptyListsApartFromAbsentOnes(t *testing.T) {
	t.Parallel()
	for text, s := range map[string]grant.Statement{
		`{"resources":["acme"]}`:               {Resources: []string{"acme"}},
		`{"scopes":[],"resources":["acme"]}`:   {Scopes: []string{}, Resources: []string{"acme"}},
		`{"resources":[]}`:                     {Resources: []string{}},
		`{"role":"Viewer","resources":["*"]}`:  {Role: "Viewer", Resources: []string{"*"}},
		`{"scopes":["a:b"],"resources":["x"]}`: {Scopes: []string{"a:b"}, Resources: []string{"x"}},
	} {
		got, err := json.Marshal(s)
		if err != nil || string(got) != text {
			t.Errorf("got %s, %v; want %s", got, err, text)
		}
		var back grant.Statement
		if err := json.Unmarshal(got, &back); err != nil || (back.Scopes == nil) != (s.Scopes == nil) || (back.Resources == nil) != (s.Resources == nil) {
			t.Errorf("%s came back as %#v, %v", text, back, err)
		}
	}
}

func many(n int, format string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(format, i)
	}
	return out
}
