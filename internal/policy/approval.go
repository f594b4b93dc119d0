package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/token"
)

const (
	// ApprovalTime is how long a token waits for approval.
	ApprovalTime = 7 * 24 * time.Hour
	// mostRules is how many rules a policy has, and mostNamed how many scopes or resources
	// one of them names.
	mostRules, mostNamed = 20, 50
)

// Asked is what the rules of approval judge of a token.
type Asked struct {
	Kind token.Kind
	// Grant is the most that the token's own statements come to.
	Grant grant.Grant
	// Life is from its making to its end; 0 without one.
	Life time.Duration
}

// NeedsApproval says whether one of the rules fits a token.
func NeedsApproval(rules []api.ApprovalRule, a Asked) bool {
	return slices.ContainsFunc(rules, func(r api.ApprovalRule) bool { return fits(r, a) })
}

// fits says whether all holds of a token that a rule names. What is named of scopes and of
// resources holds of one right: such a scope on such a resource. A rule's patterns mean what
// they say, whatever the scopes of a catalogue imply.
func fits(r api.ApprovalRule, a Asked) bool {
	var plain grant.Book
	within := func(scopes, resources []string) grant.Grant {
		return grant.Intersect(a.Grant, plain.Compile([]grant.Statement{{Scopes: scopes, Resources: resources}}))
	}
	everywhere := []string{"*"}
	scopes := r.Scopes
	if scopes == nil {
		scopes = append(grant.InstanceScopes(), "*")
	}
	switch {
	case r.Kinds != nil && !slices.Contains(r.Kinds, a.Kind.String()),
		r.LongerThan != 0 && a.Life != 0 && a.Life <= r.LongerThan.Std(),
		r.Scopes != nil && within(scopes, everywhere).Empty():
		return false
	case r.Resources == nil:
		return true
	}
	named := slices.DeleteFunc(slices.Clone(r.Resources), func(p string) bool { return p == "*" })
	return len(named) < len(r.Resources) && slices.Contains(within(scopes, everywhere).Resources(), "*") ||
		len(named) > 0 && len(within(scopes, named).Resources()) > 0
}

// rules refuses what no token fits, or every one by mistake.
func rules(name string, v api.Opt[[]api.ApprovalRule]) error {
	if len(v.Value) > mostRules {
		return api.FieldError(name, fmt.Sprintf("at most %d rules", mostRules))
	}
	for i, r := range v.Value {
		at := fmt.Sprintf("%s.%d", name, i+1)
		if r.Kinds == nil && r.Scopes == nil && r.Resources == nil && r.LongerThan == 0 {
			return api.FieldError(at, "names nothing; a rule for every token names all four kinds")
		}
		if err := input.First(
			entries(at+".kinds", r.Kinds, 4, isKind, "personal, service, workspace or ephemeral"),
			entries(at+".scopes", r.Scopes, mostNamed, grant.ValidPattern, "a scope such as noun:verb, noun:*, product:* or *"),
			entries(at+".resources", r.Resources, mostNamed, grant.ValidResourcePattern, "a resource name, a beginning of one followed by *, or *"),
		); err != nil {
			return err
		}
	}
	return nil
}

func isKind(s string) bool {
	_, err := token.ParseKind(s)
	return err == nil
}

// entries refuses a list that is there and empty, too long, or has an entry of another shape.
func entries(at string, list []string, most int, valid func(string) bool, shape string) error {
	if list != nil && len(list) == 0 || len(list) > most {
		return api.FieldError(at, fmt.Sprintf("must have 1 to %d entries, or be left out", most))
	}
	for i, s := range list {
		if err := input.Secretless(at, s); err != nil {
			return err
		}
		if !valid(s) || slices.Contains(list[:i], s) {
			return api.FieldError(at, fmt.Sprintf("entry %d is not %s, or stands there twice", i+1, shape))
		}
	}
	return nil
}

// keptRules are rules as they are kept; their names never change.
type keptRules []api.ApprovalRule

type keptRule struct {
	Kinds      []string     `json:"kinds,omitzero"`
	Scopes     []string     `json:"scopes,omitzero"`
	Resources  []string     `json:"resources,omitzero"`
	LongerThan api.Duration `json:"longer_than,omitzero"`
}

// MarshalJSON writes the rules.
func (k keptRules) MarshalJSON() ([]byte, error) {
	out := make([]keptRule, len(k))
	for i, r := range k {
		out[i] = keptRule(r)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what [keptRules.MarshalJSON] wrote.
func (k *keptRules) UnmarshalJSON(b []byte) error {
	var in []keptRule
	err := json.Unmarshal(b, &in)
	*k = make(keptRules, len(in))
	for i, r := range in {
		(*k)[i] = api.ApprovalRule(r)
	}
	return err
}
