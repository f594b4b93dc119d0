package reception

import (
	"iter"

	"github.com/tokenry/tokenry/internal/door"
)

// Export answers a list as a file, as it is read; put begins the answer and writes one
// after the other.
func Export[T any](v *Visit, pages iter.Seq2[[]T, error], put func() func(T) error) error {
	var write func(T) error // nil until there is something to answer
	for rows, err := range pages {
		if err != nil && write == nil {
			return err
		}
		if err != nil {
			v.desk.Logger.ErrorContext(v.Ctx(), "export cut short", "path", v.R.URL.Path, "error", err)
			door.Cut() // half a file must not look whole
		}
		if write == nil {
			write = put()
		}
		for _, row := range rows {
			if err := write(row); err != nil {
				return ErrAnswered // whoever left does not want it
			}
		}
		if err := v.File.Flush(); err != nil {
			return ErrAnswered
		}
	}
	if write == nil {
		return ErrAnswered
	}
	_ = v.File.End() // whoever left does not want it
	return ErrAnswered
}

// Attach says what file the answer is.
func (v *Visit) Attach(media, name string) {
	v.W.Header().Set("Content-Type", media)
	v.W.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	v.File = v.desk.packer.File(v.W, v.R, v.packs)
}

// InTable writes rows of a CSV file.
func InTable[T any](v *Visit, head []string, cells func(T) []string) func(T) error {
	t := door.NewTable(v.File, head)
	return func(row T) error {
		t.Row(cells(row))
		return t.Flush()
	}
}
