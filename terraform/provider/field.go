package provider

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"time"

	data "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	run "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tokenry/tokenry/api"
)

// shape is what a field holds.
type shape int

const (
	text    shape = iota
	raw           // a text that is JSON
	number        // whole
	flag          // true or false
	texts         // a set of texts
	numbers       // a list of whole numbers
	labels        // texts by name
	table         // sets of texts by name
	object        // what in describes
	objects       // a list of what in describes
)

// use is who writes a field.
type use int

const (
	optional use = iota
	required
	settled // optional, and the server says what it is where it is left out
	told    // by the server alone
	never   // given to the server, and nowhere kept: a secret
)

// field is an attribute of a kind, and the field of the API with the same name.
type field struct {
	name string
	as   shape
	use  use
	doc  string
	// fixed means that another value needs another thing.
	fixed bool
	// local is not the server's: it says what to do. What is hidden the server takes, and
	// does not tell. Both stay as they were written.
	local, hidden bool
	// renewed is set by a rotation too, which also brings back what has ended; then no patch does.
	renewed bool
	// moves is told anew by a change of what it depends on.
	moves []string
	// same says whether two texts mean the same; nil compares them.
	same func(a, b string) bool
	in   []field
}

// written says whether the field goes to the server.
func (f field) written() bool { return f.use != told && !f.local }

// Three flags are all that tells a use from another in a schema.
func (u use) required() bool { return u == required }
func (u use) optional() bool { return u == optional || u == settled || u == never }
func (u use) computed() bool { return u == settled || u == told }

func attributes(fs []field) map[string]schema.Attribute {
	out := map[string]schema.Attribute{}
	for _, f := range fs {
		out[f.name] = f.attribute()
	}
	return out
}

func (f field) attribute() schema.Attribute {
	r, o, c, d := f.use.required(), f.use.optional(), f.use.computed(), f.doc
	switch f.as {
	case number:
		return schema.Int64Attribute{Required: r, Optional: o, Computed: c, Description: d}
	case flag:
		return schema.BoolAttribute{Required: r, Optional: o, Computed: c, Description: d}
	case texts:
		return schema.SetAttribute{ElementType: types.StringType, Required: r, Optional: o, Computed: c, Description: d}
	case numbers:
		return schema.ListAttribute{ElementType: types.Int64Type, Required: r, Optional: o, Computed: c, Description: d}
	case labels:
		return schema.MapAttribute{ElementType: types.StringType, Required: r, Optional: o, Computed: c, Description: d}
	case table:
		return schema.MapAttribute{ElementType: types.SetType{ElemType: types.StringType}, Required: r, Optional: o, Computed: c, Description: d}
	case object:
		return schema.SingleNestedAttribute{Attributes: attributes(f.in), Required: r, Optional: o, Computed: c, Description: d}
	case objects:
		return schema.ListNestedAttribute{NestedObject: schema.NestedAttributeObject{Attributes: attributes(f.in)}, Required: r, Optional: o, Computed: c, Description: d}
	default:
		return schema.StringAttribute{Required: r, Optional: o, Computed: c, Description: d, WriteOnly: f.use == never, Sensitive: f.use == never}
	}
}

// lookAttributes are those of a data source: what it is found by is asked for, the rest is told.
func lookAttributes(fs []field) map[string]data.Attribute {
	out := map[string]data.Attribute{}
	for _, f := range fs {
		if f.local || f.hidden || f.use == never {
			continue
		}
		d, id, ws := f.doc, f.name == "id", f.name == "workspace"
		switch f.as {
		case number:
			out[f.name] = data.Int64Attribute{Computed: true, Description: d}
		case flag:
			out[f.name] = data.BoolAttribute{Computed: true, Description: d}
		case texts:
			out[f.name] = data.SetAttribute{ElementType: types.StringType, Computed: true, Description: d}
		case numbers:
			out[f.name] = data.ListAttribute{ElementType: types.Int64Type, Computed: true, Description: d}
		case labels:
			out[f.name] = data.MapAttribute{ElementType: types.StringType, Computed: true, Description: d}
		case table:
			out[f.name] = data.MapAttribute{ElementType: types.SetType{ElemType: types.StringType}, Computed: true, Description: d}
		case object:
			out[f.name] = data.SingleNestedAttribute{Attributes: lookAttributes(f.in), Computed: true, Description: d}
		case objects:
			out[f.name] = data.ListNestedAttribute{NestedObject: data.NestedAttributeObject{Attributes: lookAttributes(f.in)}, Computed: true, Description: d}
		default:
			out[f.name] = data.StringAttribute{Required: id, Optional: ws, Computed: !id, Description: d}
		}
	}
	return out
}

// runAttributes are those of an ephemeral resource; only the shapes that one has.
func runAttributes(fs []field) map[string]run.Attribute {
	out := map[string]run.Attribute{}
	for _, f := range fs {
		r, o, c, d := f.use.required(), f.use.optional(), f.use.computed(), f.doc
		switch f.as {
		case number:
			out[f.name] = run.Int64Attribute{Required: r, Optional: o, Computed: c, Description: d}
		case texts:
			out[f.name] = run.SetAttribute{ElementType: types.StringType, Required: r, Optional: o, Computed: c, Description: d}
		case labels:
			out[f.name] = run.MapAttribute{ElementType: types.StringType, Required: r, Optional: o, Computed: c, Description: d}
		case objects:
			out[f.name] = run.ListNestedAttribute{NestedObject: run.NestedAttributeObject{Attributes: runAttributes(f.in)}, Required: r, Optional: o, Computed: c, Description: d}
		default:
			out[f.name] = run.StringAttribute{Required: r, Optional: o, Computed: c, Description: d, Sensitive: f.name == "secret"}
		}
	}
	return out
}

// What means the same.

func sameSpan(a, b string) bool {
	x, err1 := api.ParseDuration(a)
	y, err2 := api.ParseDuration(b)
	return err1 == nil && err2 == nil && x == y
}

func sameTime(a, b string) bool {
	x, err1 := time.Parse(time.RFC3339, a)
	y, err2 := time.Parse(time.RFC3339, b)
	return err1 == nil && err2 == nil && x.Equal(y)
}

func sameNetwork(a, b string) bool {
	x, ok1 := network(a)
	y, ok2 := network(b)
	return ok1 && ok2 && x == y
}

// network reads an address as the network of it alone.
func network(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err == nil
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

func sameMail(a, b string) bool { return strings.EqualFold(a, b) }

// sameAccount takes the address of a service account, name@slug.service, for its name.
func sameAccount(a, b string) bool {
	name, of, _ := strings.Cut(a, "@")
	return a == b || strings.HasSuffix(of, ".service") && name == b
}
