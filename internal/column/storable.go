package column

import (
	"strings"
	"unicode/utf8"
)

// Storable says whether every text of a statement can be stored: PostgreSQL takes
// neither broken UTF-8 nor a NUL, so SQLite is not given them either.
func Storable(args []any) bool {
	for _, arg := range args {
		var s string
		switch arg := arg.(type) {
		case string:
			s = arg
		case *string:
			s = *arg
		default:
			text, is := Text(arg)
			if !is {
				continue
			}
			s = text
		}
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			return false
		}
	}
	return true
}
