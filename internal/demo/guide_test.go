package demo_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/demo"
)

// TestEveryLineOfTheGuideCanBePasted: alone, with the address and tokens of this demo, and
// with bodies that are JSON.
func TestEveryLineOfTheGuideCanBePasted(t *testing.T) {
	t.Parallel()
	g := demo.Guide{URL: "http://127.0.0.1:9000", Token: "tkyp_first", Checked: "tkys_other"}
	text := g.String()
	bodies := regexp.MustCompile(`-d '([^']*)'`).FindAllStringSubmatch(text, -1)
	for _, b := range bodies {
		if !json.Valid([]byte(b[1])) {
			t.Errorf("%s is no JSON", b[1])
		}
	}
	curls := regexp.MustCompile(`(?m)^  curl .*$`).FindAllString(text, -1)
	for _, line := range curls {
		if !strings.Contains(line, "Bearer "+g.Token) || !strings.Contains(line, " "+g.URL+"/v1/") || strings.Count(line, "'")%2 != 0 {
			t.Errorf("this cannot be pasted: %s", line)
		}
	}
	if len(curls) != 3 || len(bodies) != 2 || strings.Contains(text, "%!") || strings.Contains(text, "export PATH") {
		t.Errorf("%d calls, %d bodies:\n%s", len(curls), len(bodies), text)
	}
	g.Folder = "/opt/some where"
	if !strings.Contains(g.String(), "  export PATH=\"/opt/some where:$PATH\"\n  export TOKENRY_SERVER="+g.URL) {
		t.Errorf("a program that no shell finds:\n%s", g)
	}
}
