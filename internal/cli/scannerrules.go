package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/scan"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/token"
)

// scannerRules prints rules with which other programs find our tokens.
func (a *app) scannerRules() *cobra.Command {
	var format string
	var given []string
	cmd := a.Command("scanner-rules --format FORMAT", "Print rules for gitleaks, trufflehog, github or gitlab", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		write, ok := scan.RuleFormat(format)
		if !ok {
			return command.Usagef("--format takes %s", strings.Join(scan.RuleFormats(), ", "))
		}
		prefixes, err := a.rulePrefixes(cmd, given)
		if err != nil {
			return err
		}
		rule, err := scan.NewRule(prefixes)
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
	if len(given) > 0 || a.Server != "" || !named {
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
