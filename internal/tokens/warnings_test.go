package tokens_test

import (
	"slices"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/tokens"
)

// A token that may do nothing, or nothing on a resource, is made with words about it; one that does what it says is not
// spoken of, nor is what is too large to be told.
func TestATokenThatMayDoNothingIsMadeWithAWarning(t *testing.T) {
	t.Parallel()
	read := func(resources ...string) []api.Statement {
		return []api.Statement{{Scopes: []string{"tickets:read"}, Resources: resources}}
	}
	none := []api.Statement{}
	for name, c := range map[string]struct {
		grants, effective []api.Statement
		want              []string
	}{
		"inherits":                {nil, read("*"), nil},
		"inherits nothing":        {nil, none, []string{api.WarnNoRights}},
		"as it says":              {read("*"), read("*"), nil},
		"its owner lacks it":      {read("*"), none, []string{api.WarnNoRights}},
		"names nothing":           {none, none, []string{api.WarnNoRights}},
		"no scope":                {[]api.Statement{{Scopes: []string{}, Resources: []string{"*"}}}, none, []string{api.WarnNoRights}},
		"no resource":             {read(), none, []string{api.WarnNoRights, api.WarnNoResource}},
		"no resource for a part":  {append(read(), read("*")...), read("*"), []string{api.WarnNoResource}},
		"restricts its owner":     {[]api.Statement{{Resources: []string{"shop"}}}, read("shop"), nil},
		"too large to be told of": {read("*"), nil, nil},
	} {
		var got []string
		for _, w := range tokens.Warnings(api.Token{Grants: c.grants, Effective: c.effective}) {
			if got = append(got, w.Code); w.Detail == "" {
				t.Errorf("%s: %s says nothing", name, w.Code)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
