package scan

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tokenry/tokenry/token"
)

// Rule is what every other scanner's format says in its own way. It goes by the
// shape alone: none of them can check the checksum.
type Rule struct {
	// Expression is in RE2, without the ends of words; Whole ends with a word, and has the
	// token as its one group. It need not begin one: in a log as JSON the letter of an
	// escape stands before it ("\ntkyp_…").
	Expression, Whole string
	// Keywords stand in every token.
	Keywords []string
	// Sample is a token that nobody has.
	Sample string
	// About says which tokens are meant.
	About string
}

// noSecret is what the sample's secret is made of.
type noSecret struct{}

func (noSecret) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// NewRule makes the rule for tokens that begin with one of these prefixes, of which
// there is one at least.
func NewRule(prefixes []token.Prefix) (Rule, error) {
	if len(prefixes) == 0 {
		return Rule{}, errors.New("scan: there is no prefix to look for")
	}
	sample, err := token.Mint(noSecret{}, prefixes[0], token.Personal, token.Locator([]byte(strings.Repeat("0", token.LocatorLength))))
	if err != nil {
		return Rule{}, err
	}
	names := make([]string, len(prefixes))
	for i, p := range prefixes {
		names[i] = string(p)
	}
	expression := strings.TrimSuffix(strings.TrimPrefix(token.Describe(prefixes...).RegularExpression, `\b`), `\b`)
	return Rule{
		Expression: expression, Whole: `(` + expression + `)\b`, Keywords: token.Heads(prefixes...), Sample: sample.Reveal(),
		About: "Access tokens that begin with " + strings.Join(names, ", "),
	}, nil
}

// RuleFormats are the scanners whose rules we write, by name.
func RuleFormats() []string { return []string{"github", "gitlab", "gitleaks", "trufflehog"} }

// RuleFormat is how a scanner's rules are written; ok is false for a scanner that is
// not one of [RuleFormats].
func RuleFormat(name string) (write func(Rule) string, ok bool) {
	write, ok = map[string]func(Rule) string{"gitleaks": gitleaks, "trufflehog": trufflehog, "github": github, "gitlab": gitlab}[name]
	return write, ok
}

// quoted are the keywords as each format lists them.
func (r Rule) quoted(sep string) string {
	quoted := make([]string, len(r.Keywords))
	for i, k := range r.Keywords {
		quoted[i] = fmt.Sprintf("%q", k)
	}
	return strings.Join(quoted, sep)
}

// The entropy is that of no true token, whose 38 random characters have more, but
// of the samples in documentation.
func gitleaks(r Rule) string {
	return fmt.Sprintf(`# %s. Written by: tokenry scanner-rules --format gitleaks
title = "Tokenry access tokens, besides gitleaks' own rules"

[extend]
useDefault = true

[[rules]]
id = "tokenry-access-token"
description = "%s"
regex = '''%s'''
secretGroup = 1
entropy = 3
keywords = [%s]
`, r.About, r.About, r.Whole, r.quoted(", "))
}

// gitlab is gitleaks within GitLab's own file. Its expression stands in basic quotes,
// where a backslash is doubled.
func gitlab(r Rule) string {
	return fmt.Sprintf(`# %s. Written by: tokenry scanner-rules --format gitlab
# This is the file .gitlab/secret-detection-ruleset.toml of a project.
[secrets]
description = "GitLab's own rules and Tokenry access tokens"

[[secrets.passthrough]]
type = "raw"
target = "gitleaks.toml"
value = '''
title = "Tokenry access tokens, besides GitLab's own rules"

[extend]
path = "/gitleaks.toml"

[[rules]]
id = "tokenry-access-token"
description = "%s"
regex = %q
secretGroup = 1
entropy = 3
keywords = [%s]
'''
`, r.About, r.About, r.Whole, r.quoted(", "))
}

// trufflehog is a detector whose verifier is written out and not switched on: it sends each
// token that was found to an address.
func trufflehog(r Rule) string {
	return fmt.Sprintf(`# %s. Written by: tokenry scanner-rules --format trufflehog
# verify would send each string that was found to your Tokenry, which says whether it is live:
# 200, or 404. Without it, and telling nobody: tokenry scan --live
detectors:
  - name: TokenryAccessToken
    description: "%s"
    keywords: [%s]
    regex:
      token: '%s'
    entropy: 3
#    verify:
#      - endpoint: https://tokens.example.com/v1/leaks/trufflehog
#        headers: ["Authorization: Bearer TOKEN-WITH-tokens:verify", "Content-Type: application/json"]
#        successRanges: ["200"]
#        rotatedRanges: ["404"]
`, r.About, r.About, r.quoted(", "), r.Whole)
}

// github is what a person types into a form; a custom pattern there has its ends apart
// from the expression.
func github(r Rule) string {
	return fmt.Sprintf(`# %s. Written by: tokenry scanner-rules --format github
# Settings > Advanced Security > Custom patterns > New pattern; "More options"
# has the last two. Turn push protection on once the dry run found what it should.
Pattern name:   Tokenry access token
Secret format:  %s
Test string:    token = %s
Before secret:  \A|[\s\S]
After secret:   \z|[^0-9A-Za-z_]
`, r.About, r.Expression, r.Sample)
}
