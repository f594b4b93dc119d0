package store

import (
	"strings"
	"unicode/utf8"

	"github.com/tokenry/tokenry/token"
)

// searched is the beginning of a statement that finds rows by words, each of
// which must stand somewhere in a row: no engine's arrays, and one statement for
// any number of words. Its first argument is what [words] writes of them, in
// columns of fixed width: how a locator begins that the word names, and the
// pattern of lower-case texts that contain it.
//
// What a row is searched in stands at the statement's end, as
//
//	AND (CAST($1 AS TEXT) = '' OR NOT EXISTS (SELECT 1 FROM words WHERE (…) IS NOT TRUE))
const searched = `
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
	everyWord = ` AND (CAST($1 AS TEXT) = '' OR NOT EXISTS (SELECT 1 FROM words WHERE (`
	isFound   = `) IS NOT TRUE))`
)

// The widths of the columns, in characters. A longer word than fits is cut: whoever
// asks does not ask for that much.
const (
	locatedWidth = token.LocatorLength
	patternWidth = 602
)

// words writes the words of a text as searched reads them.
func words(text string) string {
	var b strings.Builder
	for word := range strings.FieldsSeq(text) {
		pad(&b, token.LocatorStart(word), locatedWidth)
		for utf8.RuneCountInString(containing(word)) > patternWidth {
			_, size := utf8.DecodeLastRuneInString(word)
			word = word[:len(word)-size]
		}
		pad(&b, containing(word), patternWidth)
	}
	return b.String()
}

func pad(b *strings.Builder, s string, width int) {
	b.WriteString(s)
	b.WriteString(strings.Repeat(" ", width-utf8.RuneCountInString(s)))
}

// containing is the LIKE pattern of lower-case texts that contain s, in which
// only ASCII is folded, as lower() does on both engines for our columns.
func containing(s string) string {
	lower := strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
	return `%` + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(lower) + `%`
}
