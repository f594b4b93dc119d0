package input

import (
	"strings"
	"unicode/utf8"
)

// Formula says whether a spreadsheet would take a text for a formula, which could send
// what stands beside it elsewhere. So it does with one that begins like a formula, in
// ASCII or in the full width of East Asian keyboards, or with a character that is
// dropped before a formula is looked for.
func Formula(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return s != "" && strings.ContainsRune("=+-@＝＋－＠\t\r\n\x00", first)
}
