package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// doc is an object of the API, as JSON reads it; numbers are [json.Number].
type doc map[string]any

// read turns a value of the API into a doc, or a doc into a value of the API.
func read[T any](in any) (out T, err error) {
	b, err := json.Marshal(in)
	if err != nil {
		return out, fmt.Errorf("provider: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return out, d.Decode(&out)
}

// plain is a known value as JSON has it; nil for null.
func plain(v tftypes.Value) any {
	switch {
	case v.IsNull() || !v.IsKnown():
		return nil
	case v.Type().Is(tftypes.String):
		return as[string](v)
	case v.Type().Is(tftypes.Bool):
		return as[bool](v)
	case v.Type().Is(tftypes.Number):
		n := as[big.Float](v)
		return json.Number(n.Text('f', -1))
	case v.Type().Is(tftypes.List{}) || v.Type().Is(tftypes.Set{}):
		out := []any{}
		for _, e := range as[[]tftypes.Value](v) {
			out = append(out, plain(e))
		}
		return out
	default: // a map or an object; what is null in one is left out
		out := map[string]any{}
		for name, e := range members(v) {
			if p := plain(e); p != nil {
				out[name] = p
			}
		}
		return out
	}
}

// as reads a value whose type was looked at.
func as[T any](v tftypes.Value) (out T) {
	_ = v.As(&out) // the zero value of what is null
	return out
}

// members are those of an object or a map; none of what is null or unknown.
func members(v tftypes.Value) map[string]tftypes.Value {
	if v.IsNull() || !v.IsKnown() {
		return nil
	}
	return maps.Clone(as[map[string]tftypes.Value](v)) // what As gives is the value's own
}

func isObject(t tftypes.Type) bool { return t.Is(tftypes.Object{}) }

// value writes what JSON read as a value of a type. What is not of that shape is null.
func value(t tftypes.Type, in any) tftypes.Value {
	null := tftypes.NewValue(t, nil)
	switch {
	case in == nil:
		return null
	case t.Is(tftypes.String):
		return tftypes.NewValue(t, written(in))
	case t.Is(tftypes.Bool):
		if b, ok := in.(bool); ok {
			return tftypes.NewValue(t, b)
		}
	case t.Is(tftypes.Number):
		if n, ok := in.(json.Number); ok {
			if f, _, err := big.ParseFloat(n.String(), 10, 512, big.ToNearestEven); err == nil {
				return tftypes.NewValue(t, f)
			}
		}
	case t.Is(tftypes.Map{}) || isObject(t):
		if m, ok := in.(map[string]any); ok {
			return tftypes.NewValue(t, named(t, m))
		}
	default:
		if l, ok := in.([]any); ok {
			return tftypes.NewValue(t, listed(t, l))
		}
	}
	return null
}

// written is a text, or anything else as JSON writes it.
func written(in any) string {
	switch in := in.(type) {
	case string:
		return in
	case json.Number:
		return in.String()
	}
	b, err := json.Marshal(in)
	if err != nil {
		return ""
	}
	return string(b)
}

func named(t tftypes.Type, in map[string]any) map[string]tftypes.Value {
	out := map[string]tftypes.Value{}
	switch t := t.(type) {
	case tftypes.Object:
		for name, of := range t.AttributeTypes {
			out[name] = value(of, in[name])
		}
	case tftypes.Map:
		for name, v := range in {
			out[name] = value(t.ElementType, v)
		}
	}
	return out
}

func listed(t tftypes.Type, in []any) []tftypes.Value {
	var of tftypes.Type
	switch t := t.(type) {
	case tftypes.List:
		of = t.ElementType
	case tftypes.Set:
		of = t.ElementType
	}
	out := []tftypes.Value{}
	for _, v := range in {
		out = append(out, value(of, v))
	}
	return out
}

// empty is null, or what says nothing.
func empty(v tftypes.Value) bool {
	switch {
	case v.IsNull():
		return true
	case !v.IsKnown():
		return false
	case v.Type().Is(tftypes.String):
		return as[string](v) == ""
	case v.Type().Is(tftypes.List{}) || v.Type().Is(tftypes.Set{}):
		return len(as[[]tftypes.Value](v)) == 0
	case v.Type().Is(tftypes.Map{}):
		return len(members(v)) == 0
	default:
		return false
	}
}

// settle is what a field is now: what the server says, in the words of what was written
// where both mean the same.
func (f field) settle(prior, got tftypes.Value) tftypes.Value {
	switch {
	case !prior.IsKnown() || f.use == told || f.use == settled && prior.IsNull():
		return got
	case prior.IsNull() || got.IsNull():
		if empty(prior) && empty(got) {
			return prior
		}
		return got
	case f.as == object:
		return f.settleObject(prior, got)
	case f.as == objects:
		was, is := as[[]tftypes.Value](prior), slices.Clone(as[[]tftypes.Value](got))
		for i := range min(len(was), len(is)) {
			is[i] = f.settleObject(was[i], is[i])
		}
		return tftypes.NewValue(got.Type(), is)
	case f.equal(prior, got):
		return prior
	default:
		return got
	}
}

func (f field) settleObject(prior, got tftypes.Value) tftypes.Value {
	was, is := members(prior), members(got)
	if was == nil || is == nil {
		return got
	}
	for _, in := range f.in {
		is[in.name] = in.settle(was[in.name], is[in.name])
	}
	return tftypes.NewValue(got.Type(), is)
}

// equal says whether two known values mean the same.
func (f field) equal(a, b tftypes.Value) bool {
	switch {
	case a.Equal(b):
		return true
	case f.same == nil:
		return false
	case f.as == text || f.as == raw:
		return f.same(as[string](a), as[string](b))
	case f.as == texts:
		return f.within(a, b) && f.within(b, a)
	default:
		return false
	}
}

// within says whether each text of a stands in b, as the same.
func (f field) within(a, b tftypes.Value) bool {
	for _, x := range as[[]tftypes.Value](a) {
		found := false
		for _, y := range as[[]tftypes.Value](b) {
			found = found || f.same(as[string](x), as[string](y))
		}
		if !found {
			return false
		}
	}
	return true
}
