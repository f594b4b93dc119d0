package provider

import (
	"context"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
)

// kinds is the table of everything that the provider keeps.
func kinds() []kind {
	return []kind{
		workspaceKind(), scopeKind(), roleKind(), resourceKind(), memberKind(), accountKind(),
		trustRuleKind(), policyKind(), webhookKind(), tokenKind(),
	}
}

// Fields that many kinds have.

func idField(doc string) field { return field{name: "id", use: told, doc: doc} }

func workspaceField(star bool) field {
	f := field{name: "workspace", use: settled, fixed: true, doc: "The workspace's slug; left out, the provider's."}
	if star {
		f.doc += " A star is the instance, whose words hold in every workspace."
	}
	return f
}

func descriptionField() field { return field{name: "description", doc: "For people."} }

func grantsField(none string) field {
	return field{name: "grants", as: objects, doc: "What it may do, where. " + none, in: []field{
		{name: "role", doc: "A role, in place of scopes."},
		{name: "scopes", as: texts, doc: "Scopes, or patterns of them."},
		{name: "resources", as: texts, doc: "Names of resources; a star is the entire portfolio, left out is none."},
	}}
}

func rateField(doc string) field {
	return field{name: "rate_limit", as: object, doc: doc, in: []field{
		{name: "requests", as: number, use: required, doc: "So many requests"},
		{name: "window", use: required, same: sameSpan, doc: "in so long, like 1m."},
	}}
}

func networksField() field {
	return field{name: "allowed_ips", as: texts, same: sameNetwork, doc: "Addresses and networks that it may come from; left out, any."}
}

func metadataField() field {
	return field{name: "metadata", as: labels, doc: "Whatever you attach. Never put a secret here."}
}

func workspaceKind() kind {
	return kind{
		name: "workspace", key: "slug", alone: true,
		doc: "A tenant. Its end is for good: its tokens stop, and its slug is never used again.",
		fields: []field{
			idField("The slug."),
			{name: "slug", use: required, fixed: true, doc: "Its name in every path, which never changes."},
			{name: "name", use: settled, doc: "For people."},
			{name: "external_id", doc: "What you call it."},
			metadataField(),
		},
		calls: func(o *office) calls {
			c := o.client
			return calls{
				create: creates(func(ctx context.Context, _ string, in api.CreateWorkspace, opts ...client.CallOption) (api.Workspace, error) {
					return c.CreateWorkspace(ctx, in, opts...)
				}),
				read: func(ctx context.Context, _, id string) (doc, error) { return answered(c.GetWorkspace(ctx, id)) },
				patch: func(ctx context.Context, _, id string, in doc) (doc, error) {
					body, err := read[api.EditWorkspace](in)
					if err != nil {
						return nil, err
					}
					return answered(c.EditWorkspace(ctx, id, body))
				},
				remove: func(ctx context.Context, _, id string, _ doc) error {
					_, err := c.DeleteWorkspace(ctx, id)
					return err
				},
			}
		},
	}
}

// inherited says that a workspace has a scope or a role from the instance, or from the house.
func inherited(out doc, _ row) bool {
	return out["inherited"] == true || out["built_in"] == true && written(out["revision"]) == "0"
}

func scopeKind() kind {
	return kind{
		name: "scope", key: "name", doc: "A scope of the catalogue: a word for what may be done in the product.",
		fields: []field{
			idField("The name."), workspaceField(true),
			{name: "name", use: required, fixed: true, doc: "Like tickets:read."},
			descriptionField(),
			{name: "implies", as: texts, doc: "Scopes that come with it."},
			{name: "roles", as: texts, doc: "Roles that get it besides what their own patterns give."},
			{name: "locked", as: flag, use: settled, doc: "Of the instance alone: no workspace overrides it."},
		},
		gone: inherited,
		calls: func(o *office) calls {
			c := o.client
			return calls{read: reads(c.GetScope), put: edits(c.PutScope), remove: removes(c.DeleteScope)}
		},
	}
}

func roleKind() kind {
	return kind{
		name: "role", key: "name", doc: "A named list of scopes.",
		fields: []field{
			idField("The name."), workspaceField(true),
			{name: "name", use: required, fixed: true, doc: "Like triage."},
			{name: "display_name", use: settled, doc: "Its name for people; left out, the name."},
			descriptionField(),
			{name: "scopes", as: texts, doc: "What whoever has it may do."},
			rateField("How often a token of whoever has it may be used."),
			{name: "locked", as: flag, use: settled, doc: "Of the instance alone: no workspace overrides it."},
			{name: "replacement", local: true, doc: "The role that whoever has this one gets when it ends. Without it, one that somebody has does not end."},
		},
		gone: inherited,
		calls: func(o *office) calls {
			c := o.client
			return calls{read: reads(c.GetRole), put: edits(c.PutRole), remove: func(ctx context.Context, ws, id string, kept doc) error {
				replacement, _ := kept["replacement"].(string)
				_, err := c.DeleteRole(ctx, ws, id, replacement)
				return err
			}}
		},
	}
}

func resourceKind() kind {
	return kind{
		name: "resource", key: "name", doc: "An entity of the product, that rights can be restricted to.",
		fields: []field{
			idField("The name."), workspaceField(false),
			{name: "name", use: required, fixed: true, doc: "What requests name it by."},
			{name: "description", fixed: true, doc: "For people. It never changes: another one is another resource, and whoever may use this one loses that."},
		},
		calls: func(o *office) calls {
			c := o.client
			return calls{create: creates(c.CreateResource), read: reads(c.GetResource), remove: removes(c.DeleteResource)}
		},
	}
}

func memberKind() kind {
	return kind{
		name: "member", key: "id", doc: "A person in a workspace. The end of a membership is for good: its tokens are revoked.",
		fields: []field{
			idField("The user's id. It is imported by e-mail address too."), workspaceField(false),
			{name: "email", use: required, fixed: true, same: sameMail, doc: "The address that the person signs in by."},
			{name: "name", use: settled, doc: "For people."},
			{name: "external_id", doc: "What you call the person."},
			grantsField("Left out, nothing."),
			{name: "password_wo", use: never, doc: "A first password, taken when this makes the user, and never again. It needs instance:admin."},
			{name: "active", as: flag, use: told, doc: "False while the member is deactivated, which is done and undone elsewhere."},
		},
		calls: func(o *office) calls {
			c := o.client
			return calls{
				create: func(ctx context.Context, ws string, in doc, key string) (doc, error) {
					in["password"] = in["password_wo"]
					return creates(c.CreateMember)(ctx, ws, in, key)
				},
				read: reads(c.GetMember), patch: edits(c.EditMember), remove: removes(c.RemoveMember),
			}
		},
	}
}

func accountKind() kind {
	return kind{
		name: "service_account", key: "name", doc: "A principal that is nobody: a pipeline, an integration.",
		fields: []field{
			idField("The name."), workspaceField(false),
			{name: "name", use: required, fixed: true, doc: "Its name, which never changes."},
			descriptionField(),
			{name: "contacts", as: texts, same: sameMail, doc: "Whom to tell about it."},
			grantsField("Left out, nothing."),
			{name: "address", use: told, doc: "Like deploy@acme.service."},
			{name: "active", as: flag, use: told, doc: "False while it is disabled, which is done and undone elsewhere."},
		},
		calls: func(o *office) calls {
			c := o.client
			return calls{create: creates(c.CreateServiceAccount), read: reads(c.GetServiceAccount), patch: edits(c.EditServiceAccount), remove: removes(c.RemoveServiceAccount)}
		},
	}
}

func trustRuleKind() kind {
	return kind{
		name: "trust_rule", key: "id", doc: "For which ID tokens of another system a service account gives a token of an hour at most.",
		fields: []field{
			idField("The rule's id."), workspaceField(false),
			{name: "service_account", use: required, fixed: true, same: sameAccount, doc: "The account's name."},
			{name: "label", use: required, doc: "The rule's name."},
			{name: "system", use: settled, doc: "github, gitlab, buildkite, circleci, terraform, kubernetes or oidc; left out, whose issuer it is."},
			{name: "issuer", use: settled, doc: "Whose ID tokens, to the byte; left out, the system's."},
			{name: "audience", use: settled, doc: "Whom they have to be for, to the byte; left out, this server."},
			{name: "claims", as: table, doc: "Claims that have to hold, each by one of its values."},
			{name: "keys", as: raw, same: sameJSON, doc: "The issuer's public keys as a JSON Web Key Set, where it does not tell them to strangers."},
			grantsField("Left out, what the account may."),
			networksField(),
			{name: "expires_in", use: settled, same: sameSpan, doc: "How long a token lives: 1m to 1h."},
		},
		calls: func(o *office) calls {
			c := o.client
			return calls{create: creates(c.CreateTrustRule), read: reads(c.GetTrustRule), patch: edits(c.EditTrustRule), remove: removes(c.DeleteTrustRule)}
		},
	}
}

func webhookKind() kind {
	return kind{
		name: "webhook", key: "id", doc: "An endpoint that is told what happens. The secret that signs is asked for by tokenry_webhook_secret in the apply that makes it.",
		fields: []field{
			idField("The endpoint's id."), workspaceField(true),
			{name: "url", use: required, doc: "Where events are posted: https, to a public address."},
			descriptionField(),
			{name: "events", as: texts, use: settled, doc: "Types, or patterns like token.*; left out, all."},
			{name: "enabled", as: flag, use: settled, doc: "False tells it nothing."},
			rotationField(), versionField(),
		},
		calls: func(o *office) calls {
			c := o.client
			return calls{
				create: creates(c.CreateWebhook), read: reads(c.GetWebhook), patch: edits(c.EditWebhook), remove: removes(c.DeleteWebhook),
				rotate: func(ctx context.Context, ws, id string, _ doc, _ string) (doc, error) {
					return answered(c.RotateWebhook(ctx, ws, id))
				},
			}
		},
	}
}

func policyKind() kind {
	k := kind{
		name: "policy", doc: "What holds in a workspace in place of what it inherits. What is left out is inherited, and so is everything when this ends. Have one for a workspace.",
		fields: []field{idField("The workspace."), workspaceField(true)},
	}
	span := func(name, doc string) field { return field{name: name, same: sameSpan, doc: doc} }
	rate := rateField("How often each token may be used.")
	total := rateField("How often all tokens of the workspace may be.")
	total.name = "workspace_rate_limit"
	own := []field{
		span("default_lifetime", "A new token's when it names none."), span("max_lifetime", "The longest; 0 is no bound."),
		{name: "allow_never", as: flag, doc: "Tokens without an end."}, span("overlap", "How long a rotated secret still works."),
		{name: "require_ip_allow_list", as: flag, doc: "Each token names its networks."},
		{name: "personal_tokens", doc: "members, managers or nobody."},
		{name: "max_tokens", as: object, doc: "How many live tokens there may be; 0 is no bound.", in: []field{
			{name: "per_owner", as: number, use: required, doc: "Of one owner."}, {name: "total", as: number, use: required, doc: "Of the workspace."},
		}},
		{name: "notice_days", as: numbers, doc: "How many days before an end somebody is told."},
		{name: "onboarding", doc: "portfolio or any_member."}, {name: "recoverable", as: flag, doc: "Tokens whose secret can be shown again."},
		{name: "revoke_on_reuse", as: flag, doc: "A retired secret that comes back ends its token."},
		span("disable_unused_after", "After how long without use a token is disabled, 30d at least; its owner is told 14 days before. 0 disables none."),
		{name: "notice_strange_use", as: flag, doc: "Whether the owner of a token is told that it was used as it never was."},
		{name: "verifiers_may_revoke", as: flag, doc: "Whoever verifies may end what it was shown."}, rate, total,
		span("retention", "How long what is done with tokens is kept."), span("introspection_max_cache", "The longest that an introspection is kept."),
		{name: "leak_action", doc: "revoke, disable or notify."}, {name: "leak_descendants", as: flag, doc: "And what was made with it."},
		{name: "require_second_factor", as: flag, doc: "Whoever signs in with a password needs a second factor."},
		{name: "require_approval", as: objects, doc: "Tokens that work once somebody else has approved them: those of which all holds that one of these names.", in: []field{
			{name: "kinds", as: texts, doc: "Kinds of tokens."}, {name: "scopes", as: texts, doc: "Scopes, or patterns of them."},
			{name: "resources", as: texts, doc: "Names of resources; a star is those on the entire portfolio."}, span("longer_than", "A life that is longer."),
		}},
		{name: "support_contact", as: object, doc: "Whom somebody with a refused token asks.", in: []field{
			{name: "email", doc: "An address,"}, {name: "phone", doc: "a number,"}, {name: "url", doc: "or a page."},
		}},
		{name: "locked", as: texts, doc: "Of the instance alone: fields that no workspace overrides."},
	}
	k.fields = append(k.fields, own...)
	k.tidy = func(out doc, prior row) {
		here, _ := out["overridden"].([]any)
		for _, f := range own {
			if !slices.Contains(here, any(f.name)) && (f.name != "locked" || prior.text("workspace") != instance) {
				delete(out, f.name)
			}
		}
	}
	k.calls = func(o *office) calls { return policyCalls(o.client, own) }
	return k
}

func policyCalls(c *client.Client, own []field) calls {
	patch := func(ctx context.Context, ws, _ string, in doc) (doc, error) {
		return edits(
			func(ctx context.Context, ws, _ string, in api.PatchPolicy, opts ...client.CallOption) (api.Policy, error) {
				return c.EditPolicy(ctx, ws, in, opts...)
			})(ctx, ws, "", in)
	}
	return calls{
		// What was set before and is not in the configuration is inherited again.
		create: func(ctx context.Context, ws string, in doc, _ string) (doc, error) {
			now, err := c.GetPolicy(ctx, ws)
			if err != nil {
				return nil, err
			}
			for _, name := range now.Overridden {
				if _, named := in[name]; !named {
					in[name] = nil
				}
			}
			return patch(ctx, ws, "", in)
		},
		read:  func(ctx context.Context, ws, _ string) (doc, error) { return answered(c.GetPolicy(ctx, ws)) },
		patch: patch,
		remove: func(ctx context.Context, ws, _ string, kept doc) error {
			in := doc{}
			for _, f := range own {
				if kept[f.name] != nil {
					in[f.name] = nil
				}
			}
			_, err := patch(ctx, ws, "", in)
			return err
		},
	}
}
