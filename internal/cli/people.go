package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/operator"
	"github.com/tokenry/tokenry/internal/terminal"
)

// members are the commands about the people of a workspace. MEMBER is an e-mail,
// an id, ext:ID, or me.
func (a *app) members() *cobra.Command {
	reset := a.tokenIssue("reset-access-token MEMBER", "Make or reset a member's one standing access token", func(ctx context.Context, c *client.Client, who string) (api.Issued, error) {
		return c.ResetAccessToken(ctx, "", who)
	})
	return a.Group("member", "Manage the people of a workspace",
		a.memberList(), a.memberAct("show MEMBER", "Show a member", (*client.Client).GetMember),
		a.memberWrite("create EMAIL", "Take a person into the workspace", func(ctx context.Context, c *client.Client, email string, in api.CreateMember) (api.Member, error) {
			in.Email = email
			return c.CreateMember(ctx, "", in)
		}),
		a.memberWrite("put MEMBER", "Create or replace the member of an e-mail or ext:ID", func(ctx context.Context, c *client.Client, ref string, in api.CreateMember) (api.Member, error) {
			return c.PutMember(ctx, "", ref, in)
		}),
		a.memberInvite(), a.memberAct("cancel-invitation MEMBER", "Take an invitation back that was not accepted, and the membership with it", (*client.Client).CancelInvitation), a.memberEdit(), a.memberAct("deactivate MEMBER", "Stop a member's tokens until it is activated", (*client.Client).DeactivateMember),
		a.memberAct("activate MEMBER", "Bring a deactivated member back", (*client.Client).ActivateMember),
		command.Alias("delete", a.memberAct("remove MEMBER", "End a membership for good and revoke its tokens", (*client.Client).RemoveMember)),
		a.affected("tokens MEMBER", "List the tokens that deactivating or removing a member would stop", (*client.Client).MemberTokens), reset,
		a.portalLink())
}

// portalLink prints a link that is a secret for five minutes, so like one it is
// all that goes to standard output.
func (a *app) portalLink() *cobra.Command {
	return a.Command("portal-link MEMBER", "Make a link that opens a member's own tokens, once and for five minutes", cobra.ExactArgs(1),
		func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			l, err := c.PortalLink(cmd.Context(), "", args[0])
			if err != nil {
				return err
			}
			if a.JSON {
				return a.PrintJSON(l)
			}
			fmt.Fprintf(a.Err, "works once, until %s\n", a.When(&l.ExpiresAt))
			_, err = fmt.Fprintln(a.Out, l.URL)
			return err
		})
}

const memberHead = "MEMBER,NAME,RIGHTS,STATUS,INVITATION,SINCE|SINCE,NAME"

// memberList prints the members, one line for each. It needs members:read.
func (a *app) memberList() *cobra.Command {
	var most int
	var now effective
	var f api.ListFilter
	cmd := a.Command("list", "List the members", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		return command.Table(a.App, c.Members(cmd.Context(), "", f, now.include()...), most, memberHead, func(m api.Member) []string {
			return []string{m.Address, terminal.OrNone(m.Name), terminal.Rights(now.of(m.Grants, m.Effective)), terminal.Active(m.Active), terminal.Invitation(m.Invitation, a.When), a.When(&m.CreatedAt)}
		})
	})
	limitFlag(cmd.Flags(), &most, 0)
	queryFlag(cmd.Flags(), &f, "e-mail, name or external id")
	cmd.Flags().StringVar(&f.Only, "only", "", "only those who are invited and cannot sign in yet, or whose password stands alone: invited or one_factor")
	now.flag(cmd.Flags())
	return command.List[api.Member](a.App, cmd, memberHead)
}

// memberAct makes a command that does one thing to a member and shows it.
func (a *app) memberAct(use, short string, act func(*client.Client, context.Context, string, string) (api.Member, error)) *cobra.Command {
	return command.Answers[api.Member](a.App, a.Command(use, short, cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		m, err := act(c, cmd.Context(), "", args[0])
		return a.showMember(m, err)
	}))
}

// showMember prints a member after a call about one; the error of the call goes first.
func (a *app) showMember(m api.Member, err error) error {
	if err != nil {
		return err
	}
	return a.Show(m, said([]row{
		{"member", m.Address}, {"id", m.ID}, {"name", m.Name}, {"external id", terminal.Optional(m.ExternalID)}, {"status", terminal.Active(m.Active)},
		{"rights", terminal.Rights(m.Grants)}, {"effective", terminal.Rights(m.Effective)}, {"invitation", terminal.Invitation(m.Invitation, a.When)},
		{"since", a.When(&m.CreatedAt)}, {"deactivated", a.by(m.DeactivatedAt, m.DeactivatedBy)},
		{"held", terminal.HeldByInstance(m.HeldByInstance)},
	}))
}

// memberFields are the flags of what a membership consists of. Rights without a
// resource reach none, here as for tokens.
func memberFields(cmd *cobra.Command) *terminal.Fields {
	return terminal.NewFields(cmd.Flags()).Text("name", "name of the person").Text("external_id", "id of the person in your product").Rights()
}

// memberWrite makes a command that takes a person in. A password is read from where
// --password says and never from the argument itself; it is for new users alone, and
// needs instance:admin.
func (a *app) memberWrite(use, short string, write func(context.Context, *client.Client, string, api.CreateMember) (api.Member, error)) *cobra.Command {
	var f *terminal.Fields
	var password string
	cmd := a.Command(use, short, cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		var in api.CreateMember
		if err := f.Into(&in); err != nil {
			return err
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		if password != "" {
			if in.Password, err = a.ReadSecret(password, "--password"); err != nil {
				return err
			}
		}
		m, err := write(cmd.Context(), c, args[0], in)
		return a.showMember(m, err)
	})
	f = memberFields(cmd)
	cmd.Flags().StringVar(&password, "password", "", "where a new user's password is: - for standard input, @FILE for a file; needs instance:admin")
	return command.Answers[api.Member](a.App, cmd)
}

// memberEdit merges flags into a membership, see [tokenEdit]. It needs members:write,
// and nobody gives more than they have.
func (a *app) memberEdit() *cobra.Command {
	var f *terminal.Fields
	var when *condition
	cmd := a.Command("edit MEMBER", "Change a membership", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		var in api.EditMember
		if err := f.Into(&in); err != nil {
			return err
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		opts, err := when.options(cmd.Context(), func(ctx context.Context) (int64, error) {
			m, err := c.GetMember(ctx, "", args[0])
			return m.Revision, err
		})
		if err != nil {
			return err
		}
		m, err := c.EditMember(cmd.Context(), "", args[0], in, opts...)
		return a.showMember(m, err)
	})
	when = conditionFlag(cmd)
	f = memberFields(cmd).Clearing("name", "external_id", "grants")
	return command.Answers[api.Member](a.App, cmd)
}

// affected makes a command that lists the tokens that a suspension would stop.
func (a *app) affected(use, short string, ask func(*client.Client, context.Context, string, string) (api.Affected, error)) *cobra.Command {
	return command.List[api.Token](a.App, a.Command(use, short, cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		hit, err := ask(c, cmd.Context(), "", args[0])
		return command.Table(a.App, command.Each(hit.Tokens, err), 0, tokenHead, a.tokenLine)
	}), tokenHead)
}

// serviceAccounts are the commands about non-human principals.
func (a *app) serviceAccounts() *cobra.Command {
	return a.Group("service-account", "Manage the service accounts of a workspace",
		a.accountList(), a.accountAct("show NAME", "Show a service account", (*client.Client).GetServiceAccount),
		a.accountCreate(), a.accountEdit(),
		a.accountAct("disable NAME", "Stop a service account's tokens until it is enabled", (*client.Client).DisableServiceAccount),
		a.accountAct("enable NAME", "Bring a disabled service account back", (*client.Client).EnableServiceAccount),
		command.Alias("delete", a.accountAct("remove NAME", "End a service account for good and revoke its tokens", (*client.Client).RemoveServiceAccount)),
		a.affected("tokens NAME", "List the tokens that disabling or removing a service account would stop", (*client.Client).ServiceAccountTokens))
}

const accountHead = "NAME,DESCRIPTION,RIGHTS,STATUS,SINCE|SINCE"

// accountList prints the service accounts, one line for each. It needs
// service-accounts:read.
func (a *app) accountList() *cobra.Command {
	var most int
	var now effective
	var f api.ListFilter
	cmd := a.Command("list", "List the service accounts", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		return command.Table(a.App, c.ServiceAccounts(cmd.Context(), "", f, now.include()...), most, accountHead, func(s api.ServiceAccount) []string {
			return []string{s.Name, terminal.OrNone(s.Description), terminal.Rights(now.of(s.Grants, s.Effective)), terminal.Active(s.Active), a.When(&s.CreatedAt)}
		})
	})
	limitFlag(cmd.Flags(), &most, 0)
	queryFlag(cmd.Flags(), &f, "name or description")
	now.flag(cmd.Flags())
	return command.List[api.ServiceAccount](a.App, cmd, accountHead)
}

// accountAct makes a command that does one thing to a service account and shows it.
func (a *app) accountAct(use, short string, act func(*client.Client, context.Context, string, string) (api.ServiceAccount, error)) *cobra.Command {
	return command.Answers[api.ServiceAccount](a.App, a.Command(use, short, cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		s, err := act(c, cmd.Context(), "", args[0])
		return a.showAccount(s, err)
	}))
}

// showAccount prints a service account after a call about one; the error of the call
// goes first.
func (a *app) showAccount(s api.ServiceAccount, err error) error {
	if err != nil {
		return err
	}
	return a.Show(s, said([]row{
		{"name", s.Name}, {"address", s.Address}, {"id", s.ID}, {"description", s.Description}, {"contacts", strings.Join(s.Contacts, " ")}, {"status", terminal.Active(s.Active)},
		{"rights", terminal.Rights(s.Grants)}, {"effective", terminal.Rights(s.Effective)}, {"since", a.When(&s.CreatedAt)}, {"disabled", a.by(s.DisabledAt, s.DisabledBy)},
		{"held", terminal.HeldByInstance(s.HeldByInstance)},
	}))
}

// accountFields are the flags of what a service account consists of. Its contacts are
// told of its tokens, because it reads no mail itself.
func accountFields(cmd *cobra.Command) *terminal.Fields {
	return terminal.NewFields(cmd.Flags()).Text("description", "what it is for").Texts("contacts", "contact", "e-mail that is told about its tokens").Rights()
}

// accountCreate makes a principal that is nobody's. Its name is part of its address
// and never changes.
func (a *app) accountCreate() *cobra.Command {
	var f *terminal.Fields
	cmd := a.Command("create NAME", "Create a service account", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		in := api.CreateServiceAccount{}
		if err := f.Into(&in); err != nil {
			return err
		}
		in.Name = args[0]
		c, err := a.client()
		if err != nil {
			return err
		}
		s, err := c.CreateServiceAccount(cmd.Context(), "", in)
		return a.showAccount(s, err)
	})
	f = accountFields(cmd)
	return command.Answers[api.ServiceAccount](a.App, cmd)
}

// accountEdit merges flags into a service account, see [tokenEdit].
func (a *app) accountEdit() *cobra.Command {
	var f *terminal.Fields
	var when *condition
	cmd := a.Command("edit NAME", "Change a service account", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		var in api.EditServiceAccount
		if err := f.Into(&in); err != nil {
			return err
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		opts, err := when.options(cmd.Context(), func(ctx context.Context) (int64, error) {
			s, err := c.GetServiceAccount(ctx, "", args[0])
			return s.Revision, err
		})
		if err != nil {
			return err
		}
		s, err := c.EditServiceAccount(cmd.Context(), "", args[0], in, opts...)
		return a.showAccount(s, err)
	})
	when = conditionFlag(cmd)
	f = accountFields(cmd).Clearing("description", "contacts", "grants")
	return command.Answers[api.ServiceAccount](a.App, cmd)
}

// users are the commands about people across workspaces, for administrators of
// the instance.
func (a *app) users() *cobra.Command {
	var f api.ListFilter
	list := a.Command("list", "List the users of all workspaces", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		return command.Table(a.App, c.Users(cmd.Context(), f), 0, userHead, a.userLine)
	})
	queryFlag(list.Flags(), &f, "e-mail or name")
	list = command.List[api.User](a.App, list, userHead)
	return a.Group("user", "Manage people across workspaces (needs instance:admin)", list,
		a.userAct("show USER", "Show a user", (*client.Client).GetUser),
		a.userAct("deactivate USER", "Stop a person's tokens in every workspace", (*client.Client).DeactivateUser),
		a.userAct("activate USER", "Bring a deactivated user back", (*client.Client).ActivateUser), a.userErase(), operator.ResetPassword(a.App))
}

// userErase erases a person, which cannot be undone: the server refuses it while they
// are active anywhere, and --dry-run counts what would go.
func (a *app) userErase() *cobra.Command {
	var dryRun bool
	cmd := a.Command("erase USER", "Erase everything about a user who is deactivated or a member nowhere", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		e, err := c.EraseUser(cmd.Context(), args[0], dryRun)
		if err != nil {
			return err
		}
		return a.Show(e, []row{
			{"user", e.User.ID}, {"dry run", terminal.YesNo(e.DryRun)}, {"audit events", strconv.Itoa(e.AuditEvents)}, {"tokens", strconv.Itoa(e.Tokens)},
			{"memberships", strconv.Itoa(e.Memberships)}, {"sessions", strconv.Itoa(e.Sessions)}, {"identities", strconv.Itoa(e.Identities)},
			{"second factors", strconv.Itoa(e.Factors)}, {"mails", strconv.Itoa(e.Mails)}, {"deliveries", strconv.Itoa(e.Deliveries)},
			{"mentions", strconv.Itoa(e.Mentions)},
		})
	})
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "change nothing, and count what would be erased")
	return cmd
}

// admins are the commands about administrators of the instance.
func (a *app) admins() *cobra.Command {
	list := a.Command("list", "List the administrators of the instance", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		admins, err := c.ListAdmins(cmd.Context())
		return command.Table(a.App, command.Each(admins, err), 0, userHead, a.userLine)
	})
	list = command.List[api.User](a.App, list, userHead)
	return a.Group("admin", "Manage the administrators of the instance (needs instance:admin)", list,
		a.userAct("add USER", "Make a user an administrator of the instance", (*client.Client).AddAdmin),
		a.userAct("remove USER", "Make an administrator a plain user", (*client.Client).RemoveAdmin))
}

const userHead = "USER,ID,NAME,STATUS,ADMINISTRATOR,WORKSPACES|NAME,WORKSPACES"

// userLine is a user in a table. An erased one has no e-mail any more, which is a
// dash.
func (a *app) userLine(u api.User) []string {
	return []string{terminal.Optional(u.Email), u.ID, terminal.OrNone(u.Name), terminal.Active(u.Active), terminal.YesNo(u.InstanceAdmin), terminal.OrNone(strings.Join(u.Workspaces, " "))}
}

// userAct makes a command that does one thing to a user and shows them. All of them
// need instance:admin.
func (a *app) userAct(use, short string, act func(*client.Client, context.Context, string) (api.User, error)) *cobra.Command {
	return command.Answers[api.User](a.App, a.Command(use, short, cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		u, err := act(c, cmd.Context(), args[0])
		if err != nil {
			return err
		}
		line := a.userLine(u)
		return a.Show(u, said([]row{{"user", line[0]}, {"id", line[1]}, {"name", line[2]}, {"status", line[3]}, {"administrator", line[4]}, {"workspaces", line[5]},
			{"deactivated", a.by(u.DeactivatedAt, u.DeactivatedBy)}}))
	}))
}
