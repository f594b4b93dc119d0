package search_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	_ "modernc.org/sqlite" // what is written is read by an engine
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/search"
	"github.com/tokenry/tokenry/token"
)

// engine is SQLite in memory, with LIKE as the store has it.
func engine(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.ExecContext(t.Context(), `PRAGMA case_sensitive_like = ON`); err != nil {
		t.Fatal(err)
	}
	return db
}

// answers are the texts of one column.
func answers(t *testing.T, db *sql.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEveryWordHasToStandSomewhere: in whatever case, in whatever order, and literally.
func TestEveryWordHasToStandSomewhere(t *testing.T) {
	t.Parallel()
	db := engine(t)
	query := search.Begin + `, things (name) AS (VALUES ('CI deploys'), ('100% of ci'), ('a_b'), ('back\slash'), ('Zürich'))
		SELECT name FROM things WHERE 1 = 1` + search.Every + `lower(name) LIKE pattern ESCAPE '\'` + search.Found
	for text, want := range map[string][]string{
		"": {"CI deploys", "100% of ci", "a_b", `back\slash`, "Zürich"}, "ci": {"CI deploys", "100% of ci"}, "deploys CI": {"CI deploys"}, "ci gone": nil,
		"%": {"100% of ci"}, "_": {"a_b"}, `\`: {`back\slash`}, "zü": {"Zürich"}, "' OR 1=1": nil, "i d": {"CI deploys"}, "a_b a_b": {"a_b"},
	} {
		if got := answers(t, db, query, search.Words(text)); !slices.Equal(got, want) {
			t.Errorf("%q finds %q, want %q", text, got, want)
		}
	}
}

// TestAWordThatIsALocatorSaysHowOneBegins: and one that is none, says nothing of it.
func TestAWordThatIsALocatorSaysHowOneBegins(t *testing.T) {
	t.Parallel()
	db := engine(t)
	for word, want := range map[string]string{"0123456789AB": "0123456789AB", "ci deploys?": ""} {
		got := answers(t, db, search.Begin+` SELECT located FROM words`, search.Words(word))
		if len(got) == 0 || got[0] != token.LocatorStart(strings.Fields(word)[0]) || want != "" && got[0] != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

// TestAListIsReadByItsWidth: numbers of rows, and entries of any width.
func TestAListIsReadByItsWidth(t *testing.T) {
	t.Parallel()
	db := engine(t)
	for _, rows := range [][]int64{{7}, {1, 22, 333}, {9223372036854775807, -9223372036854775808, 0}} {
		got := answers(t, db, search.ListedIn(search.RowWidth)+` SELECT entry FROM listed`, search.Rows(rows))
		if want := strings.Fields(fmt.Sprint(rows)); strings.Join(got, " ") != strings.Trim(strings.Join(want, " "), "[]") {
			t.Errorf("%v is read as %q", rows, got)
		}
	}
	if got := answers(t, db, search.ListedIn(3)+` SELECT entry FROM listed`, "ab cde"); !slices.Equal(got, []string{"ab", "cde"}) {
		t.Errorf("%q", got)
	}
}

// TestATextWithinADocumentIsOneOfItsStrings: whole, and not a part of another.
func TestATextWithinADocumentIsOneOfItsStrings(t *testing.T) {
	t.Parallel()
	db := engine(t)
	for text, found := range map[string]bool{"a:b": true, "a:": false, "x_y": true, "xzy": false, `q"`: true, "%": false, "<": true, "b": false} {
		pattern, err := search.InJSON(text)
		if err != nil {
			t.Fatal(err)
		}
		got := answers(t, db, `SELECT CASE WHEN $1 LIKE $2 ESCAPE '\' THEN 'yes' ELSE 'no' END`, `["a:b","x_y","q\"","\u003c"]`, pattern)
		if (got[0] == "yes") != found {
			t.Errorf("%s: %q by %s", text, got, pattern)
		}
	}
	if p, err := search.InJSON(""); p != "" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
	if got := search.Qualified("t", "id, name,at"); got != "t.id, t.name, t.at" {
		t.Error(got)
	}
}

// Whatever somebody types, each word takes the same room, so that none is read as a part
// of another.
func TestLawWordsAreOfOneWidth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune(`aZé%_\ 0'`))).Draw(t, "text") + strings.Repeat("%", rapid.IntRange(0, 700).Draw(t, "more"))
		words := len(strings.Fields(text))
		if n := utf8.RuneCountInString(search.Words(text)); n != words*(token.LocatorLength+602) {
			t.Fatalf("%d words take %d characters", words, n)
		}
	})
}
