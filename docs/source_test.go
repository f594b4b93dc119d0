package docs_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// module is what the import paths of our own packages begin with.
const module = "github.com/tokenry/tokenry/"

// source is a Go file of the house that is no test.
type source struct {
	// path and dir are relative to the root of the module.
	path, dir string
	lines     int
	generated bool
	syntax    *ast.File
	at        *token.FileSet
}

// house is what all tests of this package look at: every folder with Go files in
// it, tests included, and each file that is no test.
type house struct {
	folders map[string]bool
	sources []source
}

var read = sync.OnceValues(readHouse)

func wholeHouse(t *testing.T) house {
	t.Helper()
	h, err := read()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func readHouse() (house, error) {
	h := house{folders: map[string]bool{}}
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			// The examples are programs of other people, and the tools a module of their own.
			if base := path.Base(name); name != "." && (base[0] == '.' || base == "testdata" || base == "bin" || name == "examples" || name == "tools") {
				return fs.SkipDir
			}
			return nil
		case path.Ext(name) != ".go":
			return nil
		}
		h.folders[path.Dir(name)] = true
		if strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		at := token.NewFileSet()
		syntax, err := parser.ParseFile(at, filepath.Join("..", name), text, parser.ParseComments|parser.SkipObjectResolution)
		h.sources = append(h.sources, source{path: name, dir: path.Dir(name), lines: bytes.Count(text, []byte("\n")),
			generated: err == nil && ast.IsGenerated(syntax), syntax: syntax, at: at})
		return err
	})
	return h, err
}

// imports are the folders of ours that a file imports, by the name it has for each.
func (s source) imports() map[string]string {
	out := map[string]string{}
	for _, spec := range s.syntax.Imports {
		dir, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module)
		if !ours {
			continue
		}
		name := path.Base(dir)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		out[name] = dir
	}
	return out
}
