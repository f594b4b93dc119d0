package foreign_test

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/foreign"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
)

var naming = []byte("thirty-two bytes of a naming key")

// made is a format as a request has it, checked and made.
func made(t *testing.T, in api.ImportFormat) *foreign.Format {
	t.Helper()
	if err := foreign.Check(in); err != nil {
		t.Fatalf("%s: %v", in.Name, err)
	}
	return foreign.New(foreign.Spec{
		Name: in.Name, Prefix: in.Prefix, Least: in.MinLength, Most: in.MaxLength, Alphabet: in.Alphabet, Part: part(in.Part), Decode: in.Decode,
		Hash: in.Hash, Iterations: in.Iterations, Length: in.Length, Salt: in.Salt, SaltPart: part(in.SaltPart), Hint: part(in.Hint), Naming: 1,
	}, naming, in.Key, in.Suffix)
}

func part(p *api.Part) foreign.Part {
	if p == nil {
		return foreign.Part{}
	}
	return foreign.Part(*p)
}

// system is one that kept something of a string.
type system struct {
	format api.ImportFormat
	theirs string
	// kept is what the system stored, by its own recipe.
	kept api.ImportToken
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// systems are strings and hashes by the recipes of other systems; every value is invented.
func systems() []system {
	const body = "3fJ8sK2mQ9xT7vB1nL5wR4yH6dC0gZ2p" // 32 of base62
	const hexed = "00112233445566778899aabbccddeeff00112233"
	sum256, sum512 := sha256.Sum256([]byte("uk_"+body)), sha512.Sum512([]byte(hexed+"44556677"))
	raw, _ := hex.DecodeString(hexed + "44556677")
	old512, new512 := sha512.Sum512(raw), sha3.Sum512([]byte(hexed+"44556677"))
	gitea, _ := pbkdf2.Key(sha256.New, hexed, []byte("saltsaltsa"), 10_000, 50)
	crc := fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(body)))
	grafana, _ := pbkdf2.Key(sha256.New, body, []byte(crc), 10_000, 50)
	old := base64.StdEncoding.EncodeToString([]byte(`{"k":"` + body + `","n":"ci","id":1}`))
	grafanaOld, _ := pbkdf2.Key(sha256.New, body, []byte("ci"), 10_000, 50)
	gitlab := sha256.Sum256([]byte("glpat-" + body[:20] + "0123456789abcdef0123456789abcdef"))
	strapi := hmac.New(sha512.New, []byte("salt of an instance"))
	_, _ = strapi.Write([]byte(strings.Repeat(hexed, 6)))
	crypted, _ := bcrypt.GenerateFromPassword([]byte("sk_"+body), bcrypt.MinCost)
	argon := argon2.IDKey([]byte("sk_"+body), []byte("saltsalt"), 1, 64, 1, 32)
	scrypted, _ := scrypt.Key([]byte("sk_"+body), []byte("saltsalt"), 16, 8, 1, 32)
	b64 := base64.RawStdEncoding.EncodeToString
	hinted := func(name, hash string) api.ImportFormat {
		return api.ImportFormat{Name: name, Prefix: "sk_", MinLength: 35, MaxLength: 35, Alphabet: "base62", Hash: hash, Hint: &api.Part{Skip: 3, Take: 8}}
	}
	return []system{
		{api.ImportFormat{Name: "unkey", Prefix: "uk_", MinLength: 20, MaxLength: 64, Alphabet: "base62", Hash: "sha256"},
			"uk_" + body, api.ImportToken{Hash: base64.StdEncoding.EncodeToString(sum256[:])}},
		{api.ImportFormat{Name: "better-auth", Prefix: "uk_", MinLength: 20, MaxLength: 80, Alphabet: "base62", Hash: "sha256"},
			"uk_" + body, api.ImportToken{Hash: base64.RawURLEncoding.EncodeToString(sum256[:])}},
		{api.ImportFormat{Name: "knox-5", MinLength: 48, MaxLength: 48, Alphabet: "hex", Hash: "sha512"},
			hexed + "44556677", api.ImportToken{Hash: hexOf(sum512[:])}},
		{api.ImportFormat{Name: "knox-4", MinLength: 48, MaxLength: 48, Alphabet: "hex", Decode: "hex", Hash: "sha512"},
			hexed + "44556677", api.ImportToken{Hash: hexOf(old512[:])}},
		{api.ImportFormat{Name: "knox-sha3", MinLength: 48, MaxLength: 48, Alphabet: "hex", Hash: "sha3-512"},
			hexed + "44556677", api.ImportToken{Hash: hexOf(new512[:])}},
		{api.ImportFormat{Name: "gitea", MinLength: 40, MaxLength: 40, Alphabet: "hex", Hash: "pbkdf2-sha256", Iterations: 10_000, Length: 50, Salt: "item",
			Hint: &api.Part{Take: 8, FromEnd: true}}, hexed, api.ImportToken{Hash: hexOf(gitea), Salt: "saltsaltsa", Hint: hexed[32:]}},
		{api.ImportFormat{Name: "grafana", Prefix: "glsa_", MinLength: 46, MaxLength: 46, Alphabet: "base64url", Part: &api.Part{Skip: 5, Take: 32},
			Hash: "pbkdf2-sha256", Iterations: 10_000, Length: 50, Salt: "token", SaltPart: &api.Part{Take: 8, FromEnd: true}},
			"glsa_" + body + "_" + crc, api.ImportToken{Hash: hexOf(grafana)}},
		{api.ImportFormat{Name: "grafana-api-keys", Prefix: "eyJ", MinLength: 40, MaxLength: 255, Alphabet: "printable", Decode: "grafana-api-key",
			Hash: "pbkdf2-sha256", Iterations: 10_000, Length: 50}, old, api.ImportToken{Hash: hexOf(grafanaOld)}},
		{api.ImportFormat{Name: "gitlab", Prefix: "glpat-", MinLength: 26, MaxLength: 255, Alphabet: "base64url", Hash: "sha256", Suffix: "0123456789abcdef0123456789abcdef"},
			"glpat-" + body[:20], api.ImportToken{Hash: base64.StdEncoding.EncodeToString(gitlab[:])}},
		{api.ImportFormat{Name: "strapi", MinLength: 240, MaxLength: 240, Alphabet: "hex", Hash: "hmac-sha512", Key: "salt of an instance"},
			strings.Repeat(hexed, 6), api.ImportToken{Hash: hexOf(strapi.Sum(nil))}},
		{hinted("crypted", "bcrypt"), "sk_" + body, api.ImportToken{Hash: string(crypted), Hint: body[:8]}},
		{hinted("argon", "argon2id"), "sk_" + body, api.ImportToken{Hash: "$argon2id$v=19$m=64,t=1,p=1$" + b64([]byte("saltsalt")) + "$" + b64(argon), Hint: body[:8]}},
		{hinted("scrypted", "scrypt"), "sk_" + body, api.ImportToken{Hash: "$scrypt$ln=4,r=8,p=1$" + b64([]byte("saltsalt")) + "$" + b64(scrypted), Hint: body[:8]}},
	}
}

// TestAStringIsTheOneThatAnotherSystemKeptAHashOf: the hash that is worked out from the
// string is the one that its system stored, by recipes written a second time here.
func TestAStringIsTheOneThatAnotherSystemKeptAHashOf(t *testing.T) {
	t.Parallel()
	for _, s := range systems() {
		f := made(t, s.format)
		kept, err := f.Read(s.kept)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		sum, ok := f.Sum(s.theirs, kept.Beside)
		if !f.Takes(s.theirs) || !ok || string(sum) != string(kept.Sum) {
			t.Errorf("%s: taken %v, hashed %v, %x and not %x", f.Name, f.Takes(s.theirs), ok, sum, kept.Sum)
		}
		if hint, ok := f.HintOf(s.theirs); f.ByHint() && (!ok || hint != kept.Hint) {
			t.Errorf("%s: the hint is %q and not %q", f.Name, hint, kept.Hint)
		}
	}
}

// TestNothingButTheStringIsTheString: neither what the system kept, nor what is kept here,
// nor the string with another character, has the hash.
func TestNothingButTheStringIsTheString(t *testing.T) {
	t.Parallel()
	for _, s := range systems() {
		f := made(t, s.format)
		kept, err := f.Read(s.kept)
		if err != nil {
			t.Fatal(err)
		}
		swapped := []byte(s.theirs)
		at := len(f.Prefix) + 10
		swapped[at] = map[bool]byte{true: '1', false: '2'}[swapped[at] == '2']
		for _, other := range []string{s.kept.Hash, f.Presented(kept.Sum), f.Direct(s.theirs), string(swapped), f.Prefix + s.kept.Hash} {
			if sum, ok := f.Sum(other, kept.Beside); f.Takes(other) && ok && string(sum) == string(kept.Sum) {
				t.Errorf("%s: %q is taken for the string", f.Name, other)
			}
		}
	}
}

// TestANameFollowsFromTheKeyAndTheRecipe: what a format is called changes no name, and
// another key or recipe gives another.
func TestANameFollowsFromTheKeyAndTheRecipe(t *testing.T) {
	t.Parallel()
	all := systems()
	a, b := made(t, all[0].format), made(t, all[1].format) // both hash the whole string
	sum, _ := a.Sum(all[0].theirs, "")
	if a.ByHash(sum) != b.ByHash(sum) || a.Presented(sum) != b.Presented(sum) {
		t.Error("one recipe, and two names")
	}
	suffixed := all[0].format
	suffixed.Suffix = "x"
	other := foreign.New(a.Spec, []byte("another key of thirty-two bytes."), "", "")
	for what, f := range map[string]*foreign.Format{"a suffix": made(t, suffixed), "a key": other} {
		if f.ByHash(sum) == a.ByHash(sum) || f.Presented(sum) == a.Presented(sum) {
			t.Errorf("%s changes nothing", what)
		}
	}
	seen := map[string]bool{}
	for i := range foreign.SameHint {
		seen[a.ByHintAt("hinthint", i).String()] = true
	}
	if len(seen) != foreign.SameHint || seen[a.ByHash([]byte("hinthint")).String()] {
		t.Errorf("%d names for %d tokens of a hint", len(seen), foreign.SameHint)
	}
}
