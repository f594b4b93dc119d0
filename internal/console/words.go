package console

import (
	"slices"

	"github.com/tokenry/tokenry/api"
)

func (v *visit) listName(t api.Token) string {
	switch {
	case v.session.Portal != "":
		return "My tokens"
	case t.Kind == "workspace":
		return "Integration tokens"
	}
	return "Access tokens"
}

func hasRole(roles []api.Role, name string) bool {
	return slices.ContainsFunc(roles, func(r api.Role) bool { return r.Name == name })
}
