package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/token"
)

// scannerRules prints rules with which other programs find our tokens.
func (a *app) scannerRules() *cobra.Command {
	var format string
	var given []string
	cmd := a.command("scanner-rules --format FORMAT", "Print rules for gitleaks, trufflehog, github or gitlab", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		write := ruleFormats()[format]
		if write == nil {
			return usagef("--format takes %s", strings.Join(slices.Sorted(maps.Keys(ruleFormats())), ", "))
		}
		prefixes, err := a.rulePrefixes(cmd, given)
		if err != nil {
			return err
		}
		rule, err := newRule(prefixes)
		if err != nil {
			return err
		}
		_, err = io.WriteString(a.Out, write(rule))
		return err
	})
	cmd.Long = `Print rules with which secret scanners find the tokens of this instance: those
with its prefix of now, and with those that it had before. The prefixes are read
from a server's database (--data or --database), asked of a server (--server), or
given (--prefix).

    gitleaks     a configuration file: gitleaks dir --config FILE
    trufflehog   a configuration file: trufflehog filesystem --config FILE
    github       what to type under Settings, Advanced Security, Custom patterns
    gitlab       the file .gitlab/secret-detection-ruleset.toml

Such rules go by the shape. tokenry scan checks the checksum too.`
	fs := cmd.Flags()
	fs.StringVar(&format, "format", "", "gitleaks, trufflehog, github or gitlab")
	fs.StringSliceVar(&given, "prefix", nil, "prefix of the tokens; may be repeated")
	config.Flags(fs, "data", "database")
	_ = cmd.MarkFlagRequired("format") // it was added above
	return cmd
}

// rulePrefixes are the prefixes that were given, or those of the server or the
// database that was named.
func (a *app) rulePrefixes(cmd *cobra.Command, given []string) ([]token.Prefix, error) {
	named := cmd.Flags().Changed("data") || cmd.Flags().Changed("database") || cmd.Flags().Changed("config")
	if len(given) > 0 || a.flags.server != "" || !named {
		return a.wantedPrefixes(cmd.Context(), given, false)
	}
	return a.storedPrefixes(cmd)
}

func (a *app) storedPrefixes(cmd *cobra.Command) ([]token.Prefix, error) {
	cfg, err := config.Load(cmd.Flags(), a.Env)
	if err != nil {
		return nil, err
	}
	return server.Prefixes(cmd.Context(), cfg)
}

// rule is what every format says in its own way.
type rule struct {
	// Expression is in RE2, without the ends of words; Whole has them, and the
	// token as its one group.
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

func newRule(prefixes []token.Prefix) (rule, error) {
	sample, err := token.Mint(noSecret{}, prefixes[0], token.Personal, token.Locator([]byte(strings.Repeat("0", token.LocatorLength))))
	if err != nil {
		return rule{}, err
	}
	names := make([]string, len(prefixes))
	var keywords []string
	for i, p := range prefixes {
		names[i] = string(p)
		for _, k := range token.Kinds() {
			keywords = append(keywords, string(p)+string(rune(k))+"_")
		}
	}
	expression := strings.TrimSuffix(strings.TrimPrefix(token.Describe(prefixes...).RegularExpression, `\b`), `\b`)
	return rule{
		Expression: expression, Whole: `\b(` + expression + `)\b`, Keywords: keywords, Sample: sample.Reveal(),
		About: "Access tokens that begin with " + strings.Join(names, ", "),
	}, nil
}

func ruleFormats() map[string]func(rule) string {
	return map[string]func(rule) string{"gitleaks": gitleaks, "trufflehog": trufflehog, "github": github, "gitlab": gitlab}
}

func (r rule) quoted(sep string) string {
	quoted := make([]string, len(r.Keywords))
	for i, k := range r.Keywords {
		quoted[i] = fmt.Sprintf("%q", k)
	}
	return strings.Join(quoted, sep)
}

// The entropy is that of no true token, whose 38 random characters have more, but
// of the samples in documentation.
func gitleaks(r rule) string {
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

func gitlab(r rule) string {
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

func trufflehog(r rule) string {
	return fmt.Sprintf(`# %s. Written by: tokenry scanner-rules --format trufflehog
# There is no verify: it would send each token to an address. To learn which ones
# are live, and to tell nobody else: tokenry scan --live
detectors:
  - name: TokenryAccessToken
    description: "%s"
    keywords: [%s]
    regex:
      token: '%s'
    entropy: 3
`, r.About, r.About, r.quoted(", "), r.Whole)
}

func github(r rule) string {
	return fmt.Sprintf(`# %s. Written by: tokenry scanner-rules --format github
# Settings > Advanced Security > Custom patterns > New pattern; "More options"
# has the last two. Turn push protection on once the dry run found what it should.
Pattern name:   Tokenry access token
Secret format:  %s
Test string:    token = %s
Before secret:  \A|[^0-9A-Za-z_]
After secret:   \z|[^0-9A-Za-z_]
`, r.About, r.Expression, r.Sample)
}
