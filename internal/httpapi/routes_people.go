package httpapi

import (
	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/reference"
)

func memberRoutes() []Route {
	const notOneself = "A member sees themselves without it."
	return group("Members",
		route("GET", "/v1/workspaces/{ws}/members", needs("members:read"), "List a workspace's members",
			list(func(c *call, p authority.Page) ([]api.Member, int64, error) {
				return c.s.authority.ListMembers(c.ctx, c.caller, c.path("ws"), p)
			})).searching("e-mail, name or external id").including().taking(reference.Param{Name: "only", OneOf: []string{ledger.OnlyInvited, ledger.OnlyOneFactor},
			Description: "invited: who has an e-mail and no way to sign in yet. one_factor: whose password stands alone, without an authenticator app or a passkey."}),
		route("POST", "/v1/workspaces/{ws}/members", needs("members:write"), "Take a person into a workspace",
			change(func(c *call, in api.CreateMember) (authority.Done[api.Member], error) {
				return c.s.authority.CreateMember(c.ctx, c.caller, c.path("ws"), in)
			})).creating().saying("Nobody can give more than their own rights. A password needs instance:admin and a new user."),
		route("GET", "/v1/workspaces/{ws}/members/{member}", needs("members:read").Noting(notOneself), "Show a member, by e-mail, id, ext:ID or me",
			get(func(c *call) (api.Member, error) {
				return c.s.authority.GetMember(c.ctx, c.caller, c.path("ws"), c.path("member"))
			})),
		route("PUT", "/v1/workspaces/{ws}/members/{member}", needs("members:write"), "Create or replace a member, by e-mail or ext:ID",
			put(func(c *call, in api.CreateMember) (authority.Done[api.Member], error) {
				return c.s.authority.PutMember(c.ctx, c.caller, c.path("ws"), c.path("member"), in)
			})),
		route("PATCH", "/v1/workspaces/{ws}/members/{member}", needs("members:write"), "Edit a member",
			change(func(c *call, in api.EditMember) (authority.Done[api.Member], error) {
				return c.s.authority.EditMember(c.ctx, c.caller, c.path("ws"), c.path("member"), in)
			})),
		route("DELETE", "/v1/workspaces/{ws}/members/{member}", needs("members:write"), "Remove a member and revoke their tokens",
			stop(func(c *call, dry bool) (authority.Done[api.Member], error) {
				return c.s.authority.RemoveMember(c.ctx, c.caller, c.path("ws"), c.path("member"), dry)
			})),
		route("POST", "/v1/workspaces/{ws}/members/{member}/deactivate", needs("members:write"), "Deactivate a member: their tokens and sessions stop",
			suspend(func(c *call, dry bool) (authority.Done[api.Member], error) {
				return c.s.authority.DeactivateMember(c.ctx, c.caller, c.path("ws"), c.path("member"), dry)
			})),
		route("POST", "/v1/workspaces/{ws}/members/{member}/activate", needs("members:write"), "Bring a deactivated member back",
			act(func(c *call) (authority.Done[api.Member], error) {
				return c.s.authority.ActivateMember(c.ctx, c.caller, c.path("ws"), c.path("member"))
			})),
		route("POST", "/v1/workspaces/{ws}/members/{member}/access-token/reset",
			needs("tokens:create", "tokens:edit").Noting("The first time it needs tokens:create, later tokens:edit; for somebody else tokens:impersonate too."),
			"Create or reset the member's standing access token",
			reissue(func(c *call) (authority.Issued, error) {
				return c.s.authority.ResetAccessToken(c.ctx, c.caller, c.path("ws"), c.path("member"))
			})).keyed(),
		route("POST", "/v1/workspaces/{ws}/members/{member}/invite", needs("members:write"), "Mail a member an invitation to sign in",
			act((*call).inviteMember)).saying("Whoever cannot sign in yet is mailed a link to choose a password by, which works once and for "+
			"three days; everybody else is told of the workspace. Creating a member mails nothing by itself."),
		route("DELETE", "/v1/workspaces/{ws}/members/{member}/invite", needs("members:write"), "Cancel the invitation of a member who did not accept it",
			stop(func(c *call, dry bool) (authority.Done[api.Member], error) {
				return c.s.authority.CancelInvitation(c.ctx, c.caller, c.path("ws"), c.path("member"), dry)
			})).saying("The link is dead and the membership ends, as if the member were removed. Whoever can sign in by now is left alone (already_done)."),
		route("POST", "/v1/workspaces/{ws}/members/{member}/portal-link", instance(), "Make a one-time link into a member's own tokens",
			act((*call).portalLink)).saying("The link works once and for five minutes. It opens the page of the member's own tokens in this "+
			"workspace, and nothing else. There is none for instance administrators."),
	)
}

func (c *call) portalLink() (authority.Done[api.PortalLink], error) {
	if c.s.portal == nil {
		return authority.Done[api.PortalLink]{}, api.Errorf(api.CodeNotFound, "this server has no console to open")
	}
	return c.s.portal(c.ctx, c.caller, c.path("ws"), c.path("member"))
}

func (c *call) inviteMember() (authority.Done[api.Invitation], error) {
	if c.s.invite == nil {
		return authority.Done[api.Invitation]{}, api.Errorf(api.CodeNotFound, "this server has no console to sign in to")
	}
	return c.s.invite(c.ctx, c.caller, c.path("ws"), c.path("member"))
}

func accountRoutes() []Route {
	read, write := needs("service-accounts:read"), needs("service-accounts:write")
	return group("Service accounts",
		route("GET", "/v1/workspaces/{ws}/service-accounts", read, "List a workspace's service accounts",
			list(func(c *call, p authority.Page) ([]api.ServiceAccount, int64, error) {
				return c.s.authority.ListServiceAccounts(c.ctx, c.caller, c.path("ws"), p)
			})).searching("name or description").including(),
		route("POST", "/v1/workspaces/{ws}/service-accounts", write, "Create a service account",
			change(func(c *call, in api.CreateServiceAccount) (authority.Done[api.ServiceAccount], error) {
				return c.s.authority.CreateServiceAccount(c.ctx, c.caller, c.path("ws"), in)
			})).creating(),
		route("GET", "/v1/workspaces/{ws}/service-accounts/{name}", read, "Show a service account, by name or id",
			get(func(c *call) (api.ServiceAccount, error) {
				return c.s.authority.GetServiceAccount(c.ctx, c.caller, c.path("ws"), c.path("name"))
			})),
		route("PATCH", "/v1/workspaces/{ws}/service-accounts/{name}", write, "Edit a service account",
			change(func(c *call, in api.EditServiceAccount) (authority.Done[api.ServiceAccount], error) {
				return c.s.authority.EditServiceAccount(c.ctx, c.caller, c.path("ws"), c.path("name"), in)
			})),
		route("DELETE", "/v1/workspaces/{ws}/service-accounts/{name}", write, "Remove a service account and revoke its tokens",
			stop(func(c *call, dry bool) (authority.Done[api.ServiceAccount], error) {
				return c.s.authority.RemoveServiceAccount(c.ctx, c.caller, c.path("ws"), c.path("name"), dry)
			})),
		route("POST", "/v1/workspaces/{ws}/service-accounts/{name}/disable", write, "Disable a service account: its tokens stop",
			suspend(func(c *call, dry bool) (authority.Done[api.ServiceAccount], error) {
				return c.s.authority.DisableServiceAccount(c.ctx, c.caller, c.path("ws"), c.path("name"), dry)
			})),
		route("POST", "/v1/workspaces/{ws}/service-accounts/{name}/enable", write, "Bring a disabled service account back",
			act(func(c *call) (authority.Done[api.ServiceAccount], error) {
				return c.s.authority.EnableServiceAccount(c.ctx, c.caller, c.path("ws"), c.path("name"))
			})),
	)
}

func resourceRoutes() []Route {
	return group("Resources",
		route("GET", "/v1/workspaces/{ws}/resources", needs("resources:read"), "List the resources that are on board",
			list(func(c *call, p authority.Page) ([]api.Resource, int64, error) {
				return c.s.authority.ListResources(c.ctx, c.caller, c.path("ws"), p)
			})).searching("name or description"),
		route("POST", "/v1/workspaces/{ws}/resources",
			needs("resources:create").Noting("On the entire portfolio, unless the policy onboarding is any_member."), "Put a resource on board",
			change(func(c *call, in api.CreateResource) (authority.Done[api.Resource], error) {
				return c.s.authority.OnboardResource(c.ctx, c.caller, c.path("ws"), in)
			})).creating(),
		route("GET", "/v1/workspaces/{ws}/resources/{name}", needs("resources:read"), "Show a resource",
			get(func(c *call) (api.Resource, error) {
				return c.s.authority.GetResource(c.ctx, c.caller, c.path("ws"), c.path("name"))
			})),
		route("DELETE", "/v1/workspaces/{ws}/resources/{name}", needs("resources:delete"), "Take a resource off board, and its name out of every grant",
			act(func(c *call) (authority.Done[api.Resource], error) {
				return c.s.authority.DeleteResource(c.ctx, c.caller, c.path("ws"), c.path("name"))
			})),
	)
}
