package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/terminal"
)

const (
	roleHead     = "ROLE,DESCRIPTION,SCOPES,RATE LIMIT,ORIGIN|RATE LIMIT"
	removalHead  = "KIND,NAME,REWRITTEN,REMOVED,BY"
	scopeHead    = "SCOPE,DESCRIPTION,IMPLIES,ROLES,ORIGIN|IMPLIES"
	resourceHead = "RESOURCE,DESCRIPTION,CREATED"
)

// roles are the commands about roles.
func (a *app) roles() *cobra.Command {
	var instance bool
	list := a.Command("list", "List the roles that hold", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		roles, err := c.ListRoles(cmd.Context(), at(instance))
		return command.Table(a.App, command.Each(roles, err), 0, roleHead, func(r api.Role) []string {
			return []string{r.Name, terminal.OrNone(r.Description), strings.Join(r.Scopes, " "), terminal.OrNone(terminal.RateLimit(r.RateLimit)), terminal.Origin(r.BuiltIn, r.Inherited)}
		})
	})
	show := a.Command("show ROLE", "Show a role", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		return a.showRole(c.GetRole(cmd.Context(), at(instance), args[0]))
	})
	return instanceFlag(a.Group("role", "Manage roles", command.List[api.Role](a.App, list, roleHead), command.Answers[api.Role](a.App, show), a.rolePut(&instance), a.roleDelete(&instance)), &instance)
}

// removals are the commands about what was removed. It gives nothing from that moment
// on; rows that name it are rewritten behind, and until that is done its name is
// refused.
func (a *app) removals() *cobra.Command {
	var instance bool
	list := a.Command("list", "List what was removed and is being rewritten yet", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		removals, err := c.ListRemovals(cmd.Context(), at(instance))
		return command.Table(a.App, command.Each(removals, err), 0, removalHead, func(r api.Removal) []string {
			done := strconv.FormatInt(r.Done, 10)
			if r.Total != nil {
				done += " of " + strconv.FormatInt(*r.Total, 10)
			}
			return []string{r.Kind, r.Name, done, a.When(&r.RemovedAt), r.RemovedBy}
		})
	})
	return instanceFlag(a.Group("removal", "See how far removals are", command.List[api.Removal](a.App, list, removalHead)), &instance)
}

// showRole prints a role after a call about one; the error of the call goes first.
func (a *app) showRole(r api.Role, err error) error {
	if err != nil {
		return err
	}
	return a.Show(r, said([]row{
		{"role", r.Name}, {"shown as", r.DisplayName}, {"description", r.Description}, {"scopes", strings.Join(r.Scopes, " ")},
		{"rate limit", terminal.RateLimit(r.RateLimit)}, {"origin", terminal.Origin(r.BuiltIn, r.Inherited)},
	}))
}

// rolePut writes a role as a whole: what no flag says is not in it. It asks that the
// role is as it was read, or that there is none.
func (a *app) rolePut(instance *bool) *cobra.Command {
	var f *terminal.Fields
	var when *condition
	cmd := a.Command("put ROLE", "Create or replace a role, or extend a built-in one", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		var in api.PutRole
		if err := f.Into(&in); err != nil {
			return err
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		opts, err := when.options(cmd.Context(), func(ctx context.Context) (int64, error) {
			r, err := c.GetRole(ctx, at(*instance), args[0])
			return r.Revision, err
		})
		if err != nil {
			return err
		}
		r, err := c.PutRole(cmd.Context(), at(*instance), args[0], in, opts...)
		return a.showRole(r, err)
	})
	when = conditionFlag(cmd)
	f = terminal.NewFields(cmd.Flags()).
		Text("display_name", "how a built-in role is shown").Text("description", "what it is for").
		Texts("scopes", "scope", "scope or pattern that it holds").Value("rate_limit", new(terminal.Rate), "limit of tokens with this role, like 100/1m").
		Yes("locked", "with --instance: workspaces cannot override it")
	return command.Answers[api.Role](a.App, cmd)
}

// roleDelete removes a role. Whoever has it needs another: without --replacement the
// server refuses with role_in_use, so that nobody loses rights by surprise.
func (a *app) roleDelete(instance *bool) *cobra.Command {
	var replacement string
	cmd := a.Command("delete ROLE", "Remove a role", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		r, err := c.DeleteRole(cmd.Context(), at(*instance), args[0], replacement)
		return a.showRole(r, err)
	})
	cmd.Flags().StringVar(&replacement, "replacement", "", "role that those who have it get")
	return command.Answers[api.Role](a.App, cmd)
}

// scopes are the commands about the catalogue.
func (a *app) scopes() *cobra.Command {
	var instance bool
	list := a.Command("list", "List the scopes that there are", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		scopes, err := c.ListScopes(cmd.Context(), at(instance))
		return command.Table(a.App, command.Each(scopes, err), 0, scopeHead, func(s api.Scope) []string {
			return []string{s.Name, terminal.OrNone(s.Description), terminal.OrNone(strings.Join(s.Implies, " ")), terminal.OrNone(strings.Join(s.Roles, ", ")), terminal.Origin(s.BuiltIn, s.Inherited)}
		})
	})
	show := a.Command("show SCOPE", "Show a scope", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		return a.showScope(c.GetScope(cmd.Context(), at(instance), args[0]))
	})
	remove := a.Command("delete SCOPE", "Remove a scope from the catalogue, and its name from every grant", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		s, err := c.DeleteScope(cmd.Context(), at(instance), args[0])
		return a.showScope(s, err)
	})
	return instanceFlag(a.Group("scope", "Manage the scope catalogue", command.List[api.Scope](a.App, list, scopeHead),
		command.Answers[api.Scope](a.App, show), a.scopePut(&instance), command.Answers[api.Scope](a.App, remove)), &instance)
}

// showScope prints a scope after a call about one; the error of the call goes first.
func (a *app) showScope(s api.Scope, err error) error {
	if err != nil {
		return err
	}
	return a.Show(s, said([]row{
		{"scope", s.Name}, {"description", s.Description}, {"implies", strings.Join(s.Implies, " ")},
		{"roles", strings.Join(s.Roles, ", ")}, {"origin", terminal.Origin(s.BuiltIn, s.Inherited)},
	}))
}

// scopePut writes a scope of the catalogue as a whole. Roles that a flag names get it
// besides what their patterns give them.
func (a *app) scopePut(instance *bool) *cobra.Command {
	var f *terminal.Fields
	var when *condition
	cmd := a.Command("put SCOPE", "Create or replace a scope of the catalogue", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		var in api.PutScope
		if err := f.Into(&in); err != nil {
			return err
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		opts, err := when.options(cmd.Context(), func(ctx context.Context) (int64, error) {
			s, err := c.GetScope(ctx, at(*instance), args[0])
			return s.Revision, err
		})
		if err != nil {
			return err
		}
		s, err := c.PutScope(cmd.Context(), at(*instance), args[0], in, opts...)
		return a.showScope(s, err)
	})
	when = conditionFlag(cmd)
	f = terminal.NewFields(cmd.Flags()).
		Text("description", "what it allows").Texts("implies", "implies", "scope that comes with it").
		Texts("roles", "role", "role that gets it besides what the patterns give").Yes("locked", "with --instance: workspaces cannot override it")
	return command.Answers[api.Scope](a.App, cmd)
}

// resources are the commands about what rights can be restricted to.
func (a *app) resources() *cobra.Command {
	var most int
	var f api.ListFilter
	var in api.CreateResource
	list := a.Command("list", "List the resources that are on board", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		return command.Table(a.App, c.Resources(cmd.Context(), "", f), most, resourceHead, func(r api.Resource) []string {
			return []string{r.Name, terminal.OrNone(r.Description), a.When(&r.CreatedAt) + " by " + r.CreatedBy}
		})
	})
	limitFlag(list.Flags(), &most, 0)
	queryFlag(list.Flags(), &f, "name or description")
	create := a.resourceAct("create NAME", "Put a resource on board", func(c *client.Client, ctx context.Context, ws, name string) (api.Resource, error) {
		in.Name = name
		return c.CreateResource(ctx, ws, in)
	})
	create.Flags().StringVar(&in.Description, "description", "", "what it is")
	return a.Group("resource", "Manage the resources of a workspace", command.List[api.Resource](a.App, list, resourceHead), create,
		a.resourceAct("show NAME", "Show a resource", (*client.Client).GetResource),
		a.resourceAct("delete NAME", "Take a resource off board, and its name out of every grant", (*client.Client).DeleteResource))
}

// resourceAct makes a command that does one thing to a resource and shows it.
func (a *app) resourceAct(use, short string, act func(*client.Client, context.Context, string, string) (api.Resource, error)) *cobra.Command {
	return command.Answers[api.Resource](a.App, a.Command(use, short, cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		r, err := act(c, cmd.Context(), "", args[0])
		if err != nil {
			return err
		}
		return a.Show(r, said([]row{{"resource", r.Name}, {"description", r.Description}, {"created", a.When(&r.CreatedAt) + " by " + r.CreatedBy}}))
	}))
}
