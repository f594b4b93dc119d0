package provider

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tokenry/tokenry/api"
)

// thing is a resource of any kind.
type thing struct {
	kind   kind
	office *office
}

func (r *thing) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + r.kind.name
}

func (r *thing) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Description: r.kind.doc, Attributes: attributes(r.kind.fields)}
}

func (r *thing) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.office, _ = req.ProviderData.(*office) // nil before the provider is configured
}

// row is a thing as a plan, a state or a configuration has it.
type row map[string]tftypes.Value

// text is a field's text; empty for what has none.
func (r row) text(name string) string {
	if v, ok := r[name]; ok && v.IsKnown() && !v.IsNull() {
		return as[string](v)
	}
	return ""
}

// doc is what is known of the fields that keep takes.
func (r row) doc(fs []field, keep func(field) bool) doc {
	out := doc{}
	for _, f := range fs {
		if p := plain(r[f.name]); p != nil && keep(f) {
			out[f.name] = p
			if f.as == raw { // a text here and an object there
				out[f.name] = parsed(r.text(f.name))
			}
		}
	}
	return out
}

func all(field) bool { return true }

// result is what a thing is after a call: what was planned, and what the server told of the rest.
func (k kind) result(t tftypes.Type, prior row, out doc, planned bool) tftypes.Value {
	got := members(value(t, map[string]any(out)))
	for _, f := range k.fields {
		was := prior[f.name]
		switch {
		case f.use == never:
			got[f.name] = tftypes.NewValue(was.Type(), nil)
		case planned && f.use.computed() && was.IsKnown() && !was.IsNull():
			got[f.name] = was // what was planned to stay stays; the next reading tells
		case f.local || f.hidden:
			got[f.name] = was
		default:
			got[f.name] = f.settle(was, got[f.name])
		}
	}
	return tftypes.NewValue(t, got)
}

// answer completes what a call answered by what only we know.
func (k kind) answer(out doc, prior row, shown string) doc {
	name := out[k.key]
	if k.tidy != nil {
		k.tidy(out, prior)
	}
	if !k.alone {
		out["workspace"] = shown
	}
	out["id"] = shown
	if k.key != "" {
		out["id"] = name
	}
	return out
}

// visit is what an operation has to do with: the calls of the kind, and the workspace as it is
// shown and as it is sent.
type visit struct {
	calls
	shown, sent string
}

// begin is what all operations begin with.
func (r *thing) begin(ctx context.Context, at row) (v visit, err error) {
	if err = ready(r.office); err != nil {
		return v, err
	}
	v.calls = r.kind.calls(r.office)
	if !r.kind.alone {
		v.shown, v.sent, err = r.office.place(ctx, at.text("workspace"))
	}
	return v, err
}

func (r *thing) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	plan := row(members(req.Plan.Raw))
	ctx, cancel := context.WithTimeout(ctx, operationTime)
	defer cancel()
	v, err := r.begin(ctx, plan)
	var out doc
	if err == nil {
		for _, f := range r.kind.fields {
			if f.use == never { // it stands in the configuration alone
				plan[f.name] = members(req.Config.Raw)[f.name]
			}
		}
		out, err = r.create(ctx, v, plan.doc(r.kind.fields, field.written))
	}
	if err != nil {
		refuse(&resp.Diagnostics, "make the "+r.kind.name, r.kind.fields, err)
		return
	}
	resp.State.Raw = r.kind.result(req.Plan.Raw.Type(), plan, r.kept(r.kind.answer(out, plan, v.shown)), true)
	r.soon(&resp.Diagnostics, row(members(resp.State.Raw)))
}

// create makes a thing. What is being deleted under its name is waited for.
func (r *thing) create(ctx context.Context, v visit, in doc) (doc, error) {
	if v.put == nil {
		delete(in, "workspace")
		return r.insist(ctx, func() (doc, error) { // a refusal is an answer too, which an old key would repeat
			return v.create(ctx, v.sent, in, r.office.Draw())
		})
	}
	id, _ := in[r.kind.key].(string)
	switch was, err := v.read(ctx, v.sent, id); {
	case err == nil && !r.kind.over(was, nil):
		return nil, api.Errorf(api.CodeAlreadyExists, "there is a %s of this name", r.kind.name)
	case err != nil && !errors.Is(err, api.CodeNotFound):
		return nil, err // what is there is not replaced unseen
	}
	return r.insist(ctx, func() (doc, error) { return r.put(ctx, v, id, in) })
}

// insist calls again while what had the name is being deleted.
func (r *thing) insist(ctx context.Context, call func() (doc, error)) (doc, error) {
	for {
		out, err := call()
		if !errors.Is(err, api.CodeBeingDeleted) || r.office.Wait(ctx, time.Second) != nil {
			return out, err
		}
	}
}

func (r *thing) put(ctx context.Context, v visit, id string, in doc) (doc, error) {
	delete(in, "workspace")
	delete(in, r.kind.key)
	return v.put(ctx, v.sent, id, in)
}

// kept takes the secret out of what was answered, and remembers it.
func (r *thing) kept(out doc) doc {
	if secret, ok := out["secret"].(string); ok {
		id, _ := out["id"].(string)
		delete(out, "secret")
		if out["secret_version"] == nil { // the server does not number those of webhooks
			out["secret_version"] = milliseconds(r.office.Now())
		}
		if number, ok := wholeNumber(out["secret_version"]); ok {
			r.office.keep(id, number, secret)
		}
	}
	return out
}

func (r *thing) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	state := row(members(req.State.Raw))
	ctx, cancel := context.WithTimeout(ctx, operationTime)
	defer cancel()
	v, err := r.begin(ctx, state)
	var out doc
	if err == nil {
		out, err = v.read(ctx, v.sent, state.text("id"))
	}
	switch {
	case errors.Is(err, api.CodeNotFound), err == nil && r.kind.over(out, state):
		resp.State.RemoveResource(ctx)
	case err != nil:
		refuse(&resp.Diagnostics, "read the "+r.kind.name, r.kind.fields, err)
	default:
		out = r.kind.answer(out, state, v.shown)
		r.stray(state, out)
		resp.State.Raw = r.kind.result(req.State.Raw.Type(), state, out, false)
	}
}

func (r *thing) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	state, plan := row(members(req.State.Raw)), row(members(req.Plan.Raw))
	ctx, cancel := context.WithTimeout(ctx, operationTime)
	defer cancel()
	v, err := r.begin(ctx, state)
	id := state.text("id")
	var out doc
	rotates := v.rotate != nil && !plan["secret_version"].IsKnown()
	switch changed := r.kind.changed(state, plan, rotates); {
	case err != nil:
	case v.put != nil:
		out, err = r.put(ctx, v, id, plan.doc(r.kind.fields, field.written))
	case len(changed) > 0:
		out, err = v.patch(ctx, v.sent, id, changed)
	default:
		out, err = v.read(ctx, v.sent, id)
	}
	if err == nil && rotates {
		out, err = v.rotate(ctx, v.sent, id, plan.doc(r.kind.fields, all), r.office.Draw())
	}
	if err != nil {
		refuse(&resp.Diagnostics, "change the "+r.kind.name, r.kind.fields, err)
		return
	}
	resp.State.Raw = r.kind.result(req.Plan.Raw.Type(), plan, r.kept(r.kind.answer(out, plan, v.shown)), true)
	r.soon(&resp.Diagnostics, row(members(resp.State.Raw)))
}

// changed are the fields whose value is another one; null takes one away.
func (k kind) changed(state, plan row, rotates bool) doc {
	out := doc{}
	now := plan.doc(k.fields, field.written)
	for _, f := range k.fields {
		switch v := plan[f.name]; {
		case !f.written() || f.fixed || f.use == never || !v.IsKnown() || v.Equal(state[f.name]):
		case f.hidden && v.IsNull(), f.renewed && rotates: // what it did stays done; the rotation does it
		default:
			out[f.name] = now[f.name] // nil is null
		}
	}
	return out
}

func (r *thing) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	state := row(members(req.State.Raw))
	ctx, cancel := context.WithTimeout(ctx, operationTime)
	defer cancel()
	v, err := r.begin(ctx, state)
	if err == nil {
		err = v.remove(ctx, v.sent, state.text("id"), state.doc(r.kind.fields, all))
	}
	if err != nil && !errors.Is(err, api.CodeNotFound) {
		refuse(&resp.Diagnostics, "end the "+r.kind.name, r.kind.fields, err)
	}
}

// ImportState takes the id, or WORKSPACE/ID.
func (r *thing) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	id := req.ID
	ws, rest, ok := strings.Cut(id, "/")
	if r.kind.key == "" { // there is one in a workspace
		ws, rest, ok = id, id, true
	}
	if ok && !r.kind.alone {
		id = rest
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("workspace"), ws)...)
	}
	if id == "" {
		resp.Diagnostics.AddError("No id", "Import by ID, or by WORKSPACE/ID.")
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
}
