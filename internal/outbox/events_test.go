package outbox_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// TestEveryEventIsTold: a type of event that no verb writes, or that a verb calls
// otherwise, would be subscribed to in vain. The verbs name their actions in the
// source, each as one word.
func TestEveryEventIsTold(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../*/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, name := range files {
		room := filepath.Base(filepath.Dir(name))
		rooms := []string{"authority", "tokens", "approval", "owners", "rights", "federation", "imports", "outbox", "retention", "office", "strange", "unused"}
		if strings.HasSuffix(name, "_test.go") || !slices.Contains(rooms, room) {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	for _, e := range api.WebhookTypes() {
		for _, action := range append([]string{e.Type}, e.Actions...) {
			if !strings.Contains(source.String(), `"`+action+`"`) {
				t.Errorf("no verb writes %s, of which the event %s tells", action, e.Type)
			}
		}
		if e.Description == "" {
			t.Errorf("the event %s says nothing of itself", e.Type)
		}
	}
}
