package server

import (
	"net/http"
	"net/http/pprof"
	"strings"

	rt "runtime/pprof"
)

// operators answers on the listener of metrics: those, and profiles where they were
// asked for. The command line is left out: it may hold the password of a database.
func (s *Server) operators(figures http.Handler) http.Handler {
	const profiles = "/debug/pprof/"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, profile := strings.CutPrefix(r.URL.Path, profiles)
		switch {
		case r.URL.Path == "/metrics":
			figures.ServeHTTP(w, r)
		case !profile || !s.config.Profiling:
			w.WriteHeader(http.StatusNotFound)
		case name == "profile":
			pprof.Profile(w, r)
		case name == "trace":
			pprof.Trace(w, r)
		case rt.Lookup(name) != nil:
			pprof.Handler(name).ServeHTTP(w, r)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
}
