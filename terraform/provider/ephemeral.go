package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
)

// runToken is a token for the run: made when it is opened, ended when it is closed. Every
// phase opens one of its own, a plan too.
type runToken struct{ office *office }

func runFields() []field {
	return []field{
		idField("The locator."),
		{name: "workspace", doc: "The workspace's slug; left out, the provider's."},
		{name: "kind", doc: "personal, service or workspace; left out, it follows from the owner."},
		{name: "owner", doc: "A member's e-mail address, or a service account's name; left out, whose token the provider has."},
		{name: "label", doc: "The token's name; left out, terraform run."},
		descriptionField(), grantsField("Left out, what its owner may."),
		{name: "expires_in", doc: "When it ends by itself, should nobody close it; left out, 1h."},
		networksField(), metadataField(),
		{name: "secret", use: told, doc: "The token."},
		{name: "expires_at", use: told, doc: "When it ends at the latest."},
	}
}

func (e *runToken) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_run_token"
}

func (e *runToken) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "A token for the run: made when it is opened, which every phase does, and revoked when it is closed.",
		Attributes:  runAttributes(runFields()),
	}
}

func (e *runToken) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	e.office, _ = req.ProviderData.(*office) // nil before the provider is configured
}

// opened is what a close has to know.
type opened struct {
	Workspace string `json:"workspace"`
	Locator   string `json:"locator"`
}

func (e *runToken) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	config := row(members(req.Config.Raw))
	in := config.doc(runFields(), field.written)
	for name, left := range map[string]string{"label": "terraform run", "expires_in": "1h"} {
		if in[name] == nil {
			in[name] = left
		}
	}
	out, ws, err := e.open(ctx, config.text("workspace"), in)
	if err == nil {
		var private []byte
		if private, err = json.Marshal(opened{ws, written(out["locator"])}); err == nil {
			resp.Diagnostics.Append(resp.Private.SetKey(ctx, "opened", private)...)
		}
	}
	if err != nil {
		refuse(&resp.Diagnostics, "make a token for the run", runFields(), err)
		return
	}
	got := members(req.Config.Raw)
	for name, from := range map[string]string{"id": "locator", "secret": "secret", "expires_at": "expires_at"} {
		got[name] = value(tftypes.String, out[from])
	}
	resp.Result.Raw = tftypes.NewValue(req.Config.Raw.Type(), got)
}

func (e *runToken) open(ctx context.Context, named string, in doc) (_ doc, sent string, err error) {
	ctx, cancel := context.WithTimeout(ctx, operationTime)
	defer cancel()
	if err := ready(e.office); err != nil {
		return nil, "", err
	}
	if _, sent, err = e.office.place(ctx, named); err != nil {
		return nil, "", err
	}
	body, err := read[api.CreateToken](in)
	if err != nil {
		return nil, "", err
	}
	out, err := issued(answered(e.office.client.CreateToken(ctx, sent, body, client.IdempotencyKey(e.office.Draw()))))
	return out, sent, err
}

func (e *runToken) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	private, diags := req.Private.GetKey(ctx, "opened")
	resp.Diagnostics.Append(diags...)
	var at opened
	if json.Unmarshal(private, &at) != nil || at.Locator == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, operationTime)
	defer cancel()
	err := ready(e.office)
	if err == nil {
		_, err = e.office.client.DeleteToken(ctx, at.Workspace, at.Locator)
	}
	if err != nil {
		refuse(&resp.Diagnostics, "revoke the run's token "+at.Locator, nil, err)
	}
}

// secretOf is the secret of a token or a webhook, in the apply that makes it. In any other
// phase it is null, but for a token whose secret can be shown again.
type secretOf struct {
	kind   string
	office *office
}

func (e *secretOf) fields() []field {
	return []field{
		{name: "id", use: required, doc: "The id of the " + e.kind + "."},
		{name: "workspace", doc: "The workspace's slug; left out, the provider's."},
		{name: "secret_version", as: number, use: required, doc: "The secret_version of the " + e.kind + ": while that is not known, this is not opened."},
		{name: "secret", use: told, doc: "The secret; null where this phase did not make it."},
	}
}

func (e *secretOf) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + e.kind + "_secret"
}

func (e *secretOf) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "The secret of a " + e.kind + ", in the apply that makes or rotates it, for a write-only argument of what keeps it.",
		Attributes:  runAttributes(e.fields()),
	}
}

func (e *secretOf) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	e.office, _ = req.ProviderData.(*office) // nil before the provider is configured
}

func (e *secretOf) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	got := row(members(req.Config.Raw))
	secret, err := e.open(ctx, got)
	if err != nil {
		refuse(&resp.Diagnostics, "show the secret of the "+e.kind, e.fields(), err)
		return
	}
	got["secret"] = value(tftypes.String, secret)
	resp.Result.Raw = tftypes.NewValue(req.Config.Raw.Type(), map[string]tftypes.Value(got))
}

// open answers the secret, or nil.
func (e *secretOf) open(ctx context.Context, at row) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTime)
	defer cancel()
	if err := ready(e.office); err != nil {
		return nil, err
	}
	number, _ := wholeNumber(plain(at["secret_version"]))
	if secret, ok := e.office.kept(at.text("id"), number); ok {
		return secret, nil
	}
	if e.kind != "token" {
		return nil, nil
	}
	_, sent, err := e.office.place(ctx, at.text("workspace"))
	if err != nil {
		return nil, err
	}
	now, err := answered(e.office.client.GetToken(ctx, sent, at.text("id")))
	if err != nil {
		return nil, err
	}
	tidyToken(now, nil)
	if is, _ := wholeNumber(now["secret_version"]); now["recoverable"] != true || is != number {
		return nil, nil
	}
	shown, err := e.office.client.RevealToken(ctx, sent, at.text("id"))
	return shown.Secret, err
}
