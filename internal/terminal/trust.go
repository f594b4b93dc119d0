package terminal

import (
	"maps"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
)

// TrustStatus says whether a rule of trust gives tokens now.
func TrustStatus(r api.TrustRule) string {
	if r.BlockedBy != nil {
		return "gives nothing: " + *r.BlockedBy
	}
	return "active"
}

// Claims are those of a rule of trust in the order of their names.
func Claims(claims map[string][]string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		out = append(out, name+"="+strings.Join(claims[name], "|"))
	}
	return strings.Join(out, " ")
}
