package signin_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/signin"
)

const good = "seven horses ate my homework"

func hash(t *testing.T, p *signin.Passwords, password string) string {
	t.Helper()
	h, err := p.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func check(t *testing.T, p *signin.Passwords, stored, password string) bool {
	t.Helper()
	ok, err := p.Check(t.Context(), stored, password)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func TestHashAndCheck(t *testing.T) {
	t.Parallel()
	p := signin.NewPasswords(rand.Reader)
	h := hash(t, p, good)
	if !strings.HasPrefix(h, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored as %s", h)
	}
	if !check(t, p, h, good) {
		t.Error("the right password is refused")
	}
	for _, wrong := range []string{"", good + " ", " " + good, strings.ToUpper(good), good[:15], good + "\x00"} {
		if check(t, p, h, wrong) {
			t.Errorf("%q is accepted", wrong)
		}
	}
	if hash(t, p, good) == h {
		t.Error("the same password twice has the same hash: there is no salt")
	}
}

// The reference implementation's own vectors (phc-winner-argon2, test.c).
func TestVectors(t *testing.T) {
	t.Parallel()
	p := signin.NewPasswords(rand.Reader)
	for _, stored := range []string{
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
	} {
		if !check(t, p, stored, "password") {
			t.Errorf("%s does not verify", stored)
		}
		if check(t, p, stored, "Password") {
			t.Errorf("%s verifies another password", stored)
		}
	}
}

func TestUnreadableHash(t *testing.T) {
	t.Parallel()
	p := signin.NewPasswords(rand.Reader)
	h := hash(t, p, good)
	for _, stored := range []string{
		"x", "$", h + "$", strings.Replace(h, "argon2id", "argon2i", 1), strings.Replace(h, "v=19", "v=16", 1),
		strings.Replace(h, "m=19456", "m=4294967295", 1), strings.Replace(h, "m=19456", "m=0", 1),
		strings.Replace(h, "t=2", "t=0", 1), strings.Replace(h, "p=1", "p=255", 1), strings.Replace(h, ",p=1", "", 1),
		h[:len(h)-1] + "=", h[:strings.LastIndexByte(h, '$')+1],
	} {
		ok, err := p.Check(t.Context(), stored, good)
		if ok || err == nil || strings.Contains(err.Error(), stored) && stored != "$" && stored != "x" {
			t.Errorf("%s: %v, %v", stored, ok, err)
		}
	}
}

func TestSamePasswordInEveryNormalForm(t *testing.T) {
	t.Parallel()
	p := signin.NewPasswords(rand.Reader)
	composed, decomposed := "caf\u00e9 caf\u00e9 a la cr\u00e8me", "cafe\u0301 cafe\u0301 a la cre\u0300me"
	if !check(t, p, hash(t, p, composed), decomposed) || !check(t, p, hash(t, p, decomposed), composed) {
		t.Error("two forms of one text are two passwords")
	}
}

func TestRefusesWeakPasswords(t *testing.T) {
	t.Parallel()
	p := signin.NewPasswords(rand.Reader)
	for name, password := range map[string]string{
		"empty":                     "",
		"fourteen characters":       "zq7mX!pw4Rt#9k",
		"fourteen that are many":    strings.Repeat("\u00e9", 7) + "zq7mXpw",
		"fifteen only decomposed":   "e\u0301" + "zq7mX!pw4Rt#9",
		"too long":                  strings.Repeat("zq7mX!pw4R", 101),
		"not UTF-8":                 "seven horses \xff\xfe ate",
		"a NUL":                     "seven horses\x00ate it all",
		"one character":             "aaaaaaaaaaaaaaaa",
		"blanks":                    "                    ",
		"a short piece repeated":    "abc1abc1abc1abc1abc",
		"on the list":               "PasswordPassword",
		"on the list, with dashes":  "correct-horse-battery-staple",
		"counting":                  "123456789012345678",
		"the alphabet":              "abcdefghijklmnop",
		"the alphabet, backwards":   "zyxwvutsrqponmlkji",
		"the keyboard":              "qwertyuiopasdfghjkl",
		"the keyboard, in a column": "1qaz2wsx3edc4rfv",
		"the product's name":        "TokenryTokenry!",
	} {
		_, err := p.Hash(password)
		var e *api.Error
		if !errors.As(err, &e) || e.Code != api.CodeInvalidField || e.Field != "password" {
			t.Errorf("%s: %v", name, err)
		}
		if len(password) > 3 && strings.Contains(fmt.Sprint(err), password) {
			t.Errorf("%s: the error repeats the password", name)
		}
	}
}

func TestAcceptsGoodPasswords(t *testing.T) {
	t.Parallel()
	p := signin.NewPasswords(rand.Reader)
	for name, password := range map[string]string{
		"words":              good,
		"fifteen":            "zq7mX!pw4Rt#9kL",
		"fifteen of another": "\u30c8\u30fc\u30af\u30f3\u306f\u79d8\u5bc6\u3067\u3059\u306d\u3048\u672c\u5f53\u306b\u306d",
		"no digit, no mark":  "ihaveneverlikedmondays",
		"a thousand bytes":   strings.Repeat("zq7mX!pw4R8", 90) + "0123456789",
	} {
		if _, err := p.Hash(password); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Weakness: who has no account answers faster than who has one. Attack: try one
// password on both. What is proved: each try computes one hash, and that of nobody
// is made with what new ones are made with.
func TestUnknownUserCostsAsMuch(t *testing.T) {
	t.Parallel()
	p := signin.NewPasswords(rand.Reader)
	known := hash(t, p, good)
	if got, want := signin.Cost(signin.Decoy(p)), signin.Cost(known); got != want {
		t.Errorf("the hash of nobody is made with %s, others with %s", got, want)
	}
	for name, try := range map[string][2]string{
		"a wrong password": {known, "not the password"}, "nobody": {"", "not the password"}, "nobody, no password": {"", ""},
		"somebody, too long": {known, strings.Repeat("a", 2000)}, "somebody, no password": {known, ""},
	} {
		before := signin.Checked(p)
		if check(t, p, try[0], try[1]) {
			t.Errorf("%s is accepted", name)
		}
		if n := signin.Checked(p) - before; n != 1 {
			t.Errorf("%s computes %d hashes", name, n)
		}
	}
}

func TestNobodyHasTheDecoysPassword(t *testing.T) {
	t.Parallel()
	p := signin.NewPasswords(rand.Reader)
	for _, password := range []string{"", "\x00", good, strings.Repeat("\x00", 32)} {
		if check(t, p, "", password) {
			t.Errorf("%q opens an account without a password", password)
		}
	}
}

// A flood of sign-ins waits in a queue and takes no more memory than two.
func TestWaitsItsTurn(t *testing.T) {
	t.Parallel()
	p := signin.NewPasswords(rand.Reader)
	release := signin.TakeTurns(p)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Check(ctx, "", good); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever gave up is told %v", err)
	}
	release()
	if check(t, p, "", good) {
		t.Error("accepted")
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("no randomness") }

func TestNoHashWithoutRandomness(t *testing.T) {
	t.Parallel()
	if h, err := signin.NewPasswords(broken{}).Hash(good); err == nil || h != "" {
		t.Errorf("hashed to %q", h)
	}
}
