package retention

import (
	"testing"

	"github.com/tokenry/tokenry/internal/ledger"
)

// TestAPersonIsFoundByTheirWholeAddress: nobody is erased because theirs ends, begins or
// continues like another's, and nothing of theirs stays because of what stands around it.
func TestAPersonIsFoundByTheirWholeAddress(t *testing.T) {
	t.Parallel()
	bob := tracesOf(ledger.User{Email: "Bob@Example.com", PublicID: "usr_1B"})
	for text, left := range map[string]string{
		"bob@example.com":                  "erased",
		"BOB@EXAMPLE.COM":                  "erased",
		"member:bob@example.com":           "member:erased",
		"mail:bob@example.com":             "mail:erased",
		"bob@example.com_0123456789AB":     "erased_0123456789AB", // a token's id
		"bob@example.com, bob@example.com": "erased, erased",
		"written by bob@example.com.":      "written by erased.",
		"<bob@example.com>":                "<erased>",
		"'bob@example.com'":                "'erased'",
		"é bob@example.com é":              "é erased é",
		"not-bob@example.com":              "not-bob@example.com",
		"jim.bob@example.com":              "jim.bob@example.com",
		"jim+bob@example.com":              "jim+bob@example.com",
		"j&bob@example.com":                "j&bob@example.com",
		"bob@example.com.au":               "bob@example.com.au",
		"bob@example.company":              "bob@example.company",
		"bob@example.com-2.net":            "bob@example.com-2.net",
		"bob@example":                      "bob@example",
		"xbob@example.com bob@example.com": "xbob@example.com erased",
		"usr_1b":                           "erased", // the id where it is all of it
		"user:usr_1b":                      "user:usr_1b",
		"":                                 "",
	} {
		if got := bob.scrub(text); got != left {
			t.Errorf("of %q is left %q, want %q", text, got, left)
		}
		if about := left != text || text == "user:usr_1b"; bob.named(text) != about {
			t.Errorf("%q names the person: %t", text, !about)
		}
	}
	for document, about := range map[string]bool{
		`{"a":["x",{"b":"bob@example.com"}]}`: true, `{"bob@example.com":1}`: true, `{"a":"not-bob@example.com"}`: false, `"usr_1b"`: true,
		`{"a":"bob\u0040example.com"}`: true, `no JSON, bob@example.com`: false, ``: false, `7`: false,
	} {
		if bob.inDocument([]byte(document)) != about {
			t.Errorf("%s is about the person: %t", document, !about)
		}
	}
	nobody := tracesOf(ledger.User{PublicID: "usr_2"})
	if nobody.named("") || nobody.named("bob@example.com") || nobody.scrub("a b") != "a b" || nobody.texts() != [3]string{"usr_2", "usr_2", "usr_2"} {
		t.Error("somebody without an address is found by none")
	}
}
