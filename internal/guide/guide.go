package guide

import (
	"bytes"
	"fmt"
	"image/png"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	markdown "github.com/yuin/goldmark/text"
)

// Origin is how the guide names this server; a reader is shown the real one.
const Origin = "https://tokens.example.com"

// Guide is the help, rendered once at the start. Its pages come in the order in
// which the index names them.
type Guide struct {
	// Index is its first page.
	Index Page
	pages []Page
	files fs.FS
}

// Part is a section of a page.
type Part struct{ Name, Href string }

// Page is one page of the guide.
type Page struct {
	Name, Title string
	// HTML is what the page says below its title.
	HTML string
	// Parts are its sections, for the list beside it.
	Parts []Part
}

// Read renders guide/*.md. A link that leads nowhere is an error.
func Read(files fs.FS) (*Guide, error) {
	g := &Guide{files: files}
	names, err := fs.Glob(files, "guide/*.md")
	if err != nil {
		return nil, err
	}
	var order []string
	rendered := map[string]Page{}
	for _, n := range names {
		p, links, err := render(files, n)
		if err != nil {
			return nil, err
		}
		rendered[p.Name] = p
		if p.Name == "index" {
			order = links
		}
	}
	for _, name := range order {
		p, ok := rendered[name]
		if ok && !slices.ContainsFunc(g.pages, func(have Page) bool { return have.Name == name }) {
			g.pages = append(g.pages, p)
		}
	}
	g.Index = rendered["index"]
	if len(g.pages) != len(rendered)-1 {
		return nil, fmt.Errorf("the index of the guide names %d of its %d pages", len(g.pages), len(rendered)-1)
	}
	return g, nil
}

// render renders one page and lists the pages it links to.
func render(files fs.FS, file string) (Page, []string, error) {
	source, err := fs.ReadFile(files, file)
	if err != nil {
		return Page{}, nil, err
	}
	md := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	doc := md.Parser().Parse(markdown.NewReader(source))
	p := Page{Name: strings.TrimSuffix(path.Base(file), ".md")}
	var links []string
	var title ast.Node
	err = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			p.heading(n, source)
			if n.Level == 1 {
				title = n
			}
		case *ast.Link:
			to, err := link(files, string(n.Destination))
			if err != nil {
				return ast.WalkStop, fmt.Errorf("%s: %w", file, err)
			}
			n.Destination = []byte(to)
			if name, ok := strings.CutPrefix(to, "/help/"); ok {
				name, _, _ = strings.Cut(name, "#")
				links = append(links, name)
			}
		case *ast.Image:
			if err := picture(files, n); err != nil {
				return ast.WalkStop, fmt.Errorf("%s: %w", file, err)
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil || title == nil {
		return p, nil, errorOr(err, fmt.Errorf("%s: has no title", file))
	}
	doc.RemoveChild(doc, title)
	var out bytes.Buffer
	err = md.Renderer().Render(&out, source, doc)
	// What can be scrolled can be reached by the keyboard.
	p.HTML = strings.ReplaceAll(out.String(), "<pre>", `<pre tabindex="0">`)
	return p, links, err
}

func errorOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// heading notes the title of a page, or one of its sections.
func (p *Page) heading(h *ast.Heading, source []byte) {
	words := string(h.Lines().Value(source))
	words = strings.NewReplacer("`", "", "*", "").Replace(words)
	switch h.Level {
	case 1:
		p.Title = words
	case 2:
		id, _ := h.AttributeString("id")
		if id, ok := id.([]byte); ok {
			p.Parts = append(p.Parts, Part{Name: words, Href: "#" + string(id)})
		}
	}
}

// link turns a link between files of the guide into one between pages.
func link(files fs.FS, href string) (string, error) {
	if strings.Contains(href, "://") || strings.HasPrefix(href, "/") || strings.HasPrefix(href, "#") {
		return href, nil
	}
	name, part, _ := strings.Cut(href, "#")
	if _, err := fs.Stat(files, path.Join("guide", name)); err != nil {
		return "", fmt.Errorf("a link to %s leads nowhere: %w", href, err)
	}
	to := "/help/" + strings.TrimSuffix(name, ".md")
	if part != "" {
		to += "#" + part
	}
	return to, nil
}

// picture points at a picture where the console serves it, and says how large
// it is, so that the text does not move when it comes.
func picture(files fs.FS, n *ast.Image) error {
	name := path.Base(string(n.Destination))
	bytesOf, err := fs.ReadFile(files, "images/"+name)
	if err != nil {
		return fmt.Errorf("a picture is missing: %w", err)
	}
	size, err := png.DecodeConfig(bytes.NewReader(bytesOf))
	if err != nil {
		return fmt.Errorf("the picture %s: %w", name, err)
	}
	n.Destination = []byte("/help/images/" + name)
	n.SetAttributeString("width", strconv.Itoa(size.Width))
	n.SetAttributeString("height", strconv.Itoa(size.Height))
	n.SetAttributeString("loading", "lazy")
	return nil
}

// Image is a picture of the guide; the error is that of the file system.
func (g *Guide) Image(name string) ([]byte, error) { return fs.ReadFile(g.files, "images/"+name) }

// Opened is a page and the ones before and after it; nil at either end.
type Opened struct {
	Page
	Before, After *Page
}

// Page opens a page of the guide.
func (g *Guide) Page(name string) (p Opened, found bool) {
	i := slices.IndexFunc(g.pages, func(p Page) bool { return p.Name == name })
	if i < 0 {
		return p, false
	}
	p.Page = g.pages[i]
	if i > 0 {
		p.Before = &g.pages[i-1]
	}
	if i+1 < len(g.pages) {
		p.After = &g.pages[i+1]
	}
	return p, true
}

// Pages are those behind the index, in its order.
func (g *Guide) Pages() []Page { return g.pages }
