package trust

import (
	"maps"
	"slices"
	"strings"
)

// Warning is what is allowed and may be meant otherwise. Code is for programs.
type Warning struct{ Code, Text string }

// Warnings are what whoever reads a rule should know of it.
func (r Rule) Warnings() []Warning {
	var out []Warning
	s := r.system()
	if len(s.IDs) > 0 && !r.anchored(s) {
		out = append(out, Warning{"by_name", "it goes by names, which somebody else can have after a deletion or a renaming; name one of " + strings.Join(s.IDs, ", ")})
	}
	if len(s.Places) > 0 && !slices.ContainsFunc(s.Places, func(c string) bool { return len(r.Claims[c]) > 0 }) {
		out = append(out, Warning{"any_place", "it fits every branch, environment and step; name one of " + strings.Join(s.Places, ", ")})
	}
	for _, h := range s.Hints {
		if len(r.Claims[h.Names]) > 0 && (h.Unless == "" || len(r.Claims[h.Unless]) == 0) {
			out = append(out, Warning{h.Code, h.Text})
		}
	}
	if r.everybodysAudience() {
		out = append(out, Warning{"shared_audience", "this audience is the one that tokens have when nobody asks for another: whatever else trusts it can use a job's token here"})
	}
	for _, claim := range slices.Sorted(maps.Keys(r.Claims)) {
		if how, ok := s.OptIn[claim]; ok {
			out = append(out, Warning{"asked_for", claim + " stands in a token only when the job asks for it: " + how})
		}
	}
	if r.Keys {
		out = append(out, Warning{"uploaded_keys", "the keys came with the rule: when the issuer changes its keys, upload the new ones"})
	}
	return out
}

// everybodysAudience says whether an audience is what the system puts there by itself.
func (r Rule) everybodysAudience() bool {
	switch r.System {
	case "github":
		return strings.HasPrefix(r.Audience, "https://github.com/")
	case "buildkite":
		return strings.HasPrefix(r.Audience, "https://buildkite.com/")
	case "circleci":
		return strings.HasSuffix(r.Issuer, "/"+r.Audience)
	}
	return r.Audience == r.Issuer
}
