package token_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/tokenry/tokenry/token"
)

func ExampleParse() {
	p, err := token.Parse("tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7")
	fmt.Println(p.Prefix, p.Kind, p.Locator, err)

	_, err = token.Parse("tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp8")
	fmt.Println(err, errors.Is(err, token.ErrMalformed))
	// Output:
	// tky personal 0123456789AB <nil>
	// token: malformed: the checksum does not match true
}

// Issuing: the locator and the digest are stored, the secret is shown once.
func ExampleMint() {
	ring, err := token.GenerateKeyring(rand.Reader, time.Now())
	if err != nil {
		log.Fatal(err)
	}
	locator, err := token.NewLocator(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	secret, err := token.Mint(rand.Reader, token.DefaultPrefix, token.Service, locator)
	if err != nil {
		log.Fatal(err)
	}
	stored, keyID := ring.Digest(secret.Reveal())

	// Verifying: look up by locator, digest under the stored key, compare.
	got, ok := ring.DigestWith(keyID, secret.Reveal())
	fmt.Println(len(secret.Reveal()), secret, ok && got.Equal(stored))
	// Output: 55 [redacted] true
}

func ExampleSecret() {
	s := token.NewSecret("tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7")
	fmt.Printf("%v %q %+v\n", s, s, struct{ Token token.Secret }{s})
	fmt.Println(s.Mask())
	// Output:
	// [redacted] [redacted] {Token:[redacted]}
	// tkyp_01234…
}

func ExampleFind() {
	text := []byte("$ curl -H 'Authorization: Bearer tkys_000000000000zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz1Lidvn' …")
	token.Find(text, func(start, end int, p token.Parsed) bool {
		fmt.Println(start, end, token.Mask(p.Prefix, p.Kind, p.Locator))
		return true
	})
	// Output: 33 88 tkys_00000…
}

func ExampleKeyring_Rotate() {
	ring, err := token.GenerateKeyring(rand.Reader, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
	if err != nil {
		log.Fatal(err)
	}
	stored, keyID := ring.Digest("tkyp_…")

	ring, err = ring.Rotate(rand.Reader, time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC))
	if err != nil {
		log.Fatal(err)
	}
	got, ok := ring.DigestWith(keyID, "tkyp_…")
	fmt.Println(ring.IDs(), ring.Current(), ok && got.Equal(stored))
	// Output: [1 2] 2 true
}

func ExampleKeyring_Marshal() {
	ring, err := token.GenerateKeyring(rand.Reader, time.Now())
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.CreateTemp("", "keys-*.json") // mode 0600
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(file.Name())
	if _, err := file.Write(ring.Marshal()); err != nil {
		log.Fatal(err)
	}

	read, err := os.ReadFile(file.Name())
	if err != nil {
		log.Fatal(err)
	}
	ring, err = token.ParseKeyring(read)
	fmt.Println(ring, ring.Current(), err)
	// Output: [redacted] 1 <nil>
}

func ExampleDescribe() {
	fmt.Println(token.Describe("acme", "tky").RegularExpression)
	// Output: \b(?:acme|tky)[pswe](?:_[0-9A-Za-z]{44}|d_[0-9A-Za-z]{109,243})[0-4][0-9A-Za-z]{5}\b
}
