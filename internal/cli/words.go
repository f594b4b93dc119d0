package cli

import (
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/exports"
	"github.com/tokenry/tokenry/internal/scan"
)

// flagWords are the values that a flag takes where those are few and known.
func flagWords(cmd *cobra.Command, f *pflag.Flag) []string {
	path := strings.TrimPrefix(cmd.CommandPath(), "tokenry ")
	switch f.Name {
	case "kind":
		return []string{"personal", "service", "workspace"}
	case "status":
		return []string{"active", "pending", "disabled", "expired", "revoked"}
	case "reason":
		return []string{"unused", "superseded", "leaked", "owner_left", "other"}
	case "bucket":
		return []string{"hour", "day"}
	case "only":
		return []string{"invited", "one_factor"}
	case "system":
		return []string{"github", "gitlab", "buildkite", "circleci", "terraform", "kubernetes", "oidc"}
	case "for":
		return []string{"mcp", "mcp="}
	case "filter":
		return filterWords(cmd)
	case "clear": // its help names them
		_, list, _ := strings.Cut(f.Usage, ", of ")
		list, _, _ = strings.Cut(list, ";")
		return strings.Split(list, ", ")
	case "event", "action":
		return eventPatterns()
	case "from":
		if path == "import" {
			return exports.Names()
		}
	case "format":
		return map[string][]string{
			"audit export": {"ndjson", "csv"}, "scan": {"text", "json", "sarif"}, "incident": {"text", "md", "csv"}, "scanner-rules": scan.RuleFormats(),
		}[path]
	}
	return nil
}

// eventPatterns are the types of events, and the pattern of those about tokens.
func eventPatterns() []string {
	words := []string{"token.*"}
	for _, v := range api.WebhookTypes() {
		words = append(words, v.Type)
	}
	return words
}

// filterWords are the beginnings of WORD=VALUE: the flags that narrow a list of tokens.
func filterWords(cmd *cobra.Command) (words []string) {
	for _, name := range []string{"owner", "kind", "status", "query", "role", "scope", "resource", "created-by", "created-with", "used-from", "can", "metadata.", "expiring-within", "unused-for", "outside-policy"} {
		if flag := cmd.Flags().Lookup(strings.TrimSuffix(name, ".")); flag != nil {
			words = append(words, strings.TrimSuffix(name, ".")+map[bool]string{true: ".", false: "="}[strings.HasSuffix(name, ".")])
		}
	}
	return words
}

func bulkActions() []string { return []string{"revoke", "disable", "rotate"} }

// policyFields are the fields of a policy as policy edit takes them, without those that
// stand there already.
func policyFields(typed string) (fields []string) {
	if strings.Contains(typed, "=") {
		return nil
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[api.PatchPolicy]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			fields = append(fields, name+"=")
		}
	}
	slices.Sort(fields)
	return fields
}

// completeFields completes --json= with the fields of the command's answer.
func (a *app) completeFields(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return command.Listed(func() []string { return a.Fields(cmd) })(cmd, args, typed)
}
