// Package stamp says what a build knows of itself. Its laws:
//
//   - There is one source, what Go writes into every binary. Nothing is set by flags of
//     the linker, so go install, make build and a release say the same of the same source.
//   - What was built from a changed checkout says so. What a build does not know is left
//     out, never guessed.
package stamp

import (
	"runtime/debug"
	"strings"
)

// Unknown is the version of a build that was made without version control.
const Unknown = "(devel)"

// Build is what a build knows of itself.
type Build struct {
	// Version is that of the module: a tag, a pseudo-version of a commit, either with
	// +dirty behind it if the checkout was changed; or [Unknown].
	Version string `json:"version"`
	// Revision is the commit and Time its moment in RFC 3339; empty where the build was
	// made of no checkout, as go install of a version is.
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`
	// Changed says that the checkout differed from the commit.
	Changed bool `json:"changed,omitempty"`
	// Go is the version of Go, Platform the system and the processor, as linux/amd64.
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Read is what the running program knows of itself.
func Read() Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return Of(info)
}

// Of is what stands in a build's information.
func Of(info *debug.BuildInfo) Build {
	is := map[string]string{}
	for _, s := range info.Settings {
		is[s.Key] = s.Value
	}
	b := Build{
		Version: info.Main.Version, Revision: is["vcs.revision"], Time: is["vcs.time"], Changed: is["vcs.modified"] == "true",
		Go: info.GoVersion, Platform: is["GOOS"] + "/" + is["GOARCH"],
	}
	if b.Version == "" || b.Version == Unknown {
		b.Version = b.untold()
	}
	return b
}

// untold is the version where Go told none: the commit, if that is known.
func (b Build) untold() string {
	if b.Revision == "" {
		return Unknown
	}
	v := "devel-" + b.Revision[:min(len(b.Revision), 12)]
	if b.Changed {
		v += "+dirty"
	}
	return v
}

// Source says in words what it was built from.
func (b Build) Source() string {
	switch {
	case b.Revision != "" && b.Changed:
		return b.Revision + ", changed since"
	case b.Revision != "":
		return b.Revision
	case strings.HasPrefix(b.Version, "v"):
		return "the module at " + b.Version
	default:
		return "not known: it was built without version control"
	}
}
