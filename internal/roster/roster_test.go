package roster_test

import (
	"bytes"
	"crypto/rand"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/roster"
	"github.com/tokenry/tokenry/token"
)

func TestAListIsReadAsSpreadsheetsWriteIt(t *testing.T) {
	t.Parallel()
	text := "\ufeffEmail,Name,Role,Resources\r\n" +
		"Eve@Example.com,\"Eve \"\"E\"\" Adams, Jr.\",Team Member,payments  web-*\r\n" +
		"\r\n" +
		" zoë.not@example.com ,Zoë,Viewer,*\r\n"
	got, err := roster.Parse([]byte(strings.Replace(text, "zoë.not", "zoe", 1)))
	if err != nil {
		t.Fatal(err)
	}
	want := []roster.Row{
		{Line: 2, Email: "eve@example.com", Name: `Eve "E" Adams, Jr.`, Role: "Team Member", Resources: []string{"payments", "web-*"}},
		{Line: 4, Email: "zoe@example.com", Name: "Zoë", Role: "Viewer", Resources: []string{"*"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	short, err := roster.Parse([]byte("role,email\nViewer,a@example.com\n"))
	if d := cmp.Diff([]roster.Row{{Line: 2, Email: "a@example.com", Role: "Viewer", Resources: []string{}}}, short); err != nil || d != "" {
		t.Error(err, d)
	}
}

func TestWhatIsWrongWithAListIsTold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                       "empty",
		"\ufeff":                                 "empty",
		"email,role\n":                           "names nobody",
		"email;role\na@b.c;x\n":                  "apart by commas",
		"email\na@example.com\n":                 "role is missing",
		"email,role,Email\n":                     "twice",
		"email,role,admin\n":                     `no column "admin"`,
		"email,role,\u202egpj\n":                 `"\u202egpj"`,
		"email,role" + strings.Repeat(",", 9998): `no column ""`,
		"email,role\n\xff@example.com,Viewer\n":  "not UTF-8",
		"email,role\na@example.com,\"Vie\"wer\n": "line 2",
		"email,role\na@example.com,Vie\"wer\n":   "line 2",
		"email,role\n\"a@example.com,Viewer\n":   "line 2",
		"email,role\n" + strings.Repeat("a@example.com,Viewer\n", 1001): "more than 1000",
		strings.Repeat("x", roster.MaxBytes+1):                          "1 MiB",
	} {
		rows, err := roster.Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("%.60q: %d rows, %v; want %q", text, len(rows), err, want)
		}
	}
}

func TestWhatIsWrongWithARowIsToldAndTheOthersAreWell(t *testing.T) {
	t.Parallel()
	for row, want := range map[string]string{
		",Eve,Viewer,*":                                        "email is missing",
		"eve,Eve,Viewer,*":                                     "no plain e-mail",
		"Eve <eve@example.com>,Eve,Viewer,*":                   "no plain e-mail",
		"ev\u00e9@example.com,Eve,Viewer,*":                    `"ev\u00e9@example.com"`,
		strings.Repeat("e", 250) + "@example.com,Eve,Viewer,*": "no plain e-mail",
		"eve@example.com,Eve,,*":                               "role is missing",
		"eve@example.com,Eve,Viewer,a/b":                       `"a/b" is no resource`,
		"eve@example.com,Eve,Viewer":                           "3 cells",
		"eve@example.com" + strings.Repeat(",", 9999):          "10000 cells",
		"eve@example.com," + strings.Repeat("e", 201) + ",V,*": "200 characters",
		"eve@example.com,\"=HYPERLINK(\"\"x\"\")\",Viewer,*":   "formula",
		"=cmd@example.com,Eve,Viewer,*":                        "formula",
		"eve@example.com,+1,Viewer,*":                          "formula",
		"eve@example.com,Eve,@SUM(A1),*":                       "formula",
		"eve@example.com,＝HYPERLINK(A1),Viewer,*":              "formula",
		"eve@example.com,E\x00ve,Viewer,*":                     "the name holds a control",
		"eve@example.com,\u202eevE,Viewer,*":                   "the name holds a control",
		"eve@example.com,Eve,\"View\ner\",*":                   "the role holds a control",
		"Good@example.com,Again,Viewer,*":                      "same e-mail stands on line 2",
	} {
		rows, err := roster.Parse([]byte(roster.Header + "\ngood@example.com,Good,Viewer,*\n" + row + "\nlast@example.com,,Viewer,\n"))
		if err != nil || len(rows) != 3 {
			t.Errorf("%.60q: %d rows, %v", row, len(rows), err)
			continue
		}
		if rows[0].Wrong+rows[2].Wrong != "" || rows[1].Line != 3 || !strings.Contains(rows[1].Wrong, want) || len(rows[1].Wrong) > 300 {
			t.Errorf("%.60q: %+.300v; want %q", row, rows, want)
		}
	}
}

func TestAListWithATokenIsNotRepeated(t *testing.T) {
	t.Parallel()
	l, err := token.NewLocator(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := token.Mint(rand.Reader, token.DefaultPrefix, token.Personal, l)
	if err != nil {
		t.Fatal(err)
	}
	_, err = roster.Parse([]byte("email,name,role\neve@example.com," + secret.Reveal() + ",Viewer\n"))
	if !errors.Is(err, roster.ErrToken) || strings.Contains(err.Error(), secret.Reveal()[:12]) {
		t.Error(err)
	}
}

// Whatever somebody sends, a row that is well can be shown anywhere, and its
// line is one of the text.
func TestWellRowsAreHarmless(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-c]@x\.org`), rapid.SampledFrom([]string{"Viewer", "*", "", "=1", "\x00", "\u202e", "\ufeff", "a b*"}))
		cells := rapid.SliceOfN(rapid.SliceOfN(cell, 4, 5), 0, 6).Draw(t, "cells")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.UseCRLF = rapid.Bool().Draw(t, "crlf")
		if err := errors.Join(w.Write(strings.Split(roster.Header, ",")), w.WriteAll(cells)); err != nil {
			t.Fatal(err)
		}
		rows, err := roster.Parse(b.Bytes())
		if err != nil && len(rows) > 0 {
			t.Fatalf("%d rows with %v", len(rows), err)
		}
		seen := map[string]bool{}
		for _, r := range rows {
			if r.Line < 2 || r.Line > bytes.Count(b.Bytes(), []byte("\n")) {
				t.Fatalf("line %d of %q", r.Line, &b)
			}
			if r.Wrong == "" {
				harmless(t, r)
				if seen[r.Email] {
					t.Fatalf("%s twice", r.Email)
				}
				seen[r.Email] = true
			}
		}
	})
}

func harmless(t *rapid.T, r roster.Row) {
	t.Helper()
	text := fmt.Sprint(r.Email, r.Name, r.Role, r.Resources)
	if strings.ContainsFunc(text, func(c rune) bool { return unicode.In(c, unicode.Cc, unicode.Bidi_Control) }) || r.Role == "" || !strings.Contains(r.Email, "@") {
		t.Fatalf("%+v is well", r)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("\ufeffemail,role\r\na@example.com,Viewer\r\n"))
	f.Add([]byte("email,name,role,resources\n\"a@example.com\",\"=1\",Viewer,* *\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, err := roster.Parse(text)
		if err == nil && (len(rows) == 0 || len(rows) > roster.MaxRows) || err != nil && len(err.Error()) > 500 {
			t.Errorf("%d rows, %v", len(rows), err)
		}
	})
}
