package form

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
)

// RulesText writes rules of approval as they are typed: each in a line of its own, as
// kinds=service,workspace scopes=tickets:write resources=prod-* longer_than=90d.
func RulesText(rules []api.ApprovalRule) string {
	lines := make([]string, len(rules))
	for i, r := range rules {
		var words []string
		say := func(name string, list []string) {
			if len(list) > 0 {
				words = append(words, name+"="+strings.Join(list, ","))
			}
		}
		say("kinds", r.Kinds)
		say("scopes", r.Scopes)
		say("resources", r.Resources)
		if r.LongerThan != 0 {
			words = append(words, "longer_than="+r.LongerThan.String())
		}
		lines[i] = strings.Join(words, " ")
	}
	return strings.Join(lines, "\n")
}

// ParseRules reads what [RulesText] writes. Blank lines are none. The error is a sentence
// about a line, which it does not repeat.
func ParseRules(text string) ([]api.ApprovalRule, error) {
	rules, number := []api.ApprovalRule{}, 0
	for line := range strings.Lines(text) {
		number++
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		var r api.ApprovalRule
		for _, word := range words {
			if err := readCondition(&r, word); err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// readCondition reads one condition of a rule.
func readCondition(r *api.ApprovalRule, word string) (err error) {
	name, value, _ := strings.Cut(word, "=")
	list := slices.DeleteFunc(strings.Split(value, ","), func(s string) bool { return s == "" })
	lists := map[string]*[]string{"kinds": &r.Kinds, "scopes": &r.Scopes, "resources": &r.Resources}
	switch to := lists[name]; {
	case to != nil && *to == nil && len(list) > 0:
		*to = list
	case name == "longer_than" && r.LongerThan == 0:
		if r.LongerThan, err = api.ParseDuration(value); err != nil || r.LongerThan == 0 {
			return errors.New("longer_than is like 90d, 24h or 30m")
		}
	default:
		return errors.New("each condition is one of kinds=, scopes=, resources= and longer_than=, once, with values between commas")
	}
	return nil
}
