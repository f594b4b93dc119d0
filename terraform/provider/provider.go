package provider

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/token"
)

// How long an attempt of a call, and all that an operation does, may take.
const (
	attemptTime   = 30 * time.Second
	operationTime = 2 * time.Minute
)

// Edges are what the provider takes from outside.
type Edges struct {
	// Version is the provider's own.
	Version string
	Getenv  func(string) string
	Now     func() time.Time
	// Draw gives a text that nobody drew before.
	Draw func() string
	// Wait returns after the time, or with the context's error.
	Wait func(context.Context, time.Duration) error
}

// New returns what makes the provider.
func New(e Edges) func() provider.Provider {
	return func() provider.Provider { return &tokenry{edges: e} }
}

type tokenry struct{ edges Edges }

// office is a configured provider: the server, and the secrets that this process got from it.
type office struct {
	Edges
	client *client.Client
	// workspace is the one of what names none; empty for the token's own.
	workspace string
	mu        sync.Mutex // guards secrets
	// secrets are by what they are the secret of, and which.
	secrets map[version]token.Secret
}

// version names one secret of one thing.
type version struct {
	id     string
	number int64
}

// keep remembers a secret until the process ends, which is when the operation does.
func (o *office) keep(id string, number int64, secret string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.secrets[version{id, number}] = token.NewSecret(secret)
}

// kept returns a secret that this process got; false for any other.
func (o *office) kept(id string, number int64) (string, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s, ok := o.secrets[version{id, number}]
	return s.Reveal(), ok
}

// place is the workspace that a thing is in: the one that is named, or the provider's, or the
// one of the provider's token; a star is the instance.
func (o *office) place(ctx context.Context, named string) (shown, sent string, err error) {
	switch named {
	case instance:
		return instance, client.Instance, nil
	case "":
		if o.workspace != "" {
			return o.workspace, o.workspace, nil
		}
		who, err := o.client.Whoami(ctx)
		return who.Workspace, who.Workspace, err
	default:
		return named, named, nil
	}
}

// instance in place of a workspace means what the instance has for all of them. No slug is like it.
const instance = "*"

func (p *tokenry) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "tokenry", p.edges.Version
}

func (p *tokenry) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "Keeps what a Tokenry server has: workspaces, rights, members, service accounts, tokens.",
		Attributes: map[string]schema.Attribute{
			"server":    schema.StringAttribute{Optional: true, Description: "The server, like https://tokens.example.com; left out, TOKENRY_SERVER."},
			"token":     schema.StringAttribute{Optional: true, Sensitive: true, Description: "The token that everything is done with; left out, TOKENRY_TOKEN, which is better: it is written nowhere."},
			"workspace": schema.StringAttribute{Optional: true, Description: "The workspace of what names none; left out, TOKENRY_WORKSPACE, or the token's own."},
		},
	}
}

func (p *tokenry) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var said struct {
		Server    types.String `tfsdk:"server"`
		Token     types.String `tfsdk:"token"`
		Workspace types.String `tfsdk:"workspace"`
	}
	if resp.Diagnostics.Append(req.Config.Get(ctx, &said)...); resp.Diagnostics.HasError() {
		return
	}
	o := &office{Edges: p.edges, secrets: map[version]token.Secret{}}
	resp.ResourceData, resp.DataSourceData, resp.EphemeralResourceData = o, o, o
	if said.Server.IsUnknown() || said.Token.IsUnknown() || said.Workspace.IsUnknown() {
		return // what only makes can be planned without a server
	}
	or := func(v types.String, name string) string {
		if v.ValueString() != "" {
			return v.ValueString()
		}
		return p.edges.Getenv(name)
	}
	server, tok := or(said.Server, "TOKENRY_SERVER"), or(said.Token, "TOKENRY_TOKEN")
	if server == "" {
		resp.Diagnostics.AddAttributeError(path.Root("server"), "No server", "Say server in the provider's block, or set TOKENRY_SERVER.")
	}
	if tok == "" {
		resp.Diagnostics.AddAttributeError(path.Root("token"), "No token", "Set TOKENRY_TOKEN, or say token in the provider's block.")
	}
	if resp.Diagnostics.HasError() {
		return
	}
	c, err := client.New(server, tok, client.WithUserAgent("terraform-provider-tokenry/"+p.edges.Version),
		client.WithTimeout(attemptTime))
	if err != nil {
		refuse(&resp.Diagnostics, "configure the provider", nil, err)
		return
	}
	o.client, o.workspace = c, or(said.Workspace, "TOKENRY_WORKSPACE")
}

// ready says why there is no server to ask; nil where there is one.
func ready(o *office) error {
	if o == nil || o.client == nil {
		return api.Errorf(api.CodeInvalidRequest, "the provider's server, token or workspace is not known yet: it depends on something that is not made; make that first (-target), or give the provider what is known")
	}
	return nil
}

func (p *tokenry) Resources(context.Context) (out []func() resource.Resource) {
	for _, k := range kinds() {
		out = append(out, func() resource.Resource { return &thing{kind: k} })
	}
	return out
}

func (p *tokenry) DataSources(context.Context) (out []func() datasource.DataSource) {
	for _, k := range kinds() {
		out = append(out, func() datasource.DataSource { return &look{kind: k} })
	}
	return out
}

func (p *tokenry) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		func() ephemeral.EphemeralResource { return &runToken{} },
		func() ephemeral.EphemeralResource { return &secretOf{kind: "token"} },
		func() ephemeral.EphemeralResource { return &secretOf{kind: "webhook"} },
	}
}
