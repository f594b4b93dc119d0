// Package search writes down, for one SQL that two engines read, what texts are looked for.
//
// Laws of this package:
//
//   - What somebody looks for is a value and never part of a statement.
//   - It is matched literally, without case for the letters of ASCII.
package search

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tokenry/tokenry/token"
)

// Begin is the beginning of a statement that finds rows by words, each of
// which must stand somewhere in a row: no engine's arrays, and one statement for
// any number of words. Its first argument is what [Words] writes of them, in
// columns of fixed width: how a locator begins that the word names, and the
// pattern of lower-case texts that contain it.
//
// What a row is searched in stands at the statement's end, as
//
//	AND (CAST($1 AS TEXT) = '' OR NOT EXISTS (SELECT 1 FROM words WHERE (…) IS NOT TRUE))
const Begin = `
	WITH RECURSIVE words (n, located, pattern) AS (
		SELECT 1, rtrim(substr(CAST($1 AS TEXT), 1, ` + locatedDigits + `)), rtrim(substr(CAST($1 AS TEXT), 1 + ` + locatedDigits + `, ` + patternDigits + `))
		WHERE length(CAST($1 AS TEXT)) > 0
		UNION ALL
		SELECT n + ` + wordDigits + `, rtrim(substr(CAST($1 AS TEXT), n + ` + wordDigits + `, ` + locatedDigits + `)),
			rtrim(substr(CAST($1 AS TEXT), n + ` + wordDigits + ` + ` + locatedDigits + `, ` + patternDigits + `))
		FROM words WHERE n + ` + wordDigits + ` < length(CAST($1 AS TEXT)))`

// The widths once more, as the statement spells them: it is a literal, and cannot
// count.
const (
	locatedDigits = token.LocatorDigits
	patternDigits = "602"
	wordDigits    = "(" + locatedDigits + " + " + patternDigits + ")"
)

// The beginning and the end of what a row is searched in.
const (
	Every = ` AND (CAST($1 AS TEXT) = '' OR NOT EXISTS (SELECT 1 FROM words WHERE (`
	Found = `) IS NOT TRUE))`
)

// The widths of the columns, in characters. A longer word than fits is cut: whoever
// asks does not ask for that much.
const (
	locatedWidth = token.LocatorLength
	patternWidth = 602
)

// Words writes the words of a text as Begin reads them.
func Words(text string) string {
	var b strings.Builder
	for word := range strings.FieldsSeq(text) {
		pad(&b, token.LocatorStart(word), locatedWidth)
		for utf8.RuneCountInString(Containing(word)) > patternWidth {
			_, size := utf8.DecodeLastRuneInString(word)
			word = word[:len(word)-size]
		}
		pad(&b, Containing(word), patternWidth)
	}
	return b.String()
}

func pad(b *strings.Builder, s string, width int) {
	b.WriteString(s)
	b.WriteString(strings.Repeat(" ", width-utf8.RuneCountInString(s)))
}

// Containing is the LIKE pattern of lower-case texts that contain s, in which
// only ASCII is folded, as lower() does on both engines for our columns.
func Containing(s string) string {
	lower := strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
	return `%` + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(lower) + `%`
}

// InJSON is the LIKE pattern of documents that hold a text as one of their strings;
// empty for none.
func InJSON(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	b, err := json.Marshal(s)
	if err != nil {
		return "", errors.New("search: a text cannot be written as JSON")
	}
	return `%` + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(string(b)) + `%`, nil
}

// RowWidth is what a row number takes in a list that is handed over as a text.
const RowWidth = 20

// Qualified puts the name of a table before each column of a list.
func Qualified(table, columns string) string {
	names := strings.Split(columns, ",")
	for i, name := range names {
		names[i] = table + "." + strings.TrimSpace(name)
	}
	return strings.Join(names, ", ")
}

// ListedIn is the beginning of a statement about a list of entries, so wide each.
func ListedIn(width int) string {
	return fmt.Sprintf(`
	WITH RECURSIVE listed (n, entry) AS (
		SELECT 1, rtrim(substr(CAST($1 AS TEXT), 1, %[1]d))
		UNION ALL
		SELECT n + %[1]d, rtrim(substr(CAST($1 AS TEXT), n + %[1]d, %[1]d)) FROM listed WHERE n + %[1]d <= length(CAST($1 AS TEXT)))`, width)
}

// Rows writes row numbers as [ListedIn] reads them.
func Rows(rows []int64) string {
	var b strings.Builder
	for _, id := range rows {
		fmt.Fprintf(&b, "%-*d", RowWidth, id)
	}
	return b.String()
}
