package guide_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tokenry/tokenry/docs"
	"github.com/tokenry/tokenry/internal/guide"
)

func files(pages map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range pages {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestPagesFollowTheIndex(t *testing.T) {
	t.Parallel()
	g, err := guide.Read(files(map[string]string{
		"guide/index.md": "# Start\n\n[b](b.md) and [a](a.md#part-one)", "guide/a.md": "# A\n\n## Part one\n\n## Part two", "guide/b.md": "# B",
	}))
	if err != nil {
		t.Fatal(err)
	}
	p, found := g.Page("a")
	if !found || p.Before == nil || p.Before.Name != "b" || p.After != nil || len(p.Parts) != 2 || p.Parts[0] != (guide.Part{Name: "Part one", Href: "#part-one"}) {
		t.Errorf("%+v", p)
	}
	if !strings.Contains(g.Index.HTML, `href="/help/a#part-one"`) {
		t.Errorf("the index leads elsewhere: %s", g.Index.HTML)
	}
	if _, found := g.Page("c"); found {
		t.Error("there is a page that nobody wrote")
	}
}

// A hole in the guide stops the server that would show it.
func TestAGuideWithAHoleIsRefused(t *testing.T) {
	t.Parallel()
	for why, pages := range map[string]map[string]string{
		"leads nowhere":      {"guide/index.md": "# Start\n\n[a](a.md)"},
		"picture is missing": {"guide/index.md": "# Start\n\n![a](../images/a.png)"},
		"has no title":       {"guide/index.md": "Start"},
		"names 0 of its 1":   {"guide/index.md": "# Start", "guide/a.md": "# A"},
	} {
		if _, err := guide.Read(files(pages)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("want an error that says %q, got %v", why, err)
		}
	}
}

func TestTheGuideIsWhole(t *testing.T) {
	t.Parallel()
	g, err := guide.Read(docs.Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range g.Pages() {
		if p.Title == "" || p.HTML == "" {
			t.Errorf("%s is empty", p.Name)
		}
	}
}
