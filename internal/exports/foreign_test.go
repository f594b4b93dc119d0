package exports_test

import (
	"encoding/base64"
	"encoding/hex"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/exports"
	"github.com/tokenry/tokenry/internal/foreign"
)

// TestEveryStringIsRecognisedByItsPreset: the string of each vector has the shape that is
// looked up, and what is worked out from it is what its system kept, by that system's own
// recipe.
func TestEveryStringIsRecognisedByItsPreset(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		s, _ := exports.Find(v.system)
		f, err := s.Format("", "", v.secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := foreign.Check(f); err != nil {
			t.Errorf("%s: %v", v.system, err)
		}
		format := foreign.New(specOf(f), []byte("0123456789abcdef0123456789abcdef"), f.Key, f.Suffix)
		in := v.want
		in.Hash = v.hash
		kept, err := format.Read(in)
		if err != nil {
			t.Errorf("%s: %v", v.system, err)
			continue
		}
		if hint, _ := format.HintOf(v.token); format.ByHint() && hint != kept.Hint {
			t.Errorf("%s: the hint of the string is %s, kept was %s", v.system, hint, kept.Hint)
		}
		sum, ok := format.Sum(v.token, kept.Beside)
		if !ok || !format.Takes(v.token) || string(sum) != string(kept.Sum) {
			t.Errorf("%s: of %s follows %x, kept was %s", v.system, v.token, sum, v.hash)
		}
		for _, hash := range []string{hex.EncodeToString(kept.Sum), base64.StdEncoding.EncodeToString(kept.Sum)} {
			if sum, ok := format.Sum(hash, kept.Beside); ok && string(sum) == string(kept.Sum) {
				t.Errorf("%s: its hash is taken for its string", v.system)
			}
		}
	}
}

func specOf(f api.ImportFormat) foreign.Spec {
	part := func(p *api.Part) foreign.Part {
		if p == nil {
			return foreign.Part{}
		}
		return foreign.Part(*p)
	}
	return foreign.Spec{
		Name: f.Name, Prefix: f.Prefix, Least: f.MinLength, Most: f.MaxLength, Alphabet: f.Alphabet, Part: part(f.Part), Decode: f.Decode, Hash: f.Hash,
		Iterations: f.Iterations, Length: f.Length, Salt: f.Salt, SaltPart: part(f.SaltPart), Hint: part(f.Hint),
	}
}
