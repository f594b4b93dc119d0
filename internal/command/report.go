package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/filelock"
	"github.com/tokenry/tokenry/internal/terminal"
)

// Report tells people what is wrong and what to do, or programs the same as a
// problem.
func (a *App) Report(err error) {
	known, ok := Known(err)
	if shown, ok := errors.AsType[*ShownError](err); ok && (a.JSON || !shown.JSONOnly) {
		return
	}
	if a.plain() {
		if !ok {
			known = api.Errorf(api.CodeInvalidRequest, "%s", err.Error())
			if ExitCode(err) == 1 {
				known.Code = api.CodeInternal
			}
		}
		a.reportJSON(known)
		return
	}
	if !ok || known.Code == api.CodeInternal {
		fmt.Fprintf(a.Err, "tokenry: %s\n", terminal.Clean(unprefixed(err.Error())))
		return
	}
	fmt.Fprintf(a.Err, "tokenry: %s\n", terminal.Clean(known.Message))
	details := []string{"code " + string(known.Code)}
	for _, part := range []struct{ name, value string }{
		{"field", known.Field}, {"missing", strings.Join(known.Missing, " ")}, {"request", known.RequestID},
	} {
		if part.value != "" {
			details = append(details, part.name+" "+part.value)
		}
	}
	if known.RetryAfter > 0 {
		details = append(details, "try again in "+known.RetryAfter.String())
	}
	fmt.Fprintf(a.Err, "         (%s)\n", terminal.Clean(strings.Join(details, ", ")))
	if advice := known.Code.Info().Advice; advice != "" {
		fmt.Fprintf(a.Err, "         %s\n", advice)
	}
}

// Known is an error with a code.
func Known(err error) (*api.Error, bool) {
	if e, ok := errors.AsType[*api.Error](err); ok {
		return e, true
	}
	if held, ok := errors.AsType[*filelock.HeldError](err); ok {
		return api.Errorf(api.CodeDatabaseInUse, "%s", unprefixed(held.Error())), true
	}
	return nil, false
}

// unprefixed drops the name of the room that an error comes from: people do not
// know our rooms.
func unprefixed(s string) string {
	for _, room := range []string{"store: ", "client: ", "token: ", "httpapi: "} {
		s = strings.TrimPrefix(s, room)
	}
	return s
}

func (a *App) reportJSON(e *api.Error) {
	server, _ := a.Address() // an empty variable is refused elsewhere
	b, err := json.MarshalIndent(e.Problem(server+"/errors", e.RequestID), "", "  ")
	if err == nil {
		fmt.Fprintf(a.Err, "%s\n", terminal.CleanJSON(b))
	}
}
