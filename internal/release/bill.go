package main

import (
	"encoding/json"
	"io"
	"runtime/debug"
	"strings"

	"github.com/tokenry/tokenry/internal/stamp"
)

// component is one module, or the program, in CycloneDX.
type component struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
}

// bill writes what is linked into a binary as CycloneDX 1.6, without a serial number and
// a date: they would differ between two builds of the same.
func bill(out io.Writer, info *debug.BuildInfo) error {
	own := stamp.Of(info)
	type metadata struct {
		Component component `json:"component"`
	}
	all := struct {
		Format     string      `json:"bomFormat"`
		Spec       string      `json:"specVersion"`
		Version    int         `json:"version"`
		Metadata   metadata    `json:"metadata"`
		Components []component `json:"components"`
	}{"CycloneDX", "1.6", 1, metadata{module("application", info.Main.Path, own.Version)}, nil}
	// The database of Go's weaknesses calls it so; by another name it is never found.
	all.Components = append(all.Components, module("library", "stdlib", strings.TrimPrefix(info.GoVersion, "go")))
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		all.Components = append(all.Components, module("library", m.Path, m.Version))
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(all)
}

func module(kind, path, version string) component {
	return component{kind, path, version, "pkg:golang/" + path + "@" + version}
}
