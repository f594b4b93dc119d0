package foreign_test

import (
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/foreign"
)

// FuzzWhatIsReadOfAHashCanBeComparedWith: whatever text is taken for a hash, the string's
// own hash can be worked out beside it, has the same length, and costs no more than one may.
func FuzzWhatIsReadOfAHashCanBeComparedWith(f *testing.F) {
	formats := map[string]system{}
	for _, s := range systems() {
		formats[s.format.Name] = s
		f.Add(s.format.Name, s.kept.Hash)
		f.Add(s.format.Name, strings.ToUpper(s.kept.Hash))
		f.Add(s.format.Name, s.kept.Hash+"=")
		f.Add(s.format.Name, s.kept.Hash[:len(s.kept.Hash)-1])
	}
	f.Add("argon", "$argon2id$m=8,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("scrypted", "$scrypt$ln=1,r=1,p=1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA==")
	f.Add("crypted", "$2y$04$"+strings.Repeat(".", 53))
	f.Fuzz(func(t *testing.T, name, hash string) {
		s, ok := formats[name]
		if !ok {
			return
		}
		s.kept.Hash = hash
		format := made(t, s.format)
		kept, err := format.Read(s.kept)
		if err != nil {
			return
		}
		if costly(kept.Beside) {
			return // it is bounded, and slow to fuzz
		}
		if sum, ok := format.Sum(s.theirs, kept.Beside); !ok || len(sum) != len(kept.Sum) {
			t.Errorf("%s, %q: %d bytes beside %d, %v", name, hash, len(sum), len(kept.Sum), ok)
		}
	})
}

// costly says whether a hash takes more than a fuzzer has time for.
func costly(beside string) bool {
	return strings.HasPrefix(beside, "$2") && beside[4:6] > "05" || strings.Contains(beside, "ln=1") && !strings.Contains(beside, "ln=1,") ||
		strings.Contains(beside, "ln=2") || strings.Contains(beside, "m=") && !strings.Contains(beside, "m=8,") && !strings.Contains(beside, "m=64,")
}

// FuzzAStringOfAnyShapeIsHashedOrRefused: no string makes a format fail.
func FuzzAStringOfAnyShapeIsHashedOrRefused(f *testing.F) {
	all := systems()
	for i, s := range all {
		f.Add(uint8(i), s.theirs)
		f.Add(uint8(i), s.theirs[:len(s.theirs)/2])
	}
	f.Add(uint8(7), "eyJrIjoxfQ==")
	f.Add(uint8(6), "glsa_"+strings.Repeat("a", 32)+"_12345678")
	f.Fuzz(func(t *testing.T, i uint8, text string) {
		s := all[int(i)%len(all)]
		format := made(t, s.format)
		if format.ByHint() {
			hint, ok := format.HintOf(text)
			if ok && len(hint) != format.Hint.Take || !ok && format.Takes(text) {
				t.Errorf("%s, %q: the hint is %q", format.Name, text, hint)
			}
			return
		}
		sum, ok := format.Sum(text, "")
		if ok && len(sum) == 0 || !ok && format.Takes(text) && format.Decode == api.DecodeNone {
			t.Errorf("%s, %q: %x, %v", format.Name, text, sum, ok)
		}
	})
}

// TestAHashIsReadInEveryFormThatSystemsWrite: hex in either case, base64 of both alphabets,
// with and without padding, and none of them twice.
func TestAHashIsReadInEveryFormThatSystemsWrite(t *testing.T) {
	t.Parallel()
	f := made(t, systems()[0].format)
	const hexed = "fbff00112233445566778899aabbccddeeff00112233445566778899aabbfffe"
	var sums []string
	for _, text := range []string{
		hexed, strings.ToUpper(hexed), "+/8AESIzRFVmd4iZqrvM3e7/ABEiM0RVZneImaq7//4=", "+/8AESIzRFVmd4iZqrvM3e7/ABEiM0RVZneImaq7//4",
		"-_8AESIzRFVmd4iZqrvM3e7_ABEiM0RVZneImaq7__4", "-_8AESIzRFVmd4iZqrvM3e7_ABEiM0RVZneImaq7__4=",
	} {
		kept, err := f.Read(api.ImportToken{Hash: text})
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		sums = append(sums, string(kept.Sum))
	}
	for _, s := range sums {
		if s != sums[0] {
			t.Errorf("%x and %x", s, sums[0])
		}
	}
	for _, text := range []string{
		"+/8AESIzRFVmd4iZqrvM3e7/ABEiM0RVZneImaq7//5=", // bits behind the last byte
		"+/8AESIzRFVmd4iZqrvM3e7_ABEiM0RVZneImaq7//4=", // of two alphabets
		" " + hexed, hexed + "\n", hexed[:62], "+/8AESIzRFVmd4iZqrvM3e7/\nABEiM0RVZneImaq7//4=", "===",
	} {
		if kept, err := f.Read(api.ImportToken{Hash: text}); err == nil {
			t.Errorf("%q is read as %x", text, kept.Sum)
		}
	}
}

// TestASlowHashSaysSo, and a fast one that it is not: only so many of the first are worked
// out at a time.
func TestASlowHashSaysSo(t *testing.T) {
	t.Parallel()
	slow := map[string]bool{api.HashPBKDF2: true, api.HashBcrypt: true, api.HashArgon2id: true, api.HashScrypt: true}
	for _, s := range systems() {
		f := made(t, s.format)
		if f.Slow() != slow[f.Hash] {
			t.Errorf("%s is slow: %v", f.Name, f.Slow())
		}
		o := &foreign.Origin{Recipe: f.Recipe, Salt: "salt"}
		if !o.Slow() {
			t.Error("a salt of its own is not slow")
		}
		if o.Direct = true; o.Slow() {
			t.Error("what is compared directly is slow")
		}
	}
	if (*foreign.Origin)(nil).Slow() {
		t.Error("a secret of this instance is slow")
	}
}
