package docs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/phrase"
)

// TestThePageAboutMCPShowsWhatIsRun: its code is of the examples, which make strangers
// runs, and its configurations are what is printed.
func TestThePageAboutMCPShowsWhatIsRun(t *testing.T) {
	t.Parallel()
	file := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	var printed strings.Builder
	for _, s := range phrase.MCPClients(phrase.ExampleMCP) {
		printed.WriteString(s.Text + "\n")
	}
	of := map[string]string{"go": file("../examples/mcp-go/main.go"), "ts": file("../examples/mcp-ts/server.ts"), "json": printed.String()}
	blocks := regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$").FindAllStringSubmatch(file("mcp.md"), -1)
	if len(blocks) < 6 {
		t.Fatalf("%d blocks", len(blocks))
	}
	for _, b := range blocks {
		if !strings.Contains(of[b[1]], b[2]) {
			t.Errorf("what is run has no such %s:\n%s", b[1], b[2])
		}
	}
}
