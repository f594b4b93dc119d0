package command

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Listed completes with words that are known, in the order that they have. Words before
// a comma were chosen already.
func Listed(words func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return AfterComma(typed, words()), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// AfterComma puts what was typed before the last comma in front of each word that does not
// stand there, because a shell replaces the whole of what was typed.
func AfterComma(typed string, words []string) (out []string) {
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	chosen := strings.Split(before, ",")
	for _, word := range words {
		if !slices.Contains(chosen, word) {
			out = append(out, before+word)
		}
	}
	return out
}
