package cli

import (
	"fmt"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/command"
)

// issued hands over a secret: alone on standard output, with what it belongs to
// on standard error; or as the API answers it.
func (a *app) issued(v api.Issued) error {
	if a.JSON {
		return a.PrintJSON(v)
	}
	if err := command.Describe(a.Err, a.tokenRows(v.Token)); err != nil {
		return err
	}
	if v.Token.BlockedBy != nil {
		info := api.Code(*v.Token.BlockedBy).Info()
		fmt.Fprintf(a.Err, "note: this secret does not work now: %s. %s\n", info.Title, info.Advice)
	}
	a.SecretFollows()
	_, err := fmt.Fprintln(a.Out, v.Secret)
	return err
}
