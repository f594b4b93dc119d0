package finders

import (
	"encoding/json"

	"github.com/tokenry/tokenry/api"
)

// gitlabType is what GitLab calls our tokens: its rules are those of gitleaks, and this is
// the id of ours behind the words that it puts before one.
const gitlabType = "gitleaks_rule_id_" + RuleID

// RuleID is what our rule for gitleaks and GitLab is called.
const RuleID = "tokenry-access-token"

// GitLabTypes are the types that GitLab may send (docs.gitlab.com, "Token revocation API").
func GitLabTypes() api.GitLabTypes { return api.GitLabTypes{Types: []string{gitlabType}} }

// FromGitLab reads a report. All says whether every find is of a type that we have named;
// what each holds is looked at whatever its type is.
func FromGitLab(body []byte) (finds []api.LeakedToken, all bool, err error) {
	var in []api.GitLabFind
	if err := json.Unmarshal(body, &in); err != nil || in == nil {
		return nil, false, wrongShape("a list of finds, each with type, token and location")
	}
	all = true
	for _, f := range in {
		all = all && f.Type == gitlabType
		finds = append(finds, api.LeakedToken{Token: f.Token, URL: f.Location, Source: "gitlab"})
	}
	return finds, all, nil
}

// MostStrings is how many strings a question of TruffleHog has at the most.
const MostStrings = 100

// FromTruffleHog reads what a detector of one's own asks an address (TruffleHog's
// pkg/custom_detectors): each text that its expressions found, by their names.
func FromTruffleHog(body []byte) ([]string, error) {
	var in map[string]map[string][]string
	if err := json.Unmarshal(body, &in); err != nil || len(in) == 0 {
		return nil, wrongShape("a detector's name, and in it each expression's name with what it found")
	}
	var found []string
	seen := map[string]bool{}
	for _, expressions := range in {
		for _, texts := range expressions {
			for _, text := range texts {
				if !seen[text] {
					seen[text] = true
					found = append(found, text)
				}
			}
		}
	}
	if len(found) == 0 || len(found) > MostStrings {
		return nil, api.Errorf(api.CodeInvalidField, "a question has 1 to %d strings", MostStrings)
	}
	return found, nil
}
