package token_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenry/tokenry/token"
	"pgregory.net/rapid"
)

func find(t testing.TB, text string) []string {
	t.Helper()
	var found []string
	token.Find([]byte(text), func(start, end int, p token.Parsed) bool {
		s := text[start:end]
		if want, err := token.ParseAny(s); err != nil || p != want {
			t.Errorf("found %q with %+v, want %+v, %v", s, p, want, err)
		}
		found = append(found, s)
		return true
	})
	return found
}

func TestFindsTokensWhereverTheyStand(t *testing.T) {
	t.Parallel()
	for _, s := range findable(t) {
		for _, text := range []string{
			"@", "@\n", "\n@", " @ ", "(@)", `"@"`, "'@'", "`@`", "<@>", "[@]", "{@}", "key=@", "key: @", "a,@,b", "@.", "@:443", "x/@/y",
			"Authorization: Bearer @\r\n", "curl -H 'Authorization: Bearer @'", "https://user:@@example.com/", "?token=@&x=1",
			"export TOKEN=@;", "\x00@\x00", "\xff@\xff", "ü@ü", "漢@字", "-@-", "--@--", "\\@\\", "%@%", "_ @ _", "a_b @ c_d", "\ufeff@",
		} {
			if got, want := find(t, strings.Replace(text, "@", s, 1)), []string{s}; !cmp.Equal(got, want) {
				t.Errorf("in %q found %q, want %q", text, got, want)
			}
		}
	}
}

// In the files that are scanned, what touches a token is often the end of an
// escape sequence, which is no part of the word.
func TestFindsTokensBehindEscapeSequences(t *testing.T) {
	t.Parallel()
	for _, s := range findable(t) {
		for _, before := range []string{
			`\n`, `\r\n`, `\t`, `\u000a`, `\u003d`, `\x0a`, `\0`, `\012`, `key=%3D`, `%0A`, `%22`, "\x1b[m", "\x1b[0m", "\x1b[32m", "\x1b[1;32m", "\x1b[38;5;208m",
		} {
			for _, after := range []string{"", " ", `\n`, `\"`, "%0A", "\x1b[0m", "\n"} {
				if got, want := find(t, before+s+after), []string{s}; !cmp.Equal(got, want) {
					t.Errorf("between %q and %q found %q, want %q", before, after, got, want)
				}
			}
		}
	}
}

func TestDoesNotFindPartsOfWords(t *testing.T) {
	t.Parallel()
	for _, s := range findable(t) {
		for _, c := range base62 + "_" {
			for _, text := range []string{s + string(c), string(c) + s, string(c) + s + string(c), "x" + s + "_", s + "_" + s} {
				if got := find(t, text); got != nil {
					t.Errorf("in %q found %q", text, got)
				}
			}
		}
		for _, before := range []string{`\n_`, `\na_`, `%0_`, `%3Da_`, "\x1b[0m_", `\n\_`} {
			if got := find(t, before+s); got != nil {
				t.Errorf("behind %q found %q", before, got)
			}
		}
		if got := find(t, `\word`+strings.Repeat("x", 12)+s); got != nil {
			t.Errorf("behind a long word found %q", got)
		}
	}
}

func TestFindsNothingInWhatParseRefuses(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	known := make(map[string]bool)
	for _, a := range v.Accepted {
		known[a.Token] = true
	}
	for _, r := range v.Refused {
		for _, s := range find(t, r.Token) {
			if !known[s] { // an accepted one, with a space about it for example
				t.Errorf("%s: found %q", r.Why, s)
			}
		}
	}
}

func TestFindsEachOfManyInOrder(t *testing.T) {
	t.Parallel()
	want := findable(t)
	if got := find(t, strings.Join(want, "\n")); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	if got := find(t, strings.Join(want, ",noise_"+want[0][1:]+",")); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestFindStopsWhenItIsToldTo(t *testing.T) {
	t.Parallel()
	n := 0
	token.Find([]byte(strings.Join(samples(t), " ")), func(int, int, token.Parsed) bool {
		n++
		return n < 3
	})
	if n != 3 {
		t.Errorf("yielded %d times", n)
	}
}

// What is found does not change with the text that it was found in.
func TestFindKeepsNoPartOfTheText(t *testing.T) {
	t.Parallel()
	s := mint(t, fixed("kept"), "acme", token.Service)
	text := []byte(s)
	var found token.Parsed
	token.Find(text, func(_, _ int, p token.Parsed) bool { found = p; return true })
	clear(text)
	if want, _ := token.ParseAny(s); found != want {
		t.Errorf("found %+v, want %+v", found, want)
	}
}

// The plain way to say what Find does: split into words, parse each.
func TestFindAgreesWithSplittingIntoWords(t *testing.T) {
	t.Parallel()
	words := regexp.MustCompile(`[A-Za-z0-9_]+`)
	known := samples(t)
	piece := rapid.OneOf(
		rapid.SampledFrom(known),
		rapid.SampledFrom([]string{" ", "_", "\n", "x", "p_", "tkyp_", "-", "é", "0"}),
		rapid.StringMatching(`[a-z0-9_. ]{0,20}`),
		rapid.Map(rapid.SampledFrom(known), func(s string) string { return s[:len(s)/2] }),
	)
	rapid.Check(t, func(r *rapid.T) {
		text := strings.Join(rapid.SliceOf(piece).Draw(r, "text"), "")
		var want []string
		for _, w := range words.FindAllString(text, -1) {
			if _, err := token.Parse(w); err == nil {
				want = append(want, w)
			}
		}
		if got := find(t, text); !cmp.Equal(got, want) {
			r.Fatalf("in %q:\n%s", text, cmp.Diff(want, got))
		}
	})
}

// The time grows with the text alone, whatever is in it: a quadratic search
// would not come to the end of so much.
func TestFindIsLinear(t *testing.T) {
	s := samples(t)[1]
	for name, piece := range map[string]string{
		"underscores":          "_",
		"heads":                "tkyp_",
		"one word":             "a",
		"escaped heads":        `\ntkyp_`,
		"bodies":               strings.Repeat("a", 49) + "_",
		"almost tokens":        s[:len(s)-1] + "! ",
		"escaped almost-token": "%aaaaa" + s[:len(s)-1] + other(s[len(s)-1]) + " ",
	} {
		text := bytes.Repeat([]byte(piece), hostileSize/len(piece))
		found := 0
		token.Find(text, func(int, int, token.Parsed) bool { found++; return true })
		if found != 0 {
			t.Errorf("%s: %d tokens in text that holds none", name, found)
		}
	}
}

// hostileSize is so much that a search which looks at each byte more than a few
// times does not end while a test may run: no clock is needed to tell.
const hostileSize = 16 << 20

// Text without tokens holds none by chance.
func TestFindsNothingInNoise(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 1<<20)
	if _, err := fixed("noise").Read(noise); err != nil {
		t.Fatal(err)
	}
	for i, b := range noise { // words of base62 of about the right lengths
		noise[i] = (base62 + "_ ")[b%64]
	}
	if got := find(t, string(noise)); got != nil {
		t.Errorf("found %q", got)
	}
}
