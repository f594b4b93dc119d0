package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheGuideNamesWhatTheConsoleShows: what a page of the guide sets in bold, but for whole
// sentences, is a word of the console's, as whoever follows it looks for it there.
func TestTheGuideNamesWhatTheConsoleShows(t *testing.T) {
	t.Parallel()
	blank := regexp.MustCompile(`\s+`)
	var shown strings.Builder
	for _, pattern := range []string{"../internal/console/*.templ", "../internal/console/*.go", "../internal/phrase/*.go", "../internal/listing/*.go"} {
		for _, path := range files(t, pattern) {
			if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
				continue
			}
			shown.WriteString(blank.ReplaceAllString(text(t, path), " "))
		}
	}
	named := 0
	for _, path := range files(t, "guide/*.md") {
		for _, bold := range regexp.MustCompile(`\*\*([^*]+)\*\*`).FindAllStringSubmatch(text(t, path), -1) {
			word := blank.ReplaceAllString(bold[1], " ")
			if strings.HasSuffix(word, ".") || strings.HasSuffix(word, ",") {
				continue
			}
			if named++; !strings.Contains(shown.String(), word) {
				t.Errorf("%s: the console has no %q", path, word)
			}
		}
	}
	if named < 50 {
		t.Errorf("the guide names %d things of the console", named)
	}
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: no file, %v", pattern, err)
	}
	return paths
}

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
