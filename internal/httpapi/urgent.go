package httpapi

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/internal/scim"
)

// Urgent says whether a request is one that a server without room for others still
// answers: whoever watches it, and whoever takes power away, also in the console.
func Urgent(r *http.Request) bool {
	p := r.URL.Path
	if slices.Contains([]string{"/healthz", "/readyz", "/metrics"}, p) {
		return true
	}
	switch r.Method {
	case http.MethodDelete:
		return strings.HasPrefix(p, "/v1/") || strings.HasPrefix(p, scim.Root+"/")
	case http.MethodPatch, http.MethodPut: // so a directory deactivates
		return strings.HasPrefix(p, scim.Root+"/Users/")
	case http.MethodPost:
		return slices.Contains(takingVerbs(), path.Base(p)) && !strings.HasPrefix(p, "/signin/") || slices.Contains([]string{pathRevoke, "/v1/leaks", "/v1/leaks/github", "/v1/leaks/gitlab"}, p)
	}
	return false
}

// takingVerbs are the last words of the addresses at which power is taken away: of the
// API, and of the console, where whoever is signed in has the page open already.
func takingVerbs() []string {
	return []string{
		"revoke", "refuse", "disable", "reset", "deactivate", "suspend", "retire", "erase", "bulk", "cancel",
		"delete", "remove", "unadmin", "signout", "end", "end-all", "end-everything",
	}
}
