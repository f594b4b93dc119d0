package httpapi

import (
	"net/http"
	"path"
	"slices"
	"strings"
)

// Urgent says whether a request is one that a server without room for others still
// answers: whoever watches it, and whoever takes power away.
func Urgent(r *http.Request) bool {
	p := r.URL.Path
	if slices.Contains([]string{"/healthz", "/readyz", "/metrics"}, p) {
		return true
	}
	switch r.Method {
	case http.MethodDelete:
		return strings.HasPrefix(p, "/v1/")
	case http.MethodPost:
		return p == pathRevoke || strings.HasPrefix(p, "/v1/") &&
			slices.Contains([]string{"revoke", "disable", "reset", "deactivate", "suspend", "retire", "bulk"}, path.Base(p))
	}
	return false
}
