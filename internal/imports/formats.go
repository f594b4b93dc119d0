package imports

import (
	"context"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/foreign"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// maxFormats is how many formats an instance has at most: each is tried on every string
// of its shape.
const maxFormats = 16

// Open makes the formats of specs. Those of a key that was taken out of use have ended, as
// the secrets under it.
func Open(a *authority.Authority, specs []foreign.Spec) ([]*foreign.Format, error) {
	out := make([]*foreign.Format, 0, len(specs))
	for _, s := range specs {
		if authority.Dropped(a.Keys(), s.Naming) {
			continue
		}
		key, err := unseal(a, s.Name, s.Key)
		if err != nil {
			return nil, err
		}
		suffix, err := unseal(a, s.Name, s.Suffix)
		if err != nil {
			return nil, err
		}
		f, err := named(a, s, key, suffix)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// formatOf is a format as a request has it, with its secrets sealed.
func formatOf(a *authority.Authority, in api.ImportFormat, id token.KeyID, now time.Time) (*foreign.Format, error) {
	s := foreign.Spec{
		Name: in.Name, Prefix: in.Prefix, Least: in.MinLength, Most: in.MaxLength, Alphabet: in.Alphabet,
		Part: partOf(in.Part), Decode: in.Decode, Hash: in.Hash, Iterations: in.Iterations, Length: in.Length,
		Salt: in.Salt, SaltPart: partOf(in.SaltPart), Hint: partOf(in.Hint), Naming: id, CreatedAt: now,
	}
	var err error
	if s.Key, err = seal(a, s.Name, in.Key); err != nil {
		return nil, err
	}
	if s.Suffix, err = seal(a, s.Name, in.Suffix); err != nil {
		return nil, err
	}
	return named(a, s, in.Key, in.Suffix)
}

// named makes a format with the key that it names.
func named(a *authority.Authority, s foreign.Spec, key, suffix string) (*foreign.Format, error) {
	naming, ok := a.Keys().Derive(foreign.Names, s.Naming)
	if !ok {
		return nil, a.Lacking(s.Naming)
	}
	return foreign.New(s, naming, key, suffix), nil
}

func partOf(p *api.Part) foreign.Part {
	if p == nil {
		return foreign.Part{}
	}
	return foreign.Part(*p)
}

// sealedFor is what a sealed secret of a format is bound to.
func sealedFor(name string) []byte { return []byte("import format\x00" + name) }

func seal(a *authority.Authority, name, text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	return authority.Seal(a, authority.SealedSecrets, []byte(text), sealedFor(name))
}

func unseal(a *authority.Authority, name string, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	text, err := authority.Unseal(a, authority.SealedSecrets, sealed, sealedFor(name))
	return string(text), err
}

// find is the format of that name; -1 when there is none.
func find(specs []foreign.Spec, name string) int {
	return slices.IndexFunc(specs, func(s foreign.Spec) bool { return s.Name == name })
}

// same says whether two formats take the same strings and hash them alike.
func same(a, b foreign.Spec) bool {
	return a.Prefix == b.Prefix && a.Least == b.Least && a.Most == b.Most && a.Alphabet == b.Alphabet && a.Recipe == b.Recipe
}

// settle answers the format that a request means: the one that is there by that name, or
// a new one.
func settle(a *authority.Authority, in ledger.Instance, asked api.ImportFormat, now time.Time) (f *foreign.Format, isNew bool, err error) {
	if i := find(in.Formats, asked.Name); i >= 0 {
		f, err := formatOf(a, asked, in.Formats[i].Naming, now)
		if err == nil && !same(f.Spec, in.Formats[i]) {
			err = api.Conflictf(api.CodeAlreadyExists, "there is an import format %q, and it says something else; give this one another name", asked.Name)
		}
		return f, false, err
	}
	if len(in.Formats) >= maxFormats {
		return nil, false, api.FieldError("format.name", "an instance has at most 16 import formats; delete one that is not needed any more")
	}
	f, err = formatOf(a, asked, a.Keys().Oldest(), now)
	return f, true, err
}

// view is a format as it is shown: without its secrets.
func view(s foreign.Spec) api.ImportedFormat {
	f := api.ImportFormat{
		Name: s.Name, Prefix: s.Prefix, MinLength: s.Least, MaxLength: s.Most, Alphabet: s.Alphabet, Part: shownPart(s.Part), Decode: s.Decode,
		Hash: s.Hash, Iterations: s.Iterations, Length: s.Length, Salt: s.Salt, SaltPart: shownPart(s.SaltPart), Hint: shownPart(s.Hint),
	}
	return api.ImportedFormat{ImportFormat: f, Slow: s.Slow(), CreatedAt: s.CreatedAt.UTC()}
}

func shownPart(p foreign.Part) *api.Part {
	if p == (foreign.Part{}) {
		return nil
	}
	v := api.Part(p)
	return &v
}

// ImportFormats lists the formats of other systems whose strings are looked up. It needs
// instance:admin.
func (a *Imports) ImportFormats(ctx context.Context, c authority.Caller) (list []api.ImportedFormat, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		if _, err := a.in.EnterInstance(r, c); err != nil {
			return err
		}
		in, err := r.Instance()
		list = []api.ImportedFormat{}
		for _, s := range in.Formats {
			list = append(list, view(s))
		}
		return err
	})
	return list, err
}

// DeleteImportFormat ends the look-up of a format's strings: from then on they are no tokens,
// whatever became of the tokens themselves. It needs instance:admin.
func (a *Imports) DeleteImportFormat(ctx context.Context, c authority.Caller, name string) (done authority.Done[api.ImportedFormat], err error) {
	done.Revision, err = a.in.Withdraw(ctx, c, func(w *authority.Work) error {
		ac, err := a.in.EnterInstance(w.Snapshot, c)
		if err != nil {
			return err
		}
		in, err := w.Instance()
		if err != nil {
			return err
		}
		i := find(in.Formats, name)
		if i < 0 {
			return api.Errorf(api.CodeNotFound, "there is no such import format")
		}
		done.Value = view(in.Formats[i])
		in.Formats = slices.Delete(slices.Clone(in.Formats), i, i+1)
		if err := w.PutInstance(in); err != nil {
			return err
		}
		w.TouchAllWorkspaces()
		return w.Note(ac, ledger.Workspace{}, authority.Event{Action: "import_format.deleted", Target: name, Before: done.Value})
	})
	return done, err
}
