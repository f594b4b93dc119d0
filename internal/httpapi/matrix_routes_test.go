package httpapi_test

import "slices"

// situations are the lines of the matrix, in the order of the routes.
func situations() []situation {
	return slices.Concat(callerSituations(), workspaceSituations(), rightsSituations(), memberSituations(),
		accountSituations(), resourceSituations(), tokenSituations(), lifeSituations(), trustSituations(), importSituations(), webhookSituations(), instanceSituations(), oauthSituations(), publicSituations())
}

func callerSituations() []situation {
	return []situation{
		{route: "GET /v1/whoami"},
		{route: "POST /v1/verify", body: `{"token":"x"}`}, {route: "POST /v1/leaks/trufflehog", body: `{"a":{"b":["x"]}}`},
		{route: "POST /v1/token-review/{scopes}", body: reviewOf("x")}, {route: "POST /v1/token-review/{scopes}/{resource}", body: reviewOf("x")},
		{route: "POST /v1/verify/batch", body: `{"requests":[{"token":"x"}]}`},
		{route: "POST /v1/replica", body: `{}`},
		{route: "POST /v1/replica/verify", body: `{"replica":"x","request":{"token":"x"}}`},
		{route: "POST /v1/replica/uses", body: `{"uses":[{"use":"x","count":1}]}`},
		{route: "/v1/forward-auth", query: "?workspace=*"},
		{route: "/v1/ext-authz/{ruleset}/{path...}"},
	}
}

func workspaceSituations() []situation {
	const one = "/v1/workspaces/{ws}"
	return []situation{
		{route: "GET /v1/workspaces"},
		{route: "POST /v1/workspaces", body: `{"slug":"initech"}`},
		{route: "GET " + one},
		{route: "PUT " + one, body: `{"name":"Acme"}`},
		{route: "PATCH " + one, about: "name", body: `{"name":"Acme"}`},
		{route: "PATCH " + one, about: "external id", body: `{"external_id":"c-1"}`},
		{route: "DELETE " + one},
		{route: "POST " + one + "/suspend"},
		{route: "POST " + one + "/resume"},
		{route: "GET " + one + "/policy"},
		{route: "PATCH " + one + "/policy", body: `{"overlap":"1h"}`},
		{route: "GET " + one + "/unused"}, {route: "POST " + one + "/unused/confirm", body: `{"count":12,"up_to":"2026-01-31T12:00:00Z"}`},
		{route: "GET " + one + "/audit"},
		{route: "GET " + one + "/audit/export"},
	}
}

func rightsSituations() []situation {
	const scopes, rolesAt = "/v1/workspaces/{ws}/scopes", "/v1/workspaces/{ws}/roles"
	return []situation{
		{route: "GET " + scopes},
		{route: "PUT " + scopes + "/{name}", about: "a product scope", id: "tickets:write", body: `{}`},
		{route: "PUT " + scopes + "/{name}", about: "that gives a role more", id: "tickets:write", body: `{"roles":["Viewer"]}`},
		{route: "DELETE " + scopes + "/{name}", id: "tickets:read"},
		{route: "GET " + rolesAt},
		{route: "GET " + rolesAt + "/{name}", id: "Helper"},
		{route: "GET " + scopes + "/{name}", id: "tickets:read"},
		{route: "PUT " + rolesAt + "/{name}", about: "of product scopes", id: "Agent", body: `{"scopes":["product:*"]}`},
		{route: "PUT " + rolesAt + "/{name}", about: "that deletes the workspace", id: "Agent", body: `{"scopes":["workspace:delete"]}`},
		{route: "PUT " + rolesAt + "/{name}", about: "that acts as others", id: "Administrator", body: `{"scopes":["tokens:impersonate"]}`},
		{route: "DELETE " + rolesAt + "/{name}", id: "Helper", query: "?replacement=Viewer"},
		{route: "GET /v1/workspaces/{ws}/removals"},
	}
}

func memberSituations() []situation {
	const all, one = "/v1/workspaces/{ws}/members", "/v1/workspaces/{ws}/members/{member}"
	const bea, ida = "bea@example.com", "ida@example.com"
	on := func(who, role string) string {
		return `{"email":"` + who + `","role":"` + role + `","resources":["*"]}`
	}
	return []situation{
		{route: "GET " + all},
		{route: "POST " + all, about: "a Viewer", body: on("new@example.com", "Viewer")},
		{route: "POST " + all, about: "an Administrator", body: on("new@example.com", "Administrator")},
		{route: "POST " + all, about: "an Owner", body: on("new@example.com", "Owner")},
		{route: "POST " + all, about: "with a password", body: `{"email":"new@example.com","password":"correct horse battery","role":"Viewer","resources":["*"]}`},
		{route: "GET " + one, about: "somebody else", id: bea},
		{route: "GET " + one, about: "oneself", id: "me"},
		{route: "PUT " + one, about: "new", id: "ext:u-9", body: `{"role":"Viewer","resources":["*"]}`},
		{route: "PUT " + one, about: "a Viewer", id: "ext:u-1", body: `{"role":"Viewer","resources":["*"]}`},
		{route: "PATCH " + one, about: "name", id: bea, body: `{"name":"Beatrice"}`},
		{route: "PATCH " + one, about: "promote to Administrator", id: bea, body: `{"role":"Administrator"}`},
		{route: "PATCH " + one, about: "promote to Owner", id: bea, body: `{"role":"Owner"}`},
		{route: "PATCH " + one, about: "demote an Owner", id: ida, body: `{"role":"Viewer"}`},
		{route: "DELETE " + one, about: "a Viewer", id: bea},
		{route: "DELETE " + one, about: "an Owner", id: ida},
		{route: "POST " + one + "/deactivate", about: "a Viewer", id: bea},
		{route: "POST " + one + "/deactivate", about: "an Owner", id: ida},
		{route: "POST " + one + "/activate", about: "a Viewer", id: bea},
		{route: "POST " + one + "/access-token/reset", about: "one's own", id: "me"},
		{route: "POST " + one + "/access-token/reset", about: "somebody else's", id: bea},
		{route: "POST " + one + "/invite", about: "a Viewer", id: bea},
		{route: "POST " + one + "/invite", about: "an Owner", id: ida},
		{route: "DELETE " + one + "/invite", about: "a Viewer", id: bea},
		{route: "DELETE " + one + "/invite", about: "an Owner", id: ida},
		{route: "POST " + one + "/portal-link", about: "somebody else's", id: bea},
		{route: "POST " + one + "/portal-link", about: "one's own", id: "me"},
	}
}

func accountSituations() []situation {
	const all, one = "/v1/workspaces/{ws}/service-accounts", "/v1/workspaces/{ws}/service-accounts/{name}"
	return []situation{
		{route: "GET " + all},
		{route: "POST " + all, about: "of product scopes", body: `{"name":"ci","scopes":["tickets:read"],"resources":["*"]}`},
		{route: "POST " + all, about: "of everything", body: `{"name":"ci","scopes":["*"],"resources":["*"]}`},
		{route: "POST " + all, about: "of the instance", body: `{"name":"ci","scopes":["instance:admin"]}`},
		{route: "GET " + one, id: "robot"},
		{route: "PATCH " + one, about: "describe", id: "robot", body: `{"description":"builds"}`},
		{route: "PATCH " + one, about: "widen to everything", id: "robot", body: `{"scopes":["*"]}`},
		{route: "DELETE " + one, id: "robot"},
		{route: "POST " + one + "/disable", id: "robot"},
		{route: "POST " + one + "/enable", id: "robot"},
	}
}

func resourceSituations() []situation {
	const all, one = "/v1/workspaces/{ws}/resources", "/v1/workspaces/{ws}/resources/{name}"
	return []situation{
		{route: "GET " + all},
		{route: "POST " + all, body: `{"name":"billing"}`},
		{route: "GET " + one, id: "payments"},
		{route: "DELETE " + one, id: "payments"},
	}
}

// tokenSituations try each verb on the token itself, on another of the same
// owner, and on those of somebody else, a service account and the workspace.
func tokenSituations() []situation {
	const all, one = "/v1/workspaces/{ws}/tokens", "/v1/workspaces/{ws}/tokens/{id}"
	out := []situation{
		{route: "POST " + one + "/approve", about: "by a token that an administrator made", id: "asked's"},
		{route: "POST " + one + "/refuse", about: "by a token that an administrator made", id: "asked's"},
		{route: "GET " + all},
		{route: "POST " + all, about: "one's own", body: `{"label":"x","scopes":["tickets:read"],"resources":["*"]}`},
		{route: "POST " + all, about: "somebody else's", body: `{"label":"x","owner":"bea@example.com"}`},
		{route: "POST " + all, about: "a service account's", body: `{"label":"x","owner":"robot"}`},
		{route: "POST " + all, about: "the workspace's", body: `{"label":"x","kind":"workspace","scopes":["tickets:read"],"resources":["*"]}`},
		{route: "POST " + all, about: "the workspace's, of everything", body: `{"label":"x","kind":"workspace","scopes":["*"],"resources":["*"]}`},
		{route: "POST " + all, about: "the workspace's, of the instance", body: `{"label":"x","kind":"workspace","scopes":["instance:admin"]}`},
	}
	for _, verb := range []situation{
		{route: "GET " + one}, {route: "PATCH " + one, about: "relabel", body: `{"label":"y"}`},
		{route: "PATCH " + one, about: "widen", body: `{"scopes":["*"],"resources":["*"]}`}, {route: "DELETE " + one},
		{route: "POST " + one + "/revoke"}, {route: "POST " + one + "/disable"}, {route: "POST " + one + "/enable"},
		{route: "POST " + one + "/rotate"}, {route: "POST " + one + "/reset"}, {route: "POST " + one + "/retire"},
		{route: "POST " + one + "/reveal"},
		{route: "GET " + one + "/strange-use"}, {route: "POST " + one + "/strange-use", body: `{"answer":"me"}`},
		{route: "POST " + one + "/transfer", about: "to a service account", body: `{"owner":"robot"}`},
	} {
		out = append(out, onEachToken(verb)...)
	}
	return out
}

func onEachToken(s situation) []situation {
	var out []situation
	for _, which := range [][2]string{{"self", "itself"}, {"peer", "its owner's other"}, {"bea's", "somebody else's"},
		{"robot's", "a service account's"}, {"org's", "the workspace's"}} {
		one := s
		one.id = which[0]
		if one.about != "" {
			one.about += ", "
		}
		one.about += which[1]
		out = append(out, one)
	}
	return out
}

// lifeSituations are about many tokens, and about what was done with them.
func lifeSituations() []situation {
	const at, one = "/v1/workspaces/{ws}", "/v1/workspaces/{ws}/tokens/{id}"
	out := []situation{
		{route: "POST " + at + "/tokens/lookup", body: `{"text":"nothing"}`},
		{route: "POST " + at + "/tokens/bulk", about: "revoke", body: `{"action":"revoke","ids":["ORG"]}`},
		{route: "POST " + at + "/tokens/bulk", about: "disable", body: `{"action":"disable","ids":["ORG"]}`},
		{route: "POST " + at + "/tokens/bulk", about: "rotate", body: `{"action":"rotate","ids":["ORG"]}`},
		{route: "POST " + at + "/tokens/bulk", about: "edit", body: `{"action":"edit","ids":["ORG"],"edit":{"label":"y"}}`},
		{route: "GET " + at + "/usage"}, {route: "GET " + at + "/denials"}, {route: "GET " + at + "/advice"},
		{route: "POST " + at + "/explain", body: `{"token":"ORG"}`},
	}
	for _, view := range []string{"usage", "activity", "denials", "advice", "descendants"} {
		out = append(out, situation{route: "GET " + one + "/" + view, about: "itself", id: "self"},
			situation{route: "GET " + one + "/" + view, about: "somebody else's", id: "bea's"})
	}
	return out
}

func trustSituations() []situation {
	const at, one = "/v1/workspaces/{ws}/trust-rules", "/v1/workspaces/{ws}/trust-rules/{rule}"
	rule := func(gives string) string {
		return `{"service_account":"robot","label":"x","issuer":"https://token.example.com","audience":"a","claims":{"sub":["x"]}` + gives + `}`
	}
	return []situation{
		{route: "GET " + at}, {route: "POST " + at, about: "of all that the account may do", body: rule("")},
		{route: "POST " + at, about: "of a scope", body: rule(`,"scopes":["tickets:read"],"resources":["*"]`)},
		{route: "POST " + at + "/explain", body: `{"claims":{"sub":"x"}}`},
		{route: "GET " + one}, {route: "PATCH " + one, about: "relabel", body: `{"label":"y"}`}, {route: "PATCH " + one, about: "other claims", body: `{"claims":{"sub":["y"]}}`},
		{route: "DELETE " + one},
	}
}

func importSituations() []situation {
	const at = "/v1/instance/import-formats"
	return []situation{
		{route: "POST /v1/workspaces/{ws}/tokens/import", body: `{"format":{"name":"old","prefix":"old_","min_length":20,"max_length":40,"alphabet":"base62","hash":"sha256"},` +
			`"tokens":[{"hash":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","label":"x"}]}`},
		{route: "GET " + at}, {route: "DELETE " + at + "/{name}", id: "old"},
	}
}

func webhookSituations() []situation {
	var out []situation
	for _, at := range []string{"/v1/workspaces/{ws}/webhooks", "/v1/instance/webhooks"} {
		one := at + "/{webhook}"
		out = append(out, []situation{
			{route: "GET " + at}, {route: "POST " + at, body: `{"url":"https://hooks.example.com/y","events":["*"]}`},
			{route: "GET " + one}, {route: "PATCH " + one, body: `{"description":"x"}`}, {route: "DELETE " + one},
			{route: "POST " + one + "/rotate"}, {route: "POST " + one + "/ping"}, {route: "GET " + one + "/deliveries"},
			{route: "GET " + one + "/deliveries/{delivery}"}, {route: "POST " + one + "/deliveries/{delivery}/resend"},
		}...)
	}
	return out
}

func instanceSituations() []situation {
	const at = "/v1/instance"
	return []situation{
		{route: "GET " + at + "/policy"},
		{route: "PATCH " + at + "/policy", body: `{"overlap":"1h"}`},
		{route: "GET " + at + "/audit"},
		{route: "GET " + at + "/audit/export"},
		{route: "GET " + at + "/usage"},
		{route: "GET " + at + "/admins"},
		{route: "POST " + at + "/admins", body: `{"user":"bea@example.com"}`},
		{route: "DELETE " + at + "/admins/{id}", id: "ida@example.com"},
		{route: "GET " + at + "/scopes"},
		{route: "PUT " + at + "/scopes/{name}", id: "pages:write", body: `{}`},
		{route: "DELETE " + at + "/scopes/{name}", id: "pages:read"},
		{route: "GET " + at + "/roles"},
		{route: "GET " + at + "/roles/{name}", id: "Auditor"},
		{route: "GET " + at + "/scopes/{name}", id: "tokens:read"},
		{route: "PUT " + at + "/roles/{name}", id: "Agent", body: `{"scopes":["product:*"]}`},
		{route: "DELETE " + at + "/roles/{name}", id: "Auditor", query: "?replacement=Viewer"},
		{route: "GET " + at + "/removals"},
		{route: "GET /v1/users"},
		{route: "GET /v1/users/{id}", id: "bea@example.com"},
		{route: "POST /v1/users/{id}/deactivate", id: "bea@example.com"},
		{route: "POST /v1/users/{id}/activate", id: "bea@example.com"},
		{route: "POST /v1/users/{id}/erase", id: "left@example.com"},
	}
}

// oauthSituations: whoever says who it is needs the right; without credentials,
// having the secret is one.
func oauthSituations() []situation {
	return []situation{
		{route: "POST /oauth2/introspect", body: "token=x"},
		{route: "POST /oauth2/revoke", about: "what is no token", body: "token=x"},
		{route: "POST /oauth2/revoke", about: "the workspace's", body: "token=SECRET"},
		{route: "POST " + device, body: "client_id=tokenry-cli"},
		{route: "POST " + grantPath, body: "client_id=tokenry-cli&grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=approved"},
		{route: "GET /.well-known/oauth-authorization-server"}, {route: "GET /.well-known/oauth-protected-resource"},
		{route: "GET /.well-known/openid-configuration"},
	}
}

func publicSituations() []situation {
	return []situation{
		{route: "GET /healthz"}, {route: "GET /readyz"}, {route: "GET /.well-known/token-format"},
		{route: "GET /openapi.json"}, {route: "GET /openapi-3.0.json"}, {route: "GET /docs"}, {route: "GET /errors"}, {route: "GET /errors/{code}", id: "expired"},
		{route: "POST /v1/leaks", body: `{"tokens":[{"token":"nothing"}]}`},
		{route: "POST /v1/leaks/github", body: `[]`}, {route: "GET /v1/leaks/gitlab/types"}, {route: "POST /v1/leaks/gitlab", body: `[]`},
	}
}
