package command

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// WriteBash writes the completion script for bash. The library's own quotes a comma, which bash
// needs nowhere outside of braces, so that nothing after the first comma of a list is
// completed; ours leaves it as it was typed.
func WriteBash(root *cobra.Command, to io.Writer, descriptions bool) error {
	var script bytes.Buffer
	if err := root.GenBashCompletionV2(&script, descriptions); err != nil {
		return err
	}
	text, patched := unquoted(script.String())
	if patched != commaPlaces {
		return fmt.Errorf("the completion script quotes in %d places and not in %d", patched, commaPlaces)
	}
	_, err := io.WriteString(to, text)
	return err
}

// commaPlaces is in how many lines the library's script quotes words.
const commaPlaces = 6

// unquoted takes the backslash before commas away after each line that quotes words.
func unquoted(script string) (text string, places int) {
	var b strings.Builder
	for line := range strings.Lines(script) {
		b.WriteString(line)
		code := strings.TrimLeft(line, " ")
		if !strings.Contains(code, `printf "%q`) && !strings.Contains(code, `printf -v comp "%q"`) {
			continue
		}
		places++
		indent := line[:len(line)-len(code)]
		switch {
		case strings.HasPrefix(code, "printf -v comp"):
			b.WriteString(indent + `comp=${comp//\\,/,}` + "\n")
		case strings.HasPrefix(code, "COMPREPLY[0]="):
			b.WriteString(indent + `COMPREPLY[0]=${COMPREPLY[0]//\\,/,}` + "\n")
		case strings.Contains(code, "-ra completions"):
			b.WriteString(indent + `completions=("${completions[@]//\\,/,}")` + "\n")
		default:
			b.WriteString(indent + `COMPREPLY=("${COMPREPLY[@]//\\,/,}")` + "\n")
		}
	}
	return b.String(), places
}
