package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
)

// condition is what a command that changes an object asks of it: to be at the
// revision that a script read, or else at the one that the command reads itself.
type condition struct{ revision int64 }

func conditionFlag(cmd *cobra.Command) *condition {
	c := new(condition)
	cmd.Flags().Int64Var(&c.revision, "if-revision", -1, "change it only while it is at this revision, as show --json says it; by default the one that it has now")
	return c
}

// options are the call's. Who may change an object and not read it, and who makes
// it, asks nothing.
func (c *condition) options(ctx context.Context, read func(context.Context) (int64, error)) ([]client.CallOption, error) {
	revision := c.revision
	if revision < 0 {
		var err error
		if revision, err = read(ctx); errors.Is(err, api.CodeInsufficientScope) || errors.Is(err, api.CodeNotFound) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
	}
	return []client.CallOption{client.IfMatch(revision)}, nil
}
