package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// look is a data source of any kind: a thing that is there, found by its id.
type look struct {
	kind   kind
	office *office
}

func (d *look) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.kind.name
}

func (d *look) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := lookAttributes(d.kind.fields)
	resp.Schema = schema.Schema{Description: d.kind.doc, Attributes: attributes}
}

func (d *look) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.office, _ = req.ProviderData.(*office) // nil before the provider is configured
}

func (d *look) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	r, config := &thing{kind: d.kind, office: d.office}, row(members(req.Config.Raw))
	ctx, cancel := context.WithTimeout(ctx, operationTime)
	defer cancel()
	v, err := r.begin(ctx, config)
	var out doc
	if err == nil {
		out, err = v.read(ctx, v.sent, config.text("id"))
	}
	if err != nil {
		refuse(&resp.Diagnostics, "read the "+d.kind.name, d.kind.fields, err)
		return
	}
	got := members(value(req.Config.Raw.Type(), map[string]any(d.kind.answer(out, config, v.shown))))
	got["id"] = config["id"] // as it was asked for: a member's may be an e-mail address
	resp.State.Raw = tftypes.NewValue(req.Config.Raw.Type(), got)
}
