package httpapi

import (
	"net/http"
	"reflect"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/reference"
)

func callerRoutes() []Route {
	return group("Caller",
		route("GET", "/v1/whoami", self(""), "Who the calling token is, and what it may do now",
			get(func(c *call) (api.Whoami, error) { return c.s.authority.Whoami(c.ctx, c.caller) })),
	)
}

func workspaceRoutes() []Route {
	return group("Workspaces",
		route("GET", "/v1/workspaces", self("A token sees its own workspace; one with instance:admin sees all."),
			"List the workspaces that the caller may enter",
			list(func(c *call, p authority.Page) ([]api.Workspace, int64, error) {
				return c.s.authority.ListWorkspaces(c.ctx, c.caller, p)
			})).searching("slug, name or external id"),
		route("POST", "/v1/workspaces", instance(), "Create a workspace",
			change(func(c *call, in api.CreateWorkspace) (authority.Done[api.Workspace], error) {
				return c.s.authority.CreateWorkspace(c.ctx, c.caller, in)
			})).creating(),
		route("GET", "/v1/workspaces/{ws}", self(""), "Show a workspace",
			get(func(c *call) (api.Workspace, error) {
				return c.s.authority.GetWorkspace(c.ctx, c.caller, c.path("ws"))
			})),
		route("PUT", "/v1/workspaces/{ws}", instance(), "Create or replace a workspace, by its slug or ext:ID",
			put(func(c *call, in api.PutWorkspace) (authority.Done[api.Workspace], error) {
				return c.s.authority.PutWorkspace(c.ctx, c.caller, c.path("ws"), in)
			})),
		route("PATCH", "/v1/workspaces/{ws}", needs("policy:write").Noting("external_id needs instance:admin."), "Edit a workspace",
			change(func(c *call, in api.EditWorkspace) (authority.Done[api.Workspace], error) {
				return c.s.authority.EditWorkspace(c.ctx, c.caller, c.path("ws"), in)
			})),
		route("DELETE", "/v1/workspaces/{ws}", needs("workspace:delete"), "Delete a workspace for good",
			act(func(c *call) (authority.Done[api.Workspace], error) {
				return c.s.authority.DeleteWorkspace(c.ctx, c.caller, c.path("ws"))
			})).saying("Its tokens stop at once. Its slug is never used again."),
		route("POST", "/v1/workspaces/{ws}/suspend", instance(), "Suspend a workspace: all its tokens stop until it is resumed",
			suspend(func(c *call, dryRun bool) (done authority.Done[api.Workspace], err error) {
				if !dryRun {
					return c.s.authority.SuspendWorkspace(c.ctx, c.caller, c.path("ws"))
				}
				done.Affected, err = c.s.authority.SuspensionOf(c.ctx, c.caller, c.path("ws"))
				return done, err
			})),
		route("POST", "/v1/workspaces/{ws}/resume", instance(), "Resume a suspended workspace",
			act(func(c *call) (authority.Done[api.Workspace], error) {
				return c.s.authority.ResumeWorkspace(c.ctx, c.caller, c.path("ws"))
			})),
	)
}

func policyRoutes() []Route {
	return group("Policy, scopes and roles", append([]Route{
		route("GET", "/v1/workspaces/{ws}/policy", needs("policy:read"), "Show the policy that holds in a workspace",
			get(func(c *call) (api.Policy, error) { return c.s.authority.GetPolicy(c.ctx, c.caller, c.path("ws")) })),
		route("PATCH", "/v1/workspaces/{ws}/policy", needs("policy:write"), "Edit a workspace's policy; null returns a field to what is inherited",
			change(func(c *call, in api.PatchPolicy) (authority.Done[api.Policy], error) {
				return c.s.authority.EditPolicy(c.ctx, c.caller, c.path("ws"), in)
			})),
		route("GET", "/v1/workspaces/{ws}/unused", needs("policy:read"), "Show how far the policy disable_unused_after has come, and what waits for a yes",
			get(func(c *call) (api.UnusedTokens, error) {
				return c.s.authority.UnusedTokens(c.ctx, c.caller, c.path("ws"), c.duration("after"))
			})).taking(reference.Param{Name: "after", Kind: reference.Duration, Description: "Also say what a policy of so long would mean now, like 90d; needs tokens:read."}),
		route("POST", "/v1/workspaces/{ws}/unused/confirm", needs("policy:write", "tokens:disable").Noting("Both."), "Say yes to disabling the tokens that wait, as they were shown",
			change(func(c *call, in api.ConfirmUnused) (authority.Done[api.UnusedTokens], error) {
				return c.s.authority.ConfirmUnused(c.ctx, c.caller, c.path("ws"), in)
			})).saying("They are disabled within minutes. The yes counts for those tokens alone, and for 7 days; what has reached its day since waits for another."),
	}, rightsRoutes("/v1/workspaces/{ws}", needs("roles:read"), needs("roles:write"), inWorkspace)...)...)
}

func inWorkspace(c *call) authority.Where { return authority.Where{Workspace: c.path("ws")} }
func inInstance(*call) authority.Where    { return authority.Where{Instance: true} }

// rightsRoutes are the catalogue and the roles, of a workspace or of the instance.
func rightsRoutes(base string, read, write reference.Access, where func(*call) authority.Where) []Route {
	return []Route{
		route("GET", base+"/scopes", read, "List the scopes: built-in ones, then the product's catalogue",
			all(func(c *call) ([]api.Scope, error) { return c.s.authority.ListScopes(c.ctx, c.caller, where(c)) })),
		route("GET", base+"/scopes/{name}", read, "Show a scope",
			get(func(c *call) (api.Scope, error) {
				return c.s.authority.GetScope(c.ctx, c.caller, where(c), c.path("name"))
			})),
		route("PUT", base+"/scopes/{name}", write, "Create or replace a scope of the catalogue",
			put(func(c *call, in api.PutScope) (authority.Done[api.Scope], error) {
				return c.s.authority.PutScope(c.ctx, c.caller, where(c), c.path("name"), in)
			})),
		route("DELETE", base+"/scopes/{name}", write, "Remove a scope from the catalogue, and its name from every list",
			act(func(c *call) (authority.Done[api.Scope], error) {
				return c.s.authority.DeleteScope(c.ctx, c.caller, where(c), c.path("name"))
			})),
		route("GET", base+"/roles", read, "List the roles: built-in ones, then the others by name",
			all(func(c *call) ([]api.Role, error) { return c.s.authority.ListRoles(c.ctx, c.caller, where(c)) })),
		route("GET", base+"/roles/{name}", read, "Show a role",
			get(func(c *call) (api.Role, error) {
				return c.s.authority.GetRole(c.ctx, c.caller, where(c), c.path("name"))
			})),
		route("PUT", base+"/roles/{name}", write, "Create or replace a role, or extend a built-in one",
			put(func(c *call, in api.PutRole) (authority.Done[api.Role], error) {
				return c.s.authority.PutRole(c.ctx, c.caller, where(c), c.path("name"), in)
			})),
		route("DELETE", base+"/roles/{name}", write, "Remove a role",
			act(func(c *call) (authority.Done[api.Role], error) {
				return c.s.authority.DeleteRole(c.ctx, c.caller, where(c), c.path("name"), c.text("replacement"))
			})).taking(reference.Param{Name: "replacement", Description: "The role that its users get; needed while it has any."}),
		route("GET", base+"/removals", read, "List what was removed and is being rewritten yet",
			all(func(c *call) ([]api.Removal, error) { return c.s.authority.ListRemovals(c.ctx, c.caller, where(c)) })).
			saying("What was removed gives nothing any more from the moment that was answered. Rows that say otherwise are " +
				"rewritten behind, in pieces; until that is done, the name of a scope, a resource or a role is refused with being_deleted."),
	}
}

func instanceRoutes() []Route {
	return group("Instance", append([]Route{
		route("GET", "/v1/instance/policy", instance(), "Show the instance's defaults of policy",
			get(func(c *call) (api.Policy, error) { return c.s.authority.GetInstancePolicy(c.ctx, c.caller) })),
		route("PATCH", "/v1/instance/policy", instance(), "Edit the instance's defaults of policy, which every workspace inherits live",
			change(func(c *call, in api.PatchPolicy) (authority.Done[api.Policy], error) {
				return c.s.authority.EditInstancePolicy(c.ctx, c.caller, in)
			})),
		route("GET", "/v1/instance/usage", instance(), "Count what was done in all workspaces, together and in each",
			get(func(c *call) (api.InstanceUsage, error) {
				return c.s.authority.InstanceUsage(c.ctx, c.caller, c.time("from"), c.time("to"), c.text("bucket"))
			})).taking(usageParams()...),
		route("GET", "/v1/instance/admins", instance(), "List the instance administrators",
			all(func(c *call) ([]api.User, error) { return c.s.authority.ListAdmins(c.ctx, c.caller) })),
		route("POST", "/v1/instance/admins", instance(), "Make a user an instance administrator",
			change(func(c *call, in api.AddAdmin) (authority.Done[api.User], error) {
				return c.s.authority.AddAdmin(c.ctx, c.caller, in)
			})),
		route("DELETE", "/v1/instance/admins/{id}", instance(), "Make an instance administrator a plain user",
			act(func(c *call) (authority.Done[api.User], error) {
				return c.s.authority.RemoveAdmin(c.ctx, c.caller, c.path("id"))
			})),
	}, rightsRoutes("/v1/instance", instance(), instance(), inInstance)...)...)
}

func userRoutes() []Route {
	return group("Users",
		route("GET", "/v1/users", instance(), "List the users of all workspaces",
			list(func(c *call, p authority.Page) ([]api.User, int64, error) {
				return c.s.authority.ListUsers(c.ctx, c.caller, p)
			})).searching("e-mail or name").taking(reference.Param{Name: "only", OneOf: []string{ledger.OnlyOneFactor},
			Description: "one_factor: whose password stands alone, without an authenticator app or a passkey."}),
		route("GET", "/v1/users/{id}", instance(), "Show a user, by e-mail or id",
			get(func(c *call) (api.User, error) { return c.s.authority.GetUser(c.ctx, c.caller, c.path("id")) })),
		route("POST", "/v1/users/{id}/deactivate", instance(), "Deactivate a user: their tokens and sessions stop in every workspace",
			act(func(c *call) (authority.Done[api.User], error) {
				return c.s.authority.DeactivateUser(c.ctx, c.caller, c.path("id"))
			})),
		route("POST", "/v1/users/{id}/activate", instance(), "Bring a deactivated user back",
			act(func(c *call) (authority.Done[api.User], error) {
				return c.s.authority.ActivateUser(c.ctx, c.caller, c.path("id"))
			})),
		eraseRoute(),
	)
}

// eraseRoute looks through the whole audit, which takes its time.
func eraseRoute() Route {
	rt := route("POST", "/v1/users/{id}/erase", instance(), "Erase everything about a user who is deactivated or a member nowhere",
		endpoint{
			in: reflect.TypeFor[api.EraseUser](), optional: true, out: reflect.TypeFor[api.Erasure](), changes: true,
			params: []reference.Param{{Name: "dry_run", Kind: reference.Flag, Description: "Change nothing; answer how much would be erased."}},
			run: func(c *call) (answer, error) {
				var in api.EraseUser
				if err := c.decode(&in); err != nil {
					return answer{}, err
				}
				c.dry = c.flag("dry_run") || in.DryRun
				deadline := http.NewResponseController(c.w)
				_ = deadline.SetWriteDeadline(c.s.now().Add(c.route.Timeout)) // a writer without one needs none
				v, err := c.s.authority.EraseUser(c.ctx, c.caller, c.path("id"), c.dry)
				return answer{body: v.Value, changed: !c.dry, revision: v.Revision}, err
			},
		}).saying("Their e-mail, names, ways in, mails and usage go, and what the audit says by and about them, in every workspace; " +
		"their tokens are revoked. The audit stays whole. What was cut off is finished by asking again.")
	rt.Timeout = exportTime
	return rt
}
