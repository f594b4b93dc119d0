package foreign_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/foreign"
)

// TestAFormatThatCostsTooMuchOrTakesTooMuchIsRefused names the field that is wrong.
func TestAFormatThatCostsTooMuchOrTakesTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	byName := map[string]api.ImportFormat{}
	for _, s := range systems() {
		byName[s.format.Name] = s.format
	}
	for _, c := range []struct {
		of, field string
		edit      func(*api.ImportFormat)
	}{
		{"unkey", "name", func(f *api.ImportFormat) { f.Name = "Un key" }},
		{"unkey", "name", func(f *api.ImportFormat) { f.Name = strings.Repeat("a", 41) }},
		{"unkey", "prefix", func(f *api.ImportFormat) { f.Prefix = "u k" }},
		{"unkey", "prefix", func(f *api.ImportFormat) { f.Prefix = strings.Repeat("u", 33) }},
		{"unkey", "min_length", func(f *api.ImportFormat) { f.MinLength = 15 }},
		{"unkey", "max_length", func(f *api.ImportFormat) { f.MaxLength = 513 }},
		{"unkey", "max_length", func(f *api.ImportFormat) { f.MaxLength = 19 }},
		{"unkey", "alphabet", func(f *api.ImportFormat) { f.Alphabet = "base32" }},
		{"unkey", "hash", func(f *api.ImportFormat) { f.Hash = "md5" }},
		{"unkey", "key", func(f *api.ImportFormat) { f.Key = "x" }},
		{"unkey", "hint", func(f *api.ImportFormat) { f.Hint = &api.Part{Take: 8} }},
		{"unkey", "salt", func(f *api.ImportFormat) { f.Salt = "item" }},
		{"unkey", "iterations", func(f *api.ImportFormat) { f.Iterations = 1 }},
		{"unkey", "part", func(f *api.ImportFormat) { f.Part = &api.Part{Take: 11} }},
		{"unkey", "part", func(f *api.ImportFormat) { f.Part = &api.Part{Skip: -1} }},
		{"unkey", "decode_as", func(f *api.ImportFormat) { f.Decode = "base64" }},
		{"unkey", "suffix", func(f *api.ImportFormat) { f.Suffix = strings.Repeat("x", 4097) }},
		{"strapi", "key", func(f *api.ImportFormat) { f.Key = "" }},
		{"gitea", "hint", func(f *api.ImportFormat) { f.Hint = nil }},
		{"gitea", "hint", func(f *api.ImportFormat) { f.Hint = &api.Part{Take: 5} }},
		{"gitea", "salt", func(f *api.ImportFormat) { f.Salt = "" }},
		{"gitea", "iterations", func(f *api.ImportFormat) { f.Iterations = 1_000_001 }},
		{"gitea", "length", func(f *api.ImportFormat) { f.Length = 65 }},
		{"grafana", "salt_part", func(f *api.ImportFormat) { f.SaltPart = nil }},
		{"grafana", "salt_part", func(f *api.ImportFormat) { f.SaltPart = &api.Part{Skip: 40, Take: 8} }},
		{"grafana-api-keys", "decode_as", func(f *api.ImportFormat) { f.Hash, f.Iterations, f.Length = "sha256", 0, 0 }},
		{"crypted", "hash", func(f *api.ImportFormat) { f.MaxLength = 100 }},
	} {
		f := byName[c.of]
		c.edit(&f)
		e, ok := errors.AsType[*api.Error](foreign.Check(f))
		if !ok || e.Field != "format."+c.field {
			t.Errorf("%s: %v; want the field format.%s", c.of, e, c.field)
		}
	}
}

// TestWhatIsNoHashIsRefused: nothing is stored that no string could have, or that would
// cost more than one may.
func TestWhatIsNoHashIsRefused(t *testing.T) {
	t.Parallel()
	of := map[string]system{}
	for _, s := range systems() {
		of[s.format.Name] = s
	}
	const salt, sum = "c2FsdHNhbHQ", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, c := range []struct {
		of, field string
		edit      func(*api.ImportToken)
	}{
		{"unkey", "hash", func(k *api.ImportToken) { k.Hash = "" }},
		{"unkey", "hash", func(k *api.ImportToken) { k.Hash = k.Hash[:40] }},
		{"unkey", "hash", func(k *api.ImportToken) { k.Hash += "AAAA" }},
		{"unkey", "hash", func(k *api.ImportToken) { k.Hash = strings.Repeat("g", 64) }},
		{"unkey", "salt", func(k *api.ImportToken) { k.Salt = "x" }},
		{"unkey", "hint", func(k *api.ImportToken) { k.Hint = "x" }},
		{"unkey", "start", func(k *api.ImportToken) { k.Start = "a longer beginning" }},
		{"unkey", "start", func(k *api.ImportToken) { k.Start = "\u202e" }},
		{"gitea", "salt", func(k *api.ImportToken) { k.Salt = "" }},
		{"gitea", "salt", func(k *api.ImportToken) { k.Salt = strings.Repeat("s", 129) }},
		{"gitea", "hint", func(k *api.ImportToken) { k.Hint = "short" }},
		{"crypted", "hash", func(k *api.ImportToken) { k.Hash = "$2b$15$" + k.Hash[7:] }},
		{"crypted", "hash", func(k *api.ImportToken) { k.Hash = "$2x$04$" + k.Hash[7:] }},
		{"crypted", "hash", func(k *api.ImportToken) { k.Hash = k.Hash[:59] }},
		{"argon", "hash", func(k *api.ImportToken) { k.Hash = "$argon2id$v=19$m=65537,t=1,p=1$" + salt + "$" + sum }},
		{"argon", "hash", func(k *api.ImportToken) { k.Hash = "$argon2id$v=19$m=64,t=11,p=1$" + salt + "$" + sum }},
		{"argon", "hash", func(k *api.ImportToken) { k.Hash = "$argon2id$v=16$m=64,t=1,p=1$" + salt + "$" + sum }},
		{"argon", "hash", func(k *api.ImportToken) { k.Hash = "$argon2id$v=19$m=64,m=64,t=1,p=1$" + salt + "$" + sum }},
		{"argon", "hash", func(k *api.ImportToken) { k.Hash = "$argon2i$v=19$m=64,t=1,p=1$" + salt + "$" + sum }},
		{"argon", "hash", func(k *api.ImportToken) { k.Hash = "$argon2id$v=19$m=64,t=1,p=1$$" + sum }},
		{"scrypted", "hash", func(k *api.ImportToken) { k.Hash = "$scrypt$ln=20,r=8,p=1$" + salt + "$" + sum }},
		{"scrypted", "hash", func(k *api.ImportToken) { k.Hash = "$scrypt$ln=4,r=8$" + salt + "$" + sum }},
		{"scrypted", "hash", func(k *api.ImportToken) { k.Hash = strings.Repeat("$", 600) }},
	} {
		s := of[c.of]
		c.edit(&s.kept)
		_, err := made(t, s.format).Read(s.kept)
		e, ok := errors.AsType[*api.Error](err)
		if !ok || e.Field != c.field {
			t.Errorf("%s, %+v: %v; want the field %s", c.of, s.kept, err, c.field)
		}
		if ok && len(s.kept.Hash) > 8 && strings.Contains(e.Message, s.kept.Hash) {
			t.Errorf("%s: the error repeats the hash", c.of)
		}
	}
}

// TestAFormatTakesStringsOfItsShapeAlone looks at lengths, beginnings and characters.
func TestAFormatTakesStringsOfItsShapeAlone(t *testing.T) {
	t.Parallel()
	f := made(t, api.ImportFormat{Name: "x", Prefix: "x-", MinLength: 18, MaxLength: 20, Alphabet: "base58", Hash: "sha256"})
	for s, want := range map[string]bool{
		"x-abcdefghijkmnopq": true, "x-abcdefghijkmnopqrs": true, "x-abcdefghijkmnop": false, "x-abcdefghijkmnopqrst": false,
		"y-abcdefghijkmnopq": false, "x-abcdefghijklmnop": false, "x-0bcdefghijkmnopq": false, "x-abcdefghijkmno q": false, "x-abcdefghijkmnoé": false,
	} {
		if f.Takes(s) != want {
			t.Errorf("%q is taken: %v", s, !want)
		}
	}
	var none foreign.Format
	if foreign.New(none.Spec, naming, "", "").Takes(strings.Repeat("a", 20)) {
		t.Error("a format of nothing takes a string")
	}
}
