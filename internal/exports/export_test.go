package exports_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/exports"
)

func ownFormat() *api.ImportFormat {
	return &api.ImportFormat{Name: "legacy", Prefix: "leg_", MinLength: 24, MaxLength: 24, Alphabet: api.AlphabetHex, Hash: api.HashSHA256}
}

const digest = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"

// TestATableOfOnesOwn: what its columns say is what a token gets; what a row leaves empty
// is what was wished for all.
func TestATableOfOnesOwn(t *testing.T) {
	t.Parallel()
	w := exports.Wish{Format: ownFormat(), Owner: "ci", Kind: "service", Life: api.Duration(90 * 24 * time.Hour), Now: now()}
	w.Rights.Role = api.Some("Viewer")
	rows, err := read("hash,label,owner,scopes,resources,expires_at,created_at,start,metadata.Team\n"+
		digest+",deploy,bot,tickets:read tickets:list,acme-*,2027-01-31,1748764800,leg_ab,core\n"+
		digest+",,,,,,,,\n"+
		digest+",over,,,,2026-11-30T12:00:00Z,,,\n"+
		digest+",odd,,,,soon,,,\n"+
		",none,,,,,,,\n", w)
	if err != nil || len(rows) != 5 {
		t.Fatalf("%+v, %v", rows, err)
	}
	var full, bare api.ImportToken
	full.Hash, full.Start, full.Owner, full.Kind, full.Label = digest, "leg_ab", "bot", "service", api.Some("deploy")
	full.Scopes, full.Resources = api.Some([]string{"tickets:read", "tickets:list"}), api.Some([]string{"acme-*"})
	full.ExpiresAt, full.CreatedAt = api.Some(time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)), api.Some(time.Date(2025, 6, 1, 8, 0, 0, 0, time.UTC))
	full.Metadata = api.Some(api.Metadata{"Team": "core"})
	bare.Hash, bare.Owner, bare.Kind, bare.Role, bare.ExpiresIn = digest, "ci", "service", api.Some("Viewer"), api.Some(w.Life)
	want := []exports.Row{
		{Line: 2, Token: &full}, {Line: 3, Token: &bare}, {Line: 4, Left: "it has expired"},
		{Line: 5, Wrong: "the column expires_at is no time that is understood"}, {Line: 6, Wrong: "it has no hash"},
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Error(d)
	}
}

// TestLinesOfOnesOwn: a format in the first line, and tokens as the API takes them.
func TestLinesOfOnesOwn(t *testing.T) {
	t.Parallel()
	lead, err := json.Marshal(exports.Lead{Format: *ownFormat()})
	if err != nil {
		t.Fatal(err)
	}
	text := string(lead) + "\n" + `{"hash":"` + digest + `","label":"a","never":true}` + "\n\n" + `{"hash":"` + digest + `","lable":"a"}` + "\n" + `{"hash":7}` + "\n"
	rows, err := read(text, exports.Wish{Now: now(), Life: api.Duration(time.Hour)})
	if err != nil || len(rows) != 3 || rows[0].Token == nil || rows[0].Token.ExpiresIn.Set || !rows[0].Token.Never.Value {
		t.Fatalf("%+v, %v", rows, err)
	}
	for i, line := range []int{2, 4, 5} {
		if rows[i].Line != line || (rows[i].Wrong == "") != (i == 0) {
			t.Errorf("row %d: %+v", i, rows[i])
		}
	}
	e, err := exports.Open(strings.NewReader(text), exports.Wish{Name: "other", Secret: "pepper"})
	if err != nil || e.Format.Name != "other" || e.Format.Suffix != "pepper" || e.Format.Prefix != "leg_" {
		t.Errorf("%+v, %v", e, err)
	}
	rows, err = read(`[{"hash":"`+digest+`"}]`, exports.Wish{Format: ownFormat(), Now: now(), Never: true})
	if err != nil || len(rows) != 1 || !rows[0].Token.Never.Value {
		t.Errorf("a list: %+v, %v", rows, err)
	}
}

// TestALeadSaysWhoseSecretIsHashedAlong: what was printed of GitLab is read with the
// whole db_key_base again.
func TestALeadSaysWhoseSecretIsHashedAlong(t *testing.T) {
	t.Parallel()
	lead, err := json.Marshal(exports.Lead{System: "gitlab", Format: api.ImportFormat{Name: "gitlab", Hash: api.HashSHA256}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := exports.Open(bytes.NewReader(lead), exports.Wish{Secret: gitlabKey})
	if err != nil || e.Format.Suffix != gitlabKey[:32] {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := exports.Open(bytes.NewReader(lead), exports.Wish{}); err == nil {
		t.Error("GitLab's tokens are read without db_key_base")
	}
	mac := ownFormat()
	mac.Hash = api.HashHMACSHA256
	if e, err := exports.Open(strings.NewReader("hash\n"), exports.Wish{Format: mac, Secret: "k"}); err != nil || e.Format.Key != "k" || e.Format.Suffix != "" {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestWhatNoFileOfTokensIsIsRefused: with what to do about it, before anything is read.
func TestWhatNoFileOfTokensIsIsRefused(t *testing.T) {
	t.Parallel()
	gitea, _ := exports.Find("gitea")
	for text, c := range map[string]struct {
		w    exports.Wish
		want string
	}{
		"":                               {exports.Wish{}, "empty"},
		"\xff\xfeh\x00":                  {exports.Wish{}, "UTF-16"},
		"hash\n":                         {exports.Wish{}, "say what the tokens look like"},
		`{"hash":"x"}`:                   {exports.Wish{}, "say what the tokens look like"},
		"[]":                             {exports.Wish{Format: ownFormat()}, "has no token"},
		"hash,expires\n":                 {exports.Wish{Format: ownFormat()}, `no column "expires"`},
		"hash,metadata.\n":               {exports.Wish{Format: ownFormat()}, "no column"},
		"label\n":                        {exports.Wish{Format: ownFormat()}, "the column hash is missing"},
		"hash,hash\n":                    {exports.Wish{Format: ownFormat()}, "twice"},
		"token_hash,tokenHash\n":         {exports.Wish{System: &gitea}, "twice"},
		`{"format":{"name":7}}`:          {exports.Wish{}, "none that is understood"},
		`{"format":{},"key":"x"}`:        {exports.Wish{}, "none that is understood"},
		`{"format":{}}`:                  {exports.Wish{Format: ownFormat()}, "leave --format out"},
		`{"format":{},"system":"jira"}`:  {exports.Wish{}, `the system "jira"`},
		`{"format":{"name":"a"}} {}`:     {exports.Wish{Prefix: "p_"}, "leave --prefix out"},
		"\"a\nb":                         {exports.Wish{System: &gitea}, "quotes"},
		`["token_hash"]`:                 {exports.Wish{System: &gitea}, "no JSON object"},
		`{"token_hash":}`:                {exports.Wish{System: &gitea}, "no JSON"},
		strings.Repeat(" ", 1<<20) + "{": {exports.Wish{System: &gitea}, "more than 1 MiB"},
	} {
		if rows, err := read(text, c.w); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: %+v, %v", text, rows, err)
		}
	}
}

// TestAFileThatIsCutOffIsNoEnd: what a broken copy lost is told with its line, in every
// shape, after what could be read.
func TestAFileThatIsCutOffIsNoEnd(t *testing.T) {
	t.Parallel()
	v := vectors(t)[0]
	for how, write := range map[string]func([]string, ...[]string) string{"csv": asCSV, "tabs": asTabs, "lines": asLines, "list": asList} {
		whole := write(v.columns(), v.row, v.row, v.row)
		rows, err := read(whole[:len(whole)-60], v.wish(t))
		if err == nil || len(rows) != 2 || !strings.Contains(err.Error(), "line ") || strings.Contains(err.Error(), v.hash[:8]) {
			t.Errorf("%s: %d rows, %v", how, len(rows), err)
		}
	}
	text := asList(v.columns(), v.row)
	if rows, err := read(strings.TrimSuffix(text, "]\n"), v.wish(t)); err == nil || len(rows) != 1 {
		t.Errorf("a list without its end: %d rows, %v", len(rows), err)
	}
}

// endless has a row that never ends.
type endless struct {
	begin io.Reader
	read  int
}

func (e *endless) Read(p []byte) (int, error) {
	n, err := e.begin.Read(p)
	if errors.Is(err, io.EOF) {
		n, err = copy(p, bytes.Repeat([]byte("a"), len(p))), nil
	}
	e.read += n
	return n, err
}

// TestARowIsBounded: one that does not end is read no further than a row may be.
func TestARowIsBounded(t *testing.T) {
	t.Parallel()
	v := vectors(t)[0]
	head := asCSV(v.columns())
	for _, begin := range []string{head, head + `"`, strings.ReplaceAll(head, ",", "\t"), "", `{"a":"`, `[{"a":"`, `[{"a":1},{"a":"`} {
		in := &endless{begin: strings.NewReader(begin)}
		e, err := exports.Open(in, v.wish(t))
		if err == nil {
			for _, err = range e.Rows() {
				if err != nil {
					break
				}
			}
		}
		if err == nil || in.read > 2*exports.MaxRow+len(begin)+8192 {
			t.Errorf("%.20q…: %d bytes were read, %v", begin, in.read, err)
		}
	}
}

// TestOwners: each user's tokens become whose the list says, and else the one's for all.
func TestOwners(t *testing.T) {
	t.Parallel()
	owners, err := exports.Owners(strings.NewReader("id,owner\n3,ada@example.com\n4,ci\n"))
	if err != nil {
		t.Fatal(err)
	}
	v := vectors(t)[0]
	text := asCSV(v.columns(), v.row, v.with("uid=9"), v.with("uid="))
	w := v.wish(t)
	w.Owners = owners
	rows, err := read(text, w)
	if err != nil || rows[0].Token.Owner != "ada@example.com" || !strings.Contains(rows[1].Wrong, `its user "9" is not among the owners`) || rows[2].Token.Owner != "" {
		t.Errorf("%+v, %v", rows, err)
	}
	w.Owner = "rest"
	rows, err = read(text, w)
	if err != nil || rows[0].Token.Owner != "ada@example.com" || rows[1].Token.Owner != "rest" || rows[2].Token.Owner != "rest" {
		t.Errorf("%+v, %v", rows, err)
	}
	for text, want := range map[string]string{
		"": "id,owner", "3,ada\n": "id,owner", "id,owner\n3,\n": "line 2", "id,owner\n3,a\n3,b\n": "twice", "id,owner\n3\n": "wrong number of fields",
	} {
		if _, err := exports.Owners(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestMoments: as databases print them, and nothing that is a guess.
func TestMoments(t *testing.T) {
	t.Parallel()
	at := time.Date(2027, 1, 31, 10, 30, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2027-01-31T10:30:00Z": at, "2027-01-31 10:30:00+00": at, "2027-01-31 12:30:00+02": at, "2027-01-31 16:00:00.000+05:30": at, "2027-01-31 10:30:00": at,
		"2027-01-31 10:30:00.000000": at, "2027-01-31T10:30:00": at, "2027-01-31 10:30:00 +0000": at, "2027-01-31": at.Truncate(24 * time.Hour),
		"1801391400": at, "1801391400000": at,
		"-1": {}, "infinity": {}, "31/01/2027": {}, "01-31-27": {}, "99999999999999999999": {}, "999999999999999999": {},
	} {
		rows, err := read("hash,expires_at\n"+digest+","+text+"\n", exports.Wish{Format: ownFormat(), Now: now()})
		if err != nil || len(rows) != 1 || (rows[0].Wrong != "") != want.IsZero() || rows[0].Token != nil && !rows[0].Token.ExpiresAt.Value.Equal(want) {
			t.Errorf("%s: %+v, %v", text, rows, err)
		}
	}
}

// Whatever stands in a file, every row that is read is a token, is left out, or is wrong,
// one of the three; and lines count up.
func TestLawEveryRowIsOneOfThree(t *testing.T) {
	t.Parallel()
	systems := exports.Systems()
	heads := []string{"", "hash,label\n", "[", "{", "\ufeff[{", "hash\tlabel\n"}
	for _, v := range vectors(t) {
		heads = append(heads, strings.Join(v.columns(), ",")+"\n", asCSV(v.columns(), v.row), asLines(v.columns(), v.row))
	}
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.SampledFrom(heads).Draw(rt, "head") + rapid.StringOf(rapid.SampledFrom([]rune("a1,\"\n\t{}[]:\\N\u0000é"))).Draw(rt, "text")
		w := exports.Wish{Format: ownFormat(), Now: now()}
		if rapid.Bool().Draw(rt, "of a system") {
			s := rapid.SampledFrom(systems).Draw(rt, "system")
			if w.System = &s; s.Secret != "" {
				w.Secret = gitlabKey
			}
		}
		rows, _ := read(text, w)
		last := 0
		for _, r := range rows {
			said := 0
			for _, is := range []bool{r.Token != nil, r.Left != "", r.Wrong != ""} {
				if is {
					said++
				}
			}
			if said != 1 || r.Line < last {
				rt.Fatalf("%+v after line %d", r, last)
			}
			last = r.Line
		}
	})
}

// TestAFormatOfAFile: its fields are those of the API, and no other.
func TestAFormatOfAFile(t *testing.T) {
	t.Parallel()
	f, err := exports.ParseFormat([]byte(`{"name":"legacy","prefix":"leg_","min_length":24,"max_length":24,"alphabet":"hex","hash":"sha256"}`))
	if d := cmp.Diff(ownFormat(), f); err != nil || d != "" {
		t.Error(err, d)
	}
	for _, text := range []string{"", "[]", `{"name":1}`, `{"title":"x"}`, `{"key":"a secret"`} {
		if _, err := exports.ParseFormat([]byte(text)); err == nil || strings.Contains(err.Error(), "a secret") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
