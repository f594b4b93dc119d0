package guide_test

import (
	"bytes"
	"image"
	"image/png"
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

// onePixel is the smallest picture.
func onePixel(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestWhatAPageSaysIsShownAsItIsMeant: a picture keeps its room, what can be scrolled is
// reached by the keyboard, names of parts have no marks, and a tag that somebody wrote is
// no tag.
func TestWhatAPageSaysIsShownAsItIsMeant(t *testing.T) {
	t.Parallel()
	g, err := guide.Read(files(map[string]string{
		"guide/index.md": "# The `guide`\n\n[a](a.md), [a again](a.md#x), [out](https://example.com/a.md), [up](/docs), [here](#x)\n",
		"guide/a.md":     "# *A* page\n\n## Part `one`\n\n![seen](../images/a.png)\n\n```\ncode\n```\n\n<script>alert(1)</script>\n\n### Deeper\n",
		"images/a.png":   onePixel(t),
	}))
	if err != nil {
		t.Fatal(err)
	}
	p, _ := g.Page("a")
	for _, want := range []string{`<img src="/help/images/a.png" alt="seen"`, `width="3"`, `height="2"`, `<pre tabindex="0">`} {
		if !strings.Contains(p.HTML, want) {
			t.Errorf("there is no %s in %s", want, p.HTML)
		}
	}
	if strings.Contains(p.HTML, "<script") || strings.Contains(p.HTML, "<h1") || p.Title != "A page" || g.Index.Title != "The guide" {
		t.Errorf("%q, %q: %s", g.Index.Title, p.Title, p.HTML)
	}
	if len(p.Parts) != 1 || p.Parts[0].Name != "Part one" || p.Before != nil || p.After != nil || len(g.Pages()) != 1 {
		t.Errorf("%+v of %d pages", p.Parts, len(g.Pages()))
	}
	for _, want := range []string{`href="/help/a"`, `href="/help/a#x"`, `href="https://example.com/a.md"`, `href="/docs"`, `href="#x"`} {
		if !strings.Contains(g.Index.HTML, want) {
			t.Errorf("there is no %s in %s", want, g.Index.HTML)
		}
	}
	if b, err := g.Image("a.png"); err != nil || string(b) != onePixel(t) {
		t.Error(err)
	}
	if _, err := g.Image("../guide/a.md"); err == nil {
		t.Error("what is no picture is one")
	}
	if _, err := guide.Read(files(map[string]string{"guide/index.md": "# A\n\n![a](../images/a.png)", "images/a.png": "no picture"})); err == nil {
		t.Error("what cannot be shown is a picture")
	}
}

// TestAPageThatIsNamedTwiceStandsOnce: where the index names it first.
func TestAPageThatIsNamedTwiceStandsOnce(t *testing.T) {
	t.Parallel()
	g, err := guide.Read(files(map[string]string{"guide/index.md": "# I\n\n[b](b.md) [a](a.md) [b](b.md#x)", "guide/a.md": "# A\n\n[b](b.md)", "guide/b.md": "# B"}))
	if err != nil {
		t.Fatal(err)
	}
	if pages := g.Pages(); len(pages) != 2 || pages[0].Name != "b" || pages[1].Name != "a" {
		t.Errorf("%+v", pages)
	}
}
