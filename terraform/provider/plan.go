package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// ModifyPlan says what a change leaves as it is, what it moves, and what it needs another
// thing for. A secret that is due is moved without any change.
func (r *thing) ModifyPlan(_ context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || req.State.Raw.IsNull() {
		return
	}
	state, plan, config := row(members(req.State.Raw)), row(members(req.Plan.Raw)), row(members(req.Config.Raw))
	for _, f := range r.kind.fields {
		if f.use.computed() && config[f.name].IsNull() {
			plan[f.name] = state[f.name]
		}
		// What means the same stays in the words that it had, which OpenTofu takes for no change.
		if was, is := state[f.name], plan[f.name]; there(was) && there(is) && !f.local && !f.hidden {
			plan[f.name] = f.settle(was, is)
		}
		if f.fixed && !plan[f.name].Equal(state[f.name]) {
			resp.RequiresReplace = append(resp.RequiresReplace, path.Root(f.name))
		}
	}
	if r.rotates(state, plan) {
		plan["secret_version"] = unknown(plan["secret_version"])
	}
	for _, f := range r.kind.fields {
		for _, by := range f.moves {
			if !plan[by].Equal(state[by]) {
				plan[f.name] = unknown(plan[f.name])
			}
		}
	}
	resp.Plan.Raw = tftypes.NewValue(req.Plan.Raw.Type(), map[string]tftypes.Value(plan))
}

func there(v tftypes.Value) bool { return v.IsKnown() && !v.IsNull() }

func unknown(v tftypes.Value) tftypes.Value {
	return tftypes.NewValue(v.Type(), tftypes.UnknownValue)
}

// rotates says whether the secret has to be another one: it was asked for, the secret is not the
// one that was made here, or its end is near.
func (r *thing) rotates(state, plan row) bool {
	v, has := state["secret_version"]
	if !has {
		return false
	}
	number, known := wholeNumber(plain(v))
	return !plan["rotation"].Equal(state["rotation"]) || known && number == strayed ||
		r.kind.due != nil && r.kind.due(state.doc(r.kind.fields, all), plan.doc(r.kind.fields, all), r.office.Now())
}

// soon warns of a secret that was made just now and is due already: each plan would rotate it.
func (r *thing) soon(to *diag.Diagnostics, state row) {
	if r.kind.due == nil {
		return
	}
	if now := state.doc(r.kind.fields, all); r.kind.due(now, now, r.office.Now()) {
		to.AddAttributeWarning(path.Root("rotate_before"), "Every plan will rotate this "+r.kind.name,
			"It ends at "+state.text("expires_at")+", nearer than rotate_before. What a token makes ends no later than that token: give the provider one that lives longer, or rotate_before less.")
	}
}

// strayed is the version of a secret that somebody else made.
const strayed = 0

// stray marks a thing whose secret is not the one that was made here. One that was just
// imported has no version yet, and any is the right one.
func (r *thing) stray(state row, out doc) {
	was, ok := wholeNumber(plain(state["secret_version"]))
	if !ok {
		return
	}
	switch is, told := wholeNumber(out["secret_version"]); {
	case !told:
		out["secret_version"] = plain(state["secret_version"])
	case is != was:
		out["secret_version"] = json.Number("0")
	}
}

func wholeNumber(in any) (int64, bool) {
	n, ok := in.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return i, err == nil
}
