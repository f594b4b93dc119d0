package console

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/internal/reception"
)

// allRoutes is the one table of pages.
func allRoutes() []route {
	return slices.Concat(openRoutes(), personRoutes(), securityRoutes(), tokenRoutes(), workspaceRoutes(), webhookRoutes(), catalogueRoutes(), instanceRoutes())
}

// Pages are the patterns of all that can be opened, in the words of
// [http.ServeMux] and with the method before each.
func Pages() []string {
	var out []string
	for _, r := range allRoutes() {
		if strings.HasPrefix(r.pattern, http.MethodGet) {
			out = append(out, r.pattern)
		}
	}
	return out
}

func openRoutes() []route {
	return []route{
		{"GET /{$}", reception.Open(), (*visit).home},
		{"GET /signin", reception.Open(), (*visit).signIn},
		{"POST /signin", reception.Open(), (*visit).doSignIn},
		{"POST /signin/passkey", reception.Open(), (*visit).doPasskey},
		{"POST /signin/second-factor", reception.Open(), (*visit).doSecondFactor},
		{"GET /signin/reset", reception.Open(), (*visit).reset},
		{"POST /signin/reset", reception.Open(), (*visit).doReset},
		{"GET /signin/invitation", reception.Open(), (*visit).invitation},
		{"POST /signin/invitation", reception.Open(), (*visit).doInvitation},
		{"GET /signin/link", reception.Open(), (*visit).handedLink},
		{"POST /signin/link", reception.Open(), (*visit).doHandedLink},
		{"GET /signin/factors", reception.Open(), (*visit).handedFactors},
		{"POST /signin/factors", reception.Open(), (*visit).doHandedFactors},
		{"GET /signin/portal", reception.Open(), (*visit).portal},
		{"POST /signin/portal", reception.Open(), (*visit).doPortal},
		{"POST /signin/oidc/{provider}", reception.Open(), (*visit).startOIDC},
		{"GET /signin/oidc/{provider}/callback", reception.Open(), (*visit).finishOIDC},
		{"POST /signout", reception.Open(), (*visit).signOut},
		{"GET /setup", reception.Open(), (*visit).setup},
		{"POST /setup", reception.Open(), (*visit).doSetup},
		{"GET /help", reception.Open(), (*visit).help},
		{"GET /help/{page}", reception.Open(), (*visit).help},
		{"GET /help/images/{name}", reception.Open(), (*visit).helpImage},
	}
}

func personRoutes() []route {
	return []route{
		{"GET /workspaces", reception.Mine(), (*visit).workspaces},
		{"GET /settings/tokens", reception.Mine().InPortal().Packed(), (*visit).myTokens},
		{"POST /settings/tokens/reset", reception.Mine().InPortal(), (*visit).doResetMine},
		{"GET /settings/tokens/reset", reception.Mine().InPortal(), (*visit).resetMine},
		{"GET /device", reception.Person(), (*visit).device},
		{"POST /device", reception.Person(), (*visit).doDevice},
		{"POST /device/answer", reception.Person(), (*visit).doDeviceAnswer},
	}
}

// securityRoutes are the pages of how a person signs in.
func securityRoutes() []route {
	const at = " /settings/security"
	return []route{
		{"GET" + at, reception.Person(), (*visit).security},
		{"GET" + at + "/second-factor", reception.Person(), (*visit).neededFactor},
		{"GET" + at + "/confirm", reception.Person(), (*visit).confirm},
		{"POST" + at + "/confirm", reception.Person(), (*visit).doConfirm},
		{"POST" + at + "/confirm/{provider}", reception.Person(), (*visit).doConfirmAt},
		{"GET" + at + "/password", reception.Person(), (*visit).password},
		{"POST" + at + "/password", reception.Person(), (*visit).doPassword},
		{"GET" + at + "/app", reception.Person().ProvenFor(securityHome + "/app"), (*visit).app},
		{"POST" + at + "/app", reception.Person().ProvenFor(securityHome + "/app"), (*visit).doApp},
		{"POST" + at + "/app/confirm", reception.Person(), (*visit).doConfirmApp},
		{"POST" + at + "/app/remove", reception.Person(), (*visit).doRemoveApp},
		{"POST" + at + "/codes", reception.Person().ProvenFor(securityHome + "/app"), (*visit).doCodes},
		{"GET" + at + "/passkeys/new", reception.Person().ProvenFor(securityHome + "/passkeys/new"), (*visit).newPasskey},
		{"POST" + at + "/passkeys", reception.Person().ProvenFor(securityHome + "/passkeys/new"), (*visit).doNewPasskey},
		{"POST" + at + "/passkeys/remove", reception.Person().ProvenFor(securityHome), (*visit).doRemovePasskey},
		{"POST" + at + "/identities/{provider}", reception.Person().ProvenFor(securityHome), (*visit).doLink},
		{"POST" + at + "/identities/remove", reception.Person().ProvenFor(securityHome), (*visit).doUnlink},
		{"POST" + at + "/end", reception.Person(), (*visit).doEndSession},
		{"POST" + at + "/end-all", reception.Person(), (*visit).doEndAll},
		{"POST" + at + "/end-everything", reception.Person(), (*visit).doEndEverything},
	}
}

func tokenRoutes() []route {
	const at = " /workspace/{ws}/access-tokens"
	return []route{
		{"GET" + at, reception.MineHere().Packed(), (*visit).tokens},
		{"GET" + at + "/new", reception.MineHere().InPortal(), (*visit).newToken},
		{"POST" + at + "/new", reception.MineHere().InPortal(), (*visit).doNewToken},
		{"POST" + at + "/summary", reception.MineHere().InPortal(), (*visit).summary},
		{"POST" + at + "/columns", reception.MineHere().InPortal(), (*visit).doColumns},
		{"POST" + at + "/bulk", reception.MineHere(), (*visit).bulk},
		{"POST" + at + "/bulk/undo", reception.MineHere(), (*visit).doUndoBulk},
		{"GET" + at + "/count", reception.MineHere().NotAtOnce(), (*visit).tokensCount},
		{"GET" + at + "/export", reception.MineHere().NotAtOnce().Packed(), (*visit).tokensExport},
		{"GET" + at + "/{id}", reception.MineHere().InPortal(), (*visit).token},
		{"GET" + at + "/{id}/first-use", reception.MineHere().InPortal(), (*visit).firstUse},
		{"GET" + at + "/{id}/edit", reception.MineHere().InPortal(), (*visit).editToken},
		{"POST" + at + "/{id}/edit", reception.MineHere().InPortal(), (*visit).doEditToken},
		{"POST" + at + "/{id}/advice", reception.MineHere().InPortal(), (*visit).doAdvice},
		{"POST" + at + "/{id}/widen", reception.MineHere().InPortal(), (*visit).doWiden},
		{"POST" + at + "/{id}/retire", reception.MineHere().InPortal(), (*visit).doRetire},
		{"POST" + at + "/{id}/strange", reception.MineHere().InPortal(), (*visit).doStrange},
		{"GET" + at + "/{id}/rotate", reception.MineHere().InPortal(), (*visit).rotate},
		{"POST" + at + "/{id}/rotate", reception.MineHere().InPortal(), (*visit).doRotate},
		{"GET" + at + "/{id}/reset", reception.MineHere().InPortal(), (*visit).resetToken},
		{"POST" + at + "/{id}/reset", reception.MineHere().InPortal(), (*visit).doResetToken},
		{"POST" + at + "/{id}/reveal", reception.MineHere().InPortal(), (*visit).doReveal},
		{"GET" + at + "/{id}/transfer", reception.MineHere(), (*visit).transfer},
		{"POST" + at + "/{id}/transfer", reception.MineHere(), (*visit).doTransfer},
		{"POST" + at + "/{id}/enable", reception.MineHere().InPortal(), (*visit).doEnable},
		{"POST" + at + "/{id}/disable", reception.MineHere().InPortal(), (*visit).doDisable},
		{"GET" + at + "/{id}/delete", reception.MineHere().InPortal(), (*visit).deleteToken},
		{"POST" + at + "/{id}/delete", reception.MineHere().InPortal(), (*visit).doDeleteToken},
		{"GET /workspace/{ws}/integration-tokens", reception.Needs("tokens:read").Packed(), (*visit).integrationTokens},
	}
}

func workspaceRoutes() []route {
	const at = " /workspace/{ws}"
	return []route{
		{"GET" + at + "/{$}", reception.MineHere(), (*visit).workspaceHome},
		{"GET" + at, reception.MineHere(), (*visit).workspaceHome},
		{"GET" + at + "/service-accounts", reception.Needs("service-accounts:read").Packed(), (*visit).accounts},
		{"GET" + at + "/service-accounts/new", reception.Needs("service-accounts:write"), (*visit).newAccount},
		{"POST" + at + "/service-accounts/new", reception.Needs("service-accounts:write"), (*visit).doNewAccount},
		{"GET" + at + "/service-accounts/{name}", reception.Needs("service-accounts:read"), (*visit).account},
		{"POST" + at + "/service-accounts/{name}", reception.Needs("service-accounts:write"), (*visit).doAccount},
		{"GET" + at + "/service-accounts/{name}/{verb}", reception.Needs("service-accounts:write").NotAtOnce(), (*visit).stopAccount},
		{"POST" + at + "/service-accounts/{name}/{verb}", reception.Needs("service-accounts:write"), (*visit).doStopAccount},
		{"GET" + at + "/trust-rules", reception.Needs("service-accounts:read").Packed(), (*visit).trustRules},
		{"POST" + at + "/trust-rules/explain", reception.Needs("service-accounts:read"), (*visit).doTryTrust},
		{"GET" + at + "/trust-rules/new", reception.Needs("service-accounts:write"), (*visit).newTrust},
		{"POST" + at + "/trust-rules/new", reception.Needs("service-accounts:write"), (*visit).doNewTrust},
		{"GET" + at + "/trust-rules/{rule}", reception.Needs("service-accounts:read"), (*visit).trustRule},
		{"POST" + at + "/trust-rules/{rule}", reception.Needs("service-accounts:write"), (*visit).doTrust},
		{"GET" + at + "/trust-rules/{rule}/delete", reception.Needs("service-accounts:write"), (*visit).deleteTrust},
		{"POST" + at + "/trust-rules/{rule}/delete", reception.Needs("service-accounts:write"), (*visit).doDeleteTrust},
		{"GET" + at + "/members", reception.Needs("members:read").Packed(), (*visit).members},
		{"GET" + at + "/members/new", reception.Needs("members:write"), (*visit).newMember},
		{"POST" + at + "/members/new", reception.Needs("members:write"), (*visit).doNewMember},
		{"GET" + at + "/members/invite", reception.Needs("members:write"), (*visit).inviteMany},
		{"POST" + at + "/members/invite", reception.Needs("members:write"), (*visit).doInviteMany},
		{"GET" + at + "/members/{member}", reception.Needs("members:read").NotAtOnce(), (*visit).member},
		{"POST" + at + "/members/{member}", reception.Needs("members:write"), (*visit).doMember},
		{"POST" + at + "/members/{member}/invite", reception.Needs("members:write"), (*visit).doInviteAgain},
		{"POST" + at + "/members/{member}/link", reception.Needs("members:write").Proven(), (*visit).doHandInvitation},
		{"GET" + at + "/members/{member}/access-token", reception.Needs("members:read", "tokens:read", "tokens:impersonate").NotAtOnce(), (*visit).resetTheirs},
		{"POST" + at + "/members/{member}/access-token", reception.Needs("members:read", "tokens:read", "tokens:impersonate"), (*visit).doResetTheirs},
		{"GET" + at + "/members/{member}/{verb}", reception.Needs("members:write").NotAtOnce(), (*visit).stopMember},
		{"POST" + at + "/members/{member}/{verb}", reception.Needs("members:write"), (*visit).doStopMember},
		{"GET" + at + "/resources", reception.Needs("resources:read"), (*visit).resources},
		{"POST" + at + "/resources", reception.MineHere(), (*visit).doResource},
		{"GET" + at + "/resources/{name}/delete", reception.Needs("resources:delete"), (*visit).deleteResource},
		{"POST" + at + "/resources/{name}/delete", reception.Needs("resources:delete"), (*visit).doDeleteResource},
		{"GET" + at + "/audit", reception.Needs("audit:read").Packed(), (*visit).audit},
		{"GET" + at + "/audit/export", reception.Needs("audit:read").NotAtOnce().Packed(), (*visit).auditExport},
		{"GET" + at + "/advice", reception.Needs("tokens:read", "usage:read").Packed(), (*visit).advice},
		{"GET" + at + "/approvals", reception.Needs("tokens:read", "tokens:disable").Packed(), (*visit).approvals},
		{"POST" + at + "/approvals/{id}/approve", reception.Needs("tokens:read", "tokens:disable").Proven(), (*visit).doApprove},
		{"POST" + at + "/approvals/{id}/refuse", reception.Needs("tokens:read", "tokens:disable").Proven(), (*visit).doRefuse},
		{"GET" + at + "/developer-tools", reception.Needs("tokens:read"), (*visit).tools},
		{"POST" + at + "/developer-tools/explain", reception.Needs("tokens:read", "tokens:verify"), (*visit).explain},
		{"GET" + at + "/leak-desk", reception.Needs("tokens:read"), (*visit).leakDesk},
		{"POST" + at + "/leak-desk", reception.Needs("tokens:read"), (*visit).doLeakDesk},
		{"POST" + at + "/leak-desk/{verb}", reception.Needs("tokens:read"), (*visit).doLeaks},
		{"GET" + at + "/unused", reception.Needs("policy:read").Packed(), (*visit).unused},
		{"POST" + at + "/unused/confirm", reception.Needs("policy:write", "tokens:disable").Proven(), (*visit).doConfirmUnused},
		{"GET" + at + "/settings", reception.Needs("policy:read"), (*visit).settings},
		{"POST" + at + "/settings", reception.Needs("policy:write"), (*visit).doSettings},
		{"POST" + at + "/settings/name", reception.Needs("policy:write"), (*visit).doRename},
		{"GET" + at + "/settings/delete", reception.Needs("workspace:delete"), (*visit).deleteWorkspace},
		{"POST" + at + "/settings/delete", reception.Needs("workspace:delete"), (*visit).doDeleteWorkspace},
	}
}

// catalogueRoutes are the pages of roles and scopes, of a workspace and of the
// instance.
func catalogueRoutes() []route {
	var out []route
	for _, at := range []struct {
		path string
		// look is of a page that asks before a change.
		access, look, change reception.Access
	}{
		{" /workspace/{ws}", reception.Needs("roles:read"), reception.Needs("roles:write"), reception.Needs("roles:write")},
		{" /instance", reception.OfInstance(), reception.OfInstance(), reception.OfInstance().Proven()},
	} {
		out = append(
			out,
			route{"GET" + at.path + "/roles", at.access, (*visit).roles},
			route{"POST" + at.path + "/roles", at.change, (*visit).doRole},
			route{"GET" + at.path + "/roles/{role}", at.access, (*visit).role},
			route{"POST" + at.path + "/roles/{role}", at.change, (*visit).doEditRole},
			route{"GET" + at.path + "/roles/{role}/delete", at.look, (*visit).deleteRole},
			route{"POST" + at.path + "/roles/{role}/delete", at.change, (*visit).doDeleteRole},
			route{"POST" + at.path + "/scopes", at.change, (*visit).doScope},
			route{"GET" + at.path + "/scopes/{scope}", at.access, (*visit).scope},
			route{"POST" + at.path + "/scopes/{scope}", at.change, (*visit).doEditScope},
			route{"GET" + at.path + "/scopes/{scope}/delete", at.look, (*visit).deleteScope},
			route{"POST" + at.path + "/scopes/{scope}/delete", at.change, (*visit).doDeleteScope},
		)
	}
	return out
}

// webhookRoutes are the pages of endpoints, of a workspace and of the instance.
func webhookRoutes() []route {
	var out []route
	for _, at := range []struct {
		path                 string
		access, look, change reception.Access
	}{
		{" /workspace/{ws}/settings/webhooks", reception.Needs("webhooks:read"), reception.Needs("webhooks:write"), reception.Needs("webhooks:write")},
		{" /instance/webhooks", reception.OfInstance(), reception.OfInstance(), reception.OfInstance().Proven()},
	} {
		out = append(
			out,
			route{"GET" + at.path, at.access, (*visit).webhooks},
			route{"POST" + at.path, at.change, (*visit).doNewWebhook},
			route{"GET" + at.path + "/{id}", at.access, (*visit).webhook},
			route{"POST" + at.path + "/{id}", at.change, (*visit).doWebhook},
			route{"GET" + at.path + "/{id}/delete", at.look, (*visit).deleteWebhook},
			route{"POST" + at.path + "/{id}/{verb}", at.change, (*visit).doWebhookVerb},
			route{"GET" + at.path + "/{id}/deliveries/{delivery}", at.access, (*visit).delivery},
			route{"POST" + at.path + "/{id}/deliveries/{delivery}/resend", at.change, (*visit).doResend},
		)
	}
	return out
}

// instanceRoutes are the pages of the whole deployment. What changes it asks its
// administrator who they are, unless they showed that a short while ago.
func instanceRoutes() []route {
	return []route{
		{"GET /instance", reception.OfInstance(), (*visit).instance},
		{"GET /instance/people", reception.OfInstance().Packed(), (*visit).instancePeople},
		{"GET /instance/audit", reception.OfInstance().Packed(), (*visit).audit},
		{"GET /instance/audit/export", reception.OfInstance().NotAtOnce().Packed(), (*visit).auditExport},
		{"GET /instance/system", reception.OfInstance(), (*visit).system},
		{"POST /instance/system/test-mail", reception.OfInstance(), (*visit).doTestMail},
		{"POST /instance/system/sign-on/{provider}/check", reception.OfInstance().Proven(), (*visit).doCheckProvider},
		{"POST /instance/system/sign-on/{provider}/try", reception.OfInstance().Proven(), (*visit).doTryProvider},
		{"GET /instance/start", reception.OfInstance(), (*visit).start},
		{"POST /instance/start/keyring", reception.OfInstance().Proven(), (*visit).doCopiedKeyring},
		{"GET /instance/workspaces/{ws}/suspend", reception.OfInstance().NotAtOnce(), (*visit).suspend},
		{"POST /instance/workspaces", reception.OfInstance().Proven(), (*visit).doNewWorkspace},
		{"POST /instance/workspaces/{ws}/{verb}", reception.OfInstance().Proven(), (*visit).doSuspend},
		{"POST /instance/admins", reception.OfInstance().Proven(), (*visit).doAdmin},
		{"GET /instance/users/{user}", reception.OfInstance().NotAtOnce(), (*visit).userPage},
		{"GET /instance/users/{user}/{verb}", reception.OfInstance().NotAtOnce(), (*visit).askUser},
		{"POST /instance/users/{user}/{verb}", reception.OfInstance().Proven(), (*visit).doUser},
		{"GET /instance/defaults", reception.OfInstance(), (*visit).instanceDefaults},
		{"POST /instance/defaults", reception.OfInstance().Proven(), (*visit).doInstanceDefaults},
	}
}
