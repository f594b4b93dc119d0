package intake

import (
	"fmt"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/terminal"
)

// FormatHead is the head of a table of formats, FormatLine one in it.
const FormatHead = "FORMAT,BEGINS WITH,CHARACTERS,HASH,SINCE"

// FormatLine is a format in a table.
func FormatLine(f api.ImportedFormat) []string {
	return []string{f.Name, terminal.OrNone(f.Prefix), fmt.Sprintf("%d to %d of %s", f.MinLength, f.MaxLength, f.Alphabet), f.Hash, f.CreatedAt.UTC().Format(time.DateOnly)}
}

// Alone is a table of one format.
func Alone(f api.ImportedFormat, err error) ([]api.ImportedFormat, error) {
	return []api.ImportedFormat{f}, err
}
