package authority

import (
	"github.com/tokenry/tokenry/api"
)

// Taken says that a name is in use, unless looking it up failed otherwise.
func Taken(field, message string, err error) error {
	if err != nil {
		return err
	}
	e := api.Errorf(api.CodeAlreadyExists, "%s", message)
	e.Field = field
	return e
}

// Views shows each row of a list.
func Views[R, V any](rows []R, view func(R) V) []V {
	out := make([]V, len(rows))
	for i, row := range rows {
		out[i] = view(row)
	}
	return out
}
