package door

import "github.com/tokenry/tokenry/internal/input"

// Cell keeps a spreadsheet from taking a text of a CSV file for a formula: a label is
// as its owner likes, and an administrator opens the export. One that it would gets an
// apostrophe, which spreadsheets hide.
func Cell(s string) string {
	if input.Formula(s) {
		return "'" + s
	}
	return s
}
