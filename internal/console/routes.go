package console

import (
	"net/http"
	"slices"
	"strings"
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
		{"GET /{$}", open(), (*visit).home},
		{"GET /signin", open(), (*visit).signIn},
		{"POST /signin", open(), (*visit).doSignIn},
		{"POST /signin/passkey", open(), (*visit).doPasskey},
		{"POST /signin/second-factor", open(), (*visit).doSecondFactor},
		{"GET /signin/reset", open(), (*visit).reset},
		{"POST /signin/reset", open(), (*visit).doReset},
		{"GET /signin/invitation", open(), (*visit).invitation},
		{"POST /signin/invitation", open(), (*visit).doInvitation},
		{"GET /signin/link", open(), (*visit).handedLink},
		{"POST /signin/link", open(), (*visit).doHandedLink},
		{"GET /signin/factors", open(), (*visit).handedFactors},
		{"POST /signin/factors", open(), (*visit).doHandedFactors},
		{"GET /signin/portal", open(), (*visit).portal},
		{"POST /signin/portal", open(), (*visit).doPortal},
		{"POST /signin/oidc/{provider}", open(), (*visit).startOIDC},
		{"GET /signin/oidc/{provider}/callback", open(), (*visit).finishOIDC},
		{"POST /signout", open(), (*visit).signOut},
		{"GET /setup", open(), (*visit).setup},
		{"POST /setup", open(), (*visit).doSetup},
		{"GET /help", open(), (*visit).help},
		{"GET /help/{page}", open(), (*visit).help},
		{"GET /help/images/{name}", open(), (*visit).helpImage},
	}
}

func personRoutes() []route {
	return []route{
		{"GET /workspaces", mine(), (*visit).workspaces},
		{"GET /settings/tokens", mine().inPortal().packed(), (*visit).myTokens},
		{"POST /settings/tokens/reset", mine().inPortal(), (*visit).doResetMine},
		{"GET /settings/tokens/reset", mine().inPortal(), (*visit).resetMine},
		{"GET /device", person(), (*visit).device},
		{"POST /device", person(), (*visit).doDevice},
		{"POST /device/answer", person(), (*visit).doDeviceAnswer},
	}
}

// securityRoutes are the pages of how a person signs in.
func securityRoutes() []route {
	const at = " /settings/security"
	return []route{
		{"GET" + at, person(), (*visit).security},
		{"GET" + at + "/confirm", person(), (*visit).confirm},
		{"POST" + at + "/confirm", person(), (*visit).doConfirm},
		{"POST" + at + "/confirm/{provider}", person(), (*visit).doConfirmAt},
		{"GET" + at + "/password", person(), (*visit).password},
		{"POST" + at + "/password", person(), (*visit).doPassword},
		{"GET" + at + "/app", person().provenFor(securityHome + "/app"), (*visit).app},
		{"POST" + at + "/app", person().provenFor(securityHome + "/app"), (*visit).doApp},
		{"POST" + at + "/app/confirm", person(), (*visit).doConfirmApp},
		{"POST" + at + "/app/remove", person(), (*visit).doRemoveApp},
		{"POST" + at + "/codes", person().provenFor(securityHome + "/app"), (*visit).doCodes},
		{"GET" + at + "/passkeys/new", person().provenFor(securityHome + "/passkeys/new"), (*visit).newPasskey},
		{"POST" + at + "/passkeys", person().provenFor(securityHome + "/passkeys/new"), (*visit).doNewPasskey},
		{"POST" + at + "/passkeys/remove", person().provenFor(securityHome), (*visit).doRemovePasskey},
		{"POST" + at + "/identities/{provider}", person().provenFor(securityHome), (*visit).doLink},
		{"POST" + at + "/identities/remove", person().provenFor(securityHome), (*visit).doUnlink},
		{"POST" + at + "/end", person(), (*visit).doEndSession},
		{"POST" + at + "/end-all", person(), (*visit).doEndAll},
		{"POST" + at + "/end-everything", person(), (*visit).doEndEverything},
	}
}

func tokenRoutes() []route {
	const at = " /workspace/{ws}/access-tokens"
	return []route{
		{"GET" + at, mineHere().packed(), (*visit).tokens},
		{"GET" + at + "/new", mineHere().inPortal(), (*visit).newToken},
		{"POST" + at + "/new", mineHere().inPortal(), (*visit).doNewToken},
		{"POST" + at + "/summary", mineHere().inPortal(), (*visit).summary},
		{"POST" + at + "/columns", mineHere().inPortal(), (*visit).doColumns},
		{"POST" + at + "/bulk", mineHere(), (*visit).bulk},
		{"GET" + at + "/count", mineHere().notAtOnce(), (*visit).tokensCount},
		{"GET" + at + "/export", mineHere().notAtOnce().packed(), (*visit).tokensExport},
		{"GET" + at + "/{id}", mineHere().inPortal(), (*visit).token},
		{"GET" + at + "/{id}/first-use", mineHere().inPortal(), (*visit).firstUse},
		{"GET" + at + "/{id}/edit", mineHere().inPortal(), (*visit).editToken},
		{"POST" + at + "/{id}/edit", mineHere().inPortal(), (*visit).doEditToken},
		{"POST" + at + "/{id}/advice", mineHere().inPortal(), (*visit).doAdvice},
		{"POST" + at + "/{id}/retire", mineHere().inPortal(), (*visit).doRetire},
		{"GET" + at + "/{id}/rotate", mineHere().inPortal(), (*visit).rotate},
		{"POST" + at + "/{id}/rotate", mineHere().inPortal(), (*visit).doRotate},
		{"GET" + at + "/{id}/reset", mineHere().inPortal(), (*visit).resetToken},
		{"POST" + at + "/{id}/reset", mineHere().inPortal(), (*visit).doResetToken},
		{"POST" + at + "/{id}/reveal", mineHere().inPortal(), (*visit).doReveal},
		{"GET" + at + "/{id}/transfer", mineHere(), (*visit).transfer},
		{"POST" + at + "/{id}/transfer", mineHere(), (*visit).doTransfer},
		{"POST" + at + "/{id}/enable", mineHere().inPortal(), (*visit).doEnable},
		{"POST" + at + "/{id}/disable", mineHere().inPortal(), (*visit).doDisable},
		{"GET" + at + "/{id}/delete", mineHere().inPortal(), (*visit).deleteToken},
		{"POST" + at + "/{id}/delete", mineHere().inPortal(), (*visit).doDeleteToken},
		{"GET /workspace/{ws}/integration-tokens", needs("tokens:read").packed(), (*visit).integrationTokens},
	}
}

func workspaceRoutes() []route {
	const at = " /workspace/{ws}"
	return []route{
		{"GET" + at + "/{$}", mineHere(), (*visit).workspaceHome},
		{"GET" + at, mineHere(), (*visit).workspaceHome},
		{"GET" + at + "/service-accounts", needs("service-accounts:read").packed(), (*visit).accounts},
		{"GET" + at + "/service-accounts/new", needs("service-accounts:write"), (*visit).newAccount},
		{"POST" + at + "/service-accounts/new", needs("service-accounts:write"), (*visit).doNewAccount},
		{"GET" + at + "/service-accounts/{name}", needs("service-accounts:read"), (*visit).account},
		{"POST" + at + "/service-accounts/{name}", needs("service-accounts:write"), (*visit).doAccount},
		{"GET" + at + "/service-accounts/{name}/{verb}", needs("service-accounts:write").notAtOnce(), (*visit).stopAccount},
		{"POST" + at + "/service-accounts/{name}/{verb}", needs("service-accounts:write"), (*visit).doStopAccount},
		{"GET" + at + "/trust-rules", needs("service-accounts:read").packed(), (*visit).trustRules},
		{"POST" + at + "/trust-rules/explain", needs("service-accounts:read"), (*visit).doTryTrust},
		{"GET" + at + "/trust-rules/new", needs("service-accounts:write"), (*visit).newTrust},
		{"POST" + at + "/trust-rules/new", needs("service-accounts:write"), (*visit).doNewTrust},
		{"GET" + at + "/trust-rules/{rule}", needs("service-accounts:read"), (*visit).trustRule},
		{"POST" + at + "/trust-rules/{rule}", needs("service-accounts:write"), (*visit).doTrust},
		{"GET" + at + "/trust-rules/{rule}/delete", needs("service-accounts:write"), (*visit).deleteTrust},
		{"POST" + at + "/trust-rules/{rule}/delete", needs("service-accounts:write"), (*visit).doDeleteTrust},
		{"GET" + at + "/members", needs("members:read").packed(), (*visit).members},
		{"GET" + at + "/members/new", needs("members:write"), (*visit).newMember},
		{"POST" + at + "/members/new", needs("members:write"), (*visit).doNewMember},
		{"GET" + at + "/members/invite", needs("members:write"), (*visit).inviteMany},
		{"POST" + at + "/members/invite", needs("members:write"), (*visit).doInviteMany},
		{"GET" + at + "/members/{member}", needs("members:read").notAtOnce(), (*visit).member},
		{"POST" + at + "/members/{member}", needs("members:write"), (*visit).doMember},
		{"GET" + at + "/members/{member}/{verb}", needs("members:write").notAtOnce(), (*visit).stopMember},
		{"POST" + at + "/members/{member}/{verb}", needs("members:write"), (*visit).doStopMember},
		{"GET" + at + "/resources", needs("resources:read"), (*visit).resources},
		{"POST" + at + "/resources", mineHere(), (*visit).doResource},
		{"GET" + at + "/resources/{name}/delete", needs("resources:delete"), (*visit).deleteResource},
		{"POST" + at + "/resources/{name}/delete", needs("resources:delete"), (*visit).doDeleteResource},
		{"GET" + at + "/audit", needs("audit:read").packed(), (*visit).audit},
		{"GET" + at + "/audit/export", needs("audit:read").notAtOnce().packed(), (*visit).auditExport},
		{"GET" + at + "/developer-tools", needs("tokens:read"), (*visit).tools},
		{"POST" + at + "/developer-tools/explain", needs("tokens:read", "tokens:verify"), (*visit).explain},
		{"GET" + at + "/leak-desk", needs("tokens:read"), (*visit).leakDesk},
		{"POST" + at + "/leak-desk", needs("tokens:read"), (*visit).doLeakDesk},
		{"POST" + at + "/leak-desk/{verb}", needs("tokens:read"), (*visit).doLeaks},
		{"GET" + at + "/settings", needs("policy:read"), (*visit).settings},
		{"POST" + at + "/settings", needs("policy:write"), (*visit).doSettings},
		{"POST" + at + "/settings/name", needs("policy:write"), (*visit).doRename},
		{"GET" + at + "/settings/delete", needs("workspace:delete"), (*visit).deleteWorkspace},
		{"POST" + at + "/settings/delete", needs("workspace:delete"), (*visit).doDeleteWorkspace},
	}
}

// catalogueRoutes are the pages of roles and scopes, of a workspace and of the
// instance.
func catalogueRoutes() []route {
	var out []route
	for _, at := range []struct {
		path string
		// look is of a page that asks before a change.
		access, look, change access
	}{
		{" /workspace/{ws}", needs("roles:read"), needs("roles:write"), needs("roles:write")},
		{" /instance", ofInstance(), ofInstance(), ofInstance().proven()},
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
		access, look, change access
	}{
		{" /workspace/{ws}/settings/webhooks", needs("webhooks:read"), needs("webhooks:write"), needs("webhooks:write")},
		{" /instance/webhooks", ofInstance(), ofInstance(), ofInstance().proven()},
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
		{"GET /instance", ofInstance(), (*visit).instance},
		{"GET /instance/people", ofInstance().packed(), (*visit).instancePeople},
		{"GET /instance/audit", ofInstance().packed(), (*visit).audit},
		{"GET /instance/audit/export", ofInstance().notAtOnce().packed(), (*visit).auditExport},
		{"GET /instance/system", ofInstance(), (*visit).system},
		{"POST /instance/system/test-mail", ofInstance(), (*visit).doTestMail},
		{"GET /instance/workspaces/{ws}/suspend", ofInstance().notAtOnce(), (*visit).suspend},
		{"POST /instance/workspaces", ofInstance().proven(), (*visit).doNewWorkspace},
		{"POST /instance/workspaces/{ws}/{verb}", ofInstance().proven(), (*visit).doSuspend},
		{"POST /instance/admins", ofInstance().proven(), (*visit).doAdmin},
		{"GET /instance/users/{user}", ofInstance().notAtOnce(), (*visit).userPage},
		{"GET /instance/users/{user}/{verb}", ofInstance().notAtOnce(), (*visit).askUser},
		{"POST /instance/users/{user}/{verb}", ofInstance().proven(), (*visit).doUser},
		{"GET /instance/defaults", ofInstance(), (*visit).instanceDefaults},
		{"POST /instance/defaults", ofInstance().proven(), (*visit).doInstanceDefaults},
	}
}
