package cli

import (
	"context"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/terminal"
)

// A shell that completes waits for the answer, and shows what is printed beside it in
// the middle of the line. So the server is asked for a moment and for so many, nothing is
// said when it does not answer, and nothing is read from standard input.
const (
	maxCompleting = 1200 * time.Millisecond
	maxCandidates = 200
	maxDescribed  = 48

	ordered = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
)

// ask are the candidates that a server has for a word.
type ask func(context.Context, *client.Client, asked) iter.Seq2[candidate, error]

// asked is the command line so far.
type asked struct {
	cmd  *cobra.Command
	args []string
}

// instance is the workspace of a catalogue, see [at].
func (q asked) instance() string {
	on, _ := q.cmd.Flags().GetBool("instance")
	return at(on)
}

// candidate is what may stand there, and what a person knows it by.
type candidate struct{ word, about string }

// teach gives this command and every one below it the completion of their arguments and
// flags, where a shell asks.
func (a *app) teach(cmd *cobra.Command) {
	for _, below := range cmd.Commands() {
		a.teach(below)
	}
	if !cmd.HasParent() {
		_ = cmd.RegisterFlagCompletionFunc("json", a.completeFields) // root has it
	}
	if cmd.ValidArgsFunction == nil && !cmd.HasSubCommands() {
		cmd.ValidArgsFunction = a.arguments(cmd)
	}
	flags := func(f *pflag.Flag) {
		if complete := a.flag(cmd, f); complete != nil {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, complete) // one that has its own keeps it
		}
	}
	cmd.Flags().VisitAll(flags)
	cmd.PersistentFlags().VisitAll(flags)
}

// arguments completes those that the use of a command names.
func (a *app) arguments(cmd *cobra.Command) cobra.CompletionFunc {
	_, use, _ := strings.Cut(cmd.Use, " ")
	if strings.Contains(use, "FILE") || strings.Contains(use, "PATH") {
		return nil // files, as the shell completes them
	}
	asks := argumentAsks(cmd, strings.Fields(use))
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		switch {
		case cmd.CommandPath() == "tokenry token bulk" && len(args) == 0:
			return bulkActions(), cobra.ShellCompDirectiveNoFileComp
		case cmd.CommandPath() == "tokenry policy edit":
			return policyFields(typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		case len(asks) == 0:
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		q := asks[min(len(args), len(asks)-1)]
		if len(args) >= len(asks) && !strings.Contains(cmd.Use, "...") || q == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.candidates(cmd, args, "", q), ordered
	}
}

// argumentAsks are what each argument of a command is asked by; nil for one that is new.
func argumentAsks(cmd *cobra.Command, words []string) (asks []ask) {
	if cmd.Name() == "create" || len(words) == 0 {
		return nil
	}
	group := cmd.Parent().Name()
	for _, word := range words {
		switch word = strings.Trim(word, "[].…"); {
		case strings.HasPrefix(word, "-") || word == "|":
			return asks
		case word == "ID", word == "TOKEN-ID", word == "NAME":
			asks = append(asks, byGroup(group))
		default:
			asks = append(asks, byWord(word))
		}
	}
	return asks
}

// byGroup is what an ID or a name is of, in the commands of a group.
func byGroup(group string) ask {
	return map[string]ask{
		"token": askTokens, "tokenry": askTokens, "webhook": askWebhooks, "trust": askTrust,
		"service-account": askAccounts, "resource": askResources, "import-format": askFormats,
	}[group]
}

// byWord is what an argument or a flag of this name is of.
func byWord(word string) ask {
	return map[string]ask{
		"MEMBER": askMembers, "ROLE": askRoles, "SCOPE": askScopes, "WORKSPACE": askWorkspaces, "USER": askUsers, "ACTION": nil, "DELIVERY": askDeliveries,
		"workspace": askWorkspaces, "role": askRoles, "replacement": askRoles, "scope": askScopes, "implies": askScopes, "can": askScopes,
		"resource": askResources, "owner": askOwners, "created-by": askOwners, "actor": askOwners, "service-account": askAccounts, "as": askAddresses,
		"about": askTokens, "with": askTokens, "created-with": askTokens,
	}[word]
}

// flag completes the value of a flag: from the words that it takes, or by asking.
func (a *app) flag(cmd *cobra.Command, f *pflag.Flag) cobra.CompletionFunc {
	if words := flagWords(cmd, f); len(words) > 0 {
		return command.Listed(func() []string { return words })
	}
	if cmd.Flags().Lookup("database") != nil {
		return nil // of commands that have no token
	}
	q := byWord(f.Name)
	if q == nil {
		return nil
	}
	_, list := f.Value.(pflag.SliceValue)
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if !list {
			typed = ""
		}
		return a.candidates(cmd, args, typed, q), ordered
	}
}

// candidates asks the server; whatever goes wrong, there are fewer of them.
func (a *app) candidates(cmd *cobra.Command, args []string, typed string, q ask) (out []cobra.Completion) {
	if a.flags.token == "-" || a.flags.tokenFile == "-" {
		return nil
	}
	a.Err = io.Discard
	ctx, cancel := context.WithTimeout(cmd.Context(), maxCompleting)
	defer cancel()
	c, err := a.client()
	if err != nil {
		return nil
	}
	for one, err := range q(ctx, c, asked{cmd, args}) {
		if err != nil || len(out) == maxCandidates {
			return out
		}
		if one.word == "" || terminal.Clean(one.word) != one.word || slices.Contains(args, one.word) {
			continue // a shell would type what nobody reads
		}
		words := command.AfterComma(typed, []string{one.word})
		if len(words) == 0 {
			continue
		}
		word := words[0]
		if about := terminal.Truncated(terminal.Clean(one.about), maxDescribed); about != "" {
			word = cobra.CompletionWithDesc(word, about)
		}
		out = append(out, word)
	}
	return out
}

// found are the candidates of a list.
func found[T any](items iter.Seq2[T, error], as func(T) candidate) iter.Seq2[candidate, error] {
	return func(yield func(candidate, error) bool) {
		items(func(item T, err error) bool {
			if err != nil {
				return yield(candidate{}, err)
			}
			return yield(as(item), nil)
		})
	}
}

func askTokens(ctx context.Context, c *client.Client, q asked) iter.Seq2[candidate, error] {
	var f api.TokenFilter
	if q.cmd.CommandPath() == "tokenry token enable" {
		f.Status = api.Some("disabled")
	}
	ended := slices.Contains([]string{"disable", "edit", "rotate", "reset", "retire", "reveal", "revoke", "transfer", "bulk"}, q.cmd.Name())
	return found(c.Tokens(ctx, "", f), func(t api.Token) candidate {
		if ended && t.Status == "revoked" {
			return candidate{}
		}
		return candidate{t.ID, t.Label + ", " + terminal.Status(t)}
	})
}

func askWorkspaces(ctx context.Context, c *client.Client, _ asked) iter.Seq2[candidate, error] {
	return found(c.Workspaces(ctx, api.ListFilter{}), func(w api.Workspace) candidate { return candidate{w.Slug, w.Name} })
}

func askMembers(ctx context.Context, c *client.Client, _ asked) iter.Seq2[candidate, error] {
	return found(c.Members(ctx, "", api.ListFilter{}), func(m api.Member) candidate { return candidate{m.Address, m.Name} })
}

func askAccounts(ctx context.Context, c *client.Client, _ asked) iter.Seq2[candidate, error] {
	return found(c.ServiceAccounts(ctx, "", api.ListFilter{}), func(s api.ServiceAccount) candidate { return candidate{s.Name, s.Description} })
}

func askAddresses(ctx context.Context, c *client.Client, _ asked) iter.Seq2[candidate, error] {
	return found(c.ServiceAccounts(ctx, "", api.ListFilter{}), func(s api.ServiceAccount) candidate { return candidate{s.Address, s.Description} })
}

// askOwners are the members and the service accounts.
func askOwners(ctx context.Context, c *client.Client, q asked) iter.Seq2[candidate, error] {
	return func(yield func(candidate, error) bool) {
		for _, ask := range []ask{askAccounts, askMembers} {
			for one, err := range ask(ctx, c, q) {
				if err != nil {
					break // who may not see the one may see the other
				}
				if !yield(one, nil) {
					return
				}
			}
		}
	}
}

func askUsers(ctx context.Context, c *client.Client, q asked) iter.Seq2[candidate, error] {
	as := func(u api.User) candidate {
		if u.Email == nil {
			return candidate{u.ID, u.Name}
		}
		return candidate{*u.Email, u.Name}
	}
	if q.cmd.CommandPath() == "tokenry admin remove" {
		return found(command.Each(c.ListAdmins(ctx)), as)
	}
	return found(c.Users(ctx, api.ListFilter{}), as)
}

func askRoles(ctx context.Context, c *client.Client, q asked) iter.Seq2[candidate, error] {
	return found(command.Each(c.ListRoles(ctx, q.instance())), func(r api.Role) candidate { return candidate{r.Name, r.Description} })
}

func askScopes(ctx context.Context, c *client.Client, q asked) iter.Seq2[candidate, error] {
	all, err := c.ListScopes(ctx, q.instance())
	slices.SortStableFunc(all, func(x, y api.Scope) int { return strings.Compare(builtIn(x), builtIn(y)) })
	return found(command.Each(all, err), func(s api.Scope) candidate { return candidate{s.Name, s.Description} })
}

// builtIn orders the product's scopes before those of the office itself.
func builtIn(s api.Scope) string { return terminal.YesNo(s.BuiltIn) }

func askResources(ctx context.Context, c *client.Client, _ asked) iter.Seq2[candidate, error] {
	return found(c.Resources(ctx, "", api.ListFilter{}), func(r api.Resource) candidate { return candidate{r.Name, r.Description} })
}

func askWebhooks(ctx context.Context, c *client.Client, q asked) iter.Seq2[candidate, error] {
	return found(c.Webhooks(ctx, q.instance()), func(v api.Webhook) candidate { return candidate{v.ID, v.URL} })
}

func askDeliveries(ctx context.Context, c *client.Client, q asked) iter.Seq2[candidate, error] {
	return found(c.Deliveries(ctx, q.instance(), q.args[0]), func(v api.WebhookDelivery) candidate { return candidate{v.ID, v.Type + ", " + v.State} })
}

func askTrust(ctx context.Context, c *client.Client, _ asked) iter.Seq2[candidate, error] {
	return found(c.TrustRules(ctx, "", ""), func(r api.TrustRule) candidate { return candidate{r.ID, r.Label} })
}

func askFormats(ctx context.Context, c *client.Client, _ asked) iter.Seq2[candidate, error] {
	return found(command.Each(c.ImportFormats(ctx)), func(f api.ImportedFormat) candidate { return candidate{f.Name, ""} })
}
