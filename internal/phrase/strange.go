package phrase

import (
	"strings"

	"github.com/tokenry/tokenry/api"
)

// StrangeWords say what was strange about the use of a token, one sentence each.
func StrangeWords(s api.StrangeUse) (out []string) {
	if len(s.Networks) > 0 {
		from := strings.Join(s.Networks, ", ")
		if s.MoreNetworks > 0 {
			from += " and " + Plural(s.MoreNetworks, "other")
		}
		out = append(out, "It was used from a network that it was never used from before: "+from+".")
	}
	if s.ManyNetworks {
		out = append(out, "It is used from so many networks that new ones are not told any more.")
	}
	if s.QuietSince != nil {
		out = append(out, "It was used after a silence since "+s.QuietSince.UTC().Format("2 January 2006")+".")
	}
	if s.Denied > 0 {
		out = append(out, "It was refused "+Plural(int(s.Denied), "time")+" within an hour, and not once in the week before.")
	}
	return out
}
