package door

import (
	"strings"
	"unicode/utf8"
)

// Cell keeps a spreadsheet from taking a text of a CSV file for a formula, which
// could send what stands beside it elsewhere: a label is as its owner likes, and an
// administrator opens the export. One that begins like a formula, in ASCII or in
// the full width of East Asian keyboards, or with a character that is dropped
// before one is looked for, gets an apostrophe, which spreadsheets hide.
func Cell(s string) string {
	first, _ := utf8.DecodeRuneInString(s)
	if s != "" && strings.ContainsRune("=+-@＝＋－＠\t\r\n\x00", first) {
		return "'" + s
	}
	return s
}
