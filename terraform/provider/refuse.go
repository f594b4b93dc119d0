package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

// refuse says why something was not done: the server's code and message, what to do, and
// where to look. What looks like a token is never repeated.
func refuse(to *diag.Diagnostics, what string, fs []field, err error) {
	e, ok := errors.AsType[*api.Error](err)
	if !ok {
		to.AddError("Cannot "+what, token.Redact(err.Error()))
		return
	}
	said := []string{e.Message}
	if len(e.Missing) > 0 {
		said = append(said, "The token lacks "+strings.Join(e.Missing, ", ")+".")
	}
	if advice := e.Code.Info().Advice; !strings.EqualFold(strings.TrimSuffix(advice, "."), e.Message) {
		said = append(said, advice)
	}
	switch {
	case e.Code == api.CodeAlreadyExists:
		said = append(said, "To keep what is there by this configuration, import it.")
	case e.Code == api.CodeOutcomeUnknown:
		said = append(said, "Whether it was done is not known. Plan again; what is there and not in the state is to be imported.")
	}
	if e.RequestID != "" {
		said = append(said, "Request "+e.RequestID+".")
	}
	summary, detail := fmt.Sprintf("Cannot %s: %s", what, e.Code), token.Redact(strings.Join(said, "\n"))
	top, _, _ := strings.Cut(e.Field, ".")
	for _, f := range fs {
		if f.name == top {
			to.AddAttributeError(path.Root(top), summary, detail)
			return
		}
	}
	to.AddError(summary, detail)
}

// parsed is JSON; what is none stays a text, which the server refuses.
func parsed(s string) any {
	var out any
	if json.Unmarshal([]byte(s), &out) != nil {
		return s
	}
	return out
}
