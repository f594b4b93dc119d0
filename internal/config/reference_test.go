package config_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/config"
)

var update = flag.Bool("update", false, "write the generated reference anew")

// TestReference holds the page about settings against the struct it is made of.
func TestReference(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "reference", "configuration.md")
	want := reference(t)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the settings say; run make generate", path)
	}
}

const head = `# Configuration

<!-- Generated from internal/config by make generate; edit the comments there. -->

Settings of ` + "`tokenry serve`" + `, and of the commands that open its database. Each has a flag, a variable and a key
in a YAML file, which ` + "`--config FILE`" + ` or ` + "`TOKENRY_CONFIG`" + ` names. A flag wins over the variable, the variable
over the file, the file over the default. A secret has no flag. An empty variable counts as none, but an empty TOKENRY_DATABASE is refused. In the
file a value is the text that stands there, whatever YAML takes it for; an unknown key, and one without a value, is
refused. An unknown variable is not.

What holds a password (the address of a database or mail server) belongs into the variable or the file:
other users of a machine can read the flags of every program.

`

func reference(t *testing.T) string {
	t.Helper()
	comments := fieldComments(t)
	var b strings.Builder
	b.WriteString(head)
	b.WriteString("| key | flag | variable | default |\n|---|---|---|---|\n")
	for _, s := range config.Settings() {
		def := "–"
		if s.Default != "" {
			def = "`" + s.Default + "`"
		}
		flag := "–"
		if s.Flag != "" {
			flag = "`--" + s.Flag + "`"
		}
		fmt.Fprintf(&b, "| [%s](#%s) | %s | `%s` | %s |\n", s.Key, s.Key, flag, s.Variable, def)
	}
	for _, s := range config.Settings() {
		if comments[s.Field] == "" {
			t.Errorf("the field %s has no comment", s.Field)
		}
		text := strings.Replace(comments[s.Field], s.Field+" ", "`"+s.Key+"` ", 1)
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", s.Key, strings.TrimSpace(text))
	}
	return b.String()
}

func fieldComments(t *testing.T) map[string]string {
	t.Helper()
	f, err := parser.ParseFile(gotoken.NewFileSet(), "config.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		if field, ok := n.(*ast.Field); ok && len(field.Names) == 1 {
			out[field.Names[0].Name] = field.Doc.Text()
		}
		return true
	})
	return out
}
