package policy

import (
	"bytes"
	"encoding/json"

	"github.com/tokenry/tokenry/api"
)

// Overrides is what an instance or a workspace sets of its policy, as it is kept: a
// document of the rows of the table that hold a value, by their names. It is not the
// patch that the wire takes. A name of the wire that changes changes nothing here,
// and a name of the table that changes makes what was kept under it unset.
type Overrides api.PatchPolicy

// lockedName is under what the names of locked fields are kept.
const lockedName = "locked"

// MarshalJSON writes what is set.
func (o Overrides) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	put := func(name string, v any) error {
		b, err := json.Marshal(v)
		if out.Len() > 0 {
			out.WriteByte(',')
		}
		out.WriteString(`"` + name + `":`)
		out.Write(b)
		return err
	}
	for _, f := range table() {
		if f.set((*api.PatchPolicy)(&o)) {
			if err := put(f.name, f.kept((*api.PatchPolicy)(&o))); err != nil {
				return nil, err
			}
		}
	}
	if o.Locked.Has() {
		if err := put(lockedName, o.Locked.Value); err != nil {
			return nil, err
		}
	}
	return []byte("{" + out.String() + "}"), nil
}

// UnmarshalJSON reads what [Overrides.MarshalJSON] wrote, and leaves out what stands
// in no row: a later version may have kept it.
func (o *Overrides) UnmarshalJSON(b []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil || len(fields) == 0 {
		return err
	}
	var read api.PatchPolicy
	for _, f := range table() {
		if raw, ok := fields[f.name]; ok && string(raw) != "null" {
			if err := json.Unmarshal(raw, f.fill(&read)); err != nil {
				return err
			}
		}
	}
	if raw, ok := fields[lockedName]; ok {
		read.Locked.Set = true
		if err := json.Unmarshal(raw, &read.Locked.Value); err != nil {
			return err
		}
	}
	*o = Overrides(read)
	return nil
}

// keepable is what a field of a policy may be. What is more than a word, a number or
// a list of them is added here with a form of its own in [keptAs].
type keepable interface {
	bool | string | []int | []api.ApprovalRule | api.Duration | api.RateLimit | api.MaxTokens | api.SupportContact
}

// keptAs is the form in which the value that a pointer leads to is written and read.
func keptAs[T keepable](v *T) any {
	switch v := any(v).(type) {
	case *[]api.ApprovalRule:
		return (*keptRules)(v)
	case *api.RateLimit:
		return (*KeptLimit)(v)
	case *api.MaxTokens:
		return (*keptBounds)(v)
	case *api.SupportContact:
		return (*KeptContact)(v)
	}
	return v
}

// KeptLimit is a rate limit as it is kept; its names never change.
type KeptLimit struct {
	Requests int          `json:"requests"`
	Window   api.Duration `json:"window"`
}

// KeptContact is whom people may ask, as it is kept; its names never change.
type KeptContact struct {
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
	URL   string `json:"url,omitempty"`
}

// keptBounds is how many tokens there may be, as it is kept; its names never change.
type keptBounds struct {
	PerOwner int `json:"per_owner"`
	Total    int `json:"total"`
}
