package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/terminal"
)

const workspaceHead = "WORKSPACE,NAME,EXTERNAL ID,STATUS,SINCE|SINCE,EXTERNAL ID"

// workspaces are the commands about tenants. WORKSPACE is a slug or ext:ID.
func (a *app) workspaces() *cobra.Command {
	var f api.ListFilter
	list := a.Command("list", "List the workspaces that the token may enter", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		return command.Table(a.App, c.Workspaces(cmd.Context(), f), 0, workspaceHead, func(w api.Workspace) []string {
			return []string{w.Slug, terminal.OrNone(w.Name), terminal.Optional(w.ExternalID), terminal.Active(w.SuspendedAt == nil), a.When(&w.CreatedAt)}
		})
	})
	queryFlag(list.Flags(), &f, "slug, name or external id")
	return a.Group("workspace", "Manage workspaces", command.List[api.Workspace](a.App, list, workspaceHead), a.workspaceShow(),
		a.workspaceCreate(), a.workspaceEdit(), a.workspaceUsage(),
		a.workspaceAct("suspend WORKSPACE", "Stop all tokens of a workspace until it is resumed (needs instance:admin)", (*client.Client).SuspendWorkspace),
		a.workspaceAct("resume WORKSPACE", "Bring a suspended workspace back (needs instance:admin)", (*client.Client).ResumeWorkspace),
		a.workspaceAct("delete WORKSPACE", "End a workspace for good: its tokens stop, its slug is never used again", (*client.Client).DeleteWorkspace),
		a.affected("tokens WORKSPACE", "List the tokens that suspending a workspace would stop (needs instance:admin)",
			func(c *client.Client, ctx context.Context, _, ref string) (api.Affected, error) {
				return c.WorkspaceTokens(ctx, ref)
			}))
}

// showWorkspace prints a workspace after a call about one; the error of the call goes
// first.
func (a *app) showWorkspace(w api.Workspace, err error) error {
	if err != nil {
		return err
	}
	return a.Show(w, said([]row{
		{"workspace", w.Slug}, {"name", w.Name}, {"external id", terminal.Optional(w.ExternalID)}, {"status", terminal.Active(w.SuspendedAt == nil)},
		{"since", a.When(&w.CreatedAt)}, {"suspended", a.by(w.SuspendedAt, w.SuspendedBy)}, {"metadata", terminal.Metadata(w.Metadata)},
	}))
}

// workspaceShow prints a workspace: the one that is named, else the one of the flag or
// variable, else the token's own.
func (a *app) workspaceShow() *cobra.Command {
	return command.Answers[api.Workspace](a.App, a.Command("show [WORKSPACE]", "Show a workspace, by default the token's own", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		w, err := c.GetWorkspace(cmd.Context(), strings.Join(args, ""))
		return a.showWorkspace(w, err)
	}))
}

// workspaceAct makes a command that does one thing to a workspace and shows it. The
// workspace has to be named: none of these is done to one that somebody happens to be
// in.
func (a *app) workspaceAct(use, short string, act func(*client.Client, context.Context, string) (api.Workspace, error)) *cobra.Command {
	return command.Answers[api.Workspace](a.App, a.Command(use, short, cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		w, err := act(c, cmd.Context(), args[0])
		return a.showWorkspace(w, err)
	}))
}

// workspaceFields are the flags of what a workspace consists of; an external id needs
// instance:admin.
func workspaceFields(cmd *cobra.Command) *terminal.Fields {
	return terminal.NewFields(cmd.Flags()).Text("name", "name of the workspace, for people").Text("external_id", "id of the customer in your product").Metadata()
}

// workspaceCreate makes a tenant. Its slug is its name for good: it stands in
// addresses and token IDs, and is never used again.
func (a *app) workspaceCreate() *cobra.Command {
	var f *terminal.Fields
	cmd := a.Command("create SLUG", "Create a workspace (needs instance:admin)", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		var in api.CreateWorkspace
		if err := f.Into(&in); err != nil {
			return err
		}
		in.Slug = args[0]
		c, err := a.client()
		if err != nil {
			return err
		}
		w, err := c.CreateWorkspace(cmd.Context(), in)
		return a.showWorkspace(w, err)
	})
	f = workspaceFields(cmd)
	return command.Answers[api.Workspace](a.App, cmd)
}

// workspaceEdit merges flags into a workspace, see [tokenEdit].
func (a *app) workspaceEdit() *cobra.Command {
	var f *terminal.Fields
	var when *condition
	cmd := a.Command("edit [WORKSPACE]", "Change a workspace, by default the token's own", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		var in api.EditWorkspace
		if err := f.Into(&in); err != nil {
			return err
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		opts, err := when.options(cmd.Context(), func(ctx context.Context) (int64, error) {
			w, err := c.GetWorkspace(ctx, strings.Join(args, ""))
			return w.Revision, err
		})
		if err != nil {
			return err
		}
		w, err := c.EditWorkspace(cmd.Context(), strings.Join(args, ""), in, opts...)
		return a.showWorkspace(w, err)
	})
	when = conditionFlag(cmd)
	f = workspaceFields(cmd).Clearing("external_id", "metadata")
	return command.Answers[api.Workspace](a.App, cmd)
}

// at is the workspace that a command about a catalogue, policy or audit means:
// "" for the workspace, or the instance when it was asked for.
func at(instance bool) string {
	if instance {
		return client.Instance
	}
	return ""
}

// instanceFlag lets a group of commands be about the instance: what every workspace
// inherits, or its own audit and endpoints.
func instanceFlag(cmd *cobra.Command, on *bool) *cobra.Command {
	cmd.PersistentFlags().BoolVar(on, "instance", false, "the instance's own, in place of a workspace's (needs instance:admin)")
	return cmd
}

// policy are the commands about the policy.
func (a *app) policy() *cobra.Command {
	var instance bool
	show := a.Command("show", "Show what holds", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		p, err := c.GetPolicy(cmd.Context(), at(instance))
		return a.showPolicy(p, err)
	})
	var when *condition
	edit := a.Command("edit FIELD=VALUE…", "Change fields; FIELD=null returns one to what is inherited", cobra.MinimumNArgs(1), func(cmd *cobra.Command, args []string) error {
		patch, err := terminal.PolicyPatch(args)
		if err != nil {
			return command.Misused(err)
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		opts, err := when.options(cmd.Context(), func(ctx context.Context) (int64, error) {
			p, err := c.GetPolicy(ctx, at(instance))
			return p.Revision, err
		})
		if err != nil {
			return err
		}
		p, err := c.EditPolicy(cmd.Context(), at(instance), patch, opts...)
		return a.showPolicy(p, err)
	})
	when = conditionFlag(edit)
	return instanceFlag(a.Group("policy", "Show and change the policy", command.Answers[api.Policy](a.App, show), command.Answers[api.Policy](a.App, edit), a.policyUnused()), &instance)
}

// showPolicy prints the fields of a policy, each with where it comes from.
func (a *app) showPolicy(p api.Policy, err error) error {
	if err != nil {
		return err
	}
	fields, err := terminal.Policy(p)
	if err != nil {
		return err
	}
	var rows []row
	for _, f := range fields {
		rows = append(rows, row{f[0], f[1]})
	}
	return a.Show(p, rows)
}
