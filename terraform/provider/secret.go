package provider

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
)

// What has a secret: tokens, and the signatures of webhooks.

func rotationField() field {
	return field{name: "rotation", local: true, doc: "Whatever you like: another value makes another secret."}
}

func versionField() field {
	return field{name: "secret_version", as: number, use: told, doc: "Another number with each secret: give it to tokenry_token_secret or tokenry_webhook_secret, and to the _version of a write-only argument that takes the secret."}
}

// milliseconds is a moment as the number of a secret: write-only arguments want one.
func milliseconds(t time.Time) json.Number {
	return json.Number(strconv.FormatInt(t.UnixMilli(), 10))
}

func tokenKind() kind {
	ours := func(name, doc string) field { return field{name: name, local: true, doc: doc} }
	return kind{
		name: "token", key: "locator", doc: "A token, without its secret, which tokenry_token_secret asks for in the apply that makes it.",
		fields: []field{
			idField("The locator, by which it is imported too."), workspaceField(false),
			{name: "kind", use: settled, fixed: true, doc: "personal, service or workspace; left out, it follows from the owner."},
			{name: "owner", use: settled, fixed: true, same: sameOwner, doc: "A member's e-mail address, or a service account's name; left out, whose token the provider has."},
			{name: "label", use: required, doc: "The token's name."},
			descriptionField(),
			grantsField("Left out, what its owner may."),
			{name: "expires_in", hidden: true, renewed: true, doc: "How long it lives, from its making and from each rotation, like 90d; left out, as the policy says."},
			{name: "never", as: flag, hidden: true, doc: "It has no end, where the policy allows that."},
			{name: "not_before", same: sameTime, doc: "When it begins."},
			networksField(), rateField("How often it may be used."),
			{name: "recoverable", as: flag, use: settled, doc: "Its secret can be shown again, where the policy allows that."},
			metadataField(),
			ours("rotate_before", "How long before its end a plan rotates it, like 30d; left out, none does, and an expired token is made anew."),
			ours("rotate_unused", "How long a secret may stay unused before a plan rotates it, like 1h: what was lost in an apply that failed is made again so. Left out, for ever."),
			rotationField(),
			ours("overlap", "How long the former secret still works after a rotation; left out, as the policy says."),
			ours("revoke_after", "How long it still works after its end here, be it that another one takes its place; left out, it is revoked at once."),
			{name: "expires_at", use: told, same: sameTime, moves: []string{"secret_version", "expires_in", "never"}, doc: "When it ends."},
			versionField(),
			{name: "secret_used", as: flag, use: told, moves: []string{"secret_version"}, doc: "Whether the current secret was ever used."},
			{name: "status", use: told, moves: []string{"secret_version"}, doc: "active, disabled or expired. One that somebody disabled stays so."},
			{name: "masked", use: told, moves: []string{"secret_version"}, doc: "What may be shown of it."},
		},
		tidy: tidyToken,
		gone: func(out doc, prior row) bool { // one that is rotated comes back from its end
			return out["status"] == api.StatusRevoked || out["status"] == api.StatusExpired && prior.text("rotate_before") == ""
		},
		due: dueToken,
		calls: func(o *office) calls {
			c := o.client
			return calls{
				create: func(ctx context.Context, ws string, in doc, key string) (doc, error) {
					return issued(creates(c.CreateToken)(ctx, ws, in, key))
				},
				read: reads(c.GetToken), patch: edits(c.EditToken), remove: o.endToken, rotate: o.rotateToken,
			}
		},
	}
}

// issued lifts the token out of the answer that has its secret.
func issued(out doc, err error) (doc, error) {
	if err != nil {
		return nil, err
	}
	t, _ := out["token"].(map[string]any)
	t["secret"] = out["secret"]
	return t, nil
}

// tidyToken names the owner as it was named, and numbers the secret by when it was made.
func tidyToken(out doc, prior row) {
	if owner, ok := out["owner"].(map[string]any); ok {
		was := prior.text("owner")
		out["owner"] = owner["address"]
		for _, name := range []any{owner["id"], owner["name"], owner["address"]} {
			if name == was {
				out["owner"] = was
			}
		}
		if ext, ok := owner["external_id"].(string); ok && "ext:"+ext == was {
			out["owner"] = was
		}
	}
	newest, used := time.Time{}, false
	all, _ := out["secrets"].([]any)
	for _, s := range all {
		s, _ := s.(map[string]any)
		at, _ := s["created_at"].(string)
		if made, err := time.Parse(time.RFC3339, at); err == nil && made.After(newest) {
			newest, used = made, s["last_used_at"] != nil
		}
	}
	if !newest.IsZero() {
		out["secret_version"], out["secret_used"] = milliseconds(newest), used
	}
}

func sameOwner(a, b string) bool { return sameMail(a, b) || sameAccount(a, b) || sameAccount(b, a) }

// dueToken says whether the end is nearer than it was allowed to come, or the secret was left
// unused for longer than it was allowed to be.
func dueToken(state, plan doc, now time.Time) bool {
	if end, err := time.Parse(time.RFC3339, written(state["expires_at"])); err == nil {
		if before, ok := span(plan["rotate_before"]); ok && !now.Add(before).Before(end) {
			return true
		}
	}
	made, numbered := wholeNumber(state["secret_version"])
	unused, ok := span(plan["rotate_unused"])
	return ok && numbered && state["secret_used"] == false && !now.Before(time.UnixMilli(made).Add(unused))
}

// span reads a field that is a duration; false where there is none.
func span(in any) (time.Duration, bool) {
	text, _ := in.(string)
	d, err := api.ParseDuration(text)
	return d.Std(), err == nil
}

// endToken ends a token now, or lets it go on for as long as it was told to.
func (o *office) endToken(ctx context.Context, ws, id string, kept doc) error {
	grace, _ := span(kept["revoke_after"])
	if grace == 0 {
		_, err := o.client.DeleteToken(ctx, ws, id)
		return err
	}
	now, err := o.client.GetToken(ctx, ws, id)
	if err != nil || now.ExpiresAt != nil && now.ExpiresAt.Before(o.Now().Add(grace)) {
		return err // it ends before
	}
	in := api.EditToken{}
	in.ExpiresIn = api.Some(api.Duration(grace))
	_, err = o.client.EditToken(ctx, ws, id, in)
	return err
}

// rotateToken gives a token another secret, and its lifetime again.
func (o *office) rotateToken(ctx context.Context, ws, id string, kept doc, key string) (doc, error) {
	in := doc{"renew": kept["expires_in"] == nil && kept["never"] != true}
	for _, name := range []string{"overlap", "expires_in"} {
		if v := kept[name]; v != nil {
			in[name] = v
		}
	}
	body, err := read[api.RotateToken](in)
	if err != nil {
		return nil, err
	}
	return issued(answered(o.client.RotateToken(ctx, ws, id, body, client.IdempotencyKey(key))))
}
