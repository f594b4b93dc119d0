package cli

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/terminal"
	"github.com/tokenry/tokenry/token"
)

// derived is a derived token as programs are told.
type derived struct {
	Token      string         `json:"token"`
	Masked     string         `json:"masked"`
	Scopes     []string       `json:"scopes,omitempty"`
	Resources  []string       `json:"resources,omitempty"`
	AllowedIPs []netip.Prefix `json:"allowed_ips,omitempty"`
	ExpiresAt  *time.Time     `json:"expires_at"`
}

// tokenDerive narrows a token, and asks no server.
func (a *app) tokenDerive() *cobra.Command {
	var terms func(time.Time) (token.Terms, error)
	cmd := a.Command("derive [-|@FILE|'$NAME']", "Make a narrower token of one that you have, without asking the server", cobra.MaximumNArgs(1), func(_ *cobra.Command, args []string) error {
		t, err := terms(a.Now())
		if err != nil {
			return err
		}
		held, err := a.ReadGiven(args, "the token to derive from")
		if err != nil {
			return err
		}
		s, err := token.Derive(token.NewSecret(held), t)
		switch {
		case token.IsDerived(held):
			return command.Usagef("that is a derived token itself; derive from the token that it was derived from")
		case errors.Is(err, token.ErrMalformed):
			return command.Usagef("that is no token of Tokenry, or was not copied whole: of strings that were imported from another system nothing can be derived before they are rotated")
		case err != nil:
			return command.Misused(err)
		}
		return a.showDerived(derived{s.Reveal(), s.Mask(), t.Scopes, t.Resources, t.Addresses, nil}, t.ExpiresAt)
	})
	terms = terminal.Terms(cmd.Flags())
	cmd.Long = `Make a narrower token of one that you have: fewer scopes, fewer resources, some
addresses alone, an earlier end. No server is asked, and none has to be told. It is
printed on standard output.

The token is read from standard input (-, the default), a file (@FILE) or a variable
('$NAME'), never from an argument. What is derived may never do more than the token
may at that moment. It ends with the token and with the secret that it was derived
from, when that is rotated away, at once and everywhere; nothing else ends it, so it
lasts an hour where nothing is said. It opens nothing of Tokenry itself, and
nothing can be derived from it.`
	return cmd
}

// showDerived prints the string alone, or all of it as JSON.
func (a *app) showDerived(d derived, end time.Time) error {
	last := "with its token alone"
	if !end.IsZero() {
		d.ExpiresAt, last = &end, "at "+end.Format(time.RFC3339)+", or with its token"
	}
	if a.JSON {
		return a.PrintJSON(d)
	}
	fmt.Fprintf(a.Err, "note: %s ends %s\n", d.Masked, last)
	_, err := fmt.Fprintln(a.Out, d.Token)
	return err
}
